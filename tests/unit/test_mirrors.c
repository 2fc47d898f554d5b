#include "../lib/tap.h"

#include "../../src/core/limits.h"
#include "../../src/core/mirrors.h"

static struct mirrors ms;
static struct diag d;

#define LIST(mirrors)                                                          \
	"{\"_type\":\"erika-mirrors-1\",\"mirrors\":[" mirrors "]}"
#define NORTH "{\"name\":\"north\",\"url\":\"https://north.example/\"}"

static enum err
parse(const char *s)
{
	mirrors_clear(&ms);
	memset(&d, 0, sizeof(d));
	return mirrors_parse(span_str(s), &ms, &d);
}

static void
bad(const char *s, enum err e, const char *name)
{
	is_err(parse(s), e, "refused: %s", name);
	ok(ms.n == 0 && d.why[0] != '\0', "  and says why: %s", d.why);
}

static void
test_url(void)
{
	static const char *const good[] = {"https://host.example/",
		"http://host.example:8080/a/b-c/", "https://192.0.2.1/",
		"https://[2001:db8::1]:8443/x/", "http://localhost/",
		"https://h/%D0%B0/", "https://a-b.example/~x/_y/"};
	static const char *const wrong[] = {"", "https", "https://",
		"https:///", "https://host.example", "https://host.example/a",
		"ftp://host.example/", "HTTPS://host.example/",
		"https://Host.example/", "file:///mnt/", "/mnt/",
		"https://user@host.example/", "https://u:p@host.example/",
		"https://host.example/?q=1/", "https://host.example/#f/",
		"https://host.example/a//b/", "https://host.example/../",
		"https://host.example/a/./", "https://host.example:/",
		"https://host.example:0/", "https://host.example:65536/",
		"https://host.example:080/", "https://host..example/",
		"https://.host.example/", "https://host.example./",
		"https://-host.example/", "https://host.example-/",
		"https://host_x.example/", "https://host.example/a b/",
		"https://host.example/%zz/", "https://host.example/%4/",
		"https://host.example/\x1b/", "https://[::1/", "https://[]/",
		"https://[::1]x/", "https://[::1%eth0]/", "https://host\\x/",
		" https://host.example/", "https://host.example/ ",
		"https://h\xc3\xb6st.example/", "https:/host.example/",
		"javascript:alert(1)//"};
	char big[LIMIT_URL + 64];
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ok(mirrors_url_ok(span_str(good[i])), "%s", good[i]);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ok(!mirrors_url_ok(span_str(wrong[i])), "wrong URL %zu", i);
	ok(!mirrors_url_ok(span_of("https://h/\0/", 12)), "NUL in a URL");
	memset(big, 'a', sizeof(big));
	memcpy(big, "https://h/", 10);
	big[LIMIT_URL - 1] = '/';
	big[LIMIT_URL] = '/';
	ok(mirrors_url_ok(span_of(big, LIMIT_URL)), "the longest URL");
	big[LIMIT_URL - 1] = 'a';
	ok(!mirrors_url_ok(span_of(big, LIMIT_URL + 1)), "a longer one");
}

static void
test_base(void)
{
	struct span host;

	ok(mirrors_base_ok(span_str("/mnt/usb")), "a folder");
	ok(mirrors_base_ok(span_str("file:///mnt/usb/")), "a file URL");
	ok(mirrors_base_ok(span_str("https://h.example/")), "a URL");
	ok(!mirrors_base_ok(span_str("mnt/usb")), "a relative folder is none");
	ok(!mirrors_base_ok(span_str("file://host/x/")), "nor one elsewhere");
	ok(!mirrors_base_ok(span_of("/a\0b", 4)), "nor one with NUL");
	ok(!mirrors_base_ok(span_str("")), "nor nothing");
	host = mirrors_host(span_str("https://h.example:81/x/"));
	ok(span_eq(host, span_str("h.example")), "host without port");
	host = mirrors_host(span_str("https://[::1]:81/x/"));
	ok(span_eq(host, span_str("[::1]")), "host of an IPv6 URL");
	ok(mirrors_host(span_str("/mnt/usb")).n == 0, "a folder has none");
}

static void
test_parse(void)
{
	static const char two[] =
		LIST("{\"countries\":[\"RU\",\"BY\"],\"name\":\"east\","
		     "\"url\":\"http://east.example:81/x/\"}," NORTH);
	struct buf out;

	is_err(parse(two), ERR_OK, "a list of two");
	ok(ms.n == 2 && ms.list[0].n_countries == 2 &&
			ms.list[1].n_countries == 0 && ms.list[0].to == NULL,
		"with countries where given");
	is_str(ms.list[0].name, "east", "in its own order");
	is_str(ms.list[0].countries[1].s, "BY", "countries too");
	is_str(ms.list[1].url, "https://north.example/", "with URLs");
	buf_init(&out, 4096);
	is_err(mirrors_write(&ms, &out, &d), ERR_OK, "is written");
	is_str(buf_cstr(&out), two, "as the same bytes");
	buf_free(&out);
	is_err(parse(LIST("")), ERR_OK, "an empty list is one");
}

static void
test_bad(void)
{
	char many[64 * 1024], *p = many;
	int i;

	bad("", ERR_SYNTAX, "nothing");
	bad("[]", ERR_SYNTAX, "an array");
	bad("{\"_type\":\"erika-mirrors-2\",\"mirrors\":[]}", ERR_UNSUPPORTED,
		"another version");
	bad("{\"mirrors\":[]}", ERR_SYNTAX, "no type");
	bad("{\"_type\":\"erika-mirrors-1\"}", ERR_SYNTAX, "no list");
	bad("{\"_type\":\"erika-mirrors-1\",\"mirrors\":[],\"x\":1}",
		ERR_SYNTAX, "an unknown member");
	bad(LIST("") " ", ERR_SYNTAX, "a trailing space");
	bad("{\"mirrors\":[],\"_type\":\"erika-mirrors-1\"}", ERR_SYNTAX,
		"members in another order");
	bad(LIST("{\"name\":\"nor\\u0074h\",\"url\":\"https://n.example/\"}"),
		ERR_SYNTAX, "an escape that need not be");
	bad(LIST("1"), ERR_SYNTAX, "a number for a mirror");
	bad(LIST("{\"name\":\"north\"}"), ERR_SYNTAX, "no url");
	bad(LIST("{\"name\":\"north\",\"to\":\"/x\",\"url\":\"https://n/\"}"),
		ERR_SYNTAX, "a private member");
	bad(LIST("{\"name\":\"North\",\"url\":\"https://n.example/\"}"),
		ERR_REFUSED, "upper case in a name");
	bad(LIST("{\"name\":\"n\",\"url\":\"file:///etc/\"}"), ERR_REFUSED,
		"a folder");
	bad(LIST(NORTH "," NORTH), ERR_REFUSED, "a mirror twice");
	bad(LIST(NORTH ",{\"name\":\"south\","
		       "\"url\":\"https://north.example/\"}"),
		ERR_REFUSED, "a URL twice");
	bad(LIST("{\"countries\":[],\"name\":\"n\",\"url\":\"https://n/\"}"),
		ERR_REFUSED, "no country in a list of them");
	bad(LIST("{\"countries\":[\"RU\",\"RU\"],\"name\":\"n\","
		 "\"url\":\"https://n/\"}"),
		ERR_REFUSED, "a country twice");
	bad(LIST("{\"countries\":[\"ru\"],\"name\":\"n\","
		 "\"url\":\"https://n/\"}"),
		ERR_REFUSED, "a lower-case country");
	bad(LIST("{\"countries\":[1],\"name\":\"n\",\"url\":\"https://n/\"}"),
		ERR_SYNTAX, "a number for a country");
	p += sprintf(p, "{\"_type\":\"erika-mirrors-1\",\"mirrors\":[");
	for (i = 0; i <= LIMIT_MIRRORS; i++)
		p += sprintf(p, "%s{\"name\":\"m%d\",\"url\":\"https://m%d/\"}",
			i > 0 ? "," : "", i, i);
	sprintf(p, "]}");
	is_err(parse(many), ERR_LIMIT, "refused: one mirror too many");
}

/* No byte of a list may change unnoticed into another list that is read with
 * the same content, and none may crash the reader. */
static void
test_mutants(void)
{
	static const char list[] =
		LIST("{\"countries\":[\"RU\"],\"name\":\"east\","
		     "\"url\":\"https://e.example/\"}," NORTH);
	char copy[sizeof(list)];
	struct buf out;
	size_t i, same = 0, read = 0;
	int bit;

	buf_init(&out, 4096);
	for (i = 0; i + 1 < sizeof(list); i++) {
		for (bit = 0; bit < 8; bit++) {
			memcpy(copy, list, sizeof(copy));
			copy[i] = (char)(copy[i] ^ 1 << bit);
			mirrors_clear(&ms);
			if (mirrors_parse(span_of(copy, sizeof(copy) - 1), &ms,
				    &d) != ERR_OK)
				continue;
			read++;
			buf_clear(&out);
			if (mirrors_write(&ms, &out, &d) == ERR_OK &&
				strcmp(buf_cstr(&out), copy) == 0)
				same++;
		}
	}
	ok(read > 0 && read == same,
		"%zu mutants are read, each is written back as it was", read);
	buf_free(&out);
}

static enum err
config(const char *s)
{
	mirrors_clear(&ms);
	memset(&d, 0, sizeof(d));
	return mirrors_config(span_str(s), "m.ini", &ms, &d);
}

static void
bad_config(const char *s, const char *why, const char *name)
{
	is_err(config(s), ERR_CONFIG, "refused: %s", name);
	ok(ms.n == 0 && strstr(d.why, why) != NULL &&
			strstr(d.why, "m.ini") != NULL,
		"  and says: %s", d.why);
}

static void
test_config(void)
{
	struct buf out;

	is_err(config("[mirror \"north\"]\nurl = https://north.example/\n"
		      "to = /srv/copy\n\n[mirror \"east\"]\n"
		      "url = https://e.example/ # comment\n"
		      "countries = RU, BY ,KZ\n"),
		ERR_OK, "the newsroom's file");
	ok(ms.n == 2 && ms.list[1].to == NULL && ms.list[1].n_countries == 3,
		"has two mirrors");
	is_str(ms.list[0].to, "/srv/copy", "one with a place to copy to");
	buf_init(&out, 4096);
	is_err(mirrors_write(&ms, &out, &d), ERR_OK, "and can be signed");
	ok(strstr(buf_cstr(&out), "srv") == NULL, "without that place");
	buf_free(&out);
	is_err(config(""), ERR_OK, "an empty file has none");
	bad_config("url = https://n/\n", "outside", "a key outside");
	bad_config("[mirror \"n\"]\nuri = https://n/\n", "unknown key",
		"an unknown key");
	is_err(config("[mirror \"n\"]\nto = /x\n"), ERR_OK,
		"an unlisted mirror needs no url");
	bad_config("[mirror \"n\"]\ncountries = RU\n", "no url",
		"neither url nor to");
	bad_config("[mirror \"n\"]\ncountries = RU\n"
		   "[mirror \"m\"]\nurl = https://m/\n",
		"no url", "nor in the first of two");
	bad_config("[mirror \"n\"]\nurl = n.example\n", "URL", "a bare host");
	bad_config("[mirror]\nurl = https://n/\n", "name", "no name");
	bad_config(
		"[mirror \"N\"]\nurl = https://n/\n", "name", "a wrong name");
	bad_config("[mirror \"n\"]\nurl = https://n/\ncountries = RU BY\n",
		"country code", "countries without commas");
	bad_config("[mirror \"n\"]\nurl = https://n/\ncountries = RU,\n",
		"country code", "a comma at the end");
	bad_config("[mirror \"n\"]\nurl = https://n/\n[mirror \"m\"]\n"
		   "url = https://n/\n",
		"same url", "a URL twice");
	bad_config("[mirror \"n\"]\nurl = https://n/\n[mirror \"m\"]\n"
		   "url = https://m/\n[mirror \"n\"]\nto = /x\n",
		"n", "a section twice");
}

/* What we ship as an example must be one. */
static void
test_example(void)
{
	const char *src = getenv("SRC");
	char path[4096], text[65536];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "%s/mirrors/example-mirrors.ini",
		src == NULL ? "." : src);
	f = fopen(path, "rb");
	if (f == NULL) {
		skip("SRC does not name the source tree", "the example");
		return;
	}
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = '\0';
	is_err(config(text), ERR_OK, "the example is read: %s", d.why);
	ok(ms.n == 5 && ms.n_resolvers == 1, "and has five mirrors");
}

int
main(void)
{
	test_url();
	test_base();
	test_parse();
	test_bad();
	test_mutants();
	test_config();
	test_example();
	mirrors_clear(&ms);
	return plan();
}
