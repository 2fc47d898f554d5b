#include <stdlib.h>
#include <string.h>

#include "../core/limits.h"
#include "../core/text.h"
#include "../sys/file.h"
#include "mirror_config.h"

/* mirrors/example.conf is this with the standard answers; a test compares. */
static const char template[] =
	"# A mirror node of erika: erika-mirror serve -c FILE\n"
	"# erika-mirror.conf(5) describes every key; erika-mirror check reads\n"
	"# this file and says what serve would do. A line that begins with # "
	"is\n"
	"# a comment; the commented keys below show their standard values.\n"
	"\n"
	"[mirror]\n"
	"# Where to listen: 127.0.0.1:8080 or unix:/path behind Caddy, nginx "
	"or\n"
	"# an onion service; 0.0.0.0:80 or [::]:80 for readers themselves.\n"
	"listen = %s\n"
	"\n"
	"# The published folder, with m/ and t/ in it. A relative path stands\n"
	"# beside this file.\n"
	"root = %s\n"
	"\n"
	"# The path in URLs under which the folder appears.\n"
	"prefix = %s\n"
	"\n"
	"# Connections at most; at this number the oldest idle one is closed.\n"
	"#connections = 4096\n"
	"\n"
	"# Connections at most from one address (IPv6: from one /64); 0 is no\n"
	"# limit. Standard is 64, and 0 where only this machine can connect,\n"
	"# since a proxy in front is one address.\n"
	"#per-address = 64\n"
	"\n"
	"# Seconds for a request to arrive in full, and between two requests.\n"
	"#head-seconds = 10\n"
	"#idle-seconds = 30\n"
	"\n"
	"# A client that takes fewer than write-bytes of its answer in\n"
	"# write-seconds is dropped.\n"
	"#write-seconds = 30\n"
	"#write-bytes = 16384\n"
	"\n"
	"# What to write to standard error: hourly counts, or none. Addresses "
	"of\n"
	"# readers are never written.\n"
	"log = counts\n";

/* Written as given and read back: a path that an INI file cannot hold, such
 * as one with \" #\" in it, must not come out as another. */
static enum err
verify(struct span s, const char *file, const struct mirror_options *o,
	struct diag *d)
{
	struct mirror_config c;
	enum err e = mirror_config_parse(s, file, &c, d);
	size_t n, k;

	if (e != ERR_OK)
		return e == ERR_CONFIG ? (d->code = ERR_USAGE) : e;
	n = strlen(c.root);
	k = strlen(o->root);
	if (n < k || strcmp(c.root + n - k, o->root) != 0)
		e = diag_set(d, ERR_USAGE,
			"--root: a configuration cannot hold this path");
	mirror_config_free(&c);
	return e;
}

static enum err
write_files(const char *folder, const char *file,
	const struct mirror_options *o, struct diag *d)
{
	struct buf b;
	char *root = NULL;
	enum err e;

	buf_init(&b, LIMIT_CONFIG);
	e = buf_printf(&b, template, o->listen, o->root, o->prefix);
	if (e != ERR_OK)
		diag_set(d, e, "the configuration is too long");
	if (e == ERR_OK)
		e = verify(buf_view(&b), file, o, d);
	if (e == ERR_OK) {
		root = o->root[0] == '/' ? strdup(o->root)
					 : file_join(folder, o->root);
		if (root == NULL)
			e = diag_set(d, ERR_NOMEM, "out of memory");
	}
	if (e == ERR_OK)
		e = file_mkdirs(folder, 0755, d);
	if (e == ERR_OK)
		e = file_mkdirs(root, 0755, d);
	if (e == ERR_OK)
		e = file_write(file, buf_view(&b), 0644, d);
	free(root);
	buf_free(&b);
	return e;
}

enum err
mirror_init(struct context *cx, int argc, char **argv, struct diag *d)
{
	struct mirror_options o = {NULL, "tree", "127.0.0.1:8080", "/"};
	const struct opt opts[] = {
		{"root", 0, OPT_STRING, &o.root, "DIR",
			"folder to serve, seen from FOLDER (tree)"},
		{"listen", 0, OPT_STRING, &o.listen, "ADDR",
			"where to listen (127.0.0.1:8080)"},
		{"prefix", 0, OPT_STRING, &o.prefix, "PATH",
			"URL path of the folder (/)"},
		{NULL, 0, OPT_FLAG, NULL, NULL, NULL}};
	const char *folder = ".";
	char *file, show[300];
	int first;
	enum err e = command_opts(cx, opts, argc, argv, 0, 1, &first, d);

	if (e != ERR_OK)
		return e;
	if (first < argc)
		folder = argv[first];
	file = file_join(folder, MIRROR_FILE);
	if (file == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	text_show(show, sizeof(show), span_str(file));
	if (file_exists(file))
		e = diag_set(d, ERR_EXISTS,
			"%s; edit it, or choose another folder", show);
	else
		e = write_files(folder, file, &o, d);
	if (e == ERR_OK)
		talk(cx,
			"wrote %s; publish into its root, then: "
			"erika-mirror serve -c %s",
			show, show);
	free(file);
	return e;
}
