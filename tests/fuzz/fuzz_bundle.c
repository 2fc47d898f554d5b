/* libFuzzer target: bundles behind the signature. Whatever comes is vouched
 * for, so that the fuzzer is not stuck at the first hash. The first byte
 * chooses: 'i', the rest is an index, and the head is made around it; else the
 * rest is a whole file, unpacked as far as it goes.
 *
 *	F=-fsanitize=address,undefined
 *	make B=build/fuzz CC=clang CFLAGS="-O1 -g -fsanitize=fuzzer-no-link $F"
 *		build/fuzz/tests/fuzz/fuzz_bundle.o build/fuzz/liberika.a
 *		build/fuzz/libtest.a
 *	cd build/fuzz && clang $F -fsanitize=fuzzer -o fuzz_bundle
 *		tests/fuzz/fuzz_bundle.o libtest.a liberika.a
 *		-ljansson -lz -lsodium -lnettle
 */
#include <stdint.h>
#include <stdlib.h>

#include "../lib/hostile_bundle.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void
unpack(const struct bundle *b, size_t i, struct span file)
{
	const struct bundle_object *o = bundle_object(b, i);
	struct span packed = span_sub(file, (size_t)o->offset, o->packed);
	struct verified *v, *dict = NULL, *out = NULL;
	struct diag d;

	v = hostile_trust(packed);
	if (o->dict >= 0 || o->base_bundle != NULL)
		dict = hostile_trust(span_str("<p>The council of the city "));
	if (bundle_object_unpack(b, i, v, dict, &out, &d) == ERR_OK &&
		verified_bytes(out).n != o->unpacked)
		abort();
	verified_free(out);
	verified_free(dict);
	if (bundle_object_verify(b, i, packed, &out, &d) == ERR_OK)
		verified_free(out);
	verified_free(v);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const struct hostile_head plain;
	struct bundle *b = NULL;
	struct verified *v = NULL;
	struct span s = span_of(p, n);
	struct diag d;
	size_t i;
	enum err e;

	if (n == 0)
		return 0;
	s = span_sub(s, 1, n);
	if (p[0] == 'i') {
		e = hostile_open_as(s, &plain, &b, &d);
		s = span_of(NULL, 0);
	} else {
		v = hostile_trust(s);
		e = bundle_open(v, &b, &d);
	}
	if (e == ERR_OK) {
		for (i = 0; i < bundle_objects(b); i++)
			unpack(b, i, s);
		e = bundle_padding_check(b,
			span_sub(s, (size_t)bundle_content(b), SIZE_MAX), &d);
	}
	bundle_free(b);
	verified_free(v);
	return 0;
}
