#include "press_dictionary.h"

#include <string.h>

#include "../core/limits.h"

/* Below this a dictionary costs readers more than it saves. */
#define TEXT_LEAST (16 * LIMIT_KIB)

void
dictionary_tag(char out[static LIMIT_LANG + 1], const char *language)
{
	size_t i;

	for (i = 0; i < LIMIT_LANG && language[i] != '\0' && language[i] != '-';
		i++)
		out[i] = language[i] >= 'A' && language[i] <= 'Z'
				 ? (char)(language[i] - 'A' + 'a')
				 : language[i];
	out[i] = '\0';
}

static enum err
record(struct room *r, const char *tag, struct span content, struct diag *d)
{
	char path[LIMIT_LANG + 16];
	uint8_t sha256[32];
	struct buf file;
	enum err e;

	snprintf(path, sizeof(path), "x/%s-1.dict", tag);
	buf_init(&file, 2 * LIMIT_DICT);
	e = bundle_dict_pack(content, &file);
	if (e == ERR_OK) {
		hash_bytes(HASH_SHA256, buf_view(&file), sha256);
		e = db_run(r->db, d,
			"INSERT INTO dictionary(path, language, sha256,"
			" content, file) VALUES(?,?,?,?,?)",
			"ttbbb", path, tag, span_of(sha256, 32), content,
			buf_view(&file));
	}
	buf_free(&file);
	return e;
}

/* The latest texts of a language that were packed before: a newsroom that
 * packs three articles a day has enough after some days. */
static enum err
earlier_add(struct room *r, const char *tag, struct buf *all, struct diag *d)
{
	char shown[LIMIT_LANG + 1];
	struct db_query *q;
	enum err e, done;

	e = db_query(r->db, d, &q,
		"SELECT language, base_text FROM (SELECT language, base_text,"
		" updated FROM article WHERE base_text IS NOT NULL"
		" ORDER BY updated DESC LIMIT 64) ORDER BY updated",
		"");
	if (e != ERR_OK)
		return e;
	while (e == ERR_OK && db_row(q)) {
		dictionary_tag(shown, db_text(q, 0));
		if (strcmp(shown, tag) == 0)
			e = buf_span(all, db_blob(q, 1));
	}
	done = db_done(r->db, q, d);
	return e != ERR_OK ? e : done;
}

/* The texts of one language, newest last, since deflate reaches the end of a
 * dictionary most cheaply. Not much is lost by choosing no cleverer: 1 to 3
 * parts in a hundred. */
static enum err
train(struct room *r, const char *tag, const struct packing_held *held,
	size_t n, struct diag *d)
{
	char other[LIMIT_LANG + 1];
	struct buf all;
	struct span s;
	enum err e;
	size_t i;

	buf_init(&all, 2 * PACKING_BATCH * LIMIT_TEXT);
	e = earlier_add(r, tag, &all, d);
	for (i = 0; e == ERR_OK && i < n; i++) {
		dictionary_tag(other, held[i].article.language);
		if (strcmp(other, tag) == 0)
			e = buf_span(&all, buf_view(&held[i].text));
	}
	s = buf_view(&all);
	if (e == ERR_OK && s.n >= TEXT_LEAST) {
		if (s.n > LIMIT_DICT)
			s = span_sub(s, s.n - LIMIT_DICT, LIMIT_DICT);
		e = record(r, tag, s, d);
	}
	buf_free(&all);
	return e;
}

enum err
dictionaries_train(struct room *r, const struct packing_held *held, size_t n,
	struct diag *d)
{
	char tag[LIMIT_LANG + 1], other[LIMIT_LANG + 1];
	enum err e = ERR_OK;
	int64_t one;
	size_t i, k;
	bool found;

	for (i = 0; e == ERR_OK && i < n; i++) {
		dictionary_tag(tag, held[i].article.language);
		for (k = 0; k < i; k++) {
			dictionary_tag(other, held[k].article.language);
			if (strcmp(tag, other) == 0)
				break;
		}
		if (k < i)
			continue;
		e = db_one_int(r->db, d, &one, &found,
			"SELECT 1 FROM dictionary WHERE language=?", "t", tag);
		if (e == ERR_OK && !found)
			e = train(r, tag, held, n, d);
	}
	return e;
}
