/* erika outlets: whom you trust, and how fresh their news is. */
#include <stdio.h>

#include "../core/text.h"
#include "../sys/clock.h"
#include "erika.h"

static json_t *
mirrors_json(const struct library_mirrors *m)
{
	static const char *const source[] = {"user", "link", "list"};
	json_t *a = json_array();
	size_t i;

	for (i = 0; i < m->n; i++)
		json_array_append_new(
			a, json_pack("{s:o, s:o, s:s}", "name",
				   erika_json_text(m->list[i].name), "url",
				   erika_json_text(m->list[i].url), "source",
				   source[m->list[i].source]));
	return a;
}

static enum err
outlet_json(const struct library_outlet *o, const struct library_mirrors *m,
	int64_t now, struct diag *d)
{
	char words[ERIKA_WORDS], hex[65];

	text_hex(hex, o->fingerprint, sizeof(o->fingerprint));
	return erika_json(
		json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:b, s:o, s:o, s:o,"
			  " s:o}",
			"schema", "erika-outlet-1", "name", o->name, "words",
			erika_words(words, o->fingerprint), "fingerprint", hex,
			"articles", (json_int_t)o->articles, "unread",
			(json_int_t)o->unread, "fresh",
			o->synced != 0 && !library_outlet_stale(o, now),
			"synced", erika_json_date(o->synced), "as_of",
			erika_json_date(o->as_of), "expires",
			erika_json_date(o->expires), "mirrors",
			mirrors_json(m)),
		d);
}

static void
outlet_print(const struct context *cx, const struct library_outlet *o,
	const struct library_mirrors *m, int64_t now)
{
	char words[ERIKA_WORDS], hex[65], fresh[160], shown[300];
	size_t i;

	text_hex(hex, o->fingerprint, sizeof(o->fingerprint));
	erika_fresh(fresh, sizeof(fresh), o, now);
	printf("%s\n", text_show(shown, sizeof(shown), span_str(o->name)));
	printf("  words    %s\n", erika_words(words, o->fingerprint));
	printf("  root     %s\n", hex);
	printf("  articles %lld, %lld unread\n", (long long)o->articles,
		(long long)o->unread);
	printf("  %s\n", fresh);
	if (m->n == 0)
		printf("  no mirror: erika sync --from PATH, or erika add "
		       "--mirror URL\n");
	for (i = 0; i < m->n; i++) {
		if (i >= 5 && !cx->verbose) {
			printf("  and %zu mirrors more (-v shows them)\n",
				m->n - i);
			break;
		}
		printf("  mirror   %s\n", text_show(shown, sizeof(shown),
						  span_str(m->list[i].url)));
	}
}

enum err
erika_outlets(struct context *cx, int argc, char **argv, struct diag *d)
{
	const struct opt opts[] = {{NULL, 0, OPT_FLAG, NULL, NULL, NULL}};
	struct library_outlets list = {.n = 0};
	struct library *l = NULL;
	int64_t now = clock_now();
	int first;
	size_t i;
	enum err e = command_opts(cx, opts, argc, argv, 0, 0, &first, d);

	if (e != ERR_OK)
		return e;
	e = erika_library(&l, &list, false, d);
	for (i = 0; e == ERR_OK && i < list.n; i++) {
		struct library_mirrors m;

		e = library_mirrors(l, list.list[i].id, &m, d);
		if (e != ERR_OK)
			break;
		if (cx->json)
			e = outlet_json(&list.list[i], &m, now, d);
		else
			outlet_print(cx, &list.list[i], &m, now);
		library_mirrors_clear(&m);
	}
	library_outlets_clear(&list);
	library_close(l);
	return e;
}
