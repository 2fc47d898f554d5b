/* Names inside an article that links inside it point to: footnotes. */
#ifndef ERIKA_ANCHORS_H
#define ERIKA_ANCHORS_H

#include <libxml/tree.h>
#include <stdbool.h>

#include "../core/bytes.h"
#include "../core/err.h"
#include "../core/limits.h"

/* Links and names taken note of: more than fit into LIMIT_TEXT, so that all of
 * our own output are always among them. */
#define ANCHORS_MAX 200000

struct anchor {
	char *source;		     /* as the page names it, decoded */
	char name[LIMIT_ANCHOR + 3]; /* as we do: "n-..." */
	bool present;		     /* something has this id */
	bool used;		     /* and it has been written */
};

/* Plain data, zeroed at the start. */
struct anchors {
	struct anchor *list; /* sorted by source once all are there */
	size_t n;
};

/* Note that a link points to this name. ERR_NOMEM. */
enum err anchors_add(struct anchors *a, struct span fragment) ERR_MUST_USE;

/* All links are noted: sort, and choose names. */
void anchors_sort(struct anchors *a);

/* The anchor of this name, or NULL. */
struct anchor *anchors_find(const struct anchors *a, struct span fragment);

void anchors_free(struct anchors *a);

#endif
