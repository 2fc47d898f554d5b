/* The trust machine itself: its start, its end and its wishes. */
#include "trust.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "date.h"
#include "trust_priv.h"

struct tuf_rule
trust_root_rule(
	const struct trust *t, const struct tuf_doc *root, enum tuf_type type)
{
	struct tuf_rule rule = tuf_root_rule(root, type);

	rule.schemes = t->schemes;
	return rule;
}

enum err
trust_new(struct span anchor, int64_t now, enum trust_mode mode,
	struct trust **out, struct diag *d)
{
	return trust_new_schemes(anchor, now, mode, NULL, out, d);
}

enum err
trust_new_schemes(struct span anchor, int64_t now, enum trust_mode mode,
	const struct tuf_scheme *schemes, struct trust **out, struct diag *d)
{
	struct trust *t = calloc(1, sizeof(*t));
	struct tuf_rule rule;
	enum err e;

	*out = NULL;
	if (t == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	t->now = now;
	t->mode = mode;
	t->schemes = schemes;
	e = tuf_parse(anchor, LIMIT_ROOT, TUF_ROOT, &t->root, d);
	if (e == ERR_OK) {
		rule = trust_root_rule(t, t->root, TUF_ROOT);
		e = tuf_check(t->root, &rule, d);
	}
	if (e != ERR_OK) {
		trust_free(t);
		return diag_prefix(d, e, "the root we start from");
	}
	*out = t;
	return ERR_OK;
}

void
trust_free(struct trust *t)
{
	size_t i;

	if (t == NULL)
		return;
	tuf_free(t->root);
	tuf_free(t->timestamp);
	tuf_free(t->snapshot);
	for (i = 0; i < t->n_roles; i++) {
		tuf_free(t->roles[i]->doc);
		free(t->roles[i]->list);
		free(t->roles[i]);
	}
	free(t->roles);
	free(t->path);
	free(t->stack);
	tuf_free(t->rival);
	json_decref(t->split);
	free(t);
}

enum err
trust_fingerprint(struct span anchor, uint8_t out[static 32], struct diag *d)
{
	struct tuf_doc *doc;
	enum err e = tuf_parse(anchor, LIMIT_ROOT, TUF_ROOT, &doc, d);

	if (e != ERR_OK)
		return e;
	hash_bytes(HASH_SHA256, buf_view(&doc->canonical), out);
	tuf_free(doc);
	return ERR_OK;
}

enum err
trust_expiry(const struct trust *t, const struct tuf_doc *doc, const char *role,
	struct diag *d)
{
	char when[DATE_SIZE];

	if (t->mode == TRUST_LENIENT || doc->expires > t->now)
		return ERR_OK;
	date_format(when, doc->expires);
	return diag_set(d, ERR_EXPIRED, "%s expired on %s", role, when);
}

/* ---- what is wanted */

/* A role name as part of a file name: anything but unreserved characters is
 * percent-encoded (RFC 3986), so that "../x" stays a name. */
static void
name_encode(char out[static TRUST_NAME], const char *prefix, const char *role)
{
	const size_t size = TRUST_NAME;
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz"
				    "0123456789-._~";
	size_t n = (size_t)snprintf(out, size, "%s", prefix);

	for (; *role != '\0' && n + 10 < size; role++) {
		if (strchr(plain, *role) != NULL)
			out[n++] = *role;
		else
			n += (size_t)snprintf(out + n, size - n, "%%%02X",
				(unsigned char)*role);
	}
	snprintf(out + n, size - n, ".json");
}

/* The file of a role that timestamp or snapshot names. */
static size_t
want_file(const struct trust *t, const struct tuf_doc *referrer,
	const char *role, size_t most, char name[static TRUST_NAME])
{
	struct tuf_file f;
	char version[24] = "";

	tuf_meta(referrer, role, &f);
	if (t->root->consistent)
		snprintf(version, sizeof(version), "%llu.",
			(unsigned long long)f.version);
	name_encode(name, version, role);
	return f.has_length && f.length < most ? (size_t)f.length : most;
}

bool
trust_wants(const struct trust *t, struct trust_want *w)
{
	*w = (struct trust_want){.source = TRUST_STORED};
	switch (t->stage) {
	case STAGE_ROOT:
		w->source = TRUST_REMOTE;
		w->role = "root";
		w->max = LIMIT_ROOT;
		snprintf(w->name, sizeof(w->name), "%llu.root.json",
			(unsigned long long)t->root->version + 1);
		return true;
	case STAGE_TIMESTAMP:
		w->source = TRUST_REMOTE;
		snprintf(w->name, sizeof(w->name), "timestamp.json");
		/* fall through */
	case STAGE_TIMESTAMP_STORED:
		w->role = "timestamp";
		w->max = LIMIT_TIMESTAMP;
		return true;
	case STAGE_SNAPSHOT:
		w->source = TRUST_REMOTE;
		w->role = "snapshot";
		w->max = want_file(
			t, t->timestamp, w->role, LIMIT_SNAPSHOT, w->name);
		return true;
	case STAGE_SNAPSHOT_STORED:
		w->role = "snapshot";
		w->max = LIMIT_SNAPSHOT;
		return true;
	case STAGE_TARGETS:
		w->source = TRUST_REMOTE;
		w->role = t->next.name;
		w->max = want_file(
			t, t->snapshot, w->role, LIMIT_TARGETS, w->name);
		return true;
	case STAGE_TARGETS_STORED:
		w->role = t->next.name;
		w->max = LIMIT_TARGETS;
		return true;
	case STAGE_READY:
	case STAGE_FAILED:
		break;
	}
	return false;
}
