/* Inside of a bundle, shared by src/core/bundle*.c alone. */
#ifndef ERIKA_BUNDLE_PRIVATE_H
#define ERIKA_BUNDLE_PRIVATE_H

#include "bundle.h"
#include "json.h"

#define BUNDLE_TYPE "erika-bundle-1"
#define BUNDLE_DICT_MAGIC "erika-dict-1\n"

struct bundle {
	char *outlet, *desk, *path;
	uint64_t sequence;
	int64_t created;
	size_t head;
	uint64_t text_end, content;
	struct article *articles;
	size_t n_articles;
	struct bundle_object *objects;
	size_t n_objects;
	const struct bundle_object **by_name; /* sorted; the same objects */
	struct digest *parts;		      /* of all objects, in order */
	char **bases;			      /* owns objects[i].base_bundle */
	struct bundle_dict *dicts;
	char **dict_paths; /* owns dicts[i].path */
	size_t n_dicts;
};

/* Read the unpacked index into a zeroed bundle whose `head` is set. The form
 * of every member is checked here, and that the bytes are canonical JSON;
 * what members say together is for bundle_rules. On failure the caller frees
 * what there is so far. */
enum err bundle_index_read(
	struct span index, struct bundle *b, struct diag *d) ERR_MUST_USE;

/* The articles of it, after its objects. */
enum err bundle_articles_read(
	const json_t *top, struct bundle *b, struct diag *d) ERR_MUST_USE;

/* Members of the index: an owned string; a number up to `max` (over it
 * ERR_LIMIT); an index below `n` (else ERR_REFUSED). */
enum err bundle_get_string(const json_t *o, const char *name, char **out,
	struct diag *d) ERR_MUST_USE;
enum err bundle_get_u32(const json_t *o, const char *name, uint32_t max,
	uint32_t *out, struct diag *d) ERR_MUST_USE;
enum err bundle_get_index(const json_t *o, const char *name, size_t n,
	int32_t *out, struct diag *d) ERR_MUST_USE;

/* Zeroed room for n things, and one more so that none is not taken for
 * failure. NULL: out of memory. */
void *bundle_room(size_t n, size_t size, struct diag *d);

/* Check what the members say together, fill offsets, lengths, names of images
 * and by_name. */
enum err bundle_rules(struct bundle *b, struct diag *d) ERR_MUST_USE;

#endif
