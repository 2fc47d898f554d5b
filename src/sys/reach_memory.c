#include "reach_memory.h"

#include <string.h>

#include "../core/limits.h"
#include "random.h"

#define DAY 86400
#define HOUR 3600

/* Of one hour: 0.5 to the power of 1/24. */
#define HOUR_SHARE 0.971531941153606

/* Counts are kept in thousandths, times in microseconds: whole numbers. */
#define MILLI 1000.0
#define MICRO 1e6

/* Many tries in one sync are no more than so many: else one long evening
 * would outweigh the weeks after it. */
#define TRIES_MAX 1000

/* A hash of the key and these, each with its length, so that no two ways to
 * say them come out alike. */
static void
mark_make(const uint8_t key[static 32], const char *what,
	const struct span *parts, size_t n, uint8_t out[static MEMORY_MARK])
{
	uint8_t full[HASH_MAX], length[8];
	struct hash *h = hash_new(HASH_BLAKE2B_256);
	size_t i, k;

	memset(out, 0, MEMORY_MARK);
	if (h == NULL)
		return;
	hash_add(h, key, 32);
	hash_add(h, what, strlen(what) + 1);
	for (i = 0; i < n; i++) {
		for (k = 0; k < sizeof(length); k++)
			length[k] = (uint8_t)(parts[i].n >> 8 * k);
		hash_add(h, length, sizeof(length));
		hash_add(h, parts[i].p, parts[i].n);
	}
	hash_end(h, full);
	hash_free(h);
	memcpy(out, full, MEMORY_MARK);
}

void
memory_mark(const struct memory *m, const struct route *r,
	uint8_t out[static MEMORY_MARK])
{
	const char *s[] = {strategy_name(r->strategy), r->base, r->address,
		r->sni, r->front, r->resolver};
	struct span parts[sizeof(s) / sizeof(s[0])];
	size_t i;

	for (i = 0; i < sizeof(s) / sizeof(s[0]); i++)
		parts[i] = span_str(s[i] == NULL ? "" : s[i]);
	mark_make(m->key, "route", parts, i, out);
}

static void
network_set(struct memory *m, struct span network)
{
	mark_make(m->key, "network", &network, 1, m->network);
}

/* ---- tables */

static enum err
tables_there(struct library *l, bool *there, struct diag *d)
{
	int64_t n;

	return db_one_int(l->db, d, &n, there,
		"SELECT 1 FROM sqlite_master WHERE type='table' AND"
		" name='network_key'",
		"");
}

/* Not part of the schema: a library whose memory is off has none of them. */
static enum err
tables_make(struct library *l, struct diag *d)
{
	enum err e = db_run(l->db, d,
		"CREATE TABLE IF NOT EXISTS network_key(one INTEGER PRIMARY"
		" KEY CHECK(one=1), bytes BLOB NOT NULL)",
		"");

	if (e == ERR_OK)
		e = db_run(l->db, d,
			"CREATE TABLE IF NOT EXISTS network(mark BLOB PRIMARY"
			" KEY, used INTEGER NOT NULL) WITHOUT ROWID",
			"");
	if (e == ERR_OK)
		e = db_run(l->db, d,
			"CREATE TABLE IF NOT EXISTS network_route("
			" network BLOB NOT NULL REFERENCES network"
			" ON DELETE CASCADE,"
			" outlet INTEGER NOT NULL REFERENCES outlet"
			" ON DELETE CASCADE,"
			" mark BLOB NOT NULL, strategy TEXT NOT NULL,"
			" tries INTEGER NOT NULL, attempts INTEGER NOT NULL,"
			" successes INTEGER NOT NULL,"
			" first_byte INTEGER NOT NULL, rate INTEGER NOT NULL,"
			" good INTEGER NOT NULL, bad INTEGER NOT NULL,"
			" aged INTEGER NOT NULL, small INTEGER NOT NULL,"
			" PRIMARY KEY(network, outlet, mark)) WITHOUT ROWID",
			"");
	return e;
}

static enum err
key_read(struct library *l, struct memory *m, struct diag *d)
{
	struct buf key;
	bool found;
	enum err e;

	buf_init(&key, 1024);
	e = db_one_blob(
		l->db, d, &key, &found, "SELECT bytes FROM network_key", "");
	m->there = e == ERR_OK && found && key.n == sizeof(m->key);
	if (m->there)
		memcpy(m->key, key.p, sizeof(m->key));
	buf_free(&key);
	return e;
}

enum err
memory_open(struct library *l, struct span network, struct memory *m,
	struct diag *d)
{
	bool there = false;
	enum err e = tables_there(l, &there, d);

	*m = (struct memory){.there = false};
	if (e == ERR_OK && there)
		e = key_read(l, m, d);
	if (e == ERR_OK && m->there)
		network_set(m, network);
	return e;
}

enum err
memory_start(struct library *l, struct span network, struct memory *m,
	int64_t now, struct diag *d)
{
	enum err e = tables_make(l, d);

	if (e == ERR_OK)
		e = key_read(l, m, d);
	if (e == ERR_OK && !m->there) {
		random_fill(m->key, sizeof(m->key));
		e = db_run(l->db, d,
			"INSERT OR REPLACE INTO network_key VALUES(1, ?)", "b",
			span_of(m->key, sizeof(m->key)));
		m->there = e == ERR_OK;
	}
	if (e != ERR_OK)
		return e;
	network_set(m, network);
	return db_run(l->db, d,
		"INSERT INTO network VALUES(?1, ?2) ON CONFLICT(mark)"
		" DO UPDATE SET used=?2",
		"bi", span_of(m->network, MEMORY_MARK), now);
}

enum err
memory_drop(struct library *l, struct diag *d)
{
	enum err e = db_run(l->db, d, "DROP TABLE IF EXISTS network_route", "");

	if (e == ERR_OK)
		e = db_run(l->db, d, "DROP TABLE IF EXISTS network", "");
	if (e == ERR_OK)
		e = db_run(l->db, d, "DROP TABLE IF EXISTS network_key", "");
	return e;
}

/* ---- rows */

/* Halve by the day, in steps of an hour; no step is counted twice. */
static void
row_age(struct memory_row *row, int64_t now)
{
	int64_t hours = (now - row->aged) / HOUR;

	/* A clock that went back: from here on by the new one. */
	if (now < row->aged) {
		row->aged = now;
		return;
	}
	row->aged += hours * HOUR;
	if (hours > LIMIT_NETWORK_DAYS * 24)
		hours = LIMIT_NETWORK_DAYS * 24;
	for (; hours > 0; hours--) {
		row->attempts *= HOUR_SHARE;
		row->successes *= HOUR_SHARE;
	}
}

/* Columns of a row, after outlet. */
#define COLUMNS                                                                \
	"mark, strategy, tries, attempts, successes, first_byte, rate, good,"  \
	" bad, aged, small"

/* false: a row that this version does not know. */
static bool
row_read(struct db_query *q, int at, struct memory_row *row)
{
	struct span mark = db_blob(q, at);

	*row = (struct memory_row){.tries = (unsigned)db_int(q, at + 2),
		.attempts = (double)db_int(q, at + 3) / MILLI,
		.successes = (double)db_int(q, at + 4) / MILLI,
		.first_byte = (double)db_int(q, at + 5) / MICRO,
		.rate = (double)db_int(q, at + 6),
		.good = db_int(q, at + 7),
		.bad = db_int(q, at + 8),
		.aged = db_int(q, at + 9),
		.small = db_int(q, at + 10) != 0};
	if (mark.n != MEMORY_MARK)
		return false;
	memcpy(row->mark, mark.p, MEMORY_MARK);
	return strategy_read(span_str(db_text(q, at + 1)), &row->strategy);
}

enum err
memory_each(struct library *l, const struct memory *m, int64_t now,
	void (*fn)(void *arg, int64_t outlet, const struct memory_row *row),
	void *arg, struct diag *d)
{
	struct memory_row row;
	struct db_query *q;
	enum err e;

	if (!m->there)
		return ERR_OK;
	e = db_query(l->db, d, &q,
		"SELECT outlet, " COLUMNS " FROM network_route WHERE network=?",
		"b", span_of(m->network, MEMORY_MARK));
	if (e != ERR_OK)
		return e;
	while (db_row(q)) {
		if (!row_read(q, 1, &row))
			continue;
		row_age(&row, now);
		fn(arg, db_int(q, 0), &row);
	}
	return db_done(l->db, q, d);
}

static enum err
row_get(struct library *l, const struct memory *m, int64_t outlet,
	struct memory_row *row, struct diag *d)
{
	struct memory_row have;
	struct db_query *q;
	enum err e = db_query(l->db, d, &q,
		"SELECT " COLUMNS " FROM network_route WHERE network=?"
		" AND outlet=? AND mark=?",
		"bib", span_of(m->network, MEMORY_MARK), outlet,
		span_of(row->mark, MEMORY_MARK));

	if (e != ERR_OK)
		return e;
	if (db_row(q) && row_read(q, 0, &have))
		*row = have;
	return db_done(l->db, q, d);
}

enum err
memory_add(struct library *l, const struct memory *m, int64_t outlet,
	const struct memory_row *more, int64_t now, struct diag *d)
{
	struct memory_row row = {.strategy = more->strategy, .aged = now};
	enum err e;

	memcpy(row.mark, more->mark, MEMORY_MARK);
	e = row_get(l, m, outlet, &row, d);
	if (e != ERR_OK)
		return e;
	row_age(&row, now);
	row.tries += more->tries;
	if (row.tries > TRIES_MAX)
		row.tries = TRIES_MAX;
	row.attempts += more->attempts;
	row.successes += more->successes;
	row.first_byte =
		more->first_byte > 0 ? more->first_byte : row.first_byte;
	row.rate = more->rate > 0 ? more->rate : row.rate;
	row.good = more->good > 0 ? more->good : row.good;
	row.bad = more->bad > 0 ? more->bad : row.bad;
	return db_run(l->db, d,
		"INSERT OR REPLACE INTO network_route(network, outlet, " COLUMNS
		") VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		"bibtiiiiiiiii", span_of(m->network, MEMORY_MARK), outlet,
		span_of(row.mark, MEMORY_MARK), strategy_name(row.strategy),
		(int64_t)row.tries, (int64_t)(row.attempts * MILLI),
		(int64_t)(row.successes * MILLI),
		(int64_t)(row.first_byte * MICRO), (int64_t)row.rate, row.good,
		row.bad, row.aged, (int64_t)more->small);
}

enum err
memory_trim(
	struct library *l, const struct memory *m, int64_t now, struct diag *d)
{
	int64_t old = now - (int64_t)LIMIT_NETWORK_DAYS * DAY;
	enum err e = db_run(l->db, d,
		"DELETE FROM network_route WHERE max(good, bad) < ?", "i", old);

	if (e == ERR_OK)
		e = db_run(l->db, d,
			"DELETE FROM network_route WHERE network=?1 AND"
			" (outlet, mark) IN (SELECT outlet, mark FROM"
			" network_route WHERE network=?1"
			" ORDER BY good > 0 DESC, max(good, bad) DESC, mark"
			" LIMIT -1 OFFSET ?2)",
			"bi", span_of(m->network, MEMORY_MARK),
			(int64_t)LIMIT_NETWORK_ROUTES);
	if (e == ERR_OK)
		e = db_run(l->db, d,
			"DELETE FROM network WHERE used < ?1 OR mark IN"
			" (SELECT mark FROM network ORDER BY used DESC, mark"
			" LIMIT -1 OFFSET ?2)",
			"ii", old, (int64_t)LIMIT_NETWORKS);
	return e;
}
