/* A newsroom with ten years behind it, for measuring: fills the records and
 * repository/m of one that was just made with keys apart and unencrypted, as
 * if COUNT bundles had been published in this year and the nine before it, and
 * all past weeks sealed. The present week has its full share. The bundles themselves are names and made-up hashes.
 *
 *	archive ROOM COUNT
 *
 * The present week's bundles are left to be signed by erika-press publish. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/core/date.h"
#include "../../src/core/json.h"
#include "../../src/core/limits.h"
#include "../../src/core/text.h"
#include "../../src/core/tuf_write.h"
#include "../../src/sys/clock.h"
#include "../../src/sys/db.h"
#include "../../src/sys/file.h"

#define WEEK ((int64_t)7 * 86400)
#define DESKS 32
#define LIFE (7305 * (int64_t)86400)

struct archive {
	const char *room;
	struct db *db;
	struct sign_key *key, *targets_key;
	char desks[DESKS][40];
	size_t n_desks;
	unsigned long sequence[DESKS];
	int64_t now;
	json_t *targets; /* the present body, years to be added */
	char year[8];	 /* being filled */
	json_t *year_body;
	char period[16];
	json_t *period_body;
	const char *weeks[5]; /* patterns of the period, as seal writes them */
	char patterns[4][32];
	size_t n_weeks;
	int first[4], last[4]; /* of each pattern */
};

static void
must(enum err e, const struct diag *d, const char *what)
{
	if (e == ERR_OK)
		return;
	fprintf(stderr, "archive: %s: %s: %s\n", what, err_str(e), d->why);
	exit(1);
}

static struct sign_key *
key_load(struct archive *a, const char *name)
{
	struct diag d = {.why = ""};
	struct sign_key *k = NULL;
	char path[4096];
	struct buf b;

	snprintf(path, sizeof(path), "%s/keys/%s.key", a->room, name);
	buf_init(&b, LIMIT_MINISIG);
	must(file_read(path, LIMIT_MINISIG, &b, &d), &d, path);
	must(sign_key_load(buf_view(&b), NULL, &k, &d), &d, path);
	buf_free(&b);
	return k;
}

/* ---- roles */

static void
role_put(
	struct archive *a, const char *role, json_t *body, struct sign_key *key)
{
	struct diag d = {.why = ""};
	int64_t version = json_integer_value(json_object_get(body, "version"));
	char path[4096];
	struct buf b;

	buf_init(&b, LIMIT_TARGETS);
	must(tuf_sign(body, &key, 1, &b), &d, role);
	snprintf(path, sizeof(path), "%s/repository/m/%lld.%s.json", a->room,
		(long long)version, role);
	must(file_write(path, buf_view(&b), 0644, &d), &d, path);
	must(db_run(a->db, &d,
		     "INSERT OR REPLACE INTO role(name, version, file)"
		     " VALUES(?,?,?)",
		     "tib", role, version, buf_view(&b)),
		&d, role);
	buf_free(&b);
	json_decref(body);
}

static void
delegate(struct archive *a, json_t *body, const char *role,
	const char *const *patterns, bool terminating)
{
	struct diag d = {.why = ""};
	struct minisign_key pub = *sign_key_public(a->key);
	struct tuf_grant grant = {&pub, 1, 1};

	must(tuf_body_delegate(body, role, &grant, patterns, terminating), &d,
		role);
}

static void
period_end(struct archive *a)
{
	if (a->period_body == NULL)
		return;
	a->weeks[a->n_weeks] = NULL;
	delegate(a, a->year_body, a->period, a->weeks, true);
	role_put(a, a->period, a->period_body, a->key);
	a->period_body = NULL;
	a->n_weeks = 0;
}

static void
year_end(struct archive *a)
{
	period_end(a);
	if (a->year_body != NULL)
		role_put(a, a->year, a->year_body, a->key);
	a->year_body = NULL;
}

/* Move on to a week: its year and period are begun where they are new. */
static void
week_begin(struct archive *a, int year, int week)
{
	char name[16];
	size_t n;

	snprintf(name, sizeof(name), "y-%04u", (unsigned)year % 10000);
	if (strcmp(name, a->year) != 0) {
		year_end(a);
		memcpy(a->year, name, sizeof(a->year));
		a->year_body = tuf_body(TUF_TARGETS, 2, a->now + LIFE);
	}
	snprintf(name, sizeof(name), "s-%04u-p%02u", (unsigned)year % 10000,
		(unsigned)(week + 3) / 4 % 100);
	if (strcmp(name, a->period) != 0 || a->period_body == NULL) {
		period_end(a);
		memcpy(a->period, name, sizeof(a->period));
		a->period_body = tuf_body(TUF_TARGETS, 1, a->now + LIFE);
	}
	n = a->n_weeks;
	if (n > 0 && week % 10 != 0 && a->last[n - 1] == week - 1)
		a->last[--n] = week;
	else
		a->first[n] = a->last[n] = week;
	if (a->first[n] == week)
		snprintf(a->patterns[n], sizeof(*a->patterns),
			"b/*/%04u-w%02u/*", (unsigned)year % 10000,
			(unsigned)week % 100);
	else
		snprintf(a->patterns[n], sizeof(*a->patterns),
			"b/*/%04u-w%u[%u-%u]/*", (unsigned)year % 10000,
			(unsigned)week / 10 % 10, (unsigned)a->first[n] % 10,
			(unsigned)week % 10);
	a->weeks[n] = a->patterns[n];
	a->n_weeks = n + 1;
}

/* ---- bundles */

static void
file_list_put(struct archive *a, const char *path, const uint8_t *sha256,
	const char *ending)
{
	struct diag d = {.why = ""};
	const char *name = strrchr(path, '/') + 1;
	char hex[65], file[LIMIT_PATH];

	text_hex(hex, sha256, 32);
	snprintf(file, sizeof(file), "t/%.*s%s.%s%s", (int)(name - path), path,
		hex, name, ending);
	must(db_run(a->db, &d, "INSERT INTO file(path) VALUES(?)", "t", file),
		&d, file);
}

/* One bundle of plausible size; sealed ones are listed in the period. */
static void
bundle_put(struct archive *a, size_t desk, int64_t when, bool sealed)
{
	struct diag d = {.why = ""};
	char path[LIMIT_PATH], hex[65];
	uint8_t sha[32], head[32];
	int64_t length, text;
	int year, week;
	json_t *custom;

	date_week(when, &year, &week);
	snprintf(path, sizeof(path), "b/%s/%04d-w%02d/%lu.ekb", a->desks[desk],
		year, week, ++a->sequence[desk]);
	hash_bytes(HASH_SHA256, span_str(path), sha);
	hash_bytes(HASH_SHA256, span_of(sha, 32), head);
	length = 50000 + (int64_t)sha[0] * 20000;
	text = 10000 + (int64_t)sha[1] * 100;
	must(db_run(a->db, &d,
		     "INSERT INTO bundle(path, desk, sequence, sha256, length,"
		     " head, head_digest, text_end, created, published, sealed)"
		     " VALUES(?,?,?,?,?,?,?,?,?,?,?)",
		     "ttibiibiiii", path, a->desks[desk],
		     (int64_t)a->sequence[desk], span_of(sha, 32), length,
		     (int64_t)1200 + sha[2], span_of(head, 32), text, when,
		     (int64_t)sealed, (int64_t)sealed),
		&d, path);
	file_list_put(a, path, sha, "");
	file_list_put(a, path, sha, ".minisig");
	if (!sealed)
		return;
	text_hex(hex, head, 32);
	custom = json_pack("{s:{s:I, s:s}, s:I}", "head", "length",
		(json_int_t)(1200 + sha[2]), "blake2b-256", hex, "text",
		(json_int_t)text);
	must(tuf_body_target(
		     a->period_body, path, (uint64_t)length, sha, custom),
		&d, path);
	json_decref(custom);
}

/* All weeks, oldest first, each with its share of the bundles, desk by desk;
 * a small archive is all of this week. */
static void
weeks_fill(struct archive *a, unsigned long count)
{
	unsigned long done = 0, due, i, w, weeks;
	int64_t first;
	int year, week;

	date_week(a->now, &year, &week);
	first = date_of_week(year - 9, 1);
	weeks = (unsigned long)((a->now - first) / WEEK) + 1;
	for (w = 0; w < weeks; w++) {
		int64_t when = first + (int64_t)w * WEEK;
		bool sealed = w < weeks - 1;

		due = count < weeks && sealed ? 0
					      : count * (w + 1) / weeks - done;
		date_week(when, &year, &week);
		if (due == 0)
			continue;
		if (sealed)
			week_begin(a, year, week);
		for (i = 0; i < due; i++)
			bundle_put(a, (done + i) % a->n_desks, when, sealed);
		done += due;
	}
	year_end(a);
}

/* ---- targets */

/* The desks that targets delegate to, and their present body. */
static void
targets_read(struct archive *a)
{
	struct diag d = {.why = ""};
	struct tuf_doc *doc = NULL;
	const json_t *del;
	struct buf b;
	bool found = false;
	size_t i;

	buf_init(&b, LIMIT_TARGETS);
	must(db_one_blob(a->db, &d, &b, &found,
		     "SELECT file FROM role WHERE name='targets'", ""),
		&d, "targets");
	must(tuf_parse(buf_view(&b), LIMIT_TARGETS, TUF_TARGETS, &doc, &d), &d,
		"targets");
	a->targets = json_deep_copy(doc->body);
	for (i = 0; (del = tuf_delegation(doc, i)) != NULL; i++)
		if (strncmp(tuf_delegation_name(del), "d-", 2) == 0 &&
			a->n_desks < DESKS)
			snprintf(a->desks[a->n_desks++], sizeof(*a->desks),
				"%.39s", tuf_delegation_name(del) + 2);
	tuf_free(doc);
	buf_free(&b);
}

/* Every year that has a role, between x and the desks. */
static void
targets_write(struct archive *a)
{
	struct diag d = {.why = ""};
	json_t *del = json_object_get(a->targets, "delegations");
	json_t *old = json_incref(json_object_get(del, "roles"));
	struct db_query *q;
	char pattern[24];
	const char *const patterns[2] = {pattern, NULL};
	size_t i;

	json_object_set_new(del, "roles", json_array());
	json_array_append(
		json_object_get(del, "roles"), json_array_get(old, 0));
	must(db_query(a->db, &d, &q,
		     "SELECT name FROM role WHERE name GLOB 'y-*'"
		     " ORDER BY name",
		     ""),
		&d, "years");
	while (db_row(q)) {
		snprintf(pattern, sizeof(pattern), "b/*/%.4s-*/*",
			db_text(q, 0) + 2);
		delegate(a, a->targets, db_text(q, 0), patterns, false);
	}
	must(db_done(a->db, q, &d), &d, "years");
	for (i = 0; i < json_array_size(old); i++)
		if (tuf_delegation_name(json_array_get(old, i))[0] == 'd')
			json_array_append(json_object_get(del, "roles"),
				json_array_get(old, i));
	json_decref(old);
	json_object_set_new(a->targets, "version",
		json_integer(json_integer_value(
				     json_object_get(a->targets, "version")) +
			     1));
	role_put(a, "targets", a->targets, a->targets_key);
}

int
main(int argc, char **argv)
{
	struct archive a = {.now = clock_now()};
	struct diag d = {.why = ""};
	char path[4096];
	uint64_t count;

	if (argc != 3 || crypto_start() != ERR_OK ||
		text_decimal(span_str(argv[2]), 10000000, &count) != ERR_OK) {
		fprintf(stderr, "usage: archive ROOM COUNT\n");
		return 2;
	}
	a.room = argv[1];
	snprintf(path, sizeof(path), "%s/press.db", a.room);
	must(db_open(path, "", 2, &a.db, &d), &d, path);
	a.key = key_load(&a, "archive");
	a.targets_key = key_load(&a, "targets");
	must(db_begin(a.db, &d), &d, path);
	targets_read(&a);
	weeks_fill(&a, (unsigned long)count);
	targets_write(&a);
	must(db_commit(a.db, &d), &d, path);
	db_close(a.db);
	sign_key_free(a.key);
	sign_key_free(a.targets_key);
	return 0;
}
