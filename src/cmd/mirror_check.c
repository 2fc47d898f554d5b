#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

#include "../core/text.h"
#include "../sys/file.h"
#include "mirror_config.h"

static bool
has(const char *root, const char *name)
{
	char *path = file_join(root, name);
	bool is = path != NULL && file_is_dir(path);

	free(path);
	return is;
}

/* What would not stop a reading of the file, but what serve meets. */
static void
warn(const struct context *cx, const struct mirror_config *c)
{
	unsigned allowed = serve_allowed(c->serve.connections);
	char root[300];

	text_show(root, sizeof(root), span_str(c->root));
	if (!file_is_dir(c->root))
		talk_warn(cx, "%s is not a folder yet: serve will not start",
			root);
	else if (access(c->root, R_OK | X_OK) != 0)
		talk_warn(cx, "%s may not be read: serve will not start", root);
	else if (!has(c->root, "m") || !has(c->root, "t"))
		talk_warn(cx, "%s has no m/ and t/: nothing is published in it",
			root);
	if (allowed < c->serve.connections)
		talk_warn(cx,
			"the limit of descriptors here allows %u connections",
			allowed);
}

static enum err
print_json(const struct mirror_config *c, struct diag *d)
{
	const struct serve_config *s = &c->serve;
	json_t *j =
		json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:s}",
			"listen", s->listen, "root", s->root, "prefix",
			s->prefix, "connections", (json_int_t)s->connections,
			"per-address", (json_int_t)s->per_address,
			"head-seconds", (json_int_t)s->head_seconds,
			"idle-seconds", (json_int_t)s->idle_seconds,
			"write-seconds", (json_int_t)s->write_seconds,
			"write-bytes", (json_int_t)s->write_bytes, "log",
			c->counts ? "counts" : "none");
	int k;

	if (j == NULL)
		return diag_set(d, ERR_NOMEM,
			"cannot put this into JSON: is a path not UTF-8?");
	k = json_dumpf(j, stdout, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(j);
	putchar('\n');
	return k == 0 ? ERR_OK : diag_set(d, ERR_IO, "standard output");
}

static void
print_text(const struct mirror_config *c)
{
	const struct serve_config *s = &c->serve;
	char show[300];

	printf("listen       %s\n",
		text_show(show, sizeof(show), span_str(s->listen)));
	printf("root         %s\n",
		text_show(show, sizeof(show), span_str(s->root)));
	printf("prefix       %s\n", s->prefix);
	printf("connections  %u at most\n", s->connections);
	if (s->per_address > 0)
		printf("per address  %u at most\n", s->per_address);
	else
		printf("per address  no limit\n");
	printf("request      complete within %u s\n", s->head_seconds);
	printf("idle         closed after %u s\n", s->idle_seconds);
	printf("answer       at least %u bytes in %u s, or dropped\n",
		s->write_bytes, s->write_seconds);
	printf("log          %s\n",
		c->counts ? "counts, hourly; never an address" : "nothing");
}

enum err
mirror_check(struct context *cx, int argc, char **argv, struct diag *d)
{
	struct mirror_options o = {NULL, NULL, NULL, NULL};
	struct opt opts[MIRROR_OPTS];
	struct mirror_config c;
	int first;
	enum err e;

	mirror_config_opts(&o, opts);
	e = command_opts(cx, opts, argc, argv, 0, 0, &first, d);
	if (e == ERR_OK)
		e = mirror_config_load(&o, &c, d);
	if (e != ERR_OK)
		return e;
	warn(cx, &c);
	if (cx->json)
		e = print_json(&c, d);
	else
		print_text(&c);
	mirror_config_free(&c);
	return e;
}
