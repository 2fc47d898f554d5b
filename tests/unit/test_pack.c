#include <string.h>

#include "../../src/core/deflate.h"
#include "../../src/core/limits.h"
#include "../../src/core/pack.h"
#include "../../src/core/ustar.h"
#include "../lib/tap.h"

static const struct pack_file three[] = {
	{"m/2.targets.json", {(const uint8_t *)"targets", 7}},
	{"m/1.snapshot.json", {(const uint8_t *)"", 0}},
	{"m/3.d-news.json", {(const uint8_t *)"news news news", 14}},
};

static enum err
open_span(struct span s, struct diag *d)
{
	struct pack *p;
	enum err e = pack_open(s, &p, d);

	pack_free(p);
	return e;
}

static void
test_round_trip(void)
{
	struct buf b, again;
	struct span body;
	struct pack *p;
	struct diag d;

	buf_init(&b, LIMIT_PACK);
	buf_init(&again, LIMIT_PACK);
	is_err(pack_make(three, 3, &b), ERR_OK, "three files are packed");
	is_err(pack_make(three, 3, &again), ERR_OK, "and once more");
	ok(span_eq(buf_view(&b), buf_view(&again)), "to the same bytes");
	is_err(pack_open(buf_view(&b), &p, &d), ERR_OK, "the pack opens");
	ok(pack_find(p, "m/3.d-news.json", &body) &&
			span_eq(body, three[2].body),
		"a file is found");
	ok(pack_find(p, "m/1.snapshot.json", &body) && body.n == 0,
		"an empty one too");
	ok(!pack_find(p, "m/4.d-news.json", &body), "another is not");
	is_str(pack_file(p, 0)->name, "m/1.snapshot.json", "in name order");
	ok(pack_file(p, 3) == NULL, "and no fourth");
	pack_free(p);
	pack_free(NULL);
	ok(!pack_find(NULL, "m/1.snapshot.json", &body), "no pack, no file");
	buf_free(&b);
	buf_free(&again);
}

/* Every cut and every changed byte ends in an error or in a pack of the same
 * shape; never in a crash (run under the sanitizers). */
static void
test_hostile(void)
{
	struct buf b;
	struct diag d;
	size_t i, cut = 0, header = 0;

	buf_init(&b, LIMIT_PACK);
	is_err(pack_make(three, 3, &b), ERR_OK, "a pack to damage");
	for (i = 0; i < b.n; i++)
		cut += open_span(span_of(b.p, i), &d) == ERR_OK;
	ok(cut == 0, "no cut pack opens");
	for (i = 0; i < b.n; i++) {
		b.p[i] ^= 0x40;
		header += open_span(buf_view(&b), &d) == ERR_OK &&
			  i < PACK_PREFIX;
		b.p[i] ^= 0x40;
	}
	ok(header == 0, "no pack with another prefix opens");
	is_err(buf_u8(&b, 0), ERR_OK, "a byte more");
	is_err(open_span(buf_view(&b), &d), ERR_TRAILING, "is refused");
	b.n--;
	b.p[13] = 0xff;
	is_err(open_span(buf_view(&b), &d), ERR_LIMIT, "so is a huge length");
	b.p[13] = 0;
	b.p[16] ^= 1;
	is_err(open_span(buf_view(&b), &d), ERR_TRUNCATED,
		"one too long is a cut pack");
	buf_free(&b);
}

/* A deflate bomb: the announced length is all that is ever written. */
static void
test_bomb(void)
{
	struct deflate *z = deflate_new(span_of(NULL, 0));
	uint8_t *zeros = calloc(1, 4 * LIMIT_MIB);
	struct buf b;
	struct diag d;

	buf_init(&b, LIMIT_PACK);
	is_err(buf_str(&b, PACK_MAGIC), ERR_OK, "a bomb's magic");
	is_err(buf_u32(&b, 100), ERR_OK, "that says 100 bytes");
	is_err(deflate_pack(z, span_of(zeros, 4 * LIMIT_MIB), &b), ERR_OK,
		"and holds 4 MiB");
	is_err(open_span(buf_view(&b), &d), ERR_TRAILING, "is refused");
	free(zeros);
	deflate_free(z);
	buf_free(&b);
}

/* The tar inside, made by hand. */
static void
test_twice(void)
{
	struct pack_file two[2] = {three[0], three[0]};
	struct pack_file bad = {"../etc/passwd", {(const uint8_t *)"x", 1}};
	struct buf b;
	struct diag d;

	buf_init(&b, LIMIT_PACK);
	is_err(pack_make(two, 2, &b), ERR_OK, "a name twice");
	is_err(open_span(buf_view(&b), &d), ERR_REFUSED, "does not open");
	buf_clear(&b);
	is_err(pack_make(&bad, 1, &b), ERR_REFUSED,
		"an unsafe name is not packed");
	ok(b.n == 0, "and leaves nothing behind");
	is_err(pack_make(NULL, 0, &b), ERR_OK, "an empty pack");
	is_err(open_span(buf_view(&b), &d), ERR_OK, "opens");
	buf_free(&b);
}

int
main(void)
{
	test_round_trip();
	test_hostile();
	test_bomb();
	test_twice();
	return plan();
}
