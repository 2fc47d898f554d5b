#include "mirror_config.h"

#include <stdlib.h>
#include <string.h>

#include "../core/ini.h"
#include "../core/text.h"
#include "../sys/clock.h"
#include "../sys/file.h"

void
mirror_config_opts(struct mirror_options *o, struct opt out[static MIRROR_OPTS])
{
	const struct opt opts[MIRROR_OPTS] = {
		{"config", 'c', OPT_STRING, &o->file, "FILE",
			"configuration (" MIRROR_FILE ")"},
		{"root", 0, OPT_STRING, &o->root, "DIR",
			"folder to serve; needs no FILE"},
		{"listen", 0, OPT_STRING, &o->listen, "ADDR",
			"such as 127.0.0.1:8080"},
		{"prefix", 0, OPT_STRING, &o->prefix, "PATH",
			"URL path of the folder (/)"},
		{NULL, 0, OPT_FLAG, NULL, NULL, NULL},
	};

	memcpy(out, opts, sizeof(opts));
}

static enum err
set_standard(struct mirror_config *c, struct diag *d)
{
	memset(c, 0, sizeof(*c));
	c->counts = true;
	mirror_key_standard(c);
	c->listen = strdup("127.0.0.1:8080");
	c->prefix = strdup("/");
	if (c->listen == NULL || c->prefix == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	return ERR_OK;
}

/* A relative folder stands beside the file that names it, wherever the program
 * was started. */
static enum err
beside(char **folder, const char *file, struct diag *d)
{
	const char *slash = strrchr(file, '/');
	char *dir, *path;

	if (*folder == NULL || (*folder)[0] == '/' || slash == NULL)
		return ERR_OK;
	dir = strndup(file, (size_t)(slash - file) + 1);
	path = dir == NULL ? NULL : file_join(dir, *folder);
	free(dir);
	if (path == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	free(*folder);
	*folder = path;
	return ERR_OK;
}

/* Publishers as admit.h wants them. */
static enum err
settle_publishers(struct mirror_config *c, struct diag *d)
{
	size_t i;

	if (c->n_publishers == 0)
		return ERR_OK;
	c->admit = calloc(c->n_publishers, sizeof(*c->admit));
	if (c->admit == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	for (i = 0; i < c->n_publishers; i++) {
		const struct mirror_publisher *p = &c->publishers[i];
		struct admit_publisher *a = &c->admit[i];

		if (p->fingerprint_n == 0 && p->only)
			return diag_set(d, ERR_CONFIG,
				"no \"publisher\": whose news is it?");
		if (p->fingerprint_n == 0)
			return diag_set(d, ERR_CONFIG,
				"[publisher \"%s\"]: no \"fingerprint\": whose "
				"news is it?",
				p->name);
		if (p->only && c->n_publishers > 1)
			return diag_set(d, ERR_CONFIG,
				"\"publisher\" is for one alone: give each a "
				"section [publisher \"NAME\"]");
		a->name = p->name;
		a->folder = p->only ? "" : p->name;
		memcpy(a->fingerprint, p->fingerprint, sizeof(a->fingerprint));
		a->fingerprint_n = p->fingerprint_n;
		a->store = p->store_given ? p->store : c->store;
		a->inodes = p->files_given ? p->files : c->files;
		a->pinned = (const char *const *)p->pinned;
		a->n_pinned = p->n_pinned;
		a->sources = (const char *const *)p->sources;
		a->n_sources = p->n_sources;
	}
	return ERR_OK;
}

/* What follows from the keys. */
static enum err
settle(struct mirror_config *c, struct diag *d)
{
	if (!c->per_address_given)
		c->serve.per_address =
			serve_listen_local(c->listen) ? 0 : MIRROR_PER_ADDRESS;
	/* Somebody's folder that is served for a while gets nothing written
	 * into it. */
	if (c->state == NULL && c->root != NULL && c->from_file) {
		c->state = file_join(c->root, ".node");
		if (c->state == NULL)
			return diag_set(d, ERR_NOMEM, "out of memory");
	}
	c->serve.listen = c->listen;
	c->serve.root = c->root;
	c->serve.prefix = c->prefix;
	c->serve.cover = c->cover;
	c->serve.metrics = c->metrics;
	/* What has to outlive us is looked at then. */
	c->serve.report_seconds = 10;
	return settle_publishers(c, d);
}

static enum err
parse(struct span s, const char *file, struct mirror_config *c, struct diag *d)
{
	enum err e = ini_parse(s, file, mirror_key_set, c, d);

	c->from_file = true;
	if (e == ERR_OK)
		e = beside(&c->root, file, d);
	if (e == ERR_OK)
		e = beside(&c->cover, file, d);
	if (e == ERR_OK)
		e = beside(&c->state, file, d);
	return e;
}

enum err
mirror_config_parse(struct span s, const char *file, struct mirror_config *out,
	struct diag *d)
{
	enum err e = set_standard(out, d);

	if (e == ERR_OK)
		e = parse(s, file, out, d);
	if (e == ERR_OK) {
		e = settle(out, d);
		if (e != ERR_OK)
			diag_prefix(d, e, "%s", file);
	}
	if (e != ERR_OK)
		mirror_config_free(out);
	return e;
}

static enum err
read_file(const char *file, struct mirror_config *c, struct diag *d)
{
	struct buf b;
	enum err e;

	buf_init(&b, LIMIT_CONFIG);
	e = file_read(file, LIMIT_CONFIG, &b, d);
	if (e == ERR_MISSING)
		diag_set(d, e,
			"%s is not here: name it with -c, write one with "
			"erika-mirror init, or serve a folder with --root",
			file);
	if (e == ERR_OK)
		e = parse(buf_view(&b), file, c, d);
	buf_free(&b);
	return e;
}

/* A bad option is bad usage, whatever it would be in a file. */
static enum err
take_options(
	const struct mirror_options *o, struct mirror_config *c, struct diag *d)
{
	enum err e = ERR_OK;

	if (o->listen != NULL)
		e = mirror_key_set(c, "mirror", "", "listen", o->listen, d);
	if (e == ERR_OK && o->root != NULL)
		e = mirror_key_set(c, "mirror", "", "root", o->root, d);
	if (e == ERR_OK && o->prefix != NULL)
		e = mirror_key_set(c, "mirror", "", "prefix", o->prefix, d);
	if (e == ERR_CONFIG)
		d->code = e = ERR_USAGE;
	return e;
}

enum err
mirror_config_load(const struct mirror_options *o, struct mirror_config *out,
	struct diag *d)
{
	const char *file = o->file;
	char show[160];
	enum err e = set_standard(out, d);

	if (file == NULL && o->root == NULL)
		file = MIRROR_FILE;
	if (e == ERR_OK && file != NULL)
		e = read_file(file, out, d);
	if (e == ERR_OK)
		e = take_options(o, out, d);
	if (e == ERR_OK && out->root == NULL)
		e = diag_set(d, ERR_CONFIG, "%s: no \"root\": which folder?",
			text_show(show, sizeof(show), span_str(file)));
	if (e == ERR_OK) {
		e = settle(out, d);
		if (e != ERR_OK && file != NULL)
			diag_prefix(d, e, "%s",
				text_show(show, sizeof(show), span_str(file)));
	}
	if (e != ERR_OK)
		mirror_config_free(out);
	return e;
}

void
mirror_config_admit(const struct mirror_config *c, struct admit_config *out)
{
	memset(out, 0, sizeof(*out));
	out->root = c->root;
	out->publishers = c->admit;
	out->n_publishers = c->n_publishers;
	out->now = clock_now;
}

void
mirror_config_free(struct mirror_config *c)
{
	size_t i;

	if (c == NULL)
		return;
	free(c->listen);
	free(c->root);
	free(c->prefix);
	free(c->cover);
	free(c->metrics);
	free(c->state);
	free(c->operator);
	for (i = 0; i < c->n_publishers; i++) {
		struct mirror_publisher *p = &c->publishers[i];

		free(p->name);
		strings_free(p->sources, p->n_sources);
		strings_free(p->pinned, p->n_pinned);
	}
	free(c->publishers);
	free(c->admit);
	memset(c, 0, sizeof(*c));
}
