/* erika verify: the three kinds of files it knows. */
#ifndef ERIKA_ERIKA_VERIFY_H
#define ERIKA_ERIKA_VERIFY_H

#include "erika.h"

struct verify {
	const char *file;
	const char *key;       /* --key: any minisign key */
	const char *signature; /* --signature, or NULL: FILE.minisig */
	const char *root;      /* --root: an anchor of an outlet not added */
	const char *words;     /* --words: the anchor is in the file, and these
				  are its words */
};

/* What an outlet's metadata says of a bundle. */
struct verify_listing {
	struct verified *whole; /* the caller's to free */
	char who[200];		/* the outlet, escaped */
	char role[LIMIT_NAME + 1];
	bool sealed; /* the archive's role, not a desk's */
	bool beside; /* by the metadata in the folder where the file is */
	uint64_t root;
	unsigned threshold, keys; /* of that root */
	char fresh[300];
};

/* Look for a file in what the outlets' metadata in the library lists, sealed
 * weeks included; and when it is not there, in the metadata of the mirror's
 * tree that it lies in (`file` may be NULL: do not), never lower than the
 * library's. ERR_MISSING: none lists it; ERR_HASH and the like: one does, yet
 * as something else. */
enum err verify_listed(struct library *l, const struct library_outlets *list,
	const char *file, const uint8_t sha256[static 32], struct span bytes,
	struct verify_listing *out, struct diag *d) ERR_MUST_USE;

/* The same in that tree alone, from a root that the user gave. */
enum err verify_listed_root(struct span root, const char *file,
	const uint8_t sha256[static 32], struct span bytes,
	struct verify_listing *out, struct diag *d) ERR_MUST_USE;

/* A bundle: by its minisign signature, or by what lists it. */
enum err verify_bundle(struct context *cx, const struct verify *v,
	struct diag *d) ERR_MUST_USE;

/* A share file. */
enum err verify_share(struct context *cx, const struct verify *v,
	struct diag *d) ERR_MUST_USE;

/* Whether a file is a proof of two heads, by how it begins; and checking it. */
bool verify_proof_probe(const char *file);
enum err verify_proof(struct context *cx, const struct verify *v,
	struct diag *d) ERR_MUST_USE;

#endif
