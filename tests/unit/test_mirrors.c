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

#define PIN "sha256//AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define WAYS                                                                   \
	"{\"addresses\":[\"203.0.113.7\",\"2001:db8::7\"],"                    \
	"\"front\":\"cdn.example\",\"kind\":\"storage\",\"name\":\"far\","     \
	"\"pin\":\"" PIN "\",\"sni\":\"shop.example\","                        \
	"\"url\":\"https://far.example/\"}"
#define WITH(m, more)                                                          \
	"{\"_type\":\"erika-mirrors-1\"," more "\"mirrors\":[" m "]}"
#define RESOLVERS(r)                                                           \
	"{\"_type\":\"erika-mirrors-1\",\"mirrors\":[],\"resolvers\":[" r "]}"

static void
test_ways(void)
{
	const struct mirror *m;
	struct buf out;

	buf_init(&out, 4096);
	is_err(parse(LIST(WAYS)), ERR_OK, "a mirror with other ways");
	m = &ms.list[0];
	ok(ms.n == 1 && m->n_addresses == 2 && m->storage,
		"has addresses and a kind");
	is_str(m->pin, PIN, "its key");
	is_str(m->sni, "shop.example", "another name");
	is_str(m->front, "cdn.example", "and a front");
	is_err(mirrors_write(&ms, &out, &d), ERR_OK, "it is written");
	is_str(buf_cstr(&out), LIST(WAYS), "as it was");
	is_err(parse(RESOLVERS("{\"address\":\"203.0.113.53\","
			       "\"url\":\"https://dns.example/dns-query\"},"
			       "{\"url\":\"https://203.0.113.54/q\"}")),
		ERR_OK, "resolvers, one of which is an address itself");
	ok(ms.n_resolvers == 2 && ms.resolvers[1].address == NULL, "are two");
	is_err(parse(WITH("", "\"countries\":{\"RU\":{\"blocked\":[{\"host\":"
			      "\"a.example\",\"source\":\"us\"}],"
			      "\"strategies\":[\"sni\"]}},")),
		ERR_OK, "what is known about a country");
	ok(ms.countries.n == 1 && ms.countries.list[0].n_blocked == 1 &&
			ms.countries.list[0].order[0] == STRATEGY_SNI,
		"is there");
	buf_clear(&out);
	is_err(mirrors_write(&ms, &out, &d), ERR_OK, "it is written");
	is_err(parse(buf_cstr(&out)), ERR_OK, "and read again");
	buf_free(&out);
}

/* One member of a mirror, after "{" and before its name. */
#define ONE(members, url) LIST("{" members ",\"url\":\"" url "\"}")

static void
test_ways_bad(void)
{
	bad(ONE("\"addresses\":[],\"name\":\"n\"", "https://n/"), ERR_REFUSED,
		"no address in a list of them");
	bad(ONE("\"addresses\":[\"10.0.0.1\"],\"name\":\"n\"", "https://n/"),
		ERR_REFUSED, "a private address");
	bad(ONE("\"addresses\":[\"::1\"],\"name\":\"n\"", "https://n/"),
		ERR_REFUSED, "this machine");
	bad(ONE("\"addresses\":[\"n.example\"],\"name\":\"n\"", "https://n/"),
		ERR_REFUSED, "a name for an address");
	bad(ONE("\"addresses\":[\"8.8.8.8\",\"8.8.8.8\"],\"name\":\"n\"",
		    "https://n/"),
		ERR_REFUSED, "an address twice");
	bad(ONE("\"addresses\":[1],\"name\":\"n\"", "https://n/"), ERR_SYNTAX,
		"a number for an address");
	bad(ONE("\"addresses\":[\"1.1.1.1\",\"1.1.1.2\",\"1.1.1.3\","
		"\"1.1.1.4\",\"1.1.1.5\",\"1.1.1.6\",\"1.1.1.7\","
		"\"1.1.1.8\",\"1.1.1.9\"],\"name\":\"n\"",
		    "https://n/"),
		ERR_LIMIT, "nine addresses");
	bad(ONE("\"name\":\"n\",\"pin\":\"sha256//AAEC\"", "https://n/"),
		ERR_REFUSED, "a short pin");
	bad(ONE("\"name\":\"n\",\"pin\":\"sha1//AAEC\"", "https://n/"),
		ERR_REFUSED, "another kind of pin");
	bad(ONE("\"name\":\"n\",\"pin\":\"" PIN "\"", "http://n/"), ERR_REFUSED,
		"a pin without TLS");
	bad(ONE("\"name\":\"n\",\"sni\":\"shop.example\"", "https://n/"),
		ERR_REFUSED, "another name without a pin");
	bad(ONE("\"name\":\"n\",\"pin\":\"" PIN "\",\"sni\":\"1.2.3.4\"",
		    "https://n/"),
		ERR_REFUSED, "an address for a name");
	bad(ONE("\"name\":\"n\",\"pin\":\"" PIN "\",\"sni\":\"Shop.example\"",
		    "https://n/"),
		ERR_REFUSED, "upper case in a name");
	bad(ONE("\"front\":\"localhost\",\"name\":\"n\"", "https://n/"),
		ERR_REFUSED, "a front without a dot");
	bad(ONE("\"front\":\"a.example:443\",\"name\":\"n\"", "https://n/"),
		ERR_REFUSED, "a front with a port");
	bad(ONE("\"kind\":\"plain\",\"name\":\"n\"", "https://n/"), ERR_REFUSED,
		"the kind that is not named");
	bad(ONE("\"kind\":\"storage\",\"name\":\"n\"", "http://n/"),
		ERR_REFUSED, "storage without TLS");
	bad(RESOLVERS(""), ERR_REFUSED, "no resolver in a list of them");
	bad(RESOLVERS("{\"url\":\"https://dns.example/q\"}"), ERR_REFUSED,
		"a resolver that would have to be looked up");
	bad(RESOLVERS("{\"address\":\"192.168.0.1\","
		      "\"url\":\"https://dns.example/q\"}"),
		ERR_REFUSED, "a private one");
	bad(RESOLVERS("{\"address\":\"8.8.8.8\","
		      "\"url\":\"http://dns.example/q\"}"),
		ERR_REFUSED, "one without TLS");
	bad(RESOLVERS("{\"address\":\"8.8.8.8\"}"), ERR_SYNTAX,
		"one without a URL");
	bad(RESOLVERS("{\"address\":\"8.8.8.8\",\"port\":1,"
		      "\"url\":\"https://dns.example/q\"}"),
		ERR_SYNTAX, "an unknown member");
	bad(WITH("", "\"countries\":{},"), ERR_REFUSED, "no country");
	bad(WITH("", "\"countries\":{\"ru\":{}},"), ERR_REFUSED,
		"a lower-case country");
	bad(WITH("", "\"countries\":{\"RU\":{\"prefer\":[]}},"), ERR_SYNTAX,
		"an unknown member of a country");
	bad(WITH("", "\"countries\":{\"RU\":{\"strategies\":[\"ftp\"]}},"),
		ERR_REFUSED, "an unknown strategy");
	bad(WITH("", "\"countries\":{\"RU\":{\"strategies\":[]}},"),
		ERR_REFUSED, "no strategy");
	bad(WITH("", "\"countries\":{\"RU\":{\"blocked\":[{\"host\":"
		     "\"a.example\"}]}},"),
		ERR_REFUSED, "a site without a source");
	bad(WITH("", "\"countries\":{\"RU\":{\"blocked\":[{\"host\":\"com\","
		     "\"source\":\"us\"}]}},"),
		ERR_REFUSED, "all of com");
	bad(WITH("", "\"countries\":{\"RU\":{\"blocked\":[{\"host\":"
		     "\"a.example\",\"source\":\"us\"},{\"host\":"
		     "\"a.example\",\"source\":\"us\"}]}},"),
		ERR_REFUSED, "a site twice");
	bad(WITH("", "\"countries\":{\"RU\":{\"blocked\":[{\"confirmed\":2,"
		     "\"host\":\"a.example\",\"measured\":1,"
		     "\"source\":\"us\"}]}},"),
		ERR_REFUSED, "more confirmed than measured");
	bad(WITH("", "\"countries\":{\"RU\":{\"blocked\":[{\"host\":"
		     "\"a.example\",\"how\":[\"magic\"],"
		     "\"source\":\"us\"}]}},"),
		ERR_REFUSED, "a way that OONI has no word for");
	bad(WITH("", "\"countries\":{\"RU\":{\"blocked\":[{\"host\":"
		     "\"a.example\",\"since\":\"2022-13\","
		     "\"source\":\"us\"}]}},"),
		ERR_REFUSED, "a 13th month");
}

/* No byte of a list may change unnoticed into another list that is read with
 * the same content, and none may crash the reader. */
static void
test_mutants(void)
{
	static const char list[] =
		LIST("{\"countries\":[\"RU\"],\"name\":\"east\","
		     "\"url\":\"https://e.example/\"}," NORTH "," WAYS);
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
test_near(void)
{
	static const char *const near[] = {"127.0.0.1", "127.0.0.1:8080",
		"10.1.2.3", "192.168.0.7", "169.254.169.254", "100.64.0.1",
		"[::1]", "[fd00::7]", "[fe80::1]:81", "[::ffff:7f00:1]",
		"[::ffff:127.0.0.1]", "2130706433", "127.1", "0x7f.0.0.1",
		"localhost", "a.localhost", "printer", "nas.local", "n.lan",
		"n.home.arpa", "n.internal"};
	static const char *const far[] = {"n.example", "203.0.113.7",
		"[2001:db8::7]", "local.example", "notlocal.example",
		"abcdefgh.onion", "4.example"};
	unsigned refused = 0, taken = 0, own = 0, unlisted = 0, read = 0;
	char text[200];
	size_t i;

	for (i = 0; i < sizeof(near) / sizeof(near[0]); i++) {
		snprintf(text, sizeof(text),
			"[mirror \"n\"]\nurl = http://%s/\n", near[i]);
		refused += config(text) == ERR_CONFIG &&
			   strstr(d.why, "neighbour") != NULL;
		mirrors_clear(&ms);
		own += mirrors_own(span_str(text), "own", &ms, &d) == ERR_OK;
		mirrors_clear(&ms);
		strcat(text, "listed = no\n");
		unlisted += config(text) == ERR_OK;
		snprintf(text, sizeof(text),
			LIST("{\"name\":\"n\",\"url\":"
			     "\"http://%s/\"}"),
			near[i]);
		read += parse(text) == ERR_OK;
	}
	ok(refused == i, "none that is near the newsroom is signed");
	ok(own == i && unlisted == i, "readers may have them by other ways");
	ok(read == i, "a list that has one is still read");
	for (i = 0; i < sizeof(far) / sizeof(far[0]); i++) {
		snprintf(text, sizeof(text),
			"[mirror \"n\"]\nurl = http://%s/\n", far[i]);
		taken += config(text) == ERR_OK;
	}
	ok(taken == i, "others are");
}

#define PUSH "[mirror \"n\"]\nurl = https://n.example/\nto = https://n/\n"

static void
test_push(void)
{
	struct buf out;

	is_err(config(PUSH "proxy = tor\nca = own.pem\n"), ERR_OK,
		"how it is pushed to");
	is_str(ms.list[0].proxy, MIRRORS_TOR, "through Tor");
	is_str(ms.list[0].ca, "own.pem", "by an authority of its own");
	buf_init(&out, 4096);
	is_err(mirrors_write(&ms, &out, &d), ERR_OK, "and can be signed");
	ok(strstr(buf_cstr(&out), "own") == NULL &&
			strstr(buf_cstr(&out), "socks") == NULL,
		"without that, too");
	buf_free(&out);
	is_err(config(PUSH "proxy = tor\nproxy = none\n"), ERR_CONFIG,
		"a proxy twice");
	is_err(config(PUSH "proxy = socks5h://[::1]:9\n"), ERR_OK,
		"by another address");
	is_err(config(PUSH "proxy = none\n"), ERR_OK, "by none");
	ok(ms.list[0].proxy == NULL, "which is none");
	bad_config(PUSH "proxy = socks5://127.0.0.1:9\n", "socks5h",
		"a proxy that has names looked up here");
	bad_config(PUSH "proxy = socks5h://tor.example:9\n", "its address",
		"a proxy by its name");
	bad_config(PUSH "proxy = socks5h://127.0.0.1\n", "not a proxy",
		"a proxy without a port");
	bad_config("[mirror \"n\"]\nto = /x\nproxy = tor\n", "URL",
		"a proxy to a folder");
	bad_config("[mirror \"n\"]\nto = http://n/\nca = x\n", "https",
		"an authority without TLS");
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
	bad_config("url = https://n.example/\n", "outside", "a key outside");
	bad_config("[mirror \"n\"]\nuri = https://n.example/\n",
		"unknown key \"uri\"; is it url?", "an unknown key");
	is_err(config("[mirror \"n\"]\nto = /x\n"), ERR_OK,
		"an unlisted mirror needs no url");
	bad_config("[mirror \"n\"]\ncountries = RU\n", "no url",
		"neither url nor to");
	bad_config("[mirror \"n\"]\ncountries = RU\n"
		   "[mirror \"m\"]\nurl = https://m.example/\n",
		"no url", "nor in the first of two");
	bad_config("[mirror \"n\"]\nurl = n.example\n", "URL", "a bare host");
	is_err(config("[mirror \"n\"]\nurl = https://n.example/\n"
		      "address = 203.0.113.7, 2001:db8::7\npin = " PIN
		      "\nsni = shop.example\nfront = cdn.example\n"
		      "kind = storage\nlisted = no\n"
		      "[resolver \"https://dns.example/q\"]\n"
		      "address = 203.0.113.53\n"
		      "[mirror \"m\"]\nurl = https://m.example/\n"),
		ERR_OK, "a mirror with all there is, a resolver, a mirror");
	ok(ms.n == 2 && ms.n_resolvers == 1 && ms.list[0].unlisted &&
			!ms.list[1].unlisted && ms.list[0].n_addresses == 2,
		"are what they are");
	buf_init(&out, 4096);
	is_err(mirrors_write(&ms, &out, &d), ERR_OK, "can be signed");
	ok(strstr(buf_cstr(&out), "https://m.example/") != NULL &&
			strstr(buf_cstr(&out), "https://n.example/") == NULL,
		"without the unlisted one");
	buf_clear(&out);
	is_err(mirror_write(&ms.list[0], &out), ERR_OK, "written back");
	is_err(config(buf_cstr(&out)), ERR_OK, "it is read");
	ok(ms.n == 1 && ms.list[0].unlisted && ms.list[0].storage &&
			strcmp(ms.list[0].pin, PIN) == 0,
		"as it was");
	buf_free(&out);
	bad_config("[mirror \"n\"]\nurl = https://n.example/\naddress = "
		   "10.0.0.1\n",
		"private", "a private address");
	bad_config("[mirror \"n\"]\nto = /x\naddress = 8.8.8.8\n", "no url",
		"an address of nothing");
	bad_config("[mirror \"n\"]\nurl = https://n.example/\naddress = "
		   "8.8.8.8,\n",
		"not an address", "a comma at the end");
	bad_config("[mirror \"n\"]\nurl = https://n.example/\nkind = tape\n",
		"plain or storage", "another kind");
	bad_config("[mirror \"n\"]\nurl = https://n.example/\nlisted = maybe\n",
		"no or yes", "neither yes nor no");
	bad_config("[resolver \"https://dns.example/q\"]\nurl = x\n",
		"unknown key", "a key of a mirror");
	bad_config("[outlet]\nroot = 00\n", "outside",
		"a section of the reader's files");
	bad_config("[mirror]\nurl = https://n.example/\n", "name", "no name");
	bad_config("[mirror \"N\"]\nurl = https://n.example/\n", "name",
		"a wrong name");
	bad_config(
		"[mirror \"n\"]\nurl = https://n.example/\ncountries = RU BY\n",
		"country code", "countries without commas");
	bad_config(
		"[mirror \"n\"]\nurl = https://n.example/\ncountries = RU,\n",
		"country code", "a comma at the end");
	bad_config("[mirror \"n\"]\nurl = https://n.example/\n[mirror \"m\"]\n"
		   "url = https://n.example/\n",
		"same url", "a URL twice");
	bad_config("[mirror \"n\"]\nurl = https://n.example/\n[mirror \"m\"]\n"
		   "url = https://m.example/\n[mirror \"n\"]\nto = /x\n",
		"n", "a section twice");
}

#define ROOT64                                                                 \
	"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

/* A file that a reader was given. */
static void
test_own(void)
{
	static const char *const wrong[] = {"[outlet]\nroot = 00\n",
		"[outlet]\nname = x\n", "[outlet \"x\"]\nroot = " ROOT64 "\n",
		"[mirror \"n\"]\nurl = https://n.example/\nto = /x\n",
		"[mirror \"n\"]\nurl = https://n.example/\nproxy = tor\n",
		"[mirror \"n\"]\nurl = https://n.example/\nca = x\n",
		"[mirror \"n\"]\nurl = relative/\n",
		"[mirror \"n\"]\ncountries = RU\n"};
	size_t i;

	mirrors_clear(&ms);
	is_err(mirrors_own(span_str("[outlet]\nroot = " ROOT64 "\n"
				    "[mirror \"n\"]\nurl = https://n.example/\n"
				    "address = 192.168.1.1\n"
				    "[mirror \"stick\"]\nurl = /media/s\n"),
		       "o.ini", &ms, &d),
		ERR_OK, "folders and private addresses are a reader's own");
	ok(ms.n == 2 && ms.has_root && ms.root[1] == 0x11,
		"and whose they are is said");
	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		mirrors_clear(&ms);
		is_err(mirrors_own(span_str(wrong[i]), "o.ini", &ms, &d),
			ERR_CONFIG, "refused: case %zu", i);
		ok(ms.n == 0 && !ms.has_root, "and nothing is left of it");
	}
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
	test_ways();
	test_ways_bad();
	test_mutants();
	test_own();
	test_near();
	test_push();
	test_config();
	test_example();
	mirrors_clear(&ms);
	return plan();
}
