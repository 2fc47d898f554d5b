#include "wire.h"

#include <jansson.h>
#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>

#include "../core/text.h"
#include "body.h"
#include "charset.h"

/* First byte of a request. */
enum { IMPORT = 1, SANITISE, IMAGE, IMAGE_FILE };

/* A length that stands for NULL. */
#define ABSENT UINT32_MAX

/* Articles and left-out items in one answer: a feed of 64 MiB has fewer. */
#define MANY 1000000

/* ---- writing */

static enum err
add_bytes(struct buf *b, struct span s)
{
	enum err e = s.n >= ABSENT ? ERR_LIMIT : buf_u32(b, (uint32_t)s.n);

	return e == ERR_OK ? buf_span(b, s) : e;
}

static enum err
add_string(struct buf *b, const char *s)
{
	return s == NULL ? buf_u32(b, ABSENT) : add_bytes(b, span_str(s));
}

static enum err
add_strings(struct buf *b, char *const *v, size_t n)
{
	enum err e = buf_u32(b, (uint32_t)n);
	size_t i;

	for (i = 0; i < n && e == ERR_OK; i++)
		e = add_string(b, v[i]);
	return e;
}

static enum err
add_article(struct buf *b, const struct ingest_article *a)
{
	const struct article *m = &a->meta;
	enum err e = add_string(b, m->id);
	size_t i;

	if (e == ERR_OK)
		e = add_string(b, m->title);
	if (e == ERR_OK)
		e = add_string(b, m->language);
	if (e == ERR_OK)
		e = add_string(b, m->url);
	if (e == ERR_OK)
		e = buf_u64(b, (uint64_t)m->published);
	if (e == ERR_OK)
		e = buf_u64(b, (uint64_t)m->updated);
	if (e == ERR_OK)
		e = add_strings(b, m->authors, m->n_authors);
	if (e == ERR_OK)
		e = add_strings(b, m->tags, m->n_tags);
	if (e == ERR_OK)
		e = add_bytes(b, buf_view(&a->body));
	if (e == ERR_OK)
		e = buf_u32(b, (uint32_t)a->n_images);
	for (i = 0; i < a->n_images && e == ERR_OK; i++)
		e = add_string(b, a->images[i].source);
	if (e == ERR_OK)
		e = buf_u32(b, a->dropped);
	return e == ERR_OK ? buf_u32(b, a->remote) : e;
}

enum err
wire_result_add(struct buf *b, const struct ingest_result *r)
{
	enum err e = buf_u32(b, (uint32_t)r->n_articles);
	size_t i;

	for (i = 0; i < r->n_articles && e == ERR_OK; i++)
		e = add_article(b, &r->articles[i]);
	if (e == ERR_OK)
		e = buf_u32(b, (uint32_t)r->n_left);
	for (i = 0; i < r->n_left && e == ERR_OK; i++) {
		e = add_string(b, r->left[i].what);
		if (e == ERR_OK)
			e = add_string(b, r->left[i].why);
	}
	return e;
}

static const char *const types[] = {"image/jpeg", "image/png", "image/webp"};

enum err
wire_plan_add(struct buf *b, const struct image_plan *p)
{
	enum err e;
	uint8_t type = 0;
	size_t i;

	while (type < 2 && strcmp(types[type], p->type) != 0)
		type++;
	e = buf_u8(b, type);
	if (e == ERR_OK)
		e = buf_u8(b, (uint8_t)(p->had_gps | p->had_metadata << 1));
	if (e == ERR_OK)
		e = buf_u32(b, p->width);
	if (e == ERR_OK)
		e = buf_u32(b, p->height);
	if (e == ERR_OK)
		e = buf_u64(b, p->length);
	if (e == ERR_OK)
		e = buf_u32(b, (uint32_t)p->n_pieces);
	for (i = 0; i < p->n_pieces && e == ERR_OK; i++) {
		const struct image_piece *k = &p->pieces[i];

		e = buf_u8(b, k->fresh != NULL);
		if (e == ERR_OK)
			e = k->fresh != NULL
				    ? add_bytes(b,
					      span_of(k->fresh, (size_t)k->n))
				    : buf_u64(b, k->at);
		if (e == ERR_OK && k->fresh == NULL)
			e = buf_u64(b, k->n);
	}
	return e;
}

/* ---- reading */

struct reader {
	struct cursor c;
	enum err err; /* the first failure; all reads give nothing then */
};

static void
fail(struct reader *r, enum err e)
{
	if (r->err == ERR_OK)
		r->err = e;
}

static uint8_t
read_u8(struct reader *r)
{
	struct span s;

	if (r->err != ERR_OK || cursor_take(&r->c, 1, &s) != ERR_OK) {
		fail(r, ERR_REFUSED);
		return 0;
	}
	return s.p[0];
}

/* A byte of at most this value; 0 after a failure. */
static uint8_t
read_choice(struct reader *r, uint8_t most)
{
	uint8_t v = read_u8(r);

	if (v <= most)
		return v;
	fail(r, ERR_REFUSED);
	return 0;
}

static uint32_t
read_u32(struct reader *r, uint32_t most)
{
	uint32_t v;

	if (r->err != ERR_OK || cursor_u32(&r->c, &v) != ERR_OK || v > most) {
		fail(r, ERR_REFUSED);
		return 0;
	}
	return v;
}

static uint64_t
read_u64(struct reader *r, uint64_t most)
{
	uint64_t v;

	if (r->err != ERR_OK || cursor_u64(&r->c, &v) != ERR_OK || v > most) {
		fail(r, ERR_REFUSED);
		return 0;
	}
	return v;
}

static struct span
read_bytes(struct reader *r, uint32_t most)
{
	struct span s = span_of(NULL, 0);
	uint32_t n = read_u32(r, most);

	if (r->err == ERR_OK && cursor_take(&r->c, n, &s) != ERR_OK)
		fail(r, ERR_REFUSED);
	return s;
}

/* One line of clean text; NULL when absent, which only some may be. */
static char *
read_line(struct reader *r, uint32_t most, bool optional)
{
	struct reader ahead = *r;
	struct span s;
	char *copy;

	if (optional && read_u32(&ahead, ABSENT) == ABSENT) {
		*r = ahead;
		return NULL;
	}
	s = read_bytes(r, most);
	if (r->err == ERR_OK && !text_line_ok(s, most))
		fail(r, ERR_REFUSED);
	if (r->err != ERR_OK)
		return NULL;
	copy = strndup((const char *)s.p, s.n);
	if (copy == NULL)
		fail(r, ERR_NOMEM);
	return copy;
}

static void
read_lines(struct reader *r, uint32_t many, uint32_t most, char ***out,
	size_t *n_out)
{
	uint32_t n = read_u32(r, many);

	if (r->err != ERR_OK || n == 0)
		return;
	*out = calloc(n, sizeof(**out));
	if (*out == NULL)
		fail(r, ERR_NOMEM);
	while (r->err == ERR_OK && *n_out < n) {
		(*out)[*n_out] = read_line(r, most, false);
		if (r->err == ERR_OK)
			++*n_out;
	}
}

static void
read_images(struct reader *r, struct ingest_article *a)
{
	uint32_t n = read_u32(r, LIMIT_IMAGES_PER_ARTICLE);

	if (r->err != ERR_OK || n == 0)
		return;
	a->images = calloc(n, sizeof(*a->images));
	if (a->images == NULL)
		fail(r, ERR_NOMEM);
	while (r->err == ERR_OK && a->n_images < n) {
		a->images[a->n_images].source = read_line(r, LIMIT_URL, false);
		if (r->err == ERR_OK)
			a->n_images++;
	}
}

static void
read_text(struct reader *r, struct ingest_article *a)
{
	struct span body = read_bytes(r, LIMIT_TEXT);

	buf_init(&a->body, LIMIT_TEXT);
	if (r->err == ERR_OK)
		fail(r, buf_span(&a->body, body));
	read_images(r, a);
	if (r->err == ERR_OK)
		fail(r, body_check(body, a->n_images, NULL));
	a->dropped = read_u32(r, UINT32_MAX);
	a->remote = read_u32(r, UINT32_MAX);
}

static void
read_article(struct reader *r, struct ingest_article *a)
{
	struct article *m = &a->meta, probe;

	m->id = read_line(r, LIMIT_ID, false);
	m->title = read_line(r, LIMIT_TITLE, false);
	m->language = read_line(r, LIMIT_LANG, false);
	m->url = read_line(r, LIMIT_URL, true);
	m->published = (int64_t)read_u64(r, INT64_MAX);
	m->updated = (int64_t)read_u64(r, INT64_MAX);
	read_lines(r, LIMIT_AUTHORS, LIMIT_AUTHOR, &m->authors, &m->n_authors);
	read_lines(r, LIMIT_TAGS, LIMIT_TAG, &m->tags, &m->n_tags);
	m->text = -1;
	read_text(r, a);
	if (r->err != ERR_OK)
		return;
	probe = *m;
	probe.revision = 1;
	probe.text = 0;
	fail(r, article_check(&probe, NULL));
}

static void
read_left(struct reader *r, struct ingest_left *l)
{
	struct span s = read_bytes(r, LIMIT_TITLE);

	if (r->err == ERR_OK && s.n > 0 && !text_line_ok(s, LIMIT_TITLE))
		fail(r, ERR_REFUSED);
	l->what = strndup(s.n == 0 ? "" : (const char *)s.p, s.n);
	if (l->what == NULL)
		fail(r, ERR_NOMEM);
	l->why = read_line(r, LIMIT_TITLE, false);
}

/* The least bytes of an article or a left-out item: so that a count alone
 * cannot make the parent take memory. */
#define LEAST_ARTICLE 60
#define LEAST_LEFT 9

static void *
read_list(struct reader *r, size_t least, size_t size, uint32_t *n)
{
	void *list;

	*n = read_u32(r, MANY);
	if (r->err == ERR_OK && *n > cursor_left(&r->c) / least)
		fail(r, ERR_REFUSED);
	if (r->err != ERR_OK || *n == 0)
		return NULL;
	list = calloc(*n, size);
	if (list == NULL)
		fail(r, ERR_NOMEM);
	return list;
}

static enum err
done(struct reader *r, struct diag *d)
{
	if (r->err == ERR_OK && cursor_left(&r->c) > 0)
		fail(r, ERR_REFUSED);
	if (r->err == ERR_OK)
		return ERR_OK;
	if (r->err == ERR_NOMEM)
		return diag_set(d, ERR_NOMEM, "out of memory");
	return diag_at(d, ERR_REFUSED, r->c.pos,
		"the importing process gave a wrong answer");
}

enum err
ingest_answer_import(
	struct span answer, struct ingest_result *out, struct diag *d)
{
	struct reader r = {.c = {.in = answer}};
	uint32_t n;
	enum err e;

	memset(out, 0, sizeof(*out));
	out->articles =
		read_list(&r, LEAST_ARTICLE, sizeof(*out->articles), &n);
	while (r.err == ERR_OK && out->n_articles < n)
		read_article(&r, &out->articles[out->n_articles++]);
	out->left = read_list(&r, LEAST_LEFT, sizeof(*out->left), &n);
	while (r.err == ERR_OK && out->n_left < n)
		read_left(&r, &out->left[out->n_left++]);
	e = done(&r, d);
	if (e != ERR_OK)
		ingest_result_clear(out);
	return e;
}

enum err
ingest_answer_sanitise(
	struct span answer, struct ingest_article *out, struct diag *d)
{
	struct reader r = {.c = {.in = answer}};
	enum err e;

	memset(out, 0, sizeof(*out));
	read_text(&r, out);
	e = done(&r, d);
	if (e != ERR_OK)
		ingest_article_clear(out);
	return e;
}

/* One piece: fresh bytes within what a plan may have, or a range after all
 * ranges before it and within the original. */
static void
read_piece(struct reader *r, struct image_plan *p, uint64_t length,
	uint64_t *after, size_t *used)
{
	struct image_piece *k = &p->pieces[p->n_pieces];
	bool fresh = read_choice(r, 1) != 0;
	struct span s;

	if (fresh) {
		s = read_bytes(r, (uint32_t)(sizeof(p->fresh) - *used));
		if (r->err == ERR_OK && s.n == 0)
			fail(r, ERR_REFUSED);
		if (r->err != ERR_OK)
			return;
		memcpy(p->fresh + *used, s.p, s.n);
		*k = (struct image_piece){.fresh = p->fresh + *used, .n = s.n};
		*used += s.n;
	} else {
		k->at = read_u64(r, length);
		k->n = read_u64(r, length - k->at);
		if (k->n == 0 || k->at < *after)
			fail(r, ERR_REFUSED);
		*after = k->at + k->n;
	}
	if (r->err == ERR_OK) {
		p->length += k->n;
		p->n_pieces++;
	}
}

enum err
ingest_answer_image(struct span answer, uint64_t length, struct image_plan *out,
	struct diag *d)
{
	struct reader r = {.c = {.in = answer}};
	uint64_t total, after = 0;
	size_t used = 0;
	uint32_t n;
	uint8_t flags;
	enum err e;

	memset(out, 0, sizeof(*out));
	out->type = types[read_choice(&r, 2)];
	flags = read_choice(&r, 3);
	out->had_gps = flags & 1;
	out->had_metadata = flags & 2;
	out->width = read_u32(&r, LIMIT_PIXELS);
	out->height = read_u32(&r, LIMIT_PIXELS);
	total = read_u64(&r, length + sizeof(out->fresh));
	/* Every piece takes six bytes or more. */
	n = read_u32(&r, (uint32_t)(answer.n / 6));
	if (r.err == ERR_OK &&
		(out->width == 0 || out->height == 0 ||
			(uint64_t)out->width * out->height > LIMIT_PIXELS))
		fail(&r, ERR_REFUSED);
	if (r.err == ERR_OK && n > 0) {
		out->pieces = calloc(n, sizeof(*out->pieces));
		if (out->pieces == NULL)
			fail(&r, ERR_NOMEM);
	}
	while (r.err == ERR_OK && out->n_pieces < n)
		read_piece(&r, out, length, &after, &used);
	if (r.err == ERR_OK && (n == 0 || out->length != total))
		fail(&r, ERR_REFUSED);
	e = done(&r, d);
	if (e != ERR_OK)
		image_plan_clear(out);
	return e;
}

/* ---- requests */

static enum err
add_request(struct buf *b, uint8_t what, struct span s)
{
	enum err e = buf_u8(b, what);

	return e == ERR_OK ? buf_span(b, s) : e;
}

enum err
ingest_request_import(struct buf *b, struct span s, enum ingest_kind kind,
	const struct ingest_defaults *def)
{
	enum err e = buf_u8(b, IMPORT);

	if (e == ERR_OK)
		e = buf_u8(b, (uint8_t)kind);
	if (e == ERR_OK)
		e = add_string(b, def->language);
	if (e == ERR_OK)
		e = add_string(b, def->name);
	if (e == ERR_OK)
		e = buf_u64(b, (uint64_t)def->now);
	if (e == ERR_OK)
		e = buf_u64(b, (uint64_t)def->modified);
	return e == ERR_OK ? buf_span(b, s) : e;
}

enum err
ingest_request_sanitise(struct buf *b, struct span html)
{
	return add_request(b, SANITISE, html);
}

enum err
ingest_request_image(struct buf *b, struct span file)
{
	return add_request(b, IMAGE, file);
}

enum err
ingest_request_image_file(struct buf *b)
{
	return buf_u8(b, IMAGE_FILE);
}

/* ---- in the child */

void
ingest_prepare(void)
{
	xmlInitParser();
	/* jansson seeds its tables from a file otherwise. */
	json_object_seed(0);
	charset_prepare();
}

static char *
read_string(struct reader *r)
{
	struct reader ahead = *r;
	struct span s;

	if (read_u32(&ahead, ABSENT) == ABSENT) {
		*r = ahead;
		return NULL;
	}
	s = read_bytes(r, LIMIT_SOURCE);
	return r->err != ERR_OK
		       ? NULL
		       : strndup(s.n == 0 ? "" : (const char *)s.p, s.n);
}

static enum err
job_import(struct reader *r, struct buf *answer, struct diag *d)
{
	struct ingest_defaults def = {0};
	struct ingest_result result = {0};
	char *language, *name;
	uint8_t kind;
	enum err e;

	kind = read_u8(r);
	language = read_string(r);
	name = read_string(r);
	def.language = language;
	def.name = name;
	def.now = (int64_t)read_u64(r, UINT64_MAX);
	def.modified = (int64_t)read_u64(r, UINT64_MAX);
	if (r->err != ERR_OK || kind > INGEST_UNKNOWN) {
		e = diag_set(d, ERR_FAILED, "a request that is no request");
		goto out;
	}
	e = ingest_import(span_sub(r->c.in, r->c.pos, r->c.in.n),
		(enum ingest_kind)kind, &def, &result, d);
	if (e == ERR_OK)
		e = wire_result_add(answer, &result);
out:
	ingest_result_clear(&result);
	free(language);
	free(name);
	return e;
}

static enum err
job_sanitise(struct span html, struct buf *answer, struct diag *d)
{
	struct ingest_article a;
	enum err e = ingest_sanitise(html, &a, d);
	size_t i;

	if (e != ERR_OK)
		return e;
	e = add_bytes(answer, buf_view(&a.body));
	if (e == ERR_OK)
		e = buf_u32(answer, (uint32_t)a.n_images);
	for (i = 0; i < a.n_images && e == ERR_OK; i++)
		e = add_string(answer, a.images[i].source);
	if (e == ERR_OK)
		e = buf_u32(answer, a.dropped);
	if (e == ERR_OK)
		e = buf_u32(answer, a.remote);
	ingest_article_clear(&a);
	return e;
}

static enum err
job_image(struct span file, struct buf *answer, struct diag *d)
{
	struct image_plan p;
	enum err e = image_plan_make(file, &p, d);

	if (e != ERR_OK)
		return e;
	e = wire_plan_add(answer, &p);
	image_plan_clear(&p);
	return e;
}

enum err
ingest_file_job(struct span request, struct span file, struct buf *answer,
	struct diag *d)
{
	struct reader r = {.c = {.in = request}};
	uint8_t what = read_u8(&r);
	struct span rest = span_sub(request, 1, request.n);
	enum err e = ERR_FAILED;

	switch (what) {
	case IMPORT:
		e = job_import(&r, answer, d);
		break;
	case SANITISE:
		e = job_sanitise(rest, answer, d);
		break;
	case IMAGE:
		e = job_image(rest, answer, d);
		break;
	case IMAGE_FILE:
		e = job_image(file, answer, d);
		break;
	default:
		return diag_set(d, e, "a request that is no request");
	}
	if (e != ERR_OK && d != NULL && d->code != e)
		diag_set(d, e, "%s", err_str(e));
	return e;
}

enum err
ingest_job(struct span request, struct buf *answer, struct diag *d)
{
	return ingest_file_job(request, span_of(NULL, 0), answer, d);
}
