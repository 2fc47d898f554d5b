/* Bytes from mirrors. libcurl runs in a child process that has no keys and no
 * store; the caller parses and verifies, and needs no network. https, http
 * and folders (file) are all mirrors. */
#ifndef ERIKA_FETCH_H
#define ERIKA_FETCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "../core/bytes.h"
#include "../core/err.h"
#include "../core/route.h"

struct fetch;

/* How the child works. All zero is the default. */
struct fetch_options {
	/* File of the certificate authorities to trust instead of the
	 * system's; NULL: the system's. */
	const char *ca_file;
	/* "socks5h://127.0.0.1:9050": every wish that goes to the network has
	 * a route with just this proxy, or none, which then stands for it; all
	 * others are refused. NULL: none is set. */
	const char *proxy;
	/* The user's own DoH server, by its URL: it may have a private
	 * address. Others, of downloaded lists, may not. */
	const char *resolver;
	/* Nothing is fetched unless the child is shut in as well as Linux or
	 * OpenBSD can (confine_role.h). Otherwise it is as well as this
	 * system can: see fetch_sandbox. */
	bool require_sandbox;
	/* Tests put a lying child here. It gets its end of the socket and
	 * does not return. NULL: the real one. */
	void (*child)(int fd, const struct fetch_options *o);
};

/* Start children, which wait for work: one at most asks for names, one only
 * connects to addresses, one reads folders. Call it before secrets are read:
 * they are forks, and though they close every file they cannot forget memory.
 * `o` may be NULL; its strings are copied. ERR_FAILED, also when the sandbox
 * that is required cannot be had; ERR_NOMEM. */
enum err fetch_new(const struct fetch_options *o, struct fetch **out,
	struct diag *d) ERR_MUST_USE;
void fetch_free(struct fetch *f);

/* Give up this process's own network, for good: it can make no socket but
 * local ones, and nor can what it starts, but for the children that are there
 * already. Two of those may die. ERR_FAILED when this system cannot do
 * that and a sandbox is required; where none is, that is no error. */
enum err fetch_offline(struct fetch *f, struct diag *d) ERR_MUST_USE;

/* How well the child can be shut in here: "" when as well as it should be,
 * else a clause on what is missing. */
const char *fetch_sandbox(void);

/* Process id of a child, 0 while there is none. */
pid_t fetch_pid(const struct fetch *f);

/* One wish: bytes [offset, offset+n) of base/path, or a whole file of at most
 * `max` bytes when n is 0 (offset is 0 then). */
struct fetch_want {
	const char *base; /* passes mirrors_base_ok: "https://host/prefix/",
			     "file:///mnt/usb/", "/mnt/usb" */
	const char *path; /* already percent-encoded */
	uint64_t offset;
	size_t n;
	size_t max;
	/* The base may be this machine or its neighbours (127.0.0.1,
	 * 192.168.0.0/16, ...): only for mirrors that the user named, never
	 * for those of a downloaded list. */
	bool allow_private;
	/* How; NULL: as the base says, with nothing special. Its strategy and
	 * strings count, its base and allow_private do not. */
	const struct route *route;
	/* A connection of its own, closed at its end: where those freeze
	 * after some KB. */
	bool fresh;
};

/* What came. Plain data but for the buffer, which the caller frees. */
struct fetch_got {
	enum err err;	    /* ERR_OK, ERR_MISSING (404, 403, 410, 451 or no
			      such file), ERR_NETWORK, ERR_TIMEOUT,
			      ERR_TRAILING (more than asked for),
			      ERR_TRUNCATED, ERR_REFUSED (not a base or path
			      that is ever fetched, or a route that would
			      tell a name to the local resolver),
			      ERR_UNSUPPORTED (libcurl cannot do this
			      strategy), ERR_IO (a folder's file could not be
			      read), ERR_NOMEM; ERR_FAILED when the child died
			      on it */
	struct diag diag;   /* in OONI's words where they fit: dns, tcp_ip,
			      http-failure, http-diff */
	struct buf body;    /* empty unless ERR_OK */
	uint64_t wire;	    /* bytes received, heads included; of a folder,
			      bytes read */
	unsigned requests;  /* 1, or 0 for files and what never got out */
	unsigned status;    /* of HTTP: 404 is not there, 451 is withheld, by
			      whom the notice may prove; 0 without an answer */
	struct span notice; /* the body of a 451 that came whole and is no web
			       page, at most LIMIT_TOMBSTONE, not looked at
			       (core/tombstone.h): of FETCH_END alone, borrowed
			       until the next call; else empty */
	double connect; /* seconds until connected, TLS too; 0: not at all, or
			   the connection was there already */
	double first_byte; /* seconds until the answer began; 0: never */
	double seconds;
};

/* ---- one by one

 * Start a wish, with `seconds` in total. *id names it, and is never 0; a wish
 * that cannot even start ends at once, with an event. At most LIMIT_WISHES
 * have not ended. ERR_FAILED when the child died; all its wishes then end by
 * events, and the next start starts another. ERR_NOMEM, ERR_LIMIT. */
enum err fetch_start(struct fetch *f, const struct fetch_want *w,
	double seconds, uint32_t *id, struct diag *d) ERR_MUST_USE;

/* Forget a wish that has not ended: its connection is closed, no event of it
 * comes any more. */
void fetch_stop(struct fetch *f, uint32_t id);

enum fetch_event_type {
	FETCH_ASKED, /* connected, and the request has gone out; once at most */
	FETCH_BODY,  /* bytes of the body, in order */
	FETCH_END    /* the last of a wish */
};

struct fetch_event {
	enum fetch_event_type type;
	uint32_t id;
	struct span body;     /* FETCH_BODY: borrowed until the next call */
	struct fetch_got got; /* FETCH_END: all but the body, which came */
};

/* The next event, within `seconds` (0: only what is there). *have false: that
 * time has passed, or no wish is left. ERR_NOMEM. */
enum err fetch_next(struct fetch *f, double seconds, struct fetch_event *e,
	bool *have, struct diag *d) ERR_MUST_USE;

/* Whether the libcurl at hand can do a strategy; *why (may be NULL) gets a
 * clause when not. */
bool fetch_can(enum strategy s, const char **why);

/* ---- many at once

 * Fetch n wishes (at most LIMIT_WISHES) at once, each within
 * `seconds` in total; returns when all have ended, at most a second after
 * that time. Results are in `got`, one for each wish, all initialised
 * whatever is returned. ERR_FAILED when the child died; the next call starts
 * another. Not while wishes of fetch_start are open: ERR_USAGE. ERR_NOMEM,
 * ERR_LIMIT. */
enum err fetch_all(struct fetch *f, const struct fetch_want *want, size_t n,
	double seconds, struct fetch_got *got, struct diag *d) ERR_MUST_USE;

#endif
