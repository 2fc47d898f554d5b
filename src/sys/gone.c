#include "gone.h"

#include <stdio.h>

#include "../core/text.h"
#include "../core/tombstone.h"

/* Words for a tombstone. A quotation mark in the reason could end it, and go on
 * as if by us. */
static void
removed_say(
	char *out, size_t size, const char *mirror, const struct tombstone *t)
{
	char name[100], reason[LIMIT_TOMBSTONE_REASON + 1];
	char who[LIMIT_TOMBSTONE_OPERATOR + 1], *p;

	text_show(name, sizeof(name), span_str(mirror));
	text_show(reason, sizeof(reason), span_str(t->reason));
	text_show(who, sizeof(who), span_str(t->operator));
	for (p = reason; *p != '\0'; p++)
		if (*p == '"')
			*p = '\'';
	snprintf(out, size,
		"removed by the operator of %s: \"%s\" (signed by key %s%s%s)",
		name, reason, t->key,
		who[0] != '\0' ? ", who calls himself " : "", who);
}

bool
gone_say(char *out, size_t size, const char *mirror, const char *path,
	struct span notice)
{
	struct tombstone t;

	if (notice.n > 0 && tombstone_parse(notice, &t, NULL) == ERR_OK &&
		tombstone_covers(&t, path)) {
		removed_say(out, size, mirror, &t);
		return true;
	}
	snprintf(out, size,
		"HTTP 451: withheld for legal reasons, by the mirror or by the "
		"network");
	return false;
}
