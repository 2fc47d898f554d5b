/* The frames between fetch and its child: u32 length of the body, u8 type,
 * u32 wish, body; integers big-endian. Bytes only, no descriptors. Each side
 * takes the other's frames for hostile.
 *
 *	parent -> child	FRAME_WANT	struct wire_want
 *			FRAME_STOP	empty: end the wish, if it has not
 *	child -> parent	FRAME_ASKED	empty: the request has gone out
 *			FRAME_DATA	bytes of the body, in order
 *			FRAME_DONE	struct wire_done; the last of each
 *					wish, also of one that was stopped */
#ifndef ERIKA_FETCH_WIRE_H
#define ERIKA_FETCH_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "../core/bytes.h"
#include "../core/err.h"
#include "../core/limits.h"
#include "../core/route.h"

enum { FRAME_WANT = 1, FRAME_STOP, FRAME_ASKED, FRAME_DATA, FRAME_DONE };

#define FRAME_HEAD 9
#define FRAME_BODY LIMIT_FRAME
#define FRAME_MAX (FRAME_HEAD + FRAME_BODY)

struct frame {
	uint8_t type;
	uint32_t id;
	struct span body; /* borrowed from the input */
};

/* Write the head of a frame with a body of n <= FRAME_BODY bytes. */
void wire_head(
	uint8_t out[static FRAME_HEAD], uint8_t type, uint32_t id, size_t n);

/* Take the next whole frame. *have is false, and nothing taken, when more
 * bytes are needed. ERR_LIMIT when its body would be over FRAME_BODY,
 * ERR_SYNTAX for a type that is none of the above. */
enum err wire_next(struct cursor *c, struct frame *f, bool *have) ERR_MUST_USE;

/* Room for the strings of a route, with their NUL: an IPv6 address; a host
 * name (RFC 1035, 2.3.4); one SHA-256 in base64, with its prefix;
 * "socks5h://", a host and a port. */
#define WIRE_ADDRESS 46
#define WIRE_HOST 256
#define WIRE_PIN 53
#define WIRE_PROXY 280

/* A wish on its way. */
struct wire_want {
	char base[LIMIT_URL + 1];
	char path[LIMIT_URL + 1];
	uint64_t offset;
	uint64_t n;
	uint64_t max;
	uint32_t ms; /* from now until its deadline */
	bool allow_private;
	bool fresh;
	enum strategy strategy;
	/* Of struct route; empty for NULL. */
	char address[WIRE_ADDRESS];
	char sni[WIRE_HOST];
	char pin[WIRE_PIN];
	char front[WIRE_HOST];
	char resolver[LIMIT_URL + 1];
	char resolver_address[WIRE_ADDRESS];
	char proxy[WIRE_PROXY];
};

/* Append a frame without a body. */
enum err wire_empty_add(
	struct buf *out, uint8_t type, uint32_t id) ERR_MUST_USE;

/* Append a FRAME_WANT. ERR_LIMIT, ERR_NOMEM. */
enum err wire_want_add(
	struct buf *out, uint32_t id, const struct wire_want *w) ERR_MUST_USE;

/* Read the body of one. ERR_SYNTAX for anything out of range. */
enum err wire_want_read(struct span body, struct wire_want *w) ERR_MUST_USE;

/* How a wish ended. */
struct wire_done {
	enum err err;
	uint64_t wire;	     /* bytes received */
	uint64_t us;	     /* how long it took */
	uint64_t connect_us; /* until connected; 0: it was not, or long ago */
	uint64_t first_us;   /* until the first byte of the answer; 0: none */
	uint32_t status;     /* of the answer; 0: none */
	uint8_t requests;    /* 0 or 1 */
	/* The whole body of a 451, at most LIMIT_TOMBSTONE; else empty.
	 * Borrowed. */
	struct span notice;
	char why[256];
};

/* Append a FRAME_DONE. ERR_LIMIT, ERR_NOMEM. */
enum err wire_done_add(
	struct buf *out, uint32_t id, const struct wire_done *w) ERR_MUST_USE;

/* Read the body of one: only codes that a wish may end with, and a notice with
 * a 451 alone. `why` is made safe to show; the notice is borrowed from `body`.
 * ERR_SYNTAX. */
enum err wire_done_read(struct span body, struct wire_done *w) ERR_MUST_USE;

#endif
