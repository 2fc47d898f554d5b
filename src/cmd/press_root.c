/* erika-press root and targets: ceremonies. Several people, each with a key and
 * perhaps a machine that was never online, sign one file on a stick. */
#include <string.h>

#include "../core/limits.h"
#include "../sys/clock.h"
#include "../sys/file.h"
#include "press.h"
#include "press_ceremony.h"
#include "press_change.h"
#include "press_explain.h"

struct ceremony {
	const struct context *cx;
	enum tuf_type type;
	struct room_options room;
	const char *key, *out;
	char **args;
	size_t n;
};

/* ---- new */

static enum err
new_make(const struct ceremony *c, struct room *r, struct diag *d)
{
	struct grants g = {.n = 0};
	struct chain chain = {.root = NULL};
	int64_t now = clock_now();
	enum err e = chain_load(
		r, c->type == TUF_TARGETS ? CHAIN_ALL : CHAIN_LAST, &chain, d);
	bool drops;
	size_t i;

	if (e == ERR_OK && c->type == TUF_ROOT)
		e = grants_read(chain.root, &g, d);
	if (e == ERR_OK)
		e = change_apply(c->type == TUF_ROOT ? &g : &chain.grants,
			c->type, &r->keys, c->args, c->n, now, d);
	/* Every other change is three words. */
	for (i = 0; e == ERR_OK && i + 1 < c->n; i += drops ? 2 : 3) {
		drops = strcmp(c->args[i], "drop") == 0;
		if (drops)
			e = ceremony_may_drop(r, c->args[i + 1], d);
	}
	if (e == ERR_OK)
		e = ceremony_propose(r, c->cx, &chain, c->type,
			c->type == TUF_ROOT ? &g : &chain.grants, c->out, NULL,
			d);
	grants_free(&g);
	chain_free(&chain);
	return e;
}

static enum err
ceremony_new(const struct ceremony *c, struct diag *d)
{
	struct room *r = NULL;
	enum err e = room_open(&c->room, &r, d);

	if (e == ERR_OK)
		e = room_lock(r, d);
	if (e == ERR_OK)
		e = new_make(c, r, d);
	room_close(r);
	return e;
}

/* ---- sign and status: with a newsroom's folder or without */

/* The proposal, which must be of this command's kind. */
static enum err
proposal_get(const struct ceremony *c, struct proposal **out, struct diag *d)
{
	enum err e;

	if (c->n == 0)
		return diag_set(d, ERR_USAGE, "which proposal? Name its file");
	e = ceremony_read(c->args, c->n, out, d);
	if (e == ERR_OK && (*out)->doc->type != c->type)
		e = diag_set(d, ERR_USAGE,
			"%s proposes %s: it is \"erika-press %s\"", c->args[0],
			tuf_type_str((*out)->doc->type),
			tuf_type_str((*out)->doc->type));
	return e;
}

static enum err
key_sign(struct proposal *p, const struct sign_key *key, unsigned *signatures,
	struct diag *d)
{
	char number[2 * MINISIGN_KEYNUM + 1];

	if (!proposal_asks(p, sign_key_public(key)->key)) {
		minisign_keynum_text(number, sign_key_public(key)->keynum);
		return diag_set(d, ERR_KEY,
			"the key %s is none of those that must sign this",
			number);
	}
	++*signatures;
	return proposal_sign(p, key, d);
}

/* With the key of --key, or with all of keys/ that have a part in it. */
static enum err
keys_sign(const struct ceremony *c, struct keyring *ring, struct proposal *p,
	unsigned *signatures, struct diag *d)
{
	struct sign_key *key = NULL;
	enum err e = ERR_OK;
	size_t i;

	if (c->key != NULL) {
		e = keyring_load(ring, c->key, &key, d);
		if (e == ERR_OK)
			e = key_sign(p, key, signatures, d);
		sign_key_free(key);
		return e;
	}
	for (i = 0; e == ERR_OK && i < ring->n; i++) {
		struct keyring_key *k = &ring->list[i];

		if (!proposal_asks(p, k->pub.key) ||
			!keyring_at_hand(ring, k->pub.key))
			continue;
		e = keyring_unlock(ring, k, &key, d);
		if (e == ERR_OK)
			e = key_sign(p, key, signatures, d);
	}
	if (e == ERR_OK && *signatures == 0)
		e = diag_set(d, ERR_MISSING,
			"keys/ holds none of the keys that must sign this; "
			"name one with --key FILE");
	return e;
}

static enum err
proposal_write(const struct proposal *p, const char *file, struct diag *d)
{
	struct buf b;
	enum err e;

	buf_init(&b, LIMIT_PROPOSAL);
	e = proposal_save(p, &b);
	if (e == ERR_OK)
		e = file_write(file, buf_view(&b), 0644, d);
	buf_free(&b);
	return e;
}

/* Where the file goes now. */
static void
next_tell(const struct ceremony *c, const struct proposal *p)
{
	const char *type = tuf_type_str(c->type);

	fflush(stdout);
	if (proposal_check(p, NULL) == ERR_OK)
		talk(c->cx,
			"Signed. The file goes back to the newsroom now: "
			"erika-press %s install FILE, then publish.",
			type);
	else
		talk(c->cx,
			"Signed. The file goes to the next of those who have "
			"not: erika-press %s sign FILE.",
			type);
}

static enum err
ceremony_sign(const struct ceremony *c, struct keyring *ring, struct diag *d)
{
	struct proposal *p = NULL;
	unsigned signatures = 0;
	enum err e = c->n > 1 ? diag_set(d, ERR_USAGE, "one file at a time")
			      : proposal_get(c, &p, d);

	/* What is signed is said before a passphrase is asked for. */
	if (e == ERR_OK)
		e = explain_proposal(p, ring, d);
	if (e == ERR_OK) {
		fflush(stdout);
		e = keys_sign(c, ring, p, &signatures, d);
	}
	if (e == ERR_OK)
		e = proposal_write(p, c->args[0], d);
	if (e == ERR_OK)
		e = explain_signatures(p, ring, d);
	if (e == ERR_OK)
		next_tell(c, p);
	proposal_free(p);
	return e;
}

static enum err
ceremony_status(const struct ceremony *c, struct keyring *ring, struct diag *d)
{
	struct proposal *p = NULL;
	enum err e = proposal_get(c, &p, d);

	if (e == ERR_OK && c->cx->json) {
		e = explain_json(p, d);
	} else if (e == ERR_OK) {
		e = explain_proposal(p, ring, d);
		if (e == ERR_OK)
			e = explain_signatures(p, ring, d);
	}
	proposal_free(p);
	return e;
}

static enum err
with_ring(const struct ceremony *c,
	enum err (*run)(
		const struct ceremony *, struct keyring *, struct diag *),
	struct diag *d)
{
	struct keyring none = {.pass_file = c->room.pass_file};
	struct room *r = NULL;
	enum err e = room_open(&c->room, &r, d);

	/* A stick and a key are enough. */
	if (e == ERR_MISSING && c->room.dir == NULL)
		e = ERR_OK;
	if (e == ERR_OK)
		e = run(c, r == NULL ? &none : &r->keys, d);
	keyring_free(&none);
	room_close(r);
	return e;
}

/* ---- install */

static enum err
ceremony_take(const struct ceremony *c, struct diag *d)
{
	struct proposal *p = NULL;
	struct room *r = NULL;
	enum err e = room_open(&c->room, &r, d);

	if (e == ERR_OK)
		e = room_lock(r, d);
	if (e == ERR_OK)
		e = proposal_get(c, &p, d);
	if (e == ERR_OK)
		e = ceremony_install(r, p, d);
	if (e == ERR_OK)
		talk(c->cx, "Complete. It takes effect with the next "
			    "erika-press publish.");
	proposal_free(p);
	room_close(r);
	return e;
}

/* ---- the two commands */

static enum err
ceremony_run(struct context *cx, enum tuf_type type, int argc, char **argv,
	struct diag *d)
{
	struct ceremony c = {.cx = cx, .type = type};
	const struct opt opts[] = {ROOM_OPTIONS(c.room),
		{"key", 0, OPT_STRING, &c.key, "FILE",
			"sign with this secret key, not those of keys/"},
		{"out", 'o', OPT_STRING, &c.out, "FILE",
			"new: write the proposal to FILE"},
		{NULL, 0, OPT_FLAG, NULL, NULL, NULL}};
	const char *verb;
	enum err e;
	int first;

	e = command_opts(cx, opts, argc, argv, 1, 256, &first, d);
	if (e != ERR_OK)
		return e;
	verb = argv[first];
	c.args = argv + first + 1;
	c.n = (size_t)(argc - first - 1);
	if (strcmp(verb, "new") == 0)
		return ceremony_new(&c, d);
	if (strcmp(verb, "sign") == 0)
		return with_ring(&c, ceremony_sign, d);
	if (strcmp(verb, "status") == 0)
		return with_ring(&c, ceremony_status, d);
	if (strcmp(verb, "install") == 0)
		return ceremony_take(&c, d);
	return diag_set(d, ERR_USAGE, "it is new, sign, status or install");
}

enum err
press_root(struct context *cx, int argc, char **argv, struct diag *d)
{
	return ceremony_run(cx, TUF_ROOT, argc, argv, d);
}

enum err
press_targets(struct context *cx, int argc, char **argv, struct diag *d)
{
	return ceremony_run(cx, TUF_TARGETS, argc, argv, d);
}
