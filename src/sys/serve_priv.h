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
};

struct conn_list {
	uint32_t first, last;
	int64_t wait; /* ms */
};

#define PEER_BUCKETS 4096

/* What the kernel hands back for our own descriptors; connections have their
 * number in the low half. */
#define TAG_LISTENER (UINT32_MAX - 1)
#define TAG_SIGNALS (UINT32_MAX - 2)

struct serve {
	struct serve_config config; /* numbers only; the strings are below */
	char *listen;
	char prefix[LIMIT_HTTP_PREFIX + 1];
	char origin[160]; /* "http://127.0.0.1:8080", "unix:/path" */
	char url[LIMIT_HTTP_PREFIX + 161];
	char unix_path[128]; /* to unlink, or "" */
	int epoll, signals, listener, root;
	bool beneath; /* openat2 works */
	bool deaf;    /* the listener is muted until descriptors are free */
	bool masked;
	sigset_t old_mask;
	int64_t now;	/* ms, monotonic, of this turn */
	int64_t second; /* wall clock, of `date` */
	char date[HTTP_DATE_SIZE];
	int64_t report; /* ms of the last SERVE_REPORT */
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
};

/* serve_file.c: open a name beneath a folder: no link on the way, regular
 * files only. -1 with errno; ENOENT for whatever is not such a file.
 * `beneath` says that openat2 works (serve_file_beneath); without it the path
 * is walked. */
bool serve_file_beneath(int root);
int serve_file_open(int root, bool beneath, const char *path, off_t *size);

/* serve_listen.c: a listening socket; `origin` gets where it is reached,
 * up to the port; unix_path the path to unlink later, or "". */
enum err serve_listen(const char *s, int *fd, char *origin, size_t size,
	char *unix_path, size_t path_size, struct diag *d) ERR_MUST_USE;

/* A client's address as a number to compare, 0 for none. */
uint64_t serve_peer(const uint64_t salt[2], const struct sockaddr *sa);

/* serve_conn.c: the life of a connection. */
void conn_add(struct serve *s, int fd, uint64_t peer);
void conn_event(struct serve *s, struct conn *c, uint32_t events);
void conn_drop(struct serve *s, struct conn *c);
void conn_wait(struct serve *s, struct conn *c, enum conn_state state);
bool conn_progressed(struct serve *s, struct conn *c);
unsigned conn_of_peer(const struct serve *s, uint64_t peer, unsigned most);

/* serve_send.c: hand s->head and what follows it to the kernel, as far as it
 * goes at once; the rest of it later. */
enum step { STEP_DONE, STEP_BLOCKED, STEP_GONE };
enum step send_begin(struct serve *s, struct conn *c);
enum step send_rest(struct serve *s, struct conn *c);

/* Bytes that the client's side has taken. */
uint64_t send_delivered(const struct conn *c);

/* serve_answer.c: begin an answer to s->request, or a refusal: s->head is
 * the head with a short text, c->file what follows. */
void answer_request(struct serve *s, struct conn *c);
void answer_refusal(struct serve *s, struct conn *c, unsigned status);

#endif
