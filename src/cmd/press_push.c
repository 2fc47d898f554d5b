#include "press_push.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../core/crypto.h"
#include "../core/limits.h"
#include "../core/mirrors.h"
#include "../core/tuf.h"
#include "../sys/clock.h"
#include "../sys/file.h"
#include "press_copy.h"
#include "press_push_list.h"
#include "press_records.h"

#define HEAD "m/timestamp.json"

/* Tries where a mirror is busy, where another push got in between, where a
 * proxy in front has lost the mirror for a moment, and where a connection broke
 * under a file; the microseconds between them. */
#define TRIES 40
#define TRIES_CONFLICT 8
#define TRIES_GATEWAY 6
#define TRIES_BROKEN 3
#define PAUSE 500000

enum phase {
	PHASE_ASK,	/* what it has */
	PHASE_METADATA, /* one after the other: each says what may follow */
	PHASE_TARGETS,	/* several at once */
	PHASE_HEAD,	/* whether it is live */
	PHASE_OVER
};

struct slot {
	uint32_t id; /* 0: free */
	size_t i;    /* of the list */
	uint64_t sent, length;
};

struct pushing {
	struct push_to *to;
	enum phase phase;
	int64_t last; /* id in the records up to which it has all */
	struct push_list list;
	size_t next;
	struct slot slots[LIMIT_UPLOADS_BASE];
	unsigned tries, broken;
	int64_t pause; /* until then, or 0 */
	bool anew;     /* from the top, once what is under way has ended */
	bool whole;    /* everything was offered */
};

struct run {
	const struct context *cx;
	struct room *room;
	struct upload *u;
	struct pushing *list;
	size_t n;
	struct buf head; /* ours */
	uint8_t head_hash[32];
	int64_t newest; /* id of the last file */
	bool all;
	bool progress;
};

bool
push_is_url(const char *to)
{
	return strncmp(to, "http://", 7) == 0 ||
	       strncmp(to, "https://", 8) == 0;
}

/* ---- talk */

static void
progress_clear(const struct run *r)
{
	if (r->progress)
		fputs("\r\033[K", stderr);
}

static void
progress_show(const struct run *r)
{
	unsigned over = 0, files = 0;
	uint64_t bytes = 0;
	char size[TALK_SIZE];
	size_t i, k;

	if (!r->progress)
		return;
	for (i = 0; i < r->n; i++) {
		const struct pushing *p = &r->list[i];

		over += p->phase == PHASE_OVER;
		files += p->to->files;
		bytes += p->to->bytes;
		for (k = 0; k < LIMIT_UPLOADS_BASE; k++)
			if (p->slots[k].id != 0)
				bytes += p->slots[k].sent;
	}
	fprintf(stderr, "\r\033[K%u of %zu mirrors, %u files, %s", over, r->n,
		files, talk_size(size, bytes));
	fflush(stderr);
}

static enum err
over(struct run *r, struct pushing *p, enum err e, const char *why)
{
	struct push_to *to = p->to;
	char size[TALK_SIZE];

	p->phase = PHASE_OVER;
	to->err = e;
	snprintf(to->why, sizeof(to->why), "%s", why);
	progress_clear(r);
	if (e != ERR_OK)
		talk_warn(r->cx, "%s: %s: %s", to->name, err_str(e), why);
	else
		talk(r->cx, "%-12s %u file%s, %s", to->name, to->files,
			to->files == 1 ? "" : "s", talk_size(size, to->bytes));
	return ERR_OK;
}

/* ---- starting */

static struct slot *
slot_free(struct pushing *p)
{
	size_t k, most = p->phase == PHASE_TARGETS ? LIMIT_UPLOADS_BASE : 1;

	for (k = 0; k < most; k++)
		if (p->slots[k].id == 0)
			return &p->slots[k];
	return NULL;
}

static bool
idle(const struct pushing *p)
{
	size_t k;

	for (k = 0; k < LIMIT_UPLOADS_BASE; k++)
		if (p->slots[k].id != 0)
			return false;
	return true;
}

/* Send repository/rest, or GET it. */
static enum err
start(struct run *r, struct pushing *p, struct slot *s, const char *rest,
	bool get, struct diag *d)
{
	struct upload_want w = {.fd = -1,
		.length = LIMIT_TIMESTAMP,
		.ca = p->to->ca,
		.proxy = p->to->proxy};
	char url[LIMIT_URL + LIMIT_PATH + 200], *path;
	char file[LIMIT_PATH + 200];
	struct stat st;
	enum err e;

	snprintf(url, sizeof(url), "%s%s", p->to->url, rest);
	w.url = url;
	if (!get) {
		snprintf(file, sizeof(file), "repository/%s", rest);
		path = room_path(r->room, file);
		if (path == NULL)
			return diag_set(d, ERR_NOMEM, "out of memory");
		w.fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
		e = w.fd < 0 || fstat(w.fd, &st) != 0 ? file_errno(path, d)
						      : ERR_OK;
		free(path);
		if (e != ERR_OK) {
			if (w.fd >= 0)
				close(w.fd);
			return e;
		}
		w.length = (uint64_t)st.st_size;
	}
	e = upload_start(r->u, &w, &s->id, d);
	if (e != ERR_OK)
		s->id = 0;
	s->sent = 0;
	s->length = w.length;
	if (w.fd >= 0)
		close(w.fd);
	return e;
}

/* ---- phases */

static enum err
metadata_begin(struct run *r, struct pushing *p, struct diag *d)
{
	p->phase = PHASE_METADATA;
	p->next = 0;
	push_list_clear(&p->list);
	return push_list_metadata(r->room, p->last, &p->list, d);
}

static enum err
targets_begin(struct run *r, struct pushing *p, struct diag *d)
{
	p->phase = PHASE_TARGETS;
	p->next = 0;
	push_list_clear(&p->list);
	return push_list_targets(r->room, p->last, &p->list, d);
}

/* What can be started now; or the next phase when all of one is done. */
static enum err
go_on(struct run *r, struct pushing *p, struct diag *d)
{
	struct slot *s;
	enum err e = ERR_OK;

	if ((p->pause != 0 && clock_steady() < p->pause) ||
		(p->anew && !idle(p)))
		return ERR_OK;
	p->pause = 0;
	if (p->anew && p->phase != PHASE_ASK)
		e = metadata_begin(r, p, d);
	p->anew = false;
	if (p->phase == PHASE_METADATA && idle(p) && p->next == p->list.n)
		e = targets_begin(r, p, d);
	if (p->phase == PHASE_TARGETS && idle(p) && p->next == p->list.n)
		p->phase = PHASE_HEAD;
	while (e == ERR_OK && (s = slot_free(p)) != NULL) {
		if (p->phase == PHASE_OVER || p->pause != 0)
			break;
		if (p->phase == PHASE_ASK || p->phase == PHASE_HEAD)
			return start(r, p, s, HEAD, p->phase == PHASE_ASK, d);
		if (p->next == p->list.n ||
			(p->next == p->list.lone && !idle(p)))
			break;
		s->i = p->next++;
		e = start(r, p, s, p->list.path[s->i], false, d);
	}
	/* Others fill the child; their ends make room. */
	if (e == ERR_LIMIT) {
		if (p->phase == PHASE_METADATA || p->phase == PHASE_TARGETS)
			p->next--;
		p->pause = clock_steady() + PAUSE / 10;
		e = ERR_OK;
	}
	return e;
}

/* What a proxy says that could not reach the mirror itself. */
static bool
is_gateway(unsigned status)
{
	return status == 502 || status == 504;
}

/* What may have passed when it is asked again. */
static bool
is_passing(unsigned status)
{
	return status == 409 || status == 429 || status == 503 ||
	       is_gateway(status);
}

/* Again from its beginning: what the mirror has costs a question each. One
 * that finds it is not their turn may lack what it had, by the records: then
 * everything is offered. */
static enum err
again(struct run *r, struct pushing *p, const struct upload_event *ev)
{
	p->tries++;
	if (ev->status == 409 && p->tries > TRIES_CONFLICT)
		return over(r, p, ERR_REFUSED, ev->why);
	if (is_gateway(ev->status) && p->tries > TRIES_GATEWAY)
		return over(r, p, ERR_NETWORK,
			"what stands in front of it does not reach it");
	if (p->tries > TRIES)
		return over(r, p, ERR_TIMEOUT, "it is busy all the time");
	if (ev->status == 409 && p->tries > 1 && !p->whole) {
		p->whole = true;
		p->last = 0;
	}
	p->pause = clock_steady() + PAUSE;
	p->anew = true;
	return ERR_OK;
}

/* ---- answers */

/* What it has: nothing, an older head, ours, or one that is newer than the
 * records, which are then an old copy. */
static enum err
asked(struct run *r, struct pushing *p, const struct upload_event *ev,
	struct diag *d)
{
	struct tuf_doc *doc = NULL;
	struct diag newer;
	uint8_t hash[32];
	char why[256];
	bool found;
	enum err e = ERR_OK;

	if (is_passing(ev->status))
		return again(r, p, ev);
	if (ev->status != 200 && ev->status != 404) {
		snprintf(why, sizeof(why), "it answers %u", ev->status);
		return over(r, p, ERR_NETWORK, why);
	}
	if (ev->status == 200 && tuf_parse(ev->body, LIMIT_TIMESTAMP,
					 TUF_TIMESTAMP, &doc, NULL) != ERR_OK)
		return over(r, p, ERR_NETWORK,
			"what it serves is no repository of erika's");
	tuf_free(doc);
	/* A head by a key that was replaced gives way to the new root. */
	if (ev->status == 200 &&
		copy_check_head(r->room, ev->body, &newer) == ERR_ROLLBACK)
		return over(r, p, ERR_ROLLBACK, newer.why);
	if (ev->status == 200 && span_eq(ev->body, buf_view(&r->head)) &&
		!r->all) {
		p->phase = PHASE_HEAD;
		return ERR_OK;
	}
	hash_bytes(HASH_SHA256, ev->body, hash);
	if (ev->status == 200 && !r->all)
		e = db_one_int(r->room->db, d, &p->last, &found,
			"SELECT copied FROM mirror WHERE folder=? AND head=?",
			"tb", p->to->url, span_of(hash, 32));
	return e == ERR_OK ? metadata_begin(r, p, d) : e;
}

/* Words for what a mirror refuses. */
static enum err
refused(struct run *r, struct pushing *p, const char *rest,
	const struct upload_event *ev)
{
	enum err e = ev->status == 507 ? ERR_SPACE : ERR_REFUSED;
	char why[320];

	if (ev->status == 405 || ev->status == 501 || ev->status == 411)
		snprintf(why, sizeof(why), "it takes no pushes (%u)",
			ev->status);
	else
		snprintf(why, sizeof(why), "%.100s: %u%s%s", rest, ev->status,
			ev->why[0] != '\0' ? ": " : "", ev->why);
	return over(r, p, e, why);
}

/* A file was put, or why not. */
static enum err
put_ended(struct run *r, struct pushing *p, struct slot *s,
	const struct upload_event *ev)
{
	const char *rest = p->list.path[s->i];

	if (ev->status == 201) {
		p->to->files++;
		p->to->bytes += s->length;
	}
	if (ev->status >= 200 && ev->status < 300)
		return ERR_OK;
	/* Blocked there, replaced meanwhile, or of a desk's earlier key. */
	if (p->phase == PHASE_TARGETS &&
		(ev->status == 451 || ev->status == 422 ||
			(s->i < p->list.lone && ev->status == 403)))
		return ERR_OK;
	if (is_passing(ev->status))
		return again(r, p, ev);
	return refused(r, p, rest, ev);
}

/* It serves our head: remember how far it has all. */
static enum err
live(struct run *r, struct pushing *p, struct diag *d)
{
	enum err e = db_run(r->room->db, d,
		"INSERT INTO mirror(folder, copied, head) VALUES(?,?,?)"
		" ON CONFLICT(folder) DO UPDATE SET copied=excluded.copied,"
		" head=excluded.head",
		"tib", p->to->url, r->newest, span_of(r->head_hash, 32));

	return e == ERR_OK ? over(r, p, ERR_OK, "") : e;
}

static enum err
head_ended(struct run *r, struct pushing *p, const struct upload_event *ev,
	struct diag *d)
{
	if (ev->status == 204 ||
		(ev->status == 201 && strstr(ev->why, "live: version") != NULL))
		return live(r, p, d);
	if (ev->status == 201 && !p->whole) {
		/* It lacks what it had, by the records: offer everything. */
		p->whole = true;
		p->last = 0;
		return metadata_begin(r, p, d);
	}
	if (ev->status == 201 || is_passing(ev->status))
		return again(r, p, ev);
	return refused(r, p, HEAD, ev);
}

static enum err
ended(struct run *r, struct pushing *p, struct slot *s,
	const struct upload_event *ev, struct diag *d)
{
	s->id = 0;
	if (p->phase == PHASE_OVER || p->anew)
		return ERR_OK; /* decided already */
	if (ev->err == ERR_NETWORK && ev->sent > 0 &&
		p->broken++ < TRIES_BROKEN)
		return again(r, p, ev);
	if (ev->err != ERR_OK)
		return over(r, p, ev->err, ev->why);
	if (p->phase == PHASE_ASK)
		return asked(r, p, ev, d);
	if (p->phase == PHASE_HEAD)
		return head_ended(r, p, ev, d);
	return put_ended(r, p, s, ev);
}

/* ---- the whole */

static enum err
event(struct run *r, const struct upload_event *ev, struct diag *d)
{
	size_t i, k;

	for (i = 0; i < r->n; i++)
		for (k = 0; k < LIMIT_UPLOADS_BASE; k++) {
			struct slot *s = &r->list[i].slots[k];

			if (s->id != ev->id)
				continue;
			s->sent = ev->sent < s->length ? ev->sent : s->length;
			return ev->end ? ended(r, &r->list[i], s, ev, d)
				       : ERR_OK;
		}
	return ERR_OK;
}

static enum err
run(struct run *r, struct diag *d)
{
	struct upload_event ev;
	enum err e = ERR_OK;
	size_t i, left = 1;
	bool have;

	while (e == ERR_OK && left > 0) {
		bool waits = true;

		left = 0;
		for (i = 0; e == ERR_OK && i < r->n; i++) {
			struct pushing *p = &r->list[i];

			if (p->phase != PHASE_OVER)
				e = go_on(r, p, d);
			left += p->phase != PHASE_OVER || !idle(p);
			waits &= idle(p);
		}
		progress_show(r);
		if (e == ERR_OK && left > 0 && waits)
			(void)usleep(PAUSE / 10);
		else if (e == ERR_OK && left > 0) {
			e = upload_next(r->u, PAUSE / 1e6, &ev, &have, d);
			if (e == ERR_OK && have)
				e = event(r, &ev, d);
		}
	}
	progress_clear(r);
	return e;
}

static enum err
head_read(struct run *r, struct diag *d)
{
	char *path = room_path(r->room, "repository/" HEAD);
	struct tuf_doc *doc = NULL;
	bool found;
	enum err e = path == NULL
			     ? diag_set(d, ERR_NOMEM, "out of memory")
			     : file_read(path, LIMIT_TIMESTAMP, &r->head, d);

	if (e == ERR_OK)
		e = tuf_parse(buf_view(&r->head), LIMIT_TIMESTAMP,
			TUF_TIMESTAMP, &doc, d);
	if (e == ERR_OK) {
		hash_bytes(HASH_SHA256, buf_view(&r->head), r->head_hash);
		e = records_listed(r->room, "m/1.root.json", d);
	}
	if (e == ERR_OK)
		e = db_one_int(r->room->db, d, &r->newest, &found,
			"SELECT ifnull(max(id),0) FROM file", "");
	tuf_free(doc);
	free(path);
	return e;
}

enum err
push_run(const struct context *cx, struct room *room, struct upload *u,
	struct push_to *to, size_t n, bool all, struct diag *d)
{
	struct run r = {.cx = cx, .room = room, .u = u, .n = n, .all = all};
	size_t i;
	enum err e;

	r.progress = !cx->quiet && !cx->json && isatty(STDERR_FILENO) == 1;
	buf_init(&r.head, LIMIT_TIMESTAMP);
	r.list = calloc(n + 1, sizeof(*r.list));
	e = r.list == NULL ? diag_set(d, ERR_NOMEM, "out of memory")
			   : head_read(&r, d);
	for (i = 0; e == ERR_OK && i < n; i++) {
		r.list[i].to = &to[i];
		r.list[i].whole = all;
	}
	if (e == ERR_OK)
		e = run(&r, d);
	for (i = 0; r.list != NULL && i < n; i++)
		push_list_clear(&r.list[i].list);
	free(r.list);
	buf_free(&r.head);
	return e;
}
