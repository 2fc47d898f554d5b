/* Admission under anybody's order: newsrooms of older and newer heads, a pull
 * beside them and a stranger who replays what is public, all mixed up, cut,
 * doubled and restarted by a seeded die. Whatever happened: what is served is
 * whole and is the outlet's alone, it never becomes older, the stage holds
 * nothing else, and one orderly push of the newest head is live at its end. */
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../src/sys/file.h"
#include "../lib/node.h"
#include "../lib/story.h"
#include "../lib/tap.h"

#define SEEDS 30
#define STEPS 260
#define FLIGHTS 4
#define ACTORS 5

/* The disk is not what this is about. */
int fsync(int fd);
int
fsync(int fd)
{
	(void)fd;
	return 0;
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
		for (k = 0; k < STORY_HEADS; k++)
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
		w->actors[i] = (struct actor){.door = i == 3,
			.head = die(STORY_HEADS),
			.orderly = i != 4};
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
	went = w->trouble[0] == '\0' && orderly_push(w, STORY_HEADS - 1, door);
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

/* An operator makes the quota smaller than what is there: sealed bundles go at
 * the start, or the next head would find no room for its metadata. */
static void
test_smaller(void)
{
	struct world *w = calloc(1, sizeof(*w));
	unsigned less, n = 0;
	char name[32];

	w->s = calloc(1, sizeof(*w->s));
	for (die_state = 7; !w->s->heads[3].sealed[2 * STORY_BUNDLES - 4];) {
		story_free(w->s);
		story_make(w->s);
	}
	for (less = 0; less < 6; less++) {
		snprintf(name, sizeof(name), "smaller%u", less);
		node_new(&w->n, name, &w->s->r);
		w->put[0] = w->n.put;
		w->live = -1;
		if (orderly_push(w, 3, 0))
			n++;
		w->n.p.inodes = (unsigned)node_files(&w->n) + 14 - less;
		restart(w);
		if (orderly_push(w, 4, 0) && node_serves(&w->n, ".pruned"))
			n++;
		admit_free(w->n.a);
	}
	ok(n == 12 && w->trouble[0] == '\0', "a smaller quota (%u): %s", n,
		w->trouble);
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
	if (argc > 1) { /* some seeds alone, to look into them */
		from = (unsigned)atoi(argv[1]);
		to = argc > 2 ? (unsigned)atoi(argv[2]) : from + 1;
	} else {
		test_dropped();
		test_smaller();
	}
	for (seed = from; seed < to; seed++)
		live_through(seed, seed % 3 == 2);
	node_end();
	return plan();
}
