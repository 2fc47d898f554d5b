/* Routes by what was remembered of them: by network, on this machine only,
 * erasable, and not at all when it is off. */
#include <sys/stat.h>
#include <unistd.h>

#include "../../src/core/limits.h"
#include "../../src/sys/db.h"
#include "../../src/sys/library.h"
#include "../../src/sys/network.h"
#include "../../src/sys/reach.h"
#include "../lib/tap.h"

#define DAY 86400

static struct diag d;
static struct library *l;
static int64_t outlet;
static int64_t now = 1800000000;

static void
must(enum err e, const char *what)
{
	if (e == ERR_OK)
		return;
	printf("Bail out! %s: %s: %s\n", what, err_str(e), d.why);
	exit(1);
}

static char *
text(const char *s)
{
	return (char *)(uintptr_t)s;
}

static int64_t
outlet_new(const char *name, uint8_t mark)
{
	uint8_t fp[32] = {mark, 0xab};
	int64_t id;

	must(library_outlet_add(l, name, fp, span_str("root"), 1000, &id, &d),
		"outlet");
	return id;
}

static void
mirror(int64_t to, const char *url, enum library_mirror_source source)
{
	struct library_mirror m = {
		.name = text(url), .url = text(url), .source = source};

	must(library_mirror_add(l, to, &m, &d), "mirror");
}

/* Settings with a memory of the network "home" and no exploring. */
static struct reach_settings
home(void)
{
	return (struct reach_settings){
		.memory = true, .random = 1, .network = "home"};
}

static struct reach *
reach(const struct reach_settings *s)
{
	struct reach *r;

	must(reach_new(l, outlet, s, now, &r, &d), "reach");
	return r;
}

/* "a b c": the letter after "//" of each route's URL. */
static const char *
letters(const struct reach *r)
{
	static char out[200];
	size_t i, n = 0;

	out[0] = '\0';
	for (i = 0; i < reach_routes(r) && n < sizeof(out) - 2; i++) {
		const char *at = strstr(reach_route(r, i)->base, "//");

		out[n++] = at == NULL ? '/' : at[2];
		out[n] = '\0';
	}
	return out;
}

static const char *
first(struct reach_settings s)
{
	struct reach *r = reach(&s);
	const char *out = letters(r);

	reach_free(r);
	return out;
}

/* The route to the mirror of this letter. */
static size_t
at(const struct reach *r, char letter)
{
	const char *s = letters(r), *p = strchr(s, letter);

	return p == NULL ? 0 : (size_t)(p - s);
}

/* Note something of one mirror, `times` times, and keep it. */
static void
note(struct reach_settings s, char letter, enum err e, unsigned times,
	double byte)
{
	struct reach_result x = {.err = e,
		.first_byte = byte,
		.rate = e == ERR_OK ? 100000 : 0};
	struct reach *r = reach(&s);
	size_t i = at(r, letter);

	while (times-- > 0)
		reach_note(r, i, &x);
	must(reach_save(r, now, &d), "save");
	reach_free(r);
}

static struct reach_past
past(struct reach_settings s, char letter)
{
	struct reach *r = reach(&s);
	struct reach_past p = reach_past(r, at(r, letter));

	reach_free(r);
	return p;
}

static int64_t
count(const char *sql)
{
	struct db *db;
	int64_t n = -1;
	bool found;

	must(db_open("r.db", "", 1, &db, &d), "db");
	if (db_one_int(db, &d, &n, &found, sql, "") != ERR_OK)
		n = -1;
	db_close(db);
	return n;
}

/* Whether the library's file holds these bytes. */
static bool
holds(const void *p, size_t n)
{
	FILE *f = fopen("r.db", "rb");
	uint8_t *all = malloc(1 << 22);
	size_t k = f == NULL || all == NULL ? 0 : fread(all, 1, 1 << 22, f);
	bool found = k > 0 && memmem(all, k, p, n) != NULL;

	if (f != NULL)
		fclose(f);
	free(all);
	return found;
}

/* ---- */

static void
test_mirrors(void)
{
	struct reach_settings s = home();
	struct reach *r;

	is_str(first(s), "abc", "routes as the library lists mirrors");
	s.from = "https://b.example/";
	r = reach(&s);
	ok(reach_mirrors(r) == 1 && reach_routes(r) == 1, "from one alone");
	is_str(reach_mirror(r, 0)->url, s.from, "which is that");
	ok(reach_route(r, 0)->allow_private, "and was named");
	reach_free(r);
	s.from = "http://127.0.0.1:8080/";
	r = reach(&s);
	ok(reach_mirrors(r) == 1 && reach_routes(r) == 1 &&
			reach_route(r, 0)->strategy == STRATEGY_HTTP &&
			reach_route(r, 0)->allow_private,
		"also one that is not the outlet's");
	reach_free(r);
	must(mkdir("folder", 0700) == 0 ? ERR_OK : ERR_IO, "mkdir");
	s.from = "folder";
	r = reach(&s);
	ok(reach_routes(r) == 1 &&
			reach_route(r, 0)->strategy == STRATEGY_FILE &&
			reach_route(r, 0)->base[0] == '/',
		"or a folder, wherever one stands");
	reach_free(r);
	s.from = "not-here";
	is_err(reach_new(l, outlet, &s, now, &r, &d), ERR_MISSING,
		"nothing is nothing");
	ok(r == NULL, "and no routes");
	reach_free(NULL);
}

static void
test_remembers(void)
{
	struct reach_past p;
	struct reach_settings away = home();

	away.network = "away";
	note(home(), 'c', ERR_OK, 1, 0.25);
	is_str(first(home()), "cab", "what worked comes first");
	is_str(first(away), "abc", "in that network");
	p = past(home(), 'c');
	ok(p.attempts == 1 && p.successes == 1 && p.good == now && p.bad == 0 &&
			!p.small,
		"with its counts");
	ok(p.first_byte > 0.2499 && p.first_byte < 0.2501 && p.rate > 99999,
		"and its measures");
	p = past(home(), 'a');
	ok(p.attempts == 0 && p.good == 0, "nothing of the others");
	note(home(), 'a', ERR_TIMEOUT, 2, 0);
	is_str(first(home()), "cba", "what failed comes last");
	p = past(home(), 'a');
	ok(p.attempts == 2 && p.successes == 0 && p.bad == now && p.good == 0,
		"with its counts");
	note(home(), 'a', ERR_OK, 1, 0.01);
	p = past(home(), 'a');
	ok(p.attempts == 3 && p.successes == 1 && p.good == now,
		"counts add up");
}

static void
test_ages(void)
{
	struct reach_past p;

	note(home(), 'b', ERR_OK, 8, 0.1);
	now += DAY;
	p = past(home(), 'b');
	ok(p.attempts == 4 && p.successes == 4, "after a day half counts");
	now += DAY;
	p = past(home(), 'b');
	ok(p.attempts == 2, "after two a quarter");
	/* Looking and saving in between changes nothing of that. */
	now += DAY / 2;
	note(home(), 'a', ERR_OK, 1, 0.1);
	now += DAY / 2;
	p = past(home(), 'b');
	ok(p.attempts == 1, "whoever looks in between");
	now -= 30 * DAY;
	note(home(), 'b', ERR_OK, 1, 0.1);
	p = past(home(), 'b');
	ok(p.attempts >= 1 && p.attempts < 10, "a clock that goes back");
	now += 30 * DAY;
	now += (LIMIT_NETWORK_DAYS + 2) * DAY;
	note(home(), 'c', ERR_OK, 1, 0.1);
	ok(count("SELECT count(*) FROM network_route") == 1,
		"after a month without use it is forgotten");
	ok(count("SELECT count(*) FROM network") == 1, "the network as well");
}

static void
test_lie(void)
{
	struct reach_past p;

	note(home(), 'c', ERR_OK, 5, 0.1);
	note(home(), 'a', ERR_OK, 1, 0.5);
	note(home(), 'c', ERR_HASH, 1, 0);
	p = past(home(), 'c');
	ok(p.attempts >= 15, "a lie counts ten failures");
	is_str(first(home()), "abc", "and comes last");
}

static void
test_small(void)
{
	struct reach_settings s = home();
	struct reach_result x = {.err = ERR_TIMEOUT, .small = true};
	struct reach *r = reach(&s);

	reach_note(r, at(r, 'b'), &x);
	must(reach_save(r, now, &d), "save");
	ok(true, "saved");
	must(reach_save(r, now, &d), "save again");
	reach_free(r);
	ok(past(s, 'b').small, "small connections are remembered");
	ok(past(s, 'b').attempts == 1, "and nothing is kept twice");
	r = reach(&s);
	x = (struct reach_result){
		.err = ERR_OK, .first_byte = 0.0 / 1.0, .rate = -1};
	reach_note(r, at(r, 'b'), &x);
	must(reach_save(r, now, &d), "save");
	reach_free(r);
	ok(!past(s, 'b').small, "until they are not needed");
	ok(past(s, 'b').rate < 1, "no measure is no measure");
}

static void
test_other_outlet(void)
{
	int64_t mine = outlet, other = outlet_new("Other", 9);

	mirror(other, "https://c.example/", LIBRARY_MIRROR_USER);
	mirror(other, "https://x.example/", LIBRARY_MIRROR_USER);
	outlet = other;
	is_str(first(home()), "cx", "another outlet's mirrors are its own");
	note(home(), 'x', ERR_OK, 1, 0.1);
	is_str(first(home()), "xc", "and remembered as such");
	outlet = mine;
	must(library_begin(l, &d), "begin");
	must(library_commit(l, &d), "commit");
}

static void
test_limits(void)
{
	struct reach_settings s = home();
	char name[32], url[64];
	struct reach_result x = {.err = ERR_OK, .first_byte = 0.1};
	struct reach *r;
	size_t i;

	for (i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "net%zu", i);
		s.network = name;
		now++;
		note(s, 'a', ERR_OK, 1, 0.1);
	}
	ok(count("SELECT count(*) FROM network") == LIMIT_NETWORKS,
		"so many networks");
	is_str(first(home()), "abc", "the oldest is forgotten");
	for (i = 0; i < 60; i++) {
		snprintf(url, sizeof(url), "https://m%zu.example/", i);
		mirror(outlet, url, LIBRARY_MIRROR_LIST);
	}
	for (i = 0; i < 30; i++) {
		snprintf(url, sizeof(url), "https://n%zu.example/", i);
		mirror(outlet, url, LIBRARY_MIRROR_LIST);
	}
	r = reach(&s);
	for (i = 0; i < reach_routes(r); i++)
		reach_note(r, i, &x);
	must(reach_save(r, now, &d), "save");
	reach_free(r);
	ok(count("SELECT max(n) FROM (SELECT count(*) AS n FROM network_route"
		 " GROUP BY network)") == LIMIT_NETWORK_ROUTES,
		"and so many routes of each");
	s.network = "busy";
	note(s, 'a', ERR_OK, 1, 0.1);
	now++;
	x = (struct reach_result){.err = ERR_TIMEOUT};
	r = reach(&s);
	for (i = 0; i < reach_routes(r); i++)
		if (i != at(r, 'a'))
			reach_note(r, i, &x);
	must(reach_save(r, now, &d), "save");
	reach_free(r);
	ok(past(s, 'a').successes == 1, "those that work stay longest");
	must(library_mirrors_drop_list(l, outlet, &d), "drop");
}

static void
test_secret(void)
{
	struct reach_settings s = home();

	s.network = "the-flat-in-Lesnaya-street";
	note(s, 'a', ERR_OK, 1, 0.1);
	ok(!holds(s.network, strlen(s.network)),
		"what a network is called is not in the file");
	ok(holds("https://a.example/", 18), "(the file is what is looked at)");
	ok(count("SELECT count(*) FROM network_route WHERE length(mark)<>16 OR"
		 " length(network)<>16") == 0,
		"networks and routes are hashes");
}

static void
test_off(void)
{
	struct reach_settings s = home();
	uint8_t before[HASH_MAX], after[HASH_MAX];
	struct buf b;
	FILE *f;
	int round;

	s.memory = false;
	is_str(first(s), "abc", "with the memory off nothing is used");
	for (round = 0; round < 2; round++) {
		library_close(l);
		buf_init(&b, 1 << 24);
		f = fopen("r.db", "rb");
		must(f == NULL ? ERR_IO : ERR_OK, "open");
		must(buf_reserve(&b, 1 << 22), "room");
		b.n = fread(b.p, 1, 1 << 22, f);
		fclose(f);
		hash_bytes(HASH_SHA256, buf_view(&b),
			round == 0 ? before : after);
		buf_free(&b);
		must(library_open("r.db", &l, &d), "library");
		if (round == 0)
			note(s, 'b', ERR_OK, 3, 0.1);
	}
	ok(memcmp(before, after, 32) == 0,
		"and nothing is written: the file is the same");
}

static void
test_never(void)
{
	struct reach_settings s = home();

	s.memory = false;
	note(s, 'b', ERR_OK, 3, 0.1);
	ok(count("SELECT count(*) FROM sqlite_master WHERE name LIKE 'network%'")
			== 0,
		"a memory that was never on has no table");
}

static void
test_forget(void)
{
	struct reach_settings s = home();
	uint8_t key[32];
	struct db *db;
	struct buf b;
	bool found;

	note(s, 'b', ERR_OK, 3, 0.1);
	buf_init(&b, 100);
	must(db_open("r.db", "", 1, &db, &d), "db");
	must(db_one_blob(db, &d, &b, &found, "SELECT bytes FROM network_key",
		     ""),
		"key");
	db_close(db);
	ok(found && b.n == sizeof(key), "there is a key");
	memcpy(key, b.p, sizeof(key));
	buf_free(&b);
	ok(holds(key, sizeof(key)), "in the file");
	is_err(reach_forget(l, &d), ERR_OK, "forget all networks");
	ok(!holds(key, sizeof(key)), "not even the key is left in the file");
	ok(count("SELECT count(*) FROM sqlite_master WHERE name LIKE 'network%'")
			== 0,
		"nor a table");
	is_str(first(s), "abc", "nothing is remembered");
	note(s, 'b', ERR_OK, 1, 0.1);
	is_str(first(s), "bac", "until it is again");
	is_err(reach_forget(l, &d), ERR_OK, "forget");
	is_err(reach_forget(l, &d), ERR_OK, "forgetting twice is fine");
}

static void
test_explores(void)
{
	struct reach_settings s = home();
	unsigned others = 0;

	note(s, 'a', ERR_OK, 20, 0.01);
	for (s.random = 0; s.random < 100; s.random++)
		others += first(s)[0] != 'a';
	ok(others == 10, "a tenth looks whether others work by now");
	note(s, 'b', ERR_TIMEOUT, 1, 0);
	note(s, 'c', ERR_TIMEOUT, 1, 0);
	for (s.random = others = 0; s.random < 100; s.random++)
		others += first(s)[0] != 'a';
	ok(others == 0, "but not at once again");
	now += 3600;
	for (s.random = others = 0; s.random < 100; s.random++)
		others += first(s)[0] != 'a';
	ok(others == 10, "rather in an hour");
	s.memory = false;
	for (s.random = others = 0; s.random < 100; s.random++)
		others += first(s)[0] != 'a';
	ok(others == 0, "but not when nothing is learnt by it");
}

/* ---- networks */

static const char *
mark(const char *route, const char *route6, const char *arp)
{
	static struct buf b;

	buf_free(&b);
	buf_init(&b, NETWORK_MARK);
	if (network_linux(span_str(route), span_str(route6), span_str(arp),
		    &b) != ERR_OK)
		return "failed";
	return buf_cstr(&b);
}

#define HEAD                                                                   \
	"Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\t"   \
	"MTU\tWindow\tIRTT\n"
#define ARP "IP address HW type Flags HW address Mask Device\n"
/* The kernel prints the address's bytes as one number of the processor's. */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define ADDRESS(a, b, c, d) #a #b #c #d
#else
#define ADDRESS(a, b, c, d) #d #c #b #a
#endif
#define WLAN "wlan0\t00000000\t" ADDRESS(C0, A8, 01, 01)                  \
	"\t0003\t0\t0\t600\t00000000\t0\t0\t0\n"
#define NEAR "wlan0\t" ADDRESS(C0, A8, 01, 00)                             \
	"\t00000000\t0001\t0\t0\t600\t00FFFFFF\t0\t0\t0\n"

static void
test_network(void)
{
	is_str(mark("", "", ""), "", "nothing is no network");
	is_str(mark(HEAD NEAR, "", ""), "", "neighbours alone are none");
	is_str(mark(HEAD NEAR WLAN, "",
		       ARP "192.168.1.1 0x1 0x2 aa:bb:cc:dd:ee:ff * wlan0\n"),
		"wlan aa:bb:cc:dd:ee:ff", "a gateway by its hardware address");
	is_str(mark(HEAD WLAN, "",
		       ARP "192.168.1.1 0x1 0x2 aa:bb:cc:dd:ee:ff * eth0\n"
			   "192.168.1.2 0x1 0x2 aa:bb:cc:dd:ee:ff * wlan0\n"),
		"wlan 192.168.1.1", "or by its address; others' do not count");
	is_str(mark(HEAD WLAN, "",
		       "192.168.1.1 0x1 0x0 00:00:00:00:00:00 * wlan0\n"),
		"wlan 192.168.1.1", "no answer yet is no hardware address");
	is_str(mark(HEAD WLAN
		       "enp3s0\t00000000\t" ADDRESS(C0, A8, 02, 01) "\t0003\t0\t0\t100\t00000000"
		       "\t0\t0\t0\n",
		       "", ""),
		"en 192.168.2.1", "the better of two ways out");
	is_str(mark(HEAD "tun0\t00000000\t00000000\t0001\t0\t0\t0\t00000000"
			 "\t0\t0\t0\n",
		       "", ""),
		"tun ", "a tunnel is its kind");
	is_str(mark(HEAD "tun0\t00000000\t00000000\t0001\t0\t0\t0\t00000080"
			 "\t0\t0\t0\n",
		       "", ""),
		"", "half of all addresses is no default");
	is_str(mark("", "00000000000000000000000000000000 00 "
			"00000000000000000000000000000000 00 "
			"fe800000000000000000000000000001 00000400 00000003 "
			"00000000 00000003 wlp2s0\n",
		       ""),
		"wl fe80::1", "only IPv6");
	is_str(mark("", "00000000000000000000000000000000 00 "
			"00000000000000000000000000000000 00 "
			"00000000000000000000000000000000 ffffffff 00000001 "
			"00000000 00200200 lo\n",
		       ""),
		"", "a refused way is none");
	is_str(mark("\t\t\t\nwlan0\nwlan0\t00000000\tXYZ\n\xff\xff", "\xff", ""),
		"", "nonsense is none");
}

static void
test_mark(void)
{
	struct buf a, b;

	buf_init(&a, NETWORK_MARK);
	buf_init(&b, NETWORK_MARK);
	is_err(network_mark(&a), ERR_OK, "the network at hand has a mark");
	is_err(network_mark(&b), ERR_OK, "twice");
	ok(a.n > 0 && span_eq(buf_view(&a), buf_view(&b)), "the same");
	buf_free(&a);
	buf_free(&b);
}

int
main(void)
{
	is_err(crypto_start(), ERR_OK, "crypto");
	must(library_open("r.db", &l, &d), "library");
	outlet = outlet_new("One", 1);
	mirror(outlet, "https://a.example/", LIBRARY_MIRROR_USER);
	mirror(outlet, "https://b.example/", LIBRARY_MIRROR_LINK);
	mirror(outlet, "https://c.example/", LIBRARY_MIRROR_LIST);
	test_network();
	test_mark();
	test_mirrors();
	test_never();
	test_remembers();
	test_ages();
	test_lie();
	test_small();
	test_other_outlet();
	test_off();
	test_secret();
	test_forget();
	test_explores();
	test_limits();
	library_close(l);
	return plan();
}
