/* erika-press mirrors check: both lists are read as publish reads them, and
 * shown as readers would use them. */
#include <stdlib.h>
#include <string.h>

#include "../core/crypto.h"
#include "../core/routes.h"
#include "../core/text.h"
#include "../sys/file.h"
#include "press_json.h"
#include "press_mirrors.h"

struct check {
	struct mirrors_run *k;
	struct countries known; /* the built-in table and the newsroom's own */
	struct country here;	/* of --country, or the neutral one */
	unsigned odd;		/* things to look at */
};

static bool
is_listed(const struct mirror *m)
{
	return m->url != NULL && !m->unlisted;
}

static void
ways_json(const struct check *c, const struct mirror *m,
	const unsigned count[static STRATEGY_COUNT])
{
	json_t *o, *ways = json_array();
	size_t i;

	for (i = 0; i < STRATEGY_COUNT; i++) {
		enum strategy s = c->here.order[i];

		if (count[s] > 0)
			json_array_append_new(
				ways, json_string(strategy_name(s)));
	}
	o = json_pack("{s:s, s:s, s:o}", "schema", "erika-mirror-ways-1",
		"name", m->name, "ways", ways);
	press_json_print(o);
	json_decref(o);
}

/* "https, address (2), front" in the country's order. */
static void
ways_print(
	const struct check *c, const struct mirror *m, const struct routes *r)
{
	unsigned count[STRATEGY_COUNT] = {0};
	const char *sep = "";
	size_t i;

	for (i = 0; i < r->n; i++)
		count[r->list[i].strategy]++;
	if (c->k->cx->json) {
		ways_json(c, m, count);
		return;
	}
	printf("%-16s ", m->name);
	for (i = 0; i < STRATEGY_COUNT; i++) {
		enum strategy s = c->here.order[i];

		if (count[s] == 0)
			continue;
		printf("%s%s", sep, strategy_name(s));
		if (count[s] > 1)
			printf(" (%u)", count[s]);
		sep = ", ";
	}
	if (r->n > 0)
		putchar('\n');
	else if (strncmp(m->url, "http:", 5) == 0)
		puts("nothing, but with --http or by link: it is plain http");
	else
		printf("never contacted from %s: its site is blocked there\n",
			c->here.code.s);
}

/* All that a reader could do with one mirror, given every ability. */
static enum err
mirror_ways(const struct check *c, const struct mirror *m, struct diag *d)
{
	const struct route_mirror view = {.m = *m};
	const struct route_settings s = {
		.can = ~0u, .country = &c->here, .http = false};
	struct routes r;
	enum err e = routes_make(
		&view, 1, c->k->list.resolvers, c->k->list.n_resolvers, &s, &r);

	if (e != ERR_OK)
		return diag_set(d, e, "out of memory");
	ways_print(c, m, &r);
	routes_clear(&r);
	return ERR_OK;
}

static void
odd(struct check *c, const char *about, const char *what)
{
	c->odd++;
	if (c->k->cx->json) {
		json_t *o = json_pack("{s:s, s:s, s:s}", "schema",
			"erika-mirror-odd-1", "about", about, "what", what);

		press_json_print(o);
		json_decref(o);
		return;
	}
	printf("look at %s: %s\n", about, what);
}

/* What the lists say about each other. */
static void
names_check(struct check *c)
{
	const struct countries *cs = &c->k->list.countries;
	size_t i, n, m;

	for (i = 0; i < cs->n; i++)
		for (n = 0; n < cs->list[i].n_mirrors; n++) {
			const char *name = cs->list[i].mirrors[n];

			for (m = 0; m < c->k->list.n; m++)
				if (strcmp(c->k->list.list[m].name, name) == 0)
					break;
			if (m == c->k->list.n)
				odd(c, name,
					"countries.ini puts it first, but "
					"mirrors.ini has no such mirror");
			else if (!is_listed(&c->k->list.list[m]))
				odd(c, name,
					"countries.ini puts it first, which "
					"makes its name public; it is "
					"unlisted");
		}
}

static void
blocked_check(struct check *c, const struct mirror *m)
{
	struct span host = mirrors_host(span_str(m->url));
	char what[120];
	size_t i;

	for (i = 0; i < c->known.n; i++) {
		if (!country_forbids(&c->known.list[i], host))
			continue;
		snprintf(what, sizeof(what),
			"its site is blocked in %s, so readers there never "
			"ask it",
			c->known.list[i].code.s);
		odd(c, m->name, what);
	}
}

static void
all_check(struct check *c)
{
	size_t i, listed = 0, https = 0;

	for (i = 0; i < c->k->list.n; i++) {
		const struct mirror *m = &c->k->list.list[i];

		if (!is_listed(m))
			continue;
		listed++;
		https += strncmp(m->url, "https:", 6) == 0;
		blocked_check(c, m);
	}
	if (listed < 2)
		odd(c, "the list",
			listed == 0 ? "it is empty: readers learn no mirror "
				      "from it"
				    : "one mirror is soon blocked, and nobody "
				      "else can say that it is stale");
	else if (https == 0)
		odd(c, "the list", "no mirror has https");
	names_check(c);
}

/* Whether the list as it stands has been signed and written. */
static enum err
signed_check(struct check *c, struct diag *d)
{
	char hex[65], rest[120], *path;
	uint8_t sha256[32];
	struct buf b;
	uint64_t size;
	enum err e;

	buf_init(&b, LIMIT_MIRROR_LIST);
	e = mirrors_write(&c->k->list, &b, d);
	if (e == ERR_OK) {
		hash_bytes(HASH_SHA256, buf_view(&b), sha256);
		text_hex(hex, sha256, 32);
		snprintf(rest, sizeof(rest), "repository/t/x/%s.mirrors.json",
			hex);
		path = room_path(c->k->r, rest);
		if (path == NULL)
			e = diag_set(d, ERR_NOMEM, "out of memory");
		else if (file_size(path, &size, NULL) != ERR_OK)
			talk(c->k->cx, "This list is not signed yet: "
				       "erika-press publish");
		free(path);
	}
	buf_free(&b);
	return e;
}

static enum err
tables_load(struct check *c, struct diag *d)
{
	const char *code = c->k->country == NULL ? "" : c->k->country;
	enum err e = countries_builtin(&c->known, d), found;

	if (e == ERR_OK)
		e = countries_overlay(&c->known, &c->k->list.countries, d);
	if (e != ERR_OK)
		return e;
	found = countries_find(&c->known, code, &c->here, d);
	return found == ERR_MISSING ? ERR_OK : found;
}

enum err
mirrors_check(struct mirrors_run *k, struct diag *d)
{
	struct check c = {.k = k};
	enum err e = tables_load(&c, d);
	size_t i;

	for (i = 0; e == ERR_OK && i < k->list.n; i++)
		if (is_listed(&k->list.list[i]))
			e = mirror_ways(&c, &k->list.list[i], d);
	if (e == ERR_OK)
		all_check(&c);
	if (e == ERR_OK)
		e = signed_check(&c, d);
	if (e == ERR_OK && c.odd == 0)
		talk(k->cx, "Both files are well-formed.");
	countries_clear(&c.known);
	return e;
}
