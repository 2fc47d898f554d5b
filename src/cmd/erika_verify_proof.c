/* A proof of two heads, checked against an outlet's root that is trusted. */
#include <stdio.h>
#include <string.h>

#include "../core/text.h"
#include "../core/tuf.h"
#include "../sys/clock.h"
#include "../sys/file.h"
#include "erika_verify.h"

/* How every proof begins: it is canonical JSON. */
static const char start[] = "{\"_type\":\"erika-split-";

bool
verify_proof_probe(const char *file)
{
	char got[sizeof(start) - 1];
	FILE *f = fopen(file, "rb");
	bool hit;

	if (f == NULL)
		return false;
	hit = fread(got, 1, sizeof(got), f) == sizeof(got) &&
	      memcmp(got, start, sizeof(got)) == 0;
	fclose(f);
	return hit;
}

/* Against one root; ERR_MIXED: it was made under another. */
static enum err
root_try(struct span root, struct span proof, struct trust_split *out,
	struct diag *d)
{
	struct trust *t = NULL;
	enum err e = trust_new(root, clock_now(), TRUST_LENIENT, &t, d);

	if (e == ERR_OK)
		e = trust_split_check(t, proof, out, d);
	trust_free(t);
	return e;
}

/* Against each root of an outlet: those in the library are a chain that was
 * followed, so that each is trusted for its time. */
static enum err
outlet_try(struct library *l, const struct library_outlet *o, struct span proof,
	struct trust_split *out, struct diag *d)
{
	enum err e = ERR_MIXED;
	bool found = true;
	struct buf root;
	char role[40];
	unsigned i;

	buf_init(&root, LIMIT_ROOT);
	for (i = 1; e == ERR_MIXED && found; i++) {
		snprintf(role, sizeof(role), "%u.root", i);
		buf_clear(&root);
		e = library_metadata(l, o->id, role, &root, &found, d);
		if (e == ERR_OK)
			e = found ? root_try(buf_view(&root), proof, out, d)
				  : ERR_MIXED;
	}
	buf_free(&root);
	return e;
}

static enum err
known_try(struct span proof, struct trust_split *out, char *who, size_t size,
	struct diag *d)
{
	struct library_outlets list = {.n = 0};
	struct library *l = NULL;
	enum err e = erika_library(&l, &list, false, d), got = ERR_MIXED;
	size_t i;

	for (i = 0; e == ERR_OK && got == ERR_MIXED && i < list.n; i++) {
		got = outlet_try(l, &list.list[i], proof, out, d);
		if (got == ERR_OK)
			text_show(who, size, span_str(list.list[i].name));
	}
	library_outlets_clear(&list);
	library_close(l);
	if (e == ERR_OK && got == ERR_MIXED)
		return diag_set(d, ERR_KEY,
			"this proof is not about an outlet that you trust, or "
			"is newer than what you have of it; --root FILE "
			"checks it against the root it was made under");
	return e == ERR_OK ? got : e;
}

static enum err
given_try(const char *file, struct span proof, struct trust_split *out,
	char *who, size_t size, struct diag *d)
{
	char shown[200];
	struct buf root;
	enum err e;

	buf_init(&root, LIMIT_ROOT);
	e = file_read(file, LIMIT_ROOT, &root, d);
	if (e == ERR_OK)
		e = root_try(buf_view(&root), proof, out, d);
	buf_free(&root);
	if (e == ERR_MIXED)
		e = diag_prefix(d, d->code = ERR_KEY, "not by this root");
	snprintf(who, size, "the outlet of %s",
		text_show(shown, sizeof(shown), span_str(file)));
	return e;
}

enum err
verify_proof(struct context *cx, const struct verify *v, struct diag *d)
{
	char who[300] = "", by[80], role[80];
	struct trust_split s;
	struct buf proof;
	enum err e;

	buf_init(&proof, LIMIT_SPLIT);
	e = file_read(v->file, LIMIT_SPLIT, &proof, d);
	if (e == ERR_OK && v->root != NULL)
		e = given_try(
			v->root, buf_view(&proof), &s, who, sizeof(who), d);
	else if (e == ERR_OK)
		e = known_try(buf_view(&proof), &s, who, sizeof(who), d);
	buf_free(&proof);
	if (e != ERR_OK)
		return e;
	if (cx->json)
		return erika_json(
			json_pack("{s:s, s:s, s:b, s:s, s:s, s:s, s:I}",
				"schema", "erika-verify-1", "kind", "proof",
				"proved", true, "outlet", who, "signer", s.by,
				"role", s.role, "version",
				(json_int_t)s.version),
			d);
	printf("proved: two different files are signed by %s as %s version "
	       "%llu (keys of %s)\n",
		who, text_show(role, sizeof(role), span_str(s.role)),
		(unsigned long long)s.version,
		text_show(by, sizeof(by), span_str(s.by)));
	printf("The newsroom, or whoever holds its keys, says different "
	       "things to different people. No mirror can do that.\n");
	return ERR_OK;
}
