#include "press_archive.h"

#include <stdio.h>
#include <string.h>

#include "../core/limits.h"
#include "../core/tuf_write.h"
#include "press.h"
#include "press_grants.h"
#include "press_records.h"
#include "press_signers.h"

/* A pattern such as that of weeks 45 to 48, with room to spare. */
#define ARCHIVE_PATTERN 32

void
archive_period(const char week[static 9], char out[static ARCHIVE_NAME])
{
	unsigned w = (unsigned)(week[6] - '0') * 10 + (unsigned)(week[7] - '0');

	snprintf(out, ARCHIVE_NAME, "s-%.4s-p%02u", week, (w + 3) / 4 % 100);
}

/* Sign a body as the version after the last one's. */
static enum err
next_sign(struct room *r, const char *role, const struct tuf_rule *rule,
	json_t *body, uint64_t version, int64_t expires, struct diag *d)
{
	struct buf file;
	enum err e = tuf_body_again(body, version, expires);

	buf_init(&file, LIMIT_TARGETS);
	if (e == ERR_OK)
		e = signers_sign(&r->keys, rule, role, body, &file, d);
	if (e == ERR_OK)
		e = records_role_put(r, role, version, buf_view(&file), d);
	buf_free(&file);
	return e;
}

/* ---- years */

/* The archive's keys as a grant, for the periods that a year delegates. */
static enum err
delegate(json_t *body, const char *period, const struct tuf_rule *rule,
	const char *const *patterns, struct diag *d)
{
	struct tuf_grant t;
	struct grant g;
	enum err e = grant_read(rule, "archive", &g, d);

	t = (struct tuf_grant){g.keys, g.n, g.threshold};
	if (e == ERR_OK)
		e = tuf_body_delegate(body, period, &t, patterns, true);
	return e;
}

static enum err
period_again(struct room *r, const char *period, const struct tuf_rule *rule,
	int64_t now, struct diag *d)
{
	struct tuf_doc *last = NULL;
	json_t *body = NULL;
	enum err e = records_doc(r, period, &last, d);

	if (e == ERR_OK && last == NULL)
		e = diag_set(d, ERR_MISSING, "no record of %s", period);
	if (e == ERR_OK && (body = json_deep_copy(last->body)) == NULL)
		e = ERR_NOMEM;
	if (e == ERR_OK)
		e = next_sign(r, period, rule, body, last->version + 1,
			now + ROLE_SEALED_SECONDS, d);
	json_decref(body);
	tuf_free(last);
	return e;
}

/* The same year and periods under the archive's new key. */
static enum err
year_again(struct room *r, const struct tuf_doc *last, const char *year,
	const struct tuf_rule *rule, int64_t now, unsigned *n, struct diag *d)
{
	json_t *body = tuf_body(TUF_TARGETS, 1, now + ROLE_YEAR_SECONDS);
	const json_t *del;
	enum err e = body == NULL ? ERR_NOMEM : ERR_OK;
	size_t i, k;

	for (i = 0; e == ERR_OK && (del = tuf_delegation(last, i)) != NULL;
		i++) {
		const json_t *paths = json_object_get(del, "paths");
		const char *patterns[8] = {NULL};

		for (k = 0; k < json_array_size(paths) && k < 7; k++)
			patterns[k] =
				json_string_value(json_array_get(paths, k));
		e = delegate(body, tuf_delegation_name(del), rule, patterns, d);
		if (e == ERR_OK)
			e = period_again(
				r, tuf_delegation_name(del), rule, now, d);
		++*n;
	}
	if (e == ERR_OK)
		e = next_sign(r, year, rule, body, last->version + 1,
			now + ROLE_YEAR_SECONDS, d);
	++*n;
	json_decref(body);
	return e;
}

enum err
archive_year(struct room *r, const char *year, const struct tuf_rule *rule,
	int64_t now, unsigned *signed_again, struct diag *d)
{
	struct tuf_doc *last = NULL;
	json_t *body;
	enum err e = records_doc(r, year, &last, d);

	if (e == ERR_OK && last == NULL) {
		body = tuf_body(TUF_TARGETS, 1, now + ROLE_YEAR_SECONDS);
		e = body == NULL ? ERR_NOMEM
				 : next_sign(r, year, rule, body, 1,
					   now + ROLE_YEAR_SECONDS, d);
		json_decref(body);
	} else if (e == ERR_OK && tuf_check(last, rule, NULL) != ERR_OK) {
		e = year_again(r, last, year, rule, now, signed_again, d);
	}
	tuf_free(last);
	return e;
}

/* ---- periods */

enum err
archive_add(struct room *r, const char *period, const struct tuf_rule *rule,
	json_t *targets, int64_t now, struct diag *d)
{
	struct tuf_doc *last = NULL;
	json_t *body = NULL, *list;
	enum err e = records_doc(r, period, &last, d);

	if (e == ERR_OK)
		body = last == NULL ? tuf_body(TUF_TARGETS, 1, now)
				    : json_deep_copy(last->body);
	list = json_object_get(body, "targets");
	if (e == ERR_OK &&
		(list == NULL || json_object_update(list, targets) != 0))
		e = diag_set(d, ERR_NOMEM, "out of memory");
	if (e == ERR_OK)
		e = next_sign(r, period, rule, body,
			last == NULL ? 1 : last->version + 1,
			now + ROLE_SEALED_SECONDS, d);
	json_decref(body);
	tuf_free(last);
	return e;
}

/* The delegation to a period in a year's body, or NULL. */
static json_t *
period_find(json_t *body, const char *period)
{
	json_t *roles =
		json_object_get(json_object_get(body, "delegations"), "roles");
	size_t i;

	for (i = 0; i < json_array_size(roles); i++)
		if (strcmp(tuf_delegation_name(json_array_get(roles, i)),
			    period) == 0)
			return json_array_get(roles, i);
	return NULL;
}

/* Weeks of a period as a bit each: 1 for its first. */
static unsigned
weeks_of(const json_t *paths, const char *year, unsigned first)
{
	unsigned set = 0, i;
	char path[24];
	size_t k;

	for (i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "b/x/%.4s-w%02u/x", year,
			(first + i) % 100);
		for (k = 0; k < json_array_size(paths); k++)
			if (tuf_path_match(
				    json_string_value(json_array_get(paths, k)),
				    path))
				set |= 1u << i;
	}
	return set;
}

/* Patterns for a set of weeks, neighbours of one decade as one: w45 to w48 are
 * "w4[5-8]". Every reader fetches the year, so that it is kept short. */
static size_t
patterns_of(unsigned set, const char *year, unsigned first,
	char out[static 4][ARCHIVE_PATTERN])
{
	unsigned from, to, i;
	size_t n = 0;

	for (i = 0; i < 4; i = to + 1) {
		to = i;
		if ((set & 1u << i) == 0)
			continue;
		while (to < 3 && set & 1u << (to + 1) &&
			(first + to + 1) % 10 != 0)
			to++;
		from = (first + i) % 100;
		if (to == i)
			snprintf(out[n++], ARCHIVE_PATTERN, "b/*/%.4s-w%02u/*",
				year, from);
		else
			snprintf(out[n++], ARCHIVE_PATTERN,
				"b/*/%.4s-w%u[%u-%u]/*", year, from / 10,
				from % 10, (first + to) % 10);
	}
	return n;
}

static enum err
week_add(json_t *body, const char *period, const struct tuf_rule *rule,
	const char *week, bool *changed, struct diag *d)
{
	char text[4][ARCHIVE_PATTERN];
	const char *patterns[5] = {NULL};
	unsigned number =
		(unsigned)(week[6] - '0') * 10 + (unsigned)(week[7] - '0');
	unsigned first = (number - 1) / 4 * 4 + 1, set;
	json_t *del = period_find(body, period), *paths = json_array();
	size_t i, n;

	set = weeks_of(json_object_get(del, "paths"), week, first);
	if (set & 1u << (number - first)) {
		json_decref(paths);
		return ERR_OK;
	}
	*changed = true;
	n = patterns_of(set | 1u << (number - first), week, first, text);
	for (i = 0; i < n; i++) {
		patterns[i] = text[i];
		if (json_array_append_new(paths, json_string(text[i])) != 0)
			return ERR_NOMEM;
	}
	if (del != NULL)
		return json_object_set_new(del, "paths", paths) == 0
			       ? ERR_OK
			       : ERR_NOMEM;
	json_decref(paths);
	return delegate(body, period, rule, patterns, d);
}

enum err
archive_weeks(struct room *r, const char *year, const struct tuf_rule *rule,
	const json_t *weeks, int64_t now, struct diag *d)
{
	struct tuf_doc *last = NULL;
	json_t *body = NULL, *period;
	bool changed = false;
	const char *week;
	enum err e = records_doc(r, year, &last, d);

	if (e == ERR_OK && last == NULL)
		e = diag_set(d, ERR_MISSING, "no record of %s", year);
	if (e == ERR_OK && (body = json_deep_copy(last->body)) == NULL)
		e = ERR_NOMEM;
	if (e == ERR_OK)
		json_object_foreach((json_t *)(uintptr_t)weeks, week, period)
		{
			if (strncmp(week, year + 2, 4) != 0)
				continue;
			e = week_add(body, json_string_value(period), rule,
				week, &changed, d);
			if (e != ERR_OK)
				break;
		}
	if (e == ERR_OK && changed)
		e = next_sign(r, year, rule, body, last->version + 1,
			now + ROLE_YEAR_SECONDS, d);
	json_decref(body);
	tuf_free(last);
	return e;
}
