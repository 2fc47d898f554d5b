#include <string.h>

#include "../core/mirrors.h"
#include "fetch_private.h"

bool
url_path_ok(struct span s)
{
	static const char plain[] = "-._~!$&'()*+,;=:@%";
	size_t i, start = 0;

	if (s.n == 0 || s.n > LIMIT_URL)
		return false;
	for (i = 0; i <= s.n; i++) {
		uint8_t c = i < s.n ? s.p[i] : '/';

		if (c == '/') {
			struct span one = span_sub(s, start, i - start);

			if (one.n == 0 || span_eq(one, span_str(".")) ||
				span_eq(one, span_str("..")))
				return false;
			start = i + 1;
		} else if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
			   !(c >= '0' && c <= '9') &&
			   (c == '\0' || strchr(plain, c) == NULL)) {
			return false;
		}
	}
	return true;
}

static bool
fits(const char *s, size_t size)
{
	return s == NULL || strlen(s) < size;
}

bool
want_ok(const struct fetch_want *w, struct diag *d)
{
	struct span base = span_str(w->base), path = span_str(w->path);
	const struct route *r = w->route;
	uint64_t max = w->max; /* a size_t may be too short to compare */

	if (!mirrors_base_ok(base) || !url_path_ok(path)) {
		diag_set(d, ERR_REFUSED, "not something that is fetched");
		return false;
	}
	if ((w->n == 0 && w->offset != 0) || w->offset > (uint64_t)INT64_MAX ||
		w->n > (uint64_t)INT64_MAX - w->offset || max > INT64_MAX) {
		diag_set(d, ERR_REFUSED, "a part that no file has");
		return false;
	}
	if (r != NULL &&
		(r->strategy >= STRATEGY_COUNT ||
			!fits(r->address, WIRE_ADDRESS) ||
			!fits(r->sni, WIRE_HOST) || !fits(r->pin, WIRE_PIN) ||
			!fits(r->front, WIRE_HOST) ||
			!fits(r->resolver, LIMIT_URL + 1) ||
			!fits(r->resolver_address, WIRE_ADDRESS) ||
			!fits(r->proxy, WIRE_PROXY))) {
		diag_set(d, ERR_REFUSED, "not a way to any mirror");
		return false;
	}
	return true;
}

/* The strategy of a wish without a route. */
static enum strategy
strategy_of(const char *base)
{
	if (base[0] == '/' || strncmp(base, "file:", 5) == 0)
		return STRATEGY_FILE;
	return strncmp(base, "http:", 5) == 0 ? STRATEGY_HTTP : STRATEGY_HTTPS;
}

/* Strings are zeroed and long enough: see want_ok. */
static void
copy(char *to, const char *s)
{
	if (s != NULL)
		memcpy(to, s, strlen(s));
}

void
want_wire(const struct fetch_want *w, const struct fetch_options *o,
	uint32_t ms, struct wire_want *out)
{
	enum strategy s = strategy_of(w->base);
	const struct route by_proxy = {
		.strategy = STRATEGY_PROXY, .proxy = o->proxy};
	const struct route *r = w->route;
	size_t n = strlen(w->base);

	if (r == NULL && o->proxy != NULL && s != STRATEGY_FILE &&
		strlen(o->proxy) < WIRE_PROXY)
		r = &by_proxy;

	*out = (struct wire_want){.offset = w->offset,
		.n = w->n,
		.max = w->max,
		.ms = ms,
		.allow_private = w->allow_private,
		.fresh = w->fresh,
		.strategy = r != NULL ? r->strategy : s};
	copy(out->base, w->base);
	/* A folder may be named without the slash at its end. */
	if (w->base[n - 1] != '/' && n < LIMIT_URL)
		out->base[n] = '/';
	copy(out->path, w->path);
	if (r == NULL)
		return;
	copy(out->address, r->address);
	copy(out->sni, r->sni);
	copy(out->pin, r->pin);
	copy(out->front, r->front);
	copy(out->resolver, r->resolver);
	copy(out->resolver_address, r->resolver_address);
	copy(out->proxy, r->proxy);
}
