#include "import.h"

#include <stdlib.h>
#include <string.h>

#include "../core/limits.h"
#include "dates.h"
#include "field.h"
#include "url.h"

/* Clocks differ, time zones get lost: a day ahead is today. */
#define AHEAD 86400

/* What the summary shows of a title or file name. */
#define SHOWN 120

static void
article_free(struct ingest_article *a)
{
	size_t i;

	article_clear(&a->meta);
	buf_free(&a->body);
	for (i = 0; i < a->n_images; i++)
		free(a->images[i].source);
	free(a->images);
	memset(a, 0, sizeof(*a));
}

void
import_item_clear(struct import_item *it)
{
	article_free(&it->a);
	memset(it, 0, sizeof(*it));
}

void
ingest_article_clear(struct ingest_article *a)
{
	article_free(a);
}

void
ingest_result_clear(struct ingest_result *r)
{
	size_t i;

	if (r == NULL)
		return;
	for (i = 0; i < r->n_articles; i++)
		article_free(&r->articles[i]);
	for (i = 0; i < r->n_left; i++) {
		free(r->left[i].what);
		free(r->left[i].why);
	}
	free(r->articles);
	free(r->left);
	memset(r, 0, sizeof(*r));
}

void
import_published(struct import_item *it, struct span s)
{
	if (!it->has_published)
		it->has_published =
			dates_parse(s, &it->a.meta.published) == ERR_OK;
}

void
import_updated(struct import_item *it, struct span s)
{
	if (!it->has_updated)
		it->has_updated = dates_parse(s, &it->a.meta.updated) == ERR_OK;
}

enum err
import_title(struct import_item *it, struct span s)
{
	if (it->a.meta.title != NULL)
		return ERR_OK;
	return field_clean(s, LIMIT_TITLE, &it->a.meta.title);
}

enum err
import_language(struct import_item *it, struct span s)
{
	if (it->a.meta.language != NULL)
		return ERR_OK;
	return field_language(s, &it->a.meta.language);
}

enum err
import_url(struct import_item *it, struct span s, const char *base)
{
	if (it->a.meta.url != NULL)
		return ERR_OK;
	return url_web(s, base, &it->a.meta.url);
}

/* Room for one more element of a list whose size doubles. */
static enum err
grow(void **list, size_t n, size_t size)
{
	void *p;

	if ((n & (n - 1)) != 0)
		return ERR_OK;
	p = realloc(*list, (n == 0 ? 1 : 2 * n) * size);
	if (p == NULL)
		return ERR_NOMEM;
	*list = p;
	return ERR_OK;
}

enum err
import_left(struct ingest_result *out, struct span what, const char *why)
{
	struct ingest_left l = {0};
	void *list = out->left;
	enum err e;

	e = grow(&list, out->n_left, sizeof(l));
	out->left = list;
	if (e == ERR_OK)
		e = field_show(what, SHOWN, &l.what);
	if (e == ERR_OK)
		e = field_show(span_str(why), SHOWN, &l.why);
	if (e != ERR_OK) {
		free(l.what);
		free(l.why);
		return e;
	}
	out->left[out->n_left++] = l;
	return ERR_OK;
}

/* Dates as they will stand: never after now, never updated before published.
 * false: the source says a day that has not come yet. */
static bool
settle_dates(struct import_item *it, const struct ingest_defaults *def)
{
	struct article *m = &it->a.meta;
	int64_t now = def->now;

	if ((it->has_published && m->published > now + AHEAD) ||
		(it->has_updated && m->updated > now + AHEAD))
		return false;
	if (!it->has_published)
		m->published = it->has_updated	    ? m->updated
			       : def->modified != 0 ? def->modified
						    : now;
	if (m->published > now)
		m->published = now;
	if (!it->has_updated || m->updated < m->published)
		m->updated = m->published;
	if (m->updated > now)
		m->updated = now;
	return true;
}

/* Why this item cannot be an article, or NULL. */
static const char *
reason(struct import_item *it, const struct ingest_defaults *def,
	struct diag *d)
{
	struct article probe;

	if (it->why != NULL)
		return it->why;
	if (it->a.meta.title == NULL)
		return "no title";
	if (it->chars == 0 && it->a.n_images == 0)
		return "no text";
	if (it->a.meta.language == NULL)
		return "it says no language; --language TAG gives one";
	if (!settle_dates(it, def))
		return "dated in the future";
	/* What only the packer can fill in is filled in for the check. */
	probe = it->a.meta;
	probe.revision = 1;
	probe.text = 0;
	if (article_check(&probe, d) != ERR_OK)
		return d->why;
	return NULL;
}

enum err
import_finish(struct import_item *it, const struct ingest_defaults *def,
	struct ingest_result *out, struct diag *d)
{
	const char *what, *why;
	struct diag inner = {0};
	void *list = out->articles;
	enum err e = ERR_OK;

	if (it->a.meta.language == NULL && def->language != NULL)
		e = field_copy(def->language, &it->a.meta.language);
	if (e == ERR_OK)
		e = grow(&list, out->n_articles, sizeof(it->a));
	out->articles = list;
	if (e != ERR_OK)
		return diag_set(d, e, "out of memory");
	it->a.meta.status = ARTICLE_PUBLISHED;
	it->a.meta.text = -1;
	why = reason(it, def, &inner);
	if (why == NULL) {
		out->articles[out->n_articles++] = it->a;
		memset(&it->a, 0, sizeof(it->a));
		import_item_clear(it);
		return ERR_OK;
	}
	what = it->a.meta.title;
	if (what == NULL)
		what = it->shown;
	if (what == NULL)
		what = it->a.meta.url;
	if (what == NULL)
		what = it->a.meta.id;
	e = import_left(out, span_str(what == NULL ? "" : what), why);
	import_item_clear(it);
	return e == ERR_OK ? e : diag_set(d, e, "out of memory");
}
