/* The keys of erika-mirror.conf(5), one by one. */
#include <stdlib.h>
#include <string.h>

#include "../core/ini.h"
#include "../core/link.h"
#include "../core/mirrors.h"
#include "../core/text.h"
#include "../core/tuf.h"
#include "../core/words.h"
#include "mirror_config.h"

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
	{"pushes", AT(pushes), 1, 256, 8},
	{"push-seconds", AT(push_seconds), 1, 86400, 3600},
	{"drain-seconds", AT(drain_seconds), 1, 3600, 10},
};

#define NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

/* Sources of one publisher, and patterns that it pins. */
#define LIST_MAX 64

static unsigned *
number_at(struct mirror_config *c, const struct number_key *k)
{
	return (unsigned *)(void *)((char *)&c->serve + k->at);
}

void
mirror_key_standard(struct mirror_config *c)
{
	size_t i;

	for (i = 0; i < NUMBERS; i++)
		*number_at(c, &numbers[i]) = numbers[i].standard;
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

/* ---- values */

/* Digits and a unit of the table. */
static bool
take_number(const char *s, uint64_t *n, const char **unit)
{
	size_t k = strspn(s, "0123456789");

	*unit = s + k;
	while (**unit == ' ')
		(*unit)++;
	return text_decimal(span_of(s, k), INT64_MAX, n) == ERR_OK;
}

struct unit {
	const char *name;
	uint64_t is;
};

static bool
scale(uint64_t n, const char *unit, const struct unit *units, uint64_t *out)
{
	for (; units->name != NULL; units++)
		if (strcmp(units->name, unit) == 0 &&
			n <= INT64_MAX / units->is) {
			*out = n * units->is;
			return true;
		}
	return false;
}

enum err
mirror_size_parse(const char *s, uint64_t *out)
{
	static const struct unit units[] = {{"", 1}, {"K", 1000},
		{"M", 1000000}, {"G", 1000000000}, {"T", 1000000000000},
		{"KB", 1000}, {"MB", 1000000}, {"GB", 1000000000},
		{"TB", 1000000000000}, {NULL, 0}};
	const char *unit;
	uint64_t n;

	return take_number(s, &n, &unit) && scale(n, unit, units, out)
		       ? ERR_OK
		       : ERR_SYNTAX;
}

static enum err
set_size(uint64_t *out, const char *key, const char *value, struct diag *d)
{
	if (mirror_size_parse(value, out) != ERR_OK || *out == 0)
		return diag_set(d, ERR_CONFIG,
			"%s: a size such as 500M, 20G or 1T", key);
	return ERR_OK;
}

static enum err
set_files(uint64_t *out, const char *value, struct diag *d)
{
	if (text_decimal(span_str(value), INT64_MAX, out) != ERR_OK ||
		*out < 100)
		return diag_set(
			d, ERR_CONFIG, "files: a whole number from 100 on");
	return ERR_OK;
}

static enum err
set_traffic(struct mirror_config *c, const char *value, struct diag *d)
{
	const char *slash = strchr(value, '/');
	char size[32];
	size_t n = slash == NULL ? strlen(value) : (size_t)(slash - value);

	while (n > 0 && value[n - 1] == ' ')
		n--;
	if (n >= sizeof(size) || (slash != NULL && strcmp(slash, "/month")))
		n = 0;
	memcpy(size, value, n);
	size[n] = '\0';
	if (mirror_size_parse(size, &c->serve.month) != ERR_OK ||
		c->serve.month == 0)
		return diag_set(d, ERR_CONFIG,
			"traffic: what may be sent in a month, such as "
			"500G/month");
	return ERR_OK;
}

static enum err
set_rate(struct mirror_config *c, const char *value, struct diag *d)
{
	static const struct unit units[] = {{"Kbit", 1000}, {"Mbit", 1000000},
		{"Gbit", 1000000000}, {NULL, 0}};
	const char *unit;
	uint64_t n, bits;

	/* Under 64 kbit/s no answer would be taken in time. */
	if (!take_number(value, &n, &unit) || !scale(n, unit, units, &bits) ||
		bits < 64000 || bits > 1000000000000)
		return diag_set(d, ERR_CONFIG,
			"rate: bits a second, such as 20Mbit; at least "
			"64Kbit");
	c->serve.rate = bits / 8;
	return ERR_OK;
}

static enum err
set_listen(struct mirror_config *c, const char *value, struct diag *d)
{
	enum err e = serve_listen_check(value, d);

	return e == ERR_OK ? set_string(&c->listen, value, d) : e;
}

/* Figures of a node are for who runs it. */
static enum err
set_metrics(struct mirror_config *c, const char *value, struct diag *d)
{
	enum err e = serve_listen_check(value, d);

	if (e != ERR_OK)
		return diag_prefix(d, e, "metrics");
	if (!serve_listen_local(value))
		return diag_set(d, ERR_CONFIG,
			"metrics: an address of this machine alone, such as "
			"127.0.0.1:9108");
	return set_string(&c->metrics, value, d);
}

static enum err
set_folder(char **out, const char *key, const char *value, struct diag *d)
{
	if (value[0] == '\0')
		return diag_set(d, ERR_CONFIG, "%s: name a folder", key);
	return set_string(out, value, d);
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
set_operator(struct mirror_config *c, const char *value, struct diag *d)
{
	if (!text_line_ok(span_str(value), LIMIT_TOMBSTONE_OPERATOR))
		return diag_set(d, ERR_CONFIG,
			"operator: your name or how to reach you, at most %d "
			"bytes",
			LIMIT_TOMBSTONE_OPERATOR);
	return set_string(&c->operator, value, d);
}

static enum err
set_operator_key(struct mirror_config *c, const char *value, struct diag *d)
{
	struct buf file;
	enum err e;

	buf_init(&file, LIMIT_MINISIG);
	e = buf_printf(&file, MINISIGN_UNTRUSTED "\n%s\n", value);
	if (e == ERR_OK)
		e = minisign_key_parse(buf_view(&file), &c->key, NULL);
	buf_free(&file);
	if (e != ERR_OK)
		return diag_set(d, ERR_CONFIG,
			"operator-key: the second line of a minisign.pub, "
			"\"RW...\"");
	c->has_key = true;
	return ERR_OK;
}

/* ---- publishers */

enum err
mirror_publisher_add(
	struct mirror_config *c, const char *name, bool only, struct diag *d)
{
	size_t n = c->n_publishers;
	struct mirror_publisher *p;

	if (n == MIRROR_PUBLISHERS)
		return diag_set(
			d, ERR_CONFIG, "over %d publishers", MIRROR_PUBLISHERS);
	p = realloc(c->publishers, (n + 1) * sizeof(*p));
	if (p == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	c->publishers = p;
	memset(&p[n], 0, sizeof(*p));
	p[n].only = only;
	p[n].name = strdup(name);
	if (p[n].name == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	c->n_publishers++;
	return ERR_OK;
}

/* That of this name, made when it comes first. */
static enum err
find(struct mirror_config *c, const char *name, bool only,
	struct mirror_publisher **out, struct diag *d)
{
	enum err e;
	size_t i;

	for (i = 0; i < c->n_publishers; i++)
		if (c->publishers[i].only == only &&
			strcmp(c->publishers[i].name, name) == 0) {
			*out = &c->publishers[i];
			return ERR_OK;
		}
	e = mirror_publisher_add(c, name, only, d);
	*out = e == ERR_OK ? &c->publishers[c->n_publishers - 1] : NULL;
	return e;
}

static enum err
add_string(char ***list, size_t *n, const char *value, struct diag *d)
{
	char **l = realloc(*list, (*n + 1) * sizeof(*l));

	if (l == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	*list = l;
	l[*n] = strdup(value);
	if (l[*n] == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	(*n)++;
	return ERR_OK;
}

/* Where pull looks: mirrors and folders with blanks between them. */
static enum err
set_pull(struct mirror_publisher *p, char *word, struct diag *d)
{
	char show[80];

	if (!mirrors_base_ok(span_str(word)))
		return diag_set(d, ERR_CONFIG,
			"pull: %s is no https://HOST/PATH/, http://HOST/PATH/ "
			"or absolute folder",
			text_show(show, sizeof(show), span_str(word)));
	return add_string(&p->sources, &p->n_sources, word, d);
}

static enum err
set_pinned(struct mirror_publisher *p, char *word, struct diag *d)
{
	char show[80];

	if (strncmp(word, "b/", 2) != 0 || strlen(word) > LIMIT_PATH)
		return diag_set(d, ERR_CONFIG,
			"pinned: %s is no pattern of bundles such as "
			"b/DESK/2026-w09/*",
			text_show(show, sizeof(show), span_str(word)));
	return add_string(&p->pinned, &p->n_pinned, word, d);
}

static enum err
each_word(struct mirror_publisher *p, const char *key, const char *value,
	enum err (*set)(struct mirror_publisher *, char *, struct diag *),
	struct diag *d)
{
	char *copy = strdup(value), *at = copy, *word;
	enum err e =
		copy == NULL ? diag_set(d, ERR_NOMEM, "out of memory") : ERR_OK;
	unsigned n = 0;

	while (e == ERR_OK && at != NULL) {
		word = at + strspn(at, " \t");
		at = word + strcspn(word, " \t");
		at = *at == '\0' ? NULL : at;
		if (at != NULL)
			*at++ = '\0';
		if (word[0] == '\0')
			continue;
		e = ++n > LIST_MAX ? diag_set(d, ERR_CONFIG, "%s: over %d", key,
					     LIST_MAX)
				   : set(p, word, d);
	}
	if (e == ERR_OK && n == 0)
		e = diag_set(d, ERR_CONFIG, "%s: name one", key);
	free(copy);
	return e;
}

/* "erika:HEX64?at=...", 64 hex digits, or eight words. A link's mirrors are
 * where pull looks. */
static enum err
set_fingerprint(struct mirror_publisher *p, const char *value, struct diag *d)
{
	struct span s = span_str(value);
	struct link link;
	enum err e;
	size_t i;

	if (span_starts(s, span_str(LINK_SCHEME))) {
		e = link_parse(s, &link, d);
		if (e == ERR_OK) {
			memcpy(p->fingerprint, link.fingerprint, 32);
			p->fingerprint_n = 32;
			for (i = 0; e == ERR_OK && i < link.n_urls; i++)
				e = add_string(&p->sources, &p->n_sources,
					link.urls[i], d);
			link_clear(&link);
			return e;
		}
	} else if (text_hex_decode(s, p->fingerprint, 32) == ERR_OK) {
		p->fingerprint_n = 32;
		return ERR_OK;
	} else if (words_parse(s, p->fingerprint, d) == ERR_OK) {
		p->fingerprint_n = WORDS_BYTES;
		return ERR_OK;
	}
	diag_prefix(d, ERR_CONFIG,
		"not an outlet's link, fingerprint or eight words");
	if (d != NULL)
		d->code = ERR_CONFIG;
	return ERR_CONFIG;
}

static enum err
set_publisher(struct mirror_config *c, const char *label, const char *key,
	const char *value, struct diag *d)
{
	struct mirror_publisher *p;
	char show[64];
	enum err e;

	/* A folder below root: m and t are the only one's. */
	if (!text_name_ok(span_str(label), LIMIT_ID) ||
		strcmp(label, "m") == 0 || strcmp(label, "t") == 0)
		return diag_set(d, ERR_CONFIG,
			"write [publisher \"NAME\"]; a name is made of a-z, "
			"0-9, \".\", \"_\" and \"-\", and not m or t");
	e = find(c, label, false, &p, d);
	if (e != ERR_OK)
		return e;
	if (strcmp(key, "fingerprint") == 0)
		return set_fingerprint(p, value, d);
	if (strcmp(key, "pull") == 0)
		return each_word(p, key, value, set_pull, d);
	if (strcmp(key, "pinned") == 0)
		return each_word(p, key, value, set_pinned, d);
	if (strcmp(key, "store") == 0) {
		p->store_given = true;
		return set_size(&p->store, key, value, d);
	}
	if (strcmp(key, "files") == 0) {
		p->files_given = true;
		return set_files(&p->files, value, d);
	}
	return diag_set(d, ERR_CONFIG, "unknown key \"%s\" of a publisher",
		text_show(show, sizeof(show), span_str(key)));
}

/* Keys of the only publisher, in [mirror]. */
static enum err
set_only(struct mirror_config *c, const char *key, const char *value,
	struct diag *d)
{
	struct mirror_publisher *p;
	enum err e = find(c, MIRROR_ONLY, true, &p, d);

	if (e != ERR_OK)
		return e;
	if (strcmp(key, "publisher") == 0)
		return set_fingerprint(p, value, d);
	if (strcmp(key, "pull") == 0)
		return each_word(p, key, value, set_pull, d);
	return each_word(p, key, value, set_pinned, d);
}

static enum err
set_mirror(struct mirror_config *c, const char *key, const char *value,
	struct diag *d)
{
	static const struct {
		const char *key;
		enum err (*set)(
			struct mirror_config *, const char *, struct diag *);
	} keys[] = {{"listen", set_listen}, {"prefix", set_prefix},
		{"log", set_log}, {"traffic", set_traffic}, {"rate", set_rate},
		{"metrics", set_metrics}, {"operator", set_operator},
		{"operator-key", set_operator_key}};
	static const char *const only[] = {"publisher", "pull", "pinned"};
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strcmp(key, keys[i].key) == 0)
			return keys[i].set(c, value, d);
	for (i = 0; i < sizeof(only) / sizeof(only[0]); i++)
		if (strcmp(key, only[i]) == 0)
			return set_only(c, key, value, d);
	for (i = 0; i < NUMBERS; i++)
		if (strcmp(key, numbers[i].key) == 0)
			return set_number(c, &numbers[i], value, d);
	if (strcmp(key, "root") == 0)
		return set_folder(&c->root, key, value, d);
	if (strcmp(key, "cover") == 0)
		return set_folder(&c->cover, key, value, d);
	if (strcmp(key, "state") == 0)
		return set_folder(&c->state, key, value, d);
	if (strcmp(key, "store") == 0)
		return set_size(&c->store, key, value, d);
	if (strcmp(key, "files") == 0)
		return set_files(&c->files, value, d);
	return ini_unknown(key,
		"listen prefix root cover state store files publisher pull "
		"pinned traffic rate log metrics operator operator-key "
		"connections per-address head-seconds idle-seconds "
		"write-seconds write-bytes pushes push-seconds drain-seconds",
		d);
}

enum err
mirror_key_set(void *arg, const char *section, const char *label,
	const char *key, const char *value, struct diag *d)
{
	struct mirror_config *c = arg;

	if (section[0] == '\0')
		return diag_set(d, ERR_CONFIG,
			"keys stand under [mirror]: write that line first");
	if (strcmp(section, "publisher") == 0)
		return set_publisher(c, label, key, value, d);
	if (strcmp(section, "mirror") != 0 || label[0] != '\0')
		return diag_set(d, ERR_CONFIG,
			"unknown section; there are [mirror] and "
			"[publisher \"NAME\"]");
	return set_mirror(c, key, value, d);
}
