#include "erika_verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../core/minisign.h"
#include "../core/text.h"
#include "../sys/archive.h"
#include "../sys/clock.h"
#include "../sys/file.h"

/* What became known of a bundle. */
struct bundle_view {
	const struct verify *v;
	struct minisign_sig sig;
	struct verified *whole;
	struct bundle *b;
	uint8_t sha256[32];
	char keynum[2 * MINISIGN_KEYNUM + 1];
	char who[300]; /* whose key it is */
	char fresh[400];
	bool has_sig;
	bool known;  /* a key of an outlet that we trust */
	bool listed; /* its metadata lists this very file */
	bool alone;  /* and that is what is known, not a key */
	char role[LIMIT_NAME + 1];
	struct verify_listing listing;
};

/* ---- the signature */

static enum err
signature_read(struct bundle_view *w, bool *strict, struct diag *d)
{
	struct buf b, name;
	enum err e = ERR_OK;

	buf_init(&b, LIMIT_MINISIG);
	buf_init(&name, 4096);
	if (w->v->signature != NULL)
		e = buf_str(&name, w->v->signature);
	else
		e = buf_printf(&name, "%s.minisig", w->v->file);
	if (e != ERR_OK)
		diag_set(d, e, "the file's name is too long");
	else
		e = file_read(buf_cstr(&name), LIMIT_MINISIG, &b, d);
	w->has_sig = e == ERR_OK;
	if (e == ERR_MISSING && w->v->signature == NULL && w->v->key == NULL)
		e = ERR_OK; /* some outlet may list it */
	else if (e == ERR_MISSING)
		diag_set(d, e,
			"there is no signature %s; --signature FILE "
			"says where it is",
			buf_cstr(&name));
	if (e == ERR_OK && w->has_sig)
		e = minisign_sig_parse(buf_view(&b), &w->sig, d);
	*strict = minisign_sig_strict(buf_view(&b));
	if (w->has_sig)
		minisign_keynum_text(w->keynum, w->sig.keynum);
	buf_free(&b);
	buf_free(&name);
	return e;
}

static enum err
key_given(struct bundle_view *w, struct minisign_key *k, struct diag *d)
{
	char shown[200];
	struct buf b;
	enum err e;

	buf_init(&b, LIMIT_MINISIG);
	e = file_read(w->v->key, LIMIT_MINISIG, &b, d);
	if (e == ERR_OK)
		e = minisign_key_parse(buf_view(&b), k, d);
	buf_free(&b);
	snprintf(w->who, sizeof(w->who), "the key in %s",
		text_show(shown, sizeof(shown), span_str(w->v->key)));
	return e;
}

/* Whether one of an outlet's desks has the key that signed. */
static bool
key_of(struct bundle_view *w, struct library *l, const struct library_outlet *o,
	struct minisign_key *k)
{
	char shown[200];
	struct trust *t = NULL;
	const char *role;
	bool hit = false;
	size_t i;

	if (library_trust(l, o->id, clock_now(), &t, NULL) != ERR_OK)
		return false;
	for (i = 0; !hit && (role = trust_delegation(t, i)) != NULL; i++)
		hit = strncmp(role, "d-", 2) == 0 &&
		      trust_role_key(t, role, k) == ERR_OK &&
		      memcmp(k->keynum, w->sig.keynum, MINISIGN_KEYNUM) == 0;
	if (hit) {
		snprintf(w->role, sizeof(w->role), "%s", role);
		snprintf(w->who, sizeof(w->who), "%s, desk %s",
			text_show(shown, sizeof(shown), span_str(o->name)),
			role + 2);
		erika_fresh(w->fresh, sizeof(w->fresh), o, clock_now());
	}
	trust_free(t);
	return hit;
}

/* What lists it. A signature by a key that nobody knows counts for nothing,
 * yet beside a bundle of an open week it says that something is wrong: desks
 * sign what they list. */
static enum err
listed_by(struct bundle_view *w, struct library *l,
	const struct library_outlets *list, struct span bytes, struct diag *d)
{
	struct verify_listing *g = &w->listing;
	char place[80] = "";
	enum err e = verify_listed(l, list, w->v->file, w->sha256, bytes, g, d);

	w->listed = e == ERR_OK;
	if (w->known) {
		verified_free(g->whole);
		g->whole = NULL;
		return ERR_OK;
	}
	if (w->has_sig && (e != ERR_OK || !g->sealed))
		return diag_set(d, ERR_KEY,
			"signed by key %s, which is no desk's of an outlet "
			"that you trust; erika sync may bring new keys, --key "
			"FILE checks with one you have",
			w->keynum);
	if (e == ERR_MISSING)
		return diag_set(d, e,
			"there is no signature %s.minisig, and no outlet's "
			"list that is here has this file; --signature FILE "
			"says where one is",
			text_show(place, sizeof(place), span_str(w->v->file)));
	w->alone = e == ERR_OK;
	return e;
}

/* By the outlets of the library. */
static enum err
outlets_ask(struct bundle_view *w, struct span bytes, struct minisign_key *k,
	struct diag *d)
{
	struct library_outlets list = {.n = 0};
	struct library *l = NULL;
	enum err e = erika_library(&l, &list, false, d);
	size_t i;

	for (i = 0; e == ERR_OK && w->has_sig && !w->known && i < list.n; i++)
		w->known = key_of(w, l, &list.list[i], k);
	if (e == ERR_OK)
		e = listed_by(w, l, &list, bytes, d);
	library_outlets_clear(&list);
	library_close(l);
	return e;
}

/* By the root that was given, in the tree where the file is. */
static enum err
root_ask(struct bundle_view *w, struct span bytes, struct diag *d)
{
	struct buf root;
	enum err e;

	buf_init(&root, LIMIT_ROOT);
	e = file_read(w->v->root, LIMIT_ROOT, &root, d);
	if (e == ERR_OK)
		e = verify_listed_root(buf_view(&root), w->v->file, w->sha256,
			bytes, &w->listing, d);
	w->listed = w->alone = e == ERR_OK;
	buf_free(&root);
	return e;
}

/* ---- the content */

/* The trusted comment's path, which the signature covers. */
static enum err
comment_check(const struct bundle_view *w, struct diag *d)
{
	const char *at = strstr(w->sig.comment, "path="), *path;
	size_t n;

	if (strncmp(w->sig.comment, "erika1 ", 7) != 0 || at == NULL)
		return w->known ? diag_set(d, ERR_REFUSED,
					  "the signature does not say which "
					  "bundle it is for")
				: ERR_OK;
	at += strlen("path=");
	n = strcspn(at, " ");
	path = bundle_path(w->b);
	if (strlen(path) != n || strncmp(path, at, n) != 0)
		return diag_set(d, ERR_MIXED,
			"the signature is for another path than the bundle "
			"says");
	if (w->known && strcmp(w->role + 2, bundle_desk(w->b)) != 0)
		return diag_set(d, ERR_KEY,
			"signed by desk %s, but it is a bundle of desk %s",
			w->role + 2, bundle_desk(w->b));
	return ERR_OK;
}

static enum err
objects_check(const struct bundle_view *w, struct diag *d)
{
	struct span s = verified_bytes(w->whole);
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; e == ERR_OK && i < bundle_objects(w->b); i++) {
		const struct bundle_object *o = bundle_object(w->b, i);
		struct verified *v;

		e = bundle_object_verify(w->b, i,
			span_sub(s, (size_t)o->offset, o->packed), &v, d);
		verified_free(v);
	}
	if (e == ERR_OK)
		e = bundle_padding_check(w->b,
			span_sub(s, (size_t)bundle_content(w->b), s.n), d);
	return e;
}

static enum err
whole_check(struct bundle_view *w, const struct minisign_key *k,
	struct span bytes, struct diag *d)
{
	char shown[200];
	enum err e = ERR_OK;

	if (w->alone) {
		w->whole = w->listing.whole;
		w->listing.whole = NULL;
	} else {
		e = minisign_verify(&w->sig, k, bytes, &w->whole, d);
	}
	if (e != ERR_OK)
		return diag_prefix(d, e, "%s",
			text_show(shown, sizeof(shown), span_str(w->v->file)));
	return bundle_open(w->whole, &w->b, d);
}

/* ---- what is said */

static void
articles_print(const struct bundle *b)
{
	char shown[400];
	size_t i;

	for (i = 0; i < bundle_articles(b); i++) {
		const struct article *a = bundle_article(b, i);

		printf("  %-10s %-7s %s\n", article_status_str(a->status),
			a->language,
			text_show(shown, sizeof(shown), span_str(a->title)));
	}
}

/* The two claims, a line each. */
static void
claims_print(const struct bundle_view *w)
{
	const struct verify_listing *g = &w->listing;
	char role[120];

	if (w->alone)
		printf("authentic: %s lists this very file, %s %s (root %llu, "
		       "%u of %u key%s)\n",
			g->who, g->sealed ? "sealed in" : "in",
			text_show(role, sizeof(role), span_str(g->role)),
			(unsigned long long)g->root, g->threshold, g->keys,
			g->keys == 1 ? "" : "s");
	else
		printf("authentic: signed by %s (key %s)\n", w->who, w->keynum);
	if (w->alone)
		printf("%s%s\n", g->fresh,
			g->beside ? "; by the lists beside it" : "");
	else if (w->known)
		printf("%s; %s\n", w->fresh,
			w->listed ? "the outlet lists this very file"
				  : "the outlet does not list this file: "
				    "something else stands in its place, or "
				    "it is newer, or of a sealed week that "
				    "is not here; erika sync");
	else
		printf("fresh: not known; a key alone does not say whether "
		       "something newer exists\n");
	if (w->alone && w->has_sig)
		printf("the signature beside it is by key %s, which is no "
		       "desk's of today: not checked\n",
			w->keynum);
}

static enum err
bundle_say(
	const struct context *cx, const struct bundle_view *w, struct diag *d)
{
	char when[ERIKA_DATE], hex[65];

	text_hex(hex, w->sha256, sizeof(w->sha256));
	if (cx->json)
		return erika_json(
			json_pack("{s:s, s:s, s:b, s:s, s:s, s:b, s:s, s:s,"
				  " s:s, s:o, s:I}",
				"schema", "erika-verify-1", "kind", "bundle",
				"authentic", true, "signer",
				w->alone ? w->listing.who : w->who, "key",
				w->alone ? "" : w->keynum, "listed", w->listed,
				"role", w->listing.role, "path",
				bundle_path(w->b), "sha256", hex, "created",
				erika_json_date(bundle_created(w->b)),
				"articles", (json_int_t)bundle_articles(w->b)),
			d);
	claims_print(w);
	printf("%s, made %s, %zu article%s\n", bundle_path(w->b),
		erika_date(when, bundle_created(w->b)), bundle_articles(w->b),
		bundle_articles(w->b) == 1 ? "" : "s");
	articles_print(w->b);
	return ERR_OK;
}

/* That nobody signed it says little of what is no bundle at all. */
static enum err
kind_explain(
	const struct verify *v, struct span bytes, enum err e, struct diag *d)
{
	struct span magic = span_str(BUNDLE_MAGIC);
	char shown[200];

	if (e != ERR_MISSING ||
		(bytes.n >= magic.n &&
			span_eq(span_sub(bytes, 0, magic.n), magic)))
		return e;
	return diag_set(d, e,
		"%s is no share file (.erika) and no proof, nor does it look "
		"like a bundle (.ekb), and there is no signature beside it",
		text_show(shown, sizeof(shown), span_str(v->file)));
}

/* Find out who vouches for these bytes, and open them. */
static enum err
bundle_check(
	struct bundle_view *w, struct span bytes, bool strict, struct diag *d)
{
	struct minisign_key k = {.keynum = {0}};
	enum err e;

	hash_bytes(HASH_SHA256, bytes, w->sha256);
	if (w->v->key != NULL)
		e = key_given(w, &k, d);
	else if (w->v->root != NULL)
		e = root_ask(w, bytes, d);
	else
		e = outlets_ask(w, bytes, &k, d);
	if (e == ERR_OK && w->known && !strict)
		e = diag_set(d, ERR_SIGNATURE,
			"the signature file's first line is not what "
			"erika-press writes: the file was changed");
	if (e == ERR_OK)
		e = whole_check(w, &k, bytes, d);
	if (e == ERR_OK && !w->alone)
		e = comment_check(w, d);
	return e == ERR_OK ? objects_check(w, d) : e;
}

enum err
verify_bundle(struct context *cx, const struct verify *v, struct diag *d)
{
	struct bundle_view *w = calloc(1, sizeof(*w));
	bool strict = true;
	struct buf b;
	enum err e;

	if (w == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	w->v = v;
	buf_init(&b, LIMIT_BUNDLE);
	e = file_read(v->file, LIMIT_BUNDLE, &b, d);
	if (e == ERR_OK && v->root == NULL)
		e = signature_read(w, &strict, d);
	if (e == ERR_OK)
		e = kind_explain(v, buf_view(&b),
			bundle_check(w, buf_view(&b), strict, d), d);
	if (e == ERR_OK)
		e = bundle_say(cx, w, d);
	buf_free(&b);
	bundle_free(w->b);
	verified_free(w->whole);
	verified_free(w->listing.whole);
	free(w);
	return e;
}

enum err
erika_verify(struct context *cx, int argc, char **argv, struct diag *d)
{
	struct verify v = {.file = NULL};
	const struct opt opts[] = {
		{"key", 'k', OPT_STRING, &v.key, "PUB",
			"check a bundle with this minisign key"},
		{"signature", 's', OPT_STRING, &v.signature, "FILE",
			"the bundle's signature (FILE.minisig)"},
		{"root", 0, OPT_STRING, &v.root, "FILE",
			"check from this 1.root.json"},
		{"words", 0, OPT_STRING, &v.words, "WORDS",
			"check a share file by its outlet's eight words"},
		{NULL, 0, OPT_FLAG, NULL, NULL, NULL},
	};
	int first;
	enum err e = command_opts(cx, opts, argc, argv, 1, 1, &first, d);

	if (e != ERR_OK)
		return e;
	v.file = argv[first];
	if (v.words != NULL && (v.root != NULL || !archive_probe(v.file)))
		return diag_set(d, ERR_USAGE,
			v.root != NULL
				? "the words or the root, not both"
				: "--words is for share files, and this is "
				  "none");
	if (archive_probe(v.file)) {
		if (v.key != NULL || v.signature != NULL)
			return diag_set(d, ERR_USAGE,
				"a share file is checked by its outlet's "
				"root, not by a key: --root FILE");
		return verify_share(cx, &v, d);
	}
	if (verify_proof_probe(v.file)) {
		if (v.key != NULL || v.signature != NULL)
			return diag_set(d, ERR_USAGE,
				"a proof is checked by its outlet's root, not "
				"by a key: --root FILE");
		return verify_proof(cx, &v, d);
	}
	if (v.root != NULL && (v.key != NULL || v.signature != NULL))
		return diag_set(d, ERR_USAGE,
			"a bundle is checked by its outlet's root or by a "
			"key, not by both");
	return verify_bundle(cx, &v, d);
}
