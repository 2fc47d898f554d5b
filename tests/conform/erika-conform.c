/* The trust machine as a client of the public TUF conformance protocol: the
 * door for foreign test suites. Exit status is 0 or 1.
 *
 *	erika-conform --metadata-dir D init ROOTFILE
 *	erika-conform --metadata-url U --metadata-dir D refresh
 *	erika-conform --metadata-url U --metadata-dir D --target-name P ...
 *	    --target-dir T --target-base-url B download
 *
 * Our own tests add --seconds N, the deadline of each file.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../src/core/crypto.h"
#include "../../src/core/text.h"
#include "../../src/core/trust.h"
#include "../../src/sys/clock.h"
#include "../../src/sys/fetch.h"
#include "../../src/sys/file.h"
#include "schemes.h"

#define SECONDS 30 /* for one file */
#define TARGETS 64
#define TARGET_MAX (64 * LIMIT_MIB)

struct client {
	const char *metadata_url, *metadata_dir, *target_dir, *target_url;
	const char *targets[TARGETS];
	size_t n_targets;
	uint64_t seconds;
	struct fetch *fetch;
	struct trust *trust;
};

/* Percent-encode all but unreserved characters (RFC 3986) and those of
 * `keep`. */
static enum err
encode(struct buf *b, const char *s, size_t n, const char *keep)
{
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; e == ERR_OK && i < n; i++) {
		bool plain = (s[i] >= 'a' && s[i] <= 'z') ||
			     (s[i] >= 'A' && s[i] <= 'Z') ||
			     (s[i] >= '0' && s[i] <= '9') ||
			     strchr("-_~.", s[i]) != NULL ||
			     strchr(keep, s[i]) != NULL;

		e = plain ? buf_u8(b, (uint8_t)s[i])
			  : buf_printf(b, "%%%02X", (unsigned char)s[i]);
	}
	return e;
}

/* A name as one path component. */
static char *
encoded_path(const char *dir, const char *name, const char *suffix)
{
	struct buf b;
	enum err e;

	buf_init(&b, 8192);
	e = buf_printf(&b, "%s/", dir);
	if (e == ERR_OK)
		e = encode(&b, name, strlen(name), "");
	if (e == ERR_OK)
		e = buf_str(&b, suffix);
	return e == ERR_OK ? (char *)buf_steal(&b, NULL) : NULL;
}

static enum err
get(struct client *c, const char *base, const char *path, size_t max,
	struct buf *out, struct diag *d)
{
	struct fetch_want w = {
		.base = base, .path = path, .max = max, .allow_private = true};
	struct fetch_got got;
	enum err e = fetch_all(c->fetch, &w, 1, (double)c->seconds, &got, d);

	if (e == ERR_OK && got.err != ERR_OK) {
		e = got.err;
		*d = got.diag;
	}
	*out = got.body; /* moved */
	return e;
}

static enum err
stored(struct client *c, const char *role, struct buf *out, struct diag *d)
{
	char *path = encoded_path(c->metadata_dir, role, ".json");
	enum err e = path == NULL ? ERR_NOMEM
				  : file_read(path, LIMIT_METADATA, out, d);

	free(path);
	return e;
}

static enum err
keep(struct client *c, const struct trust_change *ch, struct span s,
	struct diag *d)
{
	char *path;
	enum err e = ERR_OK;

	if (ch->drop_timestamp) {
		path = encoded_path(c->metadata_dir, "timestamp", ".json");
		unlink(path);
		free(path);
	}
	if (ch->drop_snapshot) {
		path = encoded_path(c->metadata_dir, "snapshot", ".json");
		unlink(path);
		free(path);
	}
	if (ch->save != NULL) {
		path = encoded_path(c->metadata_dir, ch->save, ".json");
		e = path == NULL ? ERR_NOMEM : file_write(path, s, 0644, d);
		free(path);
	}
	return e;
}

/* Satisfy one wish. */
static enum err
step(struct client *c, const struct trust_want *w, struct diag *d)
{
	struct trust_change ch;
	struct buf b;
	enum err e;

	buf_init(&b, LIMIT_METADATA);
	if (w->source == TRUST_STORED)
		e = stored(c, w->role, &b, d);
	else
		e = get(c, c->metadata_url, w->name, w->max, &b, d);
	if (e == ERR_OK) {
		e = trust_feed(c->trust, buf_view(&b), &ch, d);
		if (e == ERR_OK)
			e = keep(c, &ch, buf_view(&b), d);
		else if (w->source == TRUST_STORED)
			e = ERR_OK; /* not good enough; it goes on without */
		else if (e == ERR_SPLIT && strcmp(w->role, "timestamp") == 0)
			e = ERR_OK; /* 5.4.3.1: keep the one at hand */
		if (e == ERR_OK && w->source == TRUST_REMOTE &&
			strcmp(w->role, "timestamp") == 0)
			e = trust_pass(c->trust, d);
	} else if (w->source == TRUST_STORED || e == ERR_MISSING) {
		e = trust_pass(c->trust, d);
	}
	buf_free(&b);
	return e;
}

static enum err
run(struct client *c, struct diag *d)
{
	struct trust_want w;
	enum err e = ERR_OK;

	while (e == ERR_OK && trust_wants(c->trust, &w))
		e = step(c, &w, d);
	return e;
}

static enum err
refresh(struct client *c, struct diag *d)
{
	struct buf root;
	enum err e;

	buf_init(&root, LIMIT_ROOT);
	e = stored(c, "root", &root, d);
	if (e == ERR_OK)
		e = trust_new_schemes(buf_view(&root), clock_now(),
			TRUST_STRICT, conform_schemes(), &c->trust, d);
	if (e == ERR_OK)
		e = run(c, d);
	buf_free(&root);
	return e;
}

static enum err
target_url(struct client *c, const struct trust_target *g, struct buf *out,
	struct diag *d)
{
	const char *path = trust_target_path(g), *name = strrchr(path, '/');
	char prefix[129];

	enum err e;

	name = name == NULL ? path : name + 1;
	if (!trust_consistent(c->trust))
		return encode(out, path, strlen(path), "/");
	if (!trust_target_prefix(g, prefix))
		return diag_set(d, ERR_UNSUPPORTED, "no hash to name it by");
	e = encode(out, path, (size_t)(name - path), "/");
	if (e == ERR_OK)
		e = buf_printf(out, "%s.", prefix);
	return e == ERR_OK ? encode(out, name, strlen(name), "") : e;
}

static enum err
download_one(struct client *c, const char *name, struct diag *d)
{
	const struct trust_target *g;
	struct verified *v = NULL;
	struct buf b, url;
	char *path = encoded_path(c->target_dir, name, "");
	enum err e = trust_find(c->trust, name, d);

	buf_init(&b, TARGET_MAX);
	buf_init(&url, 8192);
	if (e == ERR_OK)
		e = run(c, d);
	g = trust_found(c->trust);
	if (e == ERR_OK && g == NULL)
		e = trust_lost(c->trust, d);
	if (e == ERR_OK && g == NULL)
		e = diag_set(d, ERR_MISSING, "no such target");
	if (e != ERR_OK)
		goto out;
	/* What is there already and right is not fetched again. */
	if (file_read(path, TARGET_MAX, &b, NULL) == ERR_OK &&
		trust_verify(g, buf_view(&b), &v, NULL) == ERR_OK)
		goto out;
	buf_free(&b);
	if (trust_target_length(g) > TARGET_MAX)
		e = diag_set(d, ERR_LIMIT, "the target is too large");
	if (e == ERR_OK)
		e = target_url(c, g, &url, d);
	if (e == ERR_OK)
		e = get(c, c->target_url, buf_cstr(&url),
			(size_t)trust_target_length(g), &b, d);
	if (e == ERR_OK)
		e = trust_verify(g, buf_view(&b), &v, d);
	if (e == ERR_OK)
		e = file_write(path, verified_bytes(v), 0644, d);
out:
	verified_free(v);
	buf_free(&b);
	buf_free(&url);
	free(path);
	return e;
}

static enum err
download(struct client *c, struct diag *d)
{
	enum err e = refresh(c, d);
	size_t i;

	for (i = 0; e == ERR_OK && i < c->n_targets; i++)
		e = download_one(c, c->targets[i], d);
	return e;
}

static enum err
init(struct client *c, const char *file, struct diag *d)
{
	char *path = encoded_path(c->metadata_dir, "root", ".json");
	struct buf b;
	enum err e;

	buf_init(&b, LIMIT_ROOT);
	e = file_read(file, LIMIT_ROOT, &b, d);
	if (e == ERR_OK)
		e = file_mkdirs(c->metadata_dir, 0755, d);
	if (e == ERR_OK)
		e = file_write(path, buf_view(&b), 0644, d);
	buf_free(&b);
	free(path);
	return e;
}

static int
options(struct client *c, int argc, char **argv)
{
	int i;

	for (i = 1; i + 1 < argc && strncmp(argv[i], "--", 2) == 0; i += 2) {
		const char *name = argv[i], *value = argv[i + 1];

		if (strcmp(name, "--metadata-url") == 0)
			c->metadata_url = value;
		else if (strcmp(name, "--metadata-dir") == 0)
			c->metadata_dir = value;
		else if (strcmp(name, "--target-dir") == 0)
			c->target_dir = value;
		else if (strcmp(name, "--target-base-url") == 0)
			c->target_url = value;
		else if (strcmp(name, "--target-name") == 0 &&
			 c->n_targets < TARGETS)
			c->targets[c->n_targets++] = value;
		else if (strcmp(name, "--seconds") != 0 ||
			 text_decimal(span_str(value), LIMIT_FETCH_SECONDS,
				 &c->seconds) != ERR_OK)
			return argc;
	}
	return i;
}

/* As in command_main: jansson must never see memory run out. */
static void *
alloc_or_end(size_t n)
{
	void *p = malloc(n);

	if (p == NULL) {
		fputs("out of memory\n", stderr);
		abort();
	}
	return p;
}

int
main(int argc, char **argv)
{
	struct client c = {.seconds = SECONDS};
	struct diag d = {.code = ERR_OK};
	int i = options(&c, argc, argv);
	enum err e = crypto_start();

	json_set_alloc_funcs(alloc_or_end, free);
	if (i >= argc || c.metadata_dir == NULL) {
		fprintf(stderr, "usage: see the head of erika-conform.c\n");
		return 1;
	}
	if (e == ERR_OK)
		e = fetch_new(NULL, &c.fetch, &d);
	if (e != ERR_OK)
		;
	else if (strcmp(argv[i], "init") == 0 && i + 1 < argc)
		e = init(&c, argv[i + 1], &d);
	else if (strcmp(argv[i], "refresh") == 0 && c.metadata_url != NULL)
		e = refresh(&c, &d);
	else if (strcmp(argv[i], "download") == 0 && c.metadata_url != NULL &&
		 c.target_dir != NULL && c.target_url != NULL)
		e = download(&c, &d);
	else
		e = diag_set(&d, ERR_USAGE, "no such command");
	if (e != ERR_OK)
		fprintf(stderr, "erika-conform: %s: %s\n", err_str(e), d.why);
	trust_free(c.trust);
	fetch_free(c.fetch);
	return e == ERR_OK ? 0 : 1;
}
