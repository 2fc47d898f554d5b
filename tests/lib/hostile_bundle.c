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

enum err
hostile_open_as(struct span index, const struct hostile_head *h,
	struct bundle **out, struct diag *d)
{
	struct deflate *z = deflate_new(span_of(NULL, 0));
	struct buf packed, head;
	struct verified *v;
	size_t i;
	enum err e;

	buf_init(&packed, SIZE_MAX);
	buf_init(&head, SIZE_MAX);
	if (h->raw)
		must(buf_span(&packed, index));
	else
		must(deflate_pack(z, index, &packed));
	for (i = 0; i < h->inner; i++)
		must(buf_u8(&packed, 0));
	must(buf_str(&head, h->magic == NULL ? BUNDLE_MAGIC : h->magic));
	must(buf_u32(&head, (uint32_t)packed.n + (uint32_t)h->packed));
	must(buf_u32(&head, (uint32_t)index.n + (uint32_t)h->unpacked));
	must(buf_span(&head, buf_view(&packed)));
	for (i = 0; i < h->outer; i++)
		must(buf_u8(&head, 0));
	v = hostile_trust(span_sub(buf_view(&head), 0, head.n - h->cut));
	e = bundle_open(v, out, d);
	if ((e == ERR_OK) != (*out != NULL))
		abort();
	verified_free(v);
	buf_free(&packed);
	buf_free(&head);
	deflate_free(z);
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
