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
	bad();
	large();
	return plan();
}
