/* Links as they may stand in an article. */
#ifndef ERIKA_URL_H
#define ERIKA_URL_H

#include <stdbool.h>

#include "../core/bytes.h"
#include "../core/err.h"

/* Append the absolute link that `href` is, seen from `base` (NULL: unknown):
 * http, https or mailto in lower case, as markup_url_ok wants it, without
 * parameters that follow people (utm_*, fbclid, ...). *ok false and nothing
 * appended when it cannot be one. ERR_NOMEM. */
enum err url_clean(struct span href, const char *base, struct buf *out,
	bool *ok) ERR_MUST_USE;

/* The same as a new string in the characters of RFC 3986, others encoded; NULL
 * when it cannot be one, is a mailbox, or names a user before the host. */
enum err url_web(struct span href, const char *base, char **out) ERR_MUST_USE;

/* Where an image is: the path or URL as written, percent-decoded, without
 * query and fragment; "//host/" gets "https:". NULL for data: and for what is
 * not a name at all. ERR_NOMEM. */
enum err url_image(struct span src, char **out) ERR_MUST_USE;

/* The name after '#' when `href` points into the page itself: "#a", or the
 * base with "#a" after it; else an empty span. */
struct span url_fragment(struct span href, const char *base);

#endif
