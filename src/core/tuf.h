/* TUF metadata as checked structures (The Update Framework 1.0.34, section 4):
 * parsing and signature thresholds. What may follow what is trust.c's. */
#ifndef ERIKA_TUF_H
#define ERIKA_TUF_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "bytes.h"
#include "crypto.h"
#include "err.h"

enum tuf_type { TUF_ROOT, TUF_TIMESTAMP, TUF_SNAPSHOT, TUF_TARGETS };
#define TUF_TYPES 4

/* "root", "timestamp", "snapshot", "targets". */
const char *tuf_type_str(enum tuf_type type);

/* Whether a role name is one of these four in any case of letters, and so no
 * delegation's. */
bool tuf_top_level(const char *role);

/* One metadata file, parsed and complete in form; not yet trusted. Owns all
 * it points to. */
struct tuf_doc {
	enum tuf_type type;
	json_t *top;	      /* the whole document */
	const json_t *body;   /* "signed", borrowed from top */
	struct buf canonical; /* "signed" as the signatures cover it */
	uint64_t version;
	int64_t expires;
	bool consistent; /* root: consistent_snapshot */
	int64_t made;	 /* timestamp: "x-erika-made", or 0 */
};

/* Parse a file of at most `max` bytes as metadata of this type. Checks what
 * section 4 demands of the form: _type, spec_version 1.x, version >= 1,
 * expires, the members of the type, key ids unique in every role and among
 * signatures, no delegation named like a top-level role. ERR_LIMIT,
 * ERR_SYNTAX, ERR_UNSUPPORTED, ERR_NOMEM; *out NULL then. */
enum err tuf_parse(struct span s, size_t max, enum tuf_type type,
	struct tuf_doc **out, struct diag *d) ERR_MUST_USE;
void tuf_free(struct tuf_doc *doc);

/* A kind of key (4.2, KEYTYPE and SCHEME). Ed25519 is built in and the only
 * one that a shipped program knows; a test client may be given others, as a
 * table that ends with a NULL keytype. `public` is the key object's
 * keyval.public, a string from the network. */
struct tuf_scheme {
	const char *keytype, *scheme;
	/* What the key is, in whatever form it is written: equal for two texts
	 * exactly when one private key signs for both. false: unusable. */
	bool (*identity)(const char *public, uint8_t out[static 32]);
	bool (*verify)(const char *public, struct span sig, struct span m);
};

/* Who may sign: key ids and threshold, with the keys they are looked up in.
 * Borrowed from the document that grants it. */
struct tuf_rule {
	const json_t *keys;   /* object: key id -> key */
	const json_t *keyids; /* array of key ids */
	uint64_t threshold;
	const struct tuf_scheme *schemes; /* beside Ed25519; NULL: none */
};

/* The rule a root grants to a top-level role. */
struct tuf_rule tuf_root_rule(const struct tuf_doc *root, enum tuf_type type);

/* The public half of an Ed25519 key object. false for other kinds. */
bool tuf_key_ed25519(const json_t *key, uint8_t out[static CRYPTO_PUBLIC]);

/* Whether `doc` is signed by the rule's threshold of distinct keys (4.2.1,
 * 5.3.4): two ids or two encodings of one key count once, unusable signatures
 * count nothing. Key ids are names, not hashes to be checked (TAP 12; foreign
 * outlets make them in several ways): what counts is the key they name in the
 * document that grants the role.
 * ERR_KEY when none of its signatures is by a key of the rule,
 * ERR_SIGNATURE when too few verify. */
enum err tuf_check(const struct tuf_doc *doc, const struct tuf_rule *rule,
	struct diag *d) ERR_MUST_USE;

/* Whether one key of a rule, by its id, has signed `doc` rightly. */
bool tuf_signed(const struct tuf_doc *doc, const struct tuf_rule *rule,
	const char *keyid);

/* Whether two rules have the same keys and threshold. */
bool tuf_rule_same(const struct tuf_rule *a, const struct tuf_rule *b);

/* What a METAFILES or TARGETS object says of a file (4.4, 4.5). */
struct tuf_file {
	uint64_t version; /* 0 when it has none: a target */
	bool has_length;
	uint64_t length;
	const json_t *hashes; /* object, or NULL */
};

/* The entry of timestamp or snapshot for "ROLE.json". false: none. */
bool tuf_meta(
	const struct tuf_doc *doc, const char *role, struct tuf_file *out);

/* Read a target's entry. It was checked at parsing. */
void tuf_target_file(const json_t *entry, struct tuf_file *out);

/* Whether bytes have the length and every hash the entry lists. An unknown
 * hash name is ERR_UNSUPPORTED; ERR_TRUNCATED, ERR_TRAILING, ERR_HASH. */
enum err tuf_file_check(const struct tuf_file *f, struct span bytes,
	struct diag *d) ERR_MUST_USE;

/* Delegations of a targets role, in order; NULL past the last. */
const json_t *tuf_delegation(const struct tuf_doc *targets, size_t i);
const char *tuf_delegation_name(const json_t *delegation);
bool tuf_delegation_terminating(const json_t *delegation);

/* Whether a delegation covers a path, by `paths` patterns or by
 * `path_hash_prefixes` (4.5). */
bool tuf_delegation_covers(const json_t *delegation, const char *path);

/* The rule by which `targets` grants a delegated role; false when it does not
 * delegate to that name. */
bool tuf_delegation_rule(
	const struct tuf_doc *targets, const char *role, struct tuf_rule *out);

/* Shell pattern on '/'-separated segments: '*', '?' and [sets] within a
 * segment, never across '/'. */
bool tuf_path_match(const char *pattern, const char *path);

#endif
