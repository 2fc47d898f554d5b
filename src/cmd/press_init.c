/* erika-press init: a newsroom in one command. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../core/date.h"
#include "../core/limits.h"
#include "../core/text.h"
#include "../core/trust.h"
#include "../core/tuf_write.h"
#include "../core/words.h"
#include "../sys/clock.h"
#include "../sys/file.h"
#include "press.h"
#include "press_grants.h"
#include "press_records.h"
#include "press_room.h"

#define ROOT_KEYS_MAX 15

/* What keys are for, besides root. One key can do all of it. */
enum job { DESK, MIRRORS, SNAPSHOT, TIMESTAMP, TARGETS, ARCHIVE, JOBS };

struct init {
	const char *dir, *name, *language, *desk, *pass_file;
	unsigned root_keys, threshold;
	bool no_pass, apart;
	struct pass pass;
	struct sign_key *made[JOBS + ROOT_KEYS_MAX];
	size_t n_made;
	struct sign_key *job[JOBS];	      /* of those made */
	struct sign_key *root[ROOT_KEYS_MAX]; /* likewise */
	size_t n_root;
};

static const char mirrors_ini[] =
	"# Where erika-press publish puts the bundles, and where readers "
	"fetch.\n"
	"# One section for each mirror:\n"
	"#\n"
	"# [mirror \"north\"]\n"
	"# to = /srv/mirrors/north           ; a folder that a web server "
	"serves\n"
	"# url = https://north.example/e/    ; what readers are told\n"
	"# listed = no                       ; only by link, QR code or "
	"file\n"
	"# countries = RU, BY                ; where it should be tried "
	"first\n";

/* Whether newsroom.ini would give back this value: it trims, and takes what
 * follows "#" or ";" at the start of a word for a comment. */
static bool
ini_keeps(const char *s)
{
	size_t i, n = strlen(s);

	for (i = 0; i < n; i++)
		if ((s[i] == '#' || s[i] == ';') && (i == 0 || s[i - 1] == ' '))
			return false;
	return n > 0 && s[0] != ' ' && s[n - 1] != ' ';
}

static enum err
init_check(const struct init *in, struct diag *d)
{
	if (in->name == NULL || !text_line_ok(span_str(in->name), 120) ||
		!ini_keeps(in->name))
		return diag_set(d, ERR_USAGE,
			"--name NAME says how readers know you: one line, no "
			"word of it begins with # or ;");
	if (!text_name_ok(span_str(in->desk), 32))
		return diag_set(
			d, ERR_USAGE, "--desk is a name of a-z, 0-9 and '-'");
	if (in->language != NULL &&
		(!text_line_ok(span_str(in->language), LIMIT_LANG) ||
			!ini_keeps(in->language)))
		return diag_set(d, ERR_USAGE,
			"--language is a tag such as ru or zh-Hans");
	if (in->root_keys > ROOT_KEYS_MAX)
		return diag_set(
			d, ERR_USAGE, "at most %d root keys", ROOT_KEYS_MAX);
	if (in->threshold < 1 ||
		in->threshold > (in->root_keys == 0 ? 1 : in->root_keys))
		return diag_set(d, ERR_USAGE,
			"--threshold must lie between 1 and the number of "
			"root keys");
	return ERR_OK;
}

/* The trust anchor: root version 1. Without keys apart, the one key is all
 * four roles', and can be split later by a new root. */
static enum err
anchor_make(const struct init *in, struct buf *out)
{
	static const enum job jobs[TUF_TYPES] = {[TUF_TIMESTAMP] = TIMESTAMP,
		[TUF_SNAPSHOT] = SNAPSHOT,
		[TUF_TARGETS] = TARGETS};
	struct minisign_key pub[TUF_TYPES][ROOT_KEYS_MAX];
	struct tuf_grant grants[TUF_TYPES];
	json_t *body = tuf_body(TUF_ROOT, 1, clock_now() + ROLE_ROOT_SECONDS);
	enum err e;
	size_t i;

	for (i = 0; i < TUF_TYPES; i++) {
		grants[i] = (struct tuf_grant){pub[i], 1, 1};
		pub[i][0] = *sign_key_public(in->job[jobs[i]]);
	}
	for (i = 0; i < in->n_root; i++)
		pub[TUF_ROOT][i] = *sign_key_public(in->root[i]);
	grants[TUF_ROOT].n = in->n_root;
	grants[TUF_ROOT].threshold = in->threshold;
	e = body == NULL ? ERR_NOMEM : tuf_body_root(body, grants, in->name);
	if (e == ERR_OK)
		e = tuf_sign(body, in->root, in->n_root, out);
	json_decref(body);
	return e;
}

/* ---- keys apart: who else may sign what is said at once, while all the keys
 * are here */

static enum err
role_put(struct room *r, const char *name, json_t *body, struct sign_key *key,
	struct diag *d)
{
	struct buf b;
	enum err e;

	buf_init(&b, LIMIT_TARGETS);
	e = body == NULL ? ERR_NOMEM : tuf_sign(body, &key, 1, &b);
	if (e == ERR_OK)
		e = records_role_put(r, name, 1, buf_view(&b), d);
	buf_free(&b);
	json_decref(body);
	return e;
}

static enum err
grants_make(const struct init *in, const char *year, struct grants *g,
	struct diag *d)
{
	char desk[64];
	enum err e;

	snprintf(desk, sizeof(desk), "d-%.32s", in->desk);
	e = grants_put(g, "x", sign_key_public(in->job[MIRRORS]), d);
	if (e == ERR_OK)
		e = grants_put(g, year, sign_key_public(in->job[ARCHIVE]), d);
	if (e == ERR_OK)
		e = grants_put(g, desk, sign_key_public(in->job[DESK]), d);
	return e;
}

static enum err
delegations_put(const struct init *in, struct diag *d)
{
	char dir[4096], year[8];
	struct room r = {.dir = dir};
	struct grants g = {.n = 0};
	int64_t now = clock_now();
	json_t *body = NULL;
	int y, week;
	enum err e = room_records(in->dir, &r.db, d);

	snprintf(dir, sizeof(dir), "%s", in->dir);
	date_week(now, &y, &week);
	snprintf(year, sizeof(year), "y-%04u", (unsigned)y % 10000);
	if (e == ERR_OK)
		e = grants_make(in, year, &g, d);
	if (e == ERR_OK)
		e = grants_targets(&g, 1, now + ROLE_TARGETS_SECONDS, &body, d);
	if (e == ERR_OK)
		e = db_begin(r.db, d);
	if (e == ERR_OK) {
		e = role_put(&r, "targets", body, in->job[TARGETS], d);
		body = NULL;
	}
	if (e == ERR_OK)
		e = role_put(&r, year,
			tuf_body(TUF_TARGETS, 1, now + ROLE_YEAR_SECONDS),
			in->job[ARCHIVE], d);
	if (e == ERR_OK)
		e = db_commit(r.db, d);
	json_decref(body);
	grants_free(&g);
	db_close(r.db);
	return e;
}

/* ---- the folder */

static enum err
file_put(const char *dir, const char *rest, struct span s, struct diag *d)
{
	char *path = file_join(dir, rest);
	enum err e = path == NULL ? ERR_NOMEM : file_write(path, s, 0644, d);

	free(path);
	return e;
}

static enum err
settings_put(const struct init *in, struct diag *d)
{
	struct buf b;
	enum err e;

	buf_init(&b, LIMIT_CONFIG);
	e = buf_printf(&b,
		"# This newsroom, for erika-press(1).\n[outlet]\nname = %s\n",
		in->name);
	if (e == ERR_OK && in->language != NULL)
		e = buf_printf(&b,
			"language = %s    ; of pages that say none\n",
			in->language);
	if (e == ERR_OK)
		e = buf_printf(&b, "desk = %s\n", in->desk);
	if (e == ERR_OK)
		e = file_put(in->dir, "newsroom.ini", buf_view(&b), d);
	if (e == ERR_OK)
		e = file_put(in->dir, "mirrors.ini", span_str(mirrors_ini), d);
	buf_free(&b);
	return e;
}

static enum err
folders_make(const struct init *in, struct diag *d)
{
	static const char *const below[] = {
		"keys", "repository/m", "repository/t"};
	char *ini = file_join(in->dir, "newsroom.ini"), *path;
	enum err e = ini == NULL ? ERR_NOMEM : ERR_OK;
	size_t i;

	if (e == ERR_OK && file_exists(ini))
		e = diag_set(d, ERR_EXISTS,
			"%s is already a newsroom; nothing was changed",
			in->dir);
	for (i = 0; e == ERR_OK && i < 3; i++) {
		path = file_join(in->dir, below[i]);
		e = path == NULL ? ERR_NOMEM
				 : file_mkdirs(path, i == 0 ? 0700 : 0755, d);
		free(path);
	}
	free(ini);
	return e;
}

static enum err
key_make(struct init *in, const char *name, struct sign_key **out,
	struct diag *d)
{
	char *keys = file_join(in->dir, "keys");
	enum err e = keys == NULL
			     ? ERR_NOMEM
			     : keyring_create(keys, name,
				       in->no_pass ? NULL : &in->pass, out, d);

	if (e == ERR_OK)
		in->made[in->n_made++] = *out;
	free(keys);
	return e;
}

static enum err
keys_make(struct init *in, struct diag *d)
{
	static const char *const names[JOBS] = {[MIRRORS] = "mirrors",
		[SNAPSHOT] = "snapshot",
		[TIMESTAMP] = "timestamp",
		[TARGETS] = "targets",
		[ARCHIVE] = "archive"};
	char name[48];
	enum err e = ERR_OK;
	unsigned i;

	for (i = 0; e == ERR_OK && i < JOBS; i++) {
		snprintf(name, sizeof(name), "desk-%.32s", in->desk);
		if (in->apart)
			e = key_make(in, i == DESK ? name : names[i],
				&in->job[i], d);
		else if (i == 0)
			e = key_make(in, "newsroom", &in->job[0], d);
		else
			in->job[i] = in->job[0];
	}
	for (i = 0; e == ERR_OK && i < in->root_keys; i++) {
		snprintf(name, sizeof(name), "root-%u", i + 1);
		e = key_make(in, name, &in->root[i], d);
		in->n_root++;
	}
	if (in->n_root == 0)
		in->root[in->n_root++] = in->job[0];
	return e;
}

static void
keys_advise(const struct context *cx, const struct init *in)
{
	if (in->root_keys > 0)
		talk(cx,
			"Move keys/root-*.key to %u place%s offline now; %u of "
			"them make a new root.",
			in->root_keys, in->root_keys == 1 ? "" : "s",
			in->threshold);
	if (in->apart)
		talk(cx,
			"Move keys/targets.key and keys/archive.key offline "
			"too. timestamp and snapshot\nsign daily, mirrors "
			"and desk-%s the news: erika-press-keys(7) says where "
			"each\nbelongs.",
			in->desk);
	if (in->root_keys == 0)
		talk(cx,
			"Back up keys/ now: who loses the key loses the name.");
	if (in->no_pass)
		talk(cx, "The keys are NOT encrypted: whoever copies them can "
			 "sign in your name.");
}

static enum err
init_report(const struct context *cx, const struct init *in, struct span root,
	struct diag *d)
{
	uint8_t fp[32];
	enum err e = trust_fingerprint(root, fp, d);

	if (e != ERR_OK)
		return e;
	talk(cx, "%s: a newsroom in %s", in->name, in->dir);
	e = press_identity_print(fp, in->name);
	talk(cx, "Tell readers the words by a way that nobody can fake: in "
		 "print, on air, in person.");
	keys_advise(cx, in);
	talk(cx, "Next: erika-press pack -C %s FOLDER", in->dir);
	return e;
}

enum err
press_init(struct context *cx, int argc, char **argv, struct diag *d)
{
	struct init in = {.desk = "news", .threshold = 1};
	const struct opt opts[] = {
		{"name", 0, OPT_STRING, &in.name, "NAME", "the outlet's name"},
		{"language", 0, OPT_STRING, &in.language, "TAG",
			"language of pages that say none"},
		{"desk", 0, OPT_STRING, &in.desk, "DESK",
			"name of the first desk (news)"},
		{"root-keys", 0, OPT_UINT, &in.root_keys, "N",
			"make N root keys to be kept offline"},
		{"threshold", 0, OPT_UINT, &in.threshold, "K",
			"how many of them make a new root (1)"},
		{"apart", 0, OPT_FLAG, &in.apart, NULL,
			"make a key for each purpose"},
		{"passphrase-file", 0, OPT_STRING, &in.pass_file, "FILE",
			"read the new passphrase from FILE's first line"},
		{"no-passphrase", 0, OPT_FLAG, &in.no_pass, NULL,
			"leave the key files unencrypted"},
		{NULL, 0, OPT_FLAG, NULL, NULL, NULL},
	};
	struct buf root;
	enum err e;
	int first;
	size_t i;

	e = command_opts(cx, opts, argc, argv, 1, 1, &first, d);
	if (e != ERR_OK)
		return e;
	in.dir = argv[first];
	/* Keys apart are for keeping root away from them all. */
	if (in.apart && in.root_keys == 0)
		in.root_keys = 1;
	umask(022); /* repository/ is for all to read, keys/ says its own */
	buf_init(&root, LIMIT_ROOT);
	e = init_check(&in, d);
	if (e == ERR_OK)
		e = folders_make(&in, d);
	if (e == ERR_OK && !in.no_pass)
		e = pass_read(in.pass_file, true, "the new keys", &in.pass, d);
	if (e == ERR_OK)
		e = keys_make(&in, d);
	if (e == ERR_OK)
		e = anchor_make(&in, &root);
	if (e == ERR_OK)
		e = file_put(
			in.dir, "repository/m/1.root.json", buf_view(&root), d);
	if (e == ERR_OK && in.apart)
		e = delegations_put(&in, d);
	/* Last, since it is what makes the folder a newsroom. */
	if (e == ERR_OK)
		e = settings_put(&in, d);
	if (e == ERR_OK)
		e = init_report(cx, &in, buf_view(&root), d);
	for (i = 0; i < in.n_made; i++)
		sign_key_free(in.made[i]);
	pass_free(&in.pass);
	buf_free(&root);
	return e;
}
