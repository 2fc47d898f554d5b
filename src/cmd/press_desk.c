/* erika-press desk: who may sign which desk's bundles. Each change is one of
 * targets: signed at once where their keys are, else proposed. */
#include <stdlib.h>
#include <string.h>

#include "../core/limits.h"
#include "../core/text.h"
#include "../sys/file.h"
#include "press.h"
#include "press_ceremony.h"
#include "press_change.h"
#include "press_json.h"

struct desk {
	const struct context *cx;
	struct room_options room;
	const char *key, *out, *name;
	bool no_pass;
	char role[64]; /* "d-NAME" */
	struct room *r;
	struct chain chain;
};

static enum err
desk_list(struct desk *k, struct diag *d)
{
	char number[2 * MINISIGN_KEYNUM + 1];
	size_t i;

	(void)d;
	for (i = 0; i < k->chain.grants.n; i++) {
		const struct grant *g = &k->chain.grants.list[i];

		if (g->name[0] != 'd' || g->n == 0)
			continue;
		minisign_keynum_text(number, g->keys[0].keynum);
		if (k->cx->json) {
			json_t *o = json_pack("{s:s, s:s, s:s, s:b}", "schema",
				"erika-desk-1", "desk", g->name + 2, "number",
				number, "here",
				keyring_at_hand(&k->r->keys, g->keys[0].key));

			press_json_print(o);
			json_decref(o);
			continue;
		}
		printf("%-16s %s %s\n", g->name + 2, number,
			keyring_at_hand(&k->r->keys, g->keys[0].key)
				? "here"
				: "elsewhere");
	}
	return ERR_OK;
}

/* Whether there is a pair of that name, or the half that a run which was cut
 * off has left. */
static bool
name_used(const struct desk *k, const char *name)
{
	char file[80], *path;
	bool yes;

	snprintf(file, sizeof(file), "%s.key", name);
	path = file_join(k->r->keys.dir, file);
	yes = keyring_named(&k->r->keys, name) != NULL ||
	      (path != NULL && file_exists(path));
	free(path);
	return yes;
}

/* A new pair desk-NAME, or desk-NAME-2 and so on when that was used before. */
static enum err
key_create(struct desk *k, struct minisign_key *out, struct diag *d)
{
	struct sign_key *key = NULL;
	struct pass pass = {.p = NULL};
	char name[60], number[2 * MINISIGN_KEYNUM + 1];
	unsigned n = 1;
	enum err e = ERR_OK;

	snprintf(name, sizeof(name), "desk-%.32s", k->name);
	while (name_used(k, name) && n < 1000)
		snprintf(name, sizeof(name), "desk-%.32s-%u", k->name, ++n);
	if (!k->no_pass)
		e = pass_read(k->room.pass_file, true, name, &pass, d);
	if (e == ERR_OK)
		e = keyring_create(k->r->keys.dir, name,
			k->no_pass ? NULL : &pass, &key, d);
	if (e == ERR_OK) {
		*out = *sign_key_public(key);
		minisign_keynum_text(number, out->keynum);
		talk(k->cx, "new key %s in keys/%s.key", number, name);
	}
	sign_key_free(key);
	pass_free(&pass);
	return e;
}

static enum err
key_get(struct desk *k, struct minisign_key *out, struct diag *d)
{
	uint8_t number[MINISIGN_KEYNUM];
	enum err e;

	if (k->key == NULL)
		return key_create(k, out, d);
	e = change_key(&k->chain.grants, &k->r->keys, k->key, out, d);
	if (e != ERR_OK)
		return e;
	/* Readers make the .pub file of a desk from metadata alone. */
	minisign_keynum(out->key, number);
	if (memcmp(number, out->keynum, MINISIGN_KEYNUM) != 0)
		return diag_set(d, ERR_UNSUPPORTED,
			"a desk's key is made by erika-press key new: readers "
			"could not match the number of this one");
	return ERR_OK;
}

static enum err
desk_put(struct desk *k, bool known, struct diag *d)
{
	struct minisign_key key;
	bool there = grants_find(&k->chain.grants, k->role) != NULL;
	enum err e;

	if (there != known)
		return diag_set(d, known ? ERR_MISSING : ERR_EXISTS,
			known ? "there is no desk \"%s\"; desk add makes one"
			      : "there is a desk \"%s\" already; desk rotate "
				"gives it another key",
			k->name);
	e = key_get(k, &key, d);
	return e == ERR_OK ? grants_put(&k->chain.grants, k->role, &key, d) : e;
}

static enum err
desk_drop(struct desk *k, struct diag *d)
{
	enum err e;

	if (grants_find(&k->chain.grants, k->role) == NULL)
		return diag_set(
			d, ERR_MISSING, "there is no desk \"%s\"", k->name);
	e = ceremony_may_drop(k->r, k->role, d);
	if (e == ERR_OK)
		grants_drop(&k->chain.grants, k->role);
	return e;
}

static enum err
desk_change(struct desk *k, const char *verb, struct diag *d)
{
	enum err e = strcmp(verb, "remove") == 0
			     ? desk_drop(k, d)
			     : desk_put(k, strcmp(verb, "rotate") == 0, d);

	return e == ERR_OK
		       ? ceremony_propose(k->r, k->cx, &k->chain, TUF_TARGETS,
				 &k->chain.grants, k->out, NULL, d)
		       : e;
}

static enum err
desk_run(struct desk *k, const char *verb, struct diag *d)
{
	enum err e = room_open(&k->room, &k->r, d);

	if (e == ERR_OK)
		e = room_lock(k->r, d);
	if (e == ERR_OK)
		e = chain_load(k->r, CHAIN_ALL, &k->chain, d);
	if (e == ERR_OK)
		e = k->name == NULL ? desk_list(k, d) : desk_change(k, verb, d);
	chain_free(&k->chain);
	room_close(k->r);
	return e;
}

enum err
press_desk(struct context *cx, int argc, char **argv, struct diag *d)
{
	struct desk k = {.cx = cx};
	const struct opt opts[] = {ROOM_OPTIONS(k.room),
		{"key", 0, OPT_STRING, &k.key, "PUB",
			"the desk's public key (a new one is made)"},
		{"no-passphrase", 0, OPT_FLAG, &k.no_pass, NULL,
			"leave the new key's file unencrypted"},
		{"out", 'o', OPT_STRING, &k.out, "FILE",
			"write a proposal to FILE, sign nothing"},
		{NULL, 0, OPT_FLAG, NULL, NULL, NULL}};
	const char *verb;
	enum err e;
	int first;

	e = command_opts(cx, opts, argc, argv, 1, 2, &first, d);
	if (e != ERR_OK)
		return e;
	verb = argv[first];
	if (argc - first == 1 && strcmp(verb, "list") == 0)
		return desk_run(&k, verb, d);
	if (argc - first != 2 ||
		(strcmp(verb, "add") != 0 && strcmp(verb, "rotate") != 0 &&
			strcmp(verb, "remove") != 0))
		return diag_set(d, ERR_USAGE,
			"it is add, rotate or remove with a NAME, or list");
	k.name = argv[first + 1];
	if (!text_name_ok(span_str(k.name), 32))
		return diag_set(
			d, ERR_USAGE, "a desk is a name of a-z, 0-9 and '-'");
	snprintf(k.role, sizeof(k.role), "d-%s", k.name);
	return desk_run(&k, verb, d);
}
