/* Fetches one bundle from several mirrors with the reader's engine, for
 * bench-net and for tests.
 *
 * hedgetool [OPTION...] --root FOLDER --bundle PATH URL...
 *	--root FOLDER	a local mirror of the outlet that is trusted here: its
 *			m/1.root.json is the anchor, and all metadata is read
 *			from it, so that the network carries only the bundle
 *	--bundle PATH	target path: b/DESK/YYYY-wWW/N.ekb
 *	--images	all pictures too, after the texts
 *	--ca FILE	certificate authorities instead of the system's
 *	--memory FILE	what is remembered of the mirrors, read when it is
 *			there and written at the end; without it: cold
 *	--seconds N	give up after so long without progress (30)
 *	URL...		mirrors in the order to try them; any address is allowed
 *
 * Prints one JSON object:
 *	ok		whether all was verified
 *	seconds		from the first start to the last verified byte
 *	bytes		verified bytes: head, texts and pictures
 *	wire		bytes received, heads included
 *	requests	requests sent
 *	why		why not, "" when ok
 *	mirrors		[{url, state, why, wire, verified, small, requests}]
 *			state: "unused", "ok", or the deed of erika-sync's
 *			report ("tampered", "unreachable", "too slow", ...)
 * Status 0 when ok, 1 when not, 2 for wrong usage. */
#include <stdio.h>

int
main(void)
{
	fprintf(stderr, "hedgetool: not yet\n");
	return 2;
}
