/* The edges of a bundle: prefix, padding, paths, dictionaries, and what a
 * draft refuses to write. */
#include "../../src/core/date.h"
#include "../../src/core/limits.h"
#include "../lib/hostile_bundle.h"
#include "../lib/tap.h"

static void
must(enum err e)
{
	if (e != ERR_OK) {
		printf("Bail out! %s\n", err_str(e));
		exit(1);
	}
}

static void
heads(void)
{
	static const struct {
		const char *what;
		const char *bytes;
		size_t n;
		enum err want;
	} cases[] = {
		{"nothing", "", 0, ERR_TRUNCATED},
		{"half a magic", "erika-b", 7, ERR_TRUNCATED},
		{"another format", "PK\3\4.............", 17, ERR_SYNTAX},
		{"a dictionary", "erika-dict-1\n\0\0\0\1\0\0\0\1", 21,
			ERR_SYNTAX},
		{"the next version", "erika-bundle-2\n\0\0\0\1\0\0\0\1", 23,
			ERR_UNSUPPORTED},
		{"no lengths", "erika-bundle-1\n", 15, ERR_TRUNCATED},
		{"half the lengths", "erika-bundle-1\n\0\0\0\1\0\0\0", 22,
			ERR_TRUNCATED},
		{"no packed bytes", "erika-bundle-1\n\0\0\0\0\0\0\0\1", 23,
			ERR_SYNTAX},
		{"no unpacked bytes", "erika-bundle-1\n\0\0\0\1\0\0\0\0", 23,
			ERR_SYNTAX},
		{"packed 2 MiB and 1", "erika-bundle-1\n\0\x20\0\1\0\0\0\1", 23,
			ERR_LIMIT},
		{"unpacked 8 MiB and 1", "erika-bundle-1\n\0\0\0\1\0\x80\0\1",
			23, ERR_LIMIT},
		{"4 GiB of both",
			"erika-bundle-1\n\xff\xff\xff\xff\xff\xff\xff\xff", 23,
			ERR_LIMIT},
		{"the most", "erika-bundle-1\n\0\x20\0\0\0\x80\0\0", 23,
			ERR_TRUNCATED},
	};
	struct diag d;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct verified *v = hostile_trust(
			span_of(cases[i].bytes, cases[i].n));
		struct bundle *b;

		is_err(bundle_open(v, &b, &d), cases[i].want, "head: %s",
			cases[i].what);
		verified_free(v);
	}
}

static void
padding(void)
{
	static const uint64_t steps[] = {1024, 1280, 1600, 2000, 2500, 3125,
		3907, 4884, 6105, 7632, 9540};
	size_t i;
	uint64_t n, last = 0;
	bool up = true;

	ok(bundle_padded(0) == 1024 && bundle_padded(1) == 1024, "the least");
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		ok(bundle_padded(steps[i]) == steps[i] &&
				bundle_padded(steps[i] - 1) == steps[i] &&
				bundle_padded(steps[i] + 1) > steps[i],
			"step %llu", (unsigned long long)steps[i]);
	for (n = 1024; n < 5000000; n += 997) {
		uint64_t p = bundle_padded(n);

		up = up && p >= n && p >= last && p <= n + n / 4 + 1;
		last = p;
	}
	ok(up, "never shorter, never a quarter more");
	ok(bundle_padded(UINT64_MAX) == UINT64_MAX, "no overflow");
}

static void
paths(void)
{
	static const struct {
		const char *path;
		bool good;
	} cases[] = {
		{"b/news/2026-w48/214.ekb", true},
		{"b/d-1.x/2026-w53/1.ekb", true},
		{"b/news/2025-w53/1.ekb", false}, /* 2025 had 52 */
		{"b/news/2026-w00/1.ekb", false},
		{"b/news/2026-w54/1.ekb", false},
		{"b/news/2026-w4/1.ekb", false},
		{"b/news/2026-48/1.ekb", false},
		{"b/news/2026-w48/0.ekb", false},
		{"b/news/2026-w48/01.ekb", false},
		{"b/news/2026-w48/.ekb", false},
		{"b/news/2026-w48/1.EKB", false},
		{"b/news/2026-w48/1.ekb.minisig", false},
		{"b/news/2026-w48/-1.ekb", false},
		{"b/news/2026-w48/9007199254740991.ekb", true},
		{"b/news/2026-w48/9007199254740992.ekb", false},
		{"b/news/2026-w48/99999999999999999999.ekb", false},
		{"b/News/2026-w48/1.ekb", false},
		{"b//2026-w48/1.ekb", false},
		{"b/../2026-w48/1.ekb", false},
		{"c/news/2026-w48/1.ekb", false},
		{"b/news/2026-w48/1.ekb/", false},
		{"b/news/2026-w48/x/1.ekb", false},
		{"/b/news/2026-w48/1.ekb", false},
		{"b/news/2026-w48", false},
		{"", false},
	};
	struct buf b;
	struct span desk;
	uint64_t sequence;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ok(bundle_path_parse(span_str(cases[i].path), &desk,
			   &sequence) == cases[i].good,
			"path '%s'", cases[i].path);
	buf_init(&b, 100);
	is_err(bundle_path_add(&b, "news", date_of(2027, 1, 3), 5), ERR_OK,
		"write one");
	is_str(buf_cstr(&b), "b/news/2026-w53/5.ekb", "by ISO week");
	buf_free(&b);
}

static void
dictionaries(void)
{
	struct buf dict, file;
	struct verified *v, *out = NULL;
	struct diag d;
	size_t i;

	buf_init(&dict, SIZE_MAX);
	buf_init(&file, SIZE_MAX);
	must(buf_reserve(&dict, LIMIT_DICT));
	for (i = 0; i < LIMIT_DICT; i++)
		must(buf_u8(&dict, (uint8_t)(i * i >> 7)));
	is_err(bundle_dict_pack(buf_view(&dict), &file), ERR_OK, "pack");
	v = hostile_trust(buf_view(&file));
	is_err(bundle_dict_unpack(v, &out, &d), ERR_OK, "unpack");
	ok(span_eq(verified_bytes(out), buf_view(&dict)), "the same");
	verified_free(out);
	verified_free(v);
	v = hostile_trust(span_sub(buf_view(&file), 0, file.n - 1));
	is_err(bundle_dict_unpack(v, &out, &d), ERR_TRUNCATED, "cut short");
	verified_free(v);
	must(buf_u8(&file, 0));
	v = hostile_trust(buf_view(&file));
	is_err(bundle_dict_unpack(v, &out, &d), ERR_TRAILING, "one more");
	verified_free(v);
	file.p[15] = 0xff; /* its length */
	v = hostile_trust(buf_view(&file));
	is_err(bundle_dict_unpack(v, &out, &d), ERR_LIMIT, "too long");
	verified_free(v);
	file.p[0] = 'E';
	v = hostile_trust(buf_view(&file));
	is_err(bundle_dict_unpack(v, &out, &d), ERR_SYNTAX, "wrong magic");
	verified_free(v);
	v = hostile_trust(span_of("erika-dict-1\n\0\0", 15));
	is_err(bundle_dict_unpack(v, &out, &d), ERR_TRUNCATED, "no length");
	verified_free(v);
	must(buf_u8(&dict, 0));
	is_err(bundle_dict_pack(buf_view(&dict), &file), ERR_LIMIT,
		"too long to pack");
	is_err(bundle_dict_pack(span_of(NULL, 0), &file), ERR_LIMIT,
		"nothing to pack");
	buf_free(&dict);
	buf_free(&file);
}

/* ---- articles and drafts */

#define S(s) ((char *)(uintptr_t)(s))

static struct article
plain(void)
{
	return (struct article){.id = S("a"),
		.revision = 1,
		.title = S("A title"),
		.language = S("en"),
		.published = date_of(2026, 11, 23),
		.updated = date_of(2026, 11, 23),
		.text = 0};
}

static void
articles(void)
{
	struct article_image m[2] = {{.object = 1, .type = S("image/png")},
		{.object = -1,
			.bundle = S("b/n/2026-w01/1.ekb"),
			.type = S("image/png")}};
	char *names[2] = {S("A"), S("B")};
	struct article a = plain(), copy;
	struct diag d = {0};

	memset(m[1].name.b, 1, 32);
	is_err(article_check(&a, &d), ERR_OK, "a plain article");
	a.authors = names;
	a.n_authors = 2;
	a.tags = names;
	a.n_tags = 2;
	a.images = m;
	a.n_images = 2;
	a.url = S("https://news.example");
	is_err(article_check(&a, &d), ERR_OK, "a full one");
	must(article_copy(&copy, &a));
	ok(copy.title != a.title && strcmp(copy.title, a.title) == 0 &&
			strcmp(copy.authors[1], "B") == 0 &&
			strcmp(copy.images[1].bundle, m[1].bundle) == 0 &&
			digest_eq(&copy.images[1].name, &m[1].name) &&
			copy.note == NULL && copy.text == 0,
		"a deep copy");
	article_clear(&copy);
	ok(copy.title == NULL && copy.n_images == 0, "cleared");
	article_clear(NULL);
	m[0].bundle = S("b/n/2026-w01/1.ekb");
	is_err(article_check(&a, &d), ERR_REFUSED, "an image in two places");
	m[0].bundle = NULL;
	m[0].object = -2;
	is_err(article_check(&a, &d), ERR_REFUSED, "an image nowhere");
	a.n_images = 0;
	a.title = NULL;
	is_err(article_check(&a, &d), ERR_REFUSED, "no title");
	ok(strstr(d.why, "title") != NULL, "and it says so");
	a = plain();
	a.published = date_of(10000, 1, 1);
	a.updated = a.published;
	is_err(article_check(&a, &d), ERR_REFUSED, "a year of five digits");
	a = plain();
	a.text = -1;
	is_err(article_check(&a, &d), ERR_REFUSED, "no text");
}

static void
drafts(void)
{
	struct bundle_draft *b = bundle_draft_new("Example", "news",
		"b/news/2026-w48/1.ekb", 1, date_of(2026, 11, 23));
	struct deflate *z = deflate_new(span_of(NULL, 0));
	struct digest h[2] = {{{1}}, {{2}}};
	struct article_image m = {
		.name = h[0], .object = 1, .type = S("image/png")};
	struct article a = plain();
	struct buf out, big;
	uint64_t content, padded;
	struct diag d;
	size_t head;
	int32_t i = -1;

	buf_init(&out, SIZE_MAX);
	buf_init(&big, SIZE_MAX);
	must(buf_str(&out, "kept"));
	is_err(bundle_draft_finish(b, &out, &head, &content, &padded, &d),
		ERR_REFUSED, "a bundle of nothing");
	is_str(buf_cstr(&out), "kept", "writes nothing");
	is_err(bundle_draft_text(b, span_str(""), z, -1, NULL, NULL, &i),
		ERR_REFUSED, "an empty text");
	is_err(bundle_draft_text(b, span_str("x"), z, 0, NULL, NULL, &i),
		ERR_REFUSED, "a dictionary that is not there");
	must(buf_reserve(&big, LIMIT_TEXT + 1));
	memset(big.p, 'x', LIMIT_TEXT + 1);
	is_err(bundle_draft_text(b, span_of(big.p, LIMIT_TEXT + 1), z, -1, NULL,
		       NULL, &i),
		ERR_LIMIT, "a text over 1 MiB");
	is_err(bundle_draft_text(
		       b, span_of(big.p, LIMIT_TEXT), z, -1, NULL, NULL, &i),
		ERR_OK, "a text of 1 MiB");
	is_err(bundle_draft_image(b, 0, h, 0, &i), ERR_REFUSED, "no image");
	is_err(bundle_draft_image(b, 70000, h, 1, &i), ERR_REFUSED,
		"a part too few");
	is_err(bundle_draft_image(b, LIMIT_OBJECT + 1, h, 2, &i), ERR_LIMIT,
		"an image over 4 MiB");
	is_err(bundle_draft_image(b, 100, h, 1, &i), ERR_OK, "an image");
	is_err(bundle_draft_text(b, span_str("x"), z, -1, NULL, NULL, &i),
		ERR_REFUSED, "a text behind an image");
	a.text = 2;
	is_err(bundle_draft_article(b, &a, &d), ERR_REFUSED, "no such text");
	a.text = 0;
	a.images = &m;
	a.n_images = 1;
	m.name = h[1];
	is_err(bundle_draft_article(b, &a, &d), ERR_REFUSED,
		"an image by another name");
	m.name = h[0];
	is_err(bundle_draft_article(b, &a, &d), ERR_OK, "an article");
	is_err(bundle_draft_finish(b, &out, &head, &content, &padded, &d),
		ERR_OK, "finished");
	ok(content == head + bundle_draft_size(b) + 100 &&
			padded == bundle_padded(content),
		"lengths");
	is_err(bundle_draft_article(b, &a, &d), ERR_OK, "the same again");
	is_err(bundle_draft_finish(b, &out, &head, &content, &padded, &d),
		ERR_REFUSED, "is seen when it is read back");
	bundle_draft_free(b);
	bundle_draft_free(NULL);
	deflate_free(z);
	buf_free(&out);
	buf_free(&big);
}

int
main(void)
{
	if (crypto_start() != ERR_OK)
		return 1;
	heads();
	padding();
	paths();
	dictionaries();
	articles();
	drafts();
	return plan();
}
