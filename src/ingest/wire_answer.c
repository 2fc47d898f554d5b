/* Answers of the importing process, read as hostile bytes. */
#include <stdlib.h>
#include <string.h>

#include "../core/text.h"
#include "body.h"
#include "wire_private.h"

/* Articles and left-out items in one answer: a feed of 64 MiB has fewer. */
#define MANY 1000000

/* One line of clean text; NULL when absent, which only some may be. */
static char *
read_line(struct wire_reader *r, uint32_t most, bool optional)
{
	struct wire_reader ahead = *r;
	struct span s;
	char *copy;

	if (optional && wire_u32(&ahead, WIRE_ABSENT) == WIRE_ABSENT) {
		*r = ahead;
		return NULL;
	}
	s = wire_bytes(r, most);
	if (r->err == ERR_OK && !text_line_ok(s, most))
		wire_fail(r, ERR_REFUSED);
	if (r->err != ERR_OK)
		return NULL;
	copy = strndup((const char *)s.p, s.n);
	if (copy == NULL)
		wire_fail(r, ERR_NOMEM);
	return copy;
}

static void
read_lines(struct wire_reader *r, uint32_t many, uint32_t most, char ***out,
	size_t *n_out)
{
	uint32_t n = wire_u32(r, many);

	if (r->err != ERR_OK || n == 0)
		return;
	*out = calloc(n, sizeof(**out));
	if (*out == NULL)
		wire_fail(r, ERR_NOMEM);
	while (r->err == ERR_OK && *n_out < n) {
		(*out)[*n_out] = read_line(r, most, false);
		if (r->err == ERR_OK)
			++*n_out;
	}
}

static void
read_images(struct wire_reader *r, struct ingest_article *a)
{
	uint32_t n = wire_u32(r, LIMIT_IMAGES_PER_ARTICLE);

	if (r->err != ERR_OK || n == 0)
		return;
	a->images = calloc(n, sizeof(*a->images));
	if (a->images == NULL)
		wire_fail(r, ERR_NOMEM);
	while (r->err == ERR_OK && a->n_images < n) {
		a->images[a->n_images].source = read_line(r, LIMIT_URL, false);
		if (r->err == ERR_OK)
			a->n_images++;
	}
}

static void
read_text(struct wire_reader *r, struct ingest_article *a)
{
	struct span body = wire_bytes(r, LIMIT_TEXT);

	buf_init(&a->body, LIMIT_TEXT);
	if (r->err == ERR_OK)
		wire_fail(r, buf_span(&a->body, body));
	read_images(r, a);
	if (r->err == ERR_OK)
		wire_fail(r, body_check(body, a->n_images, NULL));
	a->dropped = wire_u32(r, UINT32_MAX);
	a->remote = wire_u32(r, UINT32_MAX);
}

static void
read_article(struct wire_reader *r, struct ingest_article *a)
{
	struct article *m = &a->meta, probe;

	m->id = read_line(r, LIMIT_ID, false);
	m->title = read_line(r, LIMIT_TITLE, false);
	m->language = read_line(r, LIMIT_LANG, false);
	m->url = read_line(r, LIMIT_URL, true);
	m->published = (int64_t)wire_u64(r, INT64_MAX);
	m->updated = (int64_t)wire_u64(r, INT64_MAX);
	read_lines(r, LIMIT_AUTHORS, LIMIT_AUTHOR, &m->authors, &m->n_authors);
	read_lines(r, LIMIT_TAGS, LIMIT_TAG, &m->tags, &m->n_tags);
	m->text = -1;
	read_text(r, a);
	if (r->err != ERR_OK)
		return;
	probe = *m;
	probe.revision = 1;
	probe.text = 0;
	wire_fail(r, article_check(&probe, NULL));
}

static void
read_left(struct wire_reader *r, struct ingest_left *l)
{
	struct span s = wire_bytes(r, LIMIT_TITLE);

	if (r->err == ERR_OK && s.n > 0 && !text_line_ok(s, LIMIT_TITLE))
		wire_fail(r, ERR_REFUSED);
	l->what = strndup(s.n == 0 ? "" : (const char *)s.p, s.n);
	if (l->what == NULL)
		wire_fail(r, ERR_NOMEM);
	l->why = read_line(r, LIMIT_TITLE, false);
}

/* The least bytes of an article or a left-out item: so that a count alone
 * cannot make the parent take memory. */
#define LEAST_ARTICLE 60
#define LEAST_LEFT 9

static void *
read_list(struct wire_reader *r, size_t least, size_t size, uint32_t *n)
{
	void *list;

	*n = wire_u32(r, MANY);
	if (r->err == ERR_OK && *n > cursor_left(&r->c) / least)
		wire_fail(r, ERR_REFUSED);
	if (r->err != ERR_OK || *n == 0)
		return NULL;
	list = calloc(*n, size);
	if (list == NULL)
		wire_fail(r, ERR_NOMEM);
	return list;
}

static enum err
done(struct wire_reader *r, struct diag *d)
{
	if (r->err == ERR_OK && cursor_left(&r->c) > 0)
		wire_fail(r, ERR_REFUSED);
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
	struct wire_reader r = {.c = {.in = answer}};
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

/* One piece: fresh bytes within what a plan may have, or a range after all
 * ranges before it and within the original. */
static void
read_piece(struct wire_reader *r, struct image_plan *p, uint64_t length,
	uint64_t *after, size_t *used)
{
	struct image_piece *k = &p->pieces[p->n_pieces];
	bool fresh = wire_choice(r, 1) != 0;
	struct span s;

	if (fresh) {
		s = wire_bytes(r, (uint32_t)(sizeof(p->fresh) - *used));
		if (r->err == ERR_OK && s.n == 0)
			wire_fail(r, ERR_REFUSED);
		if (r->err != ERR_OK)
			return;
		memcpy(p->fresh + *used, s.p, s.n);
		*k = (struct image_piece){.fresh = p->fresh + *used, .n = s.n};
		*used += s.n;
	} else {
		k->at = wire_u64(r, length);
		k->n = wire_u64(r, length - k->at);
		if (k->n == 0 || k->at < *after)
			wire_fail(r, ERR_REFUSED);
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
	struct wire_reader r = {.c = {.in = answer}};
	uint64_t total, after = 0;
	size_t used = 0;
	uint32_t n;
	uint8_t flags;
	enum err e;

	memset(out, 0, sizeof(*out));
	out->type = wire_types[wire_choice(&r, 2)];
	flags = wire_choice(&r, 3);
	out->had_gps = flags & 1;
	out->had_metadata = flags & 2;
	out->width = wire_u32(&r, LIMIT_PIXELS);
	out->height = wire_u32(&r, LIMIT_PIXELS);
	total = wire_u64(&r, length + sizeof(out->fresh));
	/* Every piece takes six bytes or more. */
	n = wire_u32(&r, (uint32_t)(answer.n / 6));
	if (r.err == ERR_OK &&
		(out->width == 0 || out->height == 0 ||
			(uint64_t)out->width * out->height > LIMIT_PIXELS))
		wire_fail(&r, ERR_REFUSED);
	if (r.err == ERR_OK && n > 0) {
		out->pieces = calloc(n, sizeof(*out->pieces));
		if (out->pieces == NULL)
			wire_fail(&r, ERR_NOMEM);
	}
	while (r.err == ERR_OK && out->n_pieces < n)
		read_piece(&r, out, length, &after, &used);
	if (r.err == ERR_OK && (n == 0 || out->length != total))
		wire_fail(&r, ERR_REFUSED);
	e = done(&r, d);
	if (e != ERR_OK)
		image_plan_clear(out);
	return e;
}
