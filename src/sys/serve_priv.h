/* Inside the front: connections and their lists. For serve*.c alone. */
#ifndef ERIKA_SERVE_PRIV_H
#define ERIKA_SERVE_PRIV_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "../core/http.h"
#include "../core/limits.h"
#include "serve.h"

/* A connection is in one list, by what it waits for. Everybody in a list
 * waits equally long, and joins at its end: the first is the next to fall
 * due, and the oldest. */
enum conn_state {
	CONN_FREE,
	CONN_HEAD,   /* the rest of a request's head */
	CONN_IDLE,   /* the next request */
	CONN_BODY,   /* more of what it puts */
	CONN_PAUSE,  /* its share of the rate; no deadline of the client's */
	CONN_WRITE,  /* room to send in */
	CONN_LINGER, /* the client's end, so that it can read our refusal */
	CONN_STATES
};

#define CONN_NONE UINT32_MAX

struct conn {
	uint32_t prev, next; /* in its list; `next` also links free ones */
	uint32_t peer_prev, peer_next; /* in its bucket of peers */
	uint32_t generation;	       /* tells a late event from one for us */
	uint64_t peer;		       /* salted address, 0 for none */
	int64_t since;		       /* ms, when it joined its list */
	int fd;
	int file;	/* being sent, or -1 */
	uint32_t wants; /* epoll events asked for */
	uint8_t state;
	bool close;   /* after this answer */
	bool refused; /* linger before closing */
	bool inside;  /* came by the listener for machines */
	bool paced;   /* the file counts against the rate */
	bool pushing; /* `left` bytes of a body are to come, for `push` */
	/* Bytes of requests not answered yet, while we wait. */
	uint8_t *in;
	uint32_t in_n, in_cap;
	size_t scanned;
	/* Rest of an answer's head, while the client is slow. */
	uint8_t *out;
	uint32_t out_n, out_at;
	off_t at, end;	    /* of the file */
	uint64_t sent;	    /* bytes handed to the kernel */
	uint64_t delivered; /* of these, acknowledged when its time began */
	void *push;	    /* serve_put's */
	uint64_t left;	    /* of its body */
	uint64_t taken;	    /* of its body */
	uint64_t mark;	    /* `taken` when its time began */
	int64_t begun;	    /* ms */
};

struct conn_list {
	uint32_t first, last;
	int64_t wait; /* ms */
};

#define PEER_BUCKETS 4096

/* Bytes of a body that are read at once: verifying them is then what takes the
 * time, not the reading. */
#define SERVE_PIECE (64 * LIMIT_KIB)

/* What the kernel hands back for our own descriptors; connections have their
 * number in the low half. */
#define TAG_LISTENER (UINT32_MAX - 1)
#define TAG_SIGNALS (UINT32_MAX - 2)
#define TAG_METRICS (UINT32_MAX - 3)

/* A folder that is served. */
struct serve_root {
	int fd;	      /* -1: none */
	bool beneath; /* openat2 works */
};

/* A socket that is listened on. */
struct serve_listener {
	char *name;	     /* as configured; NULL while there is none */
	int fd;		     /* or -1 */
	bool inherited;	     /* systemd's: kept whatever is configured */
	char origin[160];    /* "http://127.0.0.1:8080", "unix:/path" */
	char unix_path[128]; /* to unlink, or "" */
};

struct serve {
	struct serve_config config; /* numbers only; the strings are below */
	char prefix[LIMIT_HTTP_PREFIX + 1];
	char url[LIMIT_HTTP_PREFIX + 161];
	int epoll, signals;
	struct serve_listener listener, metrics;
	struct serve_root root, cover;
	bool deaf;     /* listeners are muted until descriptors are free */
	bool draining; /* nobody is let in any more */
	bool masked;
	sigset_t old_mask;
	int64_t now;	/* ms, monotonic, of this turn */
	int64_t second; /* wall clock, of `date` */
	char date[HTTP_DATE_SIZE];
	int64_t report; /* ms of the last SERVE_REPORT */
	int64_t tokens; /* bytes that the rate allows now */
	uint64_t owed;	/* bytes of files begun, yet to be sent */
	unsigned pushing;
	struct serve_month month;
	int64_t month_end; /* wall clock */
	struct serve_counts counts;
	struct conn *conn; /* LIMIT_SERVE_CONNECTIONS, touched as needed */
	uint32_t used, untouched, free;
	struct conn_list list[CONN_STATES];
	uint32_t peers[PEER_BUCKETS];
	uint64_t salt[2];
	size_t pending;	 /* bytes in all conn.in */
	struct buf head; /* the answer being made */
	struct http_request request;
	uint8_t in[LIMIT_HTTP_HEAD]; /* what is read right now */
	uint8_t body[SERVE_PIECE];   /* the same of what is put */
};

/* serve_file.c: open a name beneath a folder: no link on the way, regular
 * files only. -1 with errno; ENOENT for whatever is not such a file.
 * `beneath` says that openat2 works (serve_file_beneath); without it the path
 * is walked. */
bool serve_file_beneath(int root);
int serve_file_open(int root, bool beneath, const char *path, off_t *size);

/* serve_listen.c: fill `l` but its name; -1 and "" on failure. */
enum err serve_listen(
	const char *s, struct serve_listener *l, struct diag *d) ERR_MUST_USE;

/* The same with a socket that is listened on already. */
enum err serve_adopt(
	int fd, struct serve_listener *l, struct diag *d) ERR_MUST_USE;

/* Close it, and unlink its path. NULL names and fd -1 are fine. */
void serve_close(struct serve_listener *l);

/* Whether only this machine itself can connect to a socket. */
bool serve_fd_local(int fd);

/* serve_systemd.c: the socket that systemd handed over, once; -1: none. */
int serve_take_inherited(void);

/* A client's address as a number to compare, 0 for none. */
uint64_t serve_peer(const uint64_t salt[2], const struct sockaddr *sa);

/* serve_conn.c: the life of a connection. */
void conn_add(struct serve *s, int fd, uint64_t peer, bool inside);
void conn_event(struct serve *s, struct conn *c, uint32_t events);
void conn_drop(struct serve *s, struct conn *c);
void conn_wait(struct serve *s, struct conn *c, enum conn_state state);
bool conn_progressed(struct serve *s, struct conn *c);
void conn_resume(struct serve *s, struct conn *c);
void conn_drain(struct serve *s);
unsigned conn_of_peer(const struct serve *s, uint64_t peer, unsigned most);

/* serve_send.c: hand s->head and what follows it to the kernel, as far as it
 * goes at once; the rest of it later. */
enum step { STEP_DONE, STEP_BLOCKED, STEP_PAUSED, STEP_GONE };
enum step send_begin(struct serve *s, struct conn *c);
enum step send_rest(struct serve *s, struct conn *c);

/* Bytes that the client's side has taken. */
uint64_t send_delivered(const struct conn *c);

/* serve_answer.c: begin an answer to s->request, or a refusal: s->head is
 * the head with a short text, c->file what follows. After a PUT that is to go
 * on, s->head is empty, or "100 Continue". */
void answer_request(struct serve *s, struct conn *c);
void answer_make(struct serve *s, struct conn *c, const struct http_response *a,
	struct span text);
void answer_say(struct serve *s, struct conn *c, struct http_response *a,
	const char *why);
void answer_refusal(struct serve *s, struct conn *c, unsigned status);

/* The same after a PUT; `why` is a line of serve_put's or "". */
void answer_put(
	struct serve *s, struct conn *c, unsigned status, const char *why);

/* The path of s->request below the prefix, if it may be a name in a mirror's
 * tree, else NULL; and the same without a publisher's name: "m/...", "t/...".
 */
const char *answer_name(const struct serve *s);
const char *answer_inner(const char *name);

/* Whether the operator has blocked it: then 451 is the answer made. */
bool answer_blocked(struct serve *s, struct conn *c, const char *inner);

/* serve_cover.c: answer from the cover, or 404 as it would. */
void cover_answer(struct serve *s, struct conn *c);

/* serve_push.c: begin a push, or refuse it: s->head may stay empty. */
void push_begin(struct serve *s, struct conn *c);

/* Feed what has come of a body; *used is how much of it was body. At its end,
 * or when it is refused, an answer is made and c->pushing is false. */
void push_feed(struct serve *s, struct conn *c, const uint8_t *p, size_t n,
	size_t *used);

/* It broke off. */
void push_cut(struct serve *s, struct conn *c);

/* Whether its total time has passed. */
bool push_late(const struct serve *s, const struct conn *c);

#endif
