/* The limited child process: what it can still do, and all that it cannot. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../src/sys/confine.h"
#include "../lib/emulated.h"
#include "../lib/tap.h"

/* Each request is the name of a deed; the answer tells how it went. */
struct deed {
	const char *name;
	enum err (*fn)(struct buf *answer, struct diag *d);
};

static enum err
say(struct buf *answer, const char *s)
{
	return buf_str(answer, s);
}

static enum err
do_open(struct buf *answer, struct diag *d)
{
	int fd = open("/etc/passwd", O_RDONLY);

	(void)d;
	return say(answer, fd < 0 ? "denied" : "opened");
}

static enum err
do_create(struct buf *answer, struct diag *d)
{
	int fd = open("made-by-child", O_WRONLY | O_CREAT, 0600);

	(void)d;
	return say(answer, fd < 0 ? "denied" : "created");
}

static enum err
do_socket(struct buf *answer, struct diag *d)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	(void)d;
	return say(answer, fd < 0 ? "denied" : "made");
}

static enum err
do_fork(struct buf *answer, struct diag *d)
{
	pid_t pid = fork();

	(void)d;
	if (pid == 0)
		_exit(0);
	return say(answer, pid < 0 ? "denied" : "forked");
}

static enum err
do_exec(struct buf *answer, struct diag *d)
{
	char *argv[] = {(char *)(uintptr_t) "true", NULL};

	(void)d;
	execv("/bin/true", argv);
	return say(answer, "denied");
}

static enum err
do_kill(struct buf *answer, struct diag *d)
{
	(void)d;
	return say(answer, kill(getppid(), 0) != 0 ? "denied" : "sent");
}

static enum err
do_code(struct buf *answer, struct diag *d)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)d;
	return say(answer, p == MAP_FAILED ? "denied" : "mapped");
}

static enum err
do_stderr(struct buf *answer, struct diag *d)
{
	(void)d;
	/* Must land nowhere, least of all in the channel. */
	if (write(2, "noise", 5) < 0 || write(1, "noise", 5) < 0)
		return say(answer, "quiet");
	return say(answer, "quiet");
}

static enum err
do_crash(struct buf *answer, struct diag *d)
{
	(void)answer;
	(void)d;
	__builtin_trap();
}

static enum err
do_spin(struct buf *answer, struct diag *d)
{
	volatile unsigned x = 0;

	(void)answer;
	(void)d;
	for (;;)
		x++;
	return ERR_OK;
}

static enum err
do_eat(struct buf *answer, struct diag *d)
{
	size_t i;

	(void)answer;
	for (i = 0; i < 1024; i++) {
		volatile char *p = malloc(1 << 20);

		if (p == NULL)
			return diag_set(d, ERR_NOMEM, "out of memory");
		p[0] = 1;
	}
	return ERR_OK;
}

static enum err
do_flood(struct buf *answer, struct diag *d)
{
	enum err e = ERR_OK;

	(void)d;
	while (e == ERR_OK)
		e = buf_str(answer, "0123456789abcdef");
	return e;
}

/* Garbage in the channel instead of an answer. */
static enum err
do_lie(struct buf *answer, struct diag *d)
{
	char junk[64];

	(void)answer;
	(void)d;
	memset(junk, 0xff, sizeof(junk));
	if (write(3, junk, sizeof(junk)) < 0)
		return ERR_FAILED;
	return ERR_OK;
}

static enum err
do_fail(struct buf *answer, struct diag *d)
{
	(void)answer;
	return diag_at(d, ERR_SYNTAX, 77, "a \x1b[31mreason");
}

static enum err
do_fds(struct buf *answer, struct diag *d)
{
	(void)d;
	return say(answer, dup2(3, 9) < 0 ? "none" : "some");
}

static const struct deed deeds[] = {{"open", do_open}, {"create", do_create},
	{"socket", do_socket}, {"fork", do_fork}, {"exec", do_exec},
	{"kill", do_kill}, {"code", do_code}, {"stderr", do_stderr},
	{"crash", do_crash}, {"spin", do_spin}, {"eat", do_eat},
	{"flood", do_flood}, {"lie", do_lie}, {"fail", do_fail},
	{"fds", do_fds}};

static enum err
job(struct span request, struct buf *answer, struct diag *d)
{
	size_t i;

	for (i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++)
		if (span_eq(request, span_str(deeds[i].name)))
			return deeds[i].fn(answer, d);
	return buf_span(answer, request);
}

static enum err
file_job(struct span request, struct span file, struct buf *answer,
	struct diag *d)
{
	(void)d;
	if (span_eq(request, span_str("last")))
		return buf_add(answer, file.p + file.n - 1, 1);
	return buf_printf(answer, "%.*s:%zu:%.*s", (int)request.n,
		(const char *)request.p, file.n, (int)file.n,
		(const char *)file.p);
}

static struct buf answer;
static struct diag d;

/* What the parent knows: its own copy stays, each child's goes. */
static char secret[] = "a key";

static void
forget(void *arg)
{
	memset(arg, 0, sizeof(secret));
}

static enum err
tell(struct span request, struct buf *to, struct diag *why)
{
	(void)why;
	if (span_eq(request, span_str("crash")))
		abort();
	return buf_str(to, secret);
}

static enum err
ask(struct confine *c, const char *what)
{
	buf_clear(&answer);
	memset(&d, 0, sizeof(d));
	return confine_call(c, span_str(what), &answer, &d);
}

static void
test_work(struct confine *c)
{
	struct buf big;
	unsigned i, good = 0;

	is_err(ask(c, "hello"), ERR_OK, "a request is answered");
	is_str(buf_cstr(&answer), "hello", "with the job's answer");
	is_err(ask(c, ""), ERR_OK, "an empty request is answered");
	ok(answer.n == 0, "with nothing");
	for (i = 0; i < 2000; i++)
		good += ask(c, "again") == ERR_OK;
	ok(good == 2000, "one child answers two thousand");
	buf_init(&big, 8 << 20);
	while (buf_str(&big, "sixteen letters!") == ERR_OK)
		;
	buf_clear(&answer);
	is_err(confine_call(c, buf_view(&big), &answer, &d), ERR_OK,
		"eight megabytes go there and back");
	ok(span_eq(buf_view(&big), buf_view(&answer)), "unchanged");
	buf_free(&big);
	is_err(ask(c, "stderr"), ERR_OK, "what libraries print goes nowhere");
	is_str(buf_cstr(&answer), "quiet", "least of all into the answer");
	is_err(ask(c, "fail"), ERR_SYNTAX, "the job's error comes back");
	ok(d.offset == 77, "with its offset");
	is_str(d.why, "a \\x1b[31mreason", "and its reason, made harmless");
}

static void
test_forget(void)
{
	static const struct confine_limits limits = {64 << 20, 1, 1 << 20};
	struct confine *c;

	is_err(confine_new(tell, &limits, &c), ERR_OK, "a helper that tells");
	is_err(ask(c, ""), ERR_OK, "asked");
	is_str(buf_cstr(&answer), "a key", "tells what the parent knows");
	confine_free(c);
	is_err(confine_new(tell, &limits, &c), ERR_OK, "one that forgets");
	confine_forget(c, forget, secret);
	is_err(ask(c, ""), ERR_OK, "asked");
	ok(answer.n == 0, "has nothing to tell");
	is_err(ask(c, "crash"), ERR_REFUSED, "when it dies");
	is_err(ask(c, ""), ERR_OK, "the next one");
	ok(answer.n == 0, "has neither");
	is_str(secret, "a key", "the parent knows it still");
	confine_free(c);
}

/* Denied: by an error, or by death at the attempt. */
static void
test_denied(struct confine *c)
{
	static const char *const names[] = {
		"open", "create", "socket", "fork", "exec", "kill", "code"};
	bool filter = strcmp(confine_kind(), "limits") != 0;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		enum err e = ask(c, names[i]);
		bool denied = e == ERR_REFUSED ||
			(e == ERR_OK &&
				strcmp(buf_cstr(&answer), "denied") == 0);

		/* Without a filter some of it cannot be kept from it. */
		if (!filter && !denied)
			skip("no filter of system calls here", "%s", names[i]);
		else
			ok(denied, "the child cannot: %s", names[i]);
	}
	ok(access("made-by-child", F_OK) != 0, "no file was made");
	if (filter) {
		is_err(ask(c, "open"), ERR_REFUSED, "an attempt is the end");
		ok(strstr(d.why, "may not") != NULL, "and is told: %s", d.why);
	}
	is_err(ask(c, "hello"), ERR_OK, "then a new child works on");
}

static void
test_limits(struct confine *c)
{
	is_err(ask(c, "crash"), ERR_REFUSED, "a crash is an answer");
	is_err(ask(c, "hello"), ERR_OK, "and not the end");
	is_err(ask(c, "spin"), ERR_REFUSED, "an endless loop ends");
	ok(strstr(d.why, "seconds") != NULL, "by its deadline: %s", d.why);
	is_err(ask(c, "flood"), ERR_LIMIT, "an endless answer ends");
	is_err(ask(c, "lie"), ERR_REFUSED, "garbage is no answer");
	is_err(ask(c, "hello"), ERR_OK, "and does not stay in the way");
	ok(ask(c, "fds") == ERR_REFUSED ||
			strcmp(buf_cstr(&answer), "none") == 0,
		"no more descriptors");
#if defined(__SANITIZE_ADDRESS__)
	skip("the sanitizer has its own memory", "memory is limited");
#else
	if (memory_limited())
		is_err(ask(c, "eat"), ERR_REFUSED, "memory is limited");
	else
		skip("nor is any process's here", "memory is limited");
	is_err(ask(c, "hello"), ERR_OK, "and a new request has it again");
#endif
}

static void
write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0)
		abort();
}

static enum err
ask_file(struct confine *c, const char *what, const char *path,
	uint64_t *length)
{
	buf_clear(&answer);
	return confine_call_file(c, span_str(what), path, 100, length, &answer,
		&d);
}

static void
test_file(struct confine *c)
{
	uint64_t n = 0;
	int i, good = 0;

	write_file("a.txt", "content");
	write_file("empty.txt", "");
	is_err(ask_file(c, "r", "a.txt", &n), ERR_OK, "a file goes along");
	is_str(buf_cstr(&answer), "r:7:content", "and is read");
	ok(n == 7, "its length is told");
	is_err(ask_file(c, "r", "empty.txt", &n), ERR_OK, "an empty one too");
	is_str(buf_cstr(&answer), "r:0:", "as nothing");
	for (i = 0; i < 50; i++)
		good += ask_file(c, "r", "a.txt", &n) == ERR_OK;
	ok(good == 50, "many, one after another");
	is_err(ask_file(c, "r", "none.txt", &n), ERR_MISSING, "none is told");
	is_err(ask_file(c, "r", ".", &n), ERR_IO, "a folder is refused");
	ok(symlink("a.txt", "link.txt") == 0, "a link");
	ok(ask_file(c, "r", "link.txt", &n) != ERR_OK, "is not followed");
	ok(mkfifo("fifo", 0600) == 0, "a pipe");
	is_err(ask_file(c, "r", "fifo", &n), ERR_IO, "is refused at once");
	write_file("big.txt",
		"0123456789012345678901234567890123456789012345678901234567890"
		"12345678901234567890123456789012345678901234567890");
	is_err(ask_file(c, "r", "big.txt", &n), ERR_LIMIT, "the cap holds");
	is_err(ask(c, "hello"), ERR_OK, "requests without one still work");
}

/* A child that has served, and dies of what the last request left behind, is
 * no reason to refuse the next one. */
static enum err
once(struct span request, struct buf *out, struct diag *why)
{
	static bool used; /* in the child */

	(void)why;
	if (span_eq(request, span_str("second")) && used)
		_exit(0);
	used = true;
	return buf_str(out, "fine");
}

static void
test_anew(void)
{
	static const struct confine_limits limits = {64 << 20, 5, 1000};
	struct confine *c;

	is_err(confine_new(once, &limits, &c), ERR_OK, "a new helper");
	is_err(ask(c, "first"), ERR_OK, "serves");
	is_err(ask(c, "second"), ERR_OK, "and is asked again when it is worn");
	confine_free(c);
	confine_free(NULL);
}

/* Somebody has set a limit below the helper's own, which nobody but root may
 * raise. */
static void
test_lower(void)
{
	static const struct confine_limits limits = {64 << 20, 1, 1 << 20};
	struct rlimit r = {20, 20};
	struct confine *c;
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(setrlimit(RLIMIT_CPU, &r) != 0 ||
			(geteuid() == 0 && setuid(65534) != 0) ||
			confine_new(job, &limits, &c) != ERR_OK ||
			ask(c, "hello") != ERR_OK);
	ok(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0,
		"a lower limit stays");
}

int
main(void)
{
	static const struct confine_limits limits = {64 << 20, 1, 16 << 20};
	struct confine *c;

	if (!calls_filtered()) {
		skip("this kernel cannot filter system calls", "a helper");
		return plan();
	}
	buf_init(&answer, 32 << 20);
	is_err(confine_new(job, &limits, &c), ERR_OK, "a helper, %s",
		confine_kind());
	confine_set_file_job(c, file_job);
	test_work(c);
	test_denied(c);
	test_limits(c);
	test_file(c);
	confine_free(c);
	test_forget();
	test_anew();
	test_lower();
	buf_free(&answer);
	return plan();
}
