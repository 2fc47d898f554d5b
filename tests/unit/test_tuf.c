/* The form of metadata: The Update Framework 1.0.34, section 4, member by
 * member; and what a file may ask of a reader's memory. */
#include "../lib/repo.h"
#include "../lib/tap.h"

#include "../../src/core/json.h"

/* Honest files; the tables below change one member each. */
static const char *const honest[TUF_TYPES] = {
	[TUF_ROOT] = "{'signatures': [], 'signed': {'_type': 'root',"
		     "'spec_version': '1.0.34', 'version': 3,"
		     "'expires': '2030-01-01T00:00:00Z',"
		     "'consistent_snapshot': true,"
		     "'keys': {'k': {'keytype': 'ed25519',"
		     " 'scheme': 'ed25519', 'keyval': {'public': 'ab'}}},"
		     "'roles': {"
		     " 'root': {'keyids': ['k'], 'threshold': 1},"
		     " 'timestamp': {'keyids': ['k'], 'threshold': 1},"
		     " 'snapshot': {'keyids': ['k'], 'threshold': 1},"
		     " 'targets': {'keyids': ['k'], 'threshold': 1}}}}",
	[TUF_TIMESTAMP] = "{'signatures': [], 'signed': {'_type': 'timestamp',"
			  "'spec_version': '1.0.34', 'version': 3,"
			  "'expires': '2030-01-01T00:00:00Z',"
			  "'meta': {'snapshot.json': {'version': 2,"
			  " 'length': 9, 'hashes': {'sha256': 'ab'}}}}}",
	[TUF_SNAPSHOT] = "{'signatures': [], 'signed': {'_type': 'snapshot',"
			 "'spec_version': '1.0.34', 'version': 3,"
			 "'expires': '2030-01-01T00:00:00Z',"
			 "'meta': {'targets.json': {'version': 2}}}}",
	[TUF_TARGETS] = "{'signatures': [], 'signed': {'_type': 'targets',"
			"'spec_version': '1.0.34', 'version': 3,"
			"'expires': '2030-01-01T00:00:00Z',"
			"'targets': {'a': {'length': 1,"
			" 'hashes': {'sha256': 'ab'}}},"
			"'delegations': {'keys': {}, 'roles': ["
			" {'name': 'd', 'keyids': [], 'threshold': 1,"
			"  'terminating': false, 'paths': ['x/*']}]}}}",
};

#define ROLE0 "signed|delegations|roles|0"

/* Where, what instead (NULL: nothing), and what comes of it. */
struct change {
	enum tuf_type type;
	const char *where, *what;
	enum err want;
};

static const struct change changes[] = {
	/* 4.2.1 */
	{TUF_ROOT, "signatures", NULL, ERR_SYNTAX},
	{TUF_ROOT, "signatures", "{}", ERR_SYNTAX},
	{TUF_ROOT, "signatures", "[1]", ERR_SYNTAX},
	{TUF_ROOT, "signatures", "[{'keyid':'k'}]", ERR_SYNTAX},
	{TUF_ROOT, "signatures", "[{'keyid':'k','sig':1}]", ERR_SYNTAX},
	{TUF_ROOT, "signatures", "[{'keyid':'k','sig':''}]", ERR_OK},
	{TUF_ROOT, "signatures",
		"[{'keyid':'k','sig':''},{'keyid':'k','sig':''}]", ERR_SYNTAX},
	{TUF_ROOT, "signed", "[]", ERR_SYNTAX},
	{TUF_ROOT, "extra", "1", ERR_OK},
	/* 4.3: what all have */
	{TUF_ROOT, "signed|_type", "'targets'", ERR_SYNTAX},
	{TUF_ROOT, "signed|_type", NULL, ERR_SYNTAX},
	{TUF_TARGETS, "signed|_type", "'d'", ERR_SYNTAX},
	{TUF_ROOT, "signed|version", "0", ERR_SYNTAX},
	{TUF_ROOT, "signed|version", "-1", ERR_SYNTAX},
	{TUF_ROOT, "signed|version", "'3'", ERR_SYNTAX},
	{TUF_ROOT, "signed|version", "3.0", ERR_SYNTAX},
	{TUF_ROOT, "signed|version", "true", ERR_SYNTAX},
	{TUF_ROOT, "signed|version", "9223372036854775807", ERR_OK},
	{TUF_ROOT, "signed|expires", "'2030-01-01T00:00:00'", ERR_SYNTAX},
	{TUF_ROOT, "signed|expires", "'2030-01-01T00:00:00.5Z'", ERR_SYNTAX},
	{TUF_ROOT, "signed|expires", "'2030-01-01T00:00:00+00:00'", ERR_SYNTAX},
	{TUF_ROOT, "signed|expires", "'2030-02-30T00:00:00Z'", ERR_SYNTAX},
	{TUF_ROOT, "signed|expires", "1893456000", ERR_SYNTAX},
	{TUF_ROOT, "signed|expires", NULL, ERR_SYNTAX},
	{TUF_ROOT, "signed|x", "1.5", ERR_UNSUPPORTED},
	{TUF_ROOT, "signed|x", "{'y':null}", ERR_OK},
	{TUF_ROOT, "signed|spec_version", NULL, ERR_SYNTAX},
	{TUF_ROOT, "signed|spec_version", "1", ERR_SYNTAX},
	{TUF_ROOT, "signed|spec_version", "'1.0'", ERR_OK},
	{TUF_ROOT, "signed|spec_version", "'1.99.0'", ERR_OK},
	{TUF_ROOT, "signed|spec_version", "'2.0.0'", ERR_UNSUPPORTED},
	{TUF_ROOT, "signed|spec_version", "'0.9'", ERR_UNSUPPORTED},
	{TUF_ROOT, "signed|spec_version", "'10.0'", ERR_UNSUPPORTED},
	{TUF_ROOT, "signed|spec_version", "'1'", ERR_UNSUPPORTED},
	{TUF_ROOT, "signed|spec_version", "'1.'", ERR_UNSUPPORTED},
	{TUF_ROOT, "signed|spec_version", "'1..0'", ERR_UNSUPPORTED},
	{TUF_ROOT, "signed|spec_version", "'1.0.0.0'", ERR_UNSUPPORTED},
	{TUF_ROOT, "signed|spec_version", "'1.x'", ERR_UNSUPPORTED},
	{TUF_ROOT, "signed|spec_version", "'1.0-rc1'", ERR_UNSUPPORTED},
	{TUF_ROOT, "signed|spec_version", "''", ERR_UNSUPPORTED},
	/* 4.3: root */
	{TUF_ROOT, "signed|consistent_snapshot", NULL, ERR_OK},
	{TUF_ROOT, "signed|consistent_snapshot", "1", ERR_SYNTAX},
	{TUF_ROOT, "signed|keys", NULL, ERR_SYNTAX},
	{TUF_ROOT, "signed|keys|k|keytype", NULL, ERR_SYNTAX},
	{TUF_ROOT, "signed|keys|k|scheme", "1", ERR_SYNTAX},
	{TUF_ROOT, "signed|keys|k|keyval", "'ab'", ERR_SYNTAX},
	{TUF_ROOT, "signed|keys|k|keyval|public", "1", ERR_SYNTAX},
	{TUF_ROOT, "signed|keys|k|keytype", "'kyber'", ERR_OK},
	{TUF_ROOT, "signed|roles|root", NULL, ERR_SYNTAX},
	{TUF_ROOT, "signed|roles|timestamp", NULL, ERR_SYNTAX},
	{TUF_ROOT, "signed|roles|snapshot", NULL, ERR_SYNTAX},
	{TUF_ROOT, "signed|roles|targets", NULL, ERR_SYNTAX},
	{TUF_ROOT, "signed|roles|mirrors", "{'keyids':[],'threshold':1}",
		ERR_OK},
	{TUF_ROOT, "signed|roles|root|threshold", "0", ERR_SYNTAX},
	{TUF_ROOT, "signed|roles|root|threshold", "-1", ERR_SYNTAX},
	{TUF_ROOT, "signed|roles|root|threshold", "'1'", ERR_SYNTAX},
	{TUF_ROOT, "signed|roles|root|threshold", NULL, ERR_SYNTAX},
	{TUF_ROOT, "signed|roles|root|keyids", "['k','k']", ERR_SYNTAX},
	{TUF_ROOT, "signed|roles|root|keyids", "[1]", ERR_SYNTAX},
	{TUF_ROOT, "signed|roles|root|keyids", "'k'", ERR_SYNTAX},
	{TUF_ROOT, "signed|roles|root|keyids", "['k','other']", ERR_OK},
	/* 4.4, 4.6: timestamp and snapshot */
	{TUF_TIMESTAMP, "signed|meta", "{}", ERR_SYNTAX},
	{TUF_TIMESTAMP, "signed|meta", "[]", ERR_SYNTAX},
	{TUF_TIMESTAMP, "signed|meta|targets.json", "{'version':1}",
		ERR_SYNTAX},
	{TUF_TIMESTAMP, "signed|meta|snapshot.json|version", "0", ERR_SYNTAX},
	{TUF_TIMESTAMP, "signed|meta|snapshot.json|version", NULL, ERR_SYNTAX},
	{TUF_TIMESTAMP, "signed|meta|snapshot.json|length", "-1", ERR_SYNTAX},
	{TUF_TIMESTAMP, "signed|meta|snapshot.json|length", "'9'", ERR_SYNTAX},
	{TUF_TIMESTAMP, "signed|meta|snapshot.json|length", NULL, ERR_OK},
	{TUF_TIMESTAMP, "signed|meta|snapshot.json|hashes", NULL, ERR_OK},
	{TUF_TIMESTAMP, "signed|meta|snapshot.json|hashes", "{}", ERR_SYNTAX},
	{TUF_TIMESTAMP, "signed|meta|snapshot.json|hashes|sha256", "1",
		ERR_SYNTAX},
	{TUF_TIMESTAMP, "signed|x-erika-made", "'2029-01-01T00:00:00Z'",
		ERR_OK},
	{TUF_TIMESTAMP, "signed|x-erika-made", "1", ERR_SYNTAX},
	{TUF_SNAPSHOT, "signed|meta|targets.json", NULL, ERR_SYNTAX},
	{TUF_SNAPSHOT, "signed|meta|d.json", "{'version':1}", ERR_OK},
	{TUF_SNAPSHOT, "signed|meta|d.json", "{}", ERR_SYNTAX},
	{TUF_SNAPSHOT, "signed|meta|d.json", "1", ERR_SYNTAX},
	/* 4.5: targets */
	{TUF_TARGETS, "signed|targets", NULL, ERR_SYNTAX},
	{TUF_TARGETS, "signed|targets", "{}", ERR_OK},
	{TUF_TARGETS, "signed|targets|a|length", NULL, ERR_SYNTAX},
	{TUF_TARGETS, "signed|targets|a|length", "-1", ERR_SYNTAX},
	{TUF_TARGETS, "signed|targets|a|hashes", NULL, ERR_SYNTAX},
	{TUF_TARGETS, "signed|targets|a|hashes", "{}", ERR_SYNTAX},
	{TUF_TARGETS, "signed|targets|a|custom", "{'x':[1]}", ERR_OK},
	{TUF_TARGETS, "signed|delegations", NULL, ERR_OK},
	{TUF_TARGETS, "signed|delegations", "[]", ERR_SYNTAX},
	{TUF_TARGETS, "signed|delegations|keys", NULL, ERR_SYNTAX},
	{TUF_TARGETS, "signed|delegations|roles", NULL, ERR_SYNTAX},
	{TUF_TARGETS, "signed|delegations|roles", "[]", ERR_OK},
	{TUF_TARGETS, ROLE0 "|name", "'root'", ERR_SYNTAX},
	{TUF_TARGETS, ROLE0 "|name", "'targets'", ERR_SYNTAX},
	{TUF_TARGETS, ROLE0 "|name", "'timestamp'", ERR_SYNTAX},
	{TUF_TARGETS, ROLE0 "|name", "'snapshot'", ERR_SYNTAX},
	/* The same file, on some file systems. */
	{TUF_TARGETS, ROLE0 "|name", "'Root'", ERR_SYNTAX},
	{TUF_TARGETS, ROLE0 "|name", "'TIMESTAMP'", ERR_SYNTAX},
	{TUF_TARGETS, ROLE0 "|name", "'roots'", ERR_OK},
	{TUF_TARGETS, ROLE0 "|name", "'roo'", ERR_OK},
	{TUF_TARGETS, ROLE0 "|name", "'../root'", ERR_OK},
	{TUF_TARGETS, ROLE0 "|name", "''", ERR_LIMIT},
	{TUF_TARGETS, ROLE0 "|name", "7", ERR_SYNTAX},
	{TUF_TARGETS, ROLE0 "|terminating", NULL, ERR_SYNTAX},
	{TUF_TARGETS, ROLE0 "|terminating", "0", ERR_SYNTAX},
	{TUF_TARGETS, ROLE0 "|threshold", "0", ERR_SYNTAX},
	{TUF_TARGETS, ROLE0 "|keyids", NULL, ERR_SYNTAX},
	{TUF_TARGETS, ROLE0 "|paths", NULL, ERR_SYNTAX},
	{TUF_TARGETS, ROLE0 "|paths", "'x'", ERR_SYNTAX},
	{TUF_TARGETS, ROLE0 "|paths", "[1]", ERR_SYNTAX},
	{TUF_TARGETS, ROLE0 "|paths", "[]", ERR_OK},
	{TUF_TARGETS, ROLE0 "|path_hash_prefixes", "['00']", ERR_SYNTAX},
	{TUF_TARGETS, "signed|delegations|roles|1",
		"{'name':'d','keyids':[],'threshold':1,'terminating':true,"
		"'paths':[]}",
		ERR_SYNTAX},
	{TUF_TARGETS, "signed|delegations|roles|1",
		"{'name':'e','keyids':[],'threshold':1,'terminating':true,"
		"'path_hash_prefixes':['']}",
		ERR_OK},
};

/* JSON with ' for ". */
static json_t *
json_of(const char *text)
{
	char copy[2048];
	json_t *v;
	size_t i;

	snprintf(copy, sizeof(copy), "%s", text);
	for (i = 0; copy[i] != '\0'; i++)
		if (copy[i] == '\'')
			copy[i] = '"';
	v = json_loads(copy, JSON_DECODE_ANY, NULL);
	if (v == NULL) {
		printf("# not JSON: %s\n", copy);
		abort();
	}
	return v;
}

static json_t *
member(json_t *v, const char *name, size_t n)
{
	char key[64];

	snprintf(key, sizeof(key), "%.*s", (int)n, name);
	if (json_is_array(v))
		return json_array_get(v, (size_t)(key[0] - '0'));
	return json_object_get(v, key);
}

/* Put `what` at the place, or take away what is there. */
static void
change_apply(json_t *v, const char *where, const char *what)
{
	const char *end;
	int bad;

	while ((end = strchr(where, '|')) != NULL) {
		v = member(v, where, (size_t)(end - where));
		where = end + 1;
	}
	if (json_is_array(v))
		bad = json_array_append_new(v, json_of(what));
	else if (what == NULL)
		bad = json_object_del(v, where);
	else
		bad = json_object_set_new(v, where, json_of(what));
	if (bad != 0)
		abort();
}

static enum err
parse(const char *text, size_t n, enum tuf_type type, size_t max)
{
	struct tuf_doc *doc;
	struct diag d = {.code = ERR_OK};
	enum err e = tuf_parse(
		span_of((const uint8_t *)text, n), max, type, &doc, &d);

	if (e != ERR_OK && (doc != NULL || d.code != e || d.why[0] == '\0'))
		printf("# no reason for %s\n", err_str(e)), e = ERR_FAILED;
	tuf_free(doc);
	return e;
}

static enum err
parse_value(json_t *v, enum tuf_type type)
{
	char *text = json_dumps(v, JSON_COMPACT);
	enum err e = parse(text, strlen(text), type, LIMIT_METADATA);

	free(text);
	return e;
}

static void
test_form(void)
{
	size_t i;

	for (i = 0; i < TUF_TYPES; i++) {
		json_t *v = json_of(honest[i]);

		is_err(parse_value(v, (enum tuf_type)i), ERR_OK, "an honest %s",
			tuf_type_str((enum tuf_type)i));
		json_decref(v);
	}
	for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		const struct change *c = &changes[i];
		json_t *v = json_of(honest[c->type]);

		change_apply(v, c->where, c->what);
		is_err(parse_value(v, c->type), c->want, "%s %s is %s",
			tuf_type_str(c->type), c->where,
			c->what == NULL ? "gone" : c->what);
		json_decref(v);
	}
}

/* What no JSON library would write. */
static void
test_text(void)
{
	static const struct {
		const char *text;
		enum err want;
	} table[] = {
		{"", ERR_SYNTAX},
		{"{", ERR_SYNTAX},
		{"[]", ERR_SYNTAX},
		{"null", ERR_SYNTAX},
		{"<html><body>Please log in</body></html>", ERR_SYNTAX},
		{"{\"signatures\":[],\"signed\":{},\"signed\":{}}", ERR_SYNTAX},
		{"{\"signatures\":[],\"signed\":{}}x", ERR_SYNTAX},
		{"{\"signatures\":[],\"signed\":{\"version\":99999999999999999"
		 "999}}",
			ERR_SYNTAX},
		{"\xef\xbb\xbf{}", ERR_SYNTAX},
		{"{\"a\":\"\xff\"}", ERR_SYNTAX},
		{"{\"a\":\"\\u0000\"}", ERR_SYNTAX},
		{"{\"a\":\"\\ud800\"}", ERR_SYNTAX},
		{"{a:1}", ERR_SYNTAX},
		{"{\"a\":NaN}", ERR_SYNTAX},
	};
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		is_err(parse(table[i].text, strlen(table[i].text), TUF_ROOT,
			       LIMIT_ROOT),
			table[i].want, "%s", table[i].text);
	is_err(parse("{\0}", 3, TUF_ROOT, LIMIT_ROOT), ERR_SYNTAX, "a NUL");
}

/* A bomb: an opening, n times a unit, a closing. */
static enum err
bomb(const char *open, const char *unit, size_t n, const char *close,
	enum tuf_type type, size_t max)
{
	struct buf b;
	enum err e;

	buf_init(&b, 2 * LIMIT_METADATA);
	e = buf_str(&b, open);
	while (e == ERR_OK && n-- > 0)
		e = buf_str(&b, unit);
	if (e == ERR_OK)
		e = buf_str(&b, close);
	if (e == ERR_OK)
		e = parse((const char *)b.p, b.n, type, max);
	buf_free(&b);
	return e;
}

static void
test_bombs(void)
{
	is_err(bomb("{\"a\":", "[", 31, "", TUF_ROOT, LIMIT_ROOT), ERR_SYNTAX,
		"32 levels are read");
	is_err(bomb("{\"a\":", "[", 32, "", TUF_ROOT, LIMIT_ROOT), ERR_LIMIT,
		"33 are not");
	is_err(bomb("", "[", 100000, "", TUF_ROOT, LIMIT_ROOT), ERR_LIMIT,
		"100,000 open arrays");
	is_err(bomb("", "{\"a\":", 80000, "", TUF_ROOT, LIMIT_ROOT), ERR_LIMIT,
		"80,000 open objects");
	is_err(bomb("{\"a\":[1", ",[]", 31996, "]}", TUF_ROOT, LIMIT_ROOT),
		ERR_LIMIT, "64,000 empty arrays in a root");
	is_err(bomb("{\"a\":[1", ",1", 31990, "]}", TUF_ROOT, LIMIT_ROOT),
		ERR_SYNTAX, "31,990 numbers only lack what a root is");
	is_err(bomb("{\"a\":[1", ",{}", 1600000, "]}", TUF_TARGETS,
		       LIMIT_TARGETS),
		ERR_LIMIT, "1,600,000 empty objects in a targets role");
	is_err(bomb("{\"a\":[1", ",1", 1100, "]}", TUF_TIMESTAMP,
		       LIMIT_TIMESTAMP),
		ERR_LIMIT, "1,100 numbers in a timestamp");
	is_err(bomb("{\"a\":\"", "[,{", 5000, "\"}", TUF_TIMESTAMP,
		       LIMIT_TIMESTAMP),
		ERR_SYNTAX, "what is in a string is no value");
	is_err(bomb("", " ", LIMIT_ROOT + 1, "", TUF_ROOT, LIMIT_ROOT),
		ERR_LIMIT, "a byte too many");
}

/* An honest file with n of something more. */
static json_t *
many_roles(size_t n, const char *pattern)
{
	json_t *v = json_of(honest[TUF_TARGETS]);
	json_t *roles = json_object_get(
		json_object_get(json_object_get(v, "signed"), "delegations"),
		"roles");
	char name[32];
	size_t i;

	for (i = 1; i < n; i++) {
		snprintf(name, sizeof(name), "r%zu", i);
		json_array_append_new(
			roles, json_pack("{s:s, s:[], s:i, s:b, s:[s]}", "name",
				       name, "keyids", "threshold", 1,
				       "terminating", 0, "paths", pattern));
	}
	return v;
}

static enum err
with_keys(size_t n)
{
	json_t *v = json_of(honest[TUF_ROOT]), *ids = json_array();
	char id[32];
	size_t i;
	enum err e;

	for (i = 0; i < n; i++) {
		snprintf(id, sizeof(id), "k%zu", i);
		json_array_append_new(ids, json_string(id));
	}
	json_object_set_new(
		member(member(member(v, "signed", 6), "roles", 5), "root", 4),
		"keyids", ids);
	e = parse_value(v, TUF_ROOT);
	json_decref(v);
	return e;
}

static enum err
with_signatures(size_t n)
{
	json_t *v = json_of(honest[TUF_ROOT]);
	json_t *sigs = json_object_get(v, "signatures");
	char id[32];
	size_t i;
	enum err e;

	for (i = 0; i < n; i++) {
		snprintf(id, sizeof(id), "k%zu", i);
		json_array_append_new(
			sigs, json_pack("{s:s, s:s}", "keyid", id, "sig", ""));
	}
	e = parse_value(v, TUF_ROOT);
	json_decref(v);
	return e;
}

static void
test_many(void)
{
	char pattern[257];
	json_t *v = many_roles(LIMIT_ROLE_DELEGATIONS, "x/*");

	is_err(parse_value(v, TUF_TARGETS), ERR_OK, "4,096 delegations");
	json_decref(v);
	v = many_roles(LIMIT_ROLE_DELEGATIONS + 1, "x/*");
	is_err(parse_value(v, TUF_TARGETS), ERR_LIMIT, "not one more");
	json_decref(v);
	memset(pattern, '*', sizeof(pattern) - 1);
	pattern[sizeof(pattern) - 1] = '\0';
	v = many_roles(LIMIT_ROLE_DELEGATIONS, pattern);
	is_err(parse_value(v, TUF_TARGETS), ERR_LIMIT,
		"a megabyte of patterns, and a little");
	json_decref(v);
	is_err(with_keys(LIMIT_ROLE_KEYS), ERR_OK, "64 keys of a role");
	is_err(with_keys(LIMIT_ROLE_KEYS + 1), ERR_LIMIT, "not one more");
	is_err(with_signatures(LIMIT_SIGNATURES), ERR_OK, "256 signatures");
	is_err(with_signatures(LIMIT_SIGNATURES + 1), ERR_LIMIT,
		"not one more");
}

int
main(void)
{
	if (crypto_start() != ERR_OK)
		return 1;
	test_form();
	test_text();
	test_bombs();
	test_many();
	return plan();
}
