/* Snapshot, targets, desks, and the x/ targets: what the machine wants after
 * it has a timestamp. */
#include <stdio.h>
#include <string.h>

#include "../core/text.h"
#include "../core/tuf.h"
#include "sync_priv.h"

#define PACK "m/now.pack"

static enum err
pack_check(struct sync *s, void *arg, struct span body, enum err *verdict,
	struct diag *why, struct diag *d)
{
	(void)arg;
	/* Its bytes are worth what the machine says of them, later. */
	*verdict = ERR_OK;
	if (pack_open(body, &s->pack, why) == ERR_NOMEM)
		return diag_set(d, ERR_NOMEM, "out of memory");
	return ERR_OK;
}

/* The pack, once in a run. It is a shortcut: a mirror without one, or with a
 * bad one, is only slower. Where connections freeze after some KB it would be
 * none. */
static enum err
pack_get(struct sync *s, struct diag *d)
{
	struct sync_file f = {.path = PACK,
		.max = LIMIT_PACK,
		.quiet = true,
		.check = pack_check};
	struct engine_tally tally;
	struct hedge_look look;
	bool small = false;
	size_t i;

	if (s->pack_tried)
		return ERR_OK;
	s->pack_tried = true;
	for (i = 0; i < s->n_routes; i++) {
		engine_look(s->engine, i, &look, &tally);
		small |= look.used && look.small;
	}
	return small ? ERR_OK : sync_files(s, &f, 1, d);
}

/* Feed bytes, and keep in the library what the machine says to keep. */
static enum err
feed(struct sync *s, const char *name, struct span bytes, enum err *verdict,
	struct diag *why, struct diag *d)
{
	struct trust_change change;
	char kept[TRUST_NAME];
	struct diag none;

	if (why == NULL)
		why = &none;
	snprintf(kept, sizeof(kept), "%s", name);
	*verdict = trust_feed(s->t, bytes, &change, why);
	if (*verdict == ERR_NOMEM)
		return diag_set(d, ERR_NOMEM, "out of memory");
	if (*verdict == ERR_SPLIT)
		return sync_split(s, why, d);
	if (*verdict != ERR_OK)
		return ERR_OK;
	return sync_change(s, &change, kept, bytes, d);
}

static enum err
stored_feed(struct sync *s, const struct trust_want *w, struct diag *d)
{
	struct trust_change change;
	bool found = false;
	struct buf b;
	enum err e;

	buf_init(&b, w->max);
	e = library_metadata(s->lib, s->outlet->id, w->role, &b, &found, d);
	if (e == ERR_OK && !found)
		e = trust_pass(s->t, d);
	else if (e == ERR_OK &&
		 trust_feed(s->t, buf_view(&b), &change, NULL) == ERR_NOMEM)
		e = diag_set(d, ERR_NOMEM, "out of memory");
	/* One that is larger than any may be is not used. */
	if (e == ERR_LIMIT)
		e = trust_pass(s->t, d);
	buf_free(&b);
	return e;
}

/* More than a file should have is still taken, to tell a wrong version from a
 * flood. */
#define SLACK (16 * LIMIT_KIB)

/* A file that is not the signed one: is it whole, but of another version? By
 * its own word only, which is enough to find words for it. */
static enum err
explain(const struct trust_want *w, struct span body, enum err e,
	struct diag *why)
{
	struct tuf_doc *doc = NULL;
	enum tuf_type type = TUF_TARGETS;
	uint64_t named = 0;

	if (sync_is_page(body))
		return diag_set(why, ERR_NETWORK, "a web page came instead");
	if (strcmp(w->role, "snapshot") == 0)
		type = TUF_SNAPSHOT;
	if (text_decimal(span_of(w->name, strcspn(w->name, ".")), INT64_MAX,
		    &named) == ERR_OK &&
		tuf_parse(body, LIMIT_METADATA, type, &doc, NULL) == ERR_OK &&
		doc->version != named)
		e = diag_set(why, ERR_MIXED,
			"it is version %llu under the name of version %llu",
			(unsigned long long)doc->version,
			(unsigned long long)named);
	tuf_free(doc);
	return e;
}

static enum err
named_check(struct sync *s, void *arg, struct span body, enum err *verdict,
	struct diag *why, struct diag *d)
{
	const struct trust_want *w = arg;
	enum err e;

	if (body.n > w->max) {
		*verdict = diag_set(why, ERR_TRAILING,
			"more came than the %zu bytes that were signed",
			w->max);
		return ERR_OK;
	}
	e = feed(s, w->name, body, verdict, why, d);
	if (e == ERR_OK && *verdict != ERR_OK)
		*verdict = explain(w, body, *verdict, why);
	return e;
}

/* What the snapshot says of a role's length is exact; without a word from it
 * the limit is. */
static size_t
length_told(const struct trust_want *w)
{
	switch (w->max) {
	case LIMIT_ROOT:
	case LIMIT_TIMESTAMP:
	case LIMIT_SNAPSHOT:
	case LIMIT_TARGETS:
		return 0;
	default:
		return w->max;
	}
}

static enum err
remote_feed(
	struct sync *s, const struct trust_want *w, bool *fed, struct diag *d)
{
	char name[TRUST_NAME + 2];
	struct trust_want copy = *w;
	struct sync_file f = {.path = name,
		.max = w->max + SLACK,
		.length = length_told(w),
		.check = named_check,
		.arg = &copy};
	struct span body;
	enum err e, verdict;

	*fed = false;
	e = pack_get(s, d);
	snprintf(name, sizeof(name), "m/%s", w->name);
	if (e == ERR_OK && pack_find(s->pack, name, &body)) {
		e = feed(s, w->name, body, &verdict, NULL, d);
		*fed = verdict == ERR_OK;
	}
	if (e != ERR_OK || *fed)
		return e;
	e = sync_files(s, &f, 1, d);
	*fed = f.ok;
	if (e != ERR_OK || *fed)
		return e;
	sync_file_lost(s, &f);
	return ERR_OK;
}

enum err
sync_satisfy(struct sync *s, bool *ok, struct diag *d)
{
	struct trust_want w;
	struct diag why;
	enum err e = ERR_OK;

	*ok = true;
	while (e == ERR_OK && *ok && trust_wants(s->t, &w)) {
		if (w.source == TRUST_STORED) {
			e = stored_feed(s, &w, d);
			continue;
		}
		e = remote_feed(s, &w, ok, d);
		if (e == ERR_OK && !*ok)
			(void)!trust_pass(s->t, &why);
	}
	return e;
}

enum err
sync_find(struct sync *s, const char *path, const struct trust_target **out,
	struct diag *d)
{
	bool ok;
	struct diag why;
	enum err e = trust_find(s->t, path, &why);

	*out = NULL;
	if (e == ERR_NOMEM)
		return diag_set(d, e, "out of memory");
	if (e != ERR_OK) {
		sync_worse(&s->worst, e, &why);
		return ERR_OK;
	}
	e = sync_satisfy(s, &ok, d);
	if (e == ERR_OK && ok)
		*out = trust_found(s->t);
	return e;
}

/* ---- targets of x/ */

enum err
sync_target_path(const struct trust_target *g, struct buf *out)
{
	const char *path = trust_target_path(g), *name = strrchr(path, '/');
	uint8_t sha256[32];
	char hex[65];

	if (name == NULL || !trust_target_sha256(g, sha256) ||
		!text_path_ok(span_str(path)))
		return ERR_UNSUPPORTED;
	text_hex(hex, sha256, sizeof(sha256));
	return buf_printf(
		out, "t/%.*s/%s.%s", (int)(name - path), path, hex, name + 1);
}

enum err
sync_target_check(struct sync *s, void *arg, struct span body,
	enum err *verdict, struct diag *why, struct diag *d)
{
	const struct trust_target *g = arg;
	struct verified *v = NULL;
	uint8_t sha256[32];
	enum err e = ERR_OK;

	*verdict = trust_verify(g, body, &v, why);
	if (*verdict == ERR_NOMEM)
		return diag_set(d, ERR_NOMEM, "out of memory");
	if (*verdict == ERR_OK && trust_target_sha256(g, sha256))
		e = library_target_add(s->lib, s->outlet->id,
			trust_target_path(g), sha256, v, d);
	verified_free(v);
	return e;
}

enum err
sync_target_file(struct sync *s, const struct trust_target *g, struct buf *path,
	struct sync_file *f, bool *want, struct diag *d)
{
	struct verified *have = NULL;
	uint8_t sha256[32];
	bool here = false;
	enum err e;

	*want = false;
	/* The largest of our own x/ targets is the mirror list. */
	if (trust_target_length(g) > LIMIT_MIRROR_LIST ||
		!trust_target_sha256(g, sha256))
		return ERR_OK;
	e = sync_target_path(g, path);
	if (e != ERR_OK)
		return e == ERR_NOMEM ? diag_set(d, e, "out of memory")
				      : ERR_OK;
	e = library_target(s->lib, s->outlet->id, sha256, &have, &here, d);
	verified_free(have);
	*f = (struct sync_file){.path = buf_cstr(path),
		.shown = trust_target_path(g),
		.max = (size_t)trust_target_length(g),
		.length = (size_t)trust_target_length(g),
		.check = sync_target_check,
		.arg = (void *)(uintptr_t)g};
	*want = e == ERR_OK && !here;
	return e;
}
