/* Proofs of two heads: what a signer cannot take back, kept for others. */
#include "db.h"
#include "library_priv.h"

/* Proofs kept of one outlet: one is enough, and none may fill the disk. */
#define PROOFS 16

enum err
library_proof_table(struct library *l, struct diag *d)
{
	/* Apart from the schema, so that a library made before there were
	 * proofs gets the table, too. */
	return db_run(l->db, d,
		"CREATE TABLE IF NOT EXISTS proof(id INTEGER PRIMARY KEY,"
		" outlet INTEGER NOT NULL REFERENCES outlet ON DELETE CASCADE,"
		" signer TEXT NOT NULL, role TEXT NOT NULL,"
		" version INTEGER NOT NULL, found INTEGER NOT NULL,"
		" bytes BLOB NOT NULL, UNIQUE(outlet, signer, role, version))",
		"");
}

enum err
library_proof_add(struct library *l, int64_t outlet,
	const struct trust_split *s, struct span proof, int64_t now, bool *kept,
	struct diag *d)
{
	*kept = !l->trial;
	if (l->trial)
		return ERR_OK;
	return db_run(l->db, d,
		"INSERT OR IGNORE INTO proof(outlet, signer, role, version,"
		" found, bytes) SELECT ?1, ?2, ?3, ?4, ?5, ?6"
		" WHERE (SELECT count(*) FROM proof WHERE outlet=?1) < ?7",
		"ittiibi", outlet, s->by, s->role, (int64_t)s->version, now,
		proof, (int64_t)PROOFS);
}

enum err
library_proof(struct library *l, int64_t outlet, struct buf *out, bool *found,
	struct diag *d)
{
	return db_one_blob(l->db, d, out, found,
		"SELECT bytes FROM proof WHERE ?1=0 OR outlet=?1"
		" ORDER BY id DESC LIMIT 1",
		"i", outlet);
}

enum err
library_proofs(struct library *l, int64_t outlet, int64_t *n, struct diag *d)
{
	bool found;

	*n = 0;
	return db_one_int(l->db, d, n, &found,
		"SELECT count(*) FROM proof WHERE outlet=?", "i", outlet);
}
