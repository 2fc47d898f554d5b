/* Wishes one by one: what is told of them, by honest children and by others. */
#include "../lib/tap.h"

#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../src/sys/fetch.h"
#include "../../src/sys/fetch_child.h"
#include "../../src/sys/fetch_wire.h"

static struct diag d;

/* ---- children that follow a script */

/* Take one frame; its id. */
static uint32_t
take(int fd, uint8_t *type)
{
	uint8_t head[FRAME_HEAD], body[FRAME_BODY];
	size_t n;

	if (recv(fd, head, sizeof(head), MSG_WAITALL) != FRAME_HEAD)
		_exit(0);
	n = (size_t)head[0] << 24 | (size_t)head[1] << 16 |
	    (size_t)head[2] << 8 | head[3];
	if (n > 0 && recv(fd, body, n, MSG_WAITALL) != (ssize_t)n)
		_exit(0);
	*type = head[4];
	return (uint32_t)head[5] << 24 | (uint32_t)head[6] << 16 |
	       (uint32_t)head[7] << 8 | head[8];
}

static void
say(int fd, uint8_t type, uint32_t id, const char *body)
{
	uint8_t head[FRAME_HEAD];

	wire_head(head, type, id, strlen(body));
	if (send(fd, head, sizeof(head), 0) != FRAME_HEAD ||
		send(fd, body, strlen(body), 0) != (ssize_t)strlen(body))
		_exit(0);
}

static void
end(int fd, uint32_t id, enum err e)
{
	struct wire_done w = {.err = e,
		.wire = 100,
		.us = 3000000,
		.connect_us = 1000000,
		.first_us = 2000000,
		.status = 451,
		.requests = 1};
	struct buf b;

	buf_init(&b, FRAME_MAX);
	if (wire_done_add(&b, id, &w) != ERR_OK ||
		send(fd, b.p, b.n, 0) != (ssize_t)b.n)
		_exit(0);
	buf_free(&b);
}

/* Each wish by the first byte of its path: g good, d dies on it, s silent,
 * i ignores to be stopped, and says more after that. */
static uint8_t paths[LIMIT_WISHES];

static void
actor(int fd, const struct fetch_options *o)
{
	uint8_t type;
	uint32_t id;

	(void)o;
	for (;;) {
		id = take(fd, &type);
		if (type == FRAME_STOP) {
			if (paths[id % LIMIT_WISHES] == 'i')
				say(fd, FRAME_DATA, id, "x");
			else
				end(fd, id, ERR_TIMEOUT);
			continue;
		}
		/* The tests start wishes of one kind at a time. */
		paths[id % LIMIT_WISHES] = (uint8_t)*o->ca_file;
		switch (*o->ca_file) {
		case 'g':
			say(fd, FRAME_ASKED, id, "");
			say(fd, FRAME_DATA, id, "01234");
			say(fd, FRAME_DATA, id, "56789");
			end(fd, id, ERR_OK);
			break;
		case 'd':
			say(fd, FRAME_DATA, id, "01234");
			_exit(0);
		default:
			break;
		}
	}
}

static struct fetch *
play(const char *what)
{
	struct fetch_options o = {.ca_file = what, .child = actor};
	struct fetch *f;

	if (fetch_new(&o, &f, &d) != ERR_OK)
		abort();
	return f;
}

static uint32_t
start(struct fetch *f, double seconds)
{
	struct fetch_want w = {
		.base = "https://h.example/", .path = "x", .n = 10};
	uint32_t id;

	if (fetch_start(f, &w, seconds, &id, &d) != ERR_OK)
		return 0;
	return id;
}

/* The next event as a word, within two seconds. */
static const char *
next(struct fetch *f, struct fetch_event *e)
{
	static char out[64];
	bool have;

	if (fetch_next(f, 2, e, &have, &d) != ERR_OK)
		return "error";
	if (!have)
		return "nothing";
	if (e->type == FETCH_BODY)
		snprintf(out, sizeof(out), "body %.*s", (int)e->body.n,
			(const char *)e->body.p);
	else if (e->type == FETCH_ASKED)
		snprintf(out, sizeof(out), "asked");
	else
		snprintf(out, sizeof(out), "end %s", err_str(e->got.err));
	return out;
}

static void
test_good(void)
{
	struct fetch *f = play("g");
	struct fetch_event e;
	uint32_t id = start(f, 10);

	is_str(next(f, &e), "asked", "the request is out");
	ok(e.id == id, "of this wish");
	is_str(next(f, &e), "body 01234", "bytes come as they come");
	is_str(next(f, &e), "body 56789", "and more");
	is_str(next(f, &e), "end done", "and the end");
	ok(e.got.status == 451 && e.got.connect == 1 && e.got.first_byte == 2 &&
			e.got.seconds == 3 && e.got.wire == 100 &&
			e.got.requests == 1,
		"with all that is told");
	is_str(next(f, &e), "nothing", "and no more");
	fetch_free(f);
}

static void
test_death(void)
{
	struct fetch *f = play("d");
	struct fetch_event e;
	uint32_t one = start(f, 10);
	pid_t pid = fetch_pid(f);

	ok(one != 0, "a wish");
	is_str(next(f, &e), "body 01234", "begins");
	is_str(next(f, &e), "end failed", "its child dies: the end");
	ok(strstr(e.got.diag.why, "died") != NULL, "%s", e.got.diag.why);
	is_str(next(f, &e), "nothing", "once");
	ok(start(f, 10) != 0 && fetch_pid(f) != pid, "another one takes over");
	is_str(next(f, &e), "body 01234", "and works");
	fetch_free(f);
}

static void
test_stop(void)
{
	struct fetch *f = play("s");
	struct fetch_event e;
	uint32_t id, last = 0;
	unsigned i, bad = 0;

	for (i = 0; i < 3 * LIMIT_WISHES; i++) {
		id = start(f, 10);
		bad += id == 0 || id == last;
		last = id;
		fetch_stop(f, id);
		bad += strcmp(next(f, &e), "nothing") != 0;
	}
	ok(bad == 0, "%u wishes are started and stopped", i);
	fetch_free(f);
}

static void
test_ignored(void)
{
	struct fetch *f = play("i");
	struct fetch_event e;
	uint32_t one = start(f, 0.1), two = start(f, 100);
	pid_t pid = fetch_pid(f);

	fetch_stop(f, one);
	is_str(next(f, &e), "end failed", "a child that does not stop");
	ok(e.id == two && kill(pid, 0) != 0, "is stopped, with all it does");
	fetch_free(f);
}

static void
test_late(void)
{
	struct fetch *f = play("s");
	struct fetch_event e;
	uint32_t one = start(f, 0.1), two = start(f, 100);
	uint32_t seen = 0;

	is_str(next(f, &e), "end too slow", "a deadline that the child misses");
	ok(e.id == one, "ends its wish");
	seen = e.id;
	is_str(next(f, &e), "end failed", "and the others, by their name");
	ok(e.id == two && seen == one, "each once");
	fetch_free(f);
}

int
main(void)
{
	test_good();
	test_death();
	test_stop();
	test_ignored();
	test_late();
	return plan();
}
