/* The allow-list: what stands in it, and that its rules hang together. */
#include "../../src/core/limits.h"
#include "../../src/core/markup.h"
#include "../lib/tap.h"

static const char *const names[] = {"a", "abbr", "article", "b", "bdi", "bdo",
	"blockquote", "br", "caption", "cite", "code", "col", "colgroup", "dd",
	"del", "details", "div", "dl", "dt", "em", "figcaption", "figure", "h1",
	"h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd", "li",
	"mark", "ol", "p", "pre", "q", "rp", "rt", "ruby", "s", "samp",
	"section", "small", "span", "strong", "sub", "summary", "sup", "table",
	"tbody", "td", "tfoot", "th", "thead", "time", "tr", "u", "ul", "var",
	"wbr"};

static const char *const strangers[] = {"", "A", "P", "script", "style", "svg",
	"math", "iframe", "object", "embed", "form", "input", "button",
	"select", "textarea", "link", "meta", "base", "template", "noscript",
	"video", "audio", "source", "track", "canvas", "map", "area", "html",
	"head", "body", "title", "main", "header", "footer", "nav", "aside",
	"font", "center", "marquee", "frame", "frameset", "applet", "param",
	"dialog", "slot", "picture", "portal", "xmp", "plaintext", "p ", " p",
	"h7", "artic", "articles"};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void
test_elements(void)
{
	const struct markup_element *e, *other;
	size_t i, k, parents;

	for (i = 0; i < COUNT(names); i++) {
		e = markup_element(names[i]);
		ok(e != NULL && strcmp(e->name, names[i]) == 0, "%s", names[i]);
		if (e == NULL)
			continue;
		ok(e->is != 0 && (e->is & (e->is - 1)) == 0,
			"%s is of one kind", names[i]);
		parents = 0;
		for (k = 0; k < COUNT(names); k++) {
			other = markup_element(names[k]);
			parents += other != NULL && markup_holds(other, e);
		}
		ok(parents > 0, "%s can stand somewhere", names[i]);
		ok(markup_holds(NULL, e) == (strcmp(names[i], "article") == 0),
			"%s as the root", names[i]);
	}
	for (i = 0; i < COUNT(strangers); i++)
		ok(markup_element(strangers[i]) == NULL, "not '%s'",
			strangers[i]);
}

static void
test_nesting(void)
{
	static const struct {
		const char *parent, *child;
		bool want;
	} t[] = {
		{"article", "p", true},
		{"article", "em", true},
		{"article", "article", true},
		{"p", "em", true},
		{"p", "p", false},
		{"p", "div", false},
		{"p", "ul", false},
		{"p", "article", false},
		{"em", "p", false},
		{"a", "img", true},
		{"h1", "h2", false},
		{"ul", "li", true},
		{"ul", "ul", false},
		{"ul", "p", false},
		{"li", "ul", true},
		{"li", "li", false},
		{"div", "li", false},
		{"dl", "dt", true},
		{"dl", "dd", true},
		{"dl", "div", false},
		{"table", "tr", true},
		{"table", "tbody", true},
		{"table", "td", false},
		{"table", "caption", true},
		{"table", "col", false},
		{"colgroup", "col", true},
		{"tr", "td", true},
		{"tr", "tr", false},
		{"td", "table", true},
		{"figure", "figcaption", true},
		{"div", "figcaption", false},
		{"details", "summary", true},
		{"p", "summary", false},
		{"ruby", "rt", true},
		{"ruby", "rp", true},
		{"span", "rt", false},
		{"rp", "em", false},
		{"br", "em", false},
		{"img", "p", false},
		{"pre", "code", true},
		{"pre", "p", false},
	};
	size_t i;

	for (i = 0; i < COUNT(t); i++)
		ok(markup_holds(markup_element(t[i].parent),
			   markup_element(t[i].child)) == t[i].want,
			"%s in %s: %s", t[i].child, t[i].parent,
			t[i].want ? "yes" : "no");
}

static void
test_text(void)
{
	static const struct {
		const char *parent, *text;
		bool want;
	} t[] = {
		{"p", "x", true},
		{"article", "x", true},
		{"ul", "x", false},
		{"ul", " \t\n", true},
		{"tr", "\xc2\xa0", false},
		{"br", " ", false},
		{"br", "", true},
		{"rp", "(", true},
	};
	size_t i;

	for (i = 0; i < COUNT(t); i++)
		ok(markup_text_ok(markup_element(t[i].parent),
			   span_str(t[i].text)) == t[i].want,
			"text %zu in %s", i, t[i].parent);
	ok(markup_void(markup_element("img")) &&
			markup_void(markup_element("wbr")) &&
			!markup_void(markup_element("rp")),
		"void elements");
	ok(markup_alone(markup_element("a")) &&
			!markup_alone(markup_element("b")),
		"a link stands alone");
	ok(markup_preformatted(markup_element("pre")) &&
			!markup_preformatted(markup_element("p")),
		"pre keeps its white space");
	is_str(markup_required(markup_element("img")), "src",
		"an image has a source");
	ok(markup_required(markup_element("a")) == NULL,
		"a link needs no target");
}

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void
test_values(void)
{
	static const struct {
		const char *element, *name, *value;
		bool want;
	} t[] = {
		{"p", "lang", "ru", true},
		{"p", "lang", "zh-Hant-TW", true},
		{"p", "lang", "de-1996", true},
		{"p", "lang", "x", true},
		{"p", "lang", "-ru", false},
		{"p", "lang", "ru-", false},
		{"p", "lang", "ru--x", false},
		{"p", "lang", "1ru", false},
		{"p", "lang", "abcdefghi", false},
		{"p", "lang", "ru RU", false},
		{"p", "lang", "aaaaaaaa-aaaaaaaa-aaaaaaaa-aaaaaaaa", true},
		{"p", "lang", "aaaaaaaa-aaaaaaaa-aaaaaaaa-aaaaaaaa-a", false},
		{"p", "dir", "auto", true},
		{"p", "dir", "", false},
		{"p", "title", "\xd0\xb0", true},
		{"p", "title", "a\nb", false},
		{"p", "title", "\xff", false},
		{"p", "id", "n-3", true},
		{"p", "id", "N-3", false},
		{"p", "id", "m-3", false},
		{"p", "class", "x", false},
		{"p", "href", "http://a/", false},
		{"a", "href", "http://a/", true},
		{"a", "href", "https://a", true},
		{"a", "href", "mailto:a@b", true},
		{"a", "href", "#n-3", true},
		{"a", "href", "#", false},
		{"a", "href", "http:", false},
		{"a", "href", "http:/a", false},
		{"a", "href", "https:///a", false},
		{"a", "href", "https://?a", false},
		{"a", "href", "https://#a", false},
		{"a", "href", "Https://a", false},
		{"a", "href", "javascript://a/%0aalert(1)", false},
		{"a", "href", "x-http://a", false},
		{"a", "href", "http://a\tb", false},
		{"a", "href", "http://a\xe3\x80\x80z", false},
		{"a", "href", "http://a\xe2\x80\x82z", false},
		{"a", "href", "http://a\xff", false},
		{"a", "src", HEX, false},
		{"img", "src", HEX, true},
		{"img", "src", HEX " ", false},
		{"img", "alt", "", true},
		{"img", "alt", "a\tb", false},
		{"img", "width", "20000", true},
		{"img", "width", "20001", false},
		{"img", "width", "99999999999999999999999", false},
		{"img", "width", "-1", false},
		{"img", "href", "http://a/", false},
		{"td", "colspan", "1", true},
		{"th", "rowspan", "1000", true},
		{"th", "scope", "colgroup", true},
		{"tr", "colspan", "1", false},
		{"ol", "start", "0", true},
		{"ol", "start", "-1000000", true},
		{"ol", "start", "-", false},
		{"ol", "start", "--1", false},
		{"ul", "start", "1", false},
		{"ol", "reversed", "reversed", true},
		{"time", "datetime", "2026-03-05T14:30:00Z", true},
		{"time", "datetime", "P3D", true},
		{"time", "datetime", "", false},
		{"time", "datetime", "2026/03", false},
		{"details", "open", "open", true},
		{"p", "", "", false},
	};
	size_t i;

	for (i = 0; i < COUNT(t); i++)
		ok(markup_attr_ok(markup_element(t[i].element), t[i].name,
			   span_str(t[i].value)) == t[i].want,
			"%s %s '%s'", t[i].element, t[i].name, t[i].value);
	ok(!markup_attr_ok(
		   markup_element("a"), "href", span_of("http://a\0b", 10)),
		"a NUL in an address");
	ok(!markup_attr_ok(
		   markup_element("a"), "href", span_of("http://\0", 8)),
		"a NUL for a host");
	ok(!markup_attr_ok(markup_element("time"), "datetime", span_of("", 1)),
		"a NUL for a date");
	ok(markup_attr_known(markup_element("a"), "href") &&
			!markup_attr_known(markup_element("a"), "alt"),
		"known attributes");
}

int
main(void)
{
	test_elements();
	test_nesting();
	test_text();
	test_values();
	return plan();
}
