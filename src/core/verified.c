#include "verified.h"

#include <stdlib.h>
#include <string.h>

#include "verified_make.h"

struct verified {
	uint8_t *p;
	size_t n;
};

enum err
verified_take(struct buf *b, struct verified **out)
{
	struct verified *v = malloc(sizeof(*v));

	*out = NULL;
	if (v == NULL)
		return ERR_NOMEM;
	v->p = buf_steal(b, &v->n);
	if (v->p == NULL) {
		free(v);
		return ERR_NOMEM;
	}
	*out = v;
	return ERR_OK;
}

enum err
verified_make(struct span s, struct verified **out)
{
	struct buf b;
	enum err e;

	*out = NULL;
	buf_init(&b, s.n);
	e = buf_span(&b, s);
	if (e == ERR_OK)
		e = verified_take(&b, out);
	buf_free(&b);
	return e;
}

enum err
verified_again(
	struct span s, const struct digest *digest, struct verified **out)
{
	struct digest have = digest_of(s);

	*out = NULL;
	if (!digest_eq(&have, digest))
		return ERR_HASH;
	return verified_make(s, out);
}

struct span
verified_bytes(const struct verified *v)
{
	return span_of(v->p, v->n);
}

void
verified_free(struct verified *v)
{
	if (v == NULL)
		return;
	free(v->p);
	free(v);
}
