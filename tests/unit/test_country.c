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

/* "2 0 1": the order of five mirrors for a country. */
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
	size_t at[8], i, len = 0;

	if (countries_find(&cs, code, &c, &d) == ERR_NOMEM)
		return "";
	country_order(&c, m, n, at);
	for (i = 0; i < n; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s",
			i > 0 ? " " : "", m[at[i]].name);
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
	is_err((int)c.order[0], STRATEGY_FILE, "has folders first");
}

int
main(void)
{
	test_order();
	test_find();
	test_bad();
	test_builtin();
	countries_clear(&cs);
	return plan();
}
