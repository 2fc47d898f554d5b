/* Forgetting: what was deleted must be in no page of the file, and in no
 * journal. What the disk itself keeps of older writes is out of reach. */
#include "library_priv.h"

enum err
library_forget_start(struct library *l, struct diag *d)
{
	return db_wipe_start(l->db, d);
}

enum err
library_forget_outlet(struct library *l, int64_t outlet, struct diag *d)
{
	enum err e = library_begin(l, d);

	/* All that came of it hangs on its row. */
	if (e == ERR_OK)
		e = db_run(l->db, d, "DELETE FROM outlet WHERE id=?", "i",
			outlet);
	if (e == ERR_OK && db_changes(l->db) == 0)
		e = diag_set(d, ERR_MISSING, "no such outlet");
	if (e == ERR_OK)
		e = library_commit(l, d);
	if (e != ERR_OK)
		library_rollback(l);
	return e;
}

enum err
library_forget_read(struct library *l, struct diag *d)
{
	return db_run(l->db, d, "UPDATE article SET read=0 WHERE read<>0", "");
}

enum err
library_forget_end(struct library *l, struct diag *d)
{
	return db_wipe_end(l->db, d);
}
