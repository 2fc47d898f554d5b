/* erika-press key: new ones, and what each that is here may do. What a key may
 * do is read from the metadata; a file's name is for people. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../core/limits.h"
#include "../core/tuf_write.h"
#include "../sys/file.h"
#include "press.h"
#include "press_chain.h"
#include "press_json.h"

struct key_options {
	struct room_options room;
	bool no_pass;
};

/* ---- new */

static void
new_tell(const struct context *cx, const char *path, const struct sign_key *k,
	bool no_pass)
{
	char number[2 * MINISIGN_KEYNUM + 1];

	minisign_keynum_text(number, sign_key_public(k)->keynum);
	printf("%s  %s\n", number, path);
	talk(cx,
		"%s.key stays with you; %s.pub is for those who give it a "
		"role.",
		path, path);
	if (no_pass)
		talk(cx, "It is NOT encrypted: whoever copies it can use it.");
}

/* A name goes into keys/ of the newsroom; a path anywhere, for people who
 * have a key and no newsroom's folder. */
static enum err
key_new(const struct context *cx, const struct key_options *o, const char *name,
	struct diag *d)
{
	const char *slash = strrchr(name, '/'), *base = name;
	struct sign_key *k = NULL;
	struct pass pass = {.p = NULL};
	struct room *r = NULL;
	char *dir = NULL, *path = NULL;
	enum err e = ERR_OK;

	if (slash != NULL) {
		base = slash + 1;
		dir = slash == name ? strdup("/")
				    : strndup(name, (size_t)(slash - name));
	} else {
		e = room_open(&o->room, &r, d);
		if (e == ERR_OK)
			dir = room_path(r, "keys");
	}
	if (e == ERR_OK && dir == NULL)
		e = diag_set(d, ERR_NOMEM, "out of memory");
	if (e == ERR_OK && !o->no_pass)
		e = pass_read(o->room.pass_file, true, name, &pass, d);
	if (e == ERR_OK)
		e = keyring_create(dir, base, o->no_pass ? NULL : &pass, &k, d);
	if (e == ERR_OK && (path = file_join(dir, base)) != NULL)
		new_tell(cx, path, k, o->no_pass);
	sign_key_free(k);
	pass_free(&pass);
	room_close(r);
	free(dir);
	free(path);
	return e;
}

/* ---- list */

/* "encrypted", "plain", "elsewhere" or "damaged"; its mode, or 0. */
static const char *
secret_state(struct room *r, const struct keyring_key *k, unsigned *mode)
{
	char name[160], *path;
	struct sign_key *key = NULL;
	const char *state = "elsewhere";
	struct stat st;
	struct buf b;
	enum err e;

	snprintf(name, sizeof(name), "keys/%s.key", k->name);
	path = room_path(r, name);
	*mode = 0;
	buf_init(&b, LIMIT_MINISIG);
	if (path != NULL && lstat(path, &st) == 0) {
		*mode = (unsigned)st.st_mode & 0777u;
		e = buf_reserve(&b, LIMIT_MINISIG);
		if (e == ERR_OK)
			e = file_read(path, LIMIT_MINISIG, &b, NULL);
		if (e == ERR_OK)
			e = sign_key_load(buf_view(&b), NULL, &key, NULL);
		state = e == ERR_OK	   ? "plain"
			: e == ERR_USAGE   ? "encrypted"
			: e == ERR_MISSING ? "elsewhere"
					   : "damaged";
	}
	sign_key_free(key);
	if (b.p != NULL)
		sign_wipe(b.p, b.n);
	buf_free(&b);
	free(path);
	return state;
}

/* The roles whose grant has this key, years as one: "archive". */
static enum err
roles_of(const struct grants *root, const struct grants *targets,
	const uint8_t key[static CRYPTO_PUBLIC], json_t *out)
{
	const struct grants *both[2] = {root, targets};
	bool archive = false;
	int bad = 0;
	size_t i, k;

	for (k = 0; k < 2; k++) {
		for (i = 0; i < both[k]->n; i++) {
			const struct grant *g = &both[k]->list[i];
			bool year = k == 1 && g->name[0] == 'y';

			if (!grant_has(g, key) || (year && archive))
				continue;
			archive |= year;
			bad |= json_array_append_new(
				out, json_string(year ? "archive" : g->name));
		}
	}
	return bad == 0 ? ERR_OK : ERR_NOMEM;
}

static enum err
key_object(struct room *r, const struct keyring_key *k,
	const struct grants *root, const struct grants *targets, json_t **out)
{
	char number[2 * MINISIGN_KEYNUM + 1], id[TUF_KEYID], octal[8];
	json_t *roles = json_array();
	const char *state;
	unsigned mode;
	enum err e = tuf_keyid(k->pub.key, id);

	state = secret_state(r, k, &mode);
	snprintf(octal, sizeof(octal), "%03o", mode);
	minisign_keynum_text(number, k->pub.keynum);
	if (e == ERR_OK)
		e = roles_of(root, targets, k->pub.key, roles);
	*out = json_pack("{s:s, s:s, s:s, s:s, s:O, s:s, s:s}", "schema",
		"erika-key-1", "name", k->name, "number", number, "id", id,
		"roles", roles, "secret", state, "mode",
		mode == 0 ? "" : octal);
	json_decref(roles);
	return e == ERR_OK && *out == NULL ? ERR_NOMEM : e;
}

static void
key_print(const json_t *o)
{
	const json_t *roles = json_object_get(o, "roles");
	size_t i;

	printf("%-14s %s  %-9s %-3s ",
		json_string_value(json_object_get(o, "name")),
		json_string_value(json_object_get(o, "number")),
		json_string_value(json_object_get(o, "secret")),
		json_string_value(json_object_get(o, "mode")));
	for (i = 0; i < json_array_size(roles); i++)
		printf(" %s", json_string_value(json_array_get(roles, i)));
	printf("%s\n", i == 0 ? " -" : "");
	printf("%14s id %s\n", "", json_string_value(json_object_get(o, "id")));
}

static enum err
key_list(const struct context *cx, const struct key_options *o, struct diag *d)
{
	struct grants root = {.n = 0};
	struct chain chain = {.root = NULL};
	struct room *r = NULL;
	json_t *one = NULL;
	enum err e = room_open(&o->room, &r, d);
	size_t i;

	if (e == ERR_OK)
		e = chain_load(r, CHAIN_ALL, &chain, d);
	if (e == ERR_OK)
		e = grants_read(chain.root, &root, d);
	for (i = 0; e == ERR_OK && i < r->keys.n; i++) {
		e = key_object(r, &r->keys.list[i], &root, &chain.grants, &one);
		if (e == ERR_OK && cx->json)
			press_json_print(one);
		else if (e == ERR_OK)
			key_print(one);
		json_decref(one);
		one = NULL;
	}
	grants_free(&root);
	chain_free(&chain);
	room_close(r);
	return e;
}

enum err
press_key(struct context *cx, int argc, char **argv, struct diag *d)
{
	struct key_options o = {.no_pass = false};
	const struct opt opts[] = {ROOM_OPTIONS(o.room),
		{"no-passphrase", 0, OPT_FLAG, &o.no_pass, NULL,
			"leave the new key's file unencrypted"},
		{NULL, 0, OPT_FLAG, NULL, NULL, NULL}};
	enum err e;
	int first;

	e = command_opts(cx, opts, argc, argv, 1, 2, &first, d);
	if (e != ERR_OK)
		return e;
	if (strcmp(argv[first], "new") == 0 && argc - first == 2)
		return key_new(cx, &o, argv[first + 1], d);
	if (strcmp(argv[first], "list") == 0 && argc - first == 1)
		return key_list(cx, &o, d);
	return diag_set(d, ERR_USAGE, "it is \"key new NAME\" or \"key list\"");
}
