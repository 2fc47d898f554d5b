/* The bundle, erika-bundle(5): articles in, objects out.
 *
 *   "erika-bundle-1\n"            15 bytes
 *   u32 packed length of index    big-endian
 *   u32 unpacked length of index
 *   packed index                  raw deflate of canonical JSON
 *   ---- the head ends here; the signed target's custom.head has its
 *        length and BLAKE2b-256
 *   text objects                  packed, end to end
 *   ---- custom.text is the length up to here
 *   image objects                 stored, end to end
 *   zero bytes                    up to bundle_padded(length)
 *
 * An object's parts are its consecutive LIMIT_PART bytes (the last shorter);
 * each has a BLAKE2b-256 in the index. An object's name is its only part's
 * digest, or the BLAKE2b-256 of its parts' digests end to end. */
#ifndef ERIKA_BUNDLE_H
#define ERIKA_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "article.h"
#include "bytes.h"
#include "crypto.h"
#include "deflate.h"
#include "err.h"
#include "verified.h"

#define BUNDLE_MAGIC "erika-bundle-1\n"
#define BUNDLE_PREFIX 23 /* magic and the two lengths */

enum bundle_codec { BUNDLE_STORED, BUNDLE_DEFLATE };

/* A preset dictionary by target path and content. */
struct bundle_dict {
	const char *path;   /* "x/ru-1.dict" */
	uint8_t sha256[32]; /* of the target file */
};

/* One object. Pointers belong to the bundle. */
struct bundle_object {
	struct digest name;
	enum bundle_codec codec;
	uint32_t packed;   /* bytes in the bundle */
	uint32_t unpacked; /* bytes after inflating; == packed when stored */
	int32_t dict;	   /* index into dictionaries, or -1 */
	/* Deflated against an earlier revision's text: that text object's
	 * name and the bundle it is in; NULL when not. dict is -1 then. */
	const char *base_bundle;
	struct digest base;
	uint64_t offset; /* of its first byte in the bundle */
	const struct digest *parts;
	size_t n_parts;
};

/* ---- paths */

/* Whether this is a bundle's target path, "b/DESK/YYYY-wWW/SEQUENCE.ekb" with
 * an ISO 8601 week that exists and SEQUENCE from 1. The desk is borrowed from
 * `path`. */
bool bundle_path_parse(struct span path, struct span *desk, uint64_t *sequence);

/* Append the path of a desk's bundle made at `when`. ERR_LIMIT, ERR_NOMEM. */
enum err bundle_path_add(struct buf *out, const char *desk, int64_t when,
	uint64_t sequence) ERR_MUST_USE;

/* ---- reading */

struct bundle;

/* Open from verified bytes that begin with the head (a head alone, or a whole
 * file). Inflates and checks the index completely: every offset, count, name,
 * date and cross reference. ERR_SYNTAX, ERR_REFUSED, ERR_UNSUPPORTED,
 * ERR_LIMIT, ERR_TRUNCATED, ERR_TRAILING, ERR_NOMEM; *out NULL then. */
enum err bundle_open(const struct verified *head, struct bundle **out,
	struct diag *d) ERR_MUST_USE;
void bundle_free(struct bundle *b);

/* What the index says. Borrowed from the bundle. */
const char *bundle_desk(const struct bundle *b);
const char *bundle_path(const struct bundle *b); /* its target path */
uint64_t bundle_sequence(const struct bundle *b);
int64_t bundle_created(const struct bundle *b);
size_t bundle_head(const struct bundle *b);	/* bytes of the head */
uint64_t bundle_text_end(const struct bundle *b); /* head and texts */
uint64_t bundle_content(const struct bundle *b); /* before padding */
uint64_t bundle_length(const struct bundle *b);	/* with padding */
size_t bundle_articles(const struct bundle *b);
const struct article *bundle_article(const struct bundle *b, size_t i);
size_t bundle_objects(const struct bundle *b);
const struct bundle_object *bundle_object(const struct bundle *b, size_t i);
size_t bundle_dicts(const struct bundle *b);
const struct bundle_dict *bundle_dict(const struct bundle *b, size_t i);

/* Index of the object with this name, or -1. */
int32_t bundle_find(const struct bundle *b, const struct digest *name);

/* Bytes of part k of object i as they stand in the bundle: where, how many. */
void bundle_part_range(const struct bundle *b, size_t i, size_t k,
	uint64_t *offset, size_t *n);

/* Check one part. ERR_HASH when it is not what was signed, ERR_TRUNCATED or
 * ERR_TRAILING when its length is not; *out is NULL then. */
enum err bundle_part_verify(const struct bundle *b, size_t i, size_t k,
	struct span part, struct verified **out, struct diag *d) ERR_MUST_USE;

/* Check a whole packed object, all its parts. As above. */
enum err bundle_object_verify(const struct bundle *b, size_t i,
	struct span packed, struct verified **out, struct diag *d)
	ERR_MUST_USE;

/* Unpack a verified object: inflate to its signed length, or a copy when
 * stored. `dict` is the unpacked dictionary or base text it needs, NULL when
 * it needs none; which one is the caller's business. ERR_MISSING when it needs
 * one and has none, ERR_FAILED when it has one and needs none; otherwise as
 * inflate_exact. */
enum err bundle_object_unpack(const struct bundle *b, size_t i,
	const struct verified *packed, const struct verified *dict,
	struct verified **out, struct diag *d) ERR_MUST_USE;

/* Check the tail of a whole file: its length is bundle_length and all bytes
 * after the content are zero. `tail` is everything from bundle_content on.
 * ERR_TRUNCATED, ERR_TRAILING, ERR_REFUSED. */
enum err bundle_padding_check(const struct bundle *b, struct span tail,
	struct diag *d) ERR_MUST_USE;

/* The length a bundle of n content bytes is padded to: the first of the steps
 * p(0) = 1024, p(k+1) = p(k) + ceil(p(k) / 4) that is not below n, which is
 * the powers of 1.25 in whole numbers (erika-bundle(5), PADDING). */
#define BUNDLE_PADDED_MIN 1024
uint64_t bundle_padded(uint64_t n);

/* Name of an object from its parts' digests. */
struct digest bundle_object_name(const struct digest *parts, size_t n);

/* ---- writing (erika-press) */

struct bundle_draft;

/* Start a bundle. Strings are copied. NULL: out of memory. */
struct bundle_draft *bundle_draft_new(const char *outlet, const char *desk,
	const char *path, uint64_t sequence, int64_t created);
void bundle_draft_free(struct bundle_draft *b);

/* Name a dictionary; *i is its index for bundle_draft_text. One that no text
 * uses in the end is left out. */
enum err bundle_draft_dict(struct bundle_draft *b, const char *path,
	const uint8_t sha256[static 32], int32_t *i) ERR_MUST_USE;

/* Add a text object. `z` is a compressor primed with the dictionary `dict`
 * (-1: none), or with the base text when base_bundle is not NULL. *i is the
 * object index. Texts must all come before images. ERR_REFUSED for an empty
 * text, one behind an image, or both a base and a dictionary; ERR_LIMIT. */
enum err bundle_draft_text(struct bundle_draft *b, struct span text,
	struct deflate *z, int32_t dict, const char *base_bundle,
	const struct digest *base, int32_t *i) ERR_MUST_USE;

/* Add an image object of `length` bytes whose parts have these digests. The
 * caller writes the bytes itself after bundle_draft_finish, in the order of
 * these calls. ERR_EXISTS, with *i set, when this picture is in the bundle
 * already: use it, and write nothing. ERR_REFUSED, ERR_LIMIT. */
enum err bundle_draft_image(struct bundle_draft *b, uint32_t length,
	const struct digest *parts, size_t n_parts, int32_t *i) ERR_MUST_USE;

/* Add an article (copied and checked). Its images that are in this bundle
 * must carry the names of their objects. ERR_REFUSED, ERR_LIMIT. */
enum err bundle_draft_article(struct bundle_draft *b, const struct article *a,
	struct diag *d) ERR_MUST_USE;

/* Name of an object added before. Borrowed from the draft. */
const struct digest *bundle_draft_name(const struct bundle_draft *b, int32_t i);

/* Append head and text objects to `out`; images and padding are the caller's.
 * *head is the head's length, *content the length with all images, *padded that
 * of the whole file. The result opens with bundle_open; what would not, fails
 * here. */
enum err bundle_draft_finish(struct bundle_draft *b, struct buf *out,
	size_t *head, uint64_t *content, uint64_t *padded, struct diag *d)
	ERR_MUST_USE;

/* Packed bytes of texts so far. To know when to start the next bundle. */
size_t bundle_draft_size(const struct bundle_draft *b);

/* ---- preset dictionaries, erika-bundle(5), DICTIONARIES
 *   "erika-dict-1\n", u32 unpacked length, raw deflate */

/* Pack dictionary bytes (at most LIMIT_DICT) as a dictionary file.
 * ERR_LIMIT, ERR_NOMEM. */
enum err bundle_dict_pack(struct span dict, struct buf *out) ERR_MUST_USE;

/* Unpack a verified dictionary file. ERR_SYNTAX, ERR_LIMIT, and as
 * inflate_exact. */
enum err bundle_dict_unpack(const struct verified *file, struct verified **out,
	struct diag *d) ERR_MUST_USE;

#endif
