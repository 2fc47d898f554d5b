/* erika-press preview: an article as readers will see it, through the
 * reader's own checks. */
#include <stdlib.h>
#include <string.h>

#include "../core/bundle.h"
#include "../core/date.h"
#include "../core/limits.h"
#include "../core/text.h"
#include "../read/terminal.h"
#include "../sys/file.h"
#include "press.h"
#include "press_room.h"

static enum err
list_print(struct room *r, struct diag *d)
{
	struct db_query *q;
	char day[DATE_SIZE], shown[200];
	enum err e;

	e = db_query(r->db, d, &q,
		"SELECT id, status, language, published, title FROM article"
		" ORDER BY published DESC, id",
		"");
	if (e != ERR_OK)
		return e;
	while (db_row(q)) {
		date_format(day, db_int(q, 3));
		printf("%.10s  %-3s %-9s %s  %s\n", day, db_text(q, 2),
			article_status_str((enum article_status)db_int(q, 1)),
			db_text(q, 0),
			text_show(
				shown, sizeof(shown), span_str(db_text(q, 4))));
	}
	return db_done(r->db, q, d);
}

/* The packed file of a bundle and its head, verified against our record. */
static enum err
bundle_load(struct room *r, const char *path, struct bundle **out, char **file,
	struct diag *d)
{
	const char *slash = strrchr(path, '/');
	struct verified *head = NULL;
	struct digest digest;
	struct db_query *q;
	struct buf b, name;
	char hex[65];
	size_t n = 0;
	enum err e, done;

	*out = NULL;
	*file = NULL;
	buf_init(&b, LIMIT_INDEX_PACKED + BUNDLE_PREFIX);
	buf_init(&name, 4096);
	e = db_query(r->db, d, &q,
		"SELECT sha256, head, head_digest FROM bundle WHERE path=?",
		"t", path);
	if (e != ERR_OK)
		return e;
	if (!db_row(q) || db_blob(q, 0).n != 32 || db_blob(q, 2).n != 32) {
		e = diag_set(d, ERR_MISSING, "no record of %s", path);
	} else {
		text_hex(hex, db_blob(q, 0).p, 32);
		n = (size_t)db_int(q, 1);
		memcpy(digest.b, db_blob(q, 2).p, 32);
		e = buf_printf(&name, "%s/repository/t/%.*s%s.%s", r->dir,
			(int)(slash + 1 - path), path, hex, slash + 1);
	}
	done = db_done(r->db, q, d);
	if (e == ERR_OK)
		e = done;
	if (e == ERR_OK)
		e = file_read_range(buf_cstr(&name), 0, n, &b, d);
	if (e == ERR_OK)
		e = verified_again(buf_view(&b), &digest, &head);
	if (e == ERR_OK)
		e = bundle_open(head, out, d);
	if (e == ERR_OK)
		*file = (char *)buf_steal(&name, NULL);
	verified_free(head);
	buf_free(&b);
	buf_free(&name);
	return e;
}

/* What the text was deflated against: its dictionary, or its base. */
static enum err
dictionary_load(struct room *r, const struct bundle *bundle,
	const struct bundle_object *o, const char *id, struct verified **out,
	struct diag *d)
{
	struct buf b;
	struct digest digest;
	bool found = false;
	enum err e = ERR_OK;

	*out = NULL;
	buf_init(&b, LIMIT_TEXT);
	if (o->base_bundle != NULL)
		e = db_one_blob(r->db, d, &b, &found,
			"SELECT base_text FROM article WHERE id=?", "t", id);
	else if (o->dict >= 0)
		e = db_one_blob(r->db, d, &b, &found,
			"SELECT content FROM dictionary WHERE path=?", "t",
			bundle_dict(bundle, (size_t)o->dict)->path);
	if (e == ERR_OK && found) {
		digest = digest_of(buf_view(&b));
		e = verified_again(buf_view(&b), &digest, out);
	}
	buf_free(&b);
	return e;
}

static enum err
text_load(struct room *r, const struct bundle *bundle, const char *file,
	const struct article *a, struct verified **out, struct diag *d)
{
	size_t i = (size_t)a->text;
	const struct bundle_object *o = bundle_object(bundle, i);
	struct verified *packed = NULL, *dict = NULL;
	struct buf b;
	enum err e;

	*out = NULL;
	buf_init(&b, LIMIT_OBJECT);
	e = file_read_range(file, o->offset, o->packed, &b, d);
	if (e == ERR_OK)
		e = bundle_object_verify(bundle, i, buf_view(&b), &packed, d);
	if (e == ERR_OK)
		e = dictionary_load(r, bundle, o, a->id, &dict, d);
	if (e == ERR_OK)
		e = bundle_object_unpack(bundle, i, packed, dict, out, d);
	verified_free(packed);
	verified_free(dict);
	buf_free(&b);
	return e;
}

static enum err
article_print(struct context *cx, struct room *r, const struct bundle *bundle,
	const char *file, const struct article *a, struct diag *d)
{
	const struct terminal_style style = {.width = 80, .color = cx->color};
	struct verified *text = NULL;
	struct buf out;
	char day[DATE_SIZE], shown[LIMIT_TITLE];
	enum err e = ERR_OK;

	buf_init(&out, 16 * LIMIT_TEXT);
	date_format(day, a->published);
	printf("%s\n%.10s  %s  revision %u, %s\n",
		text_show(shown, sizeof(shown), span_str(a->title)), day,
		a->language, (unsigned)a->revision,
		article_status_str(a->status));
	if (a->note != NULL)
		printf("%s\n",
			text_show(shown, sizeof(shown), span_str(a->note)));
	putchar('\n');
	if (a->text >= 0) {
		e = text_load(r, bundle, file, a, &text, d);
		if (e == ERR_OK)
			e = terminal_render(text, &style, &out, d);
		if (e == ERR_OK)
			fwrite(out.p, 1, out.n, stdout);
	}
	verified_free(text);
	buf_free(&out);
	return e;
}

static enum err
article_show(struct context *cx, struct room *r, const char *id, struct diag *d)
{
	char path[LIMIT_PATH + 1] = "", *file = NULL;
	struct bundle *bundle = NULL;
	struct db_query *q;
	int64_t position = 0;
	enum err e;

	e = db_query(r->db, d, &q,
		"SELECT bundle, position FROM article WHERE id=?", "t", id);
	if (e != ERR_OK)
		return e;
	if (db_row(q)) {
		snprintf(path, sizeof(path), "%s", db_text(q, 0));
		position = db_int(q, 1);
	}
	e = db_done(r->db, q, d);
	if (e == ERR_OK && path[0] == '\0')
		e = diag_set(d, ERR_MISSING,
			"no such article; erika-press preview lists them");
	if (e == ERR_OK)
		e = bundle_load(r, path, &bundle, &file, d);
	if (e == ERR_OK)
		e = article_print(cx, r, bundle, file,
			bundle_article(bundle, (size_t)position), d);
	bundle_free(bundle);
	free(file);
	return e;
}

enum err
press_preview(struct context *cx, int argc, char **argv, struct diag *d)
{
	struct room_options ro = {.dir = NULL};
	const struct opt opts[] = {
		ROOM_OPTIONS(ro), {NULL, 0, OPT_FLAG, NULL, NULL, NULL}};
	struct room *r = NULL;
	enum err e;
	int first;

	e = command_opts(cx, opts, argc, argv, 0, 1, &first, d);
	if (e == ERR_OK)
		e = room_open(&ro, &r, d);
	if (e == ERR_OK)
		e = first < argc ? article_show(cx, r, argv[first], d)
				 : list_print(r, d);
	room_close(r);
	return e;
}
