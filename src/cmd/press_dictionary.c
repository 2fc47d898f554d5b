#include "press_dictionary.h"

#include <string.h>

#include "../core/limits.h"

/* Below this a dictionary costs readers more than it saves. */
#define TEXT_LEAST (16 * LIMIT_KIB)

static enum err
record(struct room *r, const char *language, struct span content,
	struct diag *d)
{
	char path[LIMIT_LANG + 16];
	uint8_t sha256[32];
	struct buf file;
	enum err e;
	char *c;

	snprintf(path, sizeof(path), "x/%s-1.dict", language);
	for (c = path; *c != '\0'; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	buf_init(&file, 2 * LIMIT_DICT);
	e = bundle_dict_pack(content, &file);
	if (e == ERR_OK) {
		hash_bytes(HASH_SHA256, buf_view(&file), sha256);
		e = db_run(r->db, d,
			"INSERT INTO dictionary(path, language, sha256,"
			" content, file) VALUES(?,?,?,?,?)",
			"ttbbb", path, language, span_of(sha256, 32), content,
			buf_view(&file));
	}
	buf_free(&file);
	return e;
}

/* The texts of one language, newest last, since deflate reaches the end of a
 * dictionary most cheaply. Not much is lost by choosing no cleverer: 1 to 3
 * parts in a hundred. */
static enum err
train(struct room *r, const char *language, const struct packing_held *held,
	size_t n, struct diag *d)
{
	struct buf all;
	struct span s;
	enum err e = ERR_OK;
	size_t i;

	buf_init(&all, PACKING_BATCH * LIMIT_TEXT);
	for (i = 0; e == ERR_OK && i < n; i++)
		if (strcmp(held[i].article.language, language) == 0)
			e = buf_span(&all, buf_view(&held[i].text));
	s = buf_view(&all);
	if (e == ERR_OK && s.n >= TEXT_LEAST) {
		if (s.n > LIMIT_DICT)
			s = span_sub(s, s.n - LIMIT_DICT, LIMIT_DICT);
		e = record(r, language, s, d);
	}
	buf_free(&all);
	return e;
}

enum err
dictionaries_train(struct room *r, const struct packing_held *held, size_t n,
	struct diag *d)
{
	enum err e = ERR_OK;
	int64_t one;
	size_t i, k;
	bool found;

	for (i = 0; e == ERR_OK && i < n; i++) {
		const char *language = held[i].article.language;

		for (k = 0; k < i; k++)
			if (strcmp(held[k].article.language, language) == 0)
				break;
		if (k < i)
			continue;
		e = db_one_int(r->db, d, &one, &found,
			"SELECT 1 FROM dictionary WHERE language=?", "t",
			language);
		if (e == ERR_OK && !found)
			e = train(r, language, held, n, d);
	}
	return e;
}
