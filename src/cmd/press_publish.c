/* erika-press publish: sign what is due, copy what is new to every mirror.
 * Without news it is the daily signature: nothing but the timestamp's key is
 * needed then. */
#include <stdlib.h>
#include <string.h>

#include "../core/limits.h"
#include "../core/mirrors.h"
#include "../core/text.h"
#include "../sys/clock.h"
#include "../sys/file.h"
#include "press.h"
#include "press_copy.h"
#include "press_head.h"
#include "press_prune.h"
#include "press_push.h"
#include "press_lists.h"
#include "press_roles.h"

static bool
chosen(const struct mirror *m, int argc, char **argv)
{
	int i;

	for (i = 0; i < argc; i++)
		if (strcmp(argv[i], m->name) == 0)
			return true;
	return argc == 0;
}

/* How it goes with all of them. */
struct outcome {
	unsigned tried, failed;
};

/* Copy to each chosen mirror that is a folder; one that fails does not stop
 * the others. */
static enum err
folders_copy(const struct context *cx, struct room *r, const struct mirrors *m,
	enum copy_look look, int argc, char **argv, struct outcome *o,
	struct diag *d)
{
	char size[TALK_SIZE], *to;
	struct copied c;
	enum err e;
	size_t i;

	for (i = 0; i < m->n; i++) {
		const struct mirror *mi = &m->list[i];

		if (!chosen(mi, argc, argv))
			continue;
		if (mi->to == NULL) {
			talk(cx,
				"%-12s skipped: mirrors.ini has no \"to\" "
				"for it",
				mi->name);
			continue;
		}
		if (push_is_url(mi->to))
			continue;
		o->tried++;
		to = mi->to[0] == '/' ? strdup(mi->to) : room_path(r, mi->to);
		e = to == NULL ? diag_set(d, ERR_NOMEM, "out of memory")
			       : copy_run(r, to, look, &c, d);
		free(to);
		if (e != ERR_OK) {
			o->failed++;
			talk_warn(cx, "%s: %s: %s", mi->name, err_str(d->code),
				d->why);
			continue;
		}
		talk(cx, "%-12s %u file%s, %s", mi->name, c.files,
			c.files == 1 ? "" : "s", talk_size(size, c.bytes));
	}
	return ERR_OK;
}

/* Before anything is signed: no folder may know more than the records, since
 * each publish signs the next number. */
static enum err
folders_check(struct room *r, const struct mirrors *m, int argc, char **argv,
	struct diag *d)
{
	enum err e = ERR_OK;
	char *to;
	size_t i;

	for (i = 0; e == ERR_OK && i < m->n; i++) {
		const struct mirror *mi = &m->list[i];

		if (!chosen(mi, argc, argv) || mi->to == NULL ||
			push_is_url(mi->to))
			continue;
		to = mi->to[0] == '/' ? strdup(mi->to) : room_path(r, mi->to);
		e = to == NULL ? diag_set(d, ERR_NOMEM, "out of memory")
			       : copy_check(r, to, d);
		if (e != ERR_OK)
			e = diag_prefix(
				d, e, "nothing was signed: %s", mi->name);
		free(to);
	}
	return e;
}

static bool
is_pushed_to(const struct mirror *m, int argc, char **argv)
{
	return m->to != NULL && push_is_url(m->to) && chosen(m, argc, argv);
}

/* The mirrors that are pushed to, and the process that sends. */
struct pushes {
	struct push_to *to;
	size_t n;
	struct upload *u; /* NULL: none is needed */
};

static void
pushes_free(struct pushes *p)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		free(p->to[i].ca);
	free(p->to);
	upload_free(p->u);
}

static enum err
push_add(struct room *r, const struct mirror *m, struct pushes *p,
	struct diag *d)
{
	struct push_to *to = &p->to[p->n];
	enum err e = ERR_OK;
	char *path;

	if (!mirrors_url_ok(span_str(m->to)))
		return diag_set(d, ERR_CONFIG,
			"mirrors.ini: mirror %s: \"to\" is no URL of the form "
			"https://host/folder/",
			m->name);
	*to = (struct push_to){
		.name = m->name, .url = m->to, .proxy = m->proxy};
	p->n++;
	if (m->ca == NULL)
		return ERR_OK;
	path = m->ca[0] == '/' ? strdup(m->ca) : room_path(r, m->ca);
	if (path == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	to->ca = realpath(path, NULL);
	if (to->ca == NULL)
		e = diag_prefix(
			d, file_errno(path, d), "mirror %s: ca", m->name);
	free(path);
	return e;
}

/* All of them; the process starts before any key is read. */
static enum err
pushes_new(struct room *r, const struct mirrors *m, int argc, char **argv,
	struct pushes *p, struct diag *d)
{
	const char **ca = calloc(m->n + 1, sizeof(*ca));
	enum err e = ERR_OK;
	size_t i, k = 0;

	p->to = calloc(m->n + 1, sizeof(*p->to));
	if (ca == NULL || p->to == NULL)
		e = diag_set(d, ERR_NOMEM, "out of memory");
	for (i = 0; e == ERR_OK && i < m->n; i++)
		if (is_pushed_to(&m->list[i], argc, argv))
			e = push_add(r, &m->list[i], p, d);
	for (i = 0; e == ERR_OK && i < p->n; i++)
		if (p->to[i].ca != NULL)
			ca[k++] = p->to[i].ca;
	if (e == ERR_OK && p->n > 0)
		e = upload_new(ca, &p->u, d);
	free(ca);
	return e;
}

/* Push to those that are URLs, all at once. */
static enum err
urls_push(const struct context *cx, struct room *r, struct pushes *p, bool all,
	struct outcome *o, struct diag *d)
{
	enum err e =
		p->n == 0 ? ERR_OK : push_run(cx, r, p->u, p->to, p->n, all, d);
	size_t i;

	o->tried += (unsigned)p->n;
	for (i = 0; i < p->n; i++)
		o->failed += p->to[i].err != ERR_OK;
	return e;
}

static enum err
outcome_tell(const struct context *cx, const struct outcome *o, struct diag *d)
{
	if (o->failed > 0 && o->failed < o->tried)
		return diag_set(d, ERR_PARTIAL,
			"%u of %u mirrors failed; publish again when %s back",
			o->failed, o->tried,
			o->failed == 1 ? "it is" : "they are");
	if (o->failed > 0)
		return diag_set(d, ERR_FAILED,
			"no mirror was reached; all is signed here: publish "
			"again when one is back");
	if (o->tried == 0)
		talk(cx, "No mirror to copy to: erika-press mirrors add names "
			 "one, or copy repository/ yourself, timestamp.json "
			 "last.");
	return ERR_OK;
}

static enum err
names_known(const struct mirrors *m, int argc, char **argv, struct diag *d)
{
	size_t k;
	int i;

	for (i = 0; i < argc; i++) {
		for (k = 0; k < m->n; k++)
			if (strcmp(m->list[k].name, argv[i]) == 0)
				break;
		if (k == m->n)
			return diag_set(d, ERR_USAGE,
				"mirrors.ini has no mirror \"%s\"", argv[i]);
	}
	return ERR_OK;
}

/* The notes of roles_update, one line each. */
static void
notes_tell(const struct context *cx, const char *notes)
{
	size_t n;

	for (; *notes != '\0'; notes += n + (notes[n] == '\n')) {
		n = strcspn(notes, "\n");
		talk(cx, "%.*s", (int)n, notes);
	}
}

static enum err
sign(const struct context *cx, struct room *r, const struct mirrors *m,
	bool *head, struct diag *d)
{
	struct buf list, notes;
	enum err e;

	buf_init(&list, LIMIT_MIRROR_LIST);
	buf_init(&notes, LIMIT_CONFIG);
	e = mirrors_write(m, &list, d);
	if (e == ERR_OK)
		e = roles_update(
			r, buf_view(&list), clock_now(), &notes, head, d);
	notes_tell(cx, buf_cstr(&notes));
	buf_free(&list);
	buf_free(&notes);
	return e;
}

/* What stays too long does no harm: it is no reason not to publish. */
static void
prune(const struct context *cx, struct room *r)
{
	struct diag d;
	size_t n;

	if (prune_run(r, clock_now(), &n, &d) != ERR_OK)
		talk_warn(cx, "old metadata stays: %s", d.why);
	else if (n > 0 && cx->verbose)
		talk(cx, "%zu file%s of old metadata gone", n,
			n == 1 ? "" : "s");
}

enum err
press_publish(struct context *cx, int argc, char **argv, struct diag *d)
{
	struct room_options ro = {.dir = NULL};
	bool all = false, check = false, head = false;
	const struct opt opts[] = {ROOM_OPTIONS(ro),
		{"all", 0, OPT_FLAG, &all, NULL,
			"look at every file on the mirrors, not just new ones"},
		{"check", 0, OPT_FLAG, &check, NULL,
			"read every file there, and mend those that changed"},
		{NULL, 0, OPT_FLAG, NULL, NULL, NULL}};
	struct outcome o = {.tried = 0};
	struct pushes p = {.n = 0};
	struct room *r = NULL;
	struct mirrors m = {.n = 0};
	enum err e;
	int first;

	e = command_opts(cx, opts, argc, argv, 0, LIMIT_MIRRORS, &first, d);
	if (e == ERR_OK)
		e = room_open(&ro, &r, d);
	if (e == ERR_OK)
		e = room_lock(r, d);
	if (e == ERR_OK)
		e = lists_read(r, &m, d);
	if (e == ERR_OK)
		e = names_known(&m, argc - first, argv + first, d);
	if (e == ERR_OK)
		e = pushes_new(r, &m, argc - first, argv + first, &p, d);
	if (e == ERR_OK)
		e = folders_check(r, &m, argc - first, argv + first, d);
	if (e == ERR_OK && p.n > 0)
		e = push_check(r, p.u, p.to, p.n, d);
	if (e == ERR_OK)
		e = sign(cx, r, &m, &head, d);
	if (e == ERR_OK && !head)
		e = diag_set(d, ERR_PARTIAL,
			"signed here, but nothing is public before the "
			"timestamp's key signs: publish where that key is, "
			"with this folder");
	if (e == ERR_OK)
		e = head_write(r, clock_now(), d);
	if (e == ERR_OK)
		prune(cx, r);
	if (e == ERR_OK)
		e = folders_copy(cx, r, &m,
			check ? COPY_CHECK
			: all ? COPY_ALL
			      : COPY_NEW,
			argc - first, argv + first, &o, d);
	if (e == ERR_OK)
		e = urls_push(cx, r, &p, all || check, &o, d);
	if (e == ERR_OK)
		e = outcome_tell(cx, &o, d);
	pushes_free(&p);
	mirrors_clear(&m);
	room_close(r);
	return e;
}
