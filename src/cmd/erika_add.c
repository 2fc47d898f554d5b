/* erika add: trust an outlet. The one step where a person decides; all that
 * follows is checked against it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../core/link.h"
#include "../core/mirrors.h"
#include "../core/text.h"
#include "../core/tuf.h"
#include "../core/words.h"
#include "../sys/archive.h"
#include "../sys/clock.h"
#include "../sys/file.h"
#include "../sys/source.h"
#include "erika.h"

#define FIRST_ROOT "m/1.root.json"

struct add {
	const char *what;
	const char *name;  /* --name */
	const char *words; /* --words */
	bool yes;
	struct opt_list mirrors; /* --mirror */
	struct link link;	 /* when `what` is one */
	bool is_link;
	bool is_mirror; /* `what` is a folder or URL: a mirror too */
	struct buf root;
	uint8_t fingerprint[32];
	char *outlet; /* its name */
};

/* ---- getting the first root */

/* From the link's mirrors and --mirror, until one has the root that the link
 * names. */
static enum err
root_by_link(struct add *a, struct source *s, struct diag *d)
{
	uint8_t fp[32];
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; e == ERR_OK && i < a->mirrors.n; i++)
		e = source_add_any(s, a->mirrors.values[i], d);
	for (i = 0; e == ERR_OK && i < a->link.n_urls; i++)
		e = source_add_mirror(s, a->link.urls[i], true, d);
	if (e == ERR_OK && source_places(s) == 0)
		e = diag_set(d, ERR_USAGE,
			"the link names no mirror; --mirror URL adds one");
	if (e != ERR_OK)
		return e;
	for (i = 0; i < source_places(s); i++) {
		buf_clear(&a->root);
		e = source_file(s, i, FIRST_ROOT, LIMIT_ROOT, &a->root, d);
		if (e == ERR_OK)
			e = trust_fingerprint(buf_view(&a->root), fp, d);
		if (e == ERR_OK && memcmp(fp, a->link.fingerprint, 32) != 0)
			e = diag_set(d, ERR_KEY,
				"the mirror has another outlet's root, not "
				"the one that the link names");
		if (e == ERR_OK)
			return e;
	}
	return diag_prefix(d, e, "the last mirror asked");
}

/* From a file, share file, folder or URL. */
static enum err
root_by_place(struct add *a, struct source *s, struct diag *d)
{
	bool url = strstr(a->what, "://") != NULL;
	enum err e;

	if (!url && !file_is_dir(a->what) && !archive_probe(a->what))
		return file_read(a->what, LIMIT_ROOT, &a->root, d);
	a->is_mirror = url || file_is_dir(a->what);
	e = source_add_any(s, a->what, d);
	if (e == ERR_OK)
		e = source_file(s, 0, FIRST_ROOT, LIMIT_ROOT, &a->root, d);
	if (e == ERR_MISSING && !url)
		e = diag_set(d, e,
			"there is no " FIRST_ROOT " in it, so it "
			"does not say whose it is");
	return e;
}

static enum err
root_get(struct add *a, struct diag *d)
{
	struct fetch *f = NULL;
	struct source *s = NULL;
	enum err e = fetch_new(NULL, &f, d);

	if (e == ERR_OK && (s = source_new(f)) == NULL)
		e = diag_set(d, ERR_NOMEM, "out of memory");
	a->is_link = strncmp(a->what, LINK_SCHEME, strlen(LINK_SCHEME)) == 0;
	if (e == ERR_OK && a->is_link)
		e = link_parse(span_str(a->what), &a->link, d);
	if (e == ERR_OK)
		e = a->is_link ? root_by_link(a, s, d) : root_by_place(a, s, d);
	source_free(s);
	fetch_free(f);
	return e;
}

/* It must be signed by itself, and be the first: every later one follows from
 * it, and its fingerprint is what people compare. */
static enum err
root_check(struct add *a, int64_t now, struct diag *d)
{
	struct tuf_doc *doc = NULL;
	struct trust *t = NULL;
	enum err e = trust_new(buf_view(&a->root), now, TRUST_LENIENT, &t, d);

	trust_free(t);
	if (e != ERR_OK)
		return e;
	e = tuf_parse(buf_view(&a->root), LIMIT_ROOT, TUF_ROOT, &doc, d);
	if (e == ERR_OK && doc->version != 1)
		e = diag_set(d, ERR_REFUSED,
			"this is root number %llu; trust begins with "
			"1.root.json",
			(unsigned long long)doc->version);
	tuf_free(doc);
	if (e == ERR_OK)
		e = trust_fingerprint(buf_view(&a->root), a->fingerprint, d);
	if (e == ERR_OK && a->name != NULL) {
		if (!text_line_ok(span_str(a->name), LIMIT_AUTHOR))
			return diag_set(
				d, ERR_USAGE, "--name wants one line of text");
		a->outlet = strdup(a->name);
		return a->outlet == NULL
			       ? diag_set(d, ERR_NOMEM, "out of memory")
			       : ERR_OK;
	}
	if (e == ERR_OK)
		e = erika_root_name(buf_view(&a->root), &a->outlet, d);
	return e;
}

/* ---- the decision */

/* An outlet of this name with another key: the newsroom lost its key, or
 * somebody uses its name. Only a person can tell. */
static enum err
name_check(const struct add *a, const struct library_outlet *o, struct diag *d)
{
	char have[ERIKA_WORDS], want[ERIKA_WORDS], shown[100];

	if (strcmp(o->name, a->outlet) != 0 ||
		memcmp(o->fingerprint, a->fingerprint, 32) == 0)
		return ERR_OK;
	return diag_set(d, ERR_KEY,
		"you know another \"%s\" already. Yours: %s. This one: %s. "
		"Ask the newsroom by a way that nobody can fake which is "
		"right; --name gives this one another name",
		text_show(shown, sizeof(shown), span_str(a->outlet)),
		erika_words(have, o->fingerprint),
		erika_words(want, a->fingerprint));
}

static enum err
words_compare(const struct add *a, struct diag *d)
{
	uint8_t told[WORDS_BYTES];
	char is[ERIKA_WORDS];
	enum err e = words_parse(span_str(a->words), told, d);

	if (e != ERR_OK)
		return diag_set(d, ERR_USAGE, "--words: %s", d->why);
	if (memcmp(told, a->fingerprint, sizeof(told)) == 0)
		return ERR_OK;
	return diag_set(d, ERR_KEY,
		"the words are not the ones you were told: these are %s. "
		"Nothing was added",
		erika_words(is, a->fingerprint));
}

static void
identity_print(const struct context *cx, const struct add *a)
{
	char words[ERIKA_WORDS], hex[65], shown[300];

	text_hex(hex, a->fingerprint, sizeof(a->fingerprint));
	talk(cx, "outlet  %s",
		text_show(shown, sizeof(shown), span_str(a->outlet)));
	talk(cx, "words   %s", erika_words(words, a->fingerprint));
	talk(cx, "root    %s", hex);
}

static enum err
decide(const struct context *cx, const struct add *a, struct diag *d)
{
	identity_print(cx, a);
	if (a->words != NULL)
		return words_compare(a, d);
	/* The link's 64 digits are the comparison, if the link is trusted. */
	if (a->yes)
		return ERR_OK;
	if (talk_confirm(cx, "Are these the words the newsroom told you?"))
		return ERR_OK;
	return diag_set(d, ERR_CANCELLED,
		"nothing was added. Compare the words, then answer y, or give "
		"them: --words \"...\"");
}

/* ---- keeping it */

static enum err
mirror_add(struct library *l, int64_t id, const char *what,
	enum library_mirror_source source, struct diag *d)
{
	struct library_mirror m = {.source = source};
	char full[4096], shown[120];
	struct span host;
	struct buf name;
	enum err e = ERR_OK;

	if (strstr(what, "://") == NULL) {
		if (realpath(what, full) == NULL)
			return file_errno(what, d);
		what = full;
	}
	if (!mirrors_base_ok(span_str(what)))
		return diag_set(d, ERR_USAGE,
			"%s is not a mirror's address; one begins with "
			"https:// or http:// and ends in /, or is a folder",
			text_show(shown, sizeof(shown), span_str(what)));
	buf_init(&name, 512);
	/* A URL's host and port name it; a folder's path does. */
	if (mirrors_url_ok(span_str(what))) {
		host = span_str(strstr(what, "://") + 3);
		host.n = strcspn((const char *)host.p, "/");
		e = buf_span(&name, host);
	} else {
		e = buf_str(&name, what);
	}
	m.name = (char *)name.p;
	m.url = (char *)(uintptr_t)what;
	if (e == ERR_OK)
		e = library_mirror_add(l, id, &m, d);
	else
		diag_set(d, e, "the mirror's address is too long");
	buf_free(&name);
	return e;
}

static enum err
keep(const struct context *cx, struct add *a, struct library *l,
	const struct library_outlet *known, struct diag *d)
{
	bool share = !a->is_link && !a->is_mirror && archive_probe(a->what);
	int64_t id = known == NULL ? 0 : known->id;
	enum err e = library_begin(l, d);
	size_t i;

	if (e == ERR_OK && known == NULL)
		e = library_outlet_add(l, a->outlet, a->fingerprint,
			buf_view(&a->root), clock_now(), &id, d);
	if (e == ERR_OK && a->is_mirror)
		e = mirror_add(l, id, a->what, LIBRARY_MIRROR_USER, d);
	for (i = 0; e == ERR_OK && i < a->mirrors.n; i++)
		e = mirror_add(
			l, id, a->mirrors.values[i], LIBRARY_MIRROR_USER, d);
	for (i = 0; e == ERR_OK && i < a->link.n_urls; i++)
		e = mirror_add(l, id, a->link.urls[i], LIBRARY_MIRROR_LINK, d);
	if (e == ERR_OK)
		e = library_commit(l, d);
	if (e != ERR_OK) {
		library_rollback(l);
		return e;
	}
	share = share && a->mirrors.n == 0;
	talk(cx,
		known == NULL ? "Added. Now: erika sync%s%s"
			      : "Known already; mirrors are added. Now: "
				"erika sync%s%s",
		share ? " --from " : "", share ? a->what : "");
	return ERR_OK;
}

static enum err
run(struct context *cx, struct add *a, struct diag *d)
{
	struct library_outlets list = {.n = 0};
	const struct library_outlet *known = NULL;
	struct library *l = NULL;
	enum err e = root_get(a, d);
	size_t i;

	if (e == ERR_OK)
		e = root_check(a, clock_now(), d);
	if (e == ERR_OK)
		e = erika_library(&l, &list, true, d);
	if (e == ERR_OK)
		e = erika_outlet_of(&list, buf_view(&a->root), &known, d);
	for (i = 0; e == ERR_OK && known == NULL && i < list.n; i++)
		e = name_check(a, &list.list[i], d);
	/* What was decided once need not be decided again. */
	if (e == ERR_OK && (known == NULL || a->words != NULL))
		e = decide(cx, a, d);
	if (e == ERR_OK)
		e = keep(cx, a, l, known, d);
	library_outlets_clear(&list);
	library_close(l);
	return e;
}

enum err
erika_add(struct context *cx, int argc, char **argv, struct diag *d)
{
	struct add a = {.what = NULL};
	const struct opt opts[] = {
		{"mirror", 'm', OPT_LIST, &a.mirrors, "URL",
			"where to sync from: URL or folder; may be repeated"},
		{"name", 0, OPT_STRING, &a.name, "NAME",
			"call the outlet this"},
		{"words", 0, OPT_STRING, &a.words, "WORDS",
			"the eight words you were told; instead of asking"},
		{"yes", 'y', OPT_FLAG, &a.yes, NULL,
			"trust it without comparing words"},
		{NULL, 0, OPT_FLAG, NULL, NULL, NULL},
	};
	int first;
	enum err e = command_opts(cx, opts, argc, argv, 1, 1, &first, d);

	if (e != ERR_OK)
		return e;
	a.what = argv[first];
	buf_init(&a.root, LIMIT_ROOT);
	e = run(cx, &a, d);
	buf_free(&a.root);
	link_clear(&a.link);
	free(a.outlet);
	return e;
}
