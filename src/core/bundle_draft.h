/* Inside of a bundle draft, shared by bundle_draft.c, which collects, and
 * bundle_write.c, which writes. */
#ifndef ERIKA_BUNDLE_DRAFT_H
#define ERIKA_BUNDLE_DRAFT_H

#include "bundle.h"
#include "limits.h"

struct draft_object {
	enum bundle_codec codec;
	uint32_t packed, unpacked;
	int32_t dict;
	char *base_bundle;
	struct digest base, name;
	struct digest *parts;
	size_t n_parts;
};

struct draft_dict {
	char *path;
	uint8_t sha256[32];
	int32_t index; /* as written; unused ones are left out */
};

struct bundle_draft {
	char *outlet, *desk, *path;
	uint64_t sequence;
	int64_t created;
	struct buf texts; /* packed, end to end */
	struct draft_object *objects;
	size_t n_objects;
	struct draft_dict dicts[LIMIT_DICTS];
	size_t n_dicts;
	struct article *articles;
	size_t n_articles;
};

#endif
