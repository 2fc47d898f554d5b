/* erika add: trust an outlet. The one step where a person decides; all that
 * follows is checked against it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../core/text.h"
#include "../core/tuf.h"
#include "../core/words.h"
#include "../sys/archive.h"
#include "../sys/clock.h"
#include "../sys/file.h"
#include "erika_add.h"

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

	if (e != ERR_OK) {
		diag_prefix(d, e, "--words");
		return d->code = ERR_USAGE;
	}
	if (memcmp(told, a->fingerprint, sizeof(told)) == 0)
		return ERR_OK;
	return diag_set(d, ERR_KEY,
		"the words are not the ones you were told: these are %s. "
		"Nothing was added",
		erika_words(is, a->fingerprint));
}

/* A link that names an outlet you know needs no network to be judged. */
static enum err
link_check(struct add *a, const struct library_outlets *list,
	const struct library_outlet **known, struct diag *d)
{
	enum err e = ERR_OK;
	size_t i;

	memcpy(a->fingerprint, a->link.fingerprint, sizeof(a->fingerprint));
	for (i = 0; i < list->n; i++)
		if (memcmp(list->list[i].fingerprint, a->fingerprint, 32) == 0)
			*known = &list->list[i];
	if (*known != NULL || a->name != NULL || a->link.name == NULL)
		return ERR_OK;
	a->outlet = a->link.name;
	for (i = 0; e == ERR_OK && i < list->n; i++)
		e = name_check(a, &list->list[i], d);
	a->outlet = NULL;
	return e;
}

/* Whether no more is asked than mirrors for an outlet that is known: by a
 * link, by its name, by what a file of mirrors says, or because it is the only
 * one. */
static enum err
known_find(struct add *a, const struct library_outlets *list,
	const struct library_outlet **known, struct diag *d)
{
	bool more = a->mirrors.n > 0 || a->files.n > 0;
	struct diag none;
	size_t i;
	enum err e;

	if (a->is_link)
		return link_check(a, list, known, d);
	if (a->what != NULL) {
		e = more ? erika_outlet_find(list, a->what, known, &none)
			 : ERR_MISSING;
		if (more && e == ERR_MISSING && !file_exists(a->what) &&
			erika_outlet_near(list, a->what) != NULL)
			return diag_set(d, e, "%s", none.why);
		/* Several of that name, or none: then it may be a file. */
		return e == ERR_USAGE ? diag_set(d, e, "%s", none.why) : ERR_OK;
	}
	for (i = 0; a->own.has_root && i < list->n; i++)
		if (memcmp(list->list[i].fingerprint, a->own.root, 32) == 0)
			*known = &list->list[i];
	if (*known == NULL && !a->own.has_root && list->n == 1)
		*known = &list->list[0];
	if (*known != NULL)
		return ERR_OK;
	if (!a->own.has_root)
		return diag_set(d, ERR_USAGE,
			"whose mirrors are these? Name the outlet, too "
			"(erika outlets lists them)");
	/* It says as much as a link does. */
	a->is_link = true;
	memcpy(a->link.fingerprint, a->own.root, sizeof(a->own.root));
	return ERR_OK;
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
keep(const struct context *cx, struct add *a, struct library *l,
	const struct library_outlet *known, struct diag *d)
{
	size_t told = a->mirrors.n + a->link.n_urls + a->own.n;
	bool share = a->what != NULL && !a->is_link && !a->is_mirror &&
		     told == 0 && archive_probe(a->what);
	int64_t id = known == NULL ? 0 : known->id;
	enum err e = library_begin(l, d);
	char shown[120];

	if (e == ERR_OK && known == NULL)
		e = library_outlet_add(l, a->outlet, a->fingerprint,
			buf_view(&a->root), clock_now(), &id, d);
	if (e == ERR_OK)
		e = add_mirrors_keep(a, l, id, d);
	if (e == ERR_OK)
		e = library_commit(l, d);
	if (e != ERR_OK) {
		library_rollback(l);
		return e;
	}
	if (known == NULL && told == 0 && !share && !a->is_mirror)
		talk(cx,
			"Added. Next: a mirror to sync from: erika add "
			"--mirror URL \"%s\"; or a share file: erika sync "
			"--from FILE",
			text_show(shown, sizeof(shown), span_str(a->outlet)));
	else if (known == NULL)
		talk(cx, "Added. Now: erika sync%s%s", share ? " --from " : "",
			share ? a->what : "");
	else if (told + a->is_mirror == 0)
		talk(cx, "Known already; there is nothing to add");
	else
		talk(cx,
			"Known already; %zu mirror%s added to %s. Now: erika "
			"sync%s%s",
			told + a->is_mirror,
			told + a->is_mirror == 1 ? " is" : "s are",
			text_show(shown, sizeof(shown), span_str(known->name)),
			share ? " --from " : "", share ? a->what : "");
	return ERR_OK;
}

/* An outlet that is not known yet, or that is named by its root again. */
static enum err
root_learn(struct add *a, const struct library_outlets *list,
	const struct library_outlet **known, struct diag *d)
{
	enum err e = add_root_get(a, d);
	size_t i;

	if (e == ERR_OK)
		e = root_check(a, clock_now(), d);
	if (e == ERR_OK)
		e = erika_outlet_of(list, buf_view(&a->root), known, d);
	for (i = 0; e == ERR_OK && *known == NULL && i < list->n; i++)
		e = name_check(a, &list->list[i], d);
	return e;
}

static enum err
run(struct context *cx, struct add *a, struct diag *d)
{
	struct library_outlets list = {.n = 0};
	const struct library_outlet *known = NULL;
	struct library *l = NULL;
	enum err e = add_mirrors_read(a, d);

	a->is_link = a->what != NULL &&
		     strncmp(a->what, LINK_SCHEME, strlen(LINK_SCHEME)) == 0;
	if (e == ERR_OK && a->is_link)
		e = link_parse(span_str(a->what), &a->link, d);
	if (e == ERR_OK)
		add_link_near(cx, a);
	if (e == ERR_OK)
		e = erika_library(&l, &list, true, d);
	if (e == ERR_OK)
		e = known_find(a, &list, &known, d);
	if (e == ERR_OK && known == NULL)
		e = root_learn(a, &list, &known, d);
	else if (e == ERR_OK)
		memcpy(a->fingerprint, known->fingerprint, 32);
	if (e == ERR_OK && a->own.has_root &&
		memcmp(a->own.root, a->fingerprint, 32) != 0)
		e = diag_set(d, ERR_KEY,
			"%s has mirrors of another outlet than this one",
			a->files.values[0]);
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
	struct config_options options = {.http = false};
	struct config config = {.http = false};
	struct add a = {.what = NULL, .config = &config};
	const struct opt opts[] = {
		{"mirror", 'm', OPT_LIST, &a.mirrors, "URL",
			"where to sync from: URL or folder; may be repeated"},
		{"mirror-file", 0, OPT_LIST, &a.files, "FILE",
			"mirrors that you were given as a file"},
		{"name", 0, OPT_STRING, &a.name, "NAME",
			"call the outlet this"},
		{"words", 0, OPT_STRING, &a.words, "WORDS",
			"the eight words you were told; instead of asking"},
		{"yes", 'y', OPT_FLAG, &a.yes, NULL,
			"trust it without comparing words"},
		CONFIG_OPTS(options),
		{NULL, 0, OPT_FLAG, NULL, NULL, NULL},
	};
	int first;
	enum err e = command_opts(cx, opts, argc, argv, 0, 1, &first, d);

	if (e == ERR_OK && first == argc && a.files.n == 0)
		e = diag_set(d, ERR_USAGE,
			"what is to be added? A 1.root.json, a link, a "
			"folder, a URL, --mirror-file, or the name of an "
			"outlet that gets a --mirror");
	if (e == ERR_OK)
		e = config_load(&options, &config, d);
	if (e != ERR_OK)
		return e;
	a.what = first < argc ? argv[first] : NULL;
	buf_init(&a.root, LIMIT_ROOT);
	e = run(cx, &a, d);
	buf_free(&a.root);
	link_clear(&a.link);
	mirrors_clear(&a.own);
	config_clear(&config);
	free(a.outlet);
	return e;
}
