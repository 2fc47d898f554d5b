/* Building a country's entry: what may stand in one, whatever file it comes
 * from. */
#include <stdlib.h>
#include <string.h>

#include "country_priv.h"
#include "date.h"
#include "limits.h"
#include "text.h"

static const char *const how_names[BLOCKED_HOW] = {
	"dns", "tcp_ip", "http-failure", "http-diff"};

const char *
blocked_how_name(size_t bit)
{
	return bit < BLOCKED_HOW ? how_names[bit] : NULL;
}

bool
blocked_proven(const struct blocked *b)
{
	return b->measured == 0 || b->confirmed > 0;
}

void
country_free(struct country *c)
{
	size_t i;

	for (i = 0; i < c->n_blocked; i++) {
		struct blocked *b = &c->blocked[i];

		free(b->host);
		free(b->name);
		free(b->since);
		free(b->source);
		free(b->from);
		free(b->until);
	}
	free(c->blocked);
	strings_free(c->mirrors, c->n_mirrors);
	strings_free(c->avoid, c->n_avoid);
	free(c->name);
	*c = country_neutral;
}

enum err
country_of(struct countries *cs, struct span code, struct country **out,
	enum err wrong, struct diag *d)
{
	enum err e = country_code_check(code, wrong, d);
	struct country *more;
	size_t i;

	if (e != ERR_OK)
		return e;
	for (i = 0; i < cs->n; i++) {
		*out = &cs->list[i];
		if (memcmp((*out)->code.s, code.p, 2) == 0)
			return ERR_OK;
	}
	if (cs->n >= LIMIT_COUNTRIES)
		return diag_set(d, wrong, "over %d countries", LIMIT_COUNTRIES);
	more = realloc(cs->list, (cs->n + 1) * sizeof(*more));
	if (more == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	cs->list = more;
	*out = &more[cs->n++];
	**out = country_neutral;
	memcpy((*out)->code.s, code.p, 2);
	return ERR_OK;
}

/* A name of hosts: lower case, no port, no trailing dot. */
static bool
suffix_ok(struct span s)
{
	return text_name_ok(s, 253) && s.p[s.n - 1] != '.' &&
	       memchr(s.p, '_', s.n) == NULL;
}

enum err
country_site(struct country *c, struct span host, struct blocked **out,
	enum err wrong, struct diag *d)
{
	struct blocked *more;
	char shown[64];
	size_t i;

	/* Without a dot it would be all of "com". */
	if (!suffix_ok(host) || memchr(host.p, '.', host.n) == NULL)
		return diag_set(d, wrong,
			"\"%s\" is not a site's host name in lower case",
			text_show(shown, sizeof(shown), host));
	for (i = 0; i < c->n_blocked; i++) {
		*out = &c->blocked[i];
		if (span_eq(span_str((*out)->host), host))
			return ERR_OK;
	}
	if (c->n_blocked >= LIMIT_BLOCKED)
		return diag_set(d, wrong, "over %d blocked sites in %s",
			LIMIT_BLOCKED, c->code.s);
	more = realloc(c->blocked, (c->n_blocked + 1) * sizeof(*more));
	if (more == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	c->blocked = more;
	*out = &more[c->n_blocked];
	**out = (struct blocked){.host = strndup((const char *)host.p, host.n)};
	if ((*out)->host == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	c->n_blocked++;
	return ERR_OK;
}

/* Ways that are not named keep their usual place behind those that are. */
enum err
country_order_set(struct country *c, const struct span *words, size_t n,
	enum err wrong, struct diag *d)
{
	bool used[STRATEGY_COUNT] = {false};
	char shown[32];
	enum strategy s;
	size_t i, k = 0;

	for (i = 0; i < n; i++) {
		text_show(shown, sizeof(shown), words[i]);
		if (!strategy_read(words[i], &s))
			return diag_set(d, wrong,
				"\"%s\" is no strategy; there are https, "
				"address, doh, sni, no-sni, front, storage, "
				"proxy, file, http",
				shown);
		if (used[s])
			return diag_set(d, wrong, "strategy %s twice", shown);
		used[s] = true;
		c->order[k++] = s;
	}
	c->ordered = k;
	for (i = 0; i < STRATEGY_COUNT; i++)
		if (!used[country_neutral.order[i]])
			c->order[k++] = country_neutral.order[i];
	return ERR_OK;
}

static enum err
text_add(char ***list, size_t *n, struct span s, struct diag *d)
{
	char **more = realloc(*list, (*n + 1) * sizeof(*more));

	if (more == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	*list = more;
	more[*n] = strndup((const char *)s.p, s.n);
	if (more[*n] == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	(*n)++;
	return ERR_OK;
}

bool
country_has(char *const *list, size_t n, struct span s)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (span_eq(span_str(list[i]), s))
			return true;
	return false;
}

enum err
country_mirror_add(
	struct country *c, struct span name, enum err wrong, struct diag *d)
{
	char shown[64];

	text_show(shown, sizeof(shown), name);
	if (!text_name_ok(name, LIMIT_ID))
		return diag_set(
			d, wrong, "\"%s\" is not a mirror's name", shown);
	if (country_has(c->mirrors, c->n_mirrors, name))
		return diag_set(d, wrong, "mirror %s twice", shown);
	if (c->n_mirrors >= LIMIT_MIRRORS)
		return diag_set(d, wrong, "over %d mirrors", LIMIT_MIRRORS);
	return text_add(&c->mirrors, &c->n_mirrors, name, d);
}

enum err
country_avoid_add(
	struct country *c, struct span host, enum err wrong, struct diag *d)
{
	char shown[64];

	text_show(shown, sizeof(shown), host);
	if (!suffix_ok(host))
		return diag_set(d, wrong,
			"\"%s\" is not a host name in lower case", shown);
	if (country_has(c->avoid, c->n_avoid, host))
		return diag_set(d, wrong, "host %s twice", shown);
	if (c->n_avoid >= LIMIT_AVOID_HOSTS)
		return diag_set(d, wrong, "over %d hosts", LIMIT_AVOID_HOSTS);
	return text_add(&c->avoid, &c->n_avoid, host, d);
}

enum err
country_text(char **to, const char *from, struct diag *d)
{
	char *copy = from == NULL ? NULL : strdup(from);

	if (from != NULL && copy == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	free(*to);
	*to = copy;
	return ERR_OK;
}

bool
country_date_ok(struct span s, bool day)
{
	/* The rest of a moment, behind "2022", "2022-03" or "2022-03-04". */
	static const char rest[] = "0001-01-01T00:00:00Z";
	char full[DATE_SIZE];
	int64_t t;

	if (s.n != 10 && (day || (s.n != 4 && s.n != 7)))
		return false;
	memcpy(full, rest, sizeof(full));
	memcpy(full, s.p, s.n);
	return date_parse(span_str(full), &t) == ERR_OK;
}

enum err
country_site_check(const struct country *c, const struct blocked *b,
	enum err wrong, struct diag *d)
{
	const char *odd = NULL;

	if (b->source == NULL)
		odd = "has no source";
	else if (b->confirmed > b->measured ||
		 b->anomalies > b->measured - b->confirmed)
		odd = "counts more than was measured";
	else if ((b->from == NULL) != (b->until == NULL))
		odd = "has only one end of its period";
	else if (b->from != NULL && strcmp(b->from, b->until) > 0)
		odd = "has a period that ends before it begins";
	if (odd == NULL)
		return ERR_OK;
	return diag_set(
		d, wrong, "blocked site %s in %s %s", b->host, c->code.s, odd);
}
