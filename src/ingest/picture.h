/* Where an img's picture is. */
#ifndef ERIKA_PICTURE_H
#define ERIKA_PICTURE_H

#include <libxml/tree.h>
#include <stdbool.h>

#include "../core/err.h"

/* Its source as url_image gives it; the attributes of lazy loading come first,
 * since src is a placeholder then. *out is malloc'd, NULL when there is none.
 * ERR_NOMEM. */
enum err picture_source(const xmlNode *n, char **out) ERR_MUST_USE;

/* Whether it is a counter that reports who reads, not a picture: one pixel
 * wide or high. Frames too. */
bool picture_pixel(const xmlNode *n);

#endif
