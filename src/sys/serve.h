/* A mirror's front: plain files of one folder over strict HTTP/1.1 (GET,
 * HEAD, one byte range), and pushes into it (PUT). One thread; every wait has a
 * deadline; no address of a client is ever written anywhere. Linux (epoll,
 * sendfile). */
#ifndef ERIKA_SERVE_H
#define ERIKA_SERVE_H

#include <stdbool.h>
#include <stdint.h>

#include "../core/bytes.h"
#include "../core/err.h"

struct serve;

/* Who takes pushes. All is called from serve_run, and must not take long. A
 * status is one of HTTP. */
struct serve_put {
	void *arg;
	/* A PUT of n bytes to `path`, the part below the prefix, already
	 * checked as for GET. 0: go on, *push is handed to the calls below.
	 * Else it is refused with that status before a byte is read. */
	unsigned (*begin)(void *arg, const char *path, uint64_t n, void **push);
	/* The next bytes. 0: go on; else refused, and `cut` follows. */
	unsigned (*write)(void *arg, void *push, const uint8_t *p, size_t n);
	/* All n are here: 201, 204, or a refusal. `push` is gone. `why` is a
	 * line for the body of the answer. */
	unsigned (*end)(void *arg, void *push, char why[static 160]);
	/* It broke off. `push` is gone. */
	void (*cut)(void *arg, void *push);
};

/* Names that are answered 451. `name` is below the prefix and the publisher's
 * name: "t/b/...". false: not blocked. *tombstone (core/tombstone.h) is the
 * body of the answer, valid until the next call; empty while unsigned. */
struct serve_block {
	void *arg;
	bool (*find)(void *arg, const char *name, struct span *tombstone);
};

/* What the listener for machines answers: `path` is "metrics", "healthz" or
 * anything else. Append the text; return a status. */
struct serve_page {
	void *arg;
	unsigned (*get)(void *arg, const char *path, struct buf *out);
};

/* Strings are borrowed during the call, structs are kept. Numbers are at least
 * 1 where no meaning of 0 is given. */
struct serve_config {
	const char *listen;	/* serve_listen_check */
	const char *root;	/* the folder */
	const char *prefix;	/* of every URL's path: "/", "/news/" */
	unsigned connections;	/* at most, in all */
	unsigned per_address;	/* from one IPv4 address or IPv6 /64; 0: any */
	unsigned head_seconds;	/* for a request's head, in total */
	unsigned idle_seconds;	/* between requests */
	unsigned write_seconds; /* within each such time a client must take */
	unsigned write_bytes;	/* this much of an answer, or all of it; so
				    must one that sends a body */
	unsigned pushes;	/* at once */
	unsigned push_seconds;	/* for a push's body, in total */
	unsigned drain_seconds; /* for what goes on when serve_drain begins */
	uint64_t rate;		/* bytes of bundles a second; 0: any */
	uint64_t month;		/* bytes sent in a month (UTC), after which
				    bundles are answered 503; 0: any */
	const char *cover;	/* folder for all other paths, or NULL */
	const char *metrics;	/* a second address, for `page`, or NULL */
	const struct serve_block *block; /* or NULL */
	const struct serve_page *page;	 /* or NULL */
	unsigned report_seconds;	 /* between two SERVE_REPORT; 0: none */
	const struct serve_put *put;	 /* NULL: PUT is answered 405. Kept */
};

/* What happened since the start. Nothing here tells readers apart. */
struct serve_counts {
	uint64_t requests; /* answered, of which */
	uint64_t found;	   /* 200 and 206 */
	uint64_t missing;  /* 404 */
	uint64_t refused;  /* all others */
	uint64_t bytes;	   /* of files, handed to the network */
	uint64_t slow;	   /* clients dropped at a deadline */
	uint64_t crowded;  /* clients dropped or not let in at a limit */
	uint64_t pushes;   /* files that were put; counted in `found`, too */
	uint64_t pushed;   /* bytes of bodies taken in */
	uint64_t blocked;  /* 451, and 503 at the month's limit: both are */
	uint64_t capped;   /* counted in `refused`, too */
};

/* What was sent in a calendar month of UTC, heads included. */
struct serve_month {
	unsigned year, month; /* 2026, 1 to 12 */
	uint64_t sent;
};

enum serve_event {
	SERVE_STOP,   /* SIGTERM or SIGINT came */
	SERVE_RELOAD, /* SIGHUP came */
	SERVE_REPORT  /* report_seconds have passed */
};

/* Whether `s` is an address to listen on: "127.0.0.1:8080", "[::1]:8080"
 * or "unix:/absolute/path"; port 0 is any free one. ERR_CONFIG. */
enum err serve_listen_check(const char *s, struct diag *d) ERR_MUST_USE;

/* Whether all clients come from this machine itself: a proxy or an onion
 * service in front, where a limit per address would limit everybody. */
bool serve_listen_local(const char *s);

/* Whether systemd has handed us the socket to listen on (LISTEN_FDS), which is
 * then used instead of serve_config.listen; *local is as above. ERR_CONFIG when
 * it is not one listening stream socket. */
enum err serve_inherited(
	bool *inherited, bool *local, struct diag *d) ERR_MUST_USE;

/* Tell systemd ("READY=1"; NOTIFY_SOCKET), if it wants to know. */
void serve_notify(const char *state);

/* How many connections this process may have; raises its soft limit of
 * descriptors. */
unsigned serve_allowed(unsigned wanted);

/* Open the folder and listen; block SIGTERM, SIGINT, SIGHUP and SIGPIPE.
 * ERR_CONFIG, ERR_MISSING, ERR_IO, ERR_NETWORK, ERR_NOMEM. */
enum err serve_new(const struct serve_config *c, struct serve **out,
	struct diag *d) ERR_MUST_USE;

/* Close all, unlink the socket's path, forget signals that were blocked and
 * restore the signal mask. */
void serve_free(struct serve *s);

/* Where it is reached: "http://127.0.0.1:43211/", "unix:/path". */
const char *serve_url(const struct serve *s);

/* Serve until something happens that the caller has to know; call it again
 * to go on. ERR_FAILED when the kernel refuses to go on. */
enum err serve_run(
	struct serve *s, enum serve_event *what, struct diag *d) ERR_MUST_USE;

/* Who takes pushes from now on; those that go on are cut first. */
void serve_set_put(struct serve *s, const struct serve_put *put);

/* Take a new configuration but `put`; connections stay. On failure all stays as
 * it was. Errors as for serve_new. */
enum err serve_reload(struct serve *s, const struct serve_config *c,
	struct diag *d) ERR_MUST_USE;

/* What a server may still open once it serves; the strings and lists are
 * borrowed during the call, lists end in NULL, and what is not there is left
 * out. */
struct serve_reach {
	const char *const *write;   /* folders, all below them */
	const char *const *read;    /* the same, to read */
	const char *const *sockets; /* to make and unlink sockets in */
};

/* Give up all files but these, running programs, and connecting anywhere by
 * TCP, for good (Landlock, Linux 5.19). false: this system cannot. */
bool serve_confine(const struct serve_reach *r);

/* After SERVE_STOP: let nobody in, end idle connections, and go on with
 * answers and pushes until they are done, drain_seconds have passed, or SIGTERM
 * or SIGINT comes again. Who was let in just now has 2 s for its first request.
 * ERR_FAILED. */
enum err serve_drain(struct serve *s, struct diag *d) ERR_MUST_USE;

struct serve_counts serve_count(const struct serve *s);

/* Connections right now, those of pushes among them. */
void serve_now(const struct serve *s, unsigned *connections, unsigned *pushes);

/* This month's traffic; and what was counted before a restart, which is
 * dropped unless it is of this month. */
struct serve_month serve_month(const struct serve *s);
void serve_set_month(struct serve *s, const struct serve_month *m);

#endif
