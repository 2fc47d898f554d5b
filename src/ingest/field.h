/* One-line texts of an article: titles, names, tags, ids, and the lists they
 * stand in. */
#ifndef ERIKA_FIELD_H
#define ERIKA_FIELD_H

#include <stdbool.h>
#include <stddef.h>

#include "../core/bytes.h"
#include "../core/err.h"

/* White space collapsed and trimmed, what text_forbidden names left out.
 * *out is malloc'd, or NULL when nothing is left or it is over `max` bytes
 * (ERR_OK then too). ERR_NOMEM. */
enum err field_clean(struct span s, size_t max, char **out) ERR_MUST_USE;

/* The same, cut at `max` bytes with an ellipsis; never NULL but for
 * ERR_NOMEM. For what is shown of something that may be anything. */
enum err field_show(struct span s, size_t max, char **out) ERR_MUST_USE;

/* Text of what may be HTML in a field (feeds escape titles once or twice). */
enum err field_html(struct span s, size_t max, char **out) ERR_MUST_USE;

/* Add a cleaned text to a list unless it is empty, too long, there already,
 * or the list has `most`. */
enum err field_add(char ***list, size_t *n, size_t most, size_t max,
	struct span s) ERR_MUST_USE;

/* A person's name: as field_add, and "mail@host (Name)" becomes Name, a bare
 * address or URL nothing: exports leak people. */
enum err field_add_author(char ***list, size_t *n, struct span s) ERR_MUST_USE;

/* "a, b, c" as tags. */
enum err field_add_tags(char ***list, size_t *n, struct span s) ERR_MUST_USE;

/* A language tag as BCP 47 writes it ("ru_RU" is seen), NULL when it is none.
 * ERR_NOMEM. */
enum err field_language(struct span s, char **out) ERR_MUST_USE;

/* An article id, [a-z0-9._-], at most LIMIT_ID: the source's own when it has
 * that form, else its readable end and 16 hex digits of its BLAKE2b.
 * ERR_NOMEM. */
enum err field_id(struct span s, char **out) ERR_MUST_USE;

/* The same from a file's name: without "./" before, ".html" or "/index.html"
 * after. */
enum err field_file_id(const char *name, char **out) ERR_MUST_USE;

/* A copy of a C string, NULL for NULL. */
enum err field_copy(const char *s, char **out) ERR_MUST_USE;

#endif
