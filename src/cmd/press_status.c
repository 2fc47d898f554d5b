/* erika-press status: who we are, what is packed, what expires when. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "../core/date.h"
#include "../core/limits.h"
#include "../core/text.h"
#include "../core/trust.h"
#include "../core/tuf.h"
#include "../core/words.h"
#include "../sys/clock.h"
#include "../sys/file.h"
#include "press.h"
#include "press_chain.h"
#include "press_json.h"
#include "press_records.h"

/* With --json everything is gathered here and printed at the end; without, it
 * is NULL and lines are printed as they come. */
static enum err
identity(struct room *r, json_t *all, struct diag *d)
{
	char *path = room_path(r, "repository/m/1.root.json");
	uint8_t fp[32];
	struct buf b;
	enum err e;

	buf_init(&b, LIMIT_ROOT);
	e = path == NULL ? ERR_NOMEM : file_read(path, LIMIT_ROOT, &b, d);
	if (e == ERR_OK)
		e = trust_fingerprint(buf_view(&b), fp, d);
	if (e == ERR_OK && all == NULL)
		e = press_identity_print(fp, r->name);
	if (e == ERR_OK && all != NULL) {
		const char *w[WORDS];
		char hex[65];

		words_of(fp, w);
		text_hex(hex, fp, 32);
		json_object_update_new(
			all, json_pack("{s:s, s:s, s:s, s:[s,s,s,s,s,s,s,s]}",
				     "schema", "erika-newsroom-1", "outlet",
				     r->name, "root", hex, "words", w[0], w[1],
				     w[2], w[3], w[4], w[5], w[6], w[7]));
	}
	free(path);
	buf_free(&b);
	return e;
}

static enum err
counts(struct room *r, json_t *all, struct diag *d)
{
	int64_t articles = 0, retracted = 0, bundles = 0, waiting = 0;
	bool found;
	enum err e;

	e = db_one_int(r->db, d, &articles, &found,
		"SELECT count(*) FROM article", "");
	if (e == ERR_OK)
		e = db_one_int(r->db, d, &retracted, &found,
			"SELECT count(*) FROM article WHERE status=2", "");
	if (e == ERR_OK)
		e = db_one_int(r->db, d, &bundles, &found,
			"SELECT count(*) FROM bundle", "");
	if (e == ERR_OK)
		e = db_one_int(r->db, d, &waiting, &found,
			"SELECT count(*) FROM bundle WHERE published=0", "");
	if (e == ERR_OK && all != NULL)
		json_object_update_new(
			all, json_pack("{s:I, s:I, s:I, s:I}", "articles",
				     (json_int_t)articles, "retracted",
				     (json_int_t)retracted, "bundles",
				     (json_int_t)bundles, "unpublished",
				     (json_int_t)waiting));
	else if (e == ERR_OK)
		printf("packed  %lld article%s (%lld retracted) in %lld "
		       "bundle%s; %lld not published yet\n",
			(long long)articles, articles == 1 ? "" : "s",
			(long long)retracted, (long long)bundles,
			bundles == 1 ? "" : "s", (long long)waiting);
	return e;
}

static void
expiry_print(json_t *all, const char *name, uint64_t version, int64_t expires,
	int64_t now)
{
	char when[DATE_SIZE];
	long long days = (long long)((expires - now) / ROLE_DAY);

	date_format(when, expires);
	if (all != NULL) {
		json_array_append_new(json_object_get(all, "roles"),
			json_pack("{s:s, s:I, s:s, s:b}", "name", name,
				"version", (json_int_t)version, "expires", when,
				"expired", expires <= now));
		return;
	}
	printf("role    %-12s version %-5llu %s %s", name,
		(unsigned long long)version,
		expires > now ? "until" : "EXPIRED", when);
	if (expires > now)
		printf(" (%lld day%s)", days, days == 1 ? "" : "s");
	putchar('\n');
}

/* A new root or new targets that will take effect with publish. */
static enum err
waiting(struct room *r, json_t *all, struct diag *d)
{
	struct chain c;
	enum err e = chain_load(r, CHAIN_ALL, &c, d);

	if (e == ERR_OK && all != NULL) {
		json_t *list = json_array();

		if (c.root_new)
			json_array_append_new(list, json_string("root"));
		if (c.targets_new)
			json_array_append_new(list, json_string("targets"));
		json_object_set_new(all, "waiting", list);
	} else if (e == ERR_OK) {
		if (c.root_new)
			printf("waits   root version %llu, for publish\n",
				(unsigned long long)c.root->version);
		if (c.targets_new)
			printf("waits   targets version %llu, for publish\n",
				(unsigned long long)c.targets->version);
	}
	chain_free(&c);
	return e;
}

/* The root has the longest life. */
static enum err
root_print(struct room *r, json_t *all, int64_t now, struct diag *d)
{
	struct tuf_doc *root = NULL;
	enum err e = records_newest_root(r, &root, NULL, d);

	if (e == ERR_OK)
		expiry_print(all, "root", root->version, root->expires, now);
	tuf_free(root);
	return e;
}

/* Not a desk that was removed: its last list stays named, and may end. */
static enum err
role_print(struct db_query *q, const struct grants *g, json_t *all, int64_t now,
	struct diag *d)
{
	const char *name = db_text(q, 0);
	enum tuf_type type = TUF_TARGETS;
	struct tuf_doc *doc;
	enum err e;

	if (strncmp(name, "d-", 2) == 0 && grants_find(g, name) == NULL)
		return ERR_OK;
	if (strcmp(name, "timestamp") == 0)
		type = TUF_TIMESTAMP;
	if (strcmp(name, "snapshot") == 0)
		type = TUF_SNAPSHOT;
	e = tuf_parse(db_blob(q, 1), LIMIT_METADATA, type, &doc, d);
	if (e == ERR_OK)
		expiry_print(all, name, doc->version, doc->expires, now);
	if (e == ERR_OK)
		tuf_free(doc);
	return e;
}

static enum err
roles_print(struct room *r, json_t *all, int64_t now, struct diag *d)
{
	struct chain c;
	struct db_query *q;
	enum err e = chain_load(r, CHAIN_LAST, &c, d), done;

	if (e == ERR_OK)
		e = db_query(r->db, d, &q,
			"SELECT name, file FROM role"
			" WHERE name NOT GLOB 's-*'",
			"");
	if (e == ERR_OK) {
		while (e == ERR_OK && db_row(q))
			e = role_print(q, &c.grants, all, now, d);
		done = db_done(r->db, q, d);
		if (e == ERR_OK)
			e = done;
	}
	chain_free(&c);
	return e;
}

enum err
press_status(struct context *cx, int argc, char **argv, struct diag *d)
{
	struct room_options ro = {.dir = NULL};
	const struct opt opts[] = {
		ROOM_OPTIONS(ro), {NULL, 0, OPT_FLAG, NULL, NULL, NULL}};
	struct room *r = NULL;
	json_t *all = NULL;
	enum err e;
	int first;

	e = command_opts(cx, opts, argc, argv, 0, 0, &first, d);
	if (e == ERR_OK)
		e = room_open(&ro, &r, d);
	if (e == ERR_OK && cx->json)
		all = json_pack("{s:[]}", "roles");
	if (e == ERR_OK)
		e = identity(r, all, d);
	if (e == ERR_OK)
		e = counts(r, all, d);
	if (e == ERR_OK)
		e = waiting(r, all, d);
	if (e == ERR_OK)
		e = root_print(r, all, clock_now(), d);
	if (e == ERR_OK)
		e = roles_print(r, all, clock_now(), d);
	if (e == ERR_OK && all != NULL)
		press_json_print(all);
	json_decref(all);
	room_close(r);
	return e;
}
