/* Bytes with a length: borrowed spans, a checked cursor over them, and a
 * growable buffer with a hard cap. Nothing here trusts its input. */
#ifndef ERIKA_BYTES_H
#define ERIKA_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

/* Borrowed, read-only bytes. p may be NULL when n is 0. */
struct span {
	const uint8_t *p;
	size_t n;
};

/* Span over n bytes at p; borrows. */
struct span span_of(const void *p, size_t n);

/* Span over a C string, without its NUL; borrows. */
struct span span_str(const char *s);

/* Whether two spans hold the same bytes. Not constant time. */
bool span_eq(struct span a, struct span b);

/* Whether `a` begins with the bytes of `prefix`. */
bool span_starts(struct span a, struct span prefix);

/* The sub-span [at, at+n), cut to what `a` holds. Never fails. */
struct span span_sub(struct span a, size_t at, size_t n);

/* A reading position in a span. Plain data: {.in = s}. */
struct cursor {
	struct span in;
	size_t pos;
};

/* Bytes not read yet. */
size_t cursor_left(const struct cursor *c);

/* Take n bytes as a sub-span. ERR_TRUNCATED when fewer are left; the cursor
 * does not move then. */
enum err cursor_take(struct cursor *c, size_t n, struct span *out) ERR_MUST_USE;

/* Read a big-endian integer of 4 or 8 bytes. ERR_TRUNCATED as above. */
enum err cursor_u32(struct cursor *c, uint32_t *out) ERR_MUST_USE;
enum err cursor_u64(struct cursor *c, uint64_t *out) ERR_MUST_USE;

/* Take a line without its "\n"; the last line may lack the newline.
 * ERR_TRUNCATED at the end of input, ERR_LIMIT over `max` bytes. */
enum err cursor_line(struct cursor *c, size_t max, struct span *out)
	ERR_MUST_USE;

/* A growable buffer that never holds more than `max` bytes. Owns its memory:
 * buf_init, use, buf_free. Always kept NUL-terminated past n (the NUL is not
 * counted), so text built in it can be handed on as a C string. */
struct buf {
	uint8_t *p;
	size_t n;
	size_t cap;
	size_t max;
};

/* Free a list of n C strings and each of them. NULL is fine. */
void strings_free(char **list, size_t n);

/* Start empty, capped at `max` bytes. Allocates nothing. */
void buf_init(struct buf *b, size_t max);

/* Wipe nothing, free the memory, leave it empty and usable. NULL is fine. */
void buf_free(struct buf *b);

/* Forget the content, keep the memory. */
void buf_clear(struct buf *b);

/* Forget all behind the first n bytes, of at least n. */
void buf_cut(struct buf *b, size_t n);

/* Make room for n more bytes. ERR_LIMIT past the cap, ERR_NOMEM. On failure
 * of this or any call below the content is unchanged. */
enum err buf_reserve(struct buf *b, size_t n) ERR_MUST_USE;

/* Append bytes, a span, a C string, one byte, a big-endian integer,
 * printf-formatted text. ERR_LIMIT, ERR_NOMEM. */
enum err buf_add(struct buf *b, const void *p, size_t n) ERR_MUST_USE;
enum err buf_span(struct buf *b, struct span s) ERR_MUST_USE;
enum err buf_str(struct buf *b, const char *s) ERR_MUST_USE;
enum err buf_u8(struct buf *b, uint8_t v) ERR_MUST_USE;
enum err buf_u32(struct buf *b, uint32_t v) ERR_MUST_USE;
enum err buf_u64(struct buf *b, uint64_t v) ERR_MUST_USE;
enum err buf_printf(struct buf *b, const char *fmt, ...) ERR_MUST_USE
	ERR_PRINTF(2, 3);

/* View of the content; valid until the next change. */
struct span buf_view(const struct buf *b);

/* The content as a C string ("" when empty); valid until the next change. */
const char *buf_cstr(const struct buf *b);

/* Hand the memory over: returns a malloc'd NUL-terminated block (never NULL
 * unless out of memory) that the caller frees; *n (may be NULL) is its
 * length. The buffer is left empty. */
uint8_t *buf_steal(struct buf *b, size_t *n);

#endif
