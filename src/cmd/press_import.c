#include "press_import.h"

#include <stdlib.h>
#include <string.h>

#include "../core/limits.h"
#include "../ingest/wire.h"
#include "../sys/confine.h"
#include "../sys/file.h"

/* Beyond this a buffer is given back before the next file. */
#define BUFFER_KEPT LIMIT_MIB

struct importer {
	struct confine *child;
	struct buf source, request, answer;
};

enum err
importer_new(struct importer **out, struct diag *d)
{
	static const struct confine_limits limits = {
		.memory = LIMIT_IMPORT_MEMORY,
		.seconds = LIMIT_IMPORT_SECONDS,
		.answer = WIRE_ANSWER,
	};
	struct importer *im = calloc(1, sizeof(*im));

	*out = NULL;
	if (im == NULL ||
		confine_new(ingest_job, &limits, &im->child) != ERR_OK) {
		free(im);
		return diag_set(d, ERR_NOMEM, "out of memory");
	}
	confine_prepare(im->child, ingest_prepare);
	confine_set_file_job(im->child, ingest_file_job);
	buf_init(&im->source, LIMIT_SOURCE);
	/* The source, and what is said of it. */
	buf_init(&im->request, LIMIT_SOURCE + LIMIT_PART);
	buf_init(&im->answer, WIRE_ANSWER);
	*out = im;
	return ERR_OK;
}

void
importer_free(struct importer *im)
{
	if (im == NULL)
		return;
	confine_free(im->child);
	buf_free(&im->source);
	buf_free(&im->request);
	buf_free(&im->answer);
	free(im);
}

void
importer_forget(struct importer *im, void (*forget)(void *arg), void *arg)
{
	confine_forget(im->child, forget, arg);
}

/* Thousands of small files need no new buffers; a huge one's go. */
static void
buffer_empty(struct buf *b)
{
	if (b->cap > BUFFER_KEPT)
		buf_free(b);
	else
		buf_clear(b);
}

static void
importer_empty(struct importer *im)
{
	buffer_empty(&im->source);
	buffer_empty(&im->request);
	buffer_empty(&im->answer);
}

enum err
importer_file(struct importer *im, const char *path, const char *name,
	const char *language, int64_t now, struct ingest_result *out,
	struct diag *d)
{
	struct ingest_defaults def = {
		.language = language, .name = name, .now = now};
	uint64_t size;
	enum err e;

	*out = (struct ingest_result){.n_articles = 0};
	e = press_image_stat(path, &size, &def.modified, d);
	def.modified /= 1000000000;
	if (e == ERR_OK)
		e = file_read(path, LIMIT_SOURCE, &im->source, d);
	/* What it is, is for the child to find out. */
	if (e == ERR_OK &&
		(e = ingest_request_import(&im->request, buf_view(&im->source),
			 INGEST_UNKNOWN, &def)) != ERR_OK)
		e = diag_set(d, e, "%s", err_str(e));
	if (e == ERR_OK)
		e = confine_call(
			im->child, buf_view(&im->request), &im->answer, d);
	if (e == ERR_OK)
		e = ingest_answer_import(buf_view(&im->answer), out, d);
	importer_empty(im);
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
	uint64_t length = 0;
	enum err e;

	*out = (struct press_image){.file = strdup(path)};
	e = out->file == NULL
		    ? diag_set(d, ERR_NOMEM, "out of memory")
		    : press_image_stat(path, &out->size, &out->mtime, d);
	if (e == ERR_OK && (e = ingest_request_image(&im->request)) != ERR_OK)
		e = diag_set(d, e, "%s", err_str(e));
	if (e == ERR_OK)
		e = confine_call_file(im->child, buf_view(&im->request), path,
			LIMIT_IMAGE, &length, &im->answer, d);
	if (e == ERR_OK)
		e = ingest_answer_image(
			buf_view(&im->answer), length, &plan, d);
	importer_empty(im);
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
