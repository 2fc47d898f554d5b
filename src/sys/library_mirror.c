/* Mirrors of an outlet: the user's own, those of links, and the signed list
 * as it was taken over last. */
#include <stdlib.h>
#include <string.h>

#include "../core/text.h"
#include "library_priv.h"

/* Apart from the schema, so that a library made before there were ways gets
 * the tables, too. `way` says how else a URL is reached, and on whose word;
 * `signed_list` is the list that is valid now, as it came. */
enum err
library_mirror_tables(struct library *l, struct diag *d)
{
	enum err e = db_run(l->db, d,
		"CREATE TABLE IF NOT EXISTS way("
		" outlet INTEGER NOT NULL REFERENCES outlet ON DELETE CASCADE,"
		" url TEXT NOT NULL, source INTEGER NOT NULL,"
		" addresses TEXT NOT NULL, pin TEXT, sni TEXT, front TEXT,"
		" storage INTEGER NOT NULL, PRIMARY KEY(outlet, url))",
		"");

	if (e != ERR_OK)
		return e;
	return db_run(l->db, d,
		"CREATE TABLE IF NOT EXISTS signed_list("
		" outlet INTEGER PRIMARY KEY REFERENCES outlet"
		" ON DELETE CASCADE, digest BLOB NOT NULL,"
		" bytes BLOB NOT NULL)",
		"");
}

/* ---- reading */

void
library_mirrors_clear(struct library_mirrors *m)
{
	size_t i, k;

	for (i = 0; i < m->n; i++) {
		struct library_mirror *one = &m->list[i];

		for (k = 0; k < one->n_addresses; k++)
			free(one->addresses[k]);
		free(one->addresses);
		free(one->name);
		free(one->url);
		free(one->countries);
		free(one->pin);
		free(one->sni);
		free(one->front);
	}
	free(m->list);
	*m = (struct library_mirrors){.n = 0};
}

/* Addresses are kept with a space between each two. */
static enum err
addresses_split(struct library_mirror *m, const char *s)
{
	size_t n;

	while (*s != '\0') {
		char **to = library_grow((void **)&m->addresses,
			&m->n_addresses, sizeof(*m->addresses));

		if (to == NULL)
			return ERR_NOMEM;
		n = strcspn(s, " ");
		*to = strndup(s, n);
		if (*to == NULL)
			return ERR_NOMEM;
		s += n + (s[n] == ' ');
	}
	return ERR_OK;
}

static bool
text_or_null(struct db_query *q, int column, char **out)
{
	*out = db_null(q, column) ? NULL : library_text(q, column);
	return *out != NULL || db_null(q, column);
}

static enum err
mirror_read(struct library_mirrors *out, struct db_query *q)
{
	struct library_mirror *m =
		library_grow((void **)&out->list, &out->n, sizeof(*m));

	if (m == NULL)
		return ERR_NOMEM;
	m->name = library_text(q, 0);
	m->url = library_text(q, 1);
	m->source = (enum library_mirror_source)db_int(q, 2);
	m->countries = library_text(q, 3);
	m->storage = db_int(q, 8) != 0;
	if (m->name == NULL || m->url == NULL || m->countries == NULL ||
		!text_or_null(q, 5, &m->pin) || !text_or_null(q, 6, &m->sni) ||
		!text_or_null(q, 7, &m->front))
		return ERR_NOMEM;
	return addresses_split(m, db_text(q, 4));
}

enum err
library_mirrors(struct library *l, int64_t outlet, struct library_mirrors *out,
	struct diag *d)
{
	struct db_query *q;
	enum err e, done;

	*out = (struct library_mirrors){.n = 0};
	e = db_query(l->db, d, &q,
		"SELECT mirror.name, mirror.url, mirror.source,"
		" mirror.countries, way.addresses, way.pin,"
		" way.sni, way.front, way.storage FROM mirror LEFT JOIN way"
		" ON way.outlet=mirror.outlet AND way.url=mirror.url"
		" WHERE mirror.outlet=? ORDER BY mirror.source, mirror.id",
		"i", outlet);
	if (e != ERR_OK)
		return e;
	while (e == ERR_OK && db_row(q))
		e = mirror_read(out, q);
	if (e != ERR_OK)
		diag_set(d, e, "out of memory");
	done = db_done(l->db, q, d);
	e = e == ERR_OK ? done : e;
	if (e != ERR_OK)
		library_mirrors_clear(out);
	return e;
}

/* ---- writing */

static enum err
way_add(struct library *l, int64_t outlet, const struct library_mirror *m,
	struct diag *d)
{
	struct buf a;
	size_t i;
	enum err e = ERR_OK;

	if (m->n_addresses == 0 && m->pin == NULL && m->sni == NULL &&
		m->front == NULL && !m->storage)
		return ERR_OK;
	buf_init(&a, LIMIT_CONFIG_LINE);
	for (i = 0; e == ERR_OK && i < m->n_addresses; i++)
		e = buf_printf(&a, "%s%s", i == 0 ? "" : " ", m->addresses[i]);
	if (e != ERR_OK)
		diag_set(d, e, "a mirror's addresses");
	else
		e = db_run(l->db, d,
			"INSERT INTO way(outlet, url, source, addresses, pin,"
			" sni, front, storage) VALUES(?, ?, ?, ?, ?, ?, ?, ?)"
			" ON CONFLICT(outlet, url) DO UPDATE SET"
			" source=excluded.source, addresses=excluded.addresses,"
			" pin=excluded.pin, sni=excluded.sni,"
			" front=excluded.front, storage=excluded.storage"
			" WHERE excluded.source <= source",
			"ititttti", outlet, m->url, (int64_t)m->source,
			a.n == 0 ? "" : buf_cstr(&a), m->pin, m->sni, m->front,
			(int64_t)m->storage);
	buf_free(&a);
	return e;
}

enum err
library_mirror_add(struct library *l, int64_t outlet,
	const struct library_mirror *m, struct diag *d)
{
	/* What the user says outranks what a list says of the same URL. */
	enum err e = db_run(l->db, d,
		"INSERT INTO mirror(outlet, name, url, source, countries)"
		" VALUES(?, ?, ?, ?, ?) ON CONFLICT(outlet, url) DO UPDATE SET"
		" source=min(source, excluded.source),"
		" name=iif(excluded.source=2, excluded.name, name),"
		" countries=iif(excluded.source=2, excluded.countries,"
		" countries)",
		"ittit", outlet, m->name, m->url, (int64_t)m->source,
		m->countries == NULL ? "" : m->countries);

	return e == ERR_OK ? way_add(l, outlet, m, d) : e;
}

struct library_mirror
library_mirror_of(const struct mirror *from, enum library_mirror_source source)
{
	return (struct library_mirror){.name = from->name,
		.url = from->url,
		.source = source,
		.addresses = from->addresses,
		.n_addresses = from->n_addresses,
		.pin = from->pin,
		.sni = from->sni,
		.front = from->front,
		.storage = from->storage};
}

enum err
library_mirror_put(struct library *l, int64_t outlet, const struct mirror *from,
	enum library_mirror_source source, struct diag *d)
{
	struct library_mirror m = library_mirror_of(from, source);
	struct buf codes;
	enum err e;

	buf_init(&codes, LIMIT_CONFIG_LINE);
	e = country_codes_write(from->countries, from->n_countries, &codes);
	m.countries = codes.n == 0 ? NULL : (char *)codes.p;
	if (e == ERR_OK)
		e = library_mirror_add(l, outlet, &m, d);
	buf_free(&codes);
	return e;
}

enum err
library_mirrors_drop_list(struct library *l, int64_t outlet, struct diag *d)
{
	enum err e = db_run(l->db, d,
		"DELETE FROM mirror WHERE outlet=? AND source=2", "i", outlet);

	if (e != ERR_OK)
		return e;
	return db_run(l->db, d, "DELETE FROM way WHERE outlet=? AND source=2",
		"i", outlet);
}

/* ---- the signed list */

enum err
library_list_set(struct library *l, int64_t outlet, const struct verified *v,
	struct diag *d)
{
	struct span bytes = verified_bytes(v);
	struct digest digest = digest_of(bytes);

	return db_run(l->db, d,
		"INSERT OR REPLACE INTO signed_list(outlet, digest, bytes)"
		" VALUES(?, ?, ?)",
		"ibb", outlet, span_of(digest.b, sizeof(digest.b)), bytes);
}

enum err
library_list_is(struct library *l, int64_t outlet, const struct verified *v,
	bool *is, struct diag *d)
{
	struct digest digest = digest_of(verified_bytes(v));
	int64_t one;

	return db_one_int(l->db, d, &one, is,
		"SELECT 1 FROM signed_list WHERE outlet=? AND digest=?", "ib",
		outlet, span_of(digest.b, sizeof(digest.b)));
}

enum err
library_list(
	struct library *l, int64_t outlet, struct mirrors *out, struct diag *d)
{
	struct verified *v = NULL;
	struct digest digest;
	struct db_query *q;
	enum err e, done;

	*out = (struct mirrors){.n = 0};
	e = db_query(l->db, d, &q,
		"SELECT digest, bytes FROM signed_list WHERE outlet=?", "i",
		outlet);
	if (e != ERR_OK)
		return e;
	if (db_row(q) && db_blob(q, 0).n == sizeof(digest.b)) {
		memcpy(digest.b, db_blob(q, 0).p, sizeof(digest.b));
		e = verified_again(db_blob(q, 1), &digest, &v);
		if (e == ERR_HASH)
			diag_set(d, e, "the library is damaged on disk");
		else if (e == ERR_OK)
			e = mirrors_parse(verified_bytes(v), out, d);
	}
	verified_free(v);
	done = db_done(l->db, q, d);
	if (e == ERR_OK && done != ERR_OK) {
		mirrors_clear(out);
		e = done;
	}
	return e;
}
