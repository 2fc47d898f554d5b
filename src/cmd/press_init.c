/* erika-press init: a newsroom in one command. */
#include <sodium.h>
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
#include "press_room.h"

struct init {
	const char *dir, *name, *language, *desk, *pass_file;
	unsigned root_keys, threshold;
	bool no_pass;
	struct buf pass;
	struct sign_key *keys[ROOM_KEYS]; /* [0] works daily, then root's */
	size_t n_keys;
};

static const char mirrors_ini[] =
	"# Where erika-press publish puts the bundles, and where readers "
	"fetch.\n"
	"# One section for each mirror:\n"
	"#\n"
	"# [mirror \"north\"]\n"
	"# to = /srv/mirrors/north           ; a folder that a web server "
	"serves\n"
	"# url = https://north.example/e/    ; what readers are told; leave "
	"out\n"
	"#                                   ; for a mirror that stays "
	"unlisted\n"
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
	if (in->root_keys >= ROOM_KEYS)
		return diag_set(
			d, ERR_USAGE, "at most %d root keys", ROOM_KEYS - 1);
	if (in->threshold < 1 ||
		in->threshold > (in->root_keys == 0 ? 1 : in->root_keys))
		return diag_set(d, ERR_USAGE,
			"--threshold must lie between 1 and the number of "
			"root keys");
	return ERR_OK;
}

/* The trust anchor: root version 1. Without root keys of its own, the one key
 * is all four roles', and can be split later by a new root. */
static enum err
anchor_make(const struct init *in, struct buf *out)
{
	struct minisign_key pub[ROOM_KEYS];
	struct tuf_grant daily = {pub, 1, 1}, root = daily, grants[TUF_TYPES];
	json_t *body = tuf_body(TUF_ROOT, 1, clock_now() + ROLE_ROOT_SECONDS);
	enum err e;
	size_t i;

	for (i = 0; i < in->n_keys; i++)
		pub[i] = *sign_key_public(in->keys[i]);
	if (in->root_keys > 0)
		root = (struct tuf_grant){
			pub + 1, in->root_keys, in->threshold};
	for (i = 0; i < TUF_TYPES; i++)
		grants[i] = i == TUF_ROOT ? root : daily;
	e = body == NULL ? ERR_NOMEM : tuf_body_root(body, grants, in->name);
	if (e == ERR_OK)
		e = in->root_keys > 0
			    ? tuf_sign(body, in->keys + 1, in->root_keys, out)
			    : tuf_sign(body, in->keys, 1, out);
	json_decref(body);
	return e;
}

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
keys_make(struct init *in, struct diag *d)
{
	struct span pass = buf_view(&in->pass);
	char name[32] = "newsroom";
	enum err e = ERR_OK;
	unsigned i;

	for (i = 0; e == ERR_OK && i <= in->root_keys; i++) {
		if (i > 0)
			snprintf(name, sizeof(name), "root-%u", i);
		e = room_key_create(in->dir, name, in->no_pass ? NULL : &pass,
			&in->keys[i], d);
		if (e == ERR_OK)
			in->n_keys++;
	}
	return e;
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
	if (in->root_keys > 0)
		talk(cx,
			"Move keys/root-*.key to %u places offline now; %u of "
			"them make a new root.",
			in->root_keys, in->threshold);
	else
		talk(cx,
			"Back up keys/ now: who loses the key loses the name.");
	if (in->no_pass)
		talk(cx, "The keys are NOT encrypted: whoever copies them can "
			 "sign in your name.");
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
	umask(022); /* repository/ is for all to read, keys/ says its own */
	buf_init(&root, LIMIT_ROOT);
	e = init_check(&in, d);
	if (e == ERR_OK)
		e = folders_make(&in, d);
	if (e == ERR_OK && !in.no_pass)
		e = room_passphrase(in.pass_file, true, &in.pass, d);
	if (e == ERR_OK)
		e = keys_make(&in, d);
	if (e == ERR_OK)
		e = anchor_make(&in, &root);
	if (e == ERR_OK)
		e = file_put(
			in.dir, "repository/m/1.root.json", buf_view(&root), d);
	/* Last, since it is what makes the folder a newsroom. */
	if (e == ERR_OK)
		e = settings_put(&in, d);
	if (e == ERR_OK)
		e = init_report(cx, &in, buf_view(&root), d);
	for (i = 0; i < in.n_keys; i++)
		sign_key_free(in.keys[i]);
	if (in.pass.p != NULL)
		sodium_memzero(in.pass.p, in.pass.cap);
	buf_free(&in.pass);
	buf_free(&root);
	return e;
}
