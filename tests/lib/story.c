/* An outlet's history: heads that add bundles, seal weeks, change a root. */
#include "story.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/core/crypto.h"
#include "../../src/core/text.h"
#include "node.h"

#define PERIOD "s-2026-p10"

uint64_t die_state;

unsigned
die(unsigned n)
{
	die_state ^= die_state << 13;
	die_state ^= die_state >> 7;
	die_state ^= die_state << 17;
	return (unsigned)(die_state >> 33) % n;
}

static size_t
item_add(struct story *s, const char *path, struct span bytes)
{
	struct item *x = &s->items[s->n];

	if (s->n == STORY_ITEMS)
		abort();
	*x = (struct item){.line = ""};
	snprintf(x->path, sizeof(x->path), "%s", path);
	buf_init(&x->bytes, LIMIT_METADATA);
	if (buf_span(&x->bytes, bytes) != ERR_OK)
		abort();
	return s->n++;
}

static void
listed(struct head *h, size_t i)
{
	h->order[h->n++] = i;
}

/* The newest file of a role, as metadata that a head names. */
static size_t
role_item(struct story *s, const char *role, unsigned version)
{
	char name[64], path[80];
	size_t i;

	snprintf(name, sizeof(name), "%u.%s.json", version, role);
	snprintf(path, sizeof(path), "m/%s", name);
	for (i = 0; i < s->n; i++)
		if (strcmp(s->items[i].path, path) == 0)
			return i;
	return item_add(s, path, buf_view(&repo_get(&s->r, name)->bytes));
}

static void
minisig_add(struct story *s, size_t of, const char *target)
{
	struct item *b = &s->items[of];
	struct sign_key *k = repo_key('d');
	char comment[400], hex[65], path[256];
	uint8_t blake[64];
	struct buf sig;
	size_t i;

	hash_bytes(HASH_BLAKE2B_512, buf_view(&b->bytes), blake);
	text_hex(hex, b->sha256, 32);
	snprintf(comment, sizeof(comment),
		"erika1 path=%s sha256=%s len=%zu t=2026-11-18T00:00:00Z",
		target, hex, b->bytes.n);
	buf_init(&sig, LIMIT_MINISIG);
	if (sign_minisig(k, blake, comment, &sig) != ERR_OK)
		abort();
	snprintf(path, sizeof(path), "%.240s.minisig", b->path);
	i = item_add(s, path, buf_view(&sig));
	s->items[i].lone = true;
	memcpy(s->items[i].sha256, b->sha256, 32);
	buf_free(&sig);
	sign_key_free(k);
}

static unsigned
week_of(unsigned b)
{
	return 36 + b / 2;
}

/* Bundle b is item 2 * b, its signature the next. */
static void
bundles_make(struct story *s)
{
	char body[12000], target[80];
	unsigned b;

	for (b = 0; b < STORY_BUNDLES; b++) {
		size_t i, n = 1 + die(sizeof(body) - 1);

		memset(body, 'a' + (int)b, n);
		body[n - 1] = '\0';
		snprintf(target, sizeof(target), "b/news/2026-w%u/%u.ekb",
			week_of(b), b + 1);
		i = item_add(s, "", span_str(body));
		node_target(s->items[i].path, target, body);
		hash_bytes(HASH_SHA256, buf_view(&s->items[i].bytes),
			s->items[i].sha256);
		snprintf(s->items[i].line, sizeof(s->items[i].line),
			"2026-w%u %s", week_of(b), target);
		minisig_add(s, i, target);
	}
}

static json_t *
targets_of(const struct story *s, unsigned version, unsigned from, unsigned to)
{
	json_t *body = tuf_body(TUF_TARGETS, version, REPO_NOW + 30 * REPO_DAY);
	unsigned b;

	for (b = from; b < to; b++)
		if (tuf_body_target(body, s->items[2 * b].line + 9,
			    s->items[2 * b].bytes.n, s->items[2 * b].sha256,
			    NULL) != ERR_OK)
			abort();
	return body;
}

static void
delegate(json_t *body, const char *role, char key, const char *const *patterns,
	bool ends)
{
	struct sign_key *k = repo_key(key);
	struct tuf_grant g = {sign_key_public(k), 1, 1};

	if (tuf_body_delegate(body, role, &g, patterns, ends) != ERR_OK)
		abort();
	sign_key_free(k);
}

/* The weeks that are sealed, two bundles each. */
static void
delegate_weeks(json_t *body, unsigned sealed)
{
	static const char *const weeks[] = {"b/*/2026-w36/*", "b/*/2026-w37/*",
		"b/*/2026-w38/*", "b/*/2026-w39/*", "b/*/2026-w40/*"};
	const char *patterns[6] = {NULL};
	unsigned i;

	for (i = 0; i < sealed / 2; i++)
		patterns[i] = weeks[i];
	if (sealed > 0)
		delegate(body, PERIOD, 'y', patterns, true);
}

/* Versions of the roles, and what they hold. */
struct edition {
	unsigned x, y, s, desk, targets, root;
	unsigned sealed, all;
};

static void
sign(struct story *s, const char *role, unsigned version, json_t *body,
	const char *key)
{
	char name[64];

	snprintf(name, sizeof(name), "%u.%s.json", version, role);
	repo_sign(&s->r, name, body, key);
}

static void
meta(struct story *s, json_t *body, const char *role, unsigned version,
	bool hashed)
{
	char name[64];
	struct span bytes;

	snprintf(name, sizeof(name), "%u.%s.json", version, role);
	bytes = buf_view(&repo_get(&s->r, name)->bytes);
	if (tuf_body_meta(body, role, version, hashed ? &bytes : NULL) !=
		ERR_OK)
		abort();
}

/* What changed since the last head is signed anew. */
static void
roles_make(struct story *s, struct edition *e, unsigned h)
{
	static const char *const x[] = {"x/*", NULL},
				 *const y[] = {"b/*/2026-*/*", NULL},
				 *const d[] = {"b/news/*/*", NULL};
	unsigned sealed = e->sealed, all = e->all;
	bool fresh;
	json_t *body;

	e->all = h == 0 ? 3 : all + die(STORY_BUNDLES - all + 1);
	if (h > 0 && die(2) == 0)
		e->sealed = sealed + 2 * die((e->all - sealed) / 2 + 1);
	fresh = h == 0 || die(4) == 0;
	e->x += fresh;
	if (fresh)
		sign(s, "x", e->x,
			tuf_body(TUF_TARGETS, e->x, REPO_NOW + 30 * REPO_DAY),
			"x");
	if (h == 0 || e->sealed != sealed) {
		e->s++;
		sign(s, PERIOD, e->s, targets_of(s, e->s, 0, e->sealed), "y");
		body = tuf_body(TUF_TARGETS, ++e->y, REPO_NOW + 30 * REPO_DAY);
		delegate_weeks(body, e->sealed);
		sign(s, "y-2026", e->y, body, "y");
	}
	if (h == 0 || e->sealed != sealed || e->all != all) {
		e->desk++;
		sign(s, "d-news", e->desk,
			targets_of(s, e->desk, e->sealed, e->all), "d");
	}
	if (h == 0 || die(4) == 0) {
		body = tuf_body(
			TUF_TARGETS, ++e->targets, REPO_NOW + 30 * REPO_DAY);
		delegate(body, "x", 'x', x, true);
		delegate(body, "y-2026", 'y', y, false);
		delegate(body, "d-news", 'd', d, true);
		sign(s, "targets", e->targets, body, "g");
	}
}

static void
head_make(struct story *s, struct edition *e, unsigned h)
{
	struct head *out = &s->heads[h];
	unsigned b, v = h + 1;
	bool hashed = die(2) == 0;
	json_t *body;

	roles_make(s, e, h);
	if (h == 0 || (h == 2 && die(2) == 0)) {
		e->root++;
		sign(s, "root", e->root,
			repo_root(e->root, "r", 1, e->root == 1 ? "t" : "u",
				"s", "g"),
			"r");
	}
	body = tuf_body(TUF_SNAPSHOT, v, REPO_NOW + 30 * REPO_DAY);
	meta(s, body, "targets", e->targets, true);
	meta(s, body, "x", e->x, true);
	meta(s, body, "y-2026", e->y, hashed);
	if (e->sealed > 0)
		meta(s, body, PERIOD, e->s, false);
	meta(s, body, "d-news", e->desk, true);
	sign(s, "snapshot", v, body, "s");
	body = tuf_body(TUF_TIMESTAMP, v, REPO_NOW + 7 * REPO_DAY);
	meta(s, body, "snapshot", v, true);
	if (tuf_body_made(body, REPO_NOW) != ERR_OK)
		abort();
	repo_sign(&s->r, "timestamp.json", body, e->root == 1 ? "t" : "u");

	for (b = 1; b <= e->root; b++)
		listed(out, role_item(s, "root", b));
	out->timestamp = item_add(s, "m/timestamp.json",
		buf_view(&repo_get(&s->r, "timestamp.json")->bytes));
	listed(out, out->timestamp);
	listed(out, role_item(s, "snapshot", v));
	listed(out, role_item(s, "targets", e->targets));
	listed(out, role_item(s, "x", e->x));
	listed(out, role_item(s, "y-2026", e->y));
	if (e->sealed > 0)
		listed(out, role_item(s, PERIOD, e->s));
	listed(out, role_item(s, "d-news", e->desk));
	for (b = 0; b < e->all; b++)
		listed(out, 2 * b + 1);
	for (b = 0; b < e->all; b++) {
		out->sealed[2 * b] = b < e->sealed;
		listed(out, 2 * b);
	}
}

void
story_make(struct story *s)
{
	struct edition e = {.x = 0};
	unsigned h;

	memset(s, 0, sizeof(*s));
	bundles_make(s);
	for (h = 0; h < STORY_HEADS; h++)
		head_make(s, &e, h);
}

void
story_free(struct story *s)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		buf_free(&s->items[i].bytes);
	repo_free(&s->r);
}
