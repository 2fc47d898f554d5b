/* Plans of wishes, and that no name of a silent one reaches the resolver of
 * this machine: getaddrinfo is counted here. */
#include "../lib/tap.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/mman.h>

#include "../../src/sys/fetch.h"
#include "../../src/sys/fetch_plan.h"

/* ---- this program's getaddrinfo, which libcurl takes for the C library's */

static unsigned *asked; /* shared with the children */

int
getaddrinfo(const char *restrict host, const char *restrict service,
	const struct addrinfo *restrict hints, struct addrinfo **restrict out)
{
	(void)host;
	(void)service;
	(void)hints;
	*out = NULL;
	++*asked;
	return EAI_NONAME;
}

/* ---- plans */

static struct wire_want w; /* large: not on the stack */
static struct plan p;
static struct wire_done done;
static struct plan_rules rules;

#define PIN "sha256//AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

static void
want(enum strategy s, const char *base)
{
	w = (struct wire_want){.strategy = s};
	snprintf(w.base, sizeof(w.base), "%s", base);
	snprintf(w.path, sizeof(w.path), "m/1.root.json");
	done = (struct wire_done){.err = ERR_COUNT};
}

#define FIELD(name, value) snprintf(w.name, sizeof(w.name), "%s", value)

static bool
made(void)
{
	done = (struct wire_done){.err = ERR_COUNT};
	return plan_make(&w, &rules, &p, &done);
}

static void
test_good(void)
{
	want(STRATEGY_HTTPS, "https://m.example:8443/er/");
	ok(made(), "https");
	is_str(p.url, "https://m.example:8443/er/m/1.root.json", "its URL");
	ok(p.connect_to[0] == '\0' && p.host[0] == '\0' && p.doh == NULL &&
			p.pin == NULL && p.proxy[0] == '\0' && !p.any_address,
		"is all of it");
	want(STRATEGY_ADDRESS, "https://m.example/");
	FIELD(address, "2001:db8::7");
	ok(made(), "an address: %s", done.why);
	is_str(p.connect_to, "::[2001:db8::7]:", "is connected to");
	is_str(p.url, "https://m.example/m/1.root.json", "in its name");
	want(STRATEGY_DOH, "https://m.example/");
	FIELD(resolver, "https://r.example:8443/dns-query");
	FIELD(resolver_address, "203.0.113.9");
	ok(made(), "a resolver: %s", done.why);
	is_str(p.resolve, "r.example:8443:203.0.113.9", "has its address");
	is_str(p.doh, w.resolver, "is asked");
	FIELD(resolver, "https://r.example/dns-query");
	FIELD(resolver_address, "2001:db8::9");
	ok(made(), "over IPv6");
	is_str(p.resolve, "r.example:443:[2001:db8::9]", "at its port");
	want(STRATEGY_SNI, "https://m.example:8443/er/");
	FIELD(sni, "other.example");
	FIELD(pin, PIN);
	FIELD(address, "203.0.113.7");
	ok(made(), "another name: %s", done.why);
	is_str(p.url, "https://other.example:8443/er/m/1.root.json",
		"is in TLS");
	is_str(p.host, "Host: m.example:8443", "the mirror's in HTTP");
	is_str(p.connect_to, "::203.0.113.7:", "at its address");
	is_str(p.pin, PIN, "with its key");
	want(STRATEGY_NO_SNI, "https://m.example/");
	FIELD(pin, PIN);
	FIELD(address, "2001:db8::7");
	ok(made(), "no name: %s", done.why);
	is_str(p.url, "https://[2001:db8::7]/m/1.root.json", "is an address");
	is_str(p.host, "Host: m.example", "the mirror's in HTTP");
	want(STRATEGY_FRONT, "https://m.example/");
	FIELD(front, "f.example");
	FIELD(address, "203.0.113.8");
	ok(made(), "a front: %s", done.why);
	is_str(p.url, "https://f.example/m/1.root.json", "is in TLS");
	is_str(p.host, "Host: m.example", "the mirror's in HTTP");
	ok(p.pin == NULL, "by a certificate of the front's");
	want(STRATEGY_PROXY, "http://abc.onion/");
	FIELD(proxy, "socks5h://[::1]:9050");
	ok(made(), "a proxy: %s", done.why);
	is_str(p.proxy, "socks5h://[::1]:9050", "by its address");
	ok(strlen(p.user) == 32 && strlen(p.password) == 32 && p.cleartext,
		"with a circuit");
}

static bool
is_address(struct span host)
{
	char text[64] = "";
	unsigned char b[16];

	if (host.n > 2 && host.p[0] == '[')
		host = span_sub(host, 1, host.n - 2);
	if (host.n >= sizeof(text))
		return false;
	memcpy(text, host.p, host.n);
	return inet_pton(AF_INET, text, b) == 1 ||
	       inet_pton(AF_INET6, text, b) == 1;
}

/* The host of scheme://HOST[:PORT][/...]. */
static struct span
host_in(const char *url)
{
	const char *host = strstr(url, "://") + 3;

	return span_of(host,
		host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/"));
}

/* Whether a plan has a name that libcurl would look for here. */
static bool
is_loud(void)
{
	struct span to;

	if (p.proxy[0] != '\0')
		return !is_address(host_in(p.proxy));
	to = p.connect_to[0] == '\0'
		     ? host_in(p.url)
		     : span_of(p.connect_to + 2, strlen(p.connect_to) - 3);
	if (is_address(to))
		return false;
	/* A name: only by a resolver, which has an address. */
	return p.doh == NULL ||
	       (p.resolve[0] == '\0' && !is_address(host_in(p.doh)));
}

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* The k-th choice of a list; k goes on to the next. */
#define CHOOSE(list) (k /= chosen, chosen = COUNT(list), (list)[k % chosen])

/* Every silent strategy with every combination of what a list may give. */
static void
test_silent(void)
{
	static const char *const bases[] = {"https://m.example/",
		"https://203.0.113.5/", "http://m.example:81/",
		"https://abc.onion/", "https://127.1/", "https://0x7f.0.0.1/"};
	static const char *const addresses[] = {"", "203.0.113.7", "m.example",
		"203.0.113.7:1", "[2001:db8::1]", "2001:db8::1", "::1",
		"127.0.0.1", "1", "0x7f.1", "203.0.113.7 ", "203.0.113.7\n",
		"fe80::1%eth0", "localhost"};
	static const char *const names[] = {"", "f.example", "203.0.113.8",
		"f.example:1", "f.example/", "F.example", "-", "a..b",
		"f.example\r\nX: y", "u@f.example", "[2001:db8::1]", "::1"};
	static const char *const resolvers[] = {"",
		"https://r.example/dns-query", "https://203.0.113.9/q",
		"http://203.0.113.9/q", "https://r.example", "r.example",
		"https://u@r.example/q", "https://r.example/q?x"};
	static const char *const pins[] = {"", PIN};
	static const char *const at[] = {"", "203.0.113.9", "r2.example"};
	static const char *const proxies[] = {
		"socks5h://203.0.113.4:1", "socks5h://p.example:1"};
	const size_t all = COUNT(bases) * COUNT(addresses) * COUNT(names) *
			   COUNT(resolvers) * COUNT(pins) * COUNT(at) *
			   COUNT(proxies);
	unsigned good = 0, refused = 0, loud = 0, bad = 0, s;
	size_t i, k, chosen;

	for (s = 0; s < STRATEGY_COUNT; s++) {
		if (!strategy_silent((enum strategy)s) || s == STRATEGY_FILE)
			continue;
		for (i = 0; i < all; i++) {
			k = i;
			chosen = 1;
			want((enum strategy)s, CHOOSE(bases));
			FIELD(address, CHOOSE(addresses));
			FIELD(sni, CHOOSE(names));
			FIELD(front, w.sni);
			FIELD(resolver, CHOOSE(resolvers));
			FIELD(pin, CHOOSE(pins));
			FIELD(resolver_address, CHOOSE(at));
			FIELD(proxy, CHOOSE(proxies));
			if (made()) {
				good++;
				loud += is_loud();
			} else {
				refused++;
				bad += done.err != ERR_REFUSED;
			}
		}
	}
	ok(good > 500 && refused > good, "%u plans, %u refusals", good,
		refused);
	ok(loud == 0, "none tells the resolver of this machine a name");
	ok(bad == 0, "each refusal is one");
	want(STRATEGY_HTTPS, "https://m.example/");
	ok(made() && is_loud(), "plain https would");
}

/* ---- what libcurl makes of them */

static void
test_resolver(void)
{
	struct route r[] = {
		{.strategy = STRATEGY_ADDRESS, .address = "127.0.0.1"},
		{.strategy = STRATEGY_DOH,
			.resolver = "https://r.example:1/q",
			.resolver_address = "127.0.0.1"},
		{.strategy = STRATEGY_SNI,
			.sni = "o.example",
			.pin = PIN,
			.address = "127.0.0.1"},
		{.strategy = STRATEGY_SNI,
			.sni = "o.example",
			.pin = PIN,
			.resolver = "https://r.example:1/q",
			.resolver_address = "127.0.0.1"},
		{.strategy = STRATEGY_NO_SNI,
			.pin = PIN,
			.address = "127.0.0.1"},
		{.strategy = STRATEGY_FRONT,
			.front = "f.example",
			.address = "127.0.0.1"},
		{.strategy = STRATEGY_FRONT,
			.front = "f.example",
			.resolver = "https://r.example:1/q",
			.resolver_address = "127.0.0.1"},
		{.strategy = STRATEGY_PROXY, .proxy = "socks5h://localhost:1"},
		{.strategy = STRATEGY_HTTPS}};
	struct fetch_want want_one = {.base = "https://m.example:1/",
		.path = "x",
		.n = 1,
		.allow_private = true};
	struct fetch_got g;
	struct fetch *f;
	struct diag d;
	size_t i, n = sizeof(r) / sizeof(r[0]);

	if (fetch_new(NULL, &f, &d) != ERR_OK)
		abort();
	for (i = 0; i < n; i++) {
		want_one.route = &r[i];
		is_err(fetch_all(f, &want_one, 1, 20, &g, &d), ERR_OK, "%s",
			strategy_name(r[i].strategy));
		ok(g.err == ERR_NETWORK && g.wire == 0, "fails: %s",
			g.diag.why);
		ok((*asked != 0) == (i + 1 == n), "%s",
			i + 1 == n ? "and asks, which is counted"
				   : "without a word to the resolver here");
		buf_free(&g.body);
	}
	fetch_free(f);
}

int
main(void)
{
	asked = mmap(NULL, sizeof(*asked), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (asked == MAP_FAILED)
		abort();
	test_good();
	test_silent();
	test_resolver();
	return plan();
}
