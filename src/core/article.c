#include "article.h"

#include <stdlib.h>
#include <string.h>

#include "date.h"
#include "limits.h"
#include "markup.h"
#include "text.h"

const char *
article_status_str(enum article_status s)
{
	switch (s) {
	case ARTICLE_PUBLISHED:
		return "published";
	case ARTICLE_CORRECTED:
		return "corrected";
	case ARTICLE_RETRACTED:
		return "retracted";
	}
	return "unknown";
}

static bool
alnum(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9');
}

/* An absolute http or https URL in the characters of RFC 3986, with a host
 * and without user information, which serves only to disguise the host. */
static bool
url_ok(struct span s)
{
	static const char others[] = "-._~:/?#[]@!$&'()*+,;=%";
	bool authority = true;
	size_t i, at;

	if (s.n > LIMIT_URL)
		return false;
	if (span_starts(s, span_str("https://")))
		at = 8;
	else if (span_starts(s, span_str("http://")))
		at = 7;
	else
		return false;
	if (at == s.n || (!alnum(s.p[at]) && s.p[at] != '['))
		return false;
	for (i = at; i < s.n; i++) {
		uint8_t c = s.p[i];

		if (!alnum(c) && (c == '\0' || strchr(others, c) == NULL))
			return false;
		if (c == '/' || c == '?' || c == '#')
			authority = false;
		if (authority && c == '@')
			return false;
	}
	return true;
}

static enum err
refuse(struct diag *d, const char *field, const char *why)
{
	return diag_set(d, ERR_REFUSED, "article: %s: %s", field, why);
}

static enum err
lines_check(char *const *v, size_t n, size_t max_n, size_t max_bytes,
	const char *field, struct diag *d)
{
	size_t i;

	if (n > max_n)
		return refuse(d, field, "too many");
	for (i = 0; i < n; i++)
		if (v[i] == NULL || !text_line_ok(span_str(v[i]), max_bytes))
			return refuse(d, field,
				"not one line of clean text, or too long");
	return ERR_OK;
}

static enum err
dates_check(const struct article *a, struct diag *d)
{
	int64_t lo = date_of(0, 1, 1), hi = date_of(10000, 1, 1);

	if (a->published < lo || a->published >= hi)
		return refuse(d, "published", "no four-digit year");
	if (a->updated < a->published)
		return refuse(d, "updated", "before it was published");
	if (a->updated >= hi)
		return refuse(d, "updated", "no four-digit year");
	return ERR_OK;
}

/* Status, revision, note and text say one story. */
static enum err
status_check(const struct article *a, struct diag *d)
{
	if (a->revision == 0)
		return refuse(d, "revision", "counted from 1");
	if (a->previous >= a->revision)
		return refuse(d, "previous", "not before its revision");
	if (a->revision > 1 && a->previous == 0)
		return refuse(d, "previous", "missing for a later revision");
	if (a->status == ARTICLE_PUBLISHED && a->note != NULL)
		return refuse(d, "note", "only for corrected or retracted");
	if (a->status != ARTICLE_PUBLISHED && a->note == NULL)
		return refuse(d, "note", "missing: say what changed and why");
	if (a->note != NULL && !text_line_ok(span_str(a->note), LIMIT_NOTE))
		return refuse(
			d, "note", "not one line of clean text, or too long");
	if (a->status != ARTICLE_RETRACTED)
		return a->text < 0 ? refuse(d, "text", "missing") : ERR_OK;
	if (a->text != -1)
		return refuse(d, "text", "still there though retracted");
	if (a->n_images > 0)
		return refuse(d, "images", "still there though retracted");
	return ERR_OK;
}

static bool
type_ok(const char *type)
{
	return strcmp(type, "image/jpeg") == 0 ||
	       strcmp(type, "image/png") == 0 ||
	       strcmp(type, "image/webp") == 0;
}

static enum err
images_check(const struct article *a, struct diag *d)
{
	size_t i, k;

	if (a->n_images > LIMIT_IMAGES_PER_ARTICLE)
		return refuse(d, "images", "too many");
	for (i = 0; i < a->n_images; i++) {
		const struct article_image *m = &a->images[i];

		if (m->type == NULL || !type_ok(m->type))
			return refuse(d, "images", "type not JPEG, PNG, WebP");
		if (m->object < -1 || (m->object >= 0) == (m->bundle != NULL))
			return refuse(d, "images", "neither here nor there");
		if (m->bundle != NULL && !text_path_ok(span_str(m->bundle)))
			return refuse(d, "images", "bundle is no target path");
		for (k = 0; k < i; k++)
			if (digest_eq(&m->name, &a->images[k].name))
				return refuse(d, "images", "listed twice");
	}
	return ERR_OK;
}

enum err
article_check(const struct article *a, struct diag *d)
{
	enum err e;

	if (a->id == NULL || !text_name_ok(span_str(a->id), LIMIT_ID))
		return refuse(d, "id", "not [a-z0-9._-], or too long");
	if (a->title == NULL || !text_line_ok(span_str(a->title), LIMIT_TITLE))
		return refuse(
			d, "title", "not one line of clean text, or too long");
	if (a->language == NULL || !markup_lang_ok(span_str(a->language)))
		return refuse(d, "language", "not a BCP 47 tag");
	if (a->url != NULL && !url_ok(span_str(a->url)))
		return refuse(d, "url", "not a plain http or https URL");
	e = lines_check(a->authors, a->n_authors, LIMIT_AUTHORS, LIMIT_AUTHOR,
		"authors", d);
	if (e == ERR_OK)
		e = lines_check(
			a->tags, a->n_tags, LIMIT_TAGS, LIMIT_TAG, "tags", d);
	if (e == ERR_OK)
		e = dates_check(a, d);
	if (e == ERR_OK)
		e = status_check(a, d);
	if (e == ERR_OK)
		e = images_check(a, d);
	return e;
}

void
article_clear(struct article *a)
{
	size_t i;

	if (a == NULL)
		return;
	free(a->id);
	free(a->title);
	free(a->language);
	free(a->url);
	free(a->note);
	strings_free(a->authors, a->n_authors);
	strings_free(a->tags, a->n_tags);
	for (i = 0; a->images != NULL && i < a->n_images; i++) {
		free(a->images[i].bundle);
		free(a->images[i].type);
	}
	free(a->images);
	*a = (struct article){0};
}

static enum err
string_copy(char **out, const char *s)
{
	*out = s == NULL ? NULL : strdup(s);
	return s != NULL && *out == NULL ? ERR_NOMEM : ERR_OK;
}

static enum err
strings_copy(char ***out, size_t *n_out, char *const *v, size_t n)
{
	size_t i;

	if (n == 0)
		return ERR_OK;
	*out = calloc(n, sizeof(**out));
	if (*out == NULL)
		return ERR_NOMEM;
	*n_out = n;
	for (i = 0; i < n; i++)
		if (string_copy(&(*out)[i], v[i]) != ERR_OK)
			return ERR_NOMEM;
	return ERR_OK;
}

static enum err
images_copy(struct article *out, const struct article *a)
{
	size_t i;

	if (a->n_images == 0)
		return ERR_OK;
	out->images = calloc(a->n_images, sizeof(*out->images));
	if (out->images == NULL)
		return ERR_NOMEM;
	out->n_images = a->n_images;
	for (i = 0; i < a->n_images; i++) {
		const struct article_image *from = &a->images[i];
		struct article_image *to = &out->images[i];

		to->name = from->name;
		to->object = from->object;
		if (string_copy(&to->bundle, from->bundle) != ERR_OK ||
			string_copy(&to->type, from->type) != ERR_OK)
			return ERR_NOMEM;
	}
	return ERR_OK;
}

enum err
article_copy(struct article *out, const struct article *a)
{
	*out = (struct article){
		.revision = a->revision,
		.previous = a->previous,
		.status = a->status,
		.published = a->published,
		.updated = a->updated,
		.text = a->text,
	};
	if (string_copy(&out->id, a->id) != ERR_OK ||
		string_copy(&out->title, a->title) != ERR_OK ||
		string_copy(&out->language, a->language) != ERR_OK ||
		string_copy(&out->url, a->url) != ERR_OK ||
		string_copy(&out->note, a->note) != ERR_OK ||
		strings_copy(&out->authors, &out->n_authors, a->authors,
			a->n_authors) != ERR_OK ||
		strings_copy(&out->tags, &out->n_tags, a->tags, a->n_tags) !=
			ERR_OK ||
		images_copy(out, a) != ERR_OK) {
		article_clear(out);
		return ERR_NOMEM;
	}
	return ERR_OK;
}
