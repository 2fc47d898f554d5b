/* A file from mirrors of which nothing is known yet: an outlet's first root. */
#include <stdlib.h>
#include <string.h>

#include "../core/text.h"
#include "gone.h"
#include "reach.h"

/* Ways asked at once, and seconds of each: somebody waits, and most silence is
 * over by then. */
#define WAVE 4
#define EACH 20.0

struct file {
	struct fetch *f;
	struct routes routes;
	size_t *order;
	const char *path;
	size_t max;
	reach_take_fn *take;
	void *arg;
	enum err err; /* of the worst so far: content over silence */
	struct diag why;
	bool came;
};

static enum err
order_make(struct file *x, const struct route_mirror *m, size_t n,
	const struct reach_settings *s, struct diag *d)
{
	const struct route_evidence none[STRATEGY_COUNT] = {{.tries = 0}};
	struct route_evidence *by_route;
	struct route_settings may = {.country = s->country,
		.proxy = s->proxy,
		.resolver = s->resolver,
		.resolver_address = s->resolver_address,
		.http = s->http};
	unsigned i;
	enum err e;

	for (i = 0; i < STRATEGY_COUNT; i++)
		if (fetch_can((enum strategy)i, NULL))
			may.can |= 1u << i;
	e = routes_make(m, n, NULL, 0, &may, &x->routes);
	x->order = calloc(x->routes.n + 1, sizeof(*x->order));
	by_route = calloc(x->routes.n + 1, sizeof(*by_route));
	if (x->order == NULL || by_route == NULL)
		e = ERR_NOMEM;
	if (e == ERR_OK)
		e = routes_order(
			&x->routes, m, n, s->country, by_route, none, x->order);
	free(by_route);
	return e == ERR_OK ? e : diag_set(d, e, "out of memory");
}

/* What a request that failed had to say. */
static void
failure_say(struct fetch_got *got, const struct route *r, const char *path)
{
	char why[GONE_SIZE];

	if (got->status != 451)
		return;
	(void)gone_say(why, sizeof(why), r->base, path, got->notice);
	diag_set(&got->diag, got->err, "%s", why);
}

/* Keep why one was of no use. */
static void
blame(struct file *x, const struct route *r, enum err e, const struct diag *why,
	bool came)
{
	char shown[120];

	if (x->came && !came)
		return;
	x->came = came;
	x->err = e;
	diag_set(&x->why, e, "%s by %s: %s",
		text_show(shown, sizeof(shown), span_str(r->base)),
		strategy_name(r->strategy), why->why);
}

/* A few routes at once. *done: one's file was taken. */
static enum err
wave(struct file *x, size_t first, size_t n, bool *done, struct diag *d)
{
	struct fetch_want want[WAVE];
	struct fetch_got got[WAVE];
	struct diag why = {.code = ERR_OK};
	enum err e, taken;
	size_t i;

	for (i = 0; i < n; i++) {
		const struct route *r = &x->routes.list[x->order[first + i]];

		want[i] = (struct fetch_want){.base = r->base,
			.path = x->path,
			.max = x->max,
			.allow_private = r->allow_private,
			.route = r};
	}
	e = fetch_all(x->f, want, n, EACH, got, d);
	for (i = 0; i < n; i++) {
		const struct route *r = want[i].route;

		if (e == ERR_OK && !*done && got[i].err == ERR_OK) {
			taken = x->take(x->arg, buf_view(&got[i].body), &why);
			*done = taken == ERR_OK;
			if (!*done)
				blame(x, r, taken, &why, true);
		} else if (e == ERR_OK && !*done) {
			failure_say(&got[i], r, x->path);
			blame(x, r, got[i].err, &got[i].diag, false);
		}
		buf_free(&got[i].body);
	}
	return e;
}

enum err
reach_file(struct fetch *f, const struct route_mirror *m, size_t n,
	const struct reach_settings *s, const char *path, size_t max,
	reach_take_fn *take, void *arg, struct diag *d)
{
	struct file x = {
		.f = f, .path = path, .max = max, .take = take, .arg = arg};
	bool done = false;
	size_t i, k;
	enum err e = order_make(&x, m, n, s, d);

	if (e == ERR_OK && x.routes.n == 0)
		e = diag_set(d, ERR_NETWORK,
			"there is no way to it that may be tried: an onion "
			"service wants --proxy tor, and an outlet's site that "
			"is blocked in your country is never contacted");
	for (i = 0; e == ERR_OK && !done && i < x.routes.n; i += k) {
		k = x.routes.n - i < WAVE ? x.routes.n - i : WAVE;
		e = wave(&x, i, k, &done, d);
	}
	if (e == ERR_OK && !done) {
		e = x.err;
		if (d != NULL)
			*d = x.why;
	}
	routes_clear(&x.routes);
	free(x.order);
	return e;
}
