/* Bundles that are signed and hostile. Each case changes one thing in a good
 * index, and must be refused for that very reason. */
#include "../../src/core/limits.h"
#include "../../src/core/text.h"
#include "../lib/hostile_bundle.h"
#include "../lib/tap.h"

static void
one(const char *what, const char *index, enum err want, const char *why)
{
	struct diag d = {0};
	enum err e = hostile_open(span_str(index), &d);

	is_err(e, want, "%s", what);
	if (e != ERR_OK && (d.code != e || strstr(d.why, why) == NULL))
		ok(false, "%s: not for '%s' but for '%s'", what, why, d.why);
}

static void
table(void)
{
	size_t i;

	for (i = 0; i < hostile_n_cases; i++) {
		const struct hostile_case *c = &hostile_cases[i];
		char *changed =
			hostile_replace(hostile_index, c->find, c->with);
		char *index = hostile_expand(changed);

		one(c->what, index, c->want, c->why);
		free(index);
		free(changed);
	}
}

/* ---- too much of something: `n` times what `each` prints for a number,
 * joined by commas, in place of `find` */

static void
many(const char *what, const char *find, const char *before, const char *each,
	size_t n, const char *after, enum err want, const char *why)
{
	struct buf b;
	char *changed, *index;
	size_t i;
	enum err e;

	buf_init(&b, SIZE_MAX);
	e = buf_str(&b, before);
	for (i = 0; e == ERR_OK && i < n; i++) {
		const char *p;

		if (i > 0)
			e = buf_u8(&b, ',');
		for (p = each; e == ERR_OK && *p != '\0'; p++)
			e = *p == '#' ? buf_printf(&b, "%zu", i)
				      : buf_u8(&b, (uint8_t)*p);
	}
	if (e == ERR_OK)
		e = buf_str(&b, after);
	if (e != ERR_OK)
		abort();
	changed = hostile_replace(hostile_index, find, buf_cstr(&b));
	index = hostile_expand(changed);
	one(what, index, want, why);
	free(index);
	free(changed);
	buf_free(&b);
}

#define LONG_ARTICLE                                                           \
	"{'authors':[],'id':'b-#','images':[],'language':'en','note':'.',"     \
	"'previous':1,'published':'2026-11-20T08:00:00Z','revision':3,"        \
	"'status':'retracted','tags':[],'title':'Four',"                       \
	"'updated':'2026-11-23T07:00:00Z'}"

static void
floods(void)
{
	many("4,096 articles", "{'authors':[],'id':'a-4'", "", LONG_ARTICLE,
		LIMIT_ARTICLES - 5, ",{'authors':[],'id':'a-4'", ERR_OK, "");
	many("4,097 articles", "{'authors':[],'id':'a-4'", "", LONG_ARTICLE,
		LIMIT_ARTICLES - 4, ",{'authors':[],'id':'a-4'", ERR_LIMIT,
		"articles");
	many("16,385 objects", "'objects':[", "'objects':[", "{}",
		LIMIT_OBJECTS - 5, ",", ERR_LIMIT, "objects");
	many("65 dictionaries", "'dictionaries':[", "'dictionaries':[",
		"{'path':'x/d#.dict','sha256':'@d'}", LIMIT_DICTS, ",",
		ERR_LIMIT, "dictionaries");
	many("64 tags", "['city']", "[", "'t#'", LIMIT_TAGS, "]", ERR_OK, "");
	many("65 tags", "['city']", "[", "'t#'", LIMIT_TAGS + 1, "]", ERR_LIMIT,
		"tags");
	many("33 authors", "['A. Writer','B. Writer']", "[", "'t#'",
		LIMIT_AUTHORS + 1, "]", ERR_LIMIT, "authors");
	many("257 images", "[{'object':5,'type':'image/webp'}]", "[",
		"{'object':5,'type':'image/webp'}",
		LIMIT_IMAGES_PER_ARTICLE + 1, "]", ERR_LIMIT, "images");
	many("a title of 1,024 bytes", "'title':'One'", "'title':'", "abc", 256,
		"d'", ERR_OK, "");
	many("a title of 1,025 bytes", "'title':'One'", "'title':'", "abc", 256,
		"de'", ERR_REFUSED, "title");
	many("half a million values", "['city']", "[", "0", 400000, "]",
		ERR_LIMIT, "values");
	many("half a million arrays", "['city']", "[", "[]", 200000, "]",
		ERR_LIMIT, "values");
	many("commas in a string are none", "'sequence':214}",
		"'sequence':214,'z':'", ",\\\",", 100000, "'}", ERR_SYNTAX,
		"unknown member");
	many("more than 8 MiB", "'sequence':214}", "'sequence':214,'z':'",
		"aaaaaaaa", LIMIT_MIB, "'}", ERR_LIMIT, "index");
}

/* Stored objects of 4 MiB until no bundle holds them. */
static void
giants(void)
{
	struct buf parts, each;
	size_t k;
	enum err e = ERR_OK;

	buf_init(&parts, SIZE_MAX);
	buf_init(&each, SIZE_MAX);
	for (k = 0; e == ERR_OK && k < LIMIT_PARTS; k++)
		e = buf_printf(&parts, "%s'@9'", k > 0 ? "," : "");
	if (e == ERR_OK)
		e = buf_printf(&each,
			"{'codec':'stored','packed':4194304,'parts':[%s]}",
			buf_cstr(&parts));
	if (e != ERR_OK)
		abort();
	many("over 1 GiB of objects", "],'outlet'", ",", buf_cstr(&each), 256,
		"],'outlet'", ERR_LIMIT, "a bundle of more");
	many("nearly 1 GiB of objects", "],'outlet'", ",", buf_cstr(&each), 200,
		"],'outlet'", ERR_REFUSED, "name is taken");
	buf_free(&parts);
	buf_free(&each);
}

/* ---- the container */

static void
containers(void)
{
	static const struct {
		const char *what;
		struct hostile_head h;
		enum err want;
	} all[] = {
		{"nothing changed", {.packed = 0}, ERR_OK},
		{"another magic", {.magic = "Erika-bundle-1\n"}, ERR_SYNTAX},
		{"the next version", {.magic = "erika-bundle-2\n"},
			ERR_UNSUPPORTED},
		{"index longer than said", {.unpacked = -1}, ERR_TRAILING},
		{"index shorter than said", {.unpacked = 1}, ERR_TRUNCATED},
		{"an index of half its length", {.unpacked = -1000},
			ERR_TRAILING},
		{"packed longer than said", {.packed = -1}, ERR_TRUNCATED},
		{"packed shorter than said", {.packed = 1}, ERR_TRUNCATED},
		{"packed shorter, with bytes behind", {.packed = 1, .outer = 1},
			ERR_TRAILING},
		{"a byte behind the stream", {.inner = 1}, ERR_TRAILING},
		{"a kilobyte behind the stream", {.inner = 1024}, ERR_TRAILING},
		{"cut by a byte", {.cut = 1}, ERR_TRUNCATED},
		{"cut by a hundred", {.cut = 100}, ERR_TRUNCATED},
		{"not deflated", {.raw = true}, ERR_SYNTAX},
		{"zeros behind the head", {.outer = 1000}, ERR_OK},
		{"zeros up to its length", {.outer = 210000}, ERR_OK},
		{"zeros past its length", {.outer = 300000}, ERR_TRAILING},
	};
	char *index = hostile_expand(hostile_index);
	struct bundle *b = NULL;
	struct diag d;
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		is_err(hostile_open_as(span_str(index), &all[i].h, &b, &d),
			all[i].want, "container: %s", all[i].what);
		bundle_free(b);
	}
	free(index);
}

/* An index that inflates to 8 MiB of nothing, whatever it says it is. */
static void
bombs(void)
{
	struct hostile_head h = {.unpacked = 100 - (int)(8 * LIMIT_MIB)};
	struct bundle *b = NULL;
	struct buf zeros;
	struct diag d;

	buf_init(&zeros, SIZE_MAX);
	if (buf_reserve(&zeros, 8 * LIMIT_MIB) != ERR_OK)
		abort();
	memset(zeros.p, ' ', 8 * LIMIT_MIB);
	zeros.n = 8 * LIMIT_MIB;
	is_err(hostile_open_as(buf_view(&zeros), &h, &b, &d), ERR_TRAILING,
		"a bomb that says 100 bytes");
	h.unpacked = 0;
	is_err(hostile_open_as(buf_view(&zeros), &h, &b, &d), ERR_SYNTAX,
		"a bomb that says 8 MiB");
	h.unpacked = 1;
	is_err(hostile_open_as(buf_view(&zeros), &h, &b, &d), ERR_LIMIT,
		"a bomb that says a byte more");
	memset(zeros.p, '[', zeros.n);
	h.unpacked = 0;
	is_err(hostile_open_as(buf_view(&zeros), &h, &b, &d), ERR_LIMIT,
		"8 MiB of brackets");
	buf_free(&zeros);
}

/* ---- objects: signed, and not what the index says of them */

/* A bundle of one article whose text is these packed bytes. */
static struct bundle *
one_text(struct span packed, size_t unpacked, const char *more)
{
	static const struct hostile_head plain;
	struct digest part = digest_of(packed);
	struct bundle *b = NULL;
	struct diag d = {0};
	struct buf index;
	char hex[65], *s;

	text_hex(hex, part.b, 32);
	buf_init(&index, SIZE_MAX);
	if (buf_printf(&index,
		    "{'_type':'erika-bundle-1','articles':[{'authors':[],"
		    "'id':'a','images':[],'language':'en','previous':0,"
		    "'published':'2026-11-23T10:00:00Z','revision':1,"
		    "'status':'published','tags':[],'text':0,'title':'A',"
		    "'updated':'2026-11-23T10:00:00Z'}],"
		    "'created':'2026-11-23T10:00:00Z','desk':'news',"
		    "'dictionaries':[%s],'objects':[{'codec':'deflate',%s"
		    "'packed':%zu,'parts':['%s'],'unpacked':%zu}],"
		    "'outlet':'Example','path':'b/news/2026-w48/1.ekb',"
		    "'sequence':1}",
		    more[0] == '\0' ? ""
				    : "{'path':'x/en-1.dict','sha256':'@d'}",
		    more, packed.n, hex, unpacked) != ERR_OK)
		abort();
	s = hostile_expand(buf_cstr(&index));
	if (hostile_open_as(span_str(s), &plain, &b, &d) != ERR_OK) {
		printf("Bail out! %s\n", d.why);
		exit(1);
	}
	free(s);
	buf_free(&index);
	return b;
}

static void
object_is(const char *what, struct span packed, size_t unpacked,
	struct span dict, enum err want)
{
	struct bundle *b = one_text(
		packed, unpacked, dict.n == 0 ? "" : "'dictionary':0,");
	struct verified *v = NULL, *t = NULL, *out = NULL;
	struct diag d;

	if (bundle_object_verify(b, 0, packed, &v, &d) != ERR_OK)
		abort();
	if (dict.n > 0)
		t = hostile_trust(dict);
	is_err(bundle_object_unpack(b, 0, v, t, &out, &d), want, "object: %s",
		what);
	ok((out != NULL) == (want == ERR_OK), "nothing comes of a refusal");
	verified_free(out);
	verified_free(t);
	verified_free(v);
	bundle_free(b);
}

static void
objects(void)
{
	struct span none = span_of(NULL, 0), dict, s;
	struct deflate *z = deflate_new(none);
	struct buf zeros, packed;

	buf_init(&zeros, SIZE_MAX);
	buf_init(&packed, SIZE_MAX);
	if (buf_reserve(&zeros, LIMIT_MIB) != ERR_OK)
		abort();
	memset(zeros.p, 'z', LIMIT_MIB);
	zeros.n = LIMIT_MIB;
	if (deflate_pack(z, buf_view(&zeros), &packed) != ERR_OK)
		abort();
	s = buf_view(&packed);
	object_is("1 MiB, as said", s, LIMIT_MIB, none, ERR_OK);
	object_is("a bomb that says a byte", s, 1, none, ERR_TRAILING);
	object_is(
		"a byte more than said", s, LIMIT_MIB - 1, none, ERR_TRAILING);
	object_is("less than said", span_sub(s, 0, s.n - 1), LIMIT_MIB, none,
		ERR_TRUNCATED);
	if (buf_u8(&packed, 0) != ERR_OK)
		abort();
	object_is("a byte behind the stream", buf_view(&packed), LIMIT_MIB,
		none, ERR_TRAILING);
	object_is("not deflate", span_str("\xff\xff\xff\xff"), 100, none,
		ERR_SYNTAX);
	deflate_free(z);
	dict = span_str("<p>The council said on Monday that the bridge ");
	z = deflate_new(dict);
	buf_clear(&packed);
	if (deflate_pack(z, dict, &packed) != ERR_OK)
		abort();
	s = buf_view(&packed);
	object_is("with its dictionary", s, dict.n, dict, ERR_OK);
	object_is("with a shorter dictionary", s, dict.n,
		span_sub(dict, 8, dict.n), ERR_SYNTAX);
	object_is("without a dictionary", s, dict.n, none, ERR_SYNTAX);
	deflate_free(z);
	buf_free(&zeros);
	buf_free(&packed);
}

/* ---- mutants: signed, and nearly right */

/* Touch all that an opened bundle promises. */
static bool
walk(const struct bundle *b)
{
	size_t i, k, n;
	uint64_t at, end = bundle_head(b);

	for (i = 0; i < bundle_objects(b); i++) {
		const struct bundle_object *x = bundle_object(b, i);

		for (k = 0; k < x->n_parts; k++) {
			bundle_part_range(b, i, k, &at, &n);
			if (at != end || n == 0 || n > LIMIT_PART)
				return false;
			end += n;
		}
		if (bundle_find(b, &x->name) < 0 ||
			x->dict >= (int32_t)bundle_dicts(b))
			return false;
	}
	for (i = 0; i < bundle_articles(b); i++)
		if (article_check(bundle_article(b, i), NULL) != ERR_OK)
			return false;
	return end == bundle_content(b) && end <= bundle_length(b);
}

static void
mutants(void)
{
	static const struct hostile_head plain;
	char *index = hostile_expand(hostile_index);
	size_t i, opened = 0, wrong = 0, unsaid = 0;

	for (i = 0; i < 4000; i++) {
		struct bundle *b = NULL;
		struct diag d = {0};
		struct buf m;
		enum err e;

		buf_init(&m, SIZE_MAX);
		if (buf_str(&m, index) != ERR_OK)
			abort();
		hostile_mutate(&m, i);
		e = hostile_open_as(buf_view(&m), &plain, &b, &d);
		if (e == ERR_OK) {
			opened++;
			wrong += !walk(b);
		} else {
			unsaid += d.code != e || d.why[0] == '\0';
		}
		bundle_free(b);
		buf_free(&m);
	}
	ok(wrong == 0, "%zu mutants, %zu open, %zu of them wrong", i, opened,
		wrong);
	ok(opened > 0 && opened < i / 2, "some open, most do not");
	ok(unsaid == 0, "each refusal says why");
	free(index);
}

int
main(void)
{
	if (crypto_start() != ERR_OK)
		return 1;
	table();
	floods();
	giants();
	containers();
	bombs();
	objects();
	mutants();
	return plan();
}
