/* JSON over jansson, made strict, and canonical JSON (OLPC), the form that
 * TUF signs and bundles carry. */
#ifndef ERIKA_JSON_H
#define ERIKA_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "bytes.h"
#include "err.h"

/* Parse one object. Refused: over `max` bytes, deeper than LIMIT_JSON_DEPTH,
 * duplicate names, bad UTF-8, NUL in strings, trailing bytes, a top level
 * that is not an object. *out is owned: json_decref. ERR_LIMIT, ERR_SYNTAX,
 * ERR_NOMEM; *out NULL then. */
enum err json_parse(struct span s, size_t max, json_t **out, struct diag *d)
	ERR_MUST_USE;

/* How many values a JSON text can have at most, without parsing it: memory is
 * bounded by this rather than by bytes. */
size_t json_count(struct span s);

/* Append canonical JSON: names sorted by code point, no white space, only
 * '"' and '\' escaped, integers only. ERR_UNSUPPORTED for a real number. */
enum err json_canonical(const json_t *v, struct buf *out) ERR_MUST_USE;

/* Members, checked: the wrong type or absence is ERR_SYNTAX with the name in
 * `d`. Strings are borrowed from the object. */
enum err json_str(const json_t *o, const char *name, const char **out,
	struct diag *d) ERR_MUST_USE;
enum err json_uint(const json_t *o, const char *name, uint64_t max,
	uint64_t *out, struct diag *d) ERR_MUST_USE;
enum err json_obj(const json_t *o, const char *name, json_t **out,
	struct diag *d) ERR_MUST_USE;
enum err json_arr(const json_t *o, const char *name, size_t max, json_t **out,
	struct diag *d) ERR_MUST_USE;
enum err json_hex(const json_t *o, const char *name, uint8_t *out, size_t n,
	struct diag *d) ERR_MUST_USE;
enum err json_date(const json_t *o, const char *name, int64_t *out,
	struct diag *d) ERR_MUST_USE;

/* Whether the object has only names from this NULL-terminated list; the first
 * other one is named in `d`. ERR_SYNTAX. For our own formats, not TUF's. */
enum err json_only(const json_t *o, const char *const *names, struct diag *d)
	ERR_MUST_USE;

#endif
