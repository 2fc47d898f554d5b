/* The articles a person sees: the latest revision of each. */
#include <stdlib.h>
#include <string.h>

#include "library_priv.h"

static void
article_free(struct library_article *a)
{
	free(a->outlet_name);
	free(a->desk);
	free(a->id);
	free(a->title);
	free(a->language);
	free(a->authors);
	free(a->note);
	free(a->url);
}

void
library_articles_clear(struct library_articles *a)
{
	size_t i;

	for (i = 0; i < a->n; i++)
		article_free(&a->list[i]);
	free(a->list);
	*a = (struct library_articles){.n = 0};
}

static enum err
article_row(struct library_articles *out, struct db_query *q)
{
	struct library_article *a =
		library_grow((void **)&out->list, &out->n, sizeof(*a));

	if (a == NULL)
		return ERR_NOMEM;
	a->n = db_int(q, 0);
	a->outlet = db_int(q, 1);
	a->outlet_name = library_text(q, 2);
	a->desk = library_text(q, 3);
	a->id = library_text(q, 4);
	a->revision = (uint32_t)db_int(q, 5);
	a->status = (enum article_status)db_int(q, 6);
	a->title = library_text(q, 7);
	a->language = library_text(q, 8);
	a->published = db_int(q, 9);
	a->updated = db_int(q, 10);
	a->authors = library_text(q, 11);
	a->note = library_text(q, 12);
	a->url = library_text(q, 13);
	a->read = db_int(q, 14) != 0;
	a->bundle = db_int(q, 15);
	a->index = (size_t)db_int(q, 16);
	if (a->outlet_name == NULL || a->desk == NULL || a->id == NULL ||
		a->title == NULL || a->language == NULL || a->authors == NULL ||
		a->note == NULL || a->url == NULL)
		return ERR_NOMEM;
	return ERR_OK;
}

enum err
library_articles(struct library *l, const struct library_filter *f,
	struct library_articles *out, struct diag *d)
{
	struct db_query *q;
	enum err e, done;

	*out = (struct library_articles){.n = 0};
	e = db_query(l->db, d, &q,
		"SELECT a.n, a.outlet, o.name, a.desk, a.id, a.revision,"
		" a.status, a.title, a.language, a.published, a.updated,"
		" a.authors, a.note, a.url, a.read, a.bundle, a.idx"
		" FROM article a JOIN outlet o ON o.id=a.outlet"
		" WHERE (?1=0 OR a.outlet=?1) AND (?2 IS NULL OR"
		" lower(a.language)=lower(?2) OR"
		" lower(substr(a.language,1,length(?2)+1))=lower(?2)||'-')"
		" AND (?3 IS NULL OR a.id=?3) AND (?4=0 OR a.n=?4)"
		" ORDER BY a.updated DESC, a.n DESC LIMIT ?5",
		"ittii", f->outlet, f->language, f->id, f->n,
		f->limit == 0 ? (int64_t)-1 : (int64_t)f->limit);
	if (e != ERR_OK)
		return e;
	while (e == ERR_OK && db_row(q))
		e = article_row(out, q);
	if (e != ERR_OK)
		diag_set(d, e, "out of memory");
	done = db_done(l->db, q, d);
	e = e == ERR_OK ? done : e;
	if (e != ERR_OK)
		library_articles_clear(out);
	return e;
}

enum err
library_article_mark(struct library *l, int64_t n, bool read, struct diag *d)
{
	return db_run(l->db, d, "UPDATE article SET read=? WHERE n=?", "ii",
		(int64_t)read, n);
}

enum err
library_count(struct library *l, int64_t outlet, struct library_counts *out,
	struct diag *d)
{
	struct db_query *q;
	enum err e = library_begin(l, d);

	*out = (struct library_counts){.fresh = 0};
	if (e != ERR_OK)
		return e;
	e = db_query(l->db, d, &q,
		"SELECT counted=0, status, count(*) FROM article"
		" WHERE outlet=? AND counted<revision GROUP BY 1, 2",
		"i", outlet);
	while (e == ERR_OK && db_row(q)) {
		size_t n = (size_t)db_int(q, 2);

		if (db_int(q, 1) == ARTICLE_RETRACTED)
			out->retracted += n;
		else if (db_int(q, 0) != 0)
			out->fresh += n;
		else if (db_int(q, 1) == ARTICLE_CORRECTED)
			out->corrected += n;
		else
			out->updated += n;
	}
	if (e == ERR_OK)
		e = db_done(l->db, q, d);
	if (e == ERR_OK)
		e = db_run(l->db, d,
			"UPDATE article SET counted=revision"
			" WHERE outlet=? AND counted<revision",
			"i", outlet);
	if (e == ERR_OK)
		e = library_commit(l, d);
	if (e != ERR_OK)
		library_rollback(l);
	return e;
}
