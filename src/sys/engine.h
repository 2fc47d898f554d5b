/* The engine: runs the scheduler (core/hedge.h) over a source's places, so
 * that files come while mirrors are blocked, slow, frozen or lie. Each unit is
 * handed to the caller to verify as soon as it is here; who was bad is told as
 * it happens. It holds one unverified unit of a request at a time, and never
 * more than was asked for. */
#ifndef ERIKA_ENGINE_H
#define ERIKA_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../core/hedge.h"
#include "source.h"

struct engine;

/* A file of a job with copies, from one route. */
struct engine_copy {
	enum err err; /* ERR_OK or ERR_MISSING */
	struct diag diag;
	unsigned status; /* of HTTP, or 0 */
	struct buf body;
};

/* What the caller does with what comes. `arg` is handed on. An error that is
 * returned ends the job: it is of this machine, not of a mirror. */
struct engine_calls {
	/* Bytes of a unit, or of a whole file, came by a route. *verdict:
	 * ERR_OK when they are verified; ERR_NETWORK for what is no answer of
	 * ours; anything else is a lie, and ends the use of that mirror. The
	 * caller may add units, and blames by itself. */
	enum err (*take)(void *arg, size_t route, size_t file, uint64_t offset,
		struct span bytes, enum err *verdict, struct diag *d);
	/* A request failed, `got` says how, its notice too. `soft`: the engine
	 * gave it up, and the route may yet be of use. */
	void (*failed)(void *arg, size_t route, size_t file, bool soft,
		const struct fetch_got *got);
	/* In a job with copies: all files of a route are here, or missing.
	 * *good: they are what is wanted. */
	enum err (*answer)(void *arg, size_t route, struct engine_copy *list,
		bool *good, struct diag *d);
	/* Now and then; may be NULL. */
	void (*progress)(void *arg, size_t route);
	void *arg;
};

/* What a route cost so far. */
struct engine_tally {
	uint64_t wire;
	unsigned requests;
};

/* Places of the source are the routes, in the same order; it is borrowed.
 * ERR_NOMEM. */
enum err engine_new(struct source *s, const struct hedge_route *routes,
	size_t n, struct engine **out, struct diag *d) ERR_MUST_USE;
void engine_free(struct engine *e);

/* ---- a job: begin, say what the files are, run */

/* `seconds` without progress end it. ERR_NOMEM. */
enum err engine_begin(struct engine *e, size_t files, size_t copies,
	double seconds, struct diag *d) ERR_MUST_USE;

/* File i stands at `path` (copied), and is whole, or in units up to byte
 * `end`: hedge_file_whole, hedge_file_units. ERR_NOMEM. */
enum err engine_whole(struct engine *e, size_t i, const char *path, size_t max,
	size_t length, struct diag *d) ERR_MUST_USE;
enum err engine_units(struct engine *e, size_t i, const char *path,
	uint64_t end, bool open, struct diag *d) ERR_MUST_USE;

/* Add a unit; no more of them will come. */
enum err engine_unit(struct engine *e, size_t file, uint64_t offset, size_t n,
	struct diag *d) ERR_MUST_USE;
void engine_close(struct engine *e, size_t file);

/* Of a job with copies, right after its beginning: this mirror's are here. */
void engine_here(struct engine *e, size_t mirror);

/* Run it to its end. What could not be had shows in engine_done. Errors are
 * the callbacks', ERR_NOMEM, ERR_FAILED. */
enum err engine_run(struct engine *e, const struct engine_calls *calls,
	struct diag *d) ERR_MUST_USE;
bool engine_done(const struct engine *e, size_t file);

/* A mirror lied, as the caller found later: it is not asked any more. */
void engine_out(struct engine *e, size_t mirror);

/* A mirror is behind the others: asked after them. */
void engine_late(struct engine *e, size_t mirror);

/* What is known of a route. */
void engine_look(const struct engine *e, size_t route, struct hedge_look *look,
	struct engine_tally *tally);

/* Requests and bytes received so far, by all. */
struct engine_tally engine_tally(const struct engine *e);

#endif
