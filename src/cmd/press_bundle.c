#include "press_bundle.h"

#include <stdlib.h>
#include <string.h>

#include "../core/limits.h"
#include "../core/text.h"
#include "press_bundle_priv.h"
#include "press_chain.h"
#include "press_dictionary.h"

/* A bundle is the unit of listing and of loss: one day's work fits into one,
 * an archive is cut into many. Pictures count more than they weigh in one
 * file, so that no mirror has to hold gigabytes under one name. */
#define FULL_ARTICLES 128
#define FULL_TEXT (4 * LIMIT_MIB)
#define FULL_IMAGES (64 * LIMIT_MIB)

enum err
press_bundle_key(struct room *r, const char *desk, struct keyring_key **out,
	struct diag *d)
{
	struct minisign_key public;
	struct chain chain;
	enum err e = chain_load(r, CHAIN_ALL, &chain, d);

	*out = NULL;
	if (e == ERR_OK)
		e = chain_desk(&chain, desk, &public, d);
	chain_free(&chain);
	if (e != ERR_OK)
		return e;
	*out = keyring_find(&r->keys, public.key);
	if (*out == NULL || !keyring_at_hand(&r->keys, public.key))
		return diag_set(d, ERR_MISSING,
			"the key of the desk \"%s\" is not in keys/; pack "
			"where it is",
			desk);
	return ERR_OK;
}

enum err
press_bundle_new(struct room *r, const char *desk, int64_t now,
	struct press_bundle **out, struct diag *d)
{
	struct press_bundle *b = calloc(1, sizeof(*b));
	struct buf path;
	int64_t last = 0;
	bool found;
	enum err e;

	*out = NULL;
	if (b == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	b->room = r;
	b->created = now;
	buf_init(&path, LIMIT_PATH);
	e = press_bundle_key(r, desk, &b->key, d);
	if (e == ERR_OK)
		e = db_one_int(r->db, d, &last, &found,
			"SELECT ifnull(max(sequence),0) FROM bundle"
			" WHERE desk=?",
			"t", desk);
	b->sequence = (uint64_t)last + 1;
	if (e == ERR_OK)
		e = bundle_path_add(&path, desk, now, b->sequence);
	if (e == ERR_OK) {
		b->path = strdup(buf_cstr(&path));
		b->desk = strdup(desk);
		b->draft = b->path == NULL || b->desk == NULL
				   ? NULL
				   : bundle_draft_new(r->name, desk, b->path,
					     b->sequence, now);
		if (b->draft == NULL)
			e = diag_set(d, ERR_NOMEM, "out of memory");
	}
	buf_free(&path);
	if (e != ERR_OK) {
		press_bundle_free(b);
		return e;
	}
	*out = b;
	return ERR_OK;
}

void
press_bundle_free(struct press_bundle *b)
{
	size_t i;

	if (b == NULL)
		return;
	for (i = 0; i < b->n_items; i++) {
		article_clear(&b->items[i].article);
		free(b->items[i].whole.p);
	}
	for (i = 0; i < b->n_images; i++)
		press_image_clear(&b->images[i]);
	for (i = 0; i < b->n_packers; i++) {
		free(b->packers[i].language);
		deflate_free(b->packers[i].z);
	}
	free(b->items);
	free(b->images);
	bundle_draft_free(b->draft);
	free(b->path);
	free(b->desk);
	free(b);
}

/* The compressor for a language, primed with its dictionary if there is one. */
static enum err
packer_for(struct press_bundle *b, const char *language,
	struct press_packer **out, struct diag *d)
{
	char tag[LIMIT_LANG + 1];
	struct press_packer *p;
	struct db_query *q;
	enum err e, done;
	size_t i;

	dictionary_tag(tag, language);
	for (i = 0; i < b->n_packers; i++) {
		if (strcmp(b->packers[i].language, tag) == 0 ||
			i == PRESS_PACKERS - 1) {
			*out = &b->packers[i];
			return ERR_OK;
		}
	}
	/* The last is for all languages that are left, without dictionary. */
	if (b->n_packers == PRESS_PACKERS - 1)
		tag[0] = '\0';
	p = &b->packers[b->n_packers];
	*p = (struct press_packer){.dict = -1};
	e = db_query(b->room->db, d, &q,
		"SELECT path, sha256, content FROM dictionary"
		" WHERE language=? ORDER BY path DESC LIMIT 1",
		"t", tag);
	if (e != ERR_OK)
		return e;
	if (db_row(q)) {
		e = bundle_draft_dict(
			b->draft, db_text(q, 0), db_blob(q, 1).p, &p->dict);
		p->z = deflate_new(db_blob(q, 2));
	} else {
		p->z = deflate_new(span_of(NULL, 0));
	}
	done = db_done(b->room->db, q, d);
	if (e == ERR_OK)
		e = done;
	p->language = strdup(tag);
	if (e == ERR_OK && (p->z == NULL || p->language == NULL))
		e = diag_set(d, ERR_NOMEM, "out of memory");
	b->n_packers++;
	*out = p;
	return e;
}

/* The last text of this article that was stored whole, to deflate a new one
 * against. Empty when there is none. */
static enum err
base_of(struct press_bundle *b, const char *id, struct buf *text,
	struct digest *name, char bundle[static LIMIT_PATH + 1], struct diag *d)
{
	struct db_query *q;
	enum err e, done;

	e = db_query(b->room->db, d, &q,
		"SELECT base_text, base_name, base_bundle FROM article"
		" WHERE id=? AND base_text IS NOT NULL",
		"t", id);
	if (e != ERR_OK)
		return e;
	if (db_row(q) && db_blob(q, 1).n == sizeof(name->b)) {
		e = buf_span(text, db_blob(q, 0));
		memcpy(name->b, db_blob(q, 1).p, sizeof(name->b));
		snprintf(bundle, LIMIT_PATH + 1, "%s", db_text(q, 2));
	}
	done = db_done(b->room->db, q, d);
	return e != ERR_OK ? e : done;
}

static size_t
packed_size(struct deflate *z, struct span text)
{
	struct buf b;
	size_t n = SIZE_MAX;

	buf_init(&b, LIMIT_OBJECT);
	if (deflate_pack(z, text, &b) == ERR_OK)
		n = b.n;
	buf_free(&b);
	return n;
}

/* Put the text into the draft: against its last whole revision where that
 * halves it, else with the language's dictionary. */
static enum err
text_add(struct press_bundle *b, struct press_item *it, struct span text,
	struct diag *d)
{
	char base_bundle[LIMIT_PATH + 1];
	struct press_packer *p = NULL;
	struct deflate *delta = NULL;
	struct digest base;
	struct buf old;
	enum err e;

	buf_init(&old, LIMIT_TEXT);
	e = packer_for(b, it->article.language, &p, d);
	if (e == ERR_OK && it->article.previous > 0)
		e = base_of(b, it->article.id, &old, &base, base_bundle, d);
	if (e == ERR_OK && old.n > 0) {
		delta = deflate_new(buf_view(&old));
		if (delta == NULL)
			e = diag_set(d, ERR_NOMEM, "out of memory");
		else if (packed_size(delta, text) >
			 packed_size(p->z, text) / 2) {
			deflate_free(delta);
			delta = NULL;
		}
	}
	if (e == ERR_OK && delta != NULL) {
		e = bundle_draft_text(b->draft, text, delta, -1, base_bundle,
			&base, &it->article.text);
	} else if (e == ERR_OK) {
		e = bundle_draft_text(b->draft, text, p->z, p->dict, NULL, NULL,
			&it->article.text);
		if (e == ERR_OK) {
			buf_init(&it->whole, text.n);
			e = buf_span(&it->whole, text);
		}
	}
	deflate_free(delta);
	buf_free(&old);
	return e;
}

/* Where a picture is: in this bundle, in an earlier one, or new. */
static enum err
image_place(struct press_bundle *b, struct press_image *image,
	struct article_image *out, struct diag *d)
{
	struct press_image *more;
	struct db_query *q;
	enum err e;
	size_t i;

	*out = (struct article_image){
		.name = image->name, .object = -1, .type = strdup(image->type)};
	if (out->type == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	for (i = 0; i < b->n_images; i++)
		if (digest_eq(&b->images[i].name, &image->name))
			return ERR_OK;
	e = db_query(b->room->db, d, &q,
		"SELECT bundle FROM image WHERE name=?", "b",
		span_of(image->name.b, sizeof(image->name.b)));
	if (e != ERR_OK)
		return e;
	if (db_row(q))
		out->bundle = strdup(db_text(q, 0));
	e = db_done(b->room->db, q, d);
	if (e != ERR_OK || out->bundle != NULL)
		return e;
	more = realloc(b->images, (b->n_images + 1) * sizeof(*more));
	if (more == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	b->images = more;
	b->images[b->n_images++] = *image; /* moved */
	*image = (struct press_image){.file = NULL};
	b->image_bytes += b->images[b->n_images - 1].length;
	return ERR_OK;
}

/* One entry for each different picture: an article may show it twice. */
static enum err
images_add(struct press_bundle *b, struct press_item *it,
	struct press_image *images, size_t n, struct diag *d)
{
	struct article *a = &it->article;
	enum err e = ERR_OK;
	size_t i, k;

	a->images = n == 0 ? NULL : calloc(n, sizeof(*a->images));
	if (n > 0 && a->images == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	for (i = 0; e == ERR_OK && i < n; i++) {
		for (k = 0; k < a->n_images; k++)
			if (digest_eq(&a->images[k].name, &images[i].name))
				break;
		if (k < a->n_images)
			continue;
		e = image_place(b, &images[i], &a->images[a->n_images++], d);
	}
	return e;
}

enum err
press_bundle_add(struct press_bundle *b, const struct article *a,
	struct span text, struct press_image *images, size_t n_images,
	const struct digest *digest, struct diag *d)
{
	struct press_item *more, *it;
	enum err e;

	more = realloc(b->items, (b->n_items + 1) * sizeof(*more));
	if (more == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	b->items = more;
	it = &b->items[b->n_items];
	*it = (struct press_item){.digest = *digest};
	e = article_copy(&it->article, a);
	it->article.text = -1;
	b->n_items++;
	if (e == ERR_OK && a->status != ARTICLE_RETRACTED)
		e = text_add(b, it, text, d);
	if (e == ERR_OK)
		e = images_add(b, it, images, n_images, d);
	return e;
}

bool
press_bundle_full(const struct press_bundle *b)
{
	return b->n_items >= FULL_ARTICLES ||
	       bundle_draft_size(b->draft) >= FULL_TEXT ||
	       b->image_bytes >= FULL_IMAGES;
}

size_t
press_bundle_articles(const struct press_bundle *b)
{
	return b->n_items;
}

const char *
press_bundle_path(const struct press_bundle *b)
{
	return b->path;
}
