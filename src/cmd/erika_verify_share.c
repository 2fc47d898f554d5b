/* A share file, checked as if it were imported, in a trial that leaves no
 * trace. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../core/text.h"
#include "../core/words.h"
#include "../read/xhtml.h"
#include "../sys/archive.h"
#include "../sys/clock.h"
#include "../sys/file.h"
#include "../sys/sync.h"
#include "erika_report.h"
#include "erika_verify.h"

/* A library for the trial: the user's, or an empty one that goes away when
 * there is none, since checking a file must not begin one. */
struct scratch {
	struct library *l;
	char dir[64];
};

static enum err
scratch_open(struct scratch *s, struct diag *d)
{
	struct buf path;
	char file[80];
	enum err e;

	buf_init(&path, 4096);
	*s = (struct scratch){.l = NULL};
	e = library_path(&path, d);
	if (e == ERR_OK && file_exists(buf_cstr(&path))) {
		e = library_open(NULL, &s->l, d);
	} else if (e == ERR_OK) {
		snprintf(s->dir, sizeof(s->dir), "/tmp/erika-verify.XXXXXX");
		if (mkdtemp(s->dir) == NULL) {
			e = file_errno(s->dir, d);
			s->dir[0] = '\0';
		} else {
			snprintf(file, sizeof(file), "%s/library.db", s->dir);
			e = library_open(file, &s->l, d);
		}
	}
	buf_free(&path);
	return e;
}

static void
scratch_close(struct scratch *s)
{
	char file[80];

	library_close(s->l);
	if (s->dir[0] == '\0')
		return;
	snprintf(file, sizeof(file), "%s/library.db", s->dir);
	unlink(file);
	rmdir(s->dir);
}

static enum err
first_root(const struct verify *v, struct buf *root, struct diag *d)
{
	struct archive *a = NULL;
	enum err e;

	if (v->root != NULL)
		return file_read(v->root, LIMIT_ROOT, root, d);
	e = archive_open(v->file, &a, d);
	if (e == ERR_OK)
		e = archive_read(a, "m/1.root.json", 0, 0, LIMIT_ROOT, root, d);
	if (e == ERR_MISSING)
		e = diag_set(d, e,
			"it does not say whose it is (no "
			"m/1.root.json in it); --root FILE does");
	archive_close(a);
	return e;
}

/* Whether the root that the file has with it is the one of these words. */
static enum err
words_check(const char *words, struct span root, struct diag *d)
{
	uint8_t told[WORDS_BYTES], fp[32];
	char are[ERIKA_WORDS];
	enum err e = words_parse(span_str(words), told, d);

	if (e != ERR_OK) {
		diag_prefix(d, e, "--words");
		return d->code = ERR_USAGE;
	}
	e = trust_fingerprint(root, fp, d);
	if (e != ERR_OK || memcmp(told, fp, sizeof(told)) == 0)
		return e;
	return diag_set(d, ERR_KEY,
		"it is of another outlet than that of your words: its words "
		"are %s",
		erika_words(are, fp));
}

/* The outlet to check against, in the trial: a twin of one we have, or a new
 * one from --root or --words. */
static enum err
outlet_try(struct library *l, const struct verify *v, struct span root,
	struct library_outlets *list, const struct library_outlet **o,
	struct diag *d)
{
	uint8_t fp[32];
	struct trust *t = NULL;
	char *name = NULL;
	int64_t id = 0;
	enum err e = erika_outlet_of(list, root, o, d);

	if (e == ERR_OK && v->words != NULL)
		e = words_check(v->words, root, d);
	else if (e == ERR_OK && *o == NULL && v->root == NULL)
		e = diag_set(d, ERR_KEY,
			"it is from an outlet that you do not trust; erika "
			"add would ask you, --words \"...\" checks it by the "
			"words that you were told, --root FILE by a root that "
			"you have");
	if (e != ERR_OK)
		return e;
	if (*o != NULL) {
		e = library_outlet_alias(l, (*o)->id, &id, d);
	} else {
		e = trust_new(root, clock_now(), TRUST_LENIENT, &t, d);
		trust_free(t);
		if (e == ERR_OK)
			e = erika_root_name(root, &name, d);
		if (e == ERR_OK)
			e = trust_fingerprint(root, fp, d);
		if (e == ERR_OK)
			e = library_outlet_add(
				l, name, fp, root, clock_now(), &id, d);
		free(name);
	}
	library_outlets_clear(list);
	*o = NULL;
	if (e == ERR_OK)
		e = library_outlets(l, list, d);
	if (e == ERR_OK)
		*o = &list->list[list->n - 1];
	return e;
}

static void
article_line(const struct library_article *a)
{
	char shown[400];

	printf("  %-10s %-7s %s\n", article_status_str(a->status), a->language,
		text_show(shown, sizeof(shown), span_str(a->title)));
}

static enum err
share_say(const struct context *cx, struct library *l,
	const struct library_outlet *o, const struct sync_report *r,
	struct diag *d)
{
	struct library_filter f = {.outlet = o->id};
	struct library_articles list = {.n = 0};
	struct sync_report none = {.err = ERR_OK};
	char line[256], shown[200];
	enum err e;
	size_t i;

	if (cx->json)
		return erika_json(json_pack("{s:s, s:s, s:I, s:o}", "schema",
					  "erika-verify-1", "kind", "share",
					  "bundles", (json_int_t)r->bundles,
					  "report", report_json(o, r, &none)),
			d);
	if (!r->complete)
		return ERR_OK;
	e = library_articles(l, &f, &list, d);
	report_authentic(line, sizeof(line), &r->verdict);
	printf("%s\n", line);
	report_fresh(line, sizeof(line), &r->verdict, clock_now());
	printf("%s\n", line);
	printf("from %s: %zu bundle%s, %zu article%s\n",
		text_show(shown, sizeof(shown), span_str(o->name)), r->bundles,
		r->bundles == 1 ? "" : "s", list.n, list.n == 1 ? "" : "s");
	for (i = 0; i < list.n; i++)
		article_line(&list.list[i]);
	for (i = 0; i < r->n_notes; i++)
		talk(cx, "%s", r->notes[i]);
	library_articles_clear(&list);
	return e;
}

enum err
verify_share(struct context *cx, const struct verify *v, struct diag *d)
{
	struct sync_options opt = {
		.now = clock_now(), .from = v->file, .check = xhtml_check};
	struct library_outlets list = {.n = 0};
	const struct library_outlet *o = NULL;
	struct sync_report r = {.err = ERR_OK};
	struct scratch s;
	struct buf root;
	enum err e;

	buf_init(&root, LIMIT_ROOT);
	e = scratch_open(&s, d);
	if (e == ERR_OK)
		e = first_root(v, &root, d);
	if (e == ERR_OK)
		e = library_trial(s.l, d);
	if (e == ERR_OK)
		e = library_outlets(s.l, &list, d);
	if (e == ERR_OK)
		e = outlet_try(s.l, v, buf_view(&root), &list, &o, d);
	if (e == ERR_OK)
		e = sync_outlet(s.l, o, &opt, &r, d);
	if (e == ERR_OK)
		e = share_say(cx, s.l, o, &r, d);
	if (e == ERR_OK && r.err != ERR_OK) {
		*d = r.diag;
		e = r.err;
	}
	sync_report_clear(&r);
	library_outlets_clear(&list);
	if (s.l != NULL)
		library_trial_end(s.l);
	scratch_close(&s);
	buf_free(&root);
	return e;
}
