#include "sync.h"

#include <stdlib.h>
#include <string.h>

#include "../core/text.h"
#include "clock.h"
#include "sync_priv.h"

void
sync_report_clear(struct sync_report *r)
{
	size_t i;

	for (i = 0; i < r->n_mirrors; i++) {
		free(r->mirrors[i].name);
		free(r->mirrors[i].url);
	}
	free(r->mirrors);
	strings_free(r->notes, r->n_notes);
	*r = (struct sync_report){.err = ERR_OK};
}

static enum err
run_start(struct sync *s, struct library *l, const struct library_outlet *o,
	const struct sync_options *opt, struct sync_report *r, struct diag *d)
{
	*r = (struct sync_report){.err = ERR_OK};
	*s = (struct sync){.lib = l,
		.outlet = o,
		.o = opt,
		.r = r,
		.started = clock_steady()};
	return sync_places(s, d);
}

/* Keep what is there, unless something here failed. */
static enum err
run_end(struct sync *s, enum err e, struct diag *d)
{
	if (e == ERR_OK)
		e = sync_keep(s, d);
	if (e != ERR_OK)
		library_rollback(s->lib);
	s->r->seconds = (double)(clock_steady() - s->started) / 1e6;
	trust_free(s->t);
	pack_free(s->pack);
	sync_places_free(s);
	return e;
}

enum err
sync_keep_begin(struct sync *s, struct diag *d)
{
	enum err e = s->keeping ? ERR_OK : library_begin(s->lib, d);

	s->keeping |= e == ERR_OK;
	return e;
}

enum err
sync_keep(struct sync *s, struct diag *d)
{
	enum err e = s->keeping ? library_commit(s->lib, d) : ERR_OK;

	s->keeping = false;
	return e;
}

enum err
sync_change(struct sync *s, const struct trust_change *change, const char *name,
	struct span bytes, struct diag *d)
{
	enum err e = sync_keep_begin(s, d);

	return e == ERR_OK ? library_metadata_change(s->lib, s->outlet->id,
				     change, name, bytes, d)
			   : e;
}

enum err
sync_split(struct sync *s, struct diag *why, struct diag *d)
{
	struct trust_split split;
	bool kept = false, head;
	char shown[80];
	struct buf proof;
	enum err e;

	if (!trust_split(s->t, &split))
		return ERR_OK;
	buf_init(&proof, LIMIT_SPLIT);
	e = trust_split_proof(s->t, &proof);
	if (e == ERR_OK)
		e = library_proof_add(s->lib, s->outlet->id, &split,
			buf_view(&proof), s->o->now, &kept, d);
	else if (e == ERR_NOMEM)
		diag_set(d, e, "out of memory");
	else
		e = ERR_OK; /* too large to keep, yet seen */
	buf_free(&proof);
	head = strcmp(split.role, "timestamp") == 0;
	diag_set(why, ERR_SPLIT,
		"two different %s%s of version %llu, both signed by the "
		"outlet's key: the newsroom or whoever holds its key says "
		"different things to different people; %s",
		head ? "heads" : "files of ",
		head ? ""
		     : text_show(shown, sizeof(shown), span_str(split.role)),
		(unsigned long long)split.version,
		kept ? "kept as proof: erika outlets --proof FILE"
		     : "not kept as proof here; erika sync does");
	if (!s->split)
		s->split_why = *why;
	s->split = true;
	return e;
}

/* Whether anybody was asked by the network. */
static bool
is_networked(const struct sync *s)
{
	size_t i;

	for (i = 0; i < s->n_routes; i++)
		if (s->routes[i].strategy != STRATEGY_FILE &&
			s->r->mirrors[s->routes[i].place].asked)
			return true;
	return false;
}

/* What the whole run comes to. */
static void
conclude(struct sync *s)
{
	struct sync_report *r = s->r;
	enum err e = s->worst.err;

	/* A share file need not have every bundle. */
	if (r->complete && s->o->from != NULL && e == ERR_MISSING && !s->gap)
		e = ERR_OK;
	/* 403, 404 or 451 from everybody: no way to the outlet was found. A
	 * folder without a head is none. */
	if (!r->complete && e == ERR_MISSING && is_networked(s))
		e = ERR_NETWORK;
	/* Silence and gaps after the chain was proven are no verdict on the
	 * outlet: there is just more to come. */
	if (r->complete &&
		(e == ERR_MISSING || e == ERR_NETWORK || e == ERR_TIMEOUT ||
			e == ERR_FAILED || e == ERR_IO))
		e = ERR_PARTIAL;
	r->err = e;
	r->diag = s->worst.diag;
	if (s->split) {
		r->err = ERR_SPLIT;
		r->diag = s->split_why;
		return;
	}
	if (e == ERR_OK && r->complete && r->verdict.stale)
		r->err = diag_set(
			&r->diag, ERR_EXPIRED, "nothing newer could be had");
	else if (e == ERR_OK && s->refused)
		r->err = diag_set(&r->diag, ERR_REFUSED,
			"some of what is signed is not accepted here");
	else if (e == ERR_OK && !r->complete)
		r->err = diag_set(&r->diag, ERR_NETWORK,
			"no mirror to ask; erika add --mirror adds one");
}

static enum err
run(struct sync *s, struct diag *d)
{
	struct sync_report *r = s->r;
	bool usable = false, ok = false;
	enum err e = sync_poll(s, &usable, d);

	if (e != ERR_OK || !usable)
		return e;
	/* Some mirror was good: what the others did is in the report. */
	s->worst = (struct sync_reason){.err = ERR_OK};
	e = sync_satisfy(s, &ok, d);
	if (e != ERR_OK || !ok)
		return e;
	r->complete = true;
	e = sync_mirror_list(s, false, d);
	if (e == ERR_OK)
		e = sync_bundles(s, d);
	if (e == ERR_OK && s->list)
		e = sync_mirror_list(s, true, d);
	if (e == ERR_OK)
		e = sync_keep_begin(s, d);
	if (e == ERR_OK)
		e = library_parts_old(s->lib, s->o->now, d);
	if (e == ERR_OK)
		e = library_count(s->lib, s->outlet->id, &r->counts, d);
	trust_verdict(s->t, &r->verdict);
	r->complete = r->verdict.complete;
	if (e == ERR_OK && r->complete)
		e = library_outlet_verdict(
			s->lib, s->outlet->id, &r->verdict, s->o->now, d);
	return e;
}

enum err
sync_outlet(struct library *l, const struct library_outlet *o,
	const struct sync_options *opt, struct sync_report *r, struct diag *d)
{
	struct sync s;
	enum err e = run_start(&s, l, o, opt, r, d);

	if (e == ERR_OK)
		e = run(&s, d);
	if (e == ERR_OK)
		e = sync_places_end(&s, d);
	if (e == ERR_OK)
		conclude(&s);
	return run_end(&s, e, d);
}

enum err
sync_images(struct library *l, const struct library_outlet *o, int64_t n,
	const struct sync_options *opt, struct sync_report *r, struct diag *d)
{
	struct sync s;
	enum err e = run_start(&s, l, o, opt, r, d);

	if (e == ERR_OK)
		e = sync_pictures(&s, n, d);
	if (e == ERR_OK)
		e = sync_places_end(&s, d);
	if (e == ERR_OK) {
		r->complete = true;
		conclude(&s);
		/* Nothing is said about the outlet's news here. */
		r->complete = false;
	}
	return run_end(&s, e, d);
}
