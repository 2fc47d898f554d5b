/* One run of erika-press pack, shared by press_pack.c (walking, batches) and
 * press_article.c (one article). */
#ifndef ERIKA_PRESS_PACK_H
#define ERIKA_PRESS_PACK_H

#include "../core/article.h"
#include "press_bundle.h"
#include "press_import.h"

#define PACKING_BATCH 64

/* An article that is ready for a bundle. Owns what it points to. */
struct packing_held {
	struct article article;
	struct buf text;
	struct digest digest;
	struct press_image *images;
	size_t n_images;
	char **missing; /* what to say of each picture left out */
	size_t n_missing;
	unsigned gps; /* pictures that told where they were taken */
};
void packing_held_clear(struct packing_held *h);

struct packing {
	struct context *cx;
	struct room *room;
	struct importer *importer;
	struct press_bundle *bundle;
	const char *root;   /* the PATH being packed */
	const char *images; /* another folder to look for pictures in */
	const char *correction, *language;
	bool dry_run;
	int64_t now;
	struct packing_held held[PACKING_BATCH];
	size_t n_held;
	unsigned fresh, changed, unchanged, left, refused;
	unsigned pictures, gps, bundles;
};

/* Say that something was left out and why. */
void packing_left(struct packing *p, const char *what, const char *why);

/* Queue an article; takes over what `h` owns. */
enum err packing_hold(
	struct packing *p, struct packing_held *h, struct diag *d) ERR_MUST_USE;

/* Decide about one imported article: new, changed, unchanged, left out. */
enum err packing_article(struct packing *p, const char *path,
	const struct ingest_article *a, struct diag *d) ERR_MUST_USE;

#endif
