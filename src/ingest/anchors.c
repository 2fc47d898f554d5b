#include "anchors.h"

#include <libxml/uri.h>
#include <stdlib.h>
#include <string.h>

#include "../core/crypto.h"
#include "../core/markup.h"
#include "../core/text.h"

/* A fragment is percent-encoded, an id is not. NULL: out of memory. */
static char *
decoded(struct span s)
{
	char *out = malloc(s.n + 1);

	if (out == NULL)
		return NULL;
	if (s.n == 0 || memchr(s.p, '%', s.n) == NULL) {
		memcpy(out, s.p == NULL ? (const uint8_t *)"" : s.p, s.n);
		out[s.n] = '\0';
		return out;
	}
	if (xmlURIUnescapeString((const char *)s.p, (int)s.n, out) == NULL) {
		free(out);
		return NULL;
	}
	return out;
}

enum err
anchors_add(struct anchors *a, struct span fragment)
{
	struct anchor *grown;
	char *source;

	if (fragment.n == 0 || fragment.n > LIMIT_URL || a->n == ANCHORS_MAX)
		return ERR_OK;
	source = decoded(fragment);
	if (source == NULL)
		return ERR_NOMEM;
	if ((a->n & (a->n - 1)) == 0) {
		grown = realloc(
			a->list, (a->n == 0 ? 1 : 2 * a->n) * sizeof(*grown));
		if (grown == NULL) {
			free(source);
			return ERR_NOMEM;
		}
		a->list = grown;
	}
	a->list[a->n++] = (struct anchor){.source = source};
	return ERR_OK;
}

static int
by_source(const void *a, const void *b)
{
	return strcmp(((const struct anchor *)a)->source,
		((const struct anchor *)b)->source);
}

/* A name that is taken already, or has no form of its own. */
static void
name_by_hash(struct anchor *a)
{
	struct digest h = digest_of(span_str(a->source));

	memcpy(a->name, "n-", 2);
	text_hex(a->name + 2, h.b, 8);
}

static void
choose_name(struct anchor *a)
{
	const char *s = a->source;
	size_t i, n = strlen(s);

	if (markup_id_ok(span_str(s))) {
		memcpy(a->name, s, n + 1);
		return;
	}
	if (n > LIMIT_ANCHOR) {
		name_by_hash(a);
		return;
	}
	memcpy(a->name, "n-", 2);
	for (i = 0; i <= n; i++) {
		char c = s[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		else if (c == '_' || c == ':' || c == '.')
			c = '-';
		a->name[i + 2] = c;
	}
	if (!markup_id_ok(span_str(a->name)))
		name_by_hash(a);
}

static int
by_name(const void *a, const void *b)
{
	const struct anchor *x = a, *y = b;
	int k = strcmp(x->name, y->name);

	/* Of two that would share a name, the one that has it keeps it. */
	if (k == 0)
		k = (strcmp(y->source, y->name) == 0) -
		    (strcmp(x->source, x->name) == 0);
	return k != 0 ? k : strcmp(x->source, y->source);
}

void
anchors_sort(struct anchors *a)
{
	size_t i, n = 0;

	if (a->n == 0)
		return;
	qsort(a->list, a->n, sizeof(*a->list), by_source);
	for (i = 0; i < a->n; i++) {
		if (n > 0 &&
			strcmp(a->list[n - 1].source, a->list[i].source) == 0) {
			free(a->list[i].source);
			continue;
		}
		a->list[n] = a->list[i];
		choose_name(&a->list[n++]);
	}
	a->n = n;
	qsort(a->list, n, sizeof(*a->list), by_name);
	for (i = n - 1; i > 0; i--)
		if (strcmp(a->list[i].name, a->list[i - 1].name) == 0)
			name_by_hash(&a->list[i]);
	qsort(a->list, n, sizeof(*a->list), by_source);
}

struct anchor *
anchors_find(const struct anchors *a, struct span fragment)
{
	struct anchor key = {0}, *found;

	if (a->n == 0)
		return NULL;
	key.source = decoded(fragment);
	if (key.source == NULL)
		return NULL;
	found = bsearch(&key, a->list, a->n, sizeof(*a->list), by_source);
	free(key.source);
	return found;
}

void
anchors_free(struct anchors *a)
{
	size_t i;

	for (i = 0; i < a->n; i++)
		free(a->list[i].source);
	free(a->list);
	*a = (struct anchors){0};
}
