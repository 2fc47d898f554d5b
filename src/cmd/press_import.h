/* Bringing in pages, feeds and pictures: everything hostile happens in a
 * confined child, here is only what asks it. */
#ifndef ERIKA_PRESS_IMPORT_H
#define ERIKA_PRESS_IMPORT_H

#include "../ingest/ingest.h"
#include "press_image.h"

struct importer;

/* ERR_NOMEM. */
enum err importer_new(struct importer **out, struct diag *d) ERR_MUST_USE;
void importer_free(struct importer *im);

/* What the child must not know, once there is a room: as confine_forget. */
void importer_forget(struct importer *im, void (*forget)(void *arg), void *arg);

/* Import a file. `name` is what identifies a page: its path below the packed
 * folder. `language` may be NULL. ERR_UNSUPPORTED when it is neither a
 * page nor a feed; as ingest_import. */
enum err importer_file(struct importer *im, const char *path, const char *name,
	const char *language, int64_t now, struct ingest_result *out,
	struct diag *d) ERR_MUST_USE;

/* Plan the cleaning of a picture and name it. As image_plan_make, and
 * ERR_LIMIT over LIMIT_IMAGE. *gps is whether a position was left out. */
enum err importer_image(struct importer *im, const char *path,
	struct press_image *out, bool *gps, struct diag *d) ERR_MUST_USE;

#endif
