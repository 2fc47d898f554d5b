/* Bundles: what goes in comes out, and nothing else does. */
#include "../../src/core/bundle.h"
#include "../../src/core/date.h"
#include "../../src/core/inflate.h"
#include "../../src/core/limits.h"
#include "../lib/tap.h"

#define PATH "b/news/2026-w48/214.ekb"
#define EARLIER "b/news/2026-w40/7.ekb"

static struct verified *
trust(struct span s)
{
	struct digest d = digest_of(s);
	struct verified *v = NULL;

	if (verified_again(s, &d, &v) != ERR_OK)
		abort();
	return v;
}

static void
must(enum err e)
{
	if (e != ERR_OK) {
		printf("Bail out! %s\n", err_str(e));
		exit(1);
	}
}

/* ---- what goes in */

struct lesson {
	const char *language, *title, *author, *tag, *dict, *text;
};

static const struct lesson lessons[] = {
	{"en", "The bridge opens again", "A. Writer", "city",
		"<p>The council of the city said on Monday that the bridge ",
		"<p>The council of the city said on Monday that the bridge "
		"over the river opens again. Buses run from six.</p>"},
	{"ru", "Мост снова открыт", "А. Автор", "город",
		"<p>Городской совет сообщил в понедельник, что мост через ",
		"<p>Городской совет сообщил в понедельник, что мост через "
		"реку снова открыт. Автобусы ходят с шести утра.</p>"},
	{"fa", "پل دوباره باز می‌شود", "نویسنده", "شهر",
		"<p>شورای شهر روز دوشنبه گفت که پل ",
		"<p>شورای شهر روز دوشنبه گفت که پل روی رودخانه دوباره باز "
		"می‌شود.</p>"},
	{"zh", "大桥重新开放", "记者", "城市", "<p>市议会星期一表示，河上的",
		"<p>市议会星期一表示，河上的大桥重新开放。公共汽车从六点开始"
		"运行。</p>"},
};
#define N_LESSONS (sizeof(lessons) / sizeof(lessons[0]))

static const char correction[] =
	"<p>The council of the city said on Monday that the bridge over the "
	"river opens again. Buses run from seven, not six.</p>";

static void
noise(struct buf *b, size_t n, uint32_t seed)
{
	while (b->n < n) {
		seed = seed * 1664525 + 1013904223;
		must(buf_u8(b, (uint8_t)(seed >> 24)));
	}
}

struct made {
	struct buf file;      /* whole, padded */
	struct buf images[2]; /* 200,000 and 65,536 bytes */
	struct digest names[2];
	size_t head;
	uint64_t content, padded;
	uint8_t sha[N_LESSONS][32];
};

static void
made_free(struct made *m)
{
	buf_free(&m->file);
	buf_free(&m->images[0]);
	buf_free(&m->images[1]);
}

static size_t
parts_of(struct span s, struct digest *parts)
{
	size_t n = 0, at;

	for (at = 0; at < s.n; at += LIMIT_PART)
		parts[n++] = digest_of(span_sub(s, at, LIMIT_PART));
	return n;
}

static struct article
article_like(const struct lesson *l, char **author, char **tag, char *id)
{
	*author = (char *)(uintptr_t)l->author;
	*tag = (char *)(uintptr_t)l->tag;
	return (struct article){
		.id = id,
		.revision = 1,
		.status = ARTICLE_PUBLISHED,
		.title = (char *)(uintptr_t)l->title,
		.language = (char *)(uintptr_t)l->language,
		.published = date_of(2026, 11, 23),
		.updated = date_of(2026, 11, 23) + 60,
		.authors = author,
		.n_authors = 1,
		.tags = tag,
		.n_tags = 1,
		.url = (char *)(uintptr_t) "https://news.example/a?b=1#c",
		.text = -1,
	};
}

/* Texts with dictionaries, one of them corrected against its base. */
static void
texts_add(struct bundle_draft *b, struct made *m, int32_t *texts)
{
	struct digest base = digest_of(span_str("first revision"));
	struct deflate *z;
	size_t i;

	for (i = 0; i < N_LESSONS; i++) {
		struct span dict = span_str(lessons[i].dict);
		char path[40];
		int32_t k;

		hash_bytes(HASH_SHA256, dict, m->sha[i]);
		snprintf(
			path, sizeof(path), "x/%s-1.dict", lessons[i].language);
		must(bundle_draft_dict(b, path, m->sha[i], &k));
		z = deflate_new(dict);
		must(bundle_draft_text(b, span_str(lessons[i].text), z, k, NULL,
			NULL, &texts[i]));
		deflate_free(z);
	}
	z = deflate_new(span_str(lessons[0].text));
	must(bundle_draft_text(b, span_str(correction), z, -1, EARLIER, &base,
		&texts[N_LESSONS]));
	deflate_free(z);
}

static void
images_add(struct bundle_draft *b, struct made *m, int32_t *images)
{
	static const size_t sizes[2] = {200000, 65536};
	struct digest parts[LIMIT_PARTS];
	size_t i, n;
	int32_t again = -1;

	for (i = 0; i < 2; i++) {
		buf_init(&m->images[i], SIZE_MAX);
		noise(&m->images[i], sizes[i], (uint32_t)i + 1);
		n = parts_of(buf_view(&m->images[i]), parts);
		must(bundle_draft_image(
			b, (uint32_t)sizes[i], parts, n, &images[i]));
		m->names[i] = bundle_object_name(parts, n);
		is_err(bundle_draft_image(
			       b, (uint32_t)sizes[i], parts, n, &again),
			ERR_EXISTS, "a picture twice");
		ok(again == images[i], "is the same object");
	}
}

static void
articles_add(struct bundle_draft *b, const struct made *m, const int32_t *texts,
	const int32_t *images)
{
	struct article_image pictures[2] = {
		{.name = m->names[0],
			.object = images[0],
			.type = (char *)(uintptr_t) "image/jpeg"},
		{.name = m->names[1],
			.object = images[1],
			.type = (char *)(uintptr_t) "image/webp"}};
	struct article_image there = {.name = digest_of(span_str("old")),
		.object = -1,
		.bundle = (char *)(uintptr_t)EARLIER,
		.type = (char *)(uintptr_t) "image/png"};
	char *author, *tag, id[16] = "lesson-0";
	struct article a;
	size_t i;

	for (i = 0; i < N_LESSONS; i++) {
		id[7] = (char)('0' + i);
		a = article_like(&lessons[i], &author, &tag, id);
		a.text = texts[i];
		a.images = pictures;
		a.n_images = i < 3 ? i : 0;
		must(bundle_draft_article(b, &a, NULL));
	}
	a = article_like(
		&lessons[0], &author, &tag, (char *)(uintptr_t) "bridge");
	a.revision = 3;
	a.previous = 1;
	a.status = ARTICLE_CORRECTED;
	a.note = (char *)(uintptr_t) "Buses run from seven.";
	a.text = texts[N_LESSONS];
	a.images = &there;
	a.n_images = 1;
	must(bundle_draft_article(b, &a, NULL));
	a = article_like(
		&lessons[1], &author, &tag, (char *)(uintptr_t) "gone");
	a.revision = 2;
	a.previous = 1;
	a.status = ARTICLE_RETRACTED;
	a.note = (char *)(uintptr_t) "The letter was forged.";
	a.url = NULL;
	a.n_authors = 0;
	a.n_tags = 0;
	must(bundle_draft_article(b, &a, NULL));
}

static void
make(struct made *m)
{
	struct bundle_draft *b = bundle_draft_new(
		"Example", "news", PATH, 214, date_of(2026, 11, 23) + 3600);
	int32_t texts[N_LESSONS + 1], images[2], unused;
	struct diag d = {0};
	size_t i;

	*m = (struct made){.head = 0};
	buf_init(&m->file, SIZE_MAX);
	must(bundle_draft_dict(b, "x/tr-1.dict", m->sha[0], &unused));
	texts_add(b, m, texts);
	images_add(b, m, images);
	articles_add(b, m, texts, images);
	ok(bundle_draft_size(b) > 100, "the draft counts its texts");
	is_err(bundle_draft_finish(
		       b, &m->file, &m->head, &m->content, &m->padded, &d),
		ERR_OK, "finish: %s", d.why);
	ok(m->file.n == m->head + bundle_draft_size(b), "head and texts");
	for (i = 0; i < 2; i++)
		must(buf_span(&m->file, buf_view(&m->images[i])));
	ok(m->file.n == m->content, "content is head, texts and images");
	while (m->file.n < m->padded)
		must(buf_u8(&m->file, 0));
	bundle_draft_free(b);
}

/* ---- what comes out */

static void
check_index(const struct bundle *b, const struct made *m)
{
	const struct article *a;
	size_t i;

	is_str(bundle_desk(b), "news", "desk");
	is_str(bundle_path(b), PATH, "path");
	ok(bundle_sequence(b) == 214, "sequence");
	ok(bundle_created(b) == date_of(2026, 11, 23) + 3600, "created");
	ok(bundle_head(b) == m->head && bundle_content(b) == m->content &&
			bundle_length(b) == m->padded &&
			bundle_text_end(b) == m->content - 265536,
		"lengths");
	ok(bundle_articles(b) == 6 && bundle_objects(b) == 7, "counts");
	ok(bundle_article(b, 6) == NULL && bundle_object(b, 7) == NULL &&
			bundle_dict(b, 4) == NULL,
		"nothing past the last");
	ok(bundle_dicts(b) == 4, "the unused dictionary is left out");
	for (i = 0; i < N_LESSONS; i++) {
		a = bundle_article(b, i);
		ok(strcmp(a->title, lessons[i].title) == 0 &&
				strcmp(a->language, lessons[i].language) == 0 &&
				strcmp(a->authors[0], lessons[i].author) == 0 &&
				strcmp(a->tags[0], lessons[i].tag) == 0 &&
				a->updated == a->published + 60,
			"article in %s", lessons[i].language);
		ok(memcmp(bundle_dict(b, i)->sha256, m->sha[i], 32) == 0 &&
				bundle_object(b, (size_t)a->text)->dict ==
					(int32_t)i,
			"its dictionary");
	}
	a = bundle_article(b, 2);
	ok(a->n_images == 2 && digest_eq(&a->images[1].name, &m->names[1]),
		"names of images are those of their objects");
	a = bundle_article(b, 4);
	ok(a->status == ARTICLE_CORRECTED && a->revision == 3 &&
			a->previous == 1 &&
			strcmp(a->note, "Buses run from seven.") == 0,
		"correction");
	ok(a->images[0].object == -1 &&
			strcmp(a->images[0].bundle, EARLIER) == 0,
		"an image of an earlier bundle");
	ok(strcmp(bundle_object(b, 4)->base_bundle, EARLIER) == 0 &&
			bundle_object(b, 4)->dict == -1,
		"a base");
	a = bundle_article(b, 5);
	ok(a->status == ARTICLE_RETRACTED && a->text == -1 && a->url == NULL &&
			a->n_authors == 0 && a->n_tags == 0,
		"retraction");
}

static struct span
object_span(const struct bundle *b, const struct made *m, size_t i)
{
	const struct bundle_object *o = bundle_object(b, i);

	return span_sub(buf_view(&m->file), (size_t)o->offset, o->packed);
}

static void
check_objects(const struct bundle *b, const struct made *m)
{
	size_t i;

	for (i = 0; i < bundle_objects(b); i++) {
		struct verified *packed = NULL, *dict = NULL, *out = NULL;
		struct span want;
		struct diag d = {0};

		is_err(bundle_object_verify(
			       b, i, object_span(b, m, i), &packed, &d),
			ERR_OK, "object %zu", i);
		if (i < N_LESSONS)
			dict = trust(span_str(lessons[i].dict));
		if (i == N_LESSONS)
			dict = trust(span_str(lessons[0].text));
		want = i < N_LESSONS	? span_str(lessons[i].text)
		       : i == N_LESSONS ? span_str(correction)
					: buf_view(&m->images[i - 5]);
		is_err(bundle_object_unpack(b, i, packed, dict, &out, &d),
			ERR_OK, "unpack it: %s", d.why);
		ok(out != NULL && span_eq(verified_bytes(out), want),
			"it is what went in");
		verified_free(out);
		out = NULL;
		if (dict != NULL)
			is_err(bundle_object_unpack(
				       b, i, packed, NULL, &out, &d),
				ERR_MISSING, "not without its dictionary");
		else
			is_err(bundle_object_unpack(
				       b, i, packed, packed, &out, &d),
				ERR_FAILED, "not with a dictionary");
		ok(out == NULL, "nothing comes of it");
		verified_free(dict);
		verified_free(packed);
		ok(bundle_find(b, &bundle_object(b, i)->name) == (int32_t)i,
			"found by name");
	}
}

static void
check_parts(const struct bundle *b, const struct made *m)
{
	struct digest none = digest_of(span_str("none"));
	struct verified *v = NULL;
	uint64_t at, end = bundle_head(b);
	size_t i, k, n;
	struct diag d;

	for (i = 0; i < bundle_objects(b); i++)
		for (k = 0; k < bundle_object(b, i)->n_parts; k++) {
			struct span s;

			bundle_part_range(b, i, k, &at, &n);
			s = span_sub(buf_view(&m->file), (size_t)at, n);
			if (at != end || n == 0 || n > LIMIT_PART)
				ok(false, "parts lie end to end");
			end = at + n;
			is_err(bundle_part_verify(b, i, k, s, &v, &d), ERR_OK,
				"part %zu of object %zu", k, i);
			verified_free(v);
			is_err(bundle_part_verify(
				       b, i, k, span_sub(s, 0, n - 1), &v, &d),
				ERR_TRUNCATED, "a byte short");
			is_err(bundle_part_verify(
				       b, i, k, span_of(s.p, n + 1), &v, &d),
				ERR_TRAILING, "a byte long");
			is_err(bundle_part_verify(
				       b, i, k, span_of(s.p - 1, n), &v, &d),
				ERR_HASH, "a byte beside");
		}
	ok(end == bundle_content(b), "up to the end of content");
	is_err(bundle_part_verify(b, 5, 4, span_of("", 0), &v, &d), ERR_MISSING,
		"a part past the last");
	is_err(bundle_object_verify(b, 7, span_of("", 0), &v, &d), ERR_MISSING,
		"an object past the last");
	ok(bundle_find(b, &none) == -1, "a name that is not there");
}

static void
check_padding(const struct bundle *b, const struct made *m)
{
	struct span tail = span_sub(
		buf_view(&m->file), (size_t)bundle_content(b), SIZE_MAX);
	struct diag d;

	is_err(bundle_padding_check(b, tail, &d), ERR_OK, "padding");
	is_err(bundle_padding_check(b, span_sub(tail, 1, tail.n), &d),
		ERR_TRUNCATED, "short padding");
	is_err(bundle_padding_check(b, span_of(tail.p, tail.n + 1), &d),
		ERR_TRAILING, "long padding");
	m->file.p[m->file.n - 1] = 1;
	is_err(bundle_padding_check(b, tail, &d), ERR_REFUSED,
		"something in the padding");
	m->file.p[m->file.n - 1] = 0;
}

static void
roundtrip(void)
{
	struct made m, again;
	struct bundle *b = NULL;
	struct verified *v;
	struct diag d = {0};

	make(&m);
	make(&again);
	ok(span_eq(buf_view(&m.file), buf_view(&again.file)),
		"same input, same bytes");
	made_free(&again);
	v = trust(span_sub(buf_view(&m.file), 0, m.head));
	is_err(bundle_open(v, &b, &d), ERR_OK, "open the head alone: %s",
		d.why);
	verified_free(v);
	check_index(b, &m);
	check_objects(b, &m);
	/* Room for the byte too many that the tests point at. */
	must(buf_reserve(&m.file, 1));
	check_parts(b, &m);
	check_padding(b, &m);
	bundle_free(b);
	v = trust(buf_view(&m.file));
	is_err(bundle_open(v, &b, &d), ERR_OK, "open the whole file");
	check_index(b, &m);
	bundle_free(b);
	verified_free(v);
	must(buf_u8(&m.file, 0));
	v = trust(buf_view(&m.file));
	is_err(bundle_open(v, &b, &d), ERR_TRAILING, "a byte behind it");
	ok(b == NULL, "nothing comes of it");
	verified_free(v);
	made_free(&m);
}

/* ---- every bit, every length of a small bundle */

struct signed_head {
	struct digest digest;
	size_t n;
};

/* What a reader does with a whole file whose head was signed. */
static enum err
accept(const struct signed_head *g, struct span file)
{
	struct verified *v = NULL, *o = NULL;
	struct bundle *b = NULL;
	struct diag d;
	size_t i;
	enum err e;

	e = verified_again(span_sub(file, 0, g->n), &g->digest, &v);
	if (e == ERR_OK)
		e = bundle_open(v, &b, &d);
	for (i = 0; e == ERR_OK && i < bundle_objects(b); i++) {
		const struct bundle_object *x = bundle_object(b, i);

		e = bundle_object_verify(b, i,
			span_sub(file, (size_t)x->offset, x->packed), &o, &d);
		if (e != ERR_OK && o != NULL)
			abort();
		verified_free(o);
		o = NULL;
	}
	if (e == ERR_OK)
		e = bundle_padding_check(b,
			span_sub(file, (size_t)bundle_content(b), SIZE_MAX),
			&d);
	bundle_free(b);
	verified_free(v);
	return e;
}

static void
small_make(struct buf *file, struct signed_head *g)
{
	struct bundle_draft *b = bundle_draft_new(
		"Example", "news", PATH, 214, date_of(2026, 11, 23));
	struct deflate *z = deflate_new(span_of(NULL, 0));
	struct buf picture;
	struct digest part;
	struct article_image m = {.type = (char *)(uintptr_t) "image/png"};
	uint64_t content, padded;
	char *author, *tag;
	struct article a = article_like(
		&lessons[0], &author, &tag, (char *)(uintptr_t) "a");

	buf_init(&picture, SIZE_MAX);
	noise(&picture, 100, 9);
	part = digest_of(buf_view(&picture));
	must(bundle_draft_text(
		b, span_str(lessons[0].text), z, -1, NULL, NULL, &a.text));
	must(bundle_draft_image(b, 100, &part, 1, &m.object));
	m.name = part;
	a.images = &m;
	a.n_images = 1;
	must(bundle_draft_article(b, &a, NULL));
	must(bundle_draft_finish(b, file, &g->n, &content, &padded, NULL));
	must(buf_span(file, buf_view(&picture)));
	while (file->n < padded)
		must(buf_u8(file, 0));
	g->digest = digest_of(span_sub(buf_view(file), 0, g->n));
	buf_free(&picture);
	deflate_free(z);
	bundle_draft_free(b);
}

static void
mutants(void)
{
	struct signed_head g;
	struct buf file, longer;
	size_t i, accepted = 0;

	buf_init(&file, SIZE_MAX);
	buf_init(&longer, SIZE_MAX);
	small_make(&file, &g);
	is_err(accept(&g, buf_view(&file)), ERR_OK, "a small bundle, %zu bytes",
		file.n);
	for (i = 0; i < file.n * 8; i++) {
		file.p[i / 8] ^= (uint8_t)(1u << i % 8);
		accepted += accept(&g, buf_view(&file)) == ERR_OK;
		file.p[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	ok(accepted == 0, "%zu flipped bits: %zu accepted", i, accepted);
	for (i = 0; i < file.n; i++)
		accepted +=
			accept(&g, span_sub(buf_view(&file), 0, i)) == ERR_OK;
	ok(accepted == 0, "%zu truncations: %zu accepted", i, accepted);
	for (i = 0; i <= file.n; i++) {
		buf_clear(&longer);
		must(buf_span(&longer, span_sub(buf_view(&file), 0, i)));
		must(buf_u8(&longer, (uint8_t)i));
		must(buf_span(&longer, span_sub(buf_view(&file), i, SIZE_MAX)));
		accepted += accept(&g, buf_view(&longer)) == ERR_OK;
	}
	ok(accepted == 0, "%zu insertions: %zu accepted", i, accepted);
	is_err(accept(&g, buf_view(&file)), ERR_OK, "the genuine still is");
	buf_free(&file);
	buf_free(&longer);
}

int
main(void)
{
	if (crypto_start() != ERR_OK)
		return 1;
	roundtrip();
	mutants();
	return plan();
}
