/* A mirror's configuration (erika-mirror.conf(5)) with the command line laid
 * over it: what serve, check and init share. */
#ifndef ERIKA_MIRROR_CONFIG_H
#define ERIKA_MIRROR_CONFIG_H

#include <stdbool.h>

#include "../core/bytes.h"
#include "../sys/serve.h"
#include "command.h"

#define MIRROR_FILE "erika-mirror.conf"

/* Options; NULL when not given. */
struct mirror_options {
	const char *file, *root, *listen, *prefix;
};

struct mirror_config {
	char *listen, *root, *prefix; /* owned; serve borrows them */
	bool counts;		      /* log = counts */
	bool per_address_given;
	struct serve_config serve;
};

/* The options of serve and check, filling `o`. */
#define MIRROR_OPTS 5
void mirror_config_opts(
	struct mirror_options *o, struct opt out[static MIRROR_OPTS]);

/* Read the file (none when only --root is given), then the options. A
 * relative root stands beside the file. ERR_CONFIG, ERR_MISSING, ERR_IO,
 * ERR_USAGE, ERR_NOMEM; nothing to free then. */
enum err mirror_config_load(const struct mirror_options *o,
	struct mirror_config *out, struct diag *d) ERR_MUST_USE;

/* The same from bytes; `file` says where a relative root stands. */
enum err mirror_config_parse(struct span s, const char *file,
	struct mirror_config *out, struct diag *d) ERR_MUST_USE;
void mirror_config_free(struct mirror_config *c);

enum err mirror_serve(
	struct context *cx, int argc, char **argv, struct diag *d);
enum err mirror_check(
	struct context *cx, int argc, char **argv, struct diag *d);
enum err mirror_init(struct context *cx, int argc, char **argv, struct diag *d);

#endif
