#include "random.h"

#include <sodium.h>

void
random_fill(void *p, size_t n)
{
	randombytes_buf(p, n);
}
