/* erika outlets: whom you trust, how fresh their news is, and where their
 * mirrors are. */
#include <stdio.h>

#include "../core/text.h"
#include "../sys/clock.h"
#include "../sys/file.h"
#include "erika.h"
#include "erika_country.h"

static json_t *
mirror_json(const struct library_mirror *m)
{
	static const char *const source[] = {"user", "link", "list"};
	json_t *addresses = json_array();
	size_t i;

	for (i = 0; i < m->n_addresses; i++)
		json_array_append_new(addresses, json_string(m->addresses[i]));
	/* "?": null when there is none. */
	return json_pack("{s:o, s:o, s:s, s:o, s:s?, s:s?, s:s?, s:b}", "name",
		erika_json_text(m->name), "url", erika_json_text(m->url),
		"source", source[m->source], "addresses", addresses, "pin",
		m->pin, "sni", m->sni, "front", m->front, "storage",
		(int)m->storage);
}

static json_t *
mirrors_json(const struct library_mirrors *m)
{
	json_t *a = json_array();
	size_t i;

	for (i = 0; i < m->n; i++)
		json_array_append_new(a, mirror_json(&m->list[i]));
	return a;
}

/* " (yours; 2 addresses, front)": what is worth knowing of a mirror beside its
 * URL. */
static const char *
mirror_note(char out[static 120], const struct library_mirror *m)
{
	static const char *const source[] = {"yours", "by link", ""};
	const char *sep = "; ";
	size_t n;

	n = (size_t)snprintf(out, 120, " (%s", source[m->source]);
	if (source[m->source][0] == '\0')
		sep = "";
	if (m->n_addresses > 0) {
		n += (size_t)snprintf(out + n, 120 - n, "%s%zu address%s", sep,
			m->n_addresses, m->n_addresses == 1 ? "" : "es");
		sep = ", ";
	}
	if (m->sni != NULL || m->pin != NULL) {
		n += (size_t)snprintf(out + n, 120 - n, "%s%s", sep,
			m->sni != NULL ? "pinned, other name" : "pinned");
		sep = ", ";
	}
	if (m->front != NULL) {
		n += (size_t)snprintf(out + n, 120 - n, "%sfront", sep);
		sep = ", ";
	}
	if (m->storage)
		n += (size_t)snprintf(out + n, 120 - n, "%sstorage", sep);
	snprintf(out + n, 120 - n, ")");
	return n == 2 ? "" : out;
}

static enum err
outlet_json(const struct library_outlet *o, const struct library_mirrors *m,
	int64_t proofs, int64_t now, struct diag *d)
{
	char words[ERIKA_WORDS], hex[65];

	text_hex(hex, o->fingerprint, sizeof(o->fingerprint));
	return erika_json(
		json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:b, s:o, s:o, s:o,"
			  " s:o, s:I}",
			"schema", "erika-outlet-1", "name", o->name, "words",
			erika_words(words, o->fingerprint), "fingerprint", hex,
			"articles", (json_int_t)o->articles, "unread",
			(json_int_t)o->unread, "fresh",
			o->synced != 0 && !library_outlet_stale(o, now),
			"synced", erika_json_date(o->synced), "as_of",
			erika_json_date(o->as_of), "expires",
			erika_json_date(o->expires), "mirrors", mirrors_json(m),
			"proofs", (json_int_t)proofs),
		d);
}

static void
outlet_print(const struct context *cx, const struct library_outlet *o,
	const struct library_mirrors *m, int64_t proofs, int64_t now)
{
	char words[ERIKA_WORDS], hex[65], fresh[240], shown[300];
	char note[120];
	size_t i;

	text_hex(hex, o->fingerprint, sizeof(o->fingerprint));
	erika_fresh(fresh, sizeof(fresh), o, now);
	tell("%s", text_show(shown, sizeof(shown), span_str(o->name)));
	tell("  words    %s", erika_words(words, o->fingerprint));
	tell("  root     %s", hex);
	tell("  articles %lld, %lld unread", (long long)o->articles,
		(long long)o->unread);
	tell("  %s", fresh);
	if (proofs > 0)
		tell("  TWO HEADS of one version are signed by its keys; "
		     "erika outlets --proof FILE writes the proof");
	if (m->n == 0)
		tell("  no mirror: erika sync --from PATH, or erika add "
		     "--mirror URL");
	for (i = 0; i < m->n; i++) {
		if (i >= 5 && !cx->verbose) {
			tell("  and %zu mirrors more (-v shows them)",
				m->n - i);
			break;
		}
		tell("  mirror   %s%s",
			text_show(
				shown, sizeof(shown), span_str(m->list[i].url)),
			mirror_note(note, &m->list[i]));
	}
}

/* The latest proof of two heads, to a file for others. */
static enum err
proof_write(const struct context *cx, struct library *l,
	const struct library_outlet *o, const char *file, struct diag *d)
{
	char shown[200];
	struct buf b;
	bool found;
	enum err e;

	buf_init(&b, LIMIT_SPLIT);
	e = library_proof(l, o == NULL ? 0 : o->id, &b, &found, d);
	if (e == ERR_OK && !found)
		e = diag_set(d, ERR_MISSING,
			"there is no proof: no two heads of one version were "
			"met");
	if (e == ERR_OK)
		e = talk_overwrite(cx, file, NULL, d);
	if (e == ERR_OK)
		e = file_write(file, buf_view(&b), 0644, d);
	if (e == ERR_OK)
		talk(cx, "%s: two heads of one version; erika verify checks it",
			text_show(shown, sizeof(shown), span_str(file)));
	buf_free(&b);
	return e;
}

static enum err
outlet_show(const struct context *cx, struct library *l,
	const struct library_outlet *o, struct diag *d)
{
	struct library_mirrors m = {.n = 0};
	int64_t now = clock_now(), proofs;
	enum err e = library_proofs(l, o->id, &proofs, d);

	if (e == ERR_OK)
		e = library_mirrors(l, o->id, &m, d);
	if (e == ERR_OK && cx->json)
		e = outlet_json(o, &m, proofs, now, d);
	else if (e == ERR_OK)
		outlet_print(cx, o, &m, proofs, now);
	library_mirrors_clear(&m);
	return e;
}

enum err
erika_outlets(struct context *cx, int argc, char **argv, struct diag *d)
{
	const char *proof = NULL, *country = NULL;
	const struct opt opts[] = {
		{"country", 'c', OPT_STRING, &country, "CC",
			"what is known about networks there: RU, IR, BY"},
		{"proof", 0, OPT_STRING, &proof, "FILE",
			"write the proof of two heads to this file"},
		{NULL, 0, OPT_FLAG, NULL, NULL, NULL},
	};
	const struct library_outlet *one = NULL;
	struct library_outlets list = {.n = 0};
	struct library *l = NULL;
	int first;
	size_t i;
	enum err e = command_opts(cx, opts, argc, argv, 0, 1, &first, d);

	if (e == ERR_OK && proof != NULL && country != NULL)
		e = diag_set(d, ERR_USAGE,
			"--proof and --country are two questions");
	if (e != ERR_OK)
		return e;
	e = erika_library(&l, &list, country != NULL, d);
	if (e == ERR_OK && first < argc)
		e = erika_outlet_find(&list, argv[first], &one, d);
	if (e == ERR_OK && proof != NULL)
		e = proof_write(cx, l, one, proof, d);
	if (e == ERR_OK && country != NULL)
		e = country_show(cx, l, &list, one, country, d);
	for (i = 0;
		e == ERR_OK && proof == NULL && country == NULL && i < list.n;
		i++)
		if (one == NULL || one == &list.list[i])
			e = outlet_show(cx, l, &list.list[i], d);
	library_outlets_clear(&list);
	library_close(l);
	return e;
}
