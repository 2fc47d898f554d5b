/* Every bit and every length of a small published outlet, each brought to the
 * reader as a mirror or a friend could bring it. Prints TAP.
 * Usage: fliptool PUBLISHED SHARE PUB WORK HALF
 * PUBLISHED is a mirror's folder, SHARE a share file of all of it, PUB the
 * newsroom's public key; WORK is a folder for libraries, best in memory.
 * Two processes share the work: HALF is 0 or 1.
 *
 * The share file holds all metadata and the bundle's texts, so that its bits
 * are theirs. A flipped bit must be refused, and what the reader has after it
 * must be what it had before, or what it would have had without the flip. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../src/cmd/erika.h"
#include "../../src/core/limits.h"
#include "../../src/core/ustar.h"
#include "../../src/read/xhtml.h"
#include "../../src/sys/archive.h"
#include "../../src/sys/clock.h"
#include "../../src/sys/file.h"
#include "../../src/sys/sync.h"
#include "../lib/published.h"
#include "../lib/tally.h"
#include "../lib/tap.h"

/* One bit in so many goes through the program's own command, and of a file
 * that is only a shortcut. */
#define SAMPLE 211
#define SAMPLE_PACK 7
#define ARG(s) ((char *)(uintptr_t)(s))

struct world {
	const char *pub, *work;
	size_t half;
	struct published p;
	struct buf share;
	char file[4096];   /* the mutant */
	char broken[4096]; /* its signature, or NULL */
	struct library *l;
	struct library_outlets outlets;
	uint8_t fingerprint[32];
	struct buf before, good; /* what the library holds */
	int fd;			 /* of the mutant */
	int64_t now;
};

static void
must(enum err e, const struct diag *d, const char *what)
{
	if (e == ERR_OK)
		return;
	printf("Bail out! %s: %s: %s\n", what, err_str(e), d->why);
	exit(1);
}

/* ---- the mutant */

static void
mutant_write(struct world *w, struct span s)
{
	if (pwrite(w->fd, s.p, s.n, 0) != (ssize_t)s.n ||
		ftruncate(w->fd, (off_t)s.n) != 0)
		exit(1);
}

static void
mutant_byte(struct world *w, size_t at, uint8_t byte)
{
	if (pwrite(w->fd, &byte, 1, (off_t)at) != 1)
		exit(1);
}

/* ---- the reader */

static void
state(struct library *l, struct buf *out)
{
	struct library_filter f = {.outlet = 0};
	struct library_articles a = {.n = 0};
	struct diag d;
	size_t i;

	buf_clear(out);
	must(library_articles(l, &f, &a, &d), &d, "listing");
	for (i = 0; i < a.n; i++)
		must(buf_printf(out, "%s %u %d %s %s\n", a.list[i].id,
			     (unsigned)a.list[i].revision,
			     (int)a.list[i].status, a.list[i].title,
			     a.list[i].note),
			&d, "listing");
	library_articles_clear(&a);
}

/* Whose a share file is must be known before it is imported. */
static bool
is_ours(struct world *w)
{
	const struct library_outlet *whose = NULL;
	struct archive *a = NULL;
	struct buf root;
	struct diag d;
	enum err e;

	buf_init(&root, LIMIT_ROOT);
	e = archive_open(w->file, &a, NULL);
	if (e == ERR_OK)
		e = archive_read(
			a, "m/1.root.json", 0, 0, LIMIT_ROOT, &root, NULL);
	/* The same bytes are not asked about thousands of times. */
	if (e == ERR_OK &&
		span_eq(buf_view(&root),
			buf_view(&published_file(&w->p, "m/1.root.json")
					  ->bytes)))
		whose = &w->outlets.list[0];
	else if (e == ERR_OK)
		e = erika_outlet_of(&w->outlets, buf_view(&root), &whose, &d);
	archive_close(a);
	buf_free(&root);
	return e == ERR_OK && whose != NULL;
}

/* Whether each line of `some` is one of `all`. */
static bool
is_part(const struct buf *some, const struct buf *all)
{
	struct cursor a = {.in = buf_view(some)}, b;
	struct span x, y;

	while (cursor_line(&a, LIMIT_MIB, &x) == ERR_OK) {
		b = (struct cursor){.in = buf_view(all)};
		while (cursor_line(&b, LIMIT_MIB, &y) == ERR_OK)
			if (span_eq(x, y))
				break;
		if (!span_eq(x, y))
			return false;
	}
	return true;
}

/* Import the mutant in a trial. *same: the library holds nothing but what it
 * held and what the newsroom published. */
static bool
import(struct world *w, bool images, bool *same)
{
	struct sync_options opt = {
		.now = w->now, .from = w->file, .check = xhtml_check};
	struct sync_report r = {.err = ERR_OK}, p = {.err = ERR_OK};
	const struct library_outlet *o = &w->outlets.list[0];
	struct buf after;
	struct diag d;
	bool refused;
	enum err e;

	*same = true;
	if (!is_ours(w))
		return true;
	buf_init(&after, LIMIT_MIB);
	must(library_trial(w->l, &d), &d, "a trial");
	e = sync_outlet(w->l, o, &opt, &r, &d);
	if (e == ERR_OK && images && r.complete)
		e = sync_images(w->l, o, 0, &opt, &p, &d);
	refused = e != ERR_OK || r.err != ERR_OK || p.err != ERR_OK;
	state(w->l, &after);
	*same = is_part(&after, &w->good);
	library_trial_end(w->l);
	sync_report_clear(&r);
	sync_report_clear(&p);
	buf_free(&after);
	return refused;
}

static struct context
quiet(const char *command)
{
	return (struct context){.program = "erika",
		.command = command,
		.quiet = true,
		.no_input = true};
}

/* The same by the program's own command. */
static bool
import_command(const char *file)
{
	struct context cx = quiet("sync");
	char *argv[] = {ARG("--from"), ARG(file), NULL};
	struct diag d = {.code = ERR_OK};

	return erika_sync(&cx, 2, argv, &d) != ERR_OK;
}

static bool
verify_command(const struct world *w, bool known)
{
	struct context cx = quiet("verify");
	char *argv[] = {ARG(w->file), ARG("--signature"), ARG(w->broken),
		ARG("--key"), ARG(w->pub), NULL};
	struct diag d = {.code = ERR_OK};

	return erika_verify(&cx, known ? 3 : 5, argv, &d) != ERR_OK;
}

/* ---- the runs */

static void
world_open(struct world *w)
{
	struct published_file *root = published_file(&w->p, "m/1.root.json");
	struct sync_options opt = {.now = w->now, .from = w->file};
	struct library_outlet *o;
	struct sync_report r;
	char path[4096];
	struct buf tree;
	struct diag d;
	bool same;
	int64_t id;

	buf_init(&w->before, LIMIT_MIB);
	buf_init(&w->good, LIMIT_MIB);
	buf_init(&tree, LIMIT_SHARE);
	snprintf(w->file, sizeof(w->file), "%s/mutant", w->work);
	snprintf(w->broken, sizeof(w->broken), "%s/mutant.minisig", w->work);
	w->fd = open(w->file, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (w->fd < 0)
		exit(1);
	snprintf(path, sizeof(path), "%s/library.db", w->work);
	must(library_open(path, &w->l, &d), &d, path);
	must(trust_fingerprint(buf_view(&root->bytes), w->fingerprint, &d), &d,
		"the root");
	must(library_outlet_add(w->l, "X", w->fingerprint,
		     buf_view(&root->bytes), w->now, &id, &d),
		&d, "adding");
	must(library_outlets(w->l, &w->outlets, &d), &d, "outlets");
	o = &w->outlets.list[0];
	state(w->l, &w->before);
	published_tree(&w->p, NULL, 0, &tree);
	mutant_write(w, buf_view(&tree));
	ok(!import(w, true, &same) && !same, "the outlet itself is accepted");
	/* What it brings is what the changed ones must not go beyond. */
	must(library_trial(w->l, &d), &d, "a trial");
	must(sync_outlet(w->l, o, &opt, &r, &d), &d, "sync");
	state(w->l, &w->good);
	sync_report_clear(&r);
	library_trial_end(w->l);
	buf_free(&tree);
}

/* The anchor: who compares words notices any change of it. */
static void
root_run(struct world *w)
{
	struct tally t = {.what = "root, each bit", .reads_only = true},
		     c = {.what = "root, each length", .reads_only = true};
	struct span s =
		buf_view(&published_file(&w->p, "m/1.root.json")->bytes);
	uint8_t *copy = malloc(s.n + 1), fp[32];
	struct trust *trust;
	size_t i;
	bool bad;

	if (copy == NULL)
		exit(1);
	memcpy(copy, s.p, s.n);
	for (i = 0; i < s.n * 8; i++) {
		copy[i / 8] ^= (uint8_t)(1u << i % 8);
		bad = trust_new(span_of(copy, s.n), w->now, TRUST_LENIENT,
			      &trust, NULL) != ERR_OK;
		trust_free(trust);
		if (!bad)
			bad = trust_fingerprint(span_of(copy, s.n), fp, NULL) !=
				      ERR_OK ||
			      memcmp(fp, w->fingerprint, 32) != 0;
		copy[i / 8] ^= (uint8_t)(1u << i % 8);
		tally_add(&t, bad, true, i / 8);
	}
	for (i = 0; i < s.n; i++) {
		bad = trust_new(span_of(copy, i), w->now, TRUST_LENIENT, &trust,
			      NULL) != ERR_OK;
		trust_free(trust);
		tally_add(&c, bad, true, i);
	}
	free(copy);
	tally_say(&t);
	tally_say(&c);
}

static void
share_run(struct world *w)
{
	struct tally
		t = {.what = w->half == 0
				     ? "share file, each bit of even bytes"
				     : "share file, each bit of odd bytes"},
		c = {.what = "share file, each length"};
	struct span s = buf_view(&w->share);
	size_t i;
	bool refused, same = true;

	mutant_write(w, s);
	ok(!import(w, false, &same), "the share file itself is accepted");
	for (i = 0; i < s.n * 8; i++) {
		if (i / 8 % 2 != w->half)
			continue;
		mutant_byte(w, i / 8, s.p[i / 8] ^ (uint8_t)(1u << i % 8));
		refused = import(w, false, &same);
		tally_add(&t, refused, same, i / 8);
		mutant_byte(w, i / 8, s.p[i / 8]);
	}
	tally_say(&t);
	if (w->half == 1)
		return;
	for (i = s.n; i-- > 0;) {
		if (ftruncate(w->fd, (off_t)i) != 0)
			exit(1);
		refused = import(w, false, &same);
		tally_add(&c, refused, same, i);
	}
	tally_say(&c);
}

/* Whether m/1.NAME has a successor m/2.NAME. */
static bool
is_old(const struct world *w, const char *name)
{
	size_t i;

	for (i = 0; i < w->p.n; i++)
		if (strncmp(name, "m/1", 3) == 0 &&
			strncmp(w->p.files[i].name, "m/2", 3) == 0 &&
			strcmp(w->p.files[i].name + 3, name + 3) == 0)
			return true;
	return false;
}

/* Each file of a mirror, cut anywhere. */
static void
cuts_run(struct world *w)
{
	char what[200];
	struct buf tree;
	size_t i, k;
	bool refused, same;

	buf_init(&tree, LIMIT_SHARE);
	for (i = 0; i < w->p.n; i++) {
		struct tally t = {.what = what};
		struct published_file *f = &w->p.files[i];

		/* The first root is not asked for again, nor what the second
		 * issue replaced. */
		if (!published_is_carried(f->name) ||
			strstr(f->name, "root") != NULL || is_old(w, f->name))
			continue;
		snprintf(what, sizeof(what), "%.8s...%s, each length", f->name,
			strrchr(f->name, '.'));
		for (k = 0; k < f->bytes.n; k++) {
			/* A share file may come without the pictures. */
			if (f->bytes.n - k > 4 && strstr(f->name, ".ekb") &&
				memcmp(f->bytes.p + k, "\x89PNG", 4) == 0)
				continue;
			/* Nobody reads the zeros behind a bundle's content. */
			if (strstr(f->name, ".ekb") != NULL &&
				f->bytes.p[k] == 0 &&
				memcmp(f->bytes.p + k, f->bytes.p + k + 1,
					f->bytes.n - k - 1) == 0)
				break;
			published_tree(&w->p, f, k, &tree);
			mutant_write(w, buf_view(&tree));
			refused = import(w, true, &same);
			tally_add(&t, refused, same, k);
		}
		tally_say(&t);
	}
	buf_free(&tree);
}

/* now.pack is only a shortcut: whatever it is, the result is right. */
static void
pack_run(struct world *w)
{
	struct published_file *pack = published_file(&w->p, "m/now.pack");
	struct buf tree;
	unsigned other = 0, n = 0;
	size_t i, at;
	bool same;

	buf_init(&tree, LIMIT_SHARE);
	published_tree(&w->p, pack, pack->bytes.n, &tree);
	mutant_write(w, buf_view(&tree));
	at = (size_t)((uint8_t *)memmem(
			      tree.p, tree.n, pack->bytes.p, pack->bytes.n) -
		      tree.p);
	for (i = 0; i < pack->bytes.n * 8; i += SAMPLE_PACK) {
		uint8_t byte = pack->bytes.p[i / 8];

		mutant_byte(w, at + i / 8, byte ^ (uint8_t)(1u << i % 8));
		import(w, false, &same);
		other += !same;
		n++;
		mutant_byte(w, at + i / 8, byte);
	}
	ok(other == 0, "now.pack, some bits: %u of %u change nothing",
		n - other, n);
	buf_free(&tree);
}

/* The picture's own bytes, which the share file of texts does not have. */
static void
picture_run(struct world *w)
{
	struct tally t = {.what = "picture, each bit"};
	struct published_file *b = published_file(&w->p, ".2.ekb");
	struct buf tree;
	uint8_t *png;
	size_t i, at, n;
	bool refused, same;

	buf_init(&tree, LIMIT_SHARE);
	published_tree(&w->p, NULL, 0, &tree);
	mutant_write(w, buf_view(&tree));
	png = memmem(b->bytes.p, b->bytes.n, "\x89PNG", 4);
	at = (size_t)((uint8_t *)memmem(tree.p, tree.n, "\x89PNG", 4) - tree.p);
	if (png == NULL)
		exit(1);
	n = (size_t)((uint8_t *)memmem(png,
			     b->bytes.n - (size_t)(png - b->bytes.p), "IEND",
			     4) -
		     png) +
	    8;
	for (i = 0; i < n * 8; i++) {
		uint8_t byte = tree.p[at + i / 8];

		mutant_byte(w, at + i / 8, byte ^ (uint8_t)(1u << i % 8));
		refused = import(w, true, &same);
		tally_add(&t, refused, same, i / 8);
		mutant_byte(w, at + i / 8, byte);
	}
	tally_say(&t);
	buf_free(&tree);
}

/* A bundle and its signature, as files by themselves. */
static void
verify_flips(struct world *w, const char *ending, bool known, const char *what)
{
	struct published_file *f = published_file(&w->p, ending);
	bool is_sig = strstr(ending, "minisig") != NULL;
	struct tally t = {.what = what, .reads_only = true};
	struct span s = buf_view(&f->bytes);
	int fd = is_sig ? open(w->broken, O_RDWR) : w->fd;
	uint8_t byte;
	size_t i;

	for (i = 0; i < s.n * 8; i++) {
		byte = s.p[i / 8] ^ (uint8_t)(1u << i % 8);
		if (pwrite(fd, &byte, 1, (off_t)(i / 8)) != 1)
			exit(1);
		tally_add(&t, verify_command(w, known), true, i / 8);
		if (pwrite(fd, s.p + i / 8, 1, (off_t)(i / 8)) != 1)
			exit(1);
	}
	for (i = s.n; i-- > 0;) {
		if (ftruncate(fd, (off_t)i) != 0)
			exit(1);
		tally_add(&t, verify_command(w, known), true, i);
	}
	if (pwrite(fd, s.p, s.n, 0) != (ssize_t)s.n ||
		pwrite(fd, "", 1, (off_t)s.n) != 1)
		exit(1);
	tally_add(&t, verify_command(w, known), true, s.n);
	if (ftruncate(fd, (off_t)s.n) != 0)
		exit(1);
	tally_say(&t);
	if (is_sig)
		close(fd);
}

static void
verify_run(struct world *w)
{
	struct diag d;

	mutant_write(w, buf_view(&published_file(&w->p, ".2.ekb")->bytes));
	must(file_write(w->broken,
		     buf_view(&published_file(&w->p, ".2.ekb.minisig")->bytes),
		     0600, &d),
		&d, w->broken);
	ok(!verify_command(w, false), "erika verify takes the bundle by key");
	ok(!verify_command(w, true), "and as one of a known outlet");
	verify_flips(w, ".2.ekb", false, "bundle by key, each bit and length");
	verify_flips(
		w, ".2.ekb.minisig", true, "signature, each bit and length");
}

/* The program's own command on a library with an earlier issue, for some. */
static void
command_run(struct world *w)
{
	char path[4096];
	struct tally t = {.what = "erika sync on a library on disk"};
	struct span s = buf_view(&w->share);
	struct library *l;
	struct buf first, after, db;
	struct diag d;
	size_t i;

	buf_init(&first, LIMIT_MIB);
	buf_init(&after, LIMIT_MIB);
	buf_init(&db, 64 * LIMIT_MIB);
	snprintf(path, sizeof(path), "%s/erika/library.db",
		getenv("XDG_DATA_HOME"));
	must(file_read(path, db.max, &db, &d), &d, path);
	must(library_open(path, &l, &d), &d, path);
	state(l, &first);
	library_close(l);
	ok(first.n > 0 && !span_eq(buf_view(&first), buf_view(&w->good)),
		"the library on disk has an earlier issue");
	mutant_write(w, s);
	for (i = 0; i < s.n * 8; i += SAMPLE) {
		mutant_byte(w, i / 8, s.p[i / 8] ^ (uint8_t)(1u << i % 8));
		(void)import_command(w->file);
		mutant_byte(w, i / 8, s.p[i / 8]);
		must(library_open(path, &l, &d), &d, path);
		state(l, &after);
		library_close(l);
		/* What it has already is not asked for again. */
		tally_add(&t, true,
			span_eq(buf_view(&after), buf_view(&first)) ||
				span_eq(buf_view(&after), buf_view(&w->good)),
			i / 8);
		if (!span_eq(buf_view(&after), buf_view(&first)))
			must(file_write(path, buf_view(&db), 0600, &d), &d,
				path);
	}
	tally_say(&t);
	ok(!import_command(w->file), "the true one is accepted after all that");
	buf_free(&first);
	buf_free(&after);
	buf_free(&db);
}

int
main(int argc, char **argv)
{
	struct world *w = calloc(1, sizeof(*w));
	struct diag d;

	if (argc != 6 || w == NULL || crypto_start() != ERR_OK)
		return 2;
	w->pub = argv[3];
	w->work = argv[4];
	w->half = argv[5][0] == '1';
	w->now = clock_now();
	published_read(&w->p, argv[1]);
	buf_init(&w->share, LIMIT_MIB);
	must(file_read(argv[2], LIMIT_MIB, &w->share, &d), &d, argv[2]);
	world_open(w);
	share_run(w);
	if (w->half == 0) {
		root_run(w);
		cuts_run(w);
		pack_run(w);
	} else {
		picture_run(w);
		verify_run(w);
		command_run(w);
	}
	library_outlets_clear(&w->outlets);
	library_close(w->l);
	return plan();
}
