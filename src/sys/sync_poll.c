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
root_keep(
	struct sync *s, size_t place, const char *name, struct source_got *got)
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
head_keep(struct sync *s, size_t place, struct source_got *got)
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
		sync_blame(s, place, HEAD, e, &got->diag, &s->worst);
		/* There is no use in a mirror without a head. */
		p->out = true;
	}
	tuf_free(doc);
}

/* Ask the next few mirrors for their heads. *n: how many. */
static enum err
batch_ask(struct sync *s, size_t *n, struct diag *d)
{
	struct source_want want[2 * SYNC_POLL];
	struct source_got got[2 * SYNC_POLL];
	char root[TRUST_NAME + 2];
	struct trust_want w;
	size_t i, k;
	enum err e;

	*n = 0;
	if (!trust_wants(s->t, &w))
		return diag_set(d, ERR_FAILED, "no next root is wanted");
	snprintf(root, sizeof(root), "m/%s", w.name);
	for (i = 0; i < s->n && *n < SYNC_POLL; i++) {
		size_t place = s->order[i];

		if (s->places[place].polled)
			continue;
		s->places[place].polled = true;
		want[2 * *n] = (struct source_want){
			.place = place, .path = root, .max = LIMIT_ROOT};
		want[2 * *n + 1] = (struct source_want){
			.place = place, .path = HEAD, .max = LIMIT_TIMESTAMP};
		(*n)++;
	}
	if (*n == 0)
		return ERR_OK;
	e = sync_ask(s, want, 2 * *n, got, d);
	for (k = 0; e == ERR_OK && k < *n; k++) {
		root_keep(s, want[2 * k].place, w.name, &got[2 * k]);
		head_keep(s, want[2 * k].place, &got[2 * k + 1]);
	}
	sync_got_free(got, 2 * *n);
	return e;
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
		struct sync_place *p = &s->places[s->order[i]];

		if (p->out || p->root.n == 0 ||
			strcmp(p->root_name, w->name) != 0)
			continue;
		e = trust_feed(s->t, buf_view(&p->root), &change, &why);
		if (e == ERR_NOMEM)
			return diag_set(d, e, "out of memory");
		if (e != ERR_OK) {
			sync_blame(s, s->order[i], w->name, e, &why, &s->worst);
			continue;
		}
		*fed = true;
		e = library_metadata_change(s->lib, s->outlet->id, &change,
			w->name, buf_view(&p->root), d);
		if (e != ERR_OK)
			return e;
	}
	return ERR_OK;
}

/* A root was new: ask all that answered for the one after it. */
static enum err
root_ask(struct sync *s, const char *name, struct diag *d)
{
	struct source_want want[SOURCE_WANTS];
	struct source_got got[SOURCE_WANTS];
	char path[TRUST_NAME + 2];
	size_t i, k, n = 0;
	enum err e;

	snprintf(path, sizeof(path), "m/%s", name);
	for (i = 0; i < s->n && n < SOURCE_WANTS; i++) {
		const struct sync_place *p = &s->places[s->order[i]];

		if (p->answered && !p->out)
			want[n++] = (struct source_want){.place = s->order[i],
				.path = path,
				.max = LIMIT_ROOT};
	}
	e = sync_ask(s, want, n, got, d);
	for (k = 0; e == ERR_OK && k < n; k++)
		root_keep(s, want[k].place, name, &got[k]);
	sync_got_free(got, n);
	return e;
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
		if (trust_wants(s->t, &w))
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

static enum err
head_feed(struct sync *s, size_t place, struct diag *d)
{
	struct sync_place *p = &s->places[place];
	struct trust_change change;
	struct diag why;
	enum err e = trust_feed(s->t, buf_view(&p->timestamp), &change, &why);

	if (e == ERR_NOMEM)
		return diag_set(d, e, "out of memory");
	if (e != ERR_OK) {
		enum err kept =
			e == ERR_SPLIT ? sync_split(s, &why, d) : ERR_OK;

		sync_blame(s, place, HEAD, e, &why, &s->worst);
		return kept;
	}
	s->r->mirrors[place].version = p->claims;
	return library_metadata_change(s->lib, s->outlet->id, &change,
		"timestamp.json", buf_view(&p->timestamp), d);
}

/* Feed the heads, lowest claim first: so only one that is older than what the
 * library knew is a rollback, and the others are merely behind. */
static enum err
heads(struct sync *s, size_t *usable, struct diag *d)
{
	uint64_t floor = 0;
	size_t i, best;
	enum err e = ERR_OK;

	*usable = 0;
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
			*usable += s->r->mirrors[i].version == floor;
		}
		if (e != ERR_OK)
			return e;
	}
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
	if (e == ERR_OK)
		e = stored_timestamp(s, d);
	return e == ERR_OK ? heads(s, usable, d) : e;
}

enum err
sync_poll(struct sync *s, bool *usable, struct diag *d)
{
	struct trust_verdict v;
	size_t n = 0, heard = 0, i;
	enum err e;

	*usable = false;
	do {
		/* The machine at its first wish names the next root. */
		e = machine_start(s, d);
		if (e == ERR_OK)
			e = batch_ask(s, &n, d);
		if (e == ERR_OK)
			e = evaluate(s, &heard, d);
	} while (e == ERR_OK && n > 0 && heard < SYNC_HEADS);
	if (e != ERR_OK || heard == 0)
		return e;
	trust_verdict(s->t, &v);
	for (i = 0; i < s->n; i++) {
		struct sync_mirror *m = &s->r->mirrors[i];

		m->stale = m->version > 0 && m->version < v.timestamp;
		if (m->stale)
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
