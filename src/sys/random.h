/* Randomness: the only code that asks for it. Core gets it passed in. */
#ifndef ERIKA_RANDOM_H
#define ERIKA_RANDOM_H

#include <stddef.h>

/* Fill n bytes from the kernel's generator. Never fails after
 * crypto_start(); ends the program rather than return weak bytes. */
void random_fill(void *p, size_t n);

#endif
