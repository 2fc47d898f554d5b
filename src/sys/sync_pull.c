/* Bundles on their way: the head first, then the texts in pieces, every part
 * checked as it comes, so that each lie has one liar. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync_priv.h"

void
sync_pull_clear(struct sync_pull *p)
{
	buf_free(&p->path);
	buf_free(&p->got);
	buf_free(&p->first.body);
	bundle_free(p->b);
}

enum err
sync_pull_start(
	struct sync_pull *p, const struct trust_target *g, struct diag *d)
{
	enum err e;

	*p = (struct sync_pull){.g = g};
	buf_init(&p->path, LIMIT_PATH + 80);
	if (!trust_target_bundle(g, &p->head, &p->digest, &p->text_end))
		return diag_set(d, ERR_UNSUPPORTED, "not told as a bundle");
	if (p->head <= BUNDLE_PREFIX)
		return diag_set(d, ERR_REFUSED, "it is told to have no index");
	if (p->text_end > LIMIT_BUNDLE_TEXT)
		return diag_set(d, ERR_LIMIT, "its texts are over %zu bytes",
			(size_t)LIMIT_BUNDLE_TEXT);
	buf_init(&p->got, (size_t)p->text_end);
	e = sync_target_path(g, &p->path);
	return e == ERR_OK ? e : diag_set(d, e, "its path is not usable");
}

/* Whether the index is the one that its target promises. */
static enum err
index_check(const struct sync_pull *p, struct diag *d)
{
	if (strcmp(bundle_path(p->b), trust_target_path(p->g)) != 0)
		return diag_set(d, ERR_REFUSED,
			"its index says that it is another bundle");
	if (bundle_text_end(p->b) != p->text_end ||
		bundle_length(p->b) != trust_target_length(p->g))
		return diag_set(d, ERR_REFUSED,
			"its index and its metadata differ in length");
	return ERR_OK;
}

/* The head is all here: verify and open it. *refused: it is signed, yet we do
 * not accept it, so that no mirror can help. */
static enum err
head_open(struct sync_pull *p, bool *refused, struct diag *d)
{
	struct verified *v = NULL;
	enum err e = trust_verify_head(
		p->g, span_sub(buf_view(&p->got), 0, p->head), &v, d);

	if (e != ERR_OK)
		return e;
	e = bundle_open(v, &p->b, d);
	if (e == ERR_OK)
		e = index_check(p, d);
	*refused = e != ERR_OK;
	verified_free(v);
	if (e == ERR_OK)
		p->good = p->head;
	return e;
}

/* Verify the parts that are complete. */
static enum err
parts_check(struct sync_pull *p, struct diag *d)
{
	struct verified *v;
	uint64_t at;
	size_t n;
	enum err e;

	while (p->good < p->got.n && p->object < bundle_objects(p->b)) {
		bundle_part_range(p->b, p->object, p->part, &at, &n);
		if (at + n > p->got.n)
			break;
		e = bundle_part_verify(p->b, p->object, p->part,
			span_sub(buf_view(&p->got), (size_t)at, n), &v, d);
		if (e != ERR_OK)
			return e;
		verified_free(v);
		p->good = (size_t)at + n;
		if (++p->part == bundle_object(p->b, p->object)->n_parts) {
			p->object++;
			p->part = 0;
		}
	}
	return ERR_OK;
}

/* One piece more from a mirror. */
static enum err
piece_get(struct sync *s, struct sync_pull *p, size_t place, enum err *verdict,
	struct diag *why, struct diag *d)
{
	uint64_t left = p->text_end - p->got.n;
	struct source_want want = {.place = place,
		.path = buf_cstr(&p->path),
		.offset = p->got.n,
		.n = left < SYNC_PIECE ? (size_t)left : SYNC_PIECE};
	struct source_got got;
	enum err e = ERR_OK;

	want.max = want.n;
	if (p->has_first && place == p->first_place && want.offset == 0) {
		got = p->first;
		p->first = (struct source_got){.err = ERR_OK};
		p->has_first = false;
	} else {
		e = sync_ask(s, &want, 1, &got, d);
	}
	*verdict = got.err;
	*why = got.diag;
	if (e == ERR_OK && *verdict == ERR_OK && got.body.n != want.n)
		*verdict = diag_set(why, ERR_TRUNCATED, "%zu bytes came of %zu",
			got.body.n, want.n);
	if (e == ERR_OK && *verdict == ERR_OK)
		e = buf_span(&p->got, buf_view(&got.body));
	if (e == ERR_NOMEM || e == ERR_LIMIT)
		diag_set(d, e, "out of memory");
	sync_got_free(&got, 1);
	return e;
}

/* Go on from one mirror until all is here or it fails. What is not verified
 * of it is forgotten, so that the next one begins with a part of its own. */
static enum err
pull_from(struct sync *s, struct sync_pull *p, size_t place, enum err *verdict,
	bool *refused, struct diag *why, struct diag *d)
{
	enum err e = ERR_OK;

	*verdict = ERR_OK;
	*refused = false;
	while (e == ERR_OK && *verdict == ERR_OK && p->good < p->text_end) {
		e = piece_get(s, p, place, verdict, why, d);
		if (e != ERR_OK || *verdict != ERR_OK)
			break;
		if (p->b == NULL && p->got.n >= p->head)
			*verdict = head_open(p, refused, why);
		if (*verdict == ERR_OK && p->b != NULL) {
			*verdict = parts_check(p, why);
			p->got.n = p->good;
		}
	}
	p->got.n = p->good;
	return *verdict == ERR_NOMEM ? diag_set(d, ERR_NOMEM, "out of memory")
				     : e;
}

/* Get all of it from whoever has it. *ok: verified up to the end of texts. */
enum err
sync_pull_all(struct sync *s, struct sync_pull *p, bool *ok, struct diag *d)
{
	const char *path = trust_target_path(p->g);
	struct sync_reason why = {.err = ERR_OK};
	size_t step = 0, place;
	enum err e = ERR_OK, verdict;
	bool refused = false;
	struct diag w;

	*ok = false;
	while (e == ERR_OK && !*ok && !refused &&
		sync_next_place(s, &step, &place)) {
		e = pull_from(s, p, place, &verdict, &refused, &w, d);
		if (e != ERR_OK)
			break;
		*ok = verdict == ERR_OK;
		if (*ok)
			break;
		if (refused) {
			s->refused = true;
			return sync_note(
				s, d, "%s is left out: %s", path, w.why);
		}
		sync_blame(s, place, path, verdict, &w, &why);
	}
	if (e == ERR_OK && !*ok) {
		if (why.err == ERR_OK)
			diag_set(&why.diag, why.err = ERR_MISSING,
				"no mirror is left to ask for %s", path);
		sync_worse(&s->worst, why.err, &why.diag);
		s->r->absent++;
	}
	return e;
}

/* Ask one mirror for the first pieces of several bundles at once: most bundles
 * have but one, so that a round trip is paid for all of them together. */
enum err
sync_pull_first(
	struct sync *s, struct sync_pull *list, size_t n, struct diag *d)
{
	struct source_want want[SYNC_BATCH];
	struct source_got got[SYNC_BATCH];
	size_t i, step = 0, place;
	enum err e;

	if (n < 2 || !sync_next_place(s, &step, &place))
		return ERR_OK;
	for (i = 0; i < n; i++) {
		size_t k = list[i].text_end < SYNC_PIECE
				   ? (size_t)list[i].text_end
				   : SYNC_PIECE;

		want[i] = (struct source_want){.place = place,
			.path = buf_cstr(&list[i].path),
			.n = k,
			.max = k};
	}
	e = sync_ask(s, want, n, got, d);
	for (i = 0; i < n; i++) {
		list[i].first = got[i];
		list[i].first_place = place;
		list[i].has_first = true;
	}
	return e;
}
