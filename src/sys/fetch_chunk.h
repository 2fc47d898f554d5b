/* A body in chunks (RFC 9112, 7.1), strictly: no extensions, and trailers
 * within the limit of a head. libcurl skips both without end and without a
 * word. Pure. Private to fetch*.c. */
#ifndef ERIKA_FETCH_CHUNK_H
#define ERIKA_FETCH_CHUNK_H

#include <stdbool.h>
#include <stdint.h>

#include "../core/bytes.h"

/* Zeroed before the first byte. */
struct chunks {
	enum {
		CHUNK_SIZE, /* hex digits, then CR */
		CHUNK_SIZE_LF,
		CHUNK_DATA,
		CHUNK_DATA_CR,
		CHUNK_DATA_LF,
		CHUNK_TRAILER, /* lines, until an empty one */
		CHUNK_END
	} state;
	uint64_t left;	  /* bytes of this chunk */
	unsigned digits;  /* of its size */
	size_t trailers;  /* bytes of them */
	bool in_line, cr; /* of a trailer */
};

/* Take bytes from the front of *in, and give back a span of the body, which
 * may be empty. Again until *in is empty. NULL, or what is wrong. */
const char *chunks_take(struct chunks *c, struct span *in, struct span *body);

#endif
