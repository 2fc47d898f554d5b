/* Text as bytes: strict UTF-8, base64, hex and decimal, and the one door
 * through which foreign text reaches a terminal. */
#ifndef ERIKA_TEXT_H
#define ERIKA_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bytes.h"
#include "err.h"

/* Decode one code point at the cursor. ERR_TRUNCATED at the end, ERR_SYNTAX
 * for overlong forms, surrogates and beyond U+10FFFF (RFC 3629); the cursor
 * does not move then. */
enum err text_utf8_next(struct cursor *c, uint32_t *cp) ERR_MUST_USE;

/* Whether the whole span is well-formed UTF-8 (NUL is a character here). */
bool text_utf8_valid(struct span s);

/* Append one code point as UTF-8. ERR_SYNTAX for what is not a scalar value. */
enum err text_utf8_add(struct buf *b, uint32_t cp) ERR_MUST_USE;

/* Whether this code point may not stand in stored titles, names or article
 * text: C0 (but tab and newline), DEL, C1, bidi overrides and embeddings
 * U+202A-202E, isolates U+2066-2069, U+2028, U+2029, interlinear marks,
 * U+FEFF, tags U+E0000-E007F, noncharacters. ZWNJ, ZWJ, LRM and RLM stay:
 * Persian and Indic need them. */
bool text_forbidden(uint32_t cp);

/* Whether a span is non-empty one-line text of at most `max` bytes: strict
 * UTF-8, nothing forbidden, no tab or newline. For titles, names, tags. */
bool text_line_ok(struct span s, size_t max);

/* Append `s` so that any terminal may print it on one line: forbidden code
 * points, tabs and newlines become "\xHH" or "\u{HHHH}", bytes that are not
 * UTF-8 "\xHH". ERR_LIMIT, ERR_NOMEM. */
enum err text_escape(struct buf *b, struct span s) ERR_MUST_USE;

/* The same into a caller's array, cut with "..." to fit; always terminated.
 * Returns `out`, for use as a printf argument. */
const char *text_show(char *out, size_t size, struct span s);

/* Standard base64 with padding (RFC 4648 section 4). Decoding is strict: no
 * white space, no missing padding, no stray bits. ERR_SYNTAX, ERR_LIMIT. */
enum err text_base64_add(struct buf *b, struct span s) ERR_MUST_USE;
enum err text_base64_decode(struct span s, struct buf *out) ERR_MUST_USE;

/* Lower-case hex of n bytes into out[2n+1], terminated. */
void text_hex(char *out, const uint8_t *p, size_t n);

/* Value of a hex digit of either case, as in percent-encoding (RFC 3986
 * section 2.1); -1 for any other byte. */
int text_hex_digit(uint8_t c);

/* Decode exactly n bytes of lower-case hex; upper case is refused so that
 * one value has one spelling. ERR_SYNTAX. */
enum err text_hex_decode(struct span s, uint8_t *out, size_t n) ERR_MUST_USE;

/* Unsigned decimal without sign, space or leading zero, at most `max`.
 * ERR_SYNTAX, ERR_LIMIT. */
enum err text_decimal(struct span s, uint64_t max, uint64_t *out) ERR_MUST_USE;

/* Whether a name is made of [a-z0-9._-] only, non-empty, at most `max`
 * bytes, and begins with a letter or digit: desks, outlets, mirror names. */
bool text_name_ok(struct span s, size_t max);

/* Whether a target path is one or more name segments joined by '/', each
 * of [A-Za-z0-9._-], none starting with '.', no empty segment, at most
 * LIMIT_PATH bytes. The only paths that ever become file names. */
bool text_path_ok(struct span s);

/* Whether `typed` is what somebody means who wants `name`: its beginning, of
 * two letters or more, or more than all of it, or one slip away (a letter
 * more, less, another, or two that changed places). */
bool text_near(const char *typed, const char *name);

#endif
