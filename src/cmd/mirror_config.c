#include "mirror_config.h"

#include <stdlib.h>
#include <string.h>

#include "../core/ini.h"
#include "../core/limits.h"
#include "../core/text.h"
#include "../sys/file.h"

/* A key with a number: where it goes, and its bounds. */
struct number_key {
	const char *key;
	size_t at;
	unsigned least, most, standard;
};

#define AT(field) offsetof(struct serve_config, field)

/* A day bounds all times: more is a slip of the pen. */
static const struct number_key numbers[] = {
	{"connections", AT(connections), 1, LIMIT_SERVE_CONNECTIONS, 4096},
	{"per-address", AT(per_address), 0, LIMIT_SERVE_CONNECTIONS, 0},
	{"head-seconds", AT(head_seconds), 1, 86400, 10},
	{"idle-seconds", AT(idle_seconds), 1, 86400, 30},
	{"write-seconds", AT(write_seconds), 1, 86400, 30},
	{"write-bytes", AT(write_bytes), 1, 1u << 30, 16384},
};

#define NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

/* From one address, when readers reach us directly: families and offices
 * share one, and a reader opens up to six. */
#define PER_ADDRESS 64

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

static unsigned *
number_at(struct mirror_config *c, const struct number_key *k)
{
	return (unsigned *)(void *)((char *)&c->serve + k->at);
}

static enum err
set_string(char **out, const char *value, struct diag *d)
{
	char *s = strdup(value);

	if (s == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	free(*out);
	*out = s;
	return ERR_OK;
}

static enum err
set_listen(struct mirror_config *c, const char *value, struct diag *d)
{
	enum err e = serve_listen_check(value, d);

	return e == ERR_OK ? set_string(&c->listen, value, d) : e;
}

static enum err
set_root(struct mirror_config *c, const char *value, struct diag *d)
{
	if (value[0] == '\0')
		return diag_set(d, ERR_CONFIG, "root: name a folder");
	return set_string(&c->root, value, d);
}

/* "/", or "/" name "/" in as many steps as wished. */
static enum err
set_prefix(struct mirror_config *c, const char *value, struct diag *d)
{
	size_t n = strlen(value);

	if (n > LIMIT_HTTP_PREFIX)
		return diag_set(d, ERR_CONFIG, "prefix: over %d bytes",
			LIMIT_HTTP_PREFIX);
	if (strcmp(value, "/") != 0 &&
		(n < 3 || value[0] != '/' || value[n - 1] != '/' ||
			!text_path_ok(span_of(value + 1, n - 2))))
		return diag_set(d, ERR_CONFIG,
			"prefix: a path such as /news/, made of letters, "
			"digits, \".\", \"_\" and \"-\", with a / at both "
			"ends");
	return set_string(&c->prefix, value, d);
}

static enum err
set_number(struct mirror_config *c, const struct number_key *k,
	const char *value, struct diag *d)
{
	uint64_t v;

	if (text_decimal(span_str(value), k->most, &v) != ERR_OK ||
		v < k->least)
		return diag_set(d, ERR_CONFIG,
			"%s: a whole number from %u to %u", k->key, k->least,
			k->most);
	*number_at(c, k) = (unsigned)v;
	if (k->at == AT(per_address))
		c->per_address_given = true;
	return ERR_OK;
}

static enum err
set_log(struct mirror_config *c, const char *value, struct diag *d)
{
	c->counts = strcmp(value, "counts") == 0;
	if (!c->counts && strcmp(value, "none") != 0)
		return diag_set(d, ERR_CONFIG, "log: \"counts\" or \"none\"");
	return ERR_OK;
}

static enum err
set_key(void *arg, const char *section, const char *label, const char *key,
	const char *value, struct diag *d)
{
	struct mirror_config *c = arg;
	char show[64];
	size_t i;

	if (section[0] == '\0')
		return diag_set(d, ERR_CONFIG,
			"keys stand under [mirror]: write that line first");
	if (strcmp(section, "mirror") != 0 || label[0] != '\0')
		return diag_set(d, ERR_CONFIG,
			"unknown section; the only one is [mirror]");
	if (strcmp(key, "listen") == 0)
		return set_listen(c, value, d);
	if (strcmp(key, "root") == 0)
		return set_root(c, value, d);
	if (strcmp(key, "prefix") == 0)
		return set_prefix(c, value, d);
	if (strcmp(key, "log") == 0)
		return set_log(c, value, d);
	for (i = 0; i < NUMBERS; i++)
		if (strcmp(key, numbers[i].key) == 0)
			return set_number(c, &numbers[i], value, d);
	return diag_set(d, ERR_CONFIG, "unknown key \"%s\"",
		text_show(show, sizeof(show), span_str(key)));
}

static enum err
set_standard(struct mirror_config *c, struct diag *d)
{
	enum err e;
	size_t i;

	*c = (struct mirror_config){.counts = true};
	for (i = 0; i < NUMBERS; i++)
		*number_at(c, &numbers[i]) = numbers[i].standard;
	e = set_string(&c->listen, "127.0.0.1:8080", d);
	if (e == ERR_OK)
		e = set_string(&c->prefix, "/", d);
	return e;
}

/* A relative root stands beside the file that names it, wherever the program
 * was started. */
static enum err
root_beside(struct mirror_config *c, const char *file, struct diag *d)
{
	const char *slash = strrchr(file, '/');
	char *dir, *path;

	if (c->root == NULL || c->root[0] == '/' || slash == NULL)
		return ERR_OK;
	dir = strndup(file, (size_t)(slash - file) + 1);
	path = dir == NULL ? NULL : file_join(dir, c->root);
	free(dir);
	if (path == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	free(c->root);
	c->root = path;
	return ERR_OK;
}

/* What follows from the keys. */
static void
settle(struct mirror_config *c)
{
	if (!c->per_address_given)
		c->serve.per_address =
			serve_listen_local(c->listen) ? 0 : PER_ADDRESS;
	c->serve.listen = c->listen;
	c->serve.root = c->root;
	c->serve.prefix = c->prefix;
	c->serve.report_seconds = c->counts ? 3600 : 0;
}

static enum err
parse(struct span s, const char *file, struct mirror_config *c, struct diag *d)
{
	enum err e = ini_parse(s, file, set_key, c, d);

	return e == ERR_OK ? root_beside(c, file, d) : e;
}

enum err
mirror_config_parse(struct span s, const char *file, struct mirror_config *out,
	struct diag *d)
{
	enum err e = set_standard(out, d);

	if (e == ERR_OK)
		e = parse(s, file, out, d);
	if (e != ERR_OK)
		mirror_config_free(out);
	else
		settle(out);
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
		e = set_listen(c, o->listen, d);
	if (e == ERR_OK && o->root != NULL)
		e = set_root(c, o->root, d);
	if (e == ERR_OK && o->prefix != NULL)
		e = set_prefix(c, o->prefix, d);
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
	if (e != ERR_OK)
		mirror_config_free(out);
	else
		settle(out);
	return e;
}

void
mirror_config_free(struct mirror_config *c)
{
	if (c == NULL)
		return;
	free(c->listen);
	free(c->root);
	free(c->prefix);
	*c = (struct mirror_config){.counts = false};
}
