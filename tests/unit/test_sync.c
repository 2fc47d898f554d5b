/* Syncing outlets whose own keys sign what they should not: content that is
 * refused, paths that are another's, texts that build on what is not there.
 * Mirrors that lie are tests/cli/reader_hostile.sh's. */
#include <stdio.h>
#include <sys/stat.h>

#include "../../src/core/limits.h"
#include "../../src/core/text.h"
#include "../../src/read/xhtml.h"
#include "../../src/sys/file.h"
#include "../../src/sys/sync.h"
#include "../lib/repo.h"
#include "../lib/tap.h"

#define OK_TEXT "<article><p>It was the tide.</p></article>"
#define BAD_TEXT "<article><script>x()</script></article>"

static void
must(enum err e, const char *what)
{
	if (e == ERR_OK)
		return;
	printf("Bail out! %s: %s\n", what, err_str(e));
	exit(1);
}

/* ---- an outlet with bundles, as a folder */

struct piece {
	const char *id;
	uint32_t revision;
	const char *text; /* NULL: retracted */
	/* It is told as a difference from this text of that bundle. */
	const char *base_bundle, *base_text;
};

struct issue {
	char path[64];
	struct buf file;
	size_t head;
	uint64_t text_end;
	bool other_path; /* list it under another path than its own */
};

static struct digest
packed_name(const char *text)
{
	struct deflate *z = deflate_new(span_of(NULL, 0));
	struct digest name;
	struct buf b;

	buf_init(&b, LIMIT_TEXT);
	must(deflate_pack(z, span_str(text), &b), "pack");
	name = digest_of(buf_view(&b));
	buf_free(&b);
	deflate_free(z);
	return name;
}

static void
piece_add(struct bundle_draft *b, const struct piece *p)
{
	struct deflate *z =
		deflate_new(p->base_text == NULL ? span_of(NULL, 0)
						 : span_str(p->base_text));
	struct digest base;
	struct article a = {.id = (char *)(uintptr_t)p->id,
		.revision = p->revision,
		.previous = p->revision - 1,
		.status = p->text == NULL   ? ARTICLE_RETRACTED
			  : p->revision > 1 ? ARTICLE_CORRECTED
					    : ARTICLE_PUBLISHED,
		.title = (char *)(uintptr_t)p->id,
		.language = (char *)(uintptr_t) "en",
		.published = REPO_NOW,
		.updated = REPO_NOW + p->revision,
		.note = p->text == NULL || p->revision > 1
				? (char *)(uintptr_t) "why"
				: NULL,
		.text = -1};
	struct diag d;

	if (p->base_text != NULL)
		base = packed_name(p->base_text);
	if (p->text != NULL)
		must(bundle_draft_text(b, span_str(p->text), z, -1,
			     p->base_bundle, p->base_text ? &base : NULL,
			     &a.text),
			"text");
	must(bundle_draft_article(b, &a, &d), d.why);
	deflate_free(z);
}

static void
issue_make(struct issue *x, unsigned sequence, const struct piece *p, size_t n)
{
	struct bundle_draft *b;
	uint64_t content, padded;
	struct diag d = {.why = ""};
	size_t i;

	snprintf(x->path, sizeof(x->path), "b/news/2026-w47/%u.ekb", sequence);
	b = bundle_draft_new("Test Outlet", "news", x->path, sequence,
		REPO_NOW + (int64_t)sequence);
	for (i = 0; i < n; i++)
		piece_add(b, &p[i]);
	buf_init(&x->file, LIMIT_MIB);
	must(bundle_draft_finish(b, &x->file, &x->head, &content, &padded, &d),
		d.why);
	x->text_end = content;
	while (x->file.n < padded)
		must(buf_u8(&x->file, 0), "padding");
	bundle_draft_free(b);
}

static void
put(const char *dir, const char *name, struct span s)
{
	char path[400], *slash;
	struct diag d;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	slash = strrchr(path, '/');
	*slash = '\0';
	must(file_mkdirs(path, 0755, &d), path);
	*slash = '/';
	must(file_write(path, s, 0644, &d), path);
}

static void
issue_list(const char *dir, json_t *body, const struct issue *x)
{
	struct digest head = digest_of(span_of(x->file.p, x->head));
	char hex[65], path[64], name[200];
	uint8_t sha256[32];
	json_t *custom;
	int last;

	snprintf(path, sizeof(path), "%s%s",
		x->other_path ? "b/news/2026-w46/9.ekb" : x->path, "");
	text_hex(hex, head.b, 32);
	custom = json_pack("{s:{s:I, s:s}, s:I}", "head", "length",
		(json_int_t)x->head, "blake2b-256", hex, "text",
		(json_int_t)x->text_end);
	hash_bytes(HASH_SHA256, buf_view(&x->file), sha256);
	must(tuf_body_target(body, path, x->file.n, sha256, custom), "target");
	json_decref(custom);
	text_hex(hex, sha256, 32);
	last = (int)(strrchr(path, '/') - path);
	snprintf(name, sizeof(name), "t/%.*s/%s%s%s", last, path, hex, ".",
		path + last + 1);
	put(dir, name, buf_view(&x->file));
}

/* Publish these issues as version `version` into the folder. */
static void
publish(const char *dir, struct repo *r, unsigned version, struct issue *list,
	size_t n)
{
	json_t *body = tuf_body(TUF_TARGETS, version, REPO_NOW + 20 * REPO_DAY);
	char name[160];
	size_t i;

	for (i = 0; i < n; i++)
		issue_list(dir, body, &list[i]);
	repo_make(r, version, 20);
	snprintf(name, sizeof(name), "%u.d-news.json", version);
	repo_sign(r, name, body, "d");
	repo_snapshot(r, version, 20, "s");
	repo_timestamp(r, version, 20, "t");
	for (i = 0; i < r->n; i++) {
		snprintf(name, sizeof(name), "m/%s", r->files[i].name);
		put(dir, name, buf_view(&r->files[i].bytes));
	}
}

/* ---- a reader */

struct reader {
	struct library *l;
	struct library_outlets outlets;
	struct fetch *f;
	struct sync_report report;
};

static void
reader_start(struct reader *r, const char *file, struct repo *repo)
{
	struct repo_file *root = repo_get(repo, "1.root.json");
	uint8_t fp[32];
	struct diag d;
	int64_t id;

	*r = (struct reader){.l = NULL};
	must(fetch_new(NULL, &r->f, &d), "fetch");
	must(library_open(file, &r->l, &d), "library");
	must(trust_fingerprint(buf_view(&root->bytes), fp, &d), "root");
	must(library_outlet_add(r->l, "Test Outlet", fp, buf_view(&root->bytes),
		     REPO_NOW, &id, &d),
		"outlet");
	must(library_outlets(r->l, &r->outlets, &d), "outlets");
}

static void
reader_end(struct reader *r)
{
	sync_report_clear(&r->report);
	library_outlets_clear(&r->outlets);
	library_close(r->l);
	fetch_free(r->f);
}

/* Sync from the folder; the report's code. */
static enum err
sync_from(struct reader *r, const char *dir)
{
	struct sync_options o = {.now = REPO_NOW + 100,
		.from = dir,
		.fetch = r->f,
		.check = xhtml_check};
	struct diag d;

	sync_report_clear(&r->report);
	must(sync_outlet(r->l, &r->outlets.list[0], &o, &r->report, &d),
		"sync");
	return r->report.err;
}

/* Ids of the listed articles with their revisions, in id order. */
static const char *
listed(struct reader *r, char out[static 256])
{
	struct library_filter f = {.n = 0};
	struct library_articles a;
	size_t i, n = 0;
	struct diag d;
	char best[80];

	out[0] = '\0';
	must(library_articles(r->l, &f, &a, &d), "articles");
	for (best[0] = '\0';;) {
		size_t next = a.n;

		for (i = 0; i < a.n; i++)
			if (strcmp(a.list[i].id, best) > 0 &&
				(next == a.n || strcmp(a.list[i].id,
							a.list[next].id) < 0))
				next = i;
		if (next == a.n)
			break;
		snprintf(best, sizeof(best), "%s", a.list[next].id);
		n += (size_t)snprintf(out + n, 256 - n, "%s%s%u%s",
			n == 0 ? "" : " ", best, a.list[next].revision,
			a.list[next].status == ARTICLE_RETRACTED ? "-" : "");
	}
	library_articles_clear(&a);
	return out;
}

/* An article's text, or what kept it away. */
static enum err
text_of(struct reader *r, const char *id, struct buf *out)
{
	struct library_filter f = {.id = id};
	struct verified *v = NULL;
	struct library_articles a;
	struct library_open o;
	struct diag d;
	enum err e;

	buf_clear(out);
	must(library_articles(r->l, &f, &a, &d), "articles");
	if (a.n != 1) {
		library_articles_clear(&a);
		return ERR_MISSING;
	}
	e = library_bundle_open(r->l, a.list[0].bundle, &o, &d);
	if (e == ERR_OK)
		e = library_unpack(r->l, a.list[0].outlet, o.bundle,
			verified_bytes(o.prefix),
			(size_t)bundle_article(o.bundle, a.list[0].index)->text,
			&v, &d);
	if (e == ERR_OK)
		must(buf_span(out, verified_bytes(v)), "text");
	verified_free(v);
	library_open_clear(&o);
	library_articles_clear(&a);
	return e;
}

/* ---- what is refused */

static void
test_refused(void)
{
	static const struct piece some[] = {
		{"bad", 1, BAD_TEXT, NULL, NULL},
		{"good", 1, OK_TEXT, NULL, NULL},
		{"half", 1, "<article><p>", NULL, NULL},
	};
	static const struct piece next[] = {
		{"good", 2, BAD_TEXT, NULL, NULL},
	};
	struct issue x[2] = {{.head = 0}};
	struct repo repo = {.n = 0};
	struct reader r;
	struct buf text;
	char ids[256];

	buf_init(&text, LIMIT_TEXT);
	issue_make(&x[0], 1, some, 3);
	publish("refused", &repo, 1, x, 1);
	reader_start(&r, "refused.db", &repo);
	is_err(sync_from(&r, "refused"), ERR_REFUSED,
		"content that fails the check is refused");
	is_str(listed(&r, ids), "good1", "what is sound is kept");
	ok(r.report.n_notes == 2, "each refusal is told");
	ok(strstr(r.report.notes[0], "\"bad\" (bad) is left out: ") != NULL,
		"with title, id and why");
	ok(r.report.complete && r.report.counts.fresh == 1,
		"the rest of the sync stands");
	is_err(sync_from(&r, "refused"), ERR_OK, "once is enough");

	issue_make(&x[1], 2, next, 1);
	publish("refused", &repo, 2, x, 2);
	is_err(sync_from(&r, "refused"), ERR_REFUSED, "a refused revision");
	is_str(listed(&r, ids), "good1", "does not replace a sound one");
	is_err(text_of(&r, "good", &text), ERR_OK, "which is read");
	is_str(buf_cstr(&text), OK_TEXT, "as before");
	reader_end(&r);
	buf_free(&x[0].file);
	buf_free(&x[1].file);
	buf_free(&text);
	repo_free(&repo);
}

/* A bundle under another path than its index says, and a target that is no
 * bundle at all. */
static void
test_paths(void)
{
	static const struct piece one[] = {{"one", 1, OK_TEXT, NULL, NULL}};
	static const struct piece two[] = {{"two", 1, OK_TEXT, NULL, NULL}};
	struct issue x[3] = {{.head = 0}};
	struct repo repo = {.n = 0};
	struct reader r;
	char ids[256];

	issue_make(&x[0], 1, one, 1);
	issue_make(&x[1], 2, two, 1);
	x[1].other_path = true;
	publish("paths", &repo, 1, x, 2);
	reader_start(&r, "paths.db", &repo);
	is_err(sync_from(&r, "paths"), ERR_REFUSED,
		"a bundle under another's path is refused");
	is_str(listed(&r, ids), "one1", "and nothing of it kept");
	ok(r.report.n_notes == 1 &&
			strstr(r.report.notes[0], "another") != NULL,
		"which is told");
	ok(r.report.mirrors[0].err == ERR_OK, "and no mirror is blamed");

	/* Noise instead of a bundle, rightly hashed. */
	snprintf(x[2].path, sizeof(x[2].path), "b/news/2026-w47/3.ekb");
	buf_init(&x[2].file, 2000);
	while (x[2].file.n < 1024)
		must(buf_u8(&x[2].file, 'x'), "noise");
	x[2].head = 100;
	x[2].text_end = 500;
	publish("paths", &repo, 2, x, 3);
	is_err(sync_from(&r, "paths"), ERR_REFUSED, "noise is refused");
	x[2].text_end = LIMIT_BUNDLE_TEXT + 1;
	publish("paths", &repo, 3, x, 3);
	is_err(sync_from(&r, "paths"), ERR_REFUSED, "lengths that differ too");
	x[2].head = 0;
	x[2].text_end = 0;
	publish("paths", &repo, 4, x, 3);
	is_err(sync_from(&r, "paths"), ERR_REFUSED, "and lengths of nothing");
	is_str(listed(&r, ids), "one1", "nothing changed");
	reader_end(&r);
	buf_free(&x[0].file);
	buf_free(&x[1].file);
	buf_free(&x[2].file);
	repo_free(&repo);
}

/* ---- revisions */

static void
test_revisions(void)
{
	static const struct piece third[] = {
		{"a", 3, OK_TEXT, NULL, NULL}, {"b", 1, OK_TEXT, NULL, NULL}};
	static const struct piece second[] = {
		{"a", 2, "<article><p>Old.</p></article>", NULL, NULL},
		{"b", 2, NULL, NULL, NULL}};
	static const struct piece again[] = {
		{"a", 3, "<article><p>Same.</p></article>", NULL, NULL},
		{"b", 2, OK_TEXT, NULL, NULL}};
	struct issue x[3] = {{.head = 0}};
	struct repo repo = {.n = 0};
	struct reader r;
	struct buf text;
	char ids[256];

	buf_init(&text, LIMIT_TEXT);
	issue_make(&x[0], 1, third, 2);
	publish("revisions", &repo, 1, x, 1);
	reader_start(&r, "revisions.db", &repo);
	is_err(sync_from(&r, "revisions"), ERR_OK, "a third revision comes");
	is_str(listed(&r, ids), "a3 b1", "and is listed");
	issue_make(&x[1], 2, second, 2);
	publish("revisions", &repo, 2, x, 2);
	is_err(sync_from(&r, "revisions"), ERR_OK, "then a second one");
	is_str(listed(&r, ids), "a3 b2-", "which replaces nothing newer");
	ok(r.report.counts.retracted == 1 && r.report.counts.fresh == 0 &&
			r.report.counts.corrected == 0,
		"only the retraction counts");
	issue_make(&x[2], 3, again, 2);
	publish("revisions", &repo, 3, x, 3);
	is_err(sync_from(&r, "revisions"), ERR_OK, "then the same again");
	is_str(listed(&r, ids), "a3 b2-", "which replaces nothing either");
	is_err(text_of(&r, "a", &text), ERR_OK, "its text");
	is_str(buf_cstr(&text), OK_TEXT, "is the first of that number");
	reader_end(&r);
	buf_free(&x[0].file);
	buf_free(&x[1].file);
	buf_free(&x[2].file);
	buf_free(&text);
	repo_free(&repo);
}

/* A text told as a difference, whose base comes late. */
static void
test_base(void)
{
	static const struct piece base[] = {{"a", 1, OK_TEXT, NULL, NULL}};
	static const struct piece change[] = {
		{"a", 2, "<article><p>It was the tide!</p></article>",
			"b/news/2026-w47/1.ekb", OK_TEXT},
		{"new", 1, OK_TEXT, NULL, NULL}};
	struct issue x[2] = {{.head = 0}};
	struct repo repo = {.n = 0};
	struct reader r;
	struct buf text;
	char ids[256], cmd[300], hex[65];
	uint8_t sha256[32];

	buf_init(&text, LIMIT_TEXT);
	issue_make(&x[0], 1, base, 1);
	issue_make(&x[1], 2, change, 2);
	publish("base", &repo, 1, x, 2);
	hash_bytes(HASH_SHA256, buf_view(&x[0].file), sha256);
	text_hex(hex, sha256, 32);
	snprintf(cmd, sizeof(cmd), "base/t/b/news/2026-w47/%s.1.ekb", hex);
	ok(rename(cmd, "away") == 0, "the earlier bundle is not there");
	reader_start(&r, "base.db", &repo);
	is_err(sync_from(&r, "base"), ERR_OK, "the later one is taken");
	is_str(listed(&r, ids), "new1", "but for what builds on the other");
	ok(r.report.absent == 2 && r.report.n_notes == 1, "which is told");
	ok(rename("away", cmd) == 0, "the earlier bundle comes");
	is_err(sync_from(&r, "base"), ERR_OK, "and the next sync");
	is_str(listed(&r, ids), "a2 new1", "completes the later one");
	is_err(text_of(&r, "a", &text), ERR_OK, "its text");
	is_str(buf_cstr(&text), change[0].text, "is put together");
	reader_end(&r);
	buf_free(&x[0].file);
	buf_free(&x[1].file);
	buf_free(&text);
	repo_free(&repo);
}

/* A trial leaves nothing. */
static void
test_trial(void)
{
	static const struct piece one[] = {{"one", 1, OK_TEXT, NULL, NULL}};
	struct issue x[1] = {{.head = 0}};
	struct repo repo = {.n = 0};
	struct reader r;
	struct diag d;
	char ids[256];

	issue_make(&x[0], 1, one, 1);
	publish("trial", &repo, 1, x, 1);
	reader_start(&r, "trial.db", &repo);
	is_err(library_trial(r.l, &d), ERR_OK, "a trial");
	is_err(sync_from(&r, "trial"), ERR_OK, "syncs");
	is_str(listed(&r, ids), "one1", "and sees what it brought");
	library_trial_end(r.l);
	is_str(listed(&r, ids), "", "until its end");
	is_err(sync_from(&r, "trial"), ERR_OK, "a sync in earnest");
	is_str(listed(&r, ids), "one1", "keeps it");
	reader_end(&r);
	buf_free(&x[0].file);
	repo_free(&repo);
}

int
main(void)
{
	must(crypto_start(), "libsodium");
	test_refused();
	test_paths();
	test_revisions();
	test_base();
	test_trial();
	return plan();
}
