/* Tombstones: what an operator signs comes back, and no bit of the answer that
 * carries it can be changed unnoticed in what a reader is shown. */
#include "../../src/core/sign.h"
#include "../../src/core/tombstone.h"
#include "../lib/tap.h"

#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct sign_key *
key_new(uint8_t first)
{
	uint8_t seed[32] = {first};
	struct sign_key *k = sign_key_new(seed);

	if (k == NULL)
		abort();
	return k;
}

static void
sign(const struct sign_key *k, struct span part, struct buf *out)
{
	uint8_t hash[HASH_MAX];

	hash_bytes(HASH_BLAKE2B_512, part, hash);
	buf_clear(out);
	if (sign_minisig(k, hash, "signed by a test", out) != ERR_OK)
		abort();
}

static const struct tombstone one = {.hash = HASH,
	.reason = "court order 12/26: \"libel\", \\ постановление",
	.operator= "Mirror <mirror@example.org>",
	.date = 1795467600};

static void
test_round(struct buf *body)
{
	struct sign_key *k = key_new(1), *other = key_new(2);
	const struct minisign_key *pub = sign_key_public(k);
	char number[2 * MINISIGN_KEYNUM + 1];
	struct tombstone t;
	struct buf part, sig;

	buf_init(&part, LIMIT_TOMBSTONE);
	buf_init(&sig, LIMIT_MINISIG);
	is_err(tombstone_add(&part, &one), ERR_OK, "what is signed is written");
	is_err(tombstone_part(buf_view(&part), &t, NULL), ERR_OK, "and read");
	is_str(t.reason, one.reason, "its reason");
	ok(t.key[0] == '\0', "it is not signed yet");
	sign(k, buf_view(&part), &sig);
	is_err(tombstone_body(body, buf_view(&part), buf_view(&sig), pub, NULL),
		ERR_OK, "with a signature it is a body");
	is_err(tombstone_parse(buf_view(body), &t, NULL), ERR_OK,
		"which a reader takes");
	is_str(t.hash, one.hash, "its hash");
	is_str(t.path, "", "no path");
	is_str(t.reason, one.reason, "the reason");
	is_str(t.operator, one.operator, "the operator");
	ok(t.date == one.date, "the date");
	minisign_keynum_text(number, pub->keynum);
	is_str(t.key, number, "whose key it is");

	buf_clear(&sig);
	sign(other, buf_view(&part), &sig);
	is_err(tombstone_body(body, buf_view(&part), buf_view(&sig), pub, NULL),
		ERR_KEY, "another's signature is refused");
	sign(k, span_str("x"), &sig);
	is_err(tombstone_body(body, buf_view(&part), buf_view(&sig), pub, NULL),
		ERR_SIGNATURE, "so is one of another file");
	is_err(tombstone_parse(buf_view(body), &t, NULL), ERR_OK,
		"what was there stays");
	is_err(buf_str(&part, "\n"), ERR_OK, "a newline more");
	sign(k, buf_view(&part), &sig);
	is_err(tombstone_body(body, buf_view(&part), buf_view(&sig), pub, NULL),
		ERR_SIGNATURE, "a file that is not canonical is refused here");
	buf_free(&part);
	buf_free(&sig);
	sign_key_free(k);
	sign_key_free(other);
}

/* Flip each bit: refused, or the reader is shown the same all the same. What
 * is signed by nobody is the comment line and JSON's own spelling. */
static void
test_flips(const struct buf *body)
{
	struct tombstone was, t;
	unsigned wrong = 0, taken = 0;
	struct buf b;
	size_t i, n;

	buf_init(&b, LIMIT_TOMBSTONE);
	if (buf_span(&b, buf_view(body)) != ERR_OK ||
		tombstone_parse(buf_view(&b), &was, NULL) != ERR_OK)
		abort();
	for (i = 0; i < b.n * 8; i++) {
		b.p[i / 8] ^= (uint8_t)(1u << i % 8);
		if (tombstone_parse(buf_view(&b), &t, NULL) == ERR_OK) {
			taken++;
			wrong += memcmp(&t, &was, sizeof(t)) != 0;
		} else {
			wrong += t.reason[0] != '\0';
		}
		b.p[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	ok(wrong == 0, "no flip of %zu changes what is shown", b.n * 8);
	ok(taken < b.n, "and few are taken at all: %u", taken);
	for (wrong = 0, n = 0; n < b.n; n++)
		wrong += tombstone_parse(span_of(b.p, n), &t, NULL) == ERR_OK;
	ok(wrong == 0, "no cut is taken");
	buf_free(&b);
}

static void
set(char *out, size_t size, const char *s)
{
	snprintf(out, size, "%s", s);
}

static void
bad(const char *body, const char *name)
{
	struct tombstone t;

	ok(tombstone_parse(span_str(body), &t, NULL) != ERR_OK, "refused: %s",
		name);
}

static void
not_ok(struct tombstone t, const char *name)
{
	struct diag d = {.code = ERR_OK};

	is_err(tombstone_ok(&t, &d), ERR_USAGE, "not to be signed: %s", name);
	ok(d.why[0] != '\0', "and why");
}

static void
test_rules(void)
{
	struct tombstone t = one;
	char line[LIMIT_TOMBSTONE_REASON + 1];

	is_err(tombstone_ok(&one, NULL), ERR_OK, "one hash");
	t.hash[0] = '\0';
	not_ok(t, "nothing named");
	set(t.path, sizeof(t.path), "t/b/news/2026-w10/x.1.ekb");
	is_err(tombstone_ok(&t, NULL), ERR_OK, "one path");
	ok(tombstone_covers(&t, "t/b/news/2026-w10/x.1.ekb"), "covers it");
	ok(!tombstone_covers(&t, "t/b/news/2026-w10/x.1.ekb.minisig"),
		"and nothing beside");
	set(t.path, sizeof(t.path), "m/timestamp.json");
	not_ok(t, "metadata");
	set(t.path, sizeof(t.path), "t/../m/x");
	not_ok(t, "dots");
	t = one;
	set(t.path, sizeof(t.path), "t/x");
	not_ok(t, "hash and path");
	t = one;
	t.hash[3] = 'A';
	not_ok(t, "capital hex");
	t.hash[3] = '\0';
	not_ok(t, "a short hash");
	t = one;
	t.reason[0] = '\0';
	not_ok(t, "no reason");
	set(t.reason, sizeof(t.reason), "a\nb");
	not_ok(t, "two lines");
	set(t.reason, sizeof(t.reason), "\033[2J");
	not_ok(t, "an escape sequence");
	set(t.reason, sizeof(t.reason), "x");
	set(t.operator, sizeof(t.operator), "a\tb");
	not_ok(t, "a tab in a name");
	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	t = one;
	set(t.reason, sizeof(t.reason), line);
	is_err(tombstone_ok(&t, NULL), ERR_OK, "the longest reason");

	ok(tombstone_covers(&one, "t/b/d/w/" HASH ".7.ekb"), "a hash");
	ok(tombstone_covers(&one, "t/b/d/w/" HASH ".7.ekb.minisig"),
		"covers its signature");
	ok(!tombstone_covers(&one, "t/b/d/w/" HASH), "but not without a dot");
	ok(!tombstone_covers(&one, "t/b/" HASH ".x/7.ekb"), "nor in a folder");
	ok(!tombstone_covers(&one, "t/x"), "nor a short name");
	t = one;
	t.hash[0] = '\0';
	ok(!tombstone_covers(&t, "t/.x"), "none covers nothing");

	bad("", "nothing");
	bad("<html>451</html>", "a censor's page");
	bad("{}", "an empty object");
	bad("{\"signed\":{\"_type\":\"erika-tombstone-1\",\"date\":"
	    "\"2026-11-23T21:00:00Z\",\"hash\":\"" HASH "\",\"operator\":\"\","
	    "\"reason\":\"x\"}}",
		"unsigned");
	bad("{\"key\":\"\",\"minisig\":\"\",\"signed\":{\"_type\":"
	    "\"erika-tombstone-1\",\"date\":\"2026-11-23T21:00:00Z\",\"hash\":"
	    "\"" HASH "\",\"operator\":\"\",\"reason\":\"x\"}}",
		"empty signature");
	bad("{\"key\":1,\"minisig\":[],\"signed\":\"\"}", "other types");
}

int
main(void)
{
	struct buf body;

	if (crypto_start() != ERR_OK)
		return 1;
	buf_init(&body, LIMIT_TOMBSTONE);
	test_round(&body);
	test_flips(&body);
	test_rules();
	buf_free(&body);
	return plan();
}
