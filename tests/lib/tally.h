/* Thousands of refusals as two lines of TAP. */
#ifndef ERIKA_TALLY_H
#define ERIKA_TALLY_H

#include "tap.h"

/* What one kind of change came to. */
struct tally {
	const char *what;
	bool reads_only; /* nothing is imported */
	unsigned tried, accepted, other;
	size_t first; /* place of the first that was accepted */
};

static inline void
tally_add(struct tally *t, bool refused, bool same, size_t place)
{
	t->tried++;
	if (!refused && t->accepted++ == 0)
		t->first = place;
	t->other += !same;
}

static inline void
tally_say(const struct tally *t)
{
	ok(t->tried > 0 && t->accepted == 0, "%s: %u of %u are refused",
		t->what, t->tried - t->accepted, t->tried);
	if (t->accepted > 0)
		printf("#   the first accepted is at byte %zu\n", t->first);
	if (t->reads_only)
		return;
	ok(t->other == 0, "%s: the library is as before each time", t->what);
}

#endif
