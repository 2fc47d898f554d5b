#include "../lib/tap.h"

#include "../../src/core/country.h"
#include "../../src/core/mirrors.h"

static struct countries cs;
static struct diag d;

static enum err
parse(const char *s)
{
	countries_clear(&cs);
	memset(&d, 0, sizeof(d));
	return countries_parse(span_str(s), "t.ini", COUNTRY_USER, &cs, &d);
}

static void
bad(const char *s, const char *why, const char *name)
{
	is_err(parse(s), ERR_CONFIG, "refused: %s", name);
	ok(strstr(d.why, why) != NULL && cs.n == 0, "  and says \"%s\"", why);
	if (strstr(d.why, why) == NULL)
		printf("#   %s\n", d.why);
}

/* How late a mirror of this URL is tried: by its place, then by the way that
 * the URL has. */
static size_t
lateness(const struct country *c, const struct mirror *m)
{
	enum strategy way = strncmp(m->url, "https:", 6) == 0 ? STRATEGY_HTTPS
			    : strncmp(m->url, "http:", 5) == 0 ? STRATEGY_HTTP
							       : STRATEGY_FILE;

	return country_place(c, m) * (size_t)STRATEGY_COUNT +
	       country_rank(c, way);
}

/* "c a b": the order of mirrors for a country. */
static const char *
order(const char *code)
{
	static struct country_code ru[] = {{"RU"}}, kz_ru[] = {{"KZ"}, {"RU"}};
	static char text[64];
	static const struct mirror m[] = {
		{.name = "a", .url = "http://a.example/"},
		{.name = "b", .url = "https://x.cloud.example/"},
		{.name = "c", .url = "/mnt/usb"},
		{.name = "d", .url = "https://d.example/"},
		{.name = "e",
			.url = "https://e.example/",
			.countries = ru,
			.n_countries = 1},
		{.name = "f",
			.url = "https://cloud.example/",
			.countries = kz_ru,
			.n_countries = 2},
		{.name = "g", .url = "https://mycloud.example:444/"},
		{.name = "h", .url = "file:///mnt/disk/"},
	};
	const size_t n = sizeof(m) / sizeof(m[0]);
	struct country c;
	size_t i, late, len = 0;

	if (countries_find(&cs, code, &c, &d) == ERR_NOMEM)
		return "";
	for (late = 0; late < (size_t)COUNTRY_PLACES * STRATEGY_COUNT; late++)
		for (i = 0; i < n; i++)
			if (lateness(&c, &m[i]) == late)
				len += (size_t)snprintf(text + len,
					sizeof(text) - len, "%s%s",
					len > 0 ? " " : "", m[i].name);
	return text;
}

static void
test_order(void)
{
	is_err(parse("[country \"RU\"]\nname = Russia\n"
		     "avoid-hosts = other.example, cloud.example\n"
		     "[country \"TM\"]\nname = T\nstrategies = file\n"
		     "[country \"BY\"]\nname = B\nstrategies = http, file\n"),
		ERR_OK, "a table is read");
	is_str(order(""), "b d g c h a e f",
		"neutral: https, folders, http; others' mirrors last");
	is_str(order("RU"), "e d g c h a f b",
		"avoided hosts last, also with a name below them; mirrors "
		"meant for the country first; a like name is no suffix");
	is_str(order("TM"), "c h b d g a e f",
		"a preferred kind first, the others behind it");
	is_str(order("BY"), "a c h b d g e f", "two preferred kinds");
	is_str(order("KZ"), "f b d g c h a e",
		"an unknown country still finds the mirrors meant for it");
}

static void
test_find(void)
{
	struct country c;

	is_err(countries_find(&cs, "RU", &c, &d), ERR_OK, "RU is known");
	is_str(c.name, "Russia", "by its name");
	is_err(countries_find(&cs, "KZ", &c, &d), ERR_MISSING,
		"KZ is not known");
	ok(strstr(d.why, "KZ") != NULL && strcmp(c.code.s, "KZ") == 0,
		"which is said");
	is_err(countries_find(&cs, "", &c, &d), ERR_OK, "no country is fine");
	is_err(countries_find(&cs, "ru", &c, &d), ERR_USAGE,
		"lower case is no code");
	is_err(countries_find(&cs, "RUS", &c, &d), ERR_USAGE,
		"three letters are none");
	is_err(countries_find(&cs, "R\x1b", &c, &d), ERR_USAGE,
		"an escape is none");
	ok(strchr(d.why, '\x1b') == NULL, "and is not repeated");
}

static void
test_bad(void)
{
	bad("name = x\n", "outside", "a key outside");
	bad("[land \"RU\"]\nname = x\n", "outside", "another section");
	bad("[country \"ru\"]\nname = x\n", "country code", "lower case");
	bad("[country]\nname = x\n", "country code", "no label");
	bad("[country \"RU\"]\ncolour = x\n", "unknown key", "unknown key");
	bad("[country \"RU\"]\nprefer = https\n", "unknown key",
		"the key of the first version");
	bad("[country \"RU\"]\nstrategies = ftp\n", "no strategy",
		"an unknown strategy");
	bad("[country \"RU\"]\nstrategies = http, http\n", "twice",
		"a strategy twice");
	bad("[country \"RU\"]\nstrategies = http,\n", "no strategy",
		"an empty strategy");
	bad("[country \"RU\"]\nstrategies = https, address, doh, sni, "
	    "no-sni, front, storage, proxy, file, http, http, http\n",
		"twice", "more strategies than there are");
	bad("[country \"RU\"]\nname = x\navoid-hosts = A.example\n",
		"lower case", "upper case in a host");
	bad("[country \"RU\"]\nname = x\navoid-hosts = .example\n",
		"lower case", "a leading dot");
	bad("[country \"RU\"]\nname = x\navoid-hosts = https://a/\n",
		"lower case", "a URL for a host");
	bad("[country \"RU\"]\nname = x\navoid-hosts = a.example,,b\n",
		"lower case", "an empty host");
	bad("[country \"RU\"]\nname = x\n[country \"BY\"]\nname = y\n"
	    "[country \"RU\"]\nname = z\n",
		"", "a country twice");
}

#define SITES                                                                  \
	"[blocked \"RU a.example\"]\nsource = us\n"                            \
	"[blocked \"RU odd.example\"]\nsource = OONI\nmeasured = 90\n"         \
	"anomalies = 60\n"                                                     \
	"[blocked \"RU sure.odd.example\"]\nname = Sure\nsince = 2022-03\n"    \
	"how = dns, http-diff\nsource = OONI\nmeasured = 90\n"                 \
	"confirmed = 60\nanomalies = 3\nfrom = 2026-01-01\n"                   \
	"until = 2026-02-01\n"

static bool
forbids(const struct country *c, const char *host)
{
	return country_forbids(c, span_str(host));
}

static void
test_blocked(void)
{
	const struct blocked *b;
	struct country c;
	struct buf out;

	is_err(parse(SITES), ERR_OK, "blocked sites");
	is_err(countries_find(&cs, "RU", &c, &d), ERR_OK,
		"make their country known");
	ok(forbids(&c, "a.example") && forbids(&c, "www.a.example"),
		"a site and what is below it are forbidden");
	ok(!forbids(&c, "ba.example") && !forbids(&c, "example") &&
			!forbids(&c, "a.example.org") && !forbids(&c, ""),
		"what only looks like it is not");
	ok(!forbids(&c, "odd.example") &&
			country_blocked(&c, span_str("odd.example")) != NULL,
		"a suspicion forbids nothing");
	ok(forbids(&c, "sure.odd.example") && forbids(&c, "x.sure.odd.example"),
		"proof below it does");
	b = country_blocked(&c, span_str("x.sure.odd.example"));
	ok(b != NULL && b->how == (BLOCKED_DNS | BLOCKED_HTTP_DIFF) &&
			b->confirmed == 60 && b->word == COUNTRY_USER,
		"and says how, how often and on whose word");
	buf_init(&out, 4096);
	is_err(blocked_write("RU", b, &out), ERR_OK, "it is written");
	is_str(buf_cstr(&out), strstr(SITES, "[blocked \"RU sure"),
		"as it was");
	buf_free(&out);
	is_err(countries_find(&cs, "BY", &c, &d), ERR_MISSING, "elsewhere");
	ok(!forbids(&c, "a.example"), "it is not forbidden");
}

static void
test_blocked_bad(void)
{
	bad("[blocked \"RU\"]\nsource = x\n", "host name", "no site");
	bad("[blocked \"RU com\"]\nsource = x\n", "host name", "all of com");
	bad("[blocked \"RU  a.example\"]\nsource = x\n", "host name",
		"two spaces");
	bad("[blocked \"RU A.example\"]\nsource = x\n", "host name",
		"upper case");
	bad("[blocked \"ru a.example\"]\nsource = x\n", "country code",
		"no country");
	bad("[blocked \"RU a.example\"]\nname = x\n", "no source", "no source");
	bad("[blocked \"RU a.example\"]\nsource = x\nhow = magic\n", "dns",
		"an unknown way");
	bad("[blocked \"RU a.example\"]\nsource = x\nhow = dns, dns\n", "once",
		"a way twice");
	bad("[blocked \"RU a.example\"]\nsource = x\nsince = 2022-02-30\n",
		"since", "no such day");
	bad("[blocked \"RU a.example\"]\nsource = x\nsince = 22\n", "since",
		"half a year");
	bad("[blocked \"RU a.example\"]\nsource = x\nmeasured = 5\n"
	    "confirmed = 6\n",
		"more than was measured", "too many confirmed");
	bad("[blocked \"RU a.example\"]\nsource = x\nmeasured = 5\n"
	    "confirmed = 3\nanomalies = 3\n",
		"more than was measured", "too many in all");
	bad("[blocked \"RU a.example\"]\nsource = x\n"
	    "measured = 9007199254740992\n",
		"a number", "a count over 2^53");
	bad("[blocked \"RU a.example\"]\nsource = x\nfrom = 2026-01-01\n",
		"one end", "half a period");
	bad("[blocked \"RU a.example\"]\nsource = x\nfrom = 2026-01-02\n"
	    "until = 2026-01-01\n",
		"before it begins", "a period backwards");
}

/* Built-in, then the outlet's, then the user's word. */
static void
test_overlay(void)
{
	static const char shipped[] =
		"[country \"RU\"]\nname = Russia\nstrategies = https, doh\n"
		"avoid-hosts = cloud.example\n"
		"[blocked \"RU a.example\"]\nname = A\nsince = 2020\n"
		"source = shipped\n";
	static const char told[] =
		"[country \"RU\"]\nstrategies = front\nmirrors = m\n"
		"[blocked \"RU a.example\"]\nsource = told\n"
		"[blocked \"BY b.example\"]\nsource = told\n";
	struct countries base, more, mine;
	struct country c;

	ok(countries_parse(span_str(shipped), "a", COUNTRY_BUILTIN, &base,
		   &d) == ERR_OK &&
			countries_parse(span_str(told), "b", COUNTRY_SIGNED,
				&more, &d) == ERR_OK &&
			countries_parse(span_str(shipped), "c", COUNTRY_USER,
				&mine, &d) == ERR_OK,
		"three tables");
	is_err(countries_overlay(&base, &more, &d), ERR_OK,
		"the outlet's over the built-in one");
	ok(countries_find(&base, "RU", &c, &d) == ERR_OK &&
			c.order[0] == STRATEGY_FRONT && c.ordered == 1 &&
			c.order[1] == STRATEGY_HTTPS &&
			c.word == COUNTRY_SIGNED,
		"has the outlet's order");
	ok(strcmp(c.name, "Russia") == 0 && c.n_avoid == 1 && c.n_mirrors == 1,
		"beside what it did not speak of");
	ok(c.n_blocked == 1 && strcmp(c.blocked[0].source, "told") == 0 &&
			strcmp(c.blocked[0].name, "A") == 0 &&
			strcmp(c.blocked[0].since, "2020") == 0,
		"and its word about a site");
	ok(countries_find(&base, "BY", &c, &d) == ERR_OK && c.n_blocked == 1,
		"and about another country");
	is_err(countries_overlay(&mine, &more, &d), ERR_OK,
		"the outlet's over the user's");
	ok(countries_find(&mine, "RU", &c, &d) == ERR_OK &&
			c.order[0] == STRATEGY_HTTPS &&
			c.word == COUNTRY_USER &&
			strcmp(c.blocked[0].source, "shipped") == 0,
		"changes nothing of the user's");
	ok(c.n_mirrors == 1, "but adds the mirrors that it has");
	is_err(countries_overlay(&mine, &more, &d), ERR_OK, "twice");
	ok(countries_find(&mine, "RU", &c, &d) == ERR_OK && c.n_mirrors == 1 &&
			c.n_blocked == 1,
		"is like once");
	countries_clear(&base);
	countries_clear(&more);
	countries_clear(&mine);
}

/* Mirrors that the table names come first, those at hosts to avoid last. */
static void
test_place(void)
{
	const struct mirror named = {.name = "m", .url = "https://m.example/"};
	const struct mirror plain = {.name = "p", .url = "https://p.example/"};
	const struct mirror far = {
		.name = "m", .url = "https://x.cloud.example/"};
	struct country c;

	is_err(parse("[country \"RU\"]\nmirrors = m\n"
		     "avoid-hosts = cloud.example\nstrategies = sni, doh\n"),
		ERR_OK, "a table");
	ok(countries_find(&cs, "RU", &c, &d) == ERR_OK &&
			country_place(&c, &named) < country_place(&c, &plain) &&
			country_place(&c, &plain) < country_place(&c, &far) &&
			country_place(&c, &far) < COUNTRY_PLACES,
		"puts mirrors where they belong");
	ok(country_rank(&c, STRATEGY_SNI) == 0 &&
			country_rank(&c, STRATEGY_DOH) == 1 &&
			country_rank(&c, STRATEGY_HTTPS) == 2 &&
			country_rank(&c, STRATEGY_HTTP) == STRATEGY_COUNT - 1,
		"and ways");
	bad("[country \"RU\"]\nmirrors = m, m\n", "twice", "a mirror twice");
	bad("[country \"RU\"]\nmirrors = M\n", "name", "a wrong name");
}

static void
test_builtin(void)
{
	static const char *const codes[] = {"BY", "CN", "IR", "RU", "TM"};
	struct country c;
	size_t i;

	countries_clear(&cs);
	is_err(countries_builtin(&cs, &d), ERR_OK, "the built-in table reads");
	for (i = 0; i < 5; i++)
		is_err(countries_find(&cs, codes[i], &c, &d), ERR_OK,
			"it knows %s", codes[i]);
	ok(countries_find(&cs, "RU", &c, &d) == ERR_OK && c.n_avoid > 4,
		"and in Russia the hosts to try last");
	is_err(countries_find(&cs, "TM", &c, &d), ERR_OK, "Turkmenistan");
	ok(countries_find(&cs, "RU", &c, &d) == ERR_OK &&
			forbids(&c, "meduza.io") && !forbids(&c, "meduza.org"),
		"and blocked sites");
	is_err(countries_find(&cs, "TM", &c, &d), ERR_OK, "Turkmenistan");
	is_err((int)c.order[0], STRATEGY_FILE, "has folders first");
}

int
main(void)
{
	test_order();
	test_find();
	test_bad();
	test_blocked();
	test_blocked_bad();
	test_overlay();
	test_place();
	test_builtin();
	countries_clear(&cs);
	return plan();
}
