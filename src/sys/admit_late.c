/* A lone signature after its bundle: who pushed the bundle need not have had
 * it. It is taken by itself, since it verifies by itself: against the desk's
 * key in the head that is served. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../core/bundle.h"
#include "../core/text.h"
#include "admit_priv.h"

#define HEX 64

/* The bundle's path from its signature's: the reverse of want_path. */
static bool
bundle_of(const char *name, char bundle[static ADMIT_NAME],
	char target[static ADMIT_NAME], uint8_t sha256[static 32])
{
	size_t n = strlen(name), end = sizeof(ADMIT_MINISIG) - 1;
	const char *last = strrchr(name, '/');
	struct span desk;
	uint64_t sequence;

	if (n >= ADMIT_NAME || n <= end || strncmp(name, "t/", 2) != 0 ||
		strcmp(name + n - end, ADMIT_MINISIG) != 0 ||
		strlen(last + 1) <= HEX + 1 + end || last[1 + HEX] != '.' ||
		text_hex_decode(span_of(last + 1, HEX), sha256, 32) != ERR_OK)
		return false;
	snprintf(bundle, ADMIT_NAME, "%.*s", (int)(n - end), name);
	snprintf(target, ADMIT_NAME, "%.*s%s", (int)(last + 1 - name) - 2,
		name + 2, bundle + (last + 1 - name) + HEX + 1);
	return bundle_path_parse(span_str(target), &desk, &sequence);
}

bool
late_may(const struct admit_place *pl, const char *name)
{
	char bundle[ADMIT_NAME], target[ADMIT_NAME];
	uint8_t sha256[32];

	return bundle_of(name, bundle, target, sha256) &&
	       stage_live(pl, bundle, NULL) && !stage_live(pl, name, NULL) &&
	       stage_live(pl, "m/timestamp.json", NULL);
}

/* Put it beside its bundle, unless a quota takes that away just now. */
static enum err
late_keep(struct admit_place *pl, const char *name, const char *bundle,
	struct span bytes, struct diag *d)
{
	int lock;
	enum err e = stage_lock(pl, &lock, d);

	if (e != ERR_OK)
		return e;
	if (!stage_live(pl, bundle, NULL))
		e = diag_set(d, ERR_MISSING, "its bundle is not here any more");
	else if (!stage_live(pl, name, NULL))
		e = stage_put_live(pl, name, bytes, d);
	stage_unlock(lock);
	return e;
}

/* The key of a desk's role by the head that is served. */
static enum err
live_key(struct admit_place *pl, const char *role, struct minisign_key *out,
	struct diag *d)
{
	struct trust *t = NULL;
	struct buf b, root;
	bool missing = false;
	enum err e;

	buf_init(&b, LIMIT_TIMESTAMP);
	buf_init(&root, LIMIT_ROOT);
	e = stage_read_live(pl, "m/timestamp.json", LIMIT_TIMESTAMP, &b, d);
	if (e == ERR_OK)
		e = intake_trust(pl, buf_view(&b), true, &t, &root, d);
	if (e == ERR_OK)
		e = intake_satisfy(pl, t, &missing, d);
	if (e == ERR_OK && (missing || trust_role_key(t, role, out) != ERR_OK))
		e = diag_set(d, ERR_KEY, "no desk may sign this");
	trust_free(t);
	buf_free(&root);
	buf_free(&b);
	return e;
}

enum err
late_take(struct admit_place *pl, const char *name, struct span bytes,
	struct diag *d)
{
	char bundle[ADMIT_NAME], target[ADMIT_NAME], role[LIMIT_DESK + 3];
	struct admit_file f = {.target = target, .role = role};
	struct minisign_key key;
	struct span desk;
	uint64_t sequence;
	enum err e;

	if (!bundle_of(name, bundle, target, f.sha256) ||
		!stage_live(pl, bundle, &f.length))
		return diag_set(d, ERR_MISSING, "its bundle is not here");
	(void)bundle_path_parse(span_str(target), &desk, &sequence);
	snprintf(role, sizeof(role), "d-%.*s", (int)desk.n,
		(const char *)desk.p);
	e = live_key(pl, role, &key, d);
	if (e == ERR_OK)
		e = form_minisig(bytes, &key, &f, d);
	return e == ERR_OK ? late_keep(pl, name, bundle, bytes, d) : e;
}
