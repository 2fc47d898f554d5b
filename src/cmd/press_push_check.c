/* What mirrors that are pushed to have, before anything is signed. */
#include <stdio.h>
#include <string.h>

#include "../core/limits.h"
#include "../sys/clock.h"
#include "press_copy.h"
#include "press_push.h"

/* For all of them together. A proxy may take longer; then the push itself
 * says what is wrong, as it does to the next publish. */
#define SECONDS 5

/* One request each; 0: none, or it has ended. */
struct asking {
	uint32_t id[LIMIT_MIRRORS];
	size_t left;
};

/* What cannot be asked is not. */
static void
ask(struct upload *u, const struct push_to *to, uint32_t *id)
{
	char url[LIMIT_URL + 32];
	struct upload_want w = {.url = url,
		.ca = to->ca,
		.proxy = to->proxy,
		.fd = -1,
		.length = LIMIT_TIMESTAMP};
	struct diag why;

	snprintf(url, sizeof(url), "%sm/timestamp.json", to->url);
	if (upload_start(u, &w, id, &why) != ERR_OK)
		*id = 0;
}

static enum err
answered(struct room *r, const struct push_to *to,
	const struct upload_event *ev, struct diag *d)
{
	enum err e = ERR_OK;

	if (ev->err == ERR_OK && ev->status == 200)
		e = copy_check_head(r, ev->body, d);
	return e == ERR_OK
		       ? e
		       : diag_prefix(d, e, "nothing was signed: %s", to->name);
}

enum err
push_check(struct room *r, struct upload *u, const struct push_to *to, size_t n,
	struct diag *d)
{
	int64_t now = clock_steady(), end = now + SECONDS * 1000000;
	struct asking a = {.left = 0};
	struct upload_event ev;
	struct diag why;
	enum err e = ERR_OK;
	bool have;
	size_t i;

	for (i = 0; i < n && i < LIMIT_MIRRORS; i++) {
		ask(u, &to[i], &a.id[i]);
		a.left += a.id[i] != 0;
	}
	while (e == ERR_OK && a.left > 0 && (now = clock_steady()) < end) {
		/* Should the child have died, pushing will say so. */
		if (upload_next(u, (double)(end - now) / 1e6, &ev, &have,
			    &why) != ERR_OK)
			break;
		for (i = 0; have && ev.end && e == ERR_OK && i < n &&
			    i < LIMIT_MIRRORS;
			i++) {
			if (a.id[i] == 0 || a.id[i] != ev.id)
				continue;
			a.id[i] = 0;
			a.left--;
			e = answered(r, &to[i], &ev, d);
		}
	}
	return e;
}
