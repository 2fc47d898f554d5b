/* Kinds of key that the conformance command is built with, beside Ed25519.
 * schemes_none.c or schemes_libcrypto.c: which is a matter of linking. */
#ifndef ERIKA_CONFORM_SCHEMES_H
#define ERIKA_CONFORM_SCHEMES_H

#include "../../src/core/tuf.h"

/* A table as trust_new_schemes takes it, or NULL. */
const struct tuf_scheme *conform_schemes(void);

#endif
