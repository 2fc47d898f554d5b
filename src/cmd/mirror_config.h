/* A mirror's configuration (erika-mirror.conf(5)) with the command line laid
 * over it: what serve, pull, check, status, block and init share. */
#ifndef ERIKA_MIRROR_CONFIG_H
#define ERIKA_MIRROR_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "../core/bytes.h"
#include "../core/limits.h"
#include "../core/minisign.h"
#include "../sys/admit.h"
#include "../sys/serve.h"
#include "command.h"

#define MIRROR_FILE "erika-mirror.conf"

/* Options; NULL when not given. */
struct mirror_options {
	const char *file, *root, *listen, *prefix;
};

/* An outlet that this mirror carries, and what it is called here. */
struct mirror_publisher {
	char *name; /* of [publisher "NAME"], or "publisher" */
	bool only;  /* of [mirror]: its folder is root itself */
	uint8_t fingerprint[32];
	size_t fingerprint_n; /* 0: not given yet */
	uint64_t store, files;
	bool store_given, files_given;
	char **sources, **pinned;
	size_t n_sources, n_pinned;
};

/* From one address, when readers reach us directly: families and offices
 * share one, and a reader opens up to six. */
#define MIRROR_PER_ADDRESS 64

struct mirror_config {
	char *listen, *root, *prefix; /* owned; serve borrows them */
	char *cover, *metrics;	      /* or NULL */
	char *state;		      /* folder of what is kept beside copies,
				       * or NULL without a file */
	char *operator;		      /* name or contact, or NULL */
	struct minisign_key key;      /* the operator's, */
	bool has_key;		      /* if there is one */
	bool counts;		      /* log = counts */
	bool per_address_given, from_file;
	uint64_t store, files; /* of a publisher that names none */
	struct mirror_publisher *publishers;
	size_t n_publishers;
	struct serve_config serve;     /* without put, block and page */
	struct admit_publisher *admit; /* n_publishers, borrows the above */
};

/* The options of serve and check, filling `o`. */
#define MIRROR_OPTS 5
void mirror_config_opts(
	struct mirror_options *o, struct opt out[static MIRROR_OPTS]);

/* Read the file (none when only --root is given), then the options. Relative
 * folders stand beside the file. ERR_CONFIG, ERR_MISSING, ERR_IO, ERR_USAGE,
 * ERR_NOMEM; nothing to free then. */
enum err mirror_config_load(const struct mirror_options *o,
	struct mirror_config *out, struct diag *d) ERR_MUST_USE;

/* The same from bytes; `file` says where a relative folder stands. */
enum err mirror_config_parse(struct span s, const char *file,
	struct mirror_config *out, struct diag *d) ERR_MUST_USE;
void mirror_config_free(struct mirror_config *c);

/* One key of a file, for ini_parse; and the same values from elsewhere. `arg`
 * is the struct mirror_config. ERR_CONFIG, ERR_NOMEM. */
enum err mirror_key_set(void *arg, const char *section, const char *label,
	const char *key, const char *value, struct diag *d) ERR_MUST_USE;
void mirror_key_standard(struct mirror_config *c);

/* Add an outlet without a fingerprint. ERR_NOMEM, ERR_CONFIG for too many. */
enum err mirror_publisher_add(struct mirror_config *c, const char *name,
	bool only, struct diag *d) ERR_MUST_USE;

/* Sizes as people write them: "20G" and "500 M" count thousands. */
enum err mirror_size_parse(const char *s, uint64_t *out) ERR_MUST_USE;

/* "the only one" has no name of its own. */
#define MIRROR_ONLY "publisher"

/* Publishers of one node: their stages and quotas are walked. */
#define MIRROR_PUBLISHERS 64

/* What admit_new wants; borrows from `c`. Blocks are the caller's to add. */
void mirror_config_admit(
	const struct mirror_config *c, struct admit_config *out);

enum err mirror_serve(
	struct context *cx, int argc, char **argv, struct diag *d);
enum err mirror_check(
	struct context *cx, int argc, char **argv, struct diag *d);
enum err mirror_init(struct context *cx, int argc, char **argv, struct diag *d);
enum err mirror_pull(struct context *cx, int argc, char **argv, struct diag *d);
enum err mirror_status(
	struct context *cx, int argc, char **argv, struct diag *d);
enum err mirror_block(
	struct context *cx, int argc, char **argv, struct diag *d);

#endif
