/* Raw deflate both ways: exact lengths, preset dictionaries, bombs. */
#include "../../src/core/deflate.h"
#include "../../src/core/inflate.h"
#include "../../src/core/limits.h"
#include "../lib/tap.h"

static struct verified *
trust(struct span s)
{
	struct digest d = digest_of(s);
	struct verified *v = NULL;

	if (verified_again(s, &d, &v) != ERR_OK)
		abort();
	return v;
}

/* Text with some repetition, the same every time. */
static void
fill(struct buf *b, size_t n, uint32_t seed)
{
	static const char *const words[] = {"council ", "river ", "bridge ",
		"the ", "of ", "мост ", "река ", "<p>", "</p>\n", "vote "};

	while (b->n < n) {
		seed = seed * 1664525 + 1013904223;
		if (buf_str(b, words[(seed >> 16) % 10]) != ERR_OK)
			abort();
	}
	b->n = n;
}

/* Inflate, and compare with what is due when that is known. */
static enum err
unpack(struct span packed, size_t at, size_t n, struct span dict, size_t exact,
	const struct buf *want)
{
	struct verified *p = trust(packed), *out = NULL, *t = NULL;
	struct diag d = {0};
	enum err e;

	if (dict.n > 0)
		t = trust(dict);
	e = inflate_exact(p, at, n, t, exact, &out, &d);
	if (e == ERR_OK && want != NULL &&
		!span_eq(verified_bytes(out), buf_view(want)))
		e = ERR_HASH;
	if (e != ERR_OK && out != NULL)
		e = ERR_FAILED;
	verified_free(out);
	verified_free(t);
	verified_free(p);
	return e;
}

static void
roundtrips(void)
{
	static const size_t sizes[] = {0, 1, 2, 31, 4000, 65536, 1 << 20};
	struct span none = span_of(NULL, 0);
	struct deflate *z = deflate_new(none);
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct buf raw, packed, again;
		struct span p;

		buf_init(&raw, SIZE_MAX);
		buf_init(&packed, SIZE_MAX);
		buf_init(&again, SIZE_MAX);
		fill(&raw, sizes[i], 7);
		is_err(deflate_pack(z, buf_view(&raw), &packed), ERR_OK,
			"pack %zu bytes", sizes[i]);
		p = buf_view(&packed);
		is_err(unpack(p, 0, p.n, none, raw.n, &raw), ERR_OK,
			"unpack them");
		is_err(unpack(p, 0, p.n, none, raw.n + 1, NULL), ERR_TRUNCATED,
			"one byte more signed");
		if (raw.n > 0)
			is_err(unpack(p, 0, p.n, none, raw.n - 1, NULL),
				ERR_TRAILING, "one byte fewer signed");
		is_err(unpack(p, 0, p.n - 1, none, raw.n, NULL), ERR_TRUNCATED,
			"stream one byte short");
		is_err(deflate_pack(z, buf_view(&raw), &again), ERR_OK,
			"pack again");
		ok(span_eq(p, buf_view(&again)), "same input, same bytes");
		buf_free(&raw);
		buf_free(&packed);
		buf_free(&again);
	}
	deflate_free(z);
}

static void
ranges(void)
{
	struct span none = span_of(NULL, 0);
	struct deflate *z = deflate_new(none);
	struct buf raw, packed;
	size_t n;

	buf_init(&raw, SIZE_MAX);
	buf_init(&packed, SIZE_MAX);
	fill(&raw, 500, 3);
	ok(buf_str(&packed, "head") == ERR_OK &&
			deflate_pack(z, buf_view(&raw), &packed) == ERR_OK,
		"pack behind other bytes");
	n = packed.n - 4;
	is_err(unpack(buf_view(&packed), 4, n, none, 500, &raw), ERR_OK,
		"unpack from an offset");
	is_err(unpack(buf_view(&packed), 5, n, none, 500, NULL), ERR_LIMIT,
		"range past the end");
	is_err(unpack(buf_view(&packed), SIZE_MAX, n, none, 500, NULL),
		ERR_LIMIT, "offset that would wrap");
	is_err(unpack(buf_view(&packed), 4, SIZE_MAX, none, 500, NULL),
		ERR_LIMIT, "length that would wrap");
	is_err(unpack(buf_view(&packed), 4, 0, none, 500, NULL), ERR_TRUNCATED,
		"no bytes at all");
	is_err(unpack(buf_view(&packed), 4, n, none, SIZE_MAX, NULL), ERR_LIMIT,
		"a length that no memory holds");
	is_err(buf_u8(&packed, 0), ERR_OK, "add a byte");
	is_err(unpack(buf_view(&packed), 4, n + 1, none, 500, NULL),
		ERR_TRAILING, "byte behind the stream");
	packed.p[4] = 0xff;
	is_err(unpack(buf_view(&packed), 4, n, none, 500, NULL), ERR_SYNTAX,
		"not deflate");
	buf_free(&raw);
	buf_free(&packed);
	deflate_free(z);
}

static void
dictionaries(void)
{
	struct buf dict, raw, plain, primed, tail;
	struct span none = span_of(NULL, 0), big;
	struct deflate *without = deflate_new(none), *with;

	buf_init(&dict, SIZE_MAX);
	buf_init(&raw, SIZE_MAX);
	buf_init(&plain, SIZE_MAX);
	buf_init(&primed, SIZE_MAX);
	buf_init(&tail, SIZE_MAX);
	fill(&dict, 40000, 5);
	big = buf_view(&dict);
	is_err(buf_span(&raw, span_sub(big, 39000, 900)), ERR_OK,
		"a text that the dictionary's end knows");
	with = deflate_new(big);
	ok(deflate_pack(without, buf_view(&raw), &plain) == ERR_OK &&
			deflate_pack(with, buf_view(&raw), &primed) == ERR_OK,
		"pack without and with dictionary");
	ok(primed.n * 10 < plain.n, "a dictionary helps: %zu, %zu", plain.n,
		primed.n);
	is_err(unpack(buf_view(&primed), 0, primed.n, big, 900, &raw), ERR_OK,
		"unpack with the dictionary");
	is_err(unpack(buf_view(&primed), 0, primed.n,
		       span_sub(big, big.n - LIMIT_DICT, LIMIT_DICT), 900,
		       &raw),
		ERR_OK, "only its last LIMIT_DICT bytes count");
	is_err(unpack(buf_view(&primed), 0, primed.n, none, 900, NULL),
		ERR_SYNTAX, "without it the distances are too far");
	deflate_free(with);
	with = deflate_new(span_sub(big, big.n - LIMIT_DICT, LIMIT_DICT));
	ok(deflate_pack(with, buf_view(&raw), &tail) == ERR_OK &&
			span_eq(buf_view(&tail), buf_view(&primed)),
		"packing, too");
	deflate_free(with);
	deflate_free(without);
	buf_free(&dict);
	buf_free(&raw);
	buf_free(&plain);
	buf_free(&primed);
	buf_free(&tail);
}

static void
limits(void)
{
	struct span none = span_of(NULL, 0);
	struct deflate *z = deflate_new(none);
	struct buf raw, packed, room;
	size_t n;

	buf_init(&raw, SIZE_MAX);
	buf_init(&packed, SIZE_MAX);
	fill(&raw, 3000, 11);
	is_err(deflate_pack(z, buf_view(&raw), &packed), ERR_OK, "pack");
	n = packed.n;
	buf_init(&room, n + 3);
	is_err(buf_str(&room, "abc"), ERR_OK, "a buffer with just the room");
	is_err(deflate_pack(z, buf_view(&raw), &room), ERR_OK, "it fits");
	ok(span_eq(span_sub(buf_view(&room), 3, n), buf_view(&packed)),
		"the same bytes as with much room");
	buf_free(&room);
	buf_init(&room, n + 2);
	is_err(buf_str(&room, "abc"), ERR_OK, "one byte too few");
	is_err(deflate_pack(z, buf_view(&raw), &room), ERR_LIMIT, "refused");
	is_str(buf_cstr(&room), "abc", "and nothing changed");
	buf_free(&room);
	buf_clear(&raw);
	buf_clear(&packed);
	is_err(buf_reserve(&raw, 8 * LIMIT_MIB), ERR_OK, "8 MiB of zeros");
	memset(raw.p, 0, 8 * LIMIT_MIB);
	raw.n = 8 * LIMIT_MIB;
	is_err(deflate_pack(z, buf_view(&raw), &packed), ERR_OK, "a bomb");
	is_err(unpack(buf_view(&packed), 0, packed.n, none, 1000, NULL),
		ERR_TRAILING, "stops at the signed length");
	is_err(unpack(buf_view(&packed), 0, packed.n, none, 0, NULL),
		ERR_TRAILING, "even of nothing");
	is_err(unpack(buf_view(&packed), 0, packed.n, none, raw.n, &raw),
		ERR_OK, "or is what it says");
	deflate_free(NULL);
	deflate_free(z);
	buf_free(&raw);
	buf_free(&packed);
}

int
main(void)
{
	if (crypto_start() != ERR_OK)
		return 1;
	roundtrips();
	ranges();
	dictionaries();
	limits();
	return plan();
}
