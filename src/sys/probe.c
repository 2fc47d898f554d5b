#include "probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../core/limits.h"
#include "../core/text.h"
#include "../core/tuf.h"
#include "clock.h"

/* What is fetched of the larger file: past where connections are known to be
 * frozen, 64 KB, with something to spare. */
#define BULK (80 * LIMIT_KIB)
#define SMALL (8 * LIMIT_KIB)

/* Routes tried at once: an observer sees all of them anyway, a thin line
 * should not look like a censor. */
#define AT_ONCE 12

/* Seconds of one fetch. */
#define EACH 15.0

#define HEAD "m/timestamp.json"

enum step { STEP_HEAD, STEP_BULK, STEP_SMALL };

/* A route being tried. */
struct job {
	bool open;
	enum step step;
	uint32_t id; /* of the wish */
	size_t route;
	int64_t started, first; /* clock_steady; 0: no byte yet */
	size_t got;
	bool differs;
	struct buf head;
};

struct probe {
	struct fetch *f;
	struct reach *r;
	const struct probe_file *file;
	const struct probe_options *o;
	struct probe_result *out;
	int64_t until;
	size_t next, done;
	struct job jobs[AT_ONCE];
};

const char *
probe_word_name(enum probe_word w)
{
	switch (w) {
	case PROBE_OK:
		return "ok";
	case PROBE_DNS:
		return "dns";
	case PROBE_TCP_IP:
		return "tcp_ip";
	case PROBE_HTTP_FAILURE:
		return "http-failure";
	case PROBE_HTTP_DIFF:
		return "http-diff";
	case PROBE_FROZEN:
		return "frozen";
	default:
		return "untried";
	}
}

/* ---- the larger file */

/* "t/DIR/SHA256.NAME" of "DIR/NAME". */
static enum err
target_path(const struct library_bundle *row, struct buf *out)
{
	const char *slash = strrchr(row->path, '/');
	size_t dir = slash == NULL ? 0 : (size_t)(slash - row->path) + 1;
	char hex[65];

	text_hex(hex, row->sha256, 32);
	return buf_printf(
		out, "t/%.*s%s.%s", (int)dir, row->path, hex, row->path + dir);
}

static enum err
file_bundle(struct library *l, int64_t outlet, struct probe_file *out,
	bool *found, struct diag *d)
{
	struct library_open o = {.prefix = NULL};
	int64_t id = 0;
	enum err e = library_bundle_longest(l, outlet, BULK, &id, found, d);

	if (e != ERR_OK || !*found)
		return e;
	e = library_bundle_open(l, id, &o, d);
	if (e == ERR_OK)
		e = target_path(&o.row, &out->path);
	if (e == ERR_OK)
		e = buf_span(&out->known,
			span_sub(verified_bytes(o.prefix), 0, BULK));
	out->n = o.row.length < BULK ? (size_t)o.row.length : BULK;
	library_open_clear(&o);
	return e;
}

enum err
probe_file(struct library *l, int64_t outlet, struct probe_file *out,
	struct diag *d)
{
	struct buf root;
	bool found;
	enum err e;

	buf_init(&out->path, LIMIT_URL);
	buf_init(&out->known, BULK);
	buf_init(&root, LIMIT_ROOT);
	e = file_bundle(l, outlet, out, &found, d);
	if (e == ERR_OK && !found) {
		e = library_metadata(l, outlet, "1.root", &root, &found, d);
		if (e == ERR_OK && !found)
			e = diag_set(
				d, ERR_MISSING, "the library lacks the root");
		if (e == ERR_OK)
			e = buf_str(&out->path, "m/1.root.json");
		if (e == ERR_OK)
			e = buf_span(&out->known,
				span_sub(buf_view(&root), 0, BULK));
		out->n = out->known.n;
	}
	buf_free(&root);
	return e;
}

void
probe_file_clear(struct probe_file *f)
{
	buf_free(&f->path);
	buf_free(&f->known);
}

/* ---- one step */

static struct job *
job_of(struct probe *p, uint32_t id)
{
	size_t i;

	for (i = 0; i < AT_ONCE; i++)
		if (p->jobs[i].open && p->jobs[i].id == id)
			return &p->jobs[i];
	return NULL;
}

static enum err
step_start(struct probe *p, struct job *j, enum step step, struct diag *d)
{
	const struct route *r = reach_route(p->r, j->route);
	double left = (double)(p->until - clock_steady()) / 1e6;
	struct fetch_want w = {.base = r->base,
		.path = HEAD,
		.max = LIMIT_TIMESTAMP,
		.allow_private = r->allow_private,
		.route = r,
		.fresh = true};

	j->step = step;
	j->got = 0;
	j->first = 0;
	j->differs = false;
	buf_clear(&j->head);
	if (step != STEP_HEAD) {
		w.path = buf_cstr(&p->file->path);
		w.n = p->file->n;
		if (step == STEP_SMALL && w.n > SMALL)
			w.n = SMALL;
		w.max = w.n;
	}
	j->started = clock_steady();
	return fetch_start(p->f, &w, left < EACH ? left : EACH, &j->id, d);
}

static void
job_body(struct probe *p, struct job *j, struct span body)
{
	struct span known = span_sub(buf_view(&p->file->known), j->got, body.n);

	if (j->first == 0)
		j->first = clock_steady();
	if (j->step != STEP_HEAD)
		j->differs = j->differs ||
			     !span_eq(known, span_sub(body, 0, known.n));
	else if (buf_span(&j->head, body) != ERR_OK)
		j->differs = true;
	j->got += body.n;
}

/* ---- what it means */

static void
say(struct probe_result *x, enum probe_word word, const char *why)
{
	x->word = word;
	snprintf(x->why, sizeof(x->why), "%s", why);
}

/* The fetcher says OONI's word first. */
static void
word_set(struct probe_result *x, const struct fetch_got *g)
{
	static const enum probe_word words[] = {
		PROBE_DNS, PROBE_TCP_IP, PROBE_HTTP_FAILURE, PROBE_HTTP_DIFF};
	const char *why = g->diag.why, *colon = strstr(why, ": ");
	size_t i;

	for (i = 0; colon != NULL && i < sizeof(words) / sizeof(words[0]);
		i++) {
		const char *name = probe_word_name(words[i]);

		if (strlen(name) == (size_t)(colon - why) &&
			strncmp(why, name, strlen(name)) == 0) {
			say(x, words[i], colon + 2);
			return;
		}
	}
	/* Another answer than the outlet's, or too much of one. */
	if (g->err == ERR_MISSING || g->err == ERR_TRAILING)
		say(x, PROBE_HTTP_DIFF, why);
	else
		say(x, PROBE_HTTP_FAILURE, why);
}

/* A 451: what its operator signed for is no block. */
static void
word_gone(struct probe *p, const struct job *j, const struct fetch_got *g)
{
	const struct route *r = reach_route(p->r, j->route);
	const char *path =
		j->step == STEP_HEAD ? HEAD : buf_cstr(&p->file->path);
	char why[GONE_SIZE];
	bool operators = gone_say(why, sizeof(why),
		reach_mirror(p->r, r->mirror)->name, path, g->notice);

	say(&p->out[j->route], operators ? PROBE_OK : PROBE_HTTP_DIFF, why);
}

/* Whether a timestamp came: some JSON of the right shape. Who signed it, sync
 * asks. */
static bool
is_timestamp(struct job *j, uint64_t *version)
{
	struct tuf_doc *doc = NULL;
	enum err e;

	if (j->differs)
		return false;
	e = tuf_parse(
		buf_view(&j->head), LIMIT_TIMESTAMP, TUF_TIMESTAMP, &doc, NULL);
	if (e == ERR_OK)
		*version = doc->version;
	tuf_free(doc);
	return e == ERR_OK;
}

/* The larger file did not come whole although a small one did. */
static void
bulk_failed(struct probe *p, struct job *j, const struct fetch_got *g)
{
	struct probe_result *x = &p->out[j->route];
	char size[64];

	if (g->err != ERR_TIMEOUT) {
		word_set(x, g);
		return;
	}
	x->bytes = g->wire;
	snprintf(size, sizeof(size), "after %llu KB of a larger file",
		(unsigned long long)((g->wire + 500) / 1000));
	say(x, PROBE_FROZEN, size);
}

static void
bulk_came(struct probe *p, struct job *j)
{
	struct probe_result *x = &p->out[j->route];
	int64_t t = clock_steady() - j->started;

	x->bytes = j->got;
	x->large = j->got >= PROBE_LARGE;
	if (t > 0)
		x->rate = (double)j->got / ((double)t / 1e6);
	if (j->differs)
		say(x, PROBE_HTTP_DIFF,
			"tampered: other bytes came than the outlet signed");
}

/* What is to be done after a step; false: nothing. */
static bool
step_end(struct probe *p, struct job *j, const struct fetch_got *g,
	enum step *next)
{
	struct probe_result *x = &p->out[j->route];

	switch (j->step) {
	case STEP_HEAD:
		if (j->first != 0)
			x->first_byte = (double)(j->first - j->started) / 1e6;
		*next = STEP_BULK;
		if (g->status == 451)
			word_gone(p, j, g);
		else if (g->err != ERR_OK)
			word_set(x, g);
		else if (!is_timestamp(j, &x->version))
			say(x, PROBE_HTTP_DIFF,
				"something else came than the outlet's file");
		else
			say(x, PROBE_OK, "");
		return x->word == PROBE_OK;
	case STEP_BULK:
		*next = STEP_SMALL;
		if (g->err == ERR_OK)
			bulk_came(p, j);
		else if (g->status == 451)
			word_gone(p, j, g);
		else if (g->err == ERR_MISSING)
			say(x, PROBE_OK, "lacks the larger file to try");
		else
			bulk_failed(p, j, g);
		return x->word != PROBE_OK && x->word != PROBE_HTTP_DIFF;
	default:
		x->small_tried = true;
		x->small = g->err == ERR_OK && !j->differs;
		return false;
	}
}

static void
result_note(struct probe *p, size_t route)
{
	const struct probe_result *x = &p->out[route];
	struct reach_result n = {.err = ERR_NETWORK,
		.first_byte = x->first_byte,
		.rate = x->rate,
		.small = x->small};

	if (x->word == PROBE_OK || x->small)
		n.err = ERR_OK;
	if (x->word != PROBE_UNTRIED)
		reach_note(p->r, route, &n);
	p->done++;
	if (p->o->progress != NULL)
		p->o->progress(p->o->arg, p->done, reach_routes(p->r));
}

/* ---- all of them */

static enum err
jobs_fill(struct probe *p, struct diag *d)
{
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; e == ERR_OK && i < AT_ONCE; i++) {
		struct job *j = &p->jobs[i];

		if (j->open || p->next == reach_routes(p->r))
			continue;
		j->route = p->next++;
		e = step_start(p, j, STEP_HEAD, d);
		j->open = e == ERR_OK;
	}
	return e;
}

static enum err
event_take(struct probe *p, const struct fetch_event *ev, struct diag *d)
{
	struct job *j = job_of(p, ev->id);
	enum step next;

	if (j == NULL)
		return ERR_OK;
	if (ev->type == FETCH_BODY)
		job_body(p, j, ev->body);
	if (ev->type != FETCH_END)
		return ERR_OK;
	if (step_end(p, j, &ev->got, &next) && p->until > clock_steady())
		return step_start(p, j, next, d);
	j->open = false;
	result_note(p, j->route);
	return ERR_OK;
}

static bool
is_busy(const struct probe *p)
{
	size_t i;

	for (i = 0; i < AT_ONCE; i++)
		if (p->jobs[i].open)
			return true;
	return false;
}

static enum err
run(struct probe *p, struct diag *d)
{
	struct fetch_event ev;
	bool have;
	double left = 1;
	enum err e = jobs_fill(p, d);

	/* Fetches end by themselves in time; their last words take a moment
	 * more. */
	while (e == ERR_OK && is_busy(p) && left > -1) {
		left = (double)(p->until - clock_steady()) / 1e6;
		e = fetch_next(p->f, left > 0 ? left : 0.1, &ev, &have, d);
		if (e == ERR_OK && have)
			e = event_take(p, &ev, d);
		if (e == ERR_OK && left > 0)
			e = jobs_fill(p, d);
	}
	return e;
}

enum err
probe_routes(struct fetch *f, struct reach *r, const struct probe_file *file,
	const struct probe_options *o, struct probe_result *out, struct diag *d)
{
	struct probe p = {.f = f, .r = r, .file = file, .o = o, .out = out};
	enum err e;
	size_t i;

	for (i = 0; i < reach_routes(r); i++)
		out[i] = (struct probe_result){.word = PROBE_UNTRIED};
	for (i = 0; i < AT_ONCE; i++)
		buf_init(&p.jobs[i].head, LIMIT_TIMESTAMP);
	p.until = clock_steady() + (int64_t)(o->seconds * 1e6);
	e = run(&p, d);
	for (i = 0; i < AT_ONCE; i++) {
		if (p.jobs[i].open)
			fetch_stop(f, p.jobs[i].id);
		buf_free(&p.jobs[i].head);
	}
	return e;
}
