/* Parts of bundles on their way: verified, but not all here yet, so that an
 * interrupted sync goes on where it was. They are verified again when they are
 * read back. */
#include "db.h"
#include "library_priv.h"

/* Parts of a bundle that never came whole are forgotten after so long,
 * seconds. */
#define KEPT (30 * (int64_t)86400)

enum err
library_part_table(struct library *l, struct diag *d)
{
	/* Apart from the schema, for libraries made before. */
	return db_run(l->db, d,
		"CREATE TABLE IF NOT EXISTS part(outlet INTEGER NOT NULL"
		" REFERENCES outlet ON DELETE CASCADE, sha256 BLOB NOT NULL,"
		" at INTEGER NOT NULL, kept INTEGER NOT NULL,"
		" bytes BLOB NOT NULL, PRIMARY KEY(outlet, sha256, at))",
		"");
}

enum err
library_part_add(struct library *l, int64_t outlet,
	const uint8_t sha256[static 32], uint64_t at, struct span s,
	int64_t now, struct diag *d)
{
	return db_run(l->db, d,
		"INSERT OR REPLACE INTO part(outlet, sha256, at, kept, bytes)"
		" VALUES(?, ?, ?, ?, ?)",
		"ibiib", outlet, span_of(sha256, 32), (int64_t)at, now, s);
}

enum err
library_parts(struct library *l, int64_t outlet,
	const uint8_t sha256[static 32],
	void (*each)(void *arg, uint64_t at, struct span s), void *arg,
	struct diag *d)
{
	struct db_query *q;
	enum err e = db_query(l->db, d, &q,
		"SELECT at, bytes FROM part WHERE outlet=? AND sha256=?"
		" ORDER BY at",
		"ib", outlet, span_of(sha256, 32));

	if (e != ERR_OK)
		return e;
	while (db_row(q))
		each(arg, (uint64_t)db_int(q, 0), db_blob(q, 1));
	return db_done(l->db, q, d);
}

enum err
library_parts_drop(struct library *l, int64_t outlet,
	const uint8_t sha256[static 32], uint64_t from, uint64_t to,
	struct diag *d)
{
	return db_run(l->db, d,
		"DELETE FROM part WHERE outlet=? AND sha256=?"
		" AND at>=? AND at<?",
		"ibii", outlet, span_of(sha256, 32), (int64_t)from,
		(int64_t)to);
}

enum err
library_parts_old(struct library *l, int64_t now, struct diag *d)
{
	return db_run(
		l->db, d, "DELETE FROM part WHERE kept<?", "i", now - KEPT);
}
