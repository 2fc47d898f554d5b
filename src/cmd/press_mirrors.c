/* erika-press mirrors: the list that is signed, and how those who cannot have
 * it from there are told of a mirror. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../core/text.h"
#include "press.h"
#include "press_json.h"
#include "press_mirrors.h"

/* ---- list */

static void
words_print(const char *label, char *const *words, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		printf("%s%s", i == 0 ? label : ", ", words[i]);
	if (n > 0)
		putchar('\n');
}

static void
text_print(const char *label, const char *s)
{
	char shown[300];

	if (s != NULL)
		printf("  %-10s %s\n", label,
			text_show(shown, sizeof(shown), span_str(s)));
}

static void
mirror_print(const struct mirror *m)
{
	struct buf codes;

	buf_init(&codes, LIMIT_CONFIG_LINE);
	printf("%-16s %s\n", m->name,
		m->url == NULL ? "(readers are not told of it)" : m->url);
	text_print("copied to", m->to);
	text_print("by proxy", m->proxy);
	text_print("ca", m->ca);
	if (country_codes_write(m->countries, m->n_countries, &codes) ==
			ERR_OK &&
		codes.n > 0)
		text_print("for", buf_cstr(&codes));
	words_print("  address    ", m->addresses, m->n_addresses);
	text_print("pin", m->pin);
	text_print("sni", m->sni);
	text_print("front", m->front);
	text_print("kind", m->storage ? "storage" : NULL);
	if (m->url != NULL && m->unlisted)
		text_print("unlisted", "by link, QR code or file only");
	buf_free(&codes);
}

static json_t *
mirror_json(const struct mirror *m)
{
	json_t *addresses = json_array(), *codes = json_array();
	size_t i;

	for (i = 0; i < m->n_addresses; i++)
		json_array_append_new(addresses, json_string(m->addresses[i]));
	for (i = 0; i < m->n_countries; i++)
		json_array_append_new(codes, json_string(m->countries[i].s));
	/* "?": null when there is none. */
	return json_pack("{s:s, s:s, s:s?, s:s?, s:s?, s:s?, s:b, s:o, s:o, "
			 "s:s?, s:s?, s:s?, s:s}",
		"schema", "erika-mirror-1", "name", m->name, "url", m->url,
		"to", m->to, "proxy", m->proxy, "ca", m->ca, "listed",
		(int)(m->url != NULL && !m->unlisted), "countries", codes,
		"addresses", addresses, "pin", m->pin, "sni", m->sni, "front",
		m->front, "kind", m->storage ? "storage" : "plain");
}

static enum err
list_run(struct mirrors_run *k, struct diag *d)
{
	size_t i;

	(void)d;
	for (i = 0; i < k->list.n; i++) {
		if (k->cx->json) {
			json_t *o = mirror_json(&k->list.list[i]);

			press_json_print(o);
			json_decref(o);
		} else {
			mirror_print(&k->list.list[i]);
		}
	}
	for (i = 0; i < k->list.n_resolvers; i++) {
		if (k->cx->json) {
			json_t *o = json_pack("{s:s, s:s, s:s?}", "schema",
				"erika-resolver-1", "url",
				k->list.resolvers[i].url, "address",
				k->list.resolvers[i].address);

			press_json_print(o);
			json_decref(o);
			continue;
		}
		printf("%-16s %s\n", "resolver", k->list.resolvers[i].url);
		text_print("address", k->list.resolvers[i].address);
	}
	if (k->list.n == 0)
		talk(k->cx, "No mirror yet: erika-press mirrors add NAME --url "
			    "URL --to FOLDER");
	return ERR_OK;
}

/* ---- add, remove */

/* The newsroom's file with one section replaced, checked as a whole before it
 * is written. */
static enum err
section_put(struct mirrors_run *k, const char *name, struct span section,
	bool wanted, struct diag *d)
{
	struct mirrors again = {.n = 0};
	struct buf old, text;
	char header[LIMIT_ID + 32], shown[80];
	bool found = false;
	enum err e;

	buf_init(&old, LIMIT_CONFIG);
	buf_init(&text, LIMIT_CONFIG);
	snprintf(header, sizeof(header), "[mirror \"%s\"]", name);
	text_show(shown, sizeof(shown), span_str(name));
	e = lists_text(k->r, LISTS_MIRRORS, &old, d);
	if (e == ERR_OK && lists_section(buf_view(&old), header, section, &text,
				   &found) != ERR_OK)
		e = diag_set(d, ERR_LIMIT, "mirrors.ini grows too long");
	if (e == ERR_OK && found != wanted)
		e = wanted ? diag_set(d, ERR_MISSING, "there is no mirror %s",
				     shown)
			   : diag_set(d, ERR_EXISTS,
				     "mirror %s is there already; edit "
				     "mirrors.ini, or remove it first",
				     shown);
	if (e == ERR_OK)
		e = mirrors_config(buf_view(&text), "mirrors.ini", &again, d);
	if (e == ERR_OK)
		e = lists_save(k->r, LISTS_MIRRORS, buf_view(&text), d);
	mirrors_clear(&again);
	buf_free(&old);
	buf_free(&text);
	return e;
}

/* A list like "RU, BY" or several options, into one line of the section. */
static enum err
line_add(struct buf *b, const char *key, const char *value, struct diag *d)
{
	size_t i;

	if (value == NULL)
		return ERR_OK;
	/* What the file would not give back: it trims, and cuts comments. */
	for (i = 0; value[i] != '\0'; i++)
		if (value[i] == '\n' ||
			((value[i] == '#' || value[i] == ';') &&
				(i == 0 || value[i - 1] == ' ')))
			return diag_set(d, ERR_USAGE,
				"--%s: mirrors.ini cannot hold this", key);
	return buf_printf(b, "%s = %s\n", key, value) == ERR_OK
		       ? ERR_OK
		       : diag_set(d, ERR_LIMIT, "--%s is too long", key);
}

static enum err
add_run(struct mirrors_run *k, const char *name, struct diag *d)
{
	struct buf s;
	size_t i;
	enum err e = ERR_OK;

	if (!text_name_ok(span_str(name), LIMIT_ID))
		return diag_set(d, ERR_USAGE,
			"a mirror is a name of a-z, 0-9, '.', '_' and '-'");
	if (k->url == NULL && k->to == NULL)
		return diag_set(d, ERR_USAGE,
			"a mirror needs --url, which readers fetch from, or "
			"--to, where publish copies to");
	buf_init(&s, LIMIT_CONFIG);
	if (buf_printf(&s, "[mirror \"%s\"]\n", name) != ERR_OK)
		e = diag_set(d, ERR_NOMEM, "out of memory");
	if (e == ERR_OK)
		e = line_add(&s, "url", k->url, d);
	if (e == ERR_OK)
		e = line_add(&s, "to", k->to, d);
	if (e == ERR_OK)
		e = line_add(&s, "proxy", k->proxy, d);
	if (e == ERR_OK)
		e = line_add(&s, "ca", k->ca, d);
	if (e == ERR_OK)
		e = line_add(&s, "listed", k->unlisted ? "no" : NULL, d);
	if (e == ERR_OK)
		e = line_add(&s, "kind", k->storage ? "storage" : NULL, d);
	if (e == ERR_OK)
		e = line_add(&s, "countries", k->countries, d);
	for (i = 0; e == ERR_OK && i < k->addresses.n; i++)
		if (buf_printf(&s, "%s%s", i == 0 ? "address = " : ", ",
			    k->addresses.values[i]) != ERR_OK)
			e = diag_set(d, ERR_LIMIT, "too many addresses");
	if (e == ERR_OK && k->addresses.n > 0 && buf_str(&s, "\n") != ERR_OK)
		e = diag_set(d, ERR_NOMEM, "out of memory");
	if (e == ERR_OK)
		e = line_add(&s, "pin", k->pin, d);
	if (e == ERR_OK)
		e = line_add(&s, "sni", k->sni, d);
	if (e == ERR_OK)
		e = line_add(&s, "front", k->front, d);
	if (e == ERR_OK)
		e = section_put(k, name, buf_view(&s), false, d);
	buf_free(&s);
	if (e == ERR_OK && k->url != NULL && !k->unlisted)
		talk(k->cx,
			"Readers learn of %s with the next erika-press "
			"publish.",
			name);
	else if (e == ERR_OK && k->url != NULL)
		talk(k->cx,
			"%s is in no list. Tell of it by erika-press mirrors "
			"link %s, or qr.",
			name, name);
	return e;
}

static enum err
remove_run(struct mirrors_run *k, const char *name, struct diag *d)
{
	enum err e = section_put(k, name, span_of(NULL, 0), true, d);

	if (e == ERR_OK)
		talk(k->cx,
			"Readers forget %s with the next sync after the "
			"next publish. Keep it running until then.",
			name);
	return e;
}

/* ---- the command */

static enum err
verb_run(struct mirrors_run *k, const char *verb, int argc, char **argv,
	struct diag *d)
{
	enum err e;

	if (strcmp(verb, "add") == 0 && argc == 1)
		return add_run(k, argv[0], d);
	if (strcmp(verb, "remove") == 0 && argc == 1)
		return remove_run(k, argv[0], d);
	if (strcmp(verb, "add") == 0 || strcmp(verb, "remove") == 0)
		return diag_set(
			d, ERR_USAGE, "%s wants one mirror's name", verb);
	e = lists_read(k->r, &k->list, d);
	if (e != ERR_OK)
		return e;
	if (strcmp(verb, "link") == 0 || strcmp(verb, "qr") == 0)
		return mirrors_link(k, strcmp(verb, "qr") == 0, argc, argv, d);
	if (argc > 0)
		return diag_set(d, ERR_USAGE, "%s wants no name", verb);
	return strcmp(verb, "list") == 0 ? list_run(k, d) : mirrors_check(k, d);
}

/* Options that describe a mirror are for add alone. */
static enum err
options_check(const struct mirrors_run *k, const char *verb, struct diag *d)
{
	static const char *const verbs[] = {
		"list", "check", "link", "qr", "add", "remove"};
	bool known = false;
	size_t i;

	for (i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		known = known || strcmp(verb, verbs[i]) == 0;
	if (!known)
		return diag_set(d, ERR_USAGE,
			"it is list, check, link, qr, add or remove");
	if (strcmp(verb, "add") != 0 &&
		(k->url != NULL || k->to != NULL || k->pin != NULL ||
			k->proxy != NULL || k->ca != NULL || k->sni != NULL ||
			k->front != NULL || k->storage || k->unlisted ||
			k->countries != NULL || k->addresses.n > 0))
		return diag_set(d, ERR_USAGE,
			"what describes a mirror is for mirrors add");
	if (k->out != NULL && strcmp(verb, "link") != 0 &&
		strcmp(verb, "qr") != 0)
		return diag_set(d, ERR_USAGE, "-o is for link and qr");
	if (k->light && strcmp(verb, "qr") != 0)
		return diag_set(d, ERR_USAGE, "--light is for qr");
	if (k->country != NULL && strcmp(verb, "check") != 0)
		return diag_set(d, ERR_USAGE, "--country is for check");
	return ERR_OK;
}

enum err
press_mirrors(struct context *cx, int argc, char **argv, struct diag *d)
{
	struct mirrors_run k = {.cx = cx};
	const struct opt opts[] = {ROOM_OPTIONS(k.room),
		{"url", 0, OPT_STRING, &k.url, "URL",
			"add: what readers fetch from"},
		{"to", 0, OPT_STRING, &k.to, "FOLDER",
			"add: where publish copies to, or URL"},
		{"proxy", 0, OPT_STRING, &k.proxy, "URL",
			"add: publish through this SOCKS proxy; tor, none"},
		{"ca", 0, OPT_STRING, &k.ca, "FILE",
			"add: certificate authorities to publish by"},
		{"unlisted", 0, OPT_FLAG, &k.unlisted, NULL,
			"add: tell of it by link, QR code or file only"},
		{"countries", 0, OPT_STRING, &k.countries, "CC,...",
			"add: where it is meant for"},
		{"address", 0, OPT_LIST, &k.addresses, "IP",
			"add: of its host; may be repeated"},
		{"pin", 0, OPT_STRING, &k.pin, "sha256//BASE64",
			"add: its public key"},
		{"sni", 0, OPT_STRING, &k.sni, "HOST",
			"add: another name for TLS to ask for"},
		{"front", 0, OPT_STRING, &k.front, "HOST",
			"add: a front that hands requests on"},
		{"storage", 0, OPT_FLAG, &k.storage, NULL,
			"add: it is an object store"},
		{"out", 'o', OPT_STRING, &k.out, "FILE",
			"link: a file of mirrors; qr: FILE.svg or .png"},
		{"light", 0, OPT_FLAG, &k.light, NULL,
			"qr: for a light terminal without colours"},
		{"country", 'c', OPT_STRING, &k.country, "CC",
			"check: as readers in this country do"},
		{NULL, 0, OPT_FLAG, NULL, NULL, NULL}};
	const char *verb;
	enum err e;
	int first;

	e = command_opts(cx, opts, argc, argv, 1, 1 + LINK_URLS, &first, d);
	if (e != ERR_OK)
		return e;
	verb = argv[first++];
	e = options_check(&k, verb, d);
	if (e == ERR_OK)
		e = room_open(&k.room, &k.r, d);
	if (e == ERR_OK &&
		(strcmp(verb, "add") == 0 || strcmp(verb, "remove") == 0))
		e = room_lock(k.r, d);
	if (e == ERR_OK)
		e = verb_run(&k, verb, argc - first, argv + first, d);
	mirrors_clear(&k.list);
	room_close(k.r);
	return e;
}
