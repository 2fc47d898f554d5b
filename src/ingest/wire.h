/* Requests to and answers from the limited child process that imports
 * (sys/confine.h), as bytes. The parent takes nothing on trust: the child has
 * read hostile bytes, so every answer is checked as if it were one. */
#ifndef ERIKA_WIRE_H
#define ERIKA_WIRE_H

#include "../core/bytes.h"
#include "../core/err.h"
#include "../core/limits.h"
#include "ingest.h"

/* The most bytes of an answer: for struct confine_limits. */
#define WIRE_ANSWER (4 * LIMIT_SOURCE)

/* Memory that importing LIMIT_SOURCE may take, and seconds: likewise. */
#define WIRE_MEMORY (2048 * LIMIT_MIB)
#define WIRE_SECONDS 60

/* ---- in the child */

/* The job: a confine_fn, and with a file (an image) a confine_file_fn. */
enum err ingest_job(
	struct span request, struct buf *answer, struct diag *d) ERR_MUST_USE;
enum err ingest_file_job(struct span request, struct span file,
	struct buf *answer, struct diag *d) ERR_MUST_USE;

/* Load what cannot be loaded once files are out of reach, and see to it that
 * no library goes on with a part of its work when memory runs out: the process
 * ends with WIRE_NO_MEMORY then, which is CONFINE_NO_MEMORY. For
 * confine_prepare alone. */
#define WIRE_NO_MEMORY 3
void ingest_prepare(void);

/* ---- in the parent */

/* Append a request: import these bytes; or plan the cleaning of an image that
 * comes as a file. ERR_LIMIT, ERR_NOMEM. */
enum err ingest_request_import(struct buf *request, struct span s,
	enum ingest_kind kind, const struct ingest_defaults *def) ERR_MUST_USE;
enum err ingest_request_image(struct buf *request) ERR_MUST_USE;

/* Read an answer. `out` is as ingest_import and image_plan_make leave it;
 * `length` is the size of the original image. Every string, number, body and
 * piece is checked. ERR_REFUSED, ERR_NOMEM. */
enum err ingest_answer_import(struct span answer, struct ingest_result *out,
	struct diag *d) ERR_MUST_USE;
enum err ingest_answer_image(struct span answer, uint64_t length,
	struct image_plan *out, struct diag *d) ERR_MUST_USE;

/* ---- both, for tests */

enum err wire_result_add(
	struct buf *b, const struct ingest_result *r) ERR_MUST_USE;
enum err wire_plan_add(struct buf *b, const struct image_plan *p) ERR_MUST_USE;

#endif
