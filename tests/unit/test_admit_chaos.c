/* Admission under anybody's order: newsrooms of older and newer heads, a pull
 * beside them and a stranger who replays what is public, all mixed up, cut,
 * doubled and restarted by a seeded die. Whatever happened: what is served is
 * whole and is the outlet's alone, it never becomes older, the stage holds
 * nothing else, and one orderly push of the newest head is live at its end. */
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../src/core/crypto.h"
#include "../../src/core/text.h"
#include "../../src/sys/file.h"
#include "../lib/node.h"
#include "../lib/repo.h"
#include "../lib/tap.h"

#define SEEDS 60
#define STEPS 260
#define HEADS 5
#define BUNDLES 10
#define ITEMS 160
#define FLIGHTS 4
#define ACTORS 5
#define PERIOD "s-2026-p10"

/* The disk is not what this is about. */
int fsync(int fd);
int
fsync(int fd)
{
	(void)fd;
	return 0;
}

static uint64_t die_state;

static unsigned
die(unsigned n)
{
	die_state ^= die_state << 13;
	die_state ^= die_state >> 7;
	die_state ^= die_state << 17;
	return (unsigned)(die_state >> 33) % n;
}

/* ---- what an outlet has published, head by head */

struct item {
	char path[256];
	struct buf bytes;
	char line[100]; /* of a bundle: "2026-w40 b/news/2026-w40/3.ekb" */
	bool lone;
	uint8_t sha256[32]; /* of a bundle and its signature: the bundle's */
};

struct head {
	size_t n, order[ITEMS]; /* as a newsroom pushes it */
	size_t timestamp;
	bool sealed[ITEMS];
};

struct story {
	struct item items[ITEMS];
	size_t n;
	struct head heads[HEADS];
	struct repo r;
};

static size_t
item_add(struct story *s, const char *path, struct span bytes)
{
	struct item *x = &s->items[s->n];

	if (s->n == ITEMS)
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

	for (b = 0; b < BUNDLES; b++) {
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

	e->all = h == 0 ? 3 : all + die(BUNDLES - all + 1);
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

static void
story_make(struct story *s)
{
	struct edition e = {.x = 0};
	unsigned h;

	memset(s, 0, sizeof(*s));
	bundles_make(s);
	for (h = 0; h < HEADS; h++)
		head_make(s, &e, h);
}

static void
story_free(struct story *s)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		buf_free(&s->items[i].bytes);
	repo_free(&s->r);
}

/* ---- those who push */

struct flight {
	void *push;
	size_t item, sent;
};

struct actor {
	unsigned door; /* whose stage: 0 the server's, 1 a pull's */
	unsigned head;
	size_t at;
	bool orderly;
	struct flight flights[FLIGHTS];
};

struct world {
	struct story *s;
	struct node n;		 /* the server's */
	struct admit *pull;	 /* and a pull's beside it, or NULL */
	struct serve_put put[2]; /* of both */
	struct actor actors[ACTORS];
	int live; /* the head that is served, -1 for none */
	char trouble[1100];
};

static void
trouble(struct world *w, const char *what, const char *path)
{
	if (w->trouble[0] == '\0')
		snprintf(w->trouble, sizeof(w->trouble), "%s: %s", what, path);
}

static void
flight_cut(struct world *w, const struct actor *a, struct flight *f)
{
	if (f->push != NULL)
		w->put[a->door].cut(w->put[a->door].arg, f->push);
	f->push = NULL;
}

/* After a refusal a newsroom begins again; what may not come is left out. */
static void
answered(struct actor *a, unsigned status)
{
	if (a->orderly && (status == 409 || status == 503 || status == 507))
		a->at = 0;
}

static void
flight_begin(struct world *w, struct actor *a, struct flight *f)
{
	const struct head *h = &w->s->heads[a->head];
	const struct item *x;
	uint64_t n;
	unsigned status;

	if (a->orderly) {
		/* Metadata one after the other. */
		if (a->at == h->n)
			a->at = 0;
		f->item = h->order[a->at++];
	} else
		f->item = die((unsigned)w->s->n);
	f->sent = 0;
	x = &w->s->items[f->item];
	n = x->bytes.n;
	if (!a->orderly && die(10) == 0)
		n += die(3) - 1;
	status = w->put[a->door].begin(
		w->put[a->door].arg, x->path, n, &f->push);
	if (status != 0)
		f->push = NULL;
	answered(a, status);
}

static void
flight_write(struct world *w, struct actor *a, struct flight *f)
{
	const struct item *x = &w->s->items[f->item];
	size_t n = x->bytes.n - f->sent;
	char why[160];
	unsigned status;

	if (n > 1 && die(3) == 0)
		n = 1 + die((unsigned)n - 1);
	status = w->put[a->door].write(
		w->put[a->door].arg, f->push, x->bytes.p + f->sent, n);
	f->sent += n;
	if (status != 0) {
		flight_cut(w, a, f);
	} else if (f->sent == x->bytes.n) {
		status = w->put[a->door].end(w->put[a->door].arg, f->push, why);
		f->push = NULL;
	}
	answered(a, status);
}

static void
actor_go(struct world *w, struct actor *a)
{
	const struct head *h = &w->s->heads[a->head];
	unsigned most = FLIGHTS;
	struct flight *f;

	if (a->door == 1 && w->pull == NULL)
		return;
	if (a->orderly && a->at < h->n &&
		w->s->items[h->order[a->at]].path[0] == 'm')
		most = 1;
	f = &a->flights[die(most)];
	if (f->push == NULL)
		flight_begin(w, a, f);
	else if (die(30) == 0)
		flight_cut(w, a, f);
	else
		flight_write(w, a, f);
}

static void
doors_close(struct world *w, unsigned door)
{
	size_t i, k;

	for (i = 0; i < ACTORS; i++)
		for (k = 0; k < FLIGHTS; k++)
			if (w->actors[i].door == door)
				flight_cut(w, &w->actors[i],
					&w->actors[i].flights[k]);
}

static void
pull_toggle(struct world *w)
{
	struct diag d;

	doors_close(w, 1);
	if (w->pull != NULL) {
		admit_free(w->pull);
		w->pull = NULL;
	} else if (admit_new(&w->n.c, ADMIT_PULL, &w->pull, &d) == ERR_OK)
		admit_put(w->pull, &w->put[1]);
	else
		trouble(w, "a pull does not start", d.why);
}

static void
restart(struct world *w)
{
	doors_close(w, 0);
	node_again(&w->n);
	w->put[0] = w->n.put;
}

/* ---- what must hold */

static const struct item *
known(const struct story *s, const char *path, struct span bytes)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (strcmp(s->items[i].path, path) == 0 &&
			span_eq(buf_view(&s->items[i].bytes), bytes))
			return &s->items[i];
	return NULL;
}

static bool
load(const struct world *w, const char *rest, struct buf *b)
{
	char path[1100];

	buf_clear(b);
	snprintf(path, sizeof(path), "%s/%s", w->n.root, rest);
	return file_read(path, b->max, b, NULL) == ERR_OK;
}

/* All below F/base is the outlet's, at its own place. */
static void
check_folder(struct world *w, const char *base, const char *below)
{
	char path[900], rest[300];
	struct dirent *x;
	struct buf b;
	DIR *h;

	snprintf(path, sizeof(path), "%s/%s%s", w->n.root, base, below);
	h = opendir(path);
	buf_init(&b, LIMIT_METADATA);
	while (h != NULL && (x = readdir(h)) != NULL) {
		if (x->d_name[0] == '.')
			continue;
		snprintf(rest, sizeof(rest), "%s/%.200s", below, x->d_name);
		if (x->d_type == DT_DIR) {
			check_folder(w, base, rest);
			continue;
		}
		snprintf(path, sizeof(path), "%s%s", base, rest);
		if (strcmp(rest, "m/now.pack") != 0 &&
			(!load(w, path, &b) ||
				known(w->s, rest, buf_view(&b)) == NULL))
			trouble(w, "nothing of the outlet's", path);
	}
	if (h != NULL)
		closedir(h);
	buf_free(&b);
}

static unsigned
flights_of(const struct world *w, unsigned door)
{
	unsigned n = 0;
	size_t i, k;

	for (i = 0; i < ACTORS; i++)
		for (k = 0; k < FLIGHTS; k++)
			n += w->actors[i].door == door &&
			     w->actors[i].flights[k].push != NULL;
	return n;
}

static void
check_parts(struct world *w, const char *rest, unsigned most)
{
	char path[900];
	struct dirent *x;
	unsigned n = 0;
	DIR *h;

	snprintf(path, sizeof(path), "%s/%s", w->n.root, rest);
	h = opendir(path);
	while (h != NULL && (x = readdir(h)) != NULL)
		n += x->d_name[0] != '.';
	if (h != NULL)
		closedir(h);
	if (n > most)
		trouble(w, "parts that are nobody's", rest);
}

static void
check(struct world *w)
{
	const struct head *h;
	char gone[100];
	struct buf b;
	size_t i;
	int live = -1, k;

	check_folder(w, "", "m");
	check_folder(w, "", "t");
	check_folder(w, ".stage/push/", "m");
	check_folder(w, ".stage/push/", "t");
	check_folder(w, ".stage/pull/", "m");
	check_folder(w, ".stage/pull/", "t");
	check_parts(w, ".stage/push/part", flights_of(w, 0));
	check_parts(w, ".stage/pull/part", flights_of(w, 1));
	buf_init(&b, LIMIT_METADATA);
	if (load(w, "m/timestamp.json", &b))
		for (k = 0; k < HEADS; k++)
			if (span_eq(buf_view(&b),
				    buf_view(&w->s->items[w->s->heads[k]
								  .timestamp]
						      .bytes)))
				live = k;
	if (live < w->live)
		trouble(w, "an older head is served", "");
	w->live = live;
	gone[0] = '\0';
	if (load(w, ".pruned", &b))
		snprintf(gone, sizeof(gone), "%.*s", (int)b.n - 1,
			(const char *)b.p);
	for (i = 0; live >= 0 && i < (h = &w->s->heads[live])->n; i++) {
		const struct item *x = &w->s->items[h->order[i]];

		if (x->lone || load(w, x->path, &b))
			continue;
		if (!h->sealed[h->order[i]] || strcmp(x->line, gone) > 0)
			trouble(w, "listed, and not there", x->path);
	}
	buf_free(&b);
}

/* ---- */

/* What erika-press does; a few times from its beginning. */
static bool
orderly_push(struct world *w, unsigned head, unsigned door)
{
	const struct head *h = &w->s->heads[head];
	unsigned status = 0, round;
	size_t i = 0;

	for (round = 0; round < 3; round++) {
		for (i = 0; i < h->n; i++) {
			const struct item *x = &w->s->items[h->order[i]];
			struct span s = buf_view(&x->bytes);
			char why[160];
			void *push;

			status = w->put[door].begin(
				w->put[door].arg, x->path, s.n, &push);
			if (status == 0) {
				status = w->put[door].write(
					w->put[door].arg, push, s.p, s.n);
				if (status != 0)
					w->put[door].cut(
						w->put[door].arg, push);
				else
					status = w->put[door].end(
						w->put[door].arg, push, why);
			}
			if (status >= 400 && status != 422)
				break;
		}
		if (i == h->n)
			break;
	}
	if (i < h->n) {
		char text[300];

		snprintf(text, sizeof(text), "%u for %.200s", status,
			w->s->items[h->order[i]].path);
		trouble(w, "an orderly push ends", text);
		return false;
	}
	check(w);
	return w->live == (int)head;
}

static void
step(struct world *w)
{
	switch (die(60)) {
	case 0:
		restart(w);
		break;
	case 1:
	case 2:
		pull_toggle(w);
		break;
	case 3:
		node_time += die(30 * 3600);
		admit_tick(w->n.a);
		if (w->pull != NULL)
			admit_tick(w->pull);
		break;
	default:
		actor_go(w, &w->actors[die(ACTORS)]);
	}
}

static void
live_through(unsigned seed, unsigned tight)
{
	struct world *w = calloc(1, sizeof(*w));
	char name[32];
	unsigned i, door = 0;
	bool went;

	die_state = 0x9e3779b97f4a7c15u * (seed + 1);
	w->s = calloc(1, sizeof(*w->s));
	story_make(w->s);
	snprintf(name, sizeof(name), "seed%u", seed);
	node_new(&w->n, name, &w->s->r);
	if (tight) {
		w->n.p.inodes = 84 + die(40);
		node_again(&w->n);
	}
	w->put[0] = w->n.put;
	w->live = -1;
	for (i = 0; i < ACTORS; i++)
		w->actors[i] = (struct actor){
			.door = i == 3, .head = die(HEADS), .orderly = i != 4};
	for (i = 0; i < STEPS && w->trouble[0] == '\0'; i++) {
		step(w);
		if (die(6) == 0)
			check(w);
	}
	check(w);
	doors_close(w, 0);
	doors_close(w, 1);
	if (w->pull != NULL && die(2) == 0)
		door = 1;
	went = w->trouble[0] == '\0' && orderly_push(w, HEADS - 1, door);
	ok(went && w->trouble[0] == '\0', "seed %u%s: %s", seed,
		tight ? ", little room" : "",
		w->trouble[0] == '\0' ? went ? "live" : "not live"
				      : w->trouble);
	admit_free(w->pull);
	admit_free(w->n.a);
	story_free(w->s);
	free(w->s);
	free(w);
	node_time = REPO_NOW;
}

/* A bundle on its way, when a newer head comes for which the quota does without
 * it: by how much it is too small, from all sides. */
static void
test_dropped(void)
{
	struct world *w = calloc(1, sizeof(*w));
	struct actor *a = &w->actors[0];
	unsigned i, inodes, dropped = 0;
	char name[32];

	w->s = calloc(1, sizeof(*w->s));
	for (die_state = 1; !w->s->heads[3].sealed[0];) {
		story_free(w->s);
		story_make(w->s);
	}
	for (inodes = 30; inodes < 100; inodes++) {
		const struct head *h = &w->s->heads[3];

		snprintf(name, sizeof(name), "dropped%u", inodes);
		node_new(&w->n, name, &w->s->r);
		w->put[0] = w->n.put;
		w->live = -1;
		*a = (struct actor){.head = 3, .orderly = true};
		while (a->at < h->n &&
			w->s->items[h->order[a->at]].path[0] == 'm') {
			flight_begin(w, a, &a->flights[0]);
			while (a->flights[0].push != NULL)
				flight_write(w, a, &a->flights[0]);
		}
		a->orderly = false;
		if (w->put[0].begin(w->put[0].arg, w->s->items[0].path,
			    w->s->items[0].bytes.n, &a->flights[0].push) != 0)
			abort();
		w->n.p.inodes = inodes;
		/* All but its metadata is refused, or not. */
		for (i = 0; i < 9; i++)
			if (w->s->items[w->s->heads[4].order[i]].path[0] == 'm')
				(void)node_put(&w->n,
					w->s->items[w->s->heads[4].order[i]]
						.path,
					buf_view(&w->s->items[w->s->heads[4]
								      .order[i]]
							  .bytes));
		while (a->flights[0].push != NULL)
			flight_write(w, a, &a->flights[0]);
		check(w);
		(void)orderly_push(w, 4, 0);
		dropped += node_serves(&w->n, ".pruned");
		if (strstr(w->trouble, ": 507") != NULL)
			w->trouble[0] = '\0';
		admit_free(w->n.a);
	}
	ok(w->trouble[0] == '\0' && dropped > 0,
		"a bundle that comes is done without meanwhile (%u): %s",
		dropped, w->trouble);
	story_free(w->s);
	free(w->s);
	free(w);
}

int
main(int argc, char **argv)
{
	unsigned seed, from = 0, to = SEEDS;

	if (!node_start())
		return 1;
	/* One seed alone, to look into it. */
	if (argc > 1) {
		from = (unsigned)atoi(argv[1]);
		to = argc > 2 ? (unsigned)atoi(argv[2]) : from + 1;
	} else
		test_dropped();
	for (seed = from; seed < to; seed++)
		live_through(seed, seed % 3 == 2);
	node_end();
	return plan();
}
