/* The inside of the library, shared by src/sys/library*.c alone. */
#ifndef ERIKA_LIBRARY_PRIV_H
#define ERIKA_LIBRARY_PRIV_H

#include "db.h"
#include "library.h"

struct library {
	struct db *db;
	bool trial;
	unsigned depth; /* of transactions inside each other */
	/* The dictionary used last: a bundle's articles share one. */
	uint8_t dict_sha256[32];
	int64_t dict_outlet;
	struct verified *dict;
};

/* An owned copy of a text column; NULL when out of memory. */
char *library_text(struct db_query *q, int column);

/* Room for one more item of `size` bytes in a list of n; NULL, and the list
 * as it was, when out of memory. The new item is zeroed. */
void *library_grow(void **list, size_t *n, size_t size);

/* library_part.c */
enum err library_part_table(struct library *l, struct diag *d) ERR_MUST_USE;

/* library_proof.c */
enum err library_proof_table(struct library *l, struct diag *d) ERR_MUST_USE;

/* library_mirror.c */
enum err library_mirror_tables(struct library *l, struct diag *d) ERR_MUST_USE;

#endif
