/* erika verify: the three kinds of files it knows. */
#ifndef ERIKA_ERIKA_VERIFY_H
#define ERIKA_ERIKA_VERIFY_H

#include "erika.h"

struct verify {
	const char *file;
	const char *key;       /* --key: any minisign key */
	const char *signature; /* --signature, or NULL: FILE.minisig */
	const char *root;      /* --root: an anchor of an outlet not added */
};

/* A bundle with its minisign signature. */
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
