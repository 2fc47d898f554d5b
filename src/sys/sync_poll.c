/* Roots and timestamps: several mirrors are asked, so that one that holds back
 * news or keys is noticed (DESIGN: freshness is the highest valid version that
 * anybody shows). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../core/tuf.h"
#include "sync_priv.h"

#define HEAD "m/timestamp.json"

/* What came for the next root. A mirror that answers every unknown name with
 * a page has no such root. */
static void
root_keep(struct sync *s, size_t place, const char *name,
	const struct engine_copy *got)
{
	struct sync_place *p = &s->places[place];

	buf_clear(&p->root);
	snprintf(p->root_name, sizeof(p->root_name), "%s", name);
	if (got->err == ERR_OK && !sync_is_page(buf_view(&got->body)) &&
		buf_span(&p->root, buf_view(&got->body)) != ERR_OK)
		buf_clear(&p->root);
}

/* What came for the timestamp: kept when it is one at all. */
static void
head_keep(struct sync *s, size_t place, struct engine_copy *got)
{
	struct sync_place *p = &s->places[place];
	struct tuf_doc *doc = NULL;
	enum err e = got->err;

	if (e == ERR_OK && sync_is_page(buf_view(&got->body)))
		e = diag_set(&got->diag, ERR_NETWORK,
			"a web page came instead (a block page, a login "
			"page, or not a mirror)");
	if (e == ERR_OK)
		e = tuf_parse(buf_view(&got->body), LIMIT_TIMESTAMP,
			TUF_TIMESTAMP, &doc, &got->diag);
	if (e == ERR_OK)
		e = buf_span(&p->timestamp, buf_view(&got->body));
	if (e == ERR_OK) {
		p->answered = true;
		p->claims = doc->version;
	} else {
		if (got->status == 451 && e == ERR_MISSING)
			sync_gone(s, place, HEAD, HEAD, span_of(NULL, 0),
				&s->worst);
		else
			sync_blame(s, place, HEAD, e, &got->diag, &s->worst);
		/* There is no use in a mirror without a head. */
		p->out = true;
	}
	tuf_free(doc);
}

/* ---- the machine */

static enum err
machine_start(struct sync *s, struct diag *d)
{
	struct buf root;
	bool found;
	enum err e;

	trust_free(s->t);
	s->t = NULL;
	buf_init(&root, LIMIT_ROOT);
	e = library_metadata(s->lib, s->outlet->id, "root", &root, &found, d);
	if (e == ERR_OK && !found)
		e = diag_set(
			d, ERR_MISSING, "the library lacks this outlet's root");
	if (e == ERR_OK)
		e = trust_new(
			buf_view(&root), s->o->now, TRUST_LENIENT, &s->t, d);
	buf_free(&root);
	return e;
}

/* Feed the next root from whoever has it. */
static enum err
root_feed(struct sync *s, const struct trust_want *w, bool *fed, struct diag *d)
{
	struct trust_change change;
	struct diag why;
	size_t i;
	enum err e;

	*fed = false;
	for (i = 0; i < s->n && !*fed; i++) {
		struct sync_place *p = &s->places[i];

		if (p->out || p->root.n == 0 ||
			strcmp(p->root_name, w->name) != 0)
			continue;
		e = trust_feed(s->t, buf_view(&p->root), &change, &why);
		if (e == ERR_NOMEM)
			return diag_set(d, e, "out of memory");
		if (e != ERR_OK) {
			sync_blame(s, i, w->name, e, &why, &s->worst);
			continue;
		}
		*fed = true;
		s->rotated = true;
		if (!s->trying)
			e = sync_change(
				s, &change, w->name, buf_view(&p->root), d);
		if (e != ERR_OK)
			return e;
	}
	return ERR_OK;
}

/* ---- asking */

struct polling {
	struct sync *s;
	char root[TRUST_NAME];
};

static void
poll_failed(void *arg, size_t route, size_t file, bool soft,
	const struct fetch_got *got)
{
	struct polling *p = arg;

	(void)file; /* the head is asked, too, and what counts */
	sync_failed(p->s, route, HEAD, HEAD, soft, got, &p->s->worst);
}

static void
poll_progress(void *arg, size_t route)
{
	struct polling *p = arg;

	sync_progress(p->s, route);
}

static enum err
root_answer(void *arg, size_t route, struct engine_copy *list, bool *good,
	struct diag *d)
{
	struct polling *p = arg;

	(void)d;
	root_keep(p->s, p->s->routes[route].place, p->root, &list[0]);
	*good = true;
	return ERR_OK;
}

/* A root was new: ask for the one after it. */
static enum err
root_ask(struct sync *s, const char *name, struct diag *d)
{
	struct polling p = {.s = s};
	struct engine_calls calls = {.failed = poll_failed,
		.answer = root_answer,
		.progress = poll_progress,
		.arg = &p};
	char path[TRUST_NAME + 2];
	enum err e;

	snprintf(path, sizeof(path), "m/%s", name);
	snprintf(p.root, sizeof(p.root), "%s", name);
	e = sync_keep(s, d);
	if (e == ERR_OK)
		e = engine_begin(s->engine, 1, SYNC_HEADS, sync_seconds(s), d);
	if (e == ERR_OK)
		e = engine_whole(s->engine, 0, path, LIMIT_ROOT, 0, d);
	return e == ERR_OK ? engine_run(s->engine, &calls, d) : e;
}

static enum err
roots(struct sync *s, struct diag *d)
{
	struct trust_want w;
	bool fed;
	enum err e = ERR_OK;

	while (e == ERR_OK && trust_wants(s->t, &w) &&
		strcmp(w.role, "root") == 0) {
		e = root_feed(s, &w, &fed, d);
		if (e != ERR_OK)
			break;
		if (!fed)
			return trust_pass(s->t, d);
		if (trust_wants(s->t, &w) && !s->trying)
			e = root_ask(s, w.name, d);
	}
	return e;
}

static enum err
stored_timestamp(struct sync *s, struct diag *d)
{
	struct trust_change change;
	struct trust_want w;
	struct buf b;
	bool found = false;
	enum err e = ERR_OK;

	if (!trust_wants(s->t, &w) || w.source != TRUST_STORED)
		return ERR_OK;
	buf_init(&b, LIMIT_TIMESTAMP);
	e = library_metadata(s->lib, s->outlet->id, w.role, &b, &found, d);
	if (e == ERR_OK && !found)
		e = trust_pass(s->t, d);
	else if (e == ERR_OK)
		(void)!trust_feed(s->t, buf_view(&b), &change, NULL);
	buf_free(&b);
	return e;
}

/* ---- heads by keys that were replaced */

/* Whether this root of the chain, which the library keeps, let its keys sign
 * that head. */
static enum err
root_allows(struct sync *s, uint64_t version, const struct tuf_doc *head,
	bool *allows, struct diag *d)
{
	struct tuf_doc *root = NULL;
	struct tuf_rule rule;
	char role[32];
	struct buf b;
	bool found = false;
	enum err e;

	*allows = false;
	snprintf(role, sizeof(role), "%llu.root", (unsigned long long)version);
	buf_init(&b, LIMIT_ROOT);
	e = library_metadata(s->lib, s->outlet->id, role, &b, &found, d);
	if (e == ERR_OK && found &&
		tuf_parse(buf_view(&b), LIMIT_ROOT, TUF_ROOT, &root, NULL) ==
			ERR_OK) {
		rule = tuf_root_rule(root, TUF_TIMESTAMP);
		*allows = tuf_check(head, &rule, NULL) == ERR_OK;
	}
	tuf_free(root);
	buf_free(&b);
	return e;
}

/* The head is by none of the keys of today. By those of an older root? */
static enum err
former_look(struct sync *s, size_t place, struct diag *d)
{
	struct sync_place *p = &s->places[place];
	struct tuf_doc *head = NULL;
	struct trust_verdict v;
	uint64_t n;
	enum err e = ERR_OK;

	trust_verdict(s->t, &v);
	if (tuf_parse(buf_view(&p->timestamp), LIMIT_TIMESTAMP, TUF_TIMESTAMP,
		    &head, NULL) != ERR_OK)
		return ERR_OK;
	for (n = v.root - 1; e == ERR_OK && n > 0 && !p->former; n--)
		e = root_allows(s, n, head, &p->former, d);
	tuf_free(head);
	return e;
}

/* What is to be made of it, when all others are here; `known` is what the
 * library had. A mirror that has not copied since the keys changed has such a
 * head, of a lower version: that is no forger. A higher one the newsroom did
 * not make. */
static void
former_judge(struct sync *s, size_t place, uint64_t known)
{
	struct sync_place *p = &s->places[place];
	struct trust_verdict v;
	struct diag why;
	enum err e = ERR_OK;

	trust_verdict(s->t, &v);
	if (p->claims < known)
		e = diag_set(&why, ERR_ROLLBACK,
			"timestamp version %llu, by a key that was replaced "
			"since, but version %llu was trusted before",
			(unsigned long long)p->claims,
			(unsigned long long)known);
	else if (p->claims < v.timestamp)
		s->r->mirrors[place].version = p->claims; /* it is behind */
	else if (s->trying)
		return; /* a newer one may be on its way */
	else if (v.timestamp == 0)
		e = diag_set(&why, ERR_ROLLBACK,
			"timestamp version %llu, by a key that was replaced "
			"since",
			(unsigned long long)p->claims);
	else
		e = diag_set(&why, ERR_KEY,
			"signed after the newsroom had replaced that key");
	if (e != ERR_OK)
		sync_blame(s, place, HEAD, e, &why, &s->worst);
}

static enum err
head_feed(struct sync *s, size_t place, struct diag *d)
{
	struct sync_place *p = &s->places[place];
	struct trust_change change;
	struct diag why, none;
	enum err e = trust_feed(s->t, buf_view(&p->timestamp), &change, &why);

	p->former = false;
	if (e == ERR_NOMEM)
		return diag_set(d, e, "out of memory");
	if ((e == ERR_KEY || e == ERR_SIGNATURE) &&
		former_look(s, place, &none) == ERR_OK && p->former)
		return ERR_OK;
	if (e != ERR_OK) {
		enum err kept =
			e == ERR_SPLIT ? sync_split(s, &why, d) : ERR_OK;

		sync_blame(s, place, HEAD, e, &why, &s->worst);
		return kept;
	}
	s->r->mirrors[place].version = p->claims;
	if (s->trying || s->polling)
		return ERR_OK;
	return sync_change(
		s, &change, "timestamp.json", buf_view(&p->timestamp), d);
}

/* Feed the heads, lowest claim first: so only one that is older than what the
 * library knew is a rollback, and the others are merely behind. */
static enum err
heads(struct sync *s, size_t *usable, struct diag *d)
{
	struct trust_verdict stored;
	uint64_t floor = 0;
	size_t i, best;
	enum err e = ERR_OK;

	*usable = 0;
	trust_verdict(s->t, &stored);
	for (;;) {
		best = s->n;
		for (i = 0; i < s->n; i++)
			if (s->places[i].answered && !s->places[i].out &&
				s->places[i].claims > floor &&
				(best == s->n ||
					s->places[i].claims <
						s->places[best].claims))
				best = i;
		if (best == s->n)
			break;
		floor = s->places[best].claims;
		for (i = 0; e == ERR_OK && i < s->n; i++) {
			if (!s->places[i].answered || s->places[i].out ||
				s->places[i].claims != floor)
				continue;
			e = head_feed(s, i, d);
			*usable += !s->places[i].former &&
				   s->r->mirrors[i].version == floor;
		}
		if (e != ERR_OK)
			return e;
	}
	for (i = 0; i < s->n; i++)
		if (s->places[i].answered && !s->places[i].out &&
			s->places[i].former)
			former_judge(s, i, stored.timestamp);
	return *usable > 0 ? trust_pass(s->t, d) : ERR_OK;
}

/* Run the machine over all that came so far. */
static enum err
evaluate(struct sync *s, size_t *usable, struct diag *d)
{
	enum err e = machine_start(s, d);

	*usable = 0;
	if (e == ERR_OK)
		e = roots(s, d);
	/* After a new root others may follow that change keys again: what a
	 * head is worth shows when they are here. */
	if (e != ERR_OK || (s->trying && s->rotated))
		return e;
	e = stored_timestamp(s, d);
	return e == ERR_OK ? heads(s, usable, d) : e;
}

/* A mirror has answered: is its head one that counts? Only a trial: what is
 * stored must not depend on who was first. */
static enum err
head_answer(void *arg, size_t route, struct engine_copy *list, bool *good,
	struct diag *d)
{
	struct polling *p = arg;
	struct sync *s = p->s;
	size_t place = s->routes[route].place, heard, i;
	enum err e;

	root_keep(s, place, p->root, &list[0]);
	head_keep(s, place, &list[1]);
	s->trying = true;
	e = evaluate(s, &heard, d);
	s->trying = false;
	*good = s->places[place].answered && !s->places[place].out &&
		(s->rotated || (!s->places[place].former &&
				       s->r->mirrors[place].version > 0));
	s->r->mirrors[place].worked |= *good;
	for (i = 0; i < s->n; i++)
		if (s->places[i].out)
			engine_out(s->engine, i);
	return e;
}

/* Ask so many mirrors; `more`: beside those that have answered. */
static enum err
heads_ask(struct sync *s, size_t copies, bool more, double seconds,
	struct diag *d)
{
	struct polling p = {.s = s};
	struct engine_calls calls = {.failed = poll_failed,
		.answer = head_answer,
		.progress = poll_progress,
		.arg = &p};
	char root[TRUST_NAME + 2];
	struct trust_want w;
	enum err e = machine_start(s, d);
	size_t i;

	/* The machine at its first wish names the next root. */
	if (e == ERR_OK && !trust_wants(s->t, &w))
		e = diag_set(d, ERR_FAILED, "no next root is wanted");
	if (e != ERR_OK)
		return e;
	snprintf(root, sizeof(root), "m/%s", w.name);
	snprintf(p.root, sizeof(p.root), "%s", w.name);
	s->rotated = false;
	e = sync_keep(s, d);
	if (e == ERR_OK)
		e = engine_begin(s->engine, 2, copies, seconds, d);
	for (i = 0; e == ERR_OK && more && i < s->n; i++)
		if (s->places[i].answered)
			engine_here(s->engine, i);
	if (e == ERR_OK)
		e = engine_whole(s->engine, 0, root, LIMIT_ROOT, 0, d);
	if (e == ERR_OK)
		e = engine_whole(s->engine, 1, HEAD, LIMIT_TIMESTAMP, 0, d);
	return e == ERR_OK ? engine_run(s->engine, &calls, d) : e;
}

/* Polls in a row, should those with new roots have had no good head. */
#define POLLS 4

/* A poll, and what it came to. */
static enum err
ask_and_judge(struct sync *s, size_t copies, bool more, double seconds,
	size_t *heard, struct diag *d)
{
	enum err e = heads_ask(s, copies, more, seconds, d);
	size_t i;

	if (e == ERR_OK)
		e = evaluate(s, heard, d);
	for (i = 0; i < s->n; i++)
		if (s->places[i].out)
			engine_out(s->engine, i);
	return e;
}

/* Newsrooms sign a new head each day. Who shows an older one hides the newer
 * ones, or the newsroom is silent: others tell which. */
static bool
is_old(const struct sync *s)
{
	struct trust_verdict v;

	trust_verdict(s->t, &v);
	return v.as_of > 0 && s->o->now - v.as_of > SYNC_HEAD_OLD;
}

enum err
sync_poll(struct sync *s, bool *usable, struct diag *d)
{
	struct trust_verdict v;
	size_t heard = 0, i;
	unsigned polls = 0;
	enum err e;

	*usable = false;
	s->polling = true;
	do {
		e = ask_and_judge(
			s, SYNC_HEADS, false, sync_seconds(s), &heard, d);
	} while (e == ERR_OK && heard == 0 && s->rotated && ++polls < POLLS);
	if (e == ERR_OK && heard > 0 && is_old(s))
		e = ask_and_judge(
			s, SYNC_HEADS_OLD, true, SYNC_OLD_SECONDS, &heard, d);
	s->polling = false;
	if (e == ERR_OK && heard > 0)
		e = evaluate(s, &heard, d);
	if (e != ERR_OK || heard == 0)
		return e;
	trust_verdict(s->t, &v);
	for (i = 0; i < s->n; i++) {
		struct sync_mirror *m = &s->r->mirrors[i];

		m->stale = m->version > 0 && m->version < v.timestamp;
		if (!m->stale)
			continue;
		engine_late(s->engine, i);
		snprintf(m->why, sizeof(m->why),
			"serves version %llu, others have %llu",
			(unsigned long long)m->version,
			(unsigned long long)v.timestamp);
	}
	*usable = true;
	return ERR_OK;
}

enum err
sync_restart(struct sync *s, struct diag *d)
{
	size_t heard;
	bool ok;
	enum err e = evaluate(s, &heard, d);

	return e == ERR_OK ? sync_satisfy(s, &ok, d) : e;
}
