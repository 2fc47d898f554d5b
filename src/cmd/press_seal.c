/* erika-press seal: past weeks leave the desks' lists for the archive's. Their
 * paths stay; a desk's key, and who steals it, cannot touch them any more. */
#include <stdlib.h>
#include <string.h>

#include "../core/bundle.h"
#include "../core/date.h"
#include "../core/limits.h"
#include "../core/text.h"
#include "../sys/clock.h"
#include "../sys/file.h"
#include "press.h"
#include "press_archive.h"
#include "press_ceremony.h"
#include "press_change.h"
#include "press_json.h"
#include "press_records.h"
#include "press_signers.h"

struct seal {
	const struct context *cx;
	struct room_options room;
	const char *key, *out;
	struct room *r;
	struct chain chain;
	int64_t now;
	char week[12];	 /* the present one; what is before it can be sealed */
	json_t *periods; /* name -> {PATH: entry} */
	json_t *weeks;	 /* week -> name of its period */
	json_t *held;	 /* week -> true: stays open for now */
	unsigned bundles, again;
};

/* "2026-w47" of a bundle's path. */
static bool
path_week(const char *path, char out[static 9])
{
	struct span desk;
	uint64_t sequence;
	const char *at;

	if (!bundle_path_parse(span_str(path), &desk, &sequence))
		return false;
	at = path + 2 + desk.n + 1;
	memcpy(out, at, 8);
	out[8] = '\0';
	return true;
}

/* ---- what can be sealed */

/* A listed bundle is sealed as its desk signed it, if the records know it. */
static enum err
entry_take(struct seal *s, const char *path, json_t *entry, struct diag *d)
{
	char week[9], period[ARCHIVE_NAME], year[8];
	int64_t known = 0;
	json_t *list;
	bool found;
	enum err e;

	if (!path_week(path, week) || strcmp(week, s->week) >= 0)
		return ERR_OK;
	snprintf(year, sizeof(year), "y-%.4s", week);
	if (grants_find(&s->chain.grants, year) == NULL ||
		json_object_get(s->held, week) != NULL)
		return ERR_OK;
	e = db_one_int(s->r->db, d, &known, &found,
		"SELECT 1 FROM bundle WHERE path=? AND sealed=0", "t", path);
	if (e != ERR_OK || !found)
		return e;
	archive_period(week, period);
	list = json_object_get(s->periods, period);
	if (list == NULL &&
		json_object_set_new(s->periods, period, json_object()) == 0)
		list = json_object_get(s->periods, period);
	if (json_object_set_new(s->weeks, week, json_string(period)) != 0 ||
		json_object_set(list, path, entry) != 0)
		return diag_set(d, ERR_NOMEM, "out of memory");
	s->bundles++;
	return db_run(s->r->db, d, "UPDATE bundle SET sealed=1 WHERE path=?",
		"t", path);
}

/* The last list of a desk, if it is signed by whom targets name. */
static enum err
desk_take(struct seal *s, const char *role, struct diag *d)
{
	struct tuf_doc *doc = NULL;
	struct tuf_rule rule;
	const char *path;
	json_t *entry;
	enum err e = records_doc(s->r, role, &doc, d);

	if (e != ERR_OK || doc == NULL)
		return e;
	if (!tuf_delegation_rule(s->chain.targets, role, &rule) ||
		tuf_check(doc, &rule, NULL) != ERR_OK) {
		talk(s->cx,
			"%s is left out: its last list is not signed with "
			"its key of today",
			role);
		tuf_free(doc);
		return ERR_OK;
	}
	json_object_foreach(json_object_get(doc->body, "targets"), path, entry)
	{
		e = entry_take(s, path, entry, d);
		if (e != ERR_OK)
			break;
	}
	tuf_free(doc);
	return e;
}

/* A week with a bundle that its desk has not signed yet stays open: sealing it
 * now would hide that bundle. */
static enum err
weeks_hold(struct seal *s, struct diag *d)
{
	struct db_query *q;
	char week[9];
	enum err e, done;

	e = db_query(s->r->db, d, &q,
		"SELECT path FROM bundle WHERE published=0 AND sealed=0", "");
	if (e != ERR_OK)
		return e;
	while (e == ERR_OK && db_row(q)) {
		if (!path_week(db_text(q, 0), week) ||
			strcmp(week, s->week) >= 0 ||
			json_object_get(s->held, week) != NULL)
			continue;
		talk(s->cx, "%s stays open: %s is not published yet", week,
			db_text(q, 0));
		if (json_object_set_new(s->held, week, json_true()) != 0)
			e = diag_set(d, ERR_NOMEM, "out of memory");
	}
	done = db_done(s->r->db, q, d);
	return e != ERR_OK ? e : done;
}

/* ---- sealing */

static enum err
years_sign(struct seal *s, struct diag *d)
{
	struct tuf_rule rule;
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; e == ERR_OK && i < s->chain.grants.n; i++) {
		const char *name = s->chain.grants.list[i].name;

		if (name[0] == 'y' && s->chain.targets != NULL &&
			tuf_delegation_rule(s->chain.targets, name, &rule))
			e = archive_year(
				s->r, name, &rule, s->now, &s->again, d);
	}
	return e;
}

static enum err
periods_sign(struct seal *s, struct diag *d)
{
	struct tuf_rule rule;
	const char *period;
	json_t *list;
	char year[8];
	enum err e = ERR_OK;
	size_t i;

	json_object_foreach(s->periods, period, list)
	{
		snprintf(year, sizeof(year), "y-%.4s", period + 2);
		if (!tuf_delegation_rule(s->chain.targets, year, &rule))
			return diag_set(d, ERR_FAILED, "targets lack %s", year);
		e = archive_add(s->r, period, &rule, list, s->now, d);
		if (e != ERR_OK)
			return e;
	}
	for (i = 0; e == ERR_OK && s->bundles > 0 && i < s->chain.grants.n;
		i++) {
		const char *name = s->chain.grants.list[i].name;

		if (name[0] == 'y' &&
			tuf_delegation_rule(s->chain.targets, name, &rule))
			e = archive_weeks(
				s->r, name, &rule, s->weeks, s->now, d);
	}
	return e;
}

static enum err
weeks_seal(struct seal *s, struct diag *d)
{
	enum err e = db_begin(s->r->db, d);
	size_t i;

	if (e == ERR_OK)
		e = years_sign(s, d);
	if (e == ERR_OK)
		e = weeks_hold(s, d);
	for (i = 0; e == ERR_OK && i < s->chain.grants.n; i++)
		if (s->chain.grants.list[i].name[0] == 'd')
			e = desk_take(s, s->chain.grants.list[i].name, d);
	if (e == ERR_OK)
		e = periods_sign(s, d);
	if (e == ERR_OK)
		e = db_commit(s->r->db, d);
	if (e != ERR_OK)
		db_rollback(s->r->db);
	return e;
}

/* ---- years that targets do not name yet */

/* The key that seals where nothing was ever sealed: --key, else the one that
 * does everything. */
static enum err
archive_first(struct seal *s, struct diag *d)
{
	struct tuf_rule rule = tuf_root_rule(s->chain.root, TUF_TARGETS);
	struct minisign_key key;
	struct grant all;
	char year[8];
	enum err e;

	if (s->key != NULL) {
		e = change_key(&s->chain.grants, &s->r->keys, s->key, &key, d);
	} else {
		e = grant_read(&rule, "targets", &all, d);
		if (e == ERR_OK && (all.n != 1 || !keyring_at_hand(&s->r->keys,
							  all.keys[0].key)))
			e = diag_set(d, ERR_USAGE,
				"nothing was sealed yet: say with --key PUB "
				"which key is the archive's");
		key = all.keys[0];
	}
	snprintf(year, sizeof(year), "y-%.4s", s->week);
	return e == ERR_OK ? grants_put(&s->chain.grants, year, &key, d) : e;
}

/* Years of open bundles, and those that change_years wants. */
static enum err
years_add(struct seal *s, struct diag *d)
{
	const struct grant *archive = grants_archive(&s->chain.grants);
	struct grant keys = *archive;
	char week[9], year[8];
	struct db_query *q;
	enum err e = change_years(&s->chain.grants, s->now, d), done;

	if (e == ERR_OK)
		e = db_query(s->r->db, d, &q,
			"SELECT path FROM bundle WHERE sealed=0", "");
	if (e != ERR_OK)
		return e;
	while (e == ERR_OK && db_row(q)) {
		if (!path_week(db_text(q, 0), week))
			continue;
		snprintf(year, sizeof(year), "y-%.4s", week);
		if (grants_find(&s->chain.grants, year) == NULL)
			e = grants_copy(&s->chain.grants, year, &keys, d);
	}
	done = db_done(s->r->db, q, d);
	return e != ERR_OK ? e : done;
}

/* The new years exist, empty, before targets name them: a search that is sent
 * to a role which is not there ends. The very first one is publish's. */
static enum err
years_begin(struct seal *s, struct diag *d)
{
	const char *archive = NULL, *name;
	struct tuf_rule rule;
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; i < s->chain.grants.n; i++)
		if (s->chain.grants.list[i].name[0] == 'y' &&
			tuf_delegation_rule(s->chain.targets,
				s->chain.grants.list[i].name, &rule))
			archive = s->chain.grants.list[i].name;
	for (i = 0; archive != NULL && e == ERR_OK && i < s->chain.grants.n;
		i++) {
		name = s->chain.grants.list[i].name;
		if (name[0] == 'y')
			e = archive_year(
				s->r, name, &rule, s->now, &s->again, d);
	}
	return e;
}

/* Give targets the years they lack. Where the keys of targets are elsewhere, a
 * proposal goes out, and the years that are there are sealed meanwhile. */
static enum err
years_grant(struct seal *s, struct diag *d)
{
	size_t before = s->chain.grants.n;
	bool waits = false;
	enum err e = ERR_OK;

	if (s->chain.targets == NULL)
		return diag_set(d, ERR_MISSING,
			"nothing was published yet: publish first");
	if (grants_archive(&s->chain.grants) == NULL)
		e = archive_first(s, d);
	if (e == ERR_OK)
		e = years_add(s, d);
	if (e != ERR_OK || s->chain.grants.n == before)
		return e;
	e = years_begin(s, d);
	if (e == ERR_OK)
		e = ceremony_propose(s->r, s->cx, &s->chain, TUF_TARGETS,
			&s->chain.grants, s->out, &waits, d);
	if (e == ERR_EXISTS) {
		talk(s->cx,
			"targets must name the next year; a proposal for "
			"that is on its way: %s",
			d->why);
		e = ERR_OK;
	}
	chain_free(&s->chain);
	return e == ERR_OK ? chain_load(s->r, CHAIN_ALL, &s->chain, d) : e;
}

/* ---- the command */

static void
period_json(const struct seal *s, const char *period, size_t bundles)
{
	json_t *weeks = json_array(), *of, *o;
	const char *week;

	json_object_foreach(s->weeks, week,
		of) if (strcmp(json_string_value(of), period) == 0)
		json_array_append_new(weeks, json_string(week));
	o = json_pack("{s:s, s:s, s:O, s:I}", "schema", "erika-sealed-1",
		"period", period, "weeks", weeks, "bundles",
		(json_int_t)bundles);
	press_json_print(o);
	json_decref(o);
	json_decref(weeks);
}

static void
report(const struct seal *s)
{
	const char *period, *week;
	json_t *list, *of;

	json_object_foreach(s->periods, period, list)
	{
		if (s->cx->json) {
			period_json(s, period, json_object_size(list));
			continue;
		}
		printf("%s ", period);
		json_object_foreach(s->weeks, week,
			of) if (strcmp(json_string_value(of), period) == 0)
			printf(" %s", week);
		printf("  %zu bundle%s\n", json_object_size(list),
			json_object_size(list) == 1 ? "" : "s");
	}
	if (s->again > 0)
		talk(s->cx,
			"%u lists were signed again with the archive's "
			"new key",
			s->again);
	if (s->bundles == 0 && s->again == 0)
		talk(s->cx,
			"Nothing to seal: weeks before this one (%s) are "
			"sealed.",
			s->week);
	else
		talk(s->cx, "Next: erika-press publish, and then take the "
			    "archive's key away.");
}

enum err
press_seal(struct context *cx, int argc, char **argv, struct diag *d)
{
	struct seal s = {.cx = cx, .now = clock_now()};
	const struct opt opts[] = {ROOM_OPTIONS(s.room),
		{"key", 0, OPT_STRING, &s.key, "PUB",
			"the archive's public key, the first time"},
		{"out", 'o', OPT_STRING, &s.out, "FILE",
			"where to write a proposal for targets"},
		{NULL, 0, OPT_FLAG, NULL, NULL, NULL}};
	int first, year, week;
	enum err e;

	date_week(s.now, &year, &week);
	snprintf(s.week, sizeof(s.week), "%04u-w%02u", (unsigned)year % 10000,
		(unsigned)week % 100);
	s.periods = json_object();
	s.weeks = json_object();
	s.held = json_object();
	e = command_opts(cx, opts, argc, argv, 0, 0, &first, d);
	if (e == ERR_OK)
		e = room_open(&s.room, &s.r, d);
	if (e == ERR_OK)
		e = room_lock(s.r, d);
	if (e == ERR_OK)
		e = chain_load(s.r, CHAIN_ALL, &s.chain, d);
	if (e == ERR_OK)
		e = years_grant(&s, d);
	if (e == ERR_OK)
		e = weeks_seal(&s, d);
	if (e == ERR_OK)
		report(&s);
	json_decref(s.periods);
	json_decref(s.weeks);
	json_decref(s.held);
	chain_free(&s.chain);
	room_close(s.r);
	return e;
}
