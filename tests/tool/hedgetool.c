/* Fetches one bundle from several mirrors with the reader's engine, for
 * bench-net and for tests.
 *
 * hedgetool [OPTION...] --root FOLDER --bundle PATH URL...
 *	--root FOLDER	a local mirror of the outlet that is trusted here: its
 *			m/1.root.json is the anchor, and all metadata is read
 *			from it, so that the network carries only the bundle
 *	--bundle PATH	target path: b/DESK/YYYY-wWW/N.ekb
 *	--images	all pictures too, after the texts
 *	--ca FILE	certificate authorities instead of the system's
 *	--memory FILE	what is remembered of the mirrors, a library: read when
 *			it is there and written at the end; without it: cold
 *	--seconds N	give up after so long without progress (30)
 *	URL...		mirrors in the order to try them; any address is allowed
 *
 * Prints one JSON object:
 *	ok		whether all was verified
 *	seconds		from the first start to the last verified byte
 *	bytes		verified bytes: head, texts and pictures
 *	wire		bytes received, heads included
 *	requests	requests sent
 *	why		why not, "" when ok
 *	mirrors		[{url, state, why, wire, strategy, small}]
 *			state: "unused", "ok", or the deed of erika-sync's
 *			report ("tampered", "unreachable", "too slow", ...)
 * Status 0 when ok, 1 when not, 2 for wrong usage. */
#include <getopt.h>
#include <jansson.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../src/core/limits.h"
#include "../../src/sys/clock.h"
#include "../../src/sys/file.h"
#include "../../src/sys/sync_priv.h"

struct run {
	const char *ca, *root, *bundle, *memory;
	double seconds;
	bool images;
	char **urls;
	int n_urls;
	char library[64]; /* a temporary one */
	struct library_outlets outlets;
	struct sync s;
	struct sync_options o;
	struct sync_report report;
	struct reach_settings reach;
	uint64_t bytes;
	double took;
	bool ok;
};

static void
must(enum err e, const struct diag *d)
{
	if (e == ERR_OK)
		return;
	fprintf(stderr, "hedgetool: %s\n", d->why);
	exit(2);
}

static void
local_read(const struct run *r, const char *name, struct buf *b)
{
	char path[4096];
	struct diag d;

	snprintf(path, sizeof(path), "%s/m/%s", r->root, name);
	must(file_read(path, LIMIT_METADATA, b, &d), &d);
}

/* ---- what is trusted */

static void
outlet_make(struct run *r)
{
	struct library *l = r->s.lib;
	uint8_t fingerprint[32];
	struct buf root;
	struct diag d;
	int64_t id;
	int i;

	buf_init(&root, LIMIT_ROOT);
	must(library_outlets(l, &r->outlets, &d), &d);
	if (r->outlets.n == 0) {
		local_read(r, "1.root.json", &root);
		must(trust_fingerprint(buf_view(&root), fingerprint, &d), &d);
		must(library_outlet_add(l, "bench", fingerprint,
			     buf_view(&root), clock_now(), &id, &d),
			&d);
		library_outlets_clear(&r->outlets);
		must(library_outlets(l, &r->outlets, &d), &d);
	}
	buf_free(&root);
	r->s.outlet = &r->outlets.list[0];
	for (i = 0; i < r->n_urls; i++) {
		struct library_mirror m = {.name = r->urls[i],
			.url = r->urls[i],
			.source = LIBRARY_MIRROR_USER,
			.countries = (char *)(uintptr_t) ""};

		must(library_mirror_add(l, r->s.outlet->id, &m, &d), &d);
	}
}

/* Feed the machine from the folder. */
static void
trust_satisfy(struct run *r)
{
	struct trust_change change;
	struct trust_want w;
	struct diag d = {.why = ""};
	struct buf b;
	char path[4096];

	while (trust_wants(r->s.t, &w)) {
		buf_init(&b, LIMIT_METADATA);
		snprintf(path, sizeof(path), "%s/m/%s", r->root, w.name);
		if (w.source != TRUST_STORED && !file_exists(path))
			snprintf(path, sizeof(path), "%s/m/%s.json", r->root,
				w.role);
		if (w.source == TRUST_STORED || !file_exists(path) ||
			file_read(path, w.max, &b, &d) != ERR_OK ||
			trust_feed(r->s.t, buf_view(&b), &change, &d) != ERR_OK)
			must(trust_pass(r->s.t, &d), &d);
		else if (strcmp(w.name, "timestamp.json") == 0)
			must(trust_pass(r->s.t, &d), &d);
		buf_free(&b);
	}
}

static const struct trust_target *
target_find(struct run *r)
{
	const struct trust_target *g;
	struct buf root;
	struct diag d;

	buf_init(&root, LIMIT_ROOT);
	local_read(r, "1.root.json", &root);
	must(trust_new(
		     buf_view(&root), clock_now(), TRUST_LENIENT, &r->s.t, &d),
		&d);
	buf_free(&root);
	trust_satisfy(r);
	must(trust_find(r->s.t, r->bundle, &d), &d);
	trust_satisfy(r);
	g = trust_found(r->s.t);
	if (g == NULL) {
		fprintf(stderr, "hedgetool: no such bundle\n");
		exit(2);
	}
	return g;
}

/* ---- fetching */

static void
store(struct run *r, const struct sync_pull *p)
{
	struct library_bundle info = {
		.path = (char *)(uintptr_t)trust_target_path(p->g),
		.length = trust_target_length(p->g),
		.head = p->digest,
		.whole = true,
		.key = (char *)(uintptr_t) "",
		.role = (char *)(uintptr_t)trust_target_role(p->g)};
	bool *keep = calloc(bundle_articles(p->b) + 1, sizeof(*keep));
	struct diag d;

	if (keep == NULL)
		exit(2);
	memset(keep, 1, bundle_articles(p->b));
	memcpy(info.sha256, p->sha256, sizeof(info.sha256));
	must(library_bundle_add(r->s.lib, r->s.outlet->id, &info, p->b,
		     buf_view(&p->got), keep, &d),
		&d);
	free(keep);
}

static void
fetch_bundle(struct run *r)
{
	const struct trust_target *g = target_find(r);
	struct sync_pull p;
	struct diag d;
	size_t i;

	must(sync_pull_start(&p, g, &d), &d);
	must(sync_places(&r->s, &d), &d);
	r->s.started = clock_steady();
	must(sync_pull_all(&r->s, &p, 1, NULL, NULL, &d), &d);
	r->ok = p.ok;
	if (p.ok && r->images) {
		store(r, &p);
		must(sync_pictures(&r->s, 0, &d), &d);
		r->ok = r->s.worst.err == ERR_OK;
	}
	r->took = (double)(clock_steady() - r->s.started) / 1e6;
	r->bytes = p.ok ? p.text_end : 0;
	for (i = 0; r->ok && r->images && i < bundle_objects(p.b); i++)
		if (bundle_object(p.b, i)->offset >= p.text_end)
			r->bytes += bundle_object(p.b, i)->packed;
	must(sync_places_end(&r->s, &d), &d);
	sync_pull_clear(&p);
}

static void
report(const struct run *r)
{
	json_t *list = json_array(), *all;
	size_t i;

	for (i = 0; i < r->report.n_mirrors; i++) {
		const struct sync_mirror *m = &r->report.mirrors[i];

		json_array_append_new(list,
			json_pack("{s:s, s:s, s:s, s:I, s:s, s:b}", "url",
				m->url, "state",
				!m->asked	   ? "unused"
				: m->err == ERR_OK ? "ok"
						   : sync_deed(m->err),
				"why", m->why, "wire", (json_int_t)m->bytes,
				"strategy", m->strategy, "small", m->small));
	}
	all = json_pack("{s:b, s:f, s:I, s:I, s:i, s:s, s:o}", "ok", r->ok,
		"seconds", r->took, "bytes", (json_int_t)r->bytes, "wire",
		(json_int_t)r->report.bytes, "requests",
		(int)r->report.requests, "why",
		r->ok ? "" : r->s.worst.diag.why, "mirrors", list);
	json_dumpf(all, stdout, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
	printf("\n");
	json_decref(all);
}

/* Leave nothing in the library but what is remembered. */
static void
forget(const char *path)
{
	sqlite3 *db;

	if (sqlite3_open(path, &db) == SQLITE_OK)
		(void)sqlite3_exec(db,
			"DELETE FROM article; DELETE FROM bundle;"
			"DELETE FROM image; DELETE FROM part;",
			NULL, NULL, NULL);
	sqlite3_close(db);
}

static void
run(struct run *r)
{
	struct fetch_options fo = {.ca_file = r->ca};
	const char *path = r->memory;
	struct fetch *f;
	struct diag d;

	must(fetch_new(&fo, &f, &d), &d);
	if (path == NULL) {
		int fd;

		/* In memory, so that no disk is measured. */
		snprintf(r->library, sizeof(r->library), "%s/hedgetool.XXXXXX",
			access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
		fd = mkstemp(r->library);
		if (fd < 0)
			exit(2);
		close(fd);
		path = r->library;
	}
	r->reach = (struct reach_settings){
		.memory = r->memory != NULL, .network = "bench", .random = 1};
	r->o = (struct sync_options){.now = clock_now(),
		.fetch = f,
		.reach = &r->reach,
		.seconds = r->seconds};
	r->s.o = &r->o;
	r->s.r = &r->report;
	must(library_open(path, &r->s.lib, &d), &d);
	outlet_make(r);
	fetch_bundle(r);
	report(r);
	trust_free(r->s.t);
	sync_places_free(&r->s);
	sync_report_clear(&r->report);
	library_outlets_clear(&r->outlets);
	library_close(r->s.lib);
	fetch_free(f);
	if (r->memory == NULL)
		unlink(path);
	else
		forget(path);
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{"ca", required_argument, NULL, 'c'},
		{"root", required_argument, NULL, 'r'},
		{"bundle", required_argument, NULL, 'b'},
		{"images", no_argument, NULL, 'i'},
		{"memory", required_argument, NULL, 'm'},
		{"seconds", required_argument, NULL, 's'},
		{NULL, 0, NULL, 0},
	};
	struct run r = {.seconds = 30};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			r.ca = optarg;
			break;
		case 'r':
			r.root = optarg;
			break;
		case 'b':
			r.bundle = optarg;
			break;
		case 'i':
			r.images = true;
			break;
		case 'm':
			r.memory = optarg;
			break;
		case 's':
			r.seconds = strtod(optarg, NULL);
			break;
		default:
			return 2;
		}
	}
	r.urls = argv + optind;
	r.n_urls = argc - optind;
	if (r.root == NULL || r.bundle == NULL || r.n_urls == 0 ||
		crypto_start() != ERR_OK)
		return 2;
	run(&r);
	return r.ok ? 0 : 1;
}
