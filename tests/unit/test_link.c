#include "../../src/core/limits.h"
#include "../../src/core/link.h"
#include "../lib/tap.h"

#define HEX "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static enum err
parse(const char *s, struct link *l)
{
	struct diag d;

	return link_parse(span_str(s), l, &d);
}

static void
good(void)
{
	struct link l;
	struct buf b;

	buf_init(&b, LINK_MAX);
	is_err(parse("erika:" HEX, &l), ERR_OK, "a fingerprint alone");
	ok(l.n_urls == 0 && l.name == NULL && l.fingerprint[1] == 0x11,
		"says just that");
	link_clear(&l);
	is_err(parse("erika:" HEX "?at=https%3A%2F%2Fa.example%2Fe%2F"
		     "&at=http://b.example/&name=The%20Harbour",
		       &l),
		ERR_OK, "mirrors and a name");
	ok(l.n_urls == 2, "two mirrors");
	is_str(l.urls[0], "https://a.example/e/", "one decoded");
	is_str(l.urls[1], "http://b.example/", "one plain");
	is_str(l.name, "The Harbour", "the name");
	is_err(link_add(&l, &b), ERR_OK, "it is written");
	is_str(buf_cstr(&b),
		"erika:" HEX "?at=https://a.example/e/&at=http://b.example/"
		"&name=The%20Harbour",
		"in its one form");
	link_clear(&l);
	is_err(parse(buf_cstr(&b), &l), ERR_OK, "which reads back");
	ok(l.n_urls == 2 && l.name != NULL, "whole");
	link_clear(&l);
	buf_free(&b);
}

#define PIN "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

/* Other ways to a mirror stand behind its URL. */
static void
ways(void)
{
	static const char link[] =
		"erika:" HEX "?at=https://a.example/e/&address=203.0.113.7"
		"&address=2001:db8::7&pin=sha256//" PIN "&sni=shop.example"
		"&front=cdn.example&kind=storage&at=https://b.example/";
	const struct mirror *m;
	struct link l;
	struct buf b;

	buf_init(&b, LINK_MAX);
	is_err(parse(link, &l), ERR_OK, "a link with other ways");
	m = &l.ways[0];
	ok(l.n_urls == 2 && m->n_addresses == 2 && m->storage,
		"has two addresses of the first mirror");
	is_str(m->addresses[1], "2001:db8::7", "the second");
	is_str(m->pin, "sha256//" PIN, "its pin");
	is_str(m->sni, "shop.example", "its other name");
	is_str(m->front, "cdn.example", "its front");
	ok(l.ways[1].n_addresses == 0 && l.ways[1].pin == NULL,
		"and nothing of the second mirror");
	is_err(link_add(&l, &b), ERR_OK, "it is written");
	link_clear(&l);
	is_err(parse(buf_cstr(&b), &l), ERR_OK, "and read again");
	ok(strstr(buf_cstr(&b), "%3D&sni=") != NULL,
		"its base64 percent-encoded");
	ok(l.n_urls == 2 && l.ways[0].n_addresses == 2 && l.ways[0].storage,
		"whole");
	link_clear(&l);
	ok(l.ways[0].pin == NULL, "and cleared");
	buf_free(&b);
}

static void
bad(void)
{
	static const struct {
		const char *link;
		enum err want;
	} cases[] = {
		{"", ERR_SYNTAX},
		{"erika:", ERR_SYNTAX},
		{"ERIKA:" HEX, ERR_SYNTAX},
		{"erika:" HEX "0", ERR_SYNTAX},
		{"erika:0" HEX, ERR_SYNTAX},
		{"erika:" HEX "?", ERR_SYNTAX},
		{"erika:" HEX "&at=https://a.example/", ERR_SYNTAX},
		{"erika:" HEX "?at=https://a.example/&", ERR_SYNTAX},
		{"erika:" HEX "?from=https://a.example/", ERR_SYNTAX},
		{"erika:" HEX "?at=https://a.example", ERR_REFUSED},
		{"erika:" HEX "?at=file:///etc/", ERR_REFUSED},
		{"erika:" HEX "?at=https://u@a.example/", ERR_REFUSED},
		{"erika:" HEX "?at=https://a.example/%00/", ERR_REFUSED},
		{"erika:" HEX "?at=%", ERR_SYNTAX},
		{"erika:" HEX "?at=%4", ERR_SYNTAX},
		{"erika:" HEX "?at=%4g", ERR_SYNTAX},
		{"erika:" HEX "?address=203.0.113.7", ERR_SYNTAX},
		{"erika:" HEX "?pin=sha256//" PIN "&at=https://a.example/",
			ERR_SYNTAX},
		{"erika:" HEX "?at=https://a.example/&address=10.0.0.1",
			ERR_REFUSED},
		{"erika:" HEX "?at=https://a.example/&address=a.example",
			ERR_REFUSED},
		{"erika:" HEX "?at=https://a.example/&address=203.0.113.7"
		 "&address=203.0.113.7",
			ERR_REFUSED},
		{"erika:" HEX "?at=https://a.example/&pin=AAEC", ERR_REFUSED},
		{"erika:" HEX "?at=https://a.example/&pin=sha256//" PIN
		 "&pin=sha256//" PIN,
			ERR_SYNTAX},
		{"erika:" HEX "?at=https://a.example/&sni=shop.example",
			ERR_REFUSED},
		{"erika:" HEX "?at=http://a.example/&front=cdn.example",
			ERR_REFUSED},
		{"erika:" HEX "?at=https://a.example/&front=localhost",
			ERR_REFUSED},
		{"erika:" HEX "?at=https://a.example/&kind=plain", ERR_SYNTAX},
		{"erika:" HEX "?at=https://a.example/&kind=storage"
		 "&kind=storage",
			ERR_SYNTAX},
		{"erika:" HEX "?at=https://a.example/&front=a%00.example",
			ERR_SYNTAX},
		{"erika:" HEX "?name=", ERR_SYNTAX},
		{"erika:" HEX "?name=a&name=b", ERR_SYNTAX},
		{"erika:" HEX "?name=a%0ab", ERR_SYNTAX},
		{"erika:" HEX "?name=%ff", ERR_SYNTAX},
		{"erika:" HEX "?name=%1b[2J", ERR_SYNTAX},
	};
	struct link l;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		is_err(parse(cases[i].link, &l), cases[i].want,
			"refused: case %zu", i);
		ok(l.n_urls == 0 && l.name == NULL, "and nothing left of it");
	}
}

static void
large(void)
{
	char *s = malloc(LINK_MAX + 2);
	struct link l;
	size_t i, n;

	memset(s, 'a', LINK_MAX + 1);
	s[LINK_MAX + 1] = '\0';
	is_err(parse(s, &l), ERR_LIMIT, "a link too long");
	n = (size_t)snprintf(s, LINK_MAX, "erika:" HEX);
	for (i = 0; i < LINK_URLS + 1; i++)
		n += (size_t)snprintf(s + n, LINK_MAX - n,
			"%cat=http://m%zu.example/", i == 0 ? '?' : '&', i);
	is_err(parse(s, &l), ERR_LIMIT, "too many mirrors");
	n = (size_t)snprintf(s, LINK_MAX, "erika:" HEX "?name=");
	memset(s + n, 'x', LIMIT_URL + 1);
	s[n + LIMIT_URL + 1] = '\0';
	is_err(parse(s, &l), ERR_LIMIT, "a value too long");
	free(s);
}

int
main(void)
{
	good();
	ways();
	bad();
	large();
	return plan();
}
