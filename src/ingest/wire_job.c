/* What runs in the importing process. */
#include <jansson.h>
#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "charset.h"
#include "wire_private.h"

/* A parser that cannot store a piece may leave it out and say nothing. */
static void *
memory(size_t n)
{
	void *p = malloc(n);

	if (p == NULL && n > 0)
		_exit(WIRE_NO_MEMORY);
	return p;
}

static void *
more_memory(void *old, size_t n)
{
	void *p = realloc(old, n);

	if (p == NULL && n > 0)
		_exit(WIRE_NO_MEMORY);
	return p;
}

static char *
copy(const char *s)
{
	size_t n = strlen(s) + 1;

	return memcpy(memory(n), s, n);
}

static int
by_value(const void *a, const void *b)
{
	return memcmp(a, b, 1);
}

void
ingest_prepare(void)
{
	char many[4096] = "";

	/* The C library's qsort asks for the machine's memory when it first
	 * sorts more than a kilobyte. */
	qsort(many, sizeof(many), 1, by_value);
	json_set_alloc_funcs(memory, free);
	xmlMemSetup(free, memory, more_memory, copy);
	xmlInitParser();
	/* jansson seeds its tables from a file otherwise. */
	json_object_seed(0);
	charset_prepare();
}

static char *
read_string(struct wire_reader *r)
{
	struct wire_reader ahead = *r;
	struct span s;

	if (wire_u32(&ahead, WIRE_ABSENT) == WIRE_ABSENT) {
		*r = ahead;
		return NULL;
	}
	s = wire_bytes(r, LIMIT_SOURCE);
	return r->err != ERR_OK
		       ? NULL
		       : strndup(s.n == 0 ? "" : (const char *)s.p, s.n);
}

static enum err
job_import(struct wire_reader *r, struct buf *answer, struct diag *d)
{
	struct ingest_defaults def = {0};
	struct ingest_result result = {0};
	char *language, *name;
	uint8_t kind;
	enum err e;

	kind = wire_u8(r);
	language = read_string(r);
	name = read_string(r);
	def.language = language;
	def.name = name;
	def.now = (int64_t)wire_u64(r, UINT64_MAX);
	def.modified = (int64_t)wire_u64(r, UINT64_MAX);
	if (r->err != ERR_OK || kind > INGEST_UNKNOWN) {
		e = diag_set(d, ERR_FAILED, "a request that is no request");
		goto out;
	}
	e = ingest_import(span_sub(r->c.in, r->c.pos, r->c.in.n),
		(enum ingest_kind)kind, &def, &result, d);
	if (e == ERR_OK)
		e = wire_result_add(answer, &result);
out:
	ingest_result_clear(&result);
	free(language);
	free(name);
	return e;
}

static enum err
job_image(struct span file, struct buf *answer, struct diag *d)
{
	struct image_plan p;
	enum err e = image_plan_make(file, &p, d);

	if (e != ERR_OK)
		return e;
	e = wire_plan_add(answer, &p);
	image_plan_clear(&p);
	return e;
}

enum err
ingest_file_job(struct span request, struct span file, struct buf *answer,
	struct diag *d)
{
	struct wire_reader r = {.c = {.in = request}};
	uint8_t what = wire_u8(&r);
	enum err e = ERR_FAILED;

	switch (what) {
	case WIRE_IMPORT:
		e = job_import(&r, answer, d);
		break;
	case WIRE_IMAGE:
		e = job_image(file, answer, d);
		break;
	default:
		return diag_set(d, e, "a request that is no request");
	}
	if (e != ERR_OK && d != NULL && d->code != e)
		diag_set(d, e, "%s", err_str(e));
	return e;
}

enum err
ingest_job(struct span request, struct buf *answer, struct diag *d)
{
	return ingest_file_job(request, span_of(NULL, 0), answer, d);
}
