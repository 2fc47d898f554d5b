#include "press_import.h"

#include <stdlib.h>
#include <string.h>

#include "../core/limits.h"
#include "../sys/file.h"

struct importer {
	int unused;
};

enum err
importer_new(struct importer **out, struct diag *d)
{
	*out = calloc(1, sizeof(**out));
	return *out == NULL ? diag_set(d, ERR_NOMEM, "out of memory") : ERR_OK;
}

void
importer_free(struct importer *im)
{
	free(im);
}

enum err
importer_file(struct importer *im, const char *path, const char *language,
	int64_t now, struct ingest_result *out, struct diag *d)
{
	const char *slash = strrchr(path, '/');
	struct ingest_defaults def = {.language = language,
		.name = slash == NULL ? path : slash + 1,
		.now = now};
	enum ingest_kind kind;
	uint64_t size;
	struct buf b;
	enum err e;

	(void)im;
	buf_init(&b, LIMIT_SOURCE);
	e = press_image_stat(path, &size, &def.modified, d);
	def.modified /= 1000000000;
	if (e == ERR_OK)
		e = file_read(path, LIMIT_SOURCE, &b, d);
	kind = ingest_detect(buf_view(&b));
	if (e == ERR_OK && kind == INGEST_UNKNOWN)
		e = diag_set(d, ERR_UNSUPPORTED, "neither a page nor a feed");
	if (e == ERR_OK)
		e = ingest_import(buf_view(&b), kind, &def, out, d);
	buf_free(&b);
	return e;
}

/* The plan's pieces as our own. */
static enum err
pieces_copy(const struct image_plan *plan, struct press_image *out)
{
	size_t i;

	out->type = plan->type;
	out->pieces = calloc(plan->n_pieces + 1, sizeof(*out->pieces));
	if (out->pieces == NULL)
		return ERR_NOMEM;
	for (i = 0; i < plan->n_pieces; i++) {
		const struct image_piece *from = &plan->pieces[i];
		struct press_piece *to = &out->pieces[i];

		to->at = from->at;
		to->n = from->n;
		out->n_pieces++;
		if (from->fresh == NULL)
			continue;
		to->fresh = malloc((size_t)from->n + 1);
		if (to->fresh == NULL)
			return ERR_NOMEM;
		memcpy(to->fresh, from->fresh, (size_t)from->n);
	}
	return ERR_OK;
}

enum err
importer_image(struct importer *im, const char *path, struct press_image *out,
	bool *gps, struct diag *d)
{
	struct image_plan plan = {.n_pieces = 0};
	struct buf b;
	enum err e;

	(void)im;
	*out = (struct press_image){.file = strdup(path)};
	buf_init(&b, LIMIT_IMAGE);
	e = out->file == NULL
		    ? diag_set(d, ERR_NOMEM, "out of memory")
		    : press_image_stat(path, &out->size, &out->mtime, d);
	if (e == ERR_OK)
		e = file_read(path, LIMIT_IMAGE, &b, d);
	if (e == ERR_OK)
		e = image_plan_make(buf_view(&b), &plan, d);
	buf_free(&b);
	if (e == ERR_OK)
		e = pieces_copy(&plan, out);
	if (e == ERR_OK)
		e = press_image_name(out, d);
	*gps = plan.had_gps;
	image_plan_clear(&plan);
	if (e != ERR_OK)
		press_image_clear(out);
	return e;
}
