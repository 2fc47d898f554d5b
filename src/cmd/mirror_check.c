#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

#include "../core/text.h"
#include "../core/words.h"
#include "../sys/file.h"
#include "mirror_config.h"
#include "mirror_held.h"

static bool
has(const char *root, const char *name)
{
	char *path = file_join(root, name);
	bool is = path != NULL && file_is_dir(path);

	free(path);
	return is;
}

/* A folder that is to be served. */
static void
warn_folder(const struct context *cx, const char *folder)
{
	char show[300];

	text_show(show, sizeof(show), span_str(folder));
	if (!file_is_dir(folder))
		talk_warn(cx, "%s is not a folder yet: serve will not start",
			show);
	else if (access(folder, R_OK | X_OK) != 0)
		talk_warn(cx, "%s may not be read: serve will not start", show);
}

/* What would not stop a reading of the file, but what serve meets. */
static void
warn(const struct context *cx, const struct mirror_config *c)
{
	unsigned allowed = serve_allowed(c->serve.connections);
	uint64_t left, all, store = 0;
	char root[300], a[TALK_SIZE], b[TALK_SIZE];
	size_t i;

	text_show(root, sizeof(root), span_str(c->root));
	warn_folder(cx, c->root);
	if (c->cover != NULL)
		warn_folder(cx, c->cover);
	if (file_is_dir(c->root) && c->n_publishers == 0 &&
		(!has(c->root, "m") || !has(c->root, "t")))
		talk_warn(cx, "%s has no m/ and t/: nothing is published in it",
			root);
	if (file_is_dir(c->root) && c->n_publishers > 0 &&
		access(c->root, W_OK) != 0)
		talk_warn(cx,
			"%s may not be written: serve will not start, for "
			"it takes pushes",
			root);
	for (i = 0; i < c->n_publishers; i++)
		store += c->admit[i].store;
	if (store > 0 && mirror_held_space(c->root, &left, &all) && store > all)
		talk_warn(cx,
			"the publishers may store %s, but the disk has %s",
			talk_size(a, store), talk_size(b, all));
	if (allowed < c->serve.connections)
		talk_warn(cx,
			"the limit of descriptors here allows %u connections",
			allowed);
}

static json_t *
publishers_json(const struct mirror_config *c)
{
	json_t *all = json_array();
	char hex[65];
	size_t i, k;

	for (i = 0; i < c->n_publishers; i++) {
		const struct admit_publisher *p = &c->admit[i];
		json_t *from = json_array();

		for (k = 0; k < p->n_sources; k++)
			json_array_append_new(from, json_string(p->sources[k]));
		text_hex(hex, p->fingerprint, p->fingerprint_n);
		json_array_append_new(all,
			json_pack("{s:s, s:s, s:s, s:I, s:I, s:o}", "name",
				p->name, "folder", p->folder, "fingerprint",
				hex, "store", (json_int_t)p->store, "files",
				(json_int_t)p->inodes, "pull", from));
	}
	return all;
}

static enum err
print_json(const struct mirror_config *c, struct diag *d)
{
	const struct serve_config *s = &c->serve;
	json_t *j = json_pack(
		"{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:I, s:I, "
		"s:I, s:I, s:I, s:s?, s:s?, s:s?, s:o}",
		"listen", s->listen, "root", s->root, "prefix", s->prefix,
		"connections", (json_int_t)s->connections, "per-address",
		(json_int_t)s->per_address, "head-seconds",
		(json_int_t)s->head_seconds, "idle-seconds",
		(json_int_t)s->idle_seconds, "write-seconds",
		(json_int_t)s->write_seconds, "write-bytes",
		(json_int_t)s->write_bytes, "log",
		c->counts ? "counts" : "none", "pushes", (json_int_t)s->pushes,
		"push-seconds", (json_int_t)s->push_seconds, "drain-seconds",
		(json_int_t)s->drain_seconds, "traffic", (json_int_t)s->month,
		"rate", (json_int_t)s->rate * 8, "cover", c->cover, "metrics",
		c->metrics, "state", c->state, "publishers",
		publishers_json(c));
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
print_publishers(const struct mirror_config *c)
{
	char size[TALK_SIZE];
	struct buf words;
	size_t i, k;

	buf_init(&words, 256);
	for (i = 0; i < c->n_publishers; i++) {
		const struct admit_publisher *p = &c->admit[i];

		buf_clear(&words);
		if (words_add(&words, p->fingerprint) == ERR_OK)
			printf("takes        %s: %s\n", p->name,
				buf_cstr(&words));
		printf("             below %s%s%s\n", c->prefix, p->folder,
			p->folder[0] == '\0' ? "" : "/");
		if (p->store > 0)
			printf("             at most %s; the oldest bundles "
			       "make "
			       "room\n",
				talk_size(size, p->store));
		if (p->inodes > 0)
			printf("             at most %llu files\n",
				(unsigned long long)p->inodes);
		for (k = 0; k < p->n_sources; k++)
			printf("             pull asks %s\n", p->sources[k]);
		for (k = 0; k < p->n_pinned; k++)
			printf("             always keeps %s\n", p->pinned[k]);
	}
	if (c->n_publishers == 0)
		printf("takes        no pushes: no publisher is named\n");
	buf_free(&words);
}

static void
print_limits(const struct mirror_config *c)
{
	const struct serve_config *s = &c->serve;
	char size[TALK_SIZE];

	printf("connections  %u at most\n", s->connections);
	if (s->per_address > 0)
		printf("per address  %u at most\n", s->per_address);
	else
		printf("per address  no limit\n");
	printf("request      complete within %u s\n", s->head_seconds);
	printf("idle         closed after %u s\n", s->idle_seconds);
	printf("answer       at least %u bytes in %u s, or dropped\n",
		s->write_bytes, s->write_seconds);
	if (c->n_publishers > 0)
		printf("pushes       %u at once, each within %u s\n", s->pushes,
			s->push_seconds);
	if (s->rate > 0)
		printf("rate         %llu kbit/s for bundles\n",
			(unsigned long long)s->rate * 8 / 1000);
	if (s->month > 0)
		printf("traffic      %s a month; then bundles are answered "
		       "503\n",
			talk_size(size, s->month));
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
	if (c->cover != NULL)
		printf("cover        %s, at all other paths\n",
			text_show(show, sizeof(show), span_str(c->cover)));
	if (c->metrics != NULL)
		printf("metrics      %s\n",
			text_show(show, sizeof(show), span_str(c->metrics)));
	if (c->state != NULL)
		printf("state        %s\n",
			text_show(show, sizeof(show), span_str(c->state)));
	print_publishers(c);
	print_limits(c);
	if (c->operator!= NULL || c->has_key)
		printf("operator     %s%s\n",
			c->operator== NULL ? "unnamed" : c->operator,
			c->has_key ? "; signs what is blocked" : "");
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
