#include "json.h"

#include <stdlib.h>
#include <string.h>

#include "date.h"
#include "limits.h"
#include "text.h"

/* jansson recurses, so nesting is counted before it sees a byte. */
static enum err
depth_check(struct span s, struct diag *d)
{
	size_t i, depth = 0;
	bool quoted = false;

	for (i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];

		if (quoted) {
			if (c == '\\')
				i++;
			else if (c == '"')
				quoted = false;
		} else if (c == '"') {
			quoted = true;
		} else if (c == '{' || c == '[') {
			if (++depth > LIMIT_JSON_DEPTH)
				return diag_at(d, ERR_LIMIT, i,
					"JSON nests deeper than %d",
					LIMIT_JSON_DEPTH);
		} else if ((c == '}' || c == ']') && depth > 0) {
			depth--;
		}
	}
	return ERR_OK;
}

size_t
json_count(struct span s)
{
	size_t i, n = 1;
	bool quoted = false;

	for (i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];

		if (quoted && c == '\\')
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && (c == ',' || c == '[' || c == '{'))
			n++;
	}
	return n;
}

enum err
json_parse(struct span s, size_t max, json_t **out, struct diag *d)
{
	json_error_t why;
	char shown[96];
	enum err e;

	*out = NULL;
	if (s.n > max)
		return diag_set(d, ERR_LIMIT,
			"JSON of %zu bytes; at most %zu are read", s.n, max);
	e = depth_check(s, d);
	if (e != ERR_OK)
		return e;
	*out = json_loadb((const char *)s.p, s.n, JSON_REJECT_DUPLICATES,
		&why);
	if (*out == NULL) {
		size_t at = why.position < 0 ? 0 : (size_t)why.position;

		if (json_error_code(&why) == json_error_out_of_memory)
			return diag_set(d, ERR_NOMEM, "out of memory");
		return diag_at(d, ERR_SYNTAX, at, "not JSON, at byte %zu: %s",
			at, text_show(shown, sizeof(shown),
				    span_str(why.text)));
	}
	if (!json_is_object(*out)) {
		json_decref(*out);
		*out = NULL;
		return diag_set(d, ERR_SYNTAX, "not a JSON object");
	}
	return ERR_OK;
}

static enum err
canonical_string(const char *p, size_t n, struct buf *out)
{
	size_t i, from = 0;
	enum err e = buf_u8(out, '"');

	for (i = 0; e == ERR_OK && i < n; i++) {
		if (p[i] != '"' && p[i] != '\\')
			continue;
		e = buf_add(out, p + from, i - from);
		if (e == ERR_OK)
			e = buf_u8(out, '\\');
		from = i;
	}
	if (e == ERR_OK)
		e = buf_add(out, p + from, n - from);
	if (e == ERR_OK)
		e = buf_u8(out, '"');
	return e;
}

static int
key_order(const void *a, const void *b)
{
	/* Bytes of UTF-8 sort as code points do. */
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum err
canonical_object(const json_t *v, struct buf *out)
{
	size_t i = 0, n = json_object_size(v);
	const char **keys = malloc((n + 1) * sizeof(*keys));
	void *it = json_object_iter((json_t *)(uintptr_t)v);
	enum err e;

	if (keys == NULL)
		return ERR_NOMEM;
	for (; it != NULL && i < n;
		it = json_object_iter_next((json_t *)(uintptr_t)v, it))
		keys[i++] = json_object_iter_key(it);
	qsort(keys, n, sizeof(*keys), key_order);
	e = buf_u8(out, '{');
	for (i = 0; e == ERR_OK && i < n; i++) {
		if (i > 0)
			e = buf_u8(out, ',');
		if (e == ERR_OK)
			e = canonical_string(keys[i], strlen(keys[i]), out);
		if (e == ERR_OK)
			e = buf_u8(out, ':');
		if (e == ERR_OK)
			e = json_canonical(json_object_get(v, keys[i]), out);
	}
	free(keys);
	if (e == ERR_OK)
		e = buf_u8(out, '}');
	return e;
}

static enum err
canonical_array(const json_t *v, struct buf *out)
{
	size_t i, n = json_array_size(v);
	enum err e = buf_u8(out, '[');

	for (i = 0; e == ERR_OK && i < n; i++) {
		if (i > 0)
			e = buf_u8(out, ',');
		if (e == ERR_OK)
			e = json_canonical(json_array_get(v, i), out);
	}
	if (e == ERR_OK)
		e = buf_u8(out, ']');
	return e;
}

enum err
json_canonical(const json_t *v, struct buf *out)
{
	switch (json_typeof(v)) {
	case JSON_OBJECT:
		return canonical_object(v, out);
	case JSON_ARRAY:
		return canonical_array(v, out);
	case JSON_STRING:
		return canonical_string(json_string_value(v),
			json_string_length(v), out);
	case JSON_INTEGER:
		return buf_printf(out, "%" JSON_INTEGER_FORMAT,
			json_integer_value(v));
	case JSON_TRUE:
		return buf_str(out, "true");
	case JSON_FALSE:
		return buf_str(out, "false");
	case JSON_NULL:
		return buf_str(out, "null");
	case JSON_REAL:
		break;
	}
	return ERR_UNSUPPORTED;
}

static enum err
member_bad(struct diag *d, const char *name, const char *what)
{
	return diag_set(d, ERR_SYNTAX, "\"%s\" is not %s", name, what);
}

enum err
json_str(const json_t *o, const char *name, const char **out, struct diag *d)
{
	const json_t *v = json_object_get(o, name);

	if (!json_is_string(v))
		return member_bad(d, name, "a string");
	*out = json_string_value(v);
	return ERR_OK;
}

enum err
json_uint(const json_t *o, const char *name, uint64_t max, uint64_t *out,
	struct diag *d)
{
	const json_t *v = json_object_get(o, name);

	if (!json_is_integer(v) || json_integer_value(v) < 0 ||
		(uint64_t)json_integer_value(v) > max)
		return member_bad(d, name, "a whole number in range");
	*out = (uint64_t)json_integer_value(v);
	return ERR_OK;
}

enum err
json_obj(const json_t *o, const char *name, json_t **out, struct diag *d)
{
	json_t *v = json_object_get(o, name);

	if (!json_is_object(v))
		return member_bad(d, name, "an object");
	*out = v;
	return ERR_OK;
}

enum err
json_arr(const json_t *o, const char *name, size_t max, json_t **out,
	struct diag *d)
{
	json_t *v = json_object_get(o, name);

	if (!json_is_array(v))
		return member_bad(d, name, "an array");
	if (json_array_size(v) > max)
		return diag_set(d, ERR_LIMIT,
			"\"%s\" has %zu entries; at most %zu are read", name,
			json_array_size(v), max);
	*out = v;
	return ERR_OK;
}

enum err
json_hex(const json_t *o, const char *name, uint8_t *out, size_t n,
	struct diag *d)
{
	const char *s = "";
	enum err e = json_str(o, name, &s, d);

	if (e != ERR_OK)
		return e;
	if (text_hex_decode(span_str(s), out, n) != ERR_OK)
		return member_bad(d, name, "lower-case hex of its length");
	return ERR_OK;
}

enum err
json_date(const json_t *o, const char *name, int64_t *out, struct diag *d)
{
	const char *s = "";
	enum err e = json_str(o, name, &s, d);

	if (e != ERR_OK)
		return e;
	if (date_parse(span_str(s), out) != ERR_OK)
		return member_bad(d, name, "a UTC date");
	return ERR_OK;
}

enum err
json_only(const json_t *o, const char *const *names, struct diag *d)
{
	const char *key;
	json_t *v;
	char shown[80];

	json_object_foreach((json_t *)(uintptr_t)o, key, v) {
		const char *const *n = names;

		while (*n != NULL && strcmp(*n, key) != 0)
			n++;
		if (*n == NULL)
			return diag_set(d, ERR_SYNTAX,
				"unknown member \"%s\"",
				text_show(shown, sizeof(shown),
					span_str(key)));
	}
	return ERR_OK;
}
