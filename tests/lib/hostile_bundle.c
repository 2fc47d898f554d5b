#include "hostile_bundle.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
const char hostile_index[] =
	"{'_type':'erika-bundle-1','articles':["

	"{'authors':['A. Writer','B. Writer'],'id':'a-1',"
	"'images':[{'object':4,'type':'image/jpeg'},"
	"{'bundle':'b/news/2026-w40/7.ekb','name':'@7','type':'image/png'}],"
	"'language':'ru','previous':0,'published':'2026-11-23T10:00:00Z',"
	"'revision':1,'status':'published','tags':['city'],'text':0,"
	"'title':'One','updated':'2026-11-23T10:00:01Z',"
	"'url':'https://news.example/1'},"

	"{'authors':[],'id':'a-2','images':[],'language':'fa',"
	"'note':'The date was wrong.','previous':1,"
	"'published':'2026-11-22T10:00:00Z','revision':2,"
	"'status':'corrected','tags':[],'text':1,'title':'Two',"
	"'updated':'2026-11-23T09:00:00Z'},"

	"{'authors':[],'id':'a-3',"
	"'images':[{'object':5,'type':'image/webp'}],'language':'zh-Hans',"
	"'previous':0,'published':'2026-11-23T08:00:00Z','revision':1,"
	"'status':'published','tags':[],'text':2,'title':'Three',"
	"'updated':'2026-11-23T08:00:00Z'},"

	"{'authors':[],'id':'a-4','images':[],'language':'en',"
	"'note':'The letter was forged.','previous':1,"
	"'published':'2026-11-20T08:00:00Z','revision':3,"
	"'status':'retracted','tags':[],'title':'Four',"
	"'updated':'2026-11-23T07:00:00Z'},"

	"{'authors':[],'id':'a-5','images':[],'language':'en','previous':0,"
	"'published':'2026-11-19T08:00:00Z','revision':1,"
	"'status':'published','tags':[],'text':3,'title':'Five',"
	"'updated':'2026-11-23T06:00:00Z'}],"

	"'created':'2026-11-23T11:00:00Z','desk':'news',"
	"'dictionaries':[{'path':'x/ru-1.dict','sha256':'@d'}],"
	"'objects':["
	"{'codec':'deflate','dictionary':0,'packed':900,'parts':['@0'],"
	"'unpacked':3600},"
	"{'base':{'bundle':'b/news/2026-w41/8.ekb','name':'@b'},"
	"'codec':'deflate','packed':100,'parts':['@1'],'unpacked':3700},"
	"{'codec':'deflate','packed':65537,'parts':['@2','@3'],"
	"'unpacked':200000},"
	"{'codec':'deflate','packed':901,'parts':['@4'],'unpacked':3800},"
	"{'codec':'stored','packed':65536,'parts':['@5']},"
	"{'codec':'stored','packed':70000,'parts':['@6','@8']}],"
	"'outlet':'Example','path':'b/news/2026-w48/214.ekb',"
	"'sequence':214}";
/* clang-format on */

char *
hostile_expand(const char *s)
{
	char *out = malloc(64 * strlen(s) + 1), *p = out;

	if (out == NULL)
		abort();
	for (; *s != '\0'; s++) {
		if (*s == '@' && s[1] == '@') {
			*p++ = *s++;
		} else if (*s == '@') {
			memset(p, *++s, 64);
			p += 64;
		} else {
			*p++ = *s == '\'' ? '"' : *s;
		}
	}
	*p = '\0';
	return out;
}

char *
hostile_replace(const char *s, const char *find, const char *with)
{
	const char *at = strstr(s, find);
	size_t n = strlen(s) - strlen(find) + strlen(with) + 1;
	char *out;

	if (at == NULL || strstr(at + 1, find) != NULL) {
		printf("Bail out! '%s' is not there once\n", find);
		exit(1);
	}
	out = malloc(n);
	if (out == NULL)
		abort();
	snprintf(out, n, "%.*s%s%s", (int)(at - s), s, with, at + strlen(find));
	return out;
}

struct verified *
hostile_trust(struct span s)
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
	if (e != ERR_OK)
		abort();
}

void
hostile_make(struct span index, const struct hostile_head *h, struct buf *out)
{
	struct deflate *z = deflate_new(span_of(NULL, 0));
	struct buf packed;
	size_t i, before = out->n;

	buf_init(&packed, SIZE_MAX);
	if (h->raw)
		must(buf_span(&packed, index));
	else
		must(deflate_pack(z, index, &packed));
	for (i = 0; i < h->inner; i++)
		must(buf_u8(&packed, 0));
	must(buf_str(out, h->magic == NULL ? BUNDLE_MAGIC : h->magic));
	must(buf_u32(out, (uint32_t)packed.n + (uint32_t)h->packed));
	must(buf_u32(out, (uint32_t)index.n + (uint32_t)h->unpacked));
	must(buf_span(out, buf_view(&packed)));
	for (i = 0; i < h->outer; i++)
		must(buf_u8(out, 0));
	out->n -= h->cut;
	if (out->n < before)
		abort();
	buf_free(&packed);
	deflate_free(z);
}

enum err
hostile_open_as(struct span index, const struct hostile_head *h,
	struct bundle **out, struct diag *d)
{
	struct verified *v;
	struct buf head;
	enum err e;

	buf_init(&head, SIZE_MAX);
	hostile_make(index, h, &head);
	v = hostile_trust(buf_view(&head));
	e = bundle_open(v, out, d);
	if ((e == ERR_OK) != (*out != NULL))
		abort();
	verified_free(v);
	buf_free(&head);
	return e;
}

enum err
hostile_open(struct span index, struct diag *d)
{
	static const struct hostile_head plain;
	struct bundle *b = NULL;
	enum err e = hostile_open_as(index, &plain, &b, d);

	bundle_free(b);
	return e;
}

/* ---- mutants */

static uint32_t
next(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

static void
mutate(struct buf *b, uint32_t *seed)
{
	static const char *const spice[] = {"\"", "\\", "{", "}", "[", "]", ",",
		":", "0", "-1", "9999999999", "null", "true", "1.5", "\xff",
		"\xe2\x80\xae", "{}", "[]", "\"\"", "\"id\":\"a-1\","};
	size_t at = next(seed) % b->n, n = 1 + next(seed) % 12;
	const char *s = spice[next(seed) % 20];
	struct buf out;

	if (n > b->n - at)
		n = b->n - at;
	buf_init(&out, SIZE_MAX);
	switch (next(seed) % 5) {
	case 0: /* flip a bit */
		b->p[at] ^= (uint8_t)(1u << next(seed) % 8);
		return;
	case 1: /* one digit or letter up */
		b->p[at]++;
		return;
	case 2: /* leave bytes out */
		s = "";
		break;
	case 3: /* put something in */
		n = 0;
		break;
	default: /* replace */
		break;
	}
	if (buf_span(&out, span_sub(buf_view(b), 0, at)) != ERR_OK ||
		buf_str(&out, s) != ERR_OK ||
		buf_span(&out, span_sub(buf_view(b), at + n, b->n)) != ERR_OK)
		abort();
	buf_free(b);
	*b = out;
}

void
hostile_mutate(struct buf *index, size_t number)
{
	uint32_t seed = (uint32_t)number * 2654435761u + 20261123;
	size_t i;

	for (i = 0; i <= number % 3 && index->n > 0; i++)
		mutate(index, &seed);
}
