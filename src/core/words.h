/* A fingerprint as eight words that two people can compare by telephone. The
 * words are erika's own list: 2,048 common English words of three to seven
 * letters, no two alike in their first four, none one letter from another of
 * its length, so that a slip of ear or hand does not become another word. */
#ifndef ERIKA_WORDS_H
#define ERIKA_WORDS_H

#include <stdint.h>

#include "bytes.h"
#include "err.h"

#define WORDS_COUNT 2048
#define WORDS_SIZE 8 /* the longest word and its NUL */

/* How many words, and the bytes they stand for: 8 times 11 bits. A forger
 * must try about 2^88 keys to meet one fingerprint. */
#define WORDS 8
#define WORDS_BYTES 11

/* The list, in alphabetical order. Word i stands for the number i. */
extern const char words_list[WORDS_COUNT][WORDS_SIZE];

/* The first 88 bits of a fingerprint, first bit first, as words. The strings
 * are the list's own. */
void words_of(const uint8_t fp[static WORDS_BYTES],
	const char *out[static WORDS]);

/* Append the eight words with spaces between them. ERR_LIMIT, ERR_NOMEM. */
enum err words_add(struct buf *out, const uint8_t fp[static WORDS_BYTES])
	ERR_MUST_USE;

/* Eight words as a person types them, any case, with spaces, tabs, line ends
 * or hyphens around and between, back to 11 bytes. ERR_SYNTAX: not a word of
 * the list (the diag names a near one), too few, too many. */
enum err words_parse(struct span s, uint8_t fp[static WORDS_BYTES],
	struct diag *d) ERR_MUST_USE;

#endif
