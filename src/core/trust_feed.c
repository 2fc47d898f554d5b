/* The workflow: TUF 1.0.34, sections 5.3 to 5.6, one stage at a time. */
#include <stdio.h>

#include "json.h"
#include "trust_priv.h"

/* ---- roots, 5.3 */

static void
root_end(struct trust *t)
{
	t->stage =
		t->timestamp_dropped ? STAGE_TIMESTAMP : STAGE_TIMESTAMP_STORED;
}

static enum err
root_feed(struct trust *t, struct span bytes, struct trust_change *change,
	struct diag *d)
{
	struct tuf_rule old, new;
	struct tuf_doc *doc;
	enum err e;

	if (t->roots >= LIMIT_ROOT_ROTATIONS)
		return diag_set(d, ERR_LIMIT,
			"more than %d new roots; run again to go on",
			LIMIT_ROOT_ROTATIONS);
	e = tuf_parse(bytes, LIMIT_ROOT, TUF_ROOT, &doc, d);
	if (e != ERR_OK)
		return e;
	old = trust_root_rule(t, t->root, TUF_ROOT);
	e = tuf_check(doc, &old, d);
	if (e == ERR_OK) {
		new = trust_root_rule(t, doc, TUF_ROOT);
		e = tuf_check(doc, &new, d);
	}
	if (e == ERR_OK && doc->version != t->root->version + 1)
		e = diag_set(d,
			doc->version <= t->root->version ? ERR_ROLLBACK
							 : ERR_MIXED,
			"the root says version %llu, not %llu",
			(unsigned long long)doc->version,
			(unsigned long long)t->root->version + 1);
	if (e != ERR_OK) {
		tuf_free(doc);
		return e;
	}
	/* 5.3.11: a changed key voids what the old one signed, else a thief's
	 * fast-forwarded version would outlive the theft. */
	old = tuf_root_rule(t->root, TUF_TIMESTAMP);
	new = tuf_root_rule(doc, TUF_TIMESTAMP);
	change->drop_timestamp = !tuf_rule_same(&old, &new);
	old = tuf_root_rule(t->root, TUF_SNAPSHOT);
	new = tuf_root_rule(doc, TUF_SNAPSHOT);
	if (!tuf_rule_same(&old, &new))
		change->drop_timestamp = true;
	change->drop_snapshot = change->drop_timestamp;
	t->timestamp_dropped |= change->drop_timestamp;
	change->save = "root";
	tuf_free(t->root);
	t->root = doc;
	t->roots++;
	/* 5.3.3: enough of them; on with the last. */
	if (t->roots >= LIMIT_ROOT_ROTATIONS &&
		trust_expiry(t, t->root, "root", NULL) == ERR_OK)
		root_end(t);
	return ERR_OK;
}

static enum err
root_pass(struct trust *t, struct diag *d)
{
	enum err e = trust_expiry(t, t->root, "root", d);

	if (e == ERR_OK)
		root_end(t);
	else
		t->stage = STAGE_FAILED;
	return e;
}

/* ---- timestamp, 5.4 */

static enum err
top_level_parse(struct trust *t, struct span bytes, size_t max,
	enum tuf_type type, struct tuf_doc **out, struct diag *d)
{
	struct tuf_rule rule = trust_root_rule(t, t->root, type);
	enum err e = tuf_parse(bytes, max, type, out, d);

	if (e == ERR_OK)
		e = tuf_check(*out, &rule, d);
	if (e != ERR_OK) {
		tuf_free(*out);
		*out = NULL;
	}
	return e;
}

static enum err
rolled_back(struct diag *d, const char *role, uint64_t now, uint64_t then)
{
	return diag_set(d, ERR_ROLLBACK,
		"%s version %llu, but version %llu was trusted before", role,
		(unsigned long long)now, (unsigned long long)then);
}

/* 5.4.3: neither it nor the snapshot it names may be older. */
static enum err
timestamp_rollback(
	const struct trust *t, const struct tuf_doc *doc, struct diag *d)
{
	struct tuf_file old, new;

	if (t->timestamp == NULL)
		return ERR_OK;
	if (doc->version < t->timestamp->version)
		return rolled_back(
			d, "timestamp", doc->version, t->timestamp->version);
	tuf_meta(t->timestamp, "snapshot", &old);
	tuf_meta(doc, "snapshot", &new);
	if (new.version < old.version)
		return rolled_back(d, "snapshot", new.version, old.version);
	return ERR_OK;
}

static enum err
timestamp_feed(struct trust *t, struct span bytes, struct trust_change *change,
	struct diag *d)
{
	bool stored = t->stage == STAGE_TIMESTAMP_STORED;
	struct tuf_doc *doc;
	enum err e = top_level_parse(
		t, bytes, LIMIT_TIMESTAMP, TUF_TIMESTAMP, &doc, d);

	if (e != ERR_OK)
		return e;
	e = timestamp_rollback(t, doc, d);
	if (e == ERR_OK)
		e = trust_split_versions(t, "timestamp", t->timestamp, doc, d);
	/* Another head of the version at hand: that one is still the newest. */
	if (e == ERR_SPLIT)
		t->timestamp_heard |= !stored;
	if (e == ERR_OK)
		e = trust_split_names(t, t->timestamp, doc, d);
	/* A stored one is only what newer ones are compared with. */
	if (e == ERR_OK && !stored)
		e = trust_expiry(t, doc, "timestamp", d);
	if (e != ERR_OK) {
		tuf_free(doc);
		return e;
	}
	if (!stored)
		t->timestamp_heard = true;
	if (t->timestamp != NULL && doc->version == t->timestamp->version) {
		tuf_free(doc);
		return ERR_OK;
	}
	tuf_free(t->timestamp);
	t->timestamp = doc;
	if (!stored)
		change->save = "timestamp";
	return ERR_OK;
}

static enum err
timestamp_pass(struct trust *t, struct diag *d)
{
	if (t->timestamp == NULL ||
		(t->mode == TRUST_STRICT && !t->timestamp_heard)) {
		t->stage = STAGE_FAILED;
		return diag_set(d, ERR_MISSING, "no usable timestamp.json");
	}
	/* 5.3.11 once more, for a caller that could not drop it. */
	t->stage =
		t->timestamp_dropped ? STAGE_SNAPSHOT : STAGE_SNAPSHOT_STORED;
	return trust_expiry(t, t->timestamp, "timestamp", d);
}

/* ---- snapshot, 5.5 */

/* 5.5.5: nothing may vanish from a snapshot, nor go back. */
static enum err
snapshot_rollback(
	const struct trust *t, const struct tuf_doc *doc, struct diag *d)
{
	const json_t *old, *new;
	const char *name;
	json_t *file;

	if (t->snapshot == NULL)
		return ERR_OK;
	if (doc->version < t->snapshot->version)
		return rolled_back(
			d, "snapshot", doc->version, t->snapshot->version);
	old = json_object_get(t->snapshot->body, "meta");
	new = json_object_get(doc->body, "meta");
	json_object_foreach((json_t *)(uintptr_t)old, name, file)
	{
		json_int_t had, has;
		const json_t *now = json_object_get(new, name);

		if (now == NULL)
			return diag_set(d, ERR_ROLLBACK,
				"a role that was there before is gone from "
				"the snapshot");
		had = json_integer_value(json_object_get(file, "version"));
		has = json_integer_value(json_object_get(now, "version"));
		if (has < had)
			return rolled_back(d, "a role in the snapshot",
				(uint64_t)has, (uint64_t)had);
	}
	return ERR_OK;
}

/* Whether this is the snapshot that the timestamp names. */
static enum err
snapshot_final(const struct trust *t, const struct tuf_doc *doc, struct diag *d)
{
	struct tuf_file f;

	tuf_meta(t->timestamp, "snapshot", &f);
	if (doc->version != f.version)
		return diag_set(d, ERR_MIXED,
			"snapshot version %llu where the timestamp names %llu",
			(unsigned long long)doc->version,
			(unsigned long long)f.version);
	return trust_expiry(t, doc, "snapshot", d);
}

static void
targets_begin(struct trust *t)
{
	t->stage = STAGE_TARGETS_STORED;
	t->next = (struct trust_visit){.name = "targets"};
}

static enum err
snapshot_feed(struct trust *t, struct span bytes, struct trust_change *change,
	struct diag *d)
{
	bool stored = t->stage == STAGE_SNAPSHOT_STORED;
	struct tuf_file f;
	struct tuf_doc *doc;
	enum err e = ERR_OK, final;

	tuf_meta(t->timestamp, "snapshot", &f);
	if (!stored)
		e = tuf_file_check(&f, bytes, d);
	if (e == ERR_OK)
		e = top_level_parse(
			t, bytes, LIMIT_SNAPSHOT, TUF_SNAPSHOT, &doc, d);
	if (e != ERR_OK)
		return e;
	e = snapshot_rollback(t, doc, d);
	if (e == ERR_OK)
		e = trust_split_versions(t, "snapshot", t->snapshot, doc, d);
	if (e == ERR_OK)
		e = trust_split_names(t, t->snapshot, doc, d);
	final = e == ERR_OK ? snapshot_final(t, doc, d) : e;
	if (stored && final == ERR_OK)
		final = tuf_file_check(&f, bytes, NULL);
	/* A stored one that is not the final one still says what may not go
	 * back; a fetched one must be final. */
	if (e != ERR_OK || (!stored && final != ERR_OK)) {
		tuf_free(doc);
		return final;
	}
	tuf_free(t->snapshot);
	t->snapshot = doc;
	if (stored && final != ERR_OK)
		return final;
	if (!stored)
		change->save = "snapshot";
	targets_begin(t);
	return ERR_OK;
}

/* ---- targets, 5.6, and delegated targets */

/* A stored copy that is not what the snapshot lists, though of its version and
 * signed: what comes instead must not differ from it. */
static void
rival_keep(struct trust *t, struct span bytes, uint64_t version)
{
	struct tuf_doc *doc = NULL;
	struct tuf_rule rule;

	tuf_free(t->rival);
	t->rival = NULL;
	if (trust_next_rule(t, &rule, NULL) == ERR_OK &&
		tuf_parse(bytes, LIMIT_TARGETS, TUF_TARGETS, &doc, NULL) ==
			ERR_OK &&
		doc->version == version &&
		tuf_check(doc, &rule, NULL) == ERR_OK)
		t->rival = doc;
	else
		tuf_free(doc);
}

/* The role in t->next. There is a rule and a snapshot entry, or the wish
 * would not be. */
static enum err
targets_read(const struct trust *t, struct span bytes, struct tuf_doc **out,
	struct diag *d)
{
	struct tuf_rule rule;
	struct tuf_file f;
	enum err e = trust_next_rule(t, &rule, d);

	*out = NULL;
	tuf_meta(t->snapshot, t->next.name, &f);
	if (e == ERR_OK)
		e = tuf_file_check(&f, bytes, d);
	if (e == ERR_OK && bytes.n > LIMIT_ROLES_HELD - t->held)
		e = diag_set(d, ERR_LIMIT, "more than %zu bytes of roles",
			LIMIT_ROLES_HELD);
	if (e == ERR_OK)
		e = tuf_parse(bytes, LIMIT_TARGETS, TUF_TARGETS, out, d);
	if (e == ERR_OK)
		e = tuf_check(*out, &rule, d);
	if (e == ERR_OK && (*out)->version != f.version)
		e = diag_set(d, ERR_MIXED,
			"version %llu where the snapshot names %llu",
			(unsigned long long)(*out)->version,
			(unsigned long long)f.version);
	return e == ERR_OK ? trust_expiry(t, *out, t->next.name, d) : e;
}

static enum err
targets_feed(struct trust *t, struct span bytes, struct trust_change *change,
	struct diag *d)
{
	bool stored = t->stage == STAGE_TARGETS_STORED;
	struct tuf_doc *doc;
	struct tuf_file f;
	enum err e = targets_read(t, bytes, &doc, d);

	if (e == ERR_OK && !stored)
		e = trust_split_versions(t, t->next.name, t->rival, doc, d);
	if (e == ERR_OK)
		e = trust_role_add(t, doc);
	if (e != ERR_OK) {
		tuf_free(doc);
		tuf_meta(t->snapshot, t->next.name, &f);
		if (stored)
			rival_keep(t, bytes, f.version);
		return e;
	}
	t->held += bytes.n;
	if (!stored)
		change->save = t->next.name;
	return trust_search(t, d);
}

/* ---- the two doors */

enum err
trust_feed(struct trust *t, struct span bytes, struct trust_change *change,
	struct diag *d)
{
	struct trust_want w;
	enum err e = ERR_OK;

	*change = (struct trust_change){.save = NULL};
	if (!trust_wants(t, &w))
		return diag_set(d, ERR_FAILED, "nothing was wanted");
	if (bytes.n > w.max)
		e = diag_set(
			d, ERR_LIMIT, "%s: more than %zu bytes", w.role, w.max);
	switch (e == ERR_OK ? t->stage : STAGE_FAILED) {
	case STAGE_ROOT:
		e = root_feed(t, bytes, change, d);
		break;
	case STAGE_TIMESTAMP_STORED:
	case STAGE_TIMESTAMP:
		e = timestamp_feed(t, bytes, change, d);
		break;
	case STAGE_SNAPSHOT_STORED:
	case STAGE_SNAPSHOT:
		e = snapshot_feed(t, bytes, change, d);
		break;
	case STAGE_TARGETS_STORED:
	case STAGE_TARGETS:
		e = targets_feed(t, bytes, change, d);
		break;
	case STAGE_READY:
	case STAGE_FAILED:
		break;
	}
	if (e != ERR_OK)
		*change = (struct trust_change){.save = NULL};
	if (w.source == TRUST_STORED) {
		/* Whatever a stored copy was worth, it is asked for once. */
		if (t->stage == STAGE_TIMESTAMP_STORED)
			t->stage = STAGE_TIMESTAMP;
		else if (e != ERR_OK && t->stage == STAGE_SNAPSHOT_STORED)
			t->stage = STAGE_SNAPSHOT;
		else if (e != ERR_OK && t->stage == STAGE_TARGETS_STORED)
			t->stage = STAGE_TARGETS;
	}
	return e;
}

enum err
trust_pass(struct trust *t, struct diag *d)
{
	struct trust_want w;
	struct diag why;

	switch (t->stage) {
	case STAGE_ROOT:
		return root_pass(t, d);
	case STAGE_TIMESTAMP_STORED:
		t->stage = STAGE_TIMESTAMP;
		return ERR_OK;
	case STAGE_TIMESTAMP:
		return timestamp_pass(t, d);
	case STAGE_SNAPSHOT_STORED:
		t->stage = STAGE_SNAPSHOT;
		return ERR_OK;
	case STAGE_TARGETS_STORED:
		tuf_free(t->rival);
		t->rival = NULL;
		t->stage = STAGE_TARGETS;
		return ERR_OK;
	case STAGE_SNAPSHOT:
	case STAGE_TARGETS:
		trust_wants(t, &w);
		diag_set(
			&why, ERR_MISSING, "%s is named but not there", w.name);
		if (t->n_roles > 0)
			trust_lose(t, &why);
		else
			t->stage = STAGE_FAILED;
		return diag_set(d, ERR_MISSING, "%s", why.why);
	case STAGE_READY:
	case STAGE_FAILED:
		break;
	}
	return diag_set(d, ERR_FAILED, "nothing was wanted");
}
