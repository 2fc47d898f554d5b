/* erika-press retract: withdraw an article, openly. The next revision says
 * that it is withdrawn and why; readers keep the notice, not the text. */
#include <stdlib.h>
#include <string.h>

#include "../core/limits.h"
#include "../core/text.h"
#include "../sys/clock.h"
#include "press.h"
#include "press_bundle.h"

/* The next revision of an article as a notice, by the desk that has it unless
 * another takes it over. Strings are owned. */
static enum err
notice_make(struct room *r, const char *id, const char *desk,
	const char *reason, int64_t now, struct article *a, struct diag *d)
{
	struct db_query *q;
	char shown[80];
	enum err e, done;

	*a = (struct article){.text = -1};
	e = db_query(r->db, d, &q,
		"SELECT revision, status, title, language, published, updated,"
		" url, desk FROM article WHERE id=?",
		"t", id);
	if (e != ERR_OK)
		return e;
	if (!db_row(q)) {
		e = diag_set(d, ERR_MISSING,
			"no article \"%s\"; erika-press preview lists them",
			text_show(shown, sizeof(shown), span_str(id)));
	} else if (db_int(q, 1) == ARTICLE_RETRACTED) {
		e = diag_set(d, ERR_EXISTS, "it is retracted already");
	} else if ((e = room_desk(r, desk == NULL ? db_text(q, 7) : desk, d)) ==
		   ERR_OK) {
		a->previous = (uint32_t)db_int(q, 0);
		a->revision = a->previous + 1;
		a->status = ARTICLE_RETRACTED;
		a->id = strdup(id);
		a->title = strdup(db_text(q, 2));
		a->language = strdup(db_text(q, 3));
		a->published = db_int(q, 4);
		a->updated = now > db_int(q, 5) ? now : db_int(q, 5);
		a->url = db_null(q, 6) ? NULL : strdup(db_text(q, 6));
		a->note = strdup(reason);
		if (a->id == NULL || a->title == NULL || a->language == NULL ||
			a->note == NULL)
			e = diag_set(d, ERR_NOMEM, "out of memory");
	}
	done = db_done(r->db, q, d);
	return e != ERR_OK ? e : done;
}

enum err
press_retract(struct context *cx, int argc, char **argv, struct diag *d)
{
	struct room_options ro = {.dir = NULL};
	const char *reason = NULL, *desk = NULL;
	const struct opt opts[] = {ROOM_OPTIONS(ro),
		{"desk", 0, OPT_STRING, &desk, "DESK",
			"sign for this desk (the article's own)"},
		{"reason", 0, OPT_STRING, &reason, "TEXT",
			"what readers are told"},
		{NULL, 0, OPT_FLAG, NULL, NULL, NULL}};
	struct digest digest = {{0}};
	struct press_bundle *b = NULL;
	struct room *r = NULL;
	struct article a = {.text = -1};
	uint64_t text, total;
	char shown[120];
	enum err e;
	int first;

	e = command_opts(cx, opts, argc, argv, 1, 1, &first, d);
	if (e == ERR_OK && (reason == NULL || !text_line_ok(span_str(reason),
						      LIMIT_TITLE)))
		e = diag_set(d, ERR_USAGE,
			"--reason TEXT is one line for your readers");
	if (e == ERR_OK)
		e = room_open(&ro, &r, d);
	if (e == ERR_OK)
		e = room_lock(r, d);
	if (e == ERR_OK)
		e = notice_make(
			r, argv[first], desk, reason, clock_now(), &a, d);
	if (e == ERR_OK)
		e = press_bundle_new(r, r->desk, clock_now(), &b, d);
	if (e == ERR_OK)
		e = press_bundle_add(
			b, &a, span_of(NULL, 0), NULL, 0, &digest, d);
	if (e == ERR_OK)
		e = press_bundle_finish(b, &text, &total, d);
	if (e == ERR_OK) {
		talk(cx, "retracted   %s (revision %u): %s", a.id,
			(unsigned)a.revision,
			text_show(shown, sizeof(shown), span_str(a.title)));
		talk(cx,
			"Earlier bundles on mirrors still hold its old text. "
			"Next: erika-press publish%s",
			r->option);
	}
	press_bundle_free(b);
	article_clear(&a);
	room_close(r);
	return e;
}
