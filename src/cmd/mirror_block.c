/* erika-mirror block: take a file out of what is handed out. The tombstone is
 * signed by stock minisign, so that no signing code and no secret key comes
 * near a mirror. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../core/date.h"
#include "../core/text.h"
#include "../sys/clock.h"
#include "../sys/file.h"
#include "mirror_blocks.h"
#include "mirror_config.h"

struct block {
	const char *reason;
	bool list, remove;
	const char *what;
	struct mirror_config c;
	struct mirror_blocks b;
};

/* A hash or a path, with or without the publisher's folder. */
static enum err
name_it(const struct block *a, struct tombstone *t, struct diag *d)
{
	const char *what = a->what;
	size_t i, n;

	for (i = 0; i < a->c.n_publishers; i++) {
		n = strlen(a->c.admit[i].folder);
		if (n > 0 && strncmp(what, a->c.admit[i].folder, n) == 0 &&
			what[n] == '/')
			what += n + 1;
	}
	if (strlen(what) == 64)
		memcpy(t->hash, what, 65);
	else if (strlen(what) <= LIMIT_PATH)
		memcpy(t->path, what, strlen(what) + 1);
	if (t->hash[0] == '\0' && t->path[0] == '\0')
		return diag_set(d, ERR_USAGE, "that path is too long");
	return ERR_OK;
}

static const char *
shown(const struct tombstone *t)
{
	return t->hash[0] != '\0' ? t->hash : t->path;
}

static const struct mirror_block_entry *
find(const struct mirror_blocks *b, const struct tombstone *t)
{
	size_t i;

	for (i = 0; i < b->n; i++)
		if (strcmp(shown(&b->list[i].t), shown(t)) == 0)
			return &b->list[i];
	return NULL;
}

static void
file_name(char out[MIRROR_BLOCK_NAME], const struct tombstone *t)
{
	uint8_t hash[HASH_MAX];

	if (t->hash[0] != '\0') {
		memcpy(out, t->hash, MIRROR_BLOCK_NAME);
		return;
	}
	hash_bytes(HASH_SHA256, span_str(t->path), hash);
	memcpy(out, "p-", 2);
	text_hex(out + 2, hash, 16);
}

/* ---- the three things to do */

static void
say_sign(const struct context *cx, const struct block *a, const char *file)
{
	char show[300];

	talk(cx, "To sign it, so that readers see that it was you:");
	if (!a->c.has_key)
		talk(cx, "  minisign -G -p operator.pub -s operator.key   "
			 "(once, "
			 "not on this machine)\n"
			 "  operator-key = second line of operator.pub    (in "
			 "the "
			 "configuration)");
	text_show(show, sizeof(show), span_str(file));
	talk(cx, "  minisign -S -s operator.key -m %s -x %s.minisig", show,
		show);
}

static enum err
add(const struct context *cx, const struct block *a, struct diag *d)
{
	struct tombstone t = {.date = clock_now()};
	char name[MIRROR_BLOCK_NAME + 8], *file = NULL;
	struct buf part;
	enum err e;

	buf_init(&part, LIMIT_TOMBSTONE);
	e = name_it(a, &t, d);
	if (e == ERR_OK && a->reason == NULL)
		e = diag_set(d, ERR_USAGE,
			"--reason says why, to readers: one line");
	if (e == ERR_OK && strlen(a->reason) > LIMIT_TOMBSTONE_REASON)
		e = diag_set(d, ERR_USAGE, "a reason has at most %d bytes",
			LIMIT_TOMBSTONE_REASON);
	if (e != ERR_OK)
		return e;
	snprintf(t.reason, sizeof(t.reason), "%s", a->reason);
	snprintf(t.operator, sizeof(t.operator), "%s",
		a->c.operator== NULL ? "" : a->c.operator);
	e = tombstone_ok(&t, d);
	if (e == ERR_OK && find(&a->b, &t) != NULL)
		e = diag_set(d, ERR_EXISTS,
			"it is blocked; --remove first to give another reason");
	if (e == ERR_OK && tombstone_add(&part, &t) != ERR_OK)
		e = diag_set(d, ERR_NOMEM, "out of memory");
	if (e == ERR_OK)
		e = file_mkdirs(a->b.folder, 0755, d);
	if (e == ERR_OK) {
		file_name(name, &t);
		memcpy(name + strlen(name), ".json", 6);
		file = file_join(a->b.folder, name);
		e = file == NULL ? diag_set(d, ERR_NOMEM, "out of memory")
				 : file_write(file, buf_view(&part), 0644, d);
	}
	if (e == ERR_OK) {
		talk(cx, "blocked: from the next second on it is answered 451, "
			 "and neither pushed nor pulled again.");
		say_sign(cx, a, file);
	}
	buf_free(&part);
	free(file);
	return e;
}

static enum err
take_back(const struct context *cx, const struct block *a, struct diag *d)
{
	const struct mirror_block_entry *x;
	struct tombstone t = {.date = 0};
	struct buf name;
	enum err e = name_it(a, &t, d);

	if (e != ERR_OK)
		return e;
	x = find(&a->b, &t);
	if (x == NULL)
		return diag_set(d, ERR_MISSING,
			"it is not blocked; erika-mirror block --list shows "
			"what is");
	buf_init(&name, 4096);
	e = buf_printf(&name, "%s/%s.json.minisig", a->b.folder, x->name);
	/* Without the file a signature is nothing; it may be missing. */
	if (e == ERR_OK) {
		char *path = (char *)name.p;
		size_t n = name.n - strlen(".minisig");

		path[n] = '\0';
		if (unlink(path) != 0)
			e = file_errno(path, d);
		path[n] = '.';
		if (e == ERR_OK)
			(void)unlink(path);
	}
	buf_free(&name);
	if (e == ERR_OK)
		talk(cx, "no longer blocked.");
	return e;
}

static enum err
list_json(const struct mirror_blocks *b, struct diag *d)
{
	json_t *all = json_array(), *top;
	char date[DATE_SIZE];
	size_t i;
	int k;

	for (i = 0; i < b->n; i++) {
		const struct mirror_block_entry *x = &b->list[i];

		date_format(date, x->t.date);
		json_array_append_new(all,
			json_pack("{s:s, s:s, s:s, s:s, s:b, s:s}",
				x->t.hash[0] != '\0' ? "hash" : "path",
				shown(&x->t), "date", date, "reason",
				x->t.reason, "operator", x->t.operator,
				"signed", x->why[0] == '\0', "why", x->why));
	}
	top = json_pack("{s:s, s:o}", "schema", "erika-mirror-blocks-1",
		"blocked", all);
	k = top == NULL
		    ? -1
		    : json_dumpf(top, stdout, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(top);
	putchar('\n');
	return k == 0 ? ERR_OK : diag_set(d, ERR_IO, "standard output");
}

static void
list_text(const struct context *cx, const struct mirror_blocks *b)
{
	char date[DATE_SIZE];
	size_t i;

	if (b->n == 0)
		talk(cx, "nothing is blocked");
	for (i = 0; i < b->n; i++) {
		const struct mirror_block_entry *x = &b->list[i];

		date_format(date, x->t.date);
		date[10] = '\0';
		printf("%s\n  since %s: %s\n  %s\n", shown(&x->t), date,
			x->t.reason, x->why[0] == '\0' ? "signed" : x->why);
	}
	if (b->wrong[0] != '\0')
		talk_warn(cx, "blocks nothing: %s", b->wrong);
}

enum err
mirror_block(struct context *cx, int argc, char **argv, struct diag *d)
{
	struct mirror_options o = {NULL, NULL, NULL, NULL};
	struct block a = {.reason = NULL};
	const struct opt opts[] = {{"config", 'c', OPT_STRING, &o.file, "FILE",
					   "configuration (" MIRROR_FILE ")"},
		{"reason", 0, OPT_STRING, &a.reason, "TEXT",
			"why, for readers to see"},
		{"list", 0, OPT_FLAG, &a.list, NULL, "show what is blocked"},
		{"remove", 0, OPT_FLAG, &a.remove, NULL, "hand it out again"},
		{NULL, 0, OPT_FLAG, NULL, NULL, NULL}};
	int first;
	enum err e = command_opts(cx, opts, argc, argv, 0, 1, &first, d);

	if (e != ERR_OK)
		return e;
	if ((first == argc) != a.list || (a.remove && a.list) ||
		(a.reason != NULL && (a.list || a.remove)))
		return diag_set(d, ERR_USAGE,
			"name a hash or a path with --reason or --remove, or "
			"--list alone");
	a.what = first < argc ? argv[first] : NULL;
	e = mirror_config_load(&o, &a.c, d);
	if (e != ERR_OK)
		return e;
	e = mirror_blocks_load(&a.b, &a.c, d);
	if (e == ERR_OK && a.list) {
		if (cx->json)
			e = list_json(&a.b, d);
		else
			list_text(cx, &a.b);
	} else if (e == ERR_OK) {
		e = a.remove ? take_back(cx, &a, d) : add(cx, &a, d);
	}
	mirror_blocks_free(&a.b);
	mirror_config_free(&a.c);
	return e;
}
