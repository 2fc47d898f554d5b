/* Measurements over the wall between the child that reads them and us. */
#include <stdlib.h>
#include <string.h>

#include "../core/limits.h"
#include "../core/text.h"
#include "measure.h"
#include "measure_private.h"
#include "wire_private.h"

enum err
measure_request(
	struct buf *request, struct span s, const struct measure_want *want)
{
	enum err e = buf_add(request, want->country.s, 2);

	if (e == ERR_OK)
		e = wire_add_string(request, want->site);
	return e == ERR_OK ? buf_span(request, s) : e;
}

/* ---- in the child */

static enum err
site_add(struct buf *b, const struct measure_site *s)
{
	enum err e = wire_add_string(b, s->host);
	size_t bit;

	if (e == ERR_OK)
		e = buf_u64(b, s->measured);
	if (e == ERR_OK)
		e = buf_u64(b, s->confirmed);
	if (e == ERR_OK)
		e = buf_u64(b, s->anomalies);
	for (bit = 0; e == ERR_OK && bit < BLOCKED_HOW; bit++)
		e = buf_u64(b, s->by_how[bit]);
	if (e == ERR_OK)
		e = wire_add_string(b, s->from);
	if (e == ERR_OK)
		e = wire_add_string(b, s->until);
	return e == ERR_OK ? wire_add_string(b, s->first) : e;
}

static enum err
all_add(struct buf *b, const struct measure *m)
{
	const uint32_t counts[] = {m->rows, m->elsewhere, m->other_test,
		m->not_news, m->no_host, (uint32_t)m->n};
	enum err e = buf_u8(b, (uint8_t)m->kind);
	size_t i;

	for (i = 0; e == ERR_OK && i < sizeof(counts) / sizeof(*counts); i++)
		e = buf_u32(b, counts[i]);
	for (i = 0; e == ERR_OK && i < m->n; i++)
		e = site_add(b, &m->sites[i]);
	return e;
}

enum err
measure_job(struct span request, struct buf *answer, struct diag *d)
{
	struct wire_reader r = {.c = {.in = request}};
	struct measure_want want = {.site = NULL};
	struct measure m;
	struct span code, site = span_of(NULL, 0);
	char host[256] = "";
	uint32_t n;
	enum err e;

	if (cursor_take(&r.c, 2, &code) != ERR_OK)
		return diag_set(d, ERR_FAILED, "a request that is no request");
	memcpy(want.country.s, code.p, 2);
	n = wire_u32(&r, WIRE_ABSENT);
	if (n != WIRE_ABSENT) {
		if (n >= sizeof(host) || cursor_take(&r.c, n, &site) != ERR_OK)
			return diag_set(
				d, ERR_FAILED, "a request that is no request");
		memcpy(host, site.p, n);
		want.site = host;
	}
	e = measure_read(span_sub(request, r.c.pos, request.n), &want, &m, d);
	if (e == ERR_OK && all_add(answer, &m) != ERR_OK)
		e = diag_set(d, ERR_LIMIT, "too many sites");
	measure_clear(&m);
	return e;
}

/* ---- in the parent */

static void
day_get(struct wire_reader *r, char out[static 11])
{
	struct span s = wire_bytes(r, 10);

	if (r->err != ERR_OK || s.n == 0)
		return;
	if (s.n != 10 || !measure_day_ok(s)) {
		wire_fail(r, ERR_REFUSED);
		return;
	}
	memcpy(out, s.p, 10);
	out[10] = '\0';
}

/* In order, so none is there twice. */
static void
site_get(struct wire_reader *r, struct measure_site *s, const char *before)
{
	struct span host = wire_bytes(r, 253);
	size_t bit;

	if (r->err == ERR_OK &&
		(!text_name_ok(host, 253) || host.p[host.n - 1] == '.' ||
			memchr(host.p, '_', host.n) != NULL ||
			memchr(host.p, '.', host.n) == NULL))
		wire_fail(r, ERR_REFUSED);
	if (r->err != ERR_OK)
		return;
	s->host = strndup((const char *)host.p, host.n);
	if (s->host == NULL) {
		wire_fail(r, ERR_NOMEM);
		return;
	}
	if (before != NULL && strcmp(before, s->host) >= 0)
		wire_fail(r, ERR_REFUSED);
	s->measured = wire_u64(r, LIMIT_COUNTED);
	s->confirmed = wire_u64(r, s->measured);
	s->anomalies = wire_u64(r, s->measured - s->confirmed);
	for (bit = 0; bit < BLOCKED_HOW; bit++)
		s->by_how[bit] = wire_u64(r, s->confirmed + s->anomalies);
	day_get(r, s->from);
	day_get(r, s->until);
	day_get(r, s->first);
	if ((s->from[0] == '\0') != (s->until[0] == '\0') ||
		strcmp(s->from, s->until) > 0)
		wire_fail(r, ERR_REFUSED);
}

enum err
measure_answer(struct span answer, struct measure *out, struct diag *d)
{
	struct wire_reader r = {.c = {.in = answer}};
	uint32_t n, i;

	*out = (struct measure){.n = 0};
	out->kind = (enum measure_kind)wire_choice(&r, MEASURE_LIST);
	out->rows = wire_u32(&r, UINT32_MAX);
	out->elsewhere = wire_u32(&r, UINT32_MAX);
	out->other_test = wire_u32(&r, UINT32_MAX);
	out->not_news = wire_u32(&r, UINT32_MAX);
	out->no_host = wire_u32(&r, UINT32_MAX);
	n = wire_u32(&r, LIMIT_MEASURED_SITES);
	out->sites = calloc((size_t)n + 1, sizeof(*out->sites));
	if (out->sites == NULL)
		wire_fail(&r, ERR_NOMEM);
	for (i = 0; r.err == ERR_OK && i < n; i++) {
		out->n = i + 1;
		site_get(&r, &out->sites[i],
			i == 0 ? NULL : out->sites[i - 1].host);
	}
	if (r.err == ERR_OK && cursor_left(&r.c) > 0)
		wire_fail(&r, ERR_REFUSED);
	if (r.err == ERR_OK)
		return ERR_OK;
	measure_clear(out);
	return diag_set(d, r.err, "%s",
		r.err == ERR_NOMEM ? "out of memory"
				   : "the importer gave an impossible answer");
}
