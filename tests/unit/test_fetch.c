/* The parent's side of fetch, and folders: no network. */
#include "../lib/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../src/sys/fetch.h"
#include "../../src/sys/fetch_child.h"
#include "../../src/sys/fetch_wire.h"

static char dir[] = "/tmp/erika-fetch.XXXXXX";
static struct diag d;

static void
put(const char *name, const char *content)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "wb");
	if (f == NULL || fputs(content, f) < 0 || fclose(f) != 0)
		abort();
}

static void
must(int r)
{
	if (r != 0)
		abort();
}

static void
tree_make(void)
{
	char path[256];

	if (mkdtemp(dir) == NULL)
		abort();
	snprintf(path, sizeof(path), "%s/u", dir);
	must(mkdir(path, 0755));
	snprintf(path, sizeof(path), "%s/u/m", dir);
	must(mkdir(path, 0755));
	snprintf(path, sizeof(path), "%s/u/a b", dir);
	must(mkdir(path, 0755));
	put("secret", "secret");
	put("u/file", "0123456789");
	put("u/empty", "");
	put("u/m/1.root.json", "{}");
	put("u/a b/file", "space");
	put("u/.hidden", "hidden");
	snprintf(path, sizeof(path), "%s/u/link", dir);
	must(symlink("../secret", path));
	snprintf(path, sizeof(path), "%s/u/inner", dir);
	must(symlink("file", path));
	snprintf(path, sizeof(path), "%s/u/up", dir);
	must(symlink("..", path));
	snprintf(path, sizeof(path), "%s/u/pipe", dir);
	must(mkfifo(path, 0644));
}

static void
tree_remove(void)
{
	char cmd[256];

	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", dir);
	if (system(cmd) != 0)
		printf("# %s is left\n", dir);
}

/* One wish; the result stays until the next. */
static struct fetch_got got;

static enum err
one(struct fetch *f, const char *base, const char *path, uint64_t offset,
	size_t n, size_t max)
{
	struct fetch_want w = {.base = base,
		.path = path,
		.offset = offset,
		.n = n,
		.max = max};

	buf_free(&got.body);
	if (fetch_all(f, &w, 1, 10, &got, &d) != ERR_OK)
		return ERR_FAILED;
	return got.err;
}

static void
test_folder(struct fetch *f)
{
	char base[128], url[128], plain[128];

	snprintf(base, sizeof(base), "%s/u/", dir);
	snprintf(plain, sizeof(plain), "%s/u", dir);
	snprintf(url, sizeof(url), "file://%s/u/", dir);
	is_err(one(f, base, "file", 0, 0, 10), ERR_OK, "a file");
	is_str(buf_cstr(&got.body), "0123456789", "comes whole");
	ok(got.requests == 0 && got.wire == 10, "without a request");
	is_err(one(f, plain, "file", 0, 0, 10), ERR_OK,
		"also from a folder without its slash");
	is_err(one(f, url, "m/1.root.json", 0, 0, 10), ERR_OK,
		"also from a file URL");
	is_str(buf_cstr(&got.body), "{}", "below it");
	is_err(one(f, url, "m/1%2Eroot.json", 0, 0, 10), ERR_OK,
		"and percent-encoded");
	is_err(one(f, base, "file", 3, 4, 0), ERR_OK, "a part");
	is_str(buf_cstr(&got.body), "3456", "comes exactly");
	is_err(one(f, base, "file", 3, 7, 0), ERR_OK, "to the end");
	is_err(one(f, base, "file", 3, 8, 0), ERR_TRUNCATED, "past the end");
	is_err(one(f, base, "file", 11, 1, 0), ERR_TRUNCATED, "behind it");
	is_err(one(f, base, "file", INT64_MAX - 1, 1, 0), ERR_TRUNCATED,
		"far behind it");
	is_err(one(f, base, "file", 0, 0, 9), ERR_TRAILING,
		"a byte more than wanted");
	ok(got.body.n == 0 && got.wire == 0, "of which nothing is read");
	is_err(one(f, base, "empty", 0, 0, 9), ERR_OK, "an empty file");
	is_err(one(f, base, "none", 0, 0, 9), ERR_MISSING, "no file");
	is_err(one(f, base, "file/x", 0, 0, 9), ERR_MISSING,
		"a file for a folder");
	is_err(one(f, base, "m", 0, 0, 9), ERR_MISSING, "a folder for a file");
	is_err(one(f, base, "pipe", 0, 0, 9), ERR_MISSING,
		"a pipe, which does not block");
	is_err(one(f, base, "link", 0, 0, 9), ERR_MISSING, "a link outside");
	is_err(one(f, base, "inner", 0, 0, 9), ERR_MISSING, "a link inside");
	is_err(one(f, base, "up/secret", 0, 0, 9), ERR_MISSING,
		"a link to a folder");
	is_err(one(f, base, ".hidden", 0, 0, 9), ERR_MISSING, "a dot file");
	is_err(one(f, base, "%2E%2E/secret", 0, 0, 9), ERR_MISSING,
		"encoded dots");
	is_err(one(f, base, "..%2Fsecret", 0, 0, 9), ERR_MISSING,
		"an encoded slash");
	is_err(one(f, base, "a%20b/file", 0, 0, 9), ERR_MISSING,
		"a name that no mirror has");
	is_err(one(f, base, "file%00", 0, 0, 9), ERR_MISSING, "NUL");
	is_err(one(f, "/nonexistent/", "file", 0, 0, 9), ERR_MISSING,
		"no such folder");
}

static void
test_refused(struct fetch *f)
{
	static const struct {
		const char *base, *path;
	} table[] = {{"ftp://h/", "a"}, {"h/", "a"}, {"", "a"},
		{"https://u@h/", "a"}, {"https://h", "a"},
		{"https://h/?q=", "a"}, {"file://h/x/", "a"}, {"/tmp/", ""},
		{"/tmp/", "/a"}, {"/tmp/", "a/"}, {"/tmp/", "a//b"},
		{"/tmp/", "../a"}, {"/tmp/", "a/./b"}, {"/tmp/", "a?b"},
		{"/tmp/", "a#b"}, {"/tmp/", "a b"}, {"/tmp/", "a\r\nX: y"},
		{"/tmp/", "\xc3\xa4"}};
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		is_err(one(f, table[i].base, table[i].path, 0, 0, 9),
			ERR_REFUSED, "base and path %zu are refused", i);
	is_err(one(f, "/tmp/", "a", 1, 0, 9), ERR_REFUSED,
		"an offset without a length");
	is_err(one(f, "/tmp/", "a", UINT64_MAX, 2, 0), ERR_REFUSED,
		"a part past any file");
}

/* All at once, and more wishes than may be. */
static void
test_many(struct fetch *f)
{
	static struct fetch_want w[LIMIT_WISHES + 1];
	static struct fetch_got g[LIMIT_WISHES + 1];
	char base[128];
	size_t i, good = 0, n = LIMIT_WISHES;

	snprintf(base, sizeof(base), "%s/u/", dir);
	for (i = 0; i <= n; i++)
		w[i] = (struct fetch_want){
			.base = base, .path = "file", .offset = i % 10, .n = 1};
	is_err(fetch_all(f, w, n, 20, g, &d), ERR_OK, "%zu wishes", n);
	for (i = 0; i < n; i++) {
		good += g[i].err == ERR_OK && g[i].body.n == 1 &&
			g[i].body.p[0] == '0' + i % 10;
		buf_free(&g[i].body);
	}
	ok(good == n, "each gets its own answer");
	is_err(fetch_all(f, w, n + 1, 20, g, &d), ERR_LIMIT, "one more");
	ok(g[n].err == ERR_FAILED && g[n].body.n == 0,
		"is refused, with results that can be freed");
	is_err(fetch_all(f, w, 0, 20, g, &d), ERR_OK, "no wish is none");
}

/* Wishes one by one: their events, and what is forgotten. */
static void
test_events(struct fetch *f)
{
	char base[128], body[64] = "";
	struct fetch_want w = {.base = base, .path = "file", .n = 10};
	struct fetch_want none = {.base = base, .path = "a b", .n = 10};
	struct fetch_got all;
	struct fetch_event e;
	uint32_t id[4];
	bool have = false;
	unsigned ends = 0, other = 0;

	snprintf(base, sizeof(base), "%s/u/", dir);
	is_err(fetch_next(f, 100, &e, &have, &d), ERR_OK, "no wish");
	ok(!have, "has no event, at once");
	is_err(fetch_start(f, &w, 20, &id[0], &d), ERR_OK, "a wish");
	is_err(fetch_start(f, &none, 20, &id[1], &d), ERR_OK,
		"one that is never fetched");
	is_err(fetch_start(f, &w, 20, &id[2], &d), ERR_OK, "a third");
	is_err(fetch_start(f, &none, 20, &id[3], &d), ERR_OK, "a fourth");
	ok(id[0] != 0 && id[1] != 0 && id[0] != id[1] && id[2] != id[0],
		"have names");
	is_err(fetch_all(f, &w, 1, 1, &all, &d), ERR_USAGE,
		"a call among them is refused");
	fetch_stop(f, id[2]);
	fetch_stop(f, id[2]);
	fetch_stop(f, id[3]);
	fetch_stop(f, 12345678);
	for (;;) {
		if (fetch_next(f, 20, &e, &have, &d) != ERR_OK || !have)
			break;
		other += e.id != id[0] && e.id != id[1];
		if (e.type == FETCH_BODY)
			snprintf(body, sizeof(body), "%.*s", (int)e.body.n,
				(const char *)e.body.p);
		if (e.type != FETCH_END)
			continue;
		ends++;
		is_err(e.got.err, e.id == id[0] ? ERR_OK : ERR_REFUSED,
			"an end: %s", e.got.diag.why);
	}
	ok(ends == 2 && other == 0, "each ends once, but for the stopped");
	is_str(body, "0123456789", "its bytes came before");
	is_err(one(f, base, "file", 0, 0, 10), ERR_OK, "all is in order then");
}

static void
test_crash(struct fetch *f)
{
	char base[128];
	pid_t pid = fetch_pid(f);

	snprintf(base, sizeof(base), "%s/u/", dir);
	ok(pid > 0 && kill(pid, SIGSEGV) == 0, "the child crashes");
	is_err(one(f, base, "file", 0, 0, 10), ERR_FAILED, "which fails once");
	ok(strstr(d.why, "crashed") != NULL, "by its name: %s", d.why);
	is_err(got.err, ERR_FAILED, "the wish says so too");
	ok(fetch_pid(f) != pid, "it is no child any more");
	is_err(one(f, base, "file", 0, 0, 10), ERR_OK, "the next call works");
	ok(fetch_pid(f) > 0 && fetch_pid(f) != pid, "in another child");
}

/* ---- lying children */

/* Wait for the first wish, then write these bytes and linger. */
static _Noreturn void
lie(int fd, const uint8_t *p, size_t n, bool linger)
{
	uint8_t in[FRAME_MAX];

	if (recv(fd, in, sizeof(in), 0) < FRAME_HEAD)
		_exit(1);
	while (n > 0) {
		ssize_t k = send(fd, p, n, 0);

		if (k <= 0)
			_exit(1);
		p += k;
		n -= (size_t)k;
	}
	while (linger && recv(fd, in, sizeof(in), 0) > 0)
		continue;
	_exit(0);
}

static void
frame(struct buf *b, uint8_t type, uint32_t id, const char *body, size_t n)
{
	uint8_t head[FRAME_HEAD];

	wire_head(head, type, id, n);
	if (buf_add(b, head, sizeof(head)) != ERR_OK ||
		buf_add(b, body, n) != ERR_OK)
		_exit(1);
}

#define ID (2u * LIMIT_WISHES) /* of the first wish */

static void
done(struct buf *b, uint32_t id, enum err e)
{
	struct wire_done w = {.err = e, .why = "\x1b[31mwhy"};

	if (wire_done_add(b, id, &w) != ERR_OK)
		_exit(1);
}

#define CHILD(name, ...)                                                       \
	static void name(int fd, const struct fetch_options *o)                \
	{                                                                      \
		struct buf b;                                                  \
		(void)o;                                                       \
		buf_init(&b, 1 << 20);                                         \
		__VA_ARGS__                                                    \
		lie(fd, b.p, b.n, true);                                       \
	}

CHILD(honest, frame(&b, FRAME_DATA, ID, "0123456789", 10); done(&b, ID, 0);)
CHILD(too_much, frame(&b, FRAME_DATA, ID, "0123456789x", 11);)
CHILD(drips, frame(&b, FRAME_DATA, ID, "0123456789", 10);
	frame(&b, FRAME_DATA, ID, "x", 1);)
CHILD(too_little, frame(&b, FRAME_DATA, ID, "01234", 5); done(&b, ID, 0);)
CHILD(nothing, frame(&b, FRAME_DATA, ID, "", 0);)
CHILD(stranger, frame(&b, FRAME_DATA, ID + 1, "0", 1);)
CHILD(old_call, frame(&b, FRAME_DATA, ID - LIMIT_WISHES, "0", 1);)
CHILD(asks_twice, frame(&b, FRAME_ASKED, ID, "", 0);
	frame(&b, FRAME_ASKED, ID, "", 0);)
CHILD(asks_more, frame(&b, FRAME_ASKED, ID, "x", 1);)
CHILD(asks_late, frame(&b, FRAME_DATA, ID, "x", 1);
	frame(&b, FRAME_ASKED, ID, "", 0);)
CHILD(stops, frame(&b, FRAME_STOP, ID, "", 0);)
CHILD(wants, frame(&b, FRAME_WANT, ID, "0", 1);)
CHILD(verdict, done(&b, ID, ERR_SIGNATURE);)
CHILD(huge, uint8_t h[FRAME_HEAD]; wire_head(h, FRAME_DATA, ID, 0xffffffff);
	(void)!buf_add(&b, h, sizeof(h));)
CHILD(noise, (void)!buf_str(&b, "HTTP/1.1 200 OK\r\n\r\n");)
CHILD(cut_done, frame(&b, FRAME_DONE, ID, "\0", 1);)
CHILD(escapes, done(&b, ID, ERR_NETWORK);)
CHILD(partial, frame(&b, FRAME_DATA, ID, "01234", 5);
	done(&b, ID, ERR_TRUNCATED);)

static void
silent(int fd, const struct fetch_options *o)
{
	(void)o;
	lie(fd, NULL, 0, true);
}

static void
quits(int fd, const struct fetch_options *o)
{
	(void)o;
	lie(fd, NULL, 0, false);
}

static void
test_lies(void)
{
	static const struct {
		const char *name;
		void (*child)(int, const struct fetch_options *);
		enum err call, wish;
	} table[] = {
		{"an honest child", honest, ERR_OK, ERR_OK},
		{"a byte too many", too_much, ERR_FAILED, ERR_FAILED},
		{"a byte too many, later", drips, ERR_FAILED, ERR_FAILED},
		{"too few for done", too_little, ERR_FAILED, ERR_FAILED},
		{"an empty frame", nothing, ERR_FAILED, ERR_FAILED},
		{"another wish", stranger, ERR_FAILED, ERR_FAILED},
		{"another call", old_call, ERR_FAILED, ERR_FAILED},
		{"two requests", asks_twice, ERR_FAILED, ERR_FAILED},
		{"a request with a body", asks_more, ERR_FAILED, ERR_FAILED},
		{"a late request", asks_late, ERR_FAILED, ERR_FAILED},
		{"an order of its own", stops, ERR_FAILED, ERR_FAILED},
		{"a wish of its own", wants, ERR_FAILED, ERR_FAILED},
		{"a verdict of trust", verdict, ERR_FAILED, ERR_FAILED},
		{"a huge frame", huge, ERR_FAILED, ERR_FAILED},
		{"no frame at all", noise, ERR_FAILED, ERR_FAILED},
		{"an end cut short", cut_done, ERR_FAILED, ERR_FAILED},
		{"a child that quits", quits, ERR_FAILED, ERR_FAILED},
		{"escapes in the reason", escapes, ERR_OK, ERR_NETWORK},
		{"a part of it, with a reason", partial, ERR_OK, ERR_TRUNCATED},
		{"a child that is stuck", silent, ERR_FAILED, ERR_TIMEOUT},
	};
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct fetch_options o = {.child = table[i].child};
		struct fetch_want w = {
			.base = "https://h.example/", .path = "x", .n = 10};
		struct fetch_got g;
		struct fetch *f;
		pid_t pid;

		if (fetch_new(&o, &f, &d) != ERR_OK)
			abort();
		pid = fetch_pid(f);
		is_err(fetch_all(f, &w, 1, 0.3, &g, &d), table[i].call,
			"%s: the call", table[i].name);
		is_err(g.err, table[i].wish, "%s: the wish", table[i].name);
		ok(g.err == ERR_OK ? g.body.n == 10
				   : g.body.n == 0 && g.diag.why[0] != '\0',
			"%s: the body", table[i].name);
		ok(strchr(g.diag.why, '\x1b') == NULL, "%s: the reason: %s",
			table[i].name, g.diag.why);
		ok((kill(pid, 0) == 0) == (table[i].call == ERR_OK &&
						  table[i].child != silent),
			"%s: %s", table[i].name,
			kill(pid, 0) == 0 ? "goes on" : "is stopped");
		buf_free(&g.body);
		fetch_free(f);
	}
}

/* ---- what the child has given up */

#define CHECK(cond, bit) (((cond) ? 0 : 1u) << (bit))

/* Says in the reason which checks failed. */
static void
examine(int fd, const struct fetch_options *o)
{
	struct wire_done w = {.err = ERR_NETWORK};
	struct rlimit r;
	struct sigaction sa;
	struct stat a, b;
	unsigned bad = 0;
	struct buf out;
	int k;

	(void)o;
	for (k = 0; k < 1024; k++)
		bad |= CHECK(k < 3 || k == fd || fcntl(k, F_GETFD) < 0, 0);
	bad |= CHECK(getrlimit(RLIMIT_CORE, &r) == 0 && r.rlim_max == 0, 1);
	bad |= CHECK(getrlimit(RLIMIT_FSIZE, &r) == 0 && r.rlim_max == 0, 2);
	bad |= CHECK(stat("/dev/null", &a) == 0, 3);
	for (k = 0; k < 3; k++)
		bad |= CHECK(fstat(k, &b) == 0 && a.st_rdev == b.st_rdev, 4);
	bad |= CHECK(
		sigaction(SIGUSR1, NULL, &sa) == 0 && sa.sa_handler == SIG_DFL,
		5);
	bad |= CHECK(getenv("SSLKEYLOGFILE") == NULL, 6);
#ifdef __linux__
	{
		char line[128];
		FILE *f = fopen("/proc/self/status", "r");
		bool set = false;

		while (f != NULL && fgets(line, sizeof(line), f) != NULL)
			set |= strcmp(line, "NoNewPrivs:\t1\n") == 0;
		bad |= CHECK(set, 7);
	}
#endif
	snprintf(w.why, sizeof(w.why), "bad %x", bad);
	buf_init(&out, FRAME_MAX);
	if (wire_done_add(&out, ID, &w) != ERR_OK)
		_exit(1);
	lie(fd, out.p, out.n, true);
}

static void
handler(int sig)
{
	(void)sig;
}

static void
test_cell(void)
{
	struct fetch_options o = {.child = examine};
	struct fetch_want w = {
		.base = "https://h.example/", .path = "x", .n = 10};
	struct fetch_got g;
	struct fetch *f;
	int extra = open("/dev/zero", O_RDONLY);
	int high = fcntl(extra, F_DUPFD, 500);

	signal(SIGUSR1, handler);
	setenv("SSLKEYLOGFILE", "/tmp/keys", 1);
	if (extra < 0 || high < 0 || fetch_new(&o, &f, &d) != ERR_OK)
		abort();
	unsetenv("SSLKEYLOGFILE");
	is_err(fetch_all(f, &w, 1, 10, &g, &d), ERR_OK, "a child looks");
	is_str(g.diag.why, "bad 0",
		"no files, no terminal, no core, no privileges, no handlers");
	buf_free(&g.body);
	fetch_free(f);
	close(extra);
	close(high);
}

/* The child must not outlive the parent: a grandchild holds a pipe open. */
static int pipe_end;

static void
orphan_main(void)
{
	struct fetch *f;

	if (fetch_new(NULL, &f, &d) != ERR_OK)
		_exit(1);
	if (write(pipe_end, &(pid_t){fetch_pid(f)}, sizeof(pid_t)) < 0)
		_exit(1);
	_exit(0);
}

static void
test_orphan(void)
{
	pid_t parent, child = 0;
	int p[2], i, status;

	if (pipe(p) != 0)
		abort();
	pipe_end = p[1];
	parent = fork();
	if (parent == 0)
		orphan_main();
	waitpid(parent, &status, 0);
	ok(read(p[0], &child, sizeof(child)) == sizeof(child) && child > 0,
		"a parent dies without a word");
	/* Whoever reaps it: init, or a subreaper. A zombie is dead. */
	for (i = 0; i < 500; i++) {
		char path[64], line[256] = "";
		FILE *f;

		if (kill(child, 0) != 0 && errno == ESRCH)
			break;
		snprintf(path, sizeof(path), "/proc/%d/stat", (int)child);
		f = fopen(path, "r");
		if (f != NULL && fgets(line, sizeof(line), f) != NULL &&
			strstr(line, ") Z ") != NULL) {
			fclose(f);
			break;
		}
		if (f != NULL)
			fclose(f);
		poll(NULL, 0, 10);
	}
	ok(i < 500, "its child is gone");
	close(p[0]);
	close(p[1]);
}

int
main(void)
{
	struct fetch *f;

	tree_make();
	if (fetch_new(NULL, &f, &d) != ERR_OK) {
		printf("Bail out! %s\n", d.why);
		return 1;
	}
	test_folder(f);
	test_refused(f);
	test_many(f);
	test_events(f);
	test_crash(f);
	fetch_free(f);
	fetch_free(NULL);
	test_lies();
	test_cell();
	test_orphan();
	buf_free(&got.body);
	tree_remove();
	return plan();
}
