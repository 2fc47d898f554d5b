/* Which paths a delegation covers: TUF 1.0.34, section 4.5, PATHPATTERN. */
#include <string.h>

#include "text.h"
#include "tuf.h"

/* One [set] at p against c; *next is past the "]". A set without an end is
 * an ordinary '['. */
static bool
set_match(const char *p, char c, const char **next)
{
	bool negate, hit = false;
	const char *q = p + 1, *first;

	negate = *q == '!';
	if (negate)
		q++;
	for (first = q; *q != '\0' && *q != '/' && (*q != ']' || q == first);
		q++) {
		if (q[1] == '-' && q[2] != ']' && q[2] != '\0' && q[2] != '/') {
			hit |= c >= q[0] && c <= q[2];
			q += 2;
		} else {
			hit |= *q == c;
		}
	}
	if (*q != ']') {
		*next = p + 1;
		return c == '[';
	}
	*next = q + 1;
	return hit != negate;
}

/* One step of a pattern that is not '*': consumes one character. */
static bool
one_match(const char *p, char c, const char **next)
{
	if (c == '\0' || c == '/')
		return false;
	if (*p == '[')
		return set_match(p, c, next);
	*next = p + 1;
	return *p == '?' || *p == c;
}

/* Match up to the next '/' or the end, with one point to go back to: the last
 * '*' (enough, since a later star can take over whatever an earlier one
 * could). */
static bool
segment_match(const char **pattern, const char **path)
{
	const char *p = *pattern, *s = *path, *star = NULL, *back = NULL;
	const char *next;

	while (*s != '\0' && *s != '/') {
		if (*p == '*') {
			star = ++p;
			back = s;
		} else if (*p != '\0' && *p != '/' && one_match(p, *s, &next)) {
			p = next;
			s++;
		} else if (star != NULL) {
			p = star;
			s = ++back;
		} else {
			return false;
		}
	}
	while (*p == '*')
		p++;
	*pattern = p;
	*path = s;
	return *p == '\0' || *p == '/';
}

bool
tuf_path_match(const char *pattern, const char *path)
{
	for (;;) {
		if (!segment_match(&pattern, &path))
			return false;
		if (*pattern != *path)
			return false;
		if (*pattern == '\0')
			return true;
		pattern++;
		path++;
	}
}

static bool
hash_covers(const json_t *prefixes, const char *path)
{
	uint8_t hash[32];
	char hex[65];
	size_t i;

	hash_bytes(HASH_SHA256, span_str(path), hash);
	text_hex(hex, hash, sizeof(hash));
	for (i = 0; i < json_array_size(prefixes); i++) {
		const char *s = json_string_value(json_array_get(prefixes, i));

		if (strncmp(hex, s, strlen(s)) == 0)
			return true;
	}
	return false;
}

bool
tuf_delegation_covers(const json_t *delegation, const char *path)
{
	const json_t *paths = json_object_get(delegation, "paths");
	const json_t *prefixes =
		json_object_get(delegation, "path_hash_prefixes");
	size_t i;

	if (prefixes != NULL)
		return hash_covers(prefixes, path);
	for (i = 0; i < json_array_size(paths); i++)
		if (tuf_path_match(
			    json_string_value(json_array_get(paths, i)), path))
			return true;
	return false;
}
