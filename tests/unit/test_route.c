/* Ways to mirrors: which there are, which may never be, and in which order
 * they are tried. */
#include "../lib/tap.h"

#include "../../src/core/routes.h"

#define PIN "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define ALL ((1u << STRATEGY_COUNT) - 1)

static char *
text(const char *s)
{
	return (char *)(uintptr_t)s;
}

/* ---- names */

static void
test_names(void)
{
	enum strategy s;
	unsigned i, good = 0;

	for (i = 0; i < STRATEGY_COUNT; i++)
		good += strategy_read(
				span_str(strategy_name((enum strategy)i)),
				&s) &&
			s == i;
	ok(good == STRATEGY_COUNT, "each name is read back");
	ok(!strategy_read(span_str("HTTPS"), &s), "another case is no name");
	ok(!strategy_read(span_str(""), &s), "nothing is none");
	is_str(strategy_name(STRATEGY_COUNT), "unknown", "past the end");
	ok(!strategy_silent(STRATEGY_HTTPS) &&
			strategy_silent(STRATEGY_ADDRESS) &&
			strategy_silent(STRATEGY_PROXY) &&
			!strategy_silent(STRATEGY_HTTP),
		"who asks the local resolver is known");
}

/* ---- which there are */

static char *addresses[] = {(char[]){"203.0.113.7"}, (char[]){"2001:db8::7"}};
static struct resolver resolvers[] = {
	{.url = (char[]){"https://dns.example/q"},
		.address = (char[]){"203.0.113.53"}},
	{.url = (char[]){"https://other.example/q"}},
};

/* Everything that a mirror can have. */
static struct route_mirror
full(void)
{
	return (struct route_mirror){.m = {.name = text("m"),
					     .url = text("https://m.example/e/"),
					     .addresses = addresses,
					     .n_addresses = 2,
					     .pin = text(PIN),
					     .sni = text("www.example"),
					     .front = text("front.example")}};
}

static struct route_mirror
plain(const char *url, bool named)
{
	return (struct route_mirror){
		.m = {.name = text("m"), .url = text(url)}, .named = named};
}

static struct routes made;

/* "https address address": the routes to one mirror. */
static const char *
ways(struct route_mirror m, struct route_settings s)
{
	static char out[300];
	size_t i, n = 0;

	routes_clear(&made);
	if (s.can == 0)
		s.can = ALL;
	if (routes_make(&m, 1, resolvers, 2, &s, &made) != ERR_OK)
		return "failed";
	out[0] = '\0';
	for (i = 0; i < made.n && n < sizeof(out); i++)
		n += (size_t)snprintf(out + n, sizeof(out) - n, "%s%s",
			i > 0 ? " " : "", strategy_name(made.list[i].strategy));
	return out;
}

static const struct route_settings standard;

static void
test_full(void)
{
	const struct route *r;

	is_str(ways(full(), standard),
		"https address address doh doh sni sni no-sni no-sni front",
		"all ways to a mirror that has everything");
	r = made.list;
	is_str(r[0].base, "https://m.example/e/", "all have its URL");
	ok(r[0].address == NULL && r[0].pin == NULL && r[0].resolver == NULL &&
			r[0].sni == NULL && r[0].front == NULL &&
			r[0].proxy == NULL && !r[0].allow_private,
		"plain https is just that");
	is_str(r[1].address, "203.0.113.7", "one for an address");
	is_str(r[2].address, "2001:db8::7", "one for the other");
	ok(r[1].pin == NULL, "where a certificate fits, no key is pinned");
	is_str(r[3].resolver, "https://dns.example/q", "a resolver");
	is_str(r[3].resolver_address, "203.0.113.53", "with its address");
	ok(r[4].resolver_address == NULL, "or without");
	ok(strcmp(r[5].sni, "www.example") == 0 && strcmp(r[5].pin, PIN) == 0 &&
			r[5].address != NULL,
		"another name goes with a pin and an address");
	ok(r[7].sni == NULL && strcmp(r[7].pin, PIN) == 0 &&
			r[7].address != NULL,
		"no name, too");
	is_str(r[9].front, "front.example", "a front");
}

static void
test_less(void)
{
	struct route_mirror m = full();
	struct route_settings s = {.can = ALL & ~(1u << STRATEGY_DOH)};

	is_str(ways(m, s),
		"https address address sni sni no-sni no-sni front",
		"what the fetcher cannot do is not there");
	s = (struct route_settings){.resolver = "https://mine.example/q",
		.resolver_address = "203.0.113.9"};
	is_str(ways(m, s),
		"https address address doh sni sni no-sni no-sni front",
		"the user's resolver stands for all others");
	is_str(made.list[3].resolver, "https://mine.example/q", "this one");
	is_str(made.list[3].resolver_address, "203.0.113.9", "at its address");
	m.m.pin = NULL;
	is_str(ways(m, standard), "https address address doh doh front",
		"no pin: no other name");
	m.m.pin = text(PIN);
	m.m.n_addresses = 0;
	is_str(ways(m, standard), "https doh doh front", "no address: likewise");
	m.m.storage = true;
	is_str(ways(m, standard), "storage doh doh front",
		"an object store is called one");
	is_str(ways(plain("https://203.0.113.7:8443/", false), standard),
		"https", "an address for a host has no name to hide");
	is_str(ways(plain("https://[2001:db8::7]/", false), standard), "https",
		"of either kind");
	is_str(ways(plain("/mnt/usb", true), standard), "file", "a folder");
	is_str(ways(plain("file:///mnt/usb/", true), standard), "file",
		"written otherwise");
	is_str(ways(plain("https://m.example", true), standard), "",
		"what does not parse is not asked, and no folder");
}

static void
test_http(void)
{
	const struct route_settings http = {.http = true};
	struct route_mirror told = plain("http://m.example/", true);

	is_str(ways(plain("http://m.example/", false), standard), "",
		"plain http is not there by itself");
	is_str(ways(plain("http://m.example/", true), standard), "http",
		"but when the user named that mirror");
	ok(made.list[0].allow_private, "which may be near then");
	told.told = true;
	is_str(ways(told, standard), "http", "or somebody else in a link");
	ok(!made.list[0].allow_private, "which may not");
	is_str(ways(plain("http://m.example/", false), http), "http",
		"or asked for it");
	ok(!made.list[0].allow_private, "which does not bring it near");
	is_str(ways(plain("https://m.example/", true), standard), "https doh doh",
		"an https mirror is never asked without TLS");
	is_str(ways(plain("https://m.example/e/", false), http),
		"https doh doh http", "unless asked for");
	is_str(made.list[3].base, "http://m.example/e/", "by the same path");
	is_str(ways(plain("https://m.example:8443/e/", false), http),
		"https doh doh", "a port of its own has no such twin");
}

static void
test_proxy(void)
{
	struct route_settings s = {.proxy = "socks5h://127.0.0.1:9050"};

	is_str(ways(full(), s), "proxy", "with a proxy there is nothing else");
	is_str(made.list[0].proxy, s.proxy, "but it");
	ok(made.list[0].address == NULL && made.list[0].resolver == NULL,
		"and no way around it");
	is_str(ways(plain("/mnt/usb", true), s), "file",
		"a folder needs no network");
	is_str(ways(plain("http://m.example/", false), s), "",
		"plain http is not made better by it");
	is_str(ways(plain("http://abc.onion/", false), s), "proxy",
		"an onion service is");
	s.can = ALL & ~(1u << STRATEGY_PROXY);
	is_str(ways(full(), s), "", "a proxy that cannot be is no way out");
	s = standard;
	s.http = true;
	is_str(ways(plain("http://abc.onion/", true), s), "",
		"an onion's name never goes to the open network");
	is_str(ways(plain("https://abc.onion/", true), s), "",
		"nor with TLS");
	is_str(ways(plain("https://onion/", true), s), "",
		"nor does the domain itself");
	is_str(ways(plain("https://onion.example/", true), standard),
		"https doh doh", "a like name is none");
}

static void
test_forbidden(void)
{
	struct countries cs;
	struct country ru, by;
	struct diag d;
	struct route_settings s = {.country = &ru};
	struct route_mirror m = full();
	struct country_code abroad[] = {{.s = "IR"}};

	is_err(countries_parse(
		       span_str("[country \"RU\"]\nname = Russia\n"
				"strategies = file\navoid-hosts = m.example\n"
				"mirrors = other\n"
				"[blocked \"RU news.example\"]\n"
				"name = News\nsince = 2022\nhow = dns\n"
				"source = court\n"),
		       "t", COUNTRY_USER, &cs, &d),
		ERR_OK, "a table");
	is_err(countries_find(&cs, "RU", &ru, &d), ERR_OK, "one country");
	is_err(countries_find(&cs, "BY", &by, &d), ERR_MISSING, "another");
	m.m.countries = abroad;
	m.m.n_countries = 1;
	is_str(ways(m, s),
		"https address address doh doh sni sni no-sni no-sni front",
		"what a country would rather not try is there all the same");
	is_str(ways(plain("https://news.example/e/", true), s), "",
		"an outlet's blocked site is never contacted, also not when "
		"named");
	is_str(ways(plain("https://a.news.example/e/", false), s), "",
		"nor below it");
	s.proxy = "socks5h://127.0.0.1:9050";
	is_str(ways(plain("https://news.example/e/", true), s), "",
		"nor by a proxy");
	s.proxy = NULL;
	is_str(ways(plain("https://badnews.example/e/", false), s),
		"https doh doh", "a like name is another");
	m.m.sni = text("news.example");
	m.m.front = text("cdn.news.example");
	is_str(ways(m, s), "https address address doh doh no-sni no-sni",
		"its name is not shown to others, nor is it a front");
	s.resolver = "https://news.example/dns-query";
	is_str(ways(m, s), "https address address no-sni no-sni",
		"nor a resolver");
	s = (struct route_settings){.country = &by};
	is_str(ways(plain("https://news.example/", false), s), "https doh doh",
		"elsewhere it is a mirror as any");
	countries_clear(&cs);
}

/* ---- order */

#define MIRRORS 4

static struct route_mirror list[MIRRORS];
static struct route_evidence by_route[64], by_strategy[STRATEGY_COUNT];
static size_t order[64];

/* Mirrors a to d, each by https and by an address. */
static void
four(void)
{
	static const char *const url[MIRRORS] = {"https://a.example/",
		"https://b.example/", "https://c.example/",
		"https://d.example/"};
	const struct route_settings s = {
		.can = 1u << STRATEGY_HTTPS | 1u << STRATEGY_ADDRESS};
	size_t i;

	for (i = 0; i < MIRRORS; i++) {
		list[i] = plain(url[i], false);
		list[i].m.addresses = addresses;
		list[i].m.n_addresses = 1;
	}
	routes_clear(&made);
	if (routes_make(list, MIRRORS, NULL, 0, &s, &made) != ERR_OK)
		exit(1);
	memset(by_route, 0, sizeof(by_route));
	memset(by_strategy, 0, sizeof(by_strategy));
}

/* The route to a mirror by a strategy. */
static size_t
at(char mirror, enum strategy s)
{
	size_t i;

	for (i = 0; i < made.n; i++)
		if (made.list[i].mirror == (size_t)(mirror - 'a') &&
			made.list[i].strategy == s)
			return i;
	exit(1);
}

static void
tried(char mirror, enum strategy s, unsigned good, unsigned bad, double byte)
{
	struct route_evidence *e = &by_route[at(mirror, s)];
	struct route_evidence *all = &by_strategy[s];

	e->tries += good + bad;
	e->attempts += good + bad;
	e->successes += good;
	e->first_byte = byte;
	all->tries += good + bad;
	all->attempts += good + bad;
	all->successes += good;
}

/* "a b c d A B C D": lower case by https, capitals by address. */
static const char *
sequence(const struct country *c)
{
	static char out[64];
	size_t i, n = 0;

	if (routes_order(&made, list, MIRRORS, c, by_route, by_strategy,
		    order) != ERR_OK)
		return "failed";
	for (i = 0; i < made.n; i++) {
		const struct route *r = &made.list[order[i]];

		out[n++] = (char)((r->strategy == STRATEGY_HTTPS ? 'a' : 'A') +
				  (int)r->mirror);
		out[n++] = ' ';
	}
	out[n > 0 ? n - 1 : 0] = '\0';
	return out;
}

static void
test_order(void)
{
	four();
	is_str(sequence(NULL), "a b c d A B C D",
		"untried: as they stand, each mirror once, then again");
	tried('c', STRATEGY_HTTPS, 1, 0, 0.3);
	is_str(sequence(NULL), "c a b d A B C D", "what worked comes first");
	tried('d', STRATEGY_HTTPS, 1, 0, 0.1);
	is_str(sequence(NULL), "d c a b A B C D", "the quickest of them");
	tried('a', STRATEGY_HTTPS, 0, 1, 0);
	by_route[at('a', STRATEGY_HTTPS)].sulking = true;
	is_str(sequence(NULL), "d c b A B C D a",
		"what failed just now comes last, by another way if there is "
		"one");
	four();
	tried('a', STRATEGY_HTTPS, 0, 1, 0);
	tried('b', STRATEGY_HTTPS, 0, 1, 0);
	tried('c', STRATEGY_HTTPS, 0, 1, 0);
	is_str(sequence(NULL), "A B C D d a b c",
		"a way that failed three times goes behind the others, also at "
		"mirrors where it was not tried");
	tried('d', STRATEGY_HTTPS, 1, 0, 0.2);
	ok(strncmp(sequence(NULL), "d A B C", 7) == 0,
		"but the one where it works comes first");
}

static void
test_prior(void)
{
	struct country c, none;
	struct countries cs;
	struct diag d;

	is_err(countries_parse(span_str("[country \"RU\"]\nname = Russia\n"
					"strategies = address, https\n"
					"avoid-hosts = a.example\n"
					"mirrors = d\n"),
		       "t", COUNTRY_USER, &cs, &d),
		ERR_OK, "a table");
	is_err(countries_find(&cs, "RU", &c, &d), ERR_OK, "a country");
	is_err(countries_find(&cs, "", &none, &d), ERR_OK, "none");
	four();
	list[3].m.name = text("d");
	is_str(sequence(&none), "a b c d A B C D",
		"no country says nothing");
	is_str(sequence(&c), "D B C A d b c a",
		"a country's ways and mirrors first, hosts to avoid last");
	tried('b', STRATEGY_HTTPS, 1, 0, 0.1);
	tried('c', STRATEGY_ADDRESS, 0, 1, 0);
	is_str(sequence(&c), "D B C A d b c a",
		"one try does not outrank it");
	tried('b', STRATEGY_HTTPS, 1, 0, 0.1);
	is_str(sequence(&c), "D B C A d b c a", "nor do two");
	tried('b', STRATEGY_HTTPS, 1, 0, 0.1);
	ok(strncmp(sequence(&c), "b ", 2) == 0, "three tries do");
	four();
	list[3].m.name = text("d");
	tried('a', STRATEGY_ADDRESS, 0, 1, 0);
	tried('b', STRATEGY_ADDRESS, 0, 1, 0);
	is_str(sequence(&c), "D C B A d b c a",
		"two failures of a way: it is still first, elsewhere first");
	tried('c', STRATEGY_ADDRESS, 0, 1, 0);
	is_str(sequence(&c), "d b c a D B C A",
		"three: the other way comes first everywhere");
	countries_clear(&cs);
}

static void
test_every(void)
{
	unsigned seen[64] = {0}, bad = 0, i, k;

	/* Whatever the evidence, every route is tried some time, once. */
	four();
	for (i = 0; i < 200; i++) {
		for (k = 0; k < made.n; k++)
			by_route[k] = (struct route_evidence){
				.tries = (i * 7 + k) % 5,
				.attempts = (i * 7 + k) % 5,
				.successes = (i * 3 + k) % 4,
				.first_byte = (i + k) % 3,
				.sulking = (i + k) % 2 == 0};
		if (routes_order(&made, list, MIRRORS, NULL, by_route,
			    by_strategy, order) != ERR_OK)
			bad++;
		memset(seen, 0, sizeof(seen));
		for (k = 0; k < made.n; k++)
			seen[order[k]]++;
		for (k = 0; k < made.n; k++)
			bad += seen[k] != 1;
		/* The first so many are of different mirrors. */
		memset(seen, 0, sizeof(seen));
		for (k = 0; k < MIRRORS; k++)
			bad += seen[made.list[order[k]].mirror]++;
	}
	ok(bad == 0, "an order leaves none out and begins with each mirror");
	is_err(routes_order(&(struct routes){.n = 0}, NULL, 0, NULL, by_route,
		       by_strategy, order),
		ERR_OK, "none at all is fine");
}

static void
test_explore(void)
{
	struct route_evidence e[5] = {{.tries = 1, .recent = true}};
	size_t o[5], first[5] = {0}, i, k;
	unsigned moved = 0, whole = 0;
	uint32_t random;

	e[3] = (struct route_evidence){.tries = 9, .recent = true};
	e[4] = (struct route_evidence){.tries = 9};
	for (random = 0; random < 3000; random++) {
		size_t sum = 0;

		for (i = 0; i < 5; i++)
			o[i] = i;
		routes_explore(o, 5, e, random);
		moved += o[0] != 0;
		first[o[0]]++;
		for (i = 0; i < 5; i++)
			sum += 1u << o[i];
		whole += sum == 31;
		/* The others keep their order. */
		for (i = 1, k = 0; i < 5; i++) {
			whole -= o[i] < k;
			k = o[i];
		}
	}
	ok(moved == 300, "a tenth of the calls explores");
	ok(first[1] == 100 && first[2] == 100 && first[4] == 100,
		"each of the others as often");
	ok(first[3] == 0, "but what was tried just now");
	ok(whole == 3000, "and loses none");
	o[0] = 1;
	o[1] = 0;
	routes_explore(o, 2, e, 0);
	ok(o[0] == 1, "a first that nobody tried is explored anyway");
	o[0] = 0;
	o[1] = 3;
	routes_explore(o, 2, e, 0);
	ok(o[0] == 0, "nothing else to try: nothing is explored");
	routes_explore(o, 1, e, 0);
	routes_explore(o, 0, e, 0);
	ok(o[0] == 0, "one alone stays");
}

static void
test_second(void)
{
	struct route_evidence e[8] = {{.tries = 0}};
	size_t o[8], seen[MIRRORS] = {0}, i;
	unsigned whole = 0, other = 0;
	uint32_t random;

	four();
	e[at('c', STRATEGY_HTTPS)].sulking = true;
	for (random = 0; random < 300; random++) {
		size_t sum = 0;

		if (routes_order(&made, list, MIRRORS, NULL, e, by_strategy,
			    o) != ERR_OK)
			break;
		routes_second(&made, o, e, random << 16 | 1);
		other += made.list[o[0]].mirror != 0;
		seen[made.list[o[1]].mirror]++;
		for (i = 0; i < made.n; i++)
			sum += 1u << o[i];
		whole += sum == (1u << made.n) - 1;
	}
	ok(other == 0 && whole == 300, "the first stays, and none is lost");
	ok(seen[0] == 0 && seen[1] > 90 && seen[2] > 90 && seen[3] > 90,
		"each of the others is second as often");
	ok(seen[1] + seen[2] + seen[3] == 300, "or else one of them");
	for (i = 0; i < made.n; i++)
		e[i].sulking = true;
	o[0] = 2;
	o[1] = 1;
	routes_second(&(struct routes){.list = made.list, .n = 2}, o, e, 0);
	ok(o[0] == 2 && o[1] == 1, "none is second that failed just now");
	routes_second(&(struct routes){.list = made.list, .n = 1}, o, e, 9);
	routes_second(&(struct routes){.n = 0}, o, e, 9);
	ok(o[0] == 2, "one alone stays");
}

int
main(void)
{
	test_names();
	test_full();
	test_less();
	test_http();
	test_proxy();
	test_forbidden();
	test_order();
	test_prior();
	test_every();
	test_explore();
	test_second();
	routes_clear(&made);
	return plan();
}
