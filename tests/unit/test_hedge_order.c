/* The scheduler step by step: who is asked, when, for what, and who is left.
 * What comes of it against bad mirrors is test_hedge.c's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/core/hedge.h"
#include "../lib/tap.h"

#define MS ((int64_t)1000)
#define T0 ((int64_t)1000000)

static struct hedge *h;
static int64_t now;

static void
start(const struct hedge_route *r, size_t n)
{
	hedge_free(h);
	h = hedge_new(r, n);
	now = T0;
}

/* One whole file of 1,000 bytes. */
static void
whole(void)
{
	(void)!hedge_begin(h, 1, 0, 60, now);
	(void)!hedge_file_whole(h, 0, 1000, 1000);
}

/* The routes that are asked now, as "0 2"; the last ask is kept. */
static struct hedge_ask last;

static const char *
asked(void)
{
	static char out[200];
	struct hedge_ask a;
	size_t n = 0;

	out[0] = '\0';
	while (hedge_start(h, now, &a)) {
		n += (size_t)snprintf(out + n, sizeof(out) - n, "%s%zu",
			n > 0 ? " " : "", a.route);
		last = a;
	}
	return out;
}

/* How many are left, and why the last one. */
static size_t
left(enum hedge_why *why)
{
	uint32_t id;
	size_t n = 0;

	while (hedge_leave(h, &id, why))
		n++;
	return n;
}

static void
bring(const struct hedge_ask *a)
{
	bool over;

	hedge_asked(h, a->id, now);
	hedge_bytes(h, a->id, a->n > 0 ? a->n : 1000, now);
	hedge_good(h, a->run, now);
	hedge_ended(h, a->id, ERR_OK, now, &over);
}

static void
test_small(void)
{
	static const struct hedge_route known[3] = {
		{.mirror = 0, .known = true, .first_byte = .2, .rate = 1e6},
		{.mirror = 1, .known = true, .first_byte = .3, .rate = 1e6},
		{.mirror = 2}};
	static const struct hedge_route cold[5] = {{.mirror = 0}, {.mirror = 1},
		{.mirror = 2}, {.mirror = 3}, {.mirror = 4}};
	enum hedge_why why = HEDGE_SLOW;
	bool over;

	start(known, 3);
	whole();
	is_str(asked(), "0", "who is known to work is asked alone");
	now += 239 * MS;
	is_str(asked(), "", "and has 1.2 times what it took before");
	now += 2 * MS;
	is_str(asked(), "1", "then the next one is asked");
	bring(&last);
	ok(hedge_status(h, now) == HEDGE_DONE, "whose answer is enough");
	ok(left(&why) == 1 && why == HEDGE_ENOUGH, "and the first is left");
	now += MS;
	whole();
	is_str(asked(), "1", "who was quick is asked first from then on");

	start(cold, 1);
	(void)!hedge_begin(h, 1, 0, 60, now);
	(void)!hedge_file_whole(h, 0, 100000, 90000);
	is_str(asked(), "0", "a file that is larger than any part");
	ok(last.offset == 0 && last.n == 0 && last.max == 100000,
		"is asked for as a whole");
	start(cold, 1);
	(void)!hedge_begin(h, 1, 0, 60, now);
	(void)!hedge_file_units(h, 0, 200000, false);
	(void)!hedge_unit(h, 0, 0, 100000);
	(void)!hedge_unit(h, 0, 100000, 100000);
	is_str(asked(), "0", "and of such units");
	ok(last.offset == 100000 && last.n == 100000,
		"an unknown one gets the last");

	start(cold, 5);
	whole();
	is_str(asked(), "0 1 2", "of unknown ones three are asked at once");
	now += 31 * MS;
	is_str(asked(), "3", "and soon one more");
	hedge_ended(h, last.id, ERR_NETWORK, now, &over);
	is_str(asked(), "4", "at once when one fails");
}

/* 20 MB in units, of which routes bring what they were asked for. */
static void
test_large(void)
{
	static const struct hedge_route cold[6] = {{.mirror = 0}, {.mirror = 1},
		{.mirror = 2}, {.mirror = 3}, {.mirror = 4}, {.mirror = 5}};
	struct hedge_ask a[3];
	size_t i;

	start(cold, 6);
	(void)!hedge_begin(h, 1, 0, 60, now);
	(void)!hedge_file_units(h, 0, 20000000, false);
	for (i = 0; i < 400; i++)
		(void)!hedge_unit(h, 0, i * 50000, 50000);
	for (i = 0; i < 3; i++)
		ok(hedge_start(h, now, &a[i]) && a[i].route == i,
			"much: three are asked at once");
	is_str(asked(), "", "and no more while nothing is known");
	for (i = 0; i < 3; i++)
		hedge_asked(h, a[i].id, now);
	now += 140 * MS;
	bring(&a[0]);
	is_str(asked(), "0 0", "who delivers alone gets two connections");
	now += 11 * MS;
	is_str(asked(), "3 4 5",
		"when it will take long all others begin at once");
	bring(&a[1]);
	bring(&a[2]);
	is_str(asked(), "1 2", "among several that deliver each has one");
}

static void
test_out(void)
{
	static const struct hedge_route two_ways[3] = {
		{.mirror = 0}, {.mirror = 1}, {.mirror = 0}};
	struct hedge_look look;
	bool over;

	start(two_ways, 3);
	whole();
	is_str(asked(), "0 1", "two ways to one mirror are not asked at once");
	hedge_asked(h, last.id, now);
	hedge_bytes(h, last.id, 1000, now);
	hedge_bad(h, last.run, ERR_HASH, now);
	hedge_ended(h, last.id, ERR_OK, now, &over);
	hedge_look(h, 1, &look);
	ok(look.out, "a mirror that lies is out");
	now += 5000 * MS;
	is_str(asked(), "2", "another way to the silent one is tried");
	hedge_asked(h, last.id, now);
	hedge_bytes(h, last.id, 1000, now);
	hedge_bad(h, last.run, ERR_HASH, now);
	hedge_ended(h, last.id, ERR_OK, now, &over);
	hedge_look(h, 0, &look);
	ok(look.out, "a lie by one way ends all ways to a mirror");
	ok(hedge_status(h, now) == HEDGE_HOPELESS, "and nobody is left");

	start(two_ways, 2);
	whole();
	(void)asked();
	hedge_ended(h, last.id, ERR_SYNTAX, now, &over);
	hedge_look(h, 1, &look);
	ok(look.out, "a block page ends the use of a way");
}

static void
test_pause(void)
{
	static const struct hedge_route one[1] = {{.mirror = 0}};
	bool over;

	start(one, 1);
	whole();
	is_str(asked(), "0", "the only one is asked");
	hedge_ended(h, last.id, ERR_NETWORK, now, &over);
	is_str(asked(), "", "and not again as soon as it failed");
	ok(hedge_status(h, now) == HEDGE_BUSY, "though there is hope");
	ok(hedge_wait(h, now) <= now + 1000 * MS, "in a second");
	now += 1001 * MS;
	is_str(asked(), "0", "when it is asked once more");
	hedge_ended(h, last.id, ERR_NETWORK, now, &over);
	ok(hedge_status(h, now) == HEDGE_HOPELESS, "twice is enough");
	now += 1001 * MS;
	whole();
	is_str(asked(), "", "its pause goes on in the next job");
	now += 1000 * MS;
	is_str(asked(), "0", "and ends");
	hedge_ended(h, last.id, ERR_MISSING, now, &over);
	ok(hedge_status(h, now) == HEDGE_HOPELESS,
		"what it lacks is not asked again");
	whole();
	is_str(asked(), "0", "but other files are");
}

static void
test_frozen(void)
{
	static const struct hedge_route one[1] = {{.mirror = 0}};
	static const struct hedge_route small[1] = {
		{.mirror = 0, .known = true, .small = true}};
	enum hedge_why why = HEDGE_ENOUGH;
	struct hedge_look look;

	start(one, 1);
	(void)!hedge_begin(h, 1, 0, 60, now);
	(void)!hedge_file_units(h, 0, 60000, false);
	(void)!hedge_unit(h, 0, 0, 60000);
	is_str(asked(), "0", "a part of 60 KB is asked for");
	ok(last.n == 60000 && !last.fresh, "in one request");
	hedge_asked(h, last.id, now);
	now += 1001 * MS;
	is_str(asked(), "0 0 0 0 0 0", "silence: it comes in slices");
	ok(last.fresh && last.n == 8192 && last.run_n == 60000,
		"of 8 KiB, each on a connection of its own");
	ok(left(&why) == 1 && why == HEDGE_SILENT,
		"and the silent one is left");
	hedge_look(h, 0, &look);
	ok(look.small, "which is remembered");

	start(small, 1);
	(void)!hedge_begin(h, 1, 0, 60, now);
	(void)!hedge_file_whole(h, 0, 20000, 20000);
	is_str(asked(), "0 0 0", "who was small before is so from the start");
	ok(last.fresh && last.n == 20000 - 2 * 8192, "a whole file, too");
}

static void
test_copies(void)
{
	static const struct hedge_route known[4] = {
		{.mirror = 0, .known = true, .first_byte = .1},
		{.mirror = 1, .known = true, .first_byte = .1},
		{.mirror = 2, .known = true, .first_byte = .1},
		{.mirror = 3, .known = true, .first_byte = .1}};
	struct hedge_ask a;
	bool over;
	size_t n;

	for (n = 2; n <= 4; n += 2) {
		start(known, n);
		(void)!hedge_begin(h, 1, 2, 60, now);
		(void)!hedge_file_whole(h, 0, 1000, 0);
		ok(hedge_start(h, now, &a) && a.route == 0,
			"two copies: the first");
		is_str(asked(), "1", "and the second are asked, and no more");
		now += 50 * MS;
		hedge_asked(h, last.id, now);
		hedge_bytes(h, last.id, 500, now);
		hedge_good(h, last.run, now);
		hedge_ended(h, last.id, ERR_OK, now, &over);
		ok(hedge_copy_ended(h, 1), "one is here");
		hedge_copy(h, 1, true, now);
		ok(hedge_status(h, now) == HEDGE_BUSY,
			"which gives the other a grace");
		now += n == 2 ? 99 * MS : 999 * MS;
		(void)asked();
		ok(hedge_status(h, now) == HEDGE_BUSY,
			n == 2 ? "of a tenth of a second"
			       : "of a second when others may bring it, too");
		now += 2 * MS;
		ok(hedge_status(h, now) == HEDGE_DONE, "and no more");
	}

	start(known, 4);
	(void)!hedge_begin(h, 1, 2, 60, now);
	(void)!hedge_file_whole(h, 0, 1000, 0);
	hedge_copy_here(h, 0);
	hedge_copy_here(h, 2);
	is_str(asked(), "1 3", "whose copy is here is not asked");
}

/* A file of which it is said only later that it is wanted. */
static void
test_later(void)
{
	static const struct hedge_route one[1] = {{.mirror = 0}};
	struct hedge_ask first;

	start(one, 1);
	whole();
	(void)asked();
	bring(&last);
	(void)!hedge_begin(h, 3, 0, 60, now);
	(void)!hedge_file_units(h, 0, 60000, false);
	(void)!hedge_unit(h, 0, 0, 60000);
	is_str(asked(), "0", "of three files one is told: it is asked");
	first = last;
	hedge_asked(h, first.id, now);
	hedge_bytes(h, first.id, 30000, now);
	is_str(asked(), "", "and nothing else");
	(void)!hedge_file_whole(h, 2, 1000, 1000);
	is_str(asked(), "0", "one that is told later is asked beside it");
	ok(last.file == 2 && !hedge_file_done(h, 2), "which it is");
	bring(&last);
	ok(hedge_file_done(h, 2) && hedge_status(h, now) == HEDGE_BUSY,
		"it comes, and the job goes on");
	hedge_bytes(h, first.id, 30000, now);
	hedge_good(h, first.run, now);
	ok(hedge_file_done(h, 1) && hedge_status(h, now) == HEDGE_DONE,
		"what was never told is not waited for");
}

/* Two that work, of which too little came so far to say how fast they are. */
static void
test_share(void)
{
	static const struct hedge_route two[2] = {{.mirror = 0}, {.mirror = 1}};
	struct hedge_ask a[2], run;
	bool over;
	size_t i;

	start(two, 2);
	(void)!hedge_begin(h, 1, 2, 60, now);
	(void)!hedge_file_whole(h, 0, 1000, 0);
	ok(hedge_start(h, now, &a[0]) && hedge_start(h, now, &a[1]),
		"two are asked");
	now += 50 * MS;
	for (i = 0; i < 2; i++) {
		hedge_asked(h, a[i].id, now);
		hedge_bytes(h, a[i].id, 500, now);
		hedge_good(h, a[i].run, now);
		hedge_ended(h, a[i].id, ERR_OK, now, &over);
		hedge_copy(h, a[i].route, true, now);
	}
	(void)!hedge_begin(h, 1, 0, 60, now);
	(void)!hedge_file_units(h, 0, 200000, true);
	(void)!hedge_unit(h, 0, 0, 5000);
	is_str(asked(), "0", "one is to bring a file to its end");
	run = last;
	now += 50 * MS;
	hedge_asked(h, run.id, now);
	hedge_bytes(h, run.id, 5000, now);
	hedge_good(h, run.run, now);
	for (i = 1; i < 40; i++)
		(void)!hedge_unit(h, 0, i * 5000, 5000);
	hedge_file_close(h, 0);
	is_str(asked(), "", "who may be fast shares nothing");
	for (i = 0; i < 11; i++) {
		now += 20 * MS;
		hedge_bytes(h, run.id, 1000, now);
	}
	is_str(asked(), "1", "who proves slow shares with who is idle");
	ok(last.offset > 60000 && last.offset < 140000 &&
			last.offset + last.n == 200000,
		"about the half that is to come last");
}

int
main(void)
{
	test_small();
	test_large();
	test_out();
	test_pause();
	test_frozen();
	test_copies();
	test_later();
	test_share();
	hedge_free(h);
	return plan();
}
