#include "../lib/tap.h"

#include "../../src/core/limits.h"
#include "../../src/ingest/csv.h"
#include "../../src/ingest/measure.h"

static struct measure m;
static struct diag d;
static const char *site;

/* Through both ends of the wire, as the command does it. */
static enum err
through(struct span s)
{
	struct measure_want want = {.country = {"RU"}, .site = site};
	struct buf request, answer;
	enum err e;

	measure_clear(&m);
	memset(&d, 0, sizeof(d));
	buf_init(&request, LIMIT_SOURCE);
	buf_init(&answer, LIMIT_SOURCE);
	e = measure_request(&request, s, &want);
	if (e == ERR_OK)
		e = measure_job(buf_view(&request), &answer, &d);
	if (e == ERR_OK)
		e = measure_answer(buf_view(&answer), &m, &d);
	buf_free(&request);
	buf_free(&answer);
	return e;
}

static enum err
parse(const char *s)
{
	return through(span_str(s));
}

static void
bad(const char *s, enum err want, const char *why, const char *name)
{
	is_err(parse(s), want, "refused: %s", name);
	ok(strstr(d.why, why) != NULL && m.n == 0, "  and says: %s", d.why);
}

#define COUNTS(a, c, f, o, n)                                                  \
	"\"anomaly_count\":" #a ",\"confirmed_count\":" #c                     \
	",\"failure_count\":" #f ",\"ok_count\":" #o                           \
	",\"measurement_count\":" #n
#define RESULT(r) "{\"v\":0,\"dimension_count\":1,\"result\":" r "}"

static void
test_json(void)
{
	is_err(parse(RESULT("[{\"domain\":\"www.B.example\"," COUNTS(
		       4, 31, 1, 4, 40) "},"
					"{\"domain\":\"a.example\"," COUNTS(
						0, 0, 0, 9, 9) "}]")),
		ERR_OK, "OONI's aggregation by domain");
	ok(m.kind == MEASURE_COUNTS && m.n == 2 && m.rows == 2,
		"has two sites");
	is_str(m.sites[0].host, "a.example", "in order");
	is_str(m.sites[1].host, "b.example",
		"in lower case and without \"www.\"");
	ok(m.sites[1].measured == 40 && m.sites[1].confirmed == 31 &&
			m.sites[1].anomalies == 4,
		"with its counts");
	is_err(parse(RESULT(
		       "[{\"input\":\"https://www.a.example:443/x?y\","
		       "\"measurement_start_day\":\"2026-06-02\","
		       "\"blocking_type\":\"dns\"," COUNTS(1, 2, 0, 0,
			       3) "},"
				  "{\"input\":\"http://a.example\","
				  "\"measurement_start_day\":\"2026-06-01\","
				  "\"blocking_type\":null," COUNTS(
					  0, 0, 0, 5, 5) "}]")),
		ERR_OK, "by URL, day and way");
	ok(m.n == 1 && m.sites[0].measured == 8 && m.sites[0].by_how[0] == 3 &&
			m.sites[0].by_how[1] == 0,
		"adds up");
	is_str(m.sites[0].from, "2026-06-01", "from the first day");
	is_str(m.sites[0].until, "2026-06-02", "to the last");
	is_str(m.sites[0].first, "2026-06-02", "and when it was confirmed");
	is_err(parse(RESULT(
		       "[{\"domain\":\"a.example\",\"probe_cc\":\"BY\"," COUNTS(
			       0, 9, 0, 0,
			       9) "},"
				  "{\"domain\":\"a.example\",\"test_name\":"
				  "\"tor\"," COUNTS(0, 9, 0, 0,
					  9) "},"
					     "{\"domain\":\"a.example\","
					     "\"category_code\":"
					     "\"GAME\"," COUNTS(0, 9, 0, 0,
						     9) "},"
							"{\"domain\":\"203.0."
							"113.7\"," COUNTS(0, 9,
								0, 0, 9) "}]")),
		ERR_OK, "rows that do not count");
	ok(m.n == 0 && m.elsewhere == 1 && m.other_test == 1 &&
			m.not_news == 1 && m.no_host == 1,
		"are counted by why");
	is_err(parse(RESULT("[]")), ERR_OK, "no rows");
	site = "lone.example";
	is_err(parse(RESULT("{" COUNTS(0, 5, 0, 0, 5) "}")), ERR_OK,
		"one object, for a site that is named");
	ok(m.n == 1 && strcmp(m.sites[0].host, site) == 0, "is that site's");
	site = NULL;
	bad(RESULT("{" COUNTS(0, 5, 0, 0, 5) "}"), ERR_USAGE, "axis_x=domain",
		"one object, of nobody");
}

static void
test_json_bad(void)
{
	static char deep[70000];

	bad("{\"v\":0,\"error\":\"Invalid\\u001b[2J axis\"}", ERR_SYNTAX,
		"Invalid\\x1b[2J axis", "an error with status 200");
	bad("{\"v\":0,\"msg\":\"unsupported format\"}", ERR_SYNTAX,
		"unsupported format", "the same by another name");
	bad("Option axis_z is not known", ERR_SYNTAX,
		"says: Option axis_z is not known", "the same in words alone");
	bad("<!DOCTYPE html><p>503", ERR_SYNTAX, "a web page", "a web page");
	bad("", ERR_SYNTAX, "empty", "nothing");
	bad(" \r\n\t", ERR_SYNTAX, "empty", "white space");
	bad("{}", ERR_SYNTAX, "no \"result\"", "an empty object");
	bad("[]", ERR_SYNTAX, "a list", "a list");
	bad("{\"v\":1,\"result\":[]}", ERR_UNSUPPORTED, "another version",
		"another version");
	bad("{\"result\":[]}", ERR_UNSUPPORTED, "another version",
		"no version");
	bad(RESULT("7"), ERR_SYNTAX, "no list", "a number for a result");
	bad(RESULT("[7]"), ERR_SYNTAX, "row 1 is no object", "a number");
	bad(RESULT("[{\"domain\":\"a.example\"}]"), ERR_SYNTAX,
		"\"measurement_count\"", "no counts");
	bad(RESULT("[{\"domain\":7," COUNTS(0, 0, 0, 1, 1) "}]"), ERR_SYNTAX,
		"\"domain\" is no string", "a number for a name");
	bad(RESULT("[{\"domain\":\"a.example\"," COUNTS(0, -1, 0, 1, 1) "}]"),
		ERR_SYNTAX, "confirmed_count", "a negative count");
	bad(RESULT("[{\"domain\":\"a.example\"," COUNTS(0, 1.0, 0, 1, 1) "}]"),
		ERR_SYNTAX, "confirmed_count", "a broken count");
	bad(RESULT("[{\"domain\":\"a.example\"," COUNTS(
		    0, 9007199254740992, 0, 1, 1) "}]"),
		ERR_SYNTAX, "confirmed_count", "a count over 2^53");
	bad(RESULT("[{\"domain\":\"a.example\"," COUNTS(
		    0, 99999999999999999999999, 0, 1, 1) "}]"),
		ERR_SYNTAX, "JSON", "a number that is none");
	bad(RESULT("[{\"domain\":\"a.example\"," COUNTS(
		    0, 1e999, 0, 1, 1) "}]"),
		ERR_SYNTAX, "JSON", "a huge one");
	bad(RESULT("[{\"domain\":\"a.example\"," COUNTS(1, 2, 3, 4, 9) "}]"),
		ERR_SYNTAX, "more than", "counts over what was measured");
	bad(RESULT("[{\"domain\":\"a.example\"," COUNTS(0, 0, 0,
		    9007199254740991,
		    9007199254740991) "},"
				      "{\"domain\":\"a.example\"," COUNTS(
					      0, 0, 0, 1, 1) "}]"),
		ERR_LIMIT, "more measurements", "a sum over 2^53");
	bad(RESULT("[{\"domain\":\"a.example\",\"domain\":\"b."
		   "example\"," COUNTS(0, 0, 0, 1, 1) "}]"),
		ERR_SYNTAX, "JSON", "a name twice");
	bad(RESULT("[{\"domain\":\"a\\u0000.example\"," COUNTS(
		    0, 0, 0, 1, 1) "}]"),
		ERR_SYNTAX, "JSON", "a NUL");
	bad(RESULT("[{\"domain\":\"a.example\","
		   "\"measurement_start_day\":\"2026-02-30\"," COUNTS(
			   0, 0, 0, 1, 1) "}]"),
		ERR_SYNTAX, "a day that is none", "the 30th of February");
	bad(RESULT("[]") "x", ERR_SYNTAX, "JSON", "trailing bytes");
	memset(deep, '[', sizeof(deep) - 1);
	memcpy(deep, "{\"result\":", 10);
	bad(deep, ERR_LIMIT, "nests", "70,000 brackets");
}

#define HEAD                                                                   \
	"anomaly_count,confirmed_count,domain,failure_count,"                  \
	"measurement_count,ok_count\n"

static void
test_csv(void)
{
	is_err(parse(HEAD "4,31,a.example,1,40,4\n1,0,b.example,0,1,0"), ERR_OK,
		"OONI's aggregation as CSV");
	ok(m.n == 2 && m.sites[0].confirmed == 31 && m.sites[1].anomalies == 1,
		"is the same");
	is_err(parse("\xef\xbb\xbf" HEAD "0,3,\"a.example\",0,3,0\r\n"), ERR_OK,
		"with a mark, quotes and CRLF");
	ok(m.n == 1 && m.sites[0].confirmed == 3, "likewise");
	is_err(parse(HEAD), ERR_OK, "no rows");
	ok(m.n == 0 && m.kind == MEASURE_COUNTS, "are none");
	bad(HEAD "0,3,a.example,0,3\n", ERR_SYNTAX, "line 2 has 5 columns",
		"a column too few");
	bad(HEAD "0,3,a.example,0,3,0,0\n", ERR_SYNTAX, "line 2 has 7 columns",
		"a column too many");
	bad(HEAD "0,3,a.example,0,3,0\n\n", ERR_SYNTAX, "line 3 has 1 column",
		"an empty line");
	bad(HEAD "0,-3,a.example,0,3,0\n", ERR_SYNTAX, "confirmed_count",
		"a negative count");
	bad(HEAD "0,,a.example,0,3,0\n", ERR_SYNTAX, "confirmed_count",
		"an empty count");
	bad(HEAD "0,99999999999999999999,a.example,0,3,0\n", ERR_SYNTAX,
		"confirmed_count", "a huge count");
	bad("anomaly_count,confirmed_count,domain\n", ERR_SYNTAX,
		"no column \"measurement_count\"", "columns that are missing");
	bad("domain,confirmed_count,anomaly_count,failure_count,ok_count,"
	    "measurement_count,domain\n",
		ERR_SYNTAX, "two columns are called \"domain\"",
		"a column twice");
}

#define LIST "url,category_code,category_description,date_added,source,notes\n"

static void
test_list(void)
{
	is_err(parse(LIST "https://www.a.example/,NEWS,News Media,2014-04-15,"
			  "citizenlab,\n"
			  "http://b.example/x,GAME,Gaming,2014-04-15,x,\n"
			  "http://c.example/,NEWS,News Media,2015-01-01,"
			  "\"a, \"\"b\"\"\nc\",\"\"\n"),
		ERR_OK, "a list of test sites, with quotes over two lines");
	ok(m.kind == MEASURE_LIST && m.n == 2 && m.not_news == 1,
		"has two of news");
	is_str(m.sites[0].host, "a.example", "one");
	is_str(m.sites[1].host, "c.example", "and the other");
	ok(m.sites[0].measured == 0, "and no counts");
}

static void
test_rfc4180(void)
{
	static char wide[3 * 100000 + 1];
	char nul[] = LIST "http://a.example/\0,NEWS,x,y,z,\n";
	struct csv c = {.in = span_str("a,\"b\"\"c\",\n\"d\ne\",,f\r\ng")};
	bool have;
	size_t i;

	is_err(csv_row(&c, &have, &d), ERR_OK, "a row");
	ok(have && c.n == 3 && span_eq(c.field[1], span_str("b\"c")) &&
			c.field[2].n == 0,
		"with a doubled quote and an empty field");
	is_err(csv_row(&c, &have, &d), ERR_OK, "another");
	ok(have && c.n == 3 && c.line == 2 &&
			span_eq(c.field[0], span_str("d\ne")),
		"over two lines");
	is_err(csv_row(&c, &have, &d), ERR_OK, "and one without an end");
	ok(have && c.n == 1 && c.line == 4, "is the fourth line's");
	is_err(csv_row(&c, &have, &d), ERR_OK, "there are no more");
	ok(!have, "then");
	csv_clear(&c);
	bad(LIST "\"http://a.example/,NEWS,x,y,z,\n", ERR_SYNTAX,
		"line 2: a quote that does not end", "an open quote");
	bad(LIST "\"http://a.example/\"x,NEWS,x,y,z,\n", ERR_SYNTAX,
		"behind a closing quote", "text behind a quote");
	bad(LIST "http://a\".example/,NEWS,x,y,z,\n", ERR_SYNTAX,
		"a quote inside", "a quote inside a field");
	bad(LIST "http://a.example/,NEWS\rx,x,y,z,\n", ERR_SYNTAX,
		"carriage return", "a lone carriage return");
	bad(LIST "http://a.example/\xff,NEWS,x,y,z,\n", ERR_SYNTAX, "not UTF-8",
		"what is not UTF-8");
	is_err(through(span_of(nul, sizeof(nul) - 1)), ERR_SYNTAX,
		"refused: a NUL");
	for (i = 0; i < 100000; i++)
		memcpy(wide + 2 * i, "a,", 2);
	bad(wide, ERR_SYNTAX, "neither", "100,000 columns");
	memcpy(wide, LIST, sizeof(LIST) - 1);
	bad(wide, ERR_LIMIT, "over 64 columns", "the same in the second row");
	memset(wide + sizeof(LIST) - 1, 'x', sizeof(wide) - sizeof(LIST));
	bad(wide, ERR_LIMIT, "over 65536 bytes", "a row of 300 KB");
	wide[sizeof(LIST) - 1] = '"';
	bad(wide, ERR_LIMIT, "over 65536 bytes", "the same in quotes");
}

/* No answer of a broken child is taken on trust: each with one byte changed is
 * refused or is still a table. */
static void
test_wire(void)
{
	struct measure_want want = {.country = {"RU"}};
	struct buf request, answer;
	size_t i, refused = 0, odd = 0, k;
	int bit;

	buf_init(&request, 4096);
	buf_init(&answer, 4096);
	ok(measure_request(&request,
		   span_str(HEAD "4,31,a.example,1,40,4\n1,0,b.example,0,1,0"),
		   &want) == ERR_OK &&
			measure_job(buf_view(&request), &answer, &d) == ERR_OK,
		"an answer");
	for (i = 0; i < answer.n; i++) {
		for (bit = 0; bit < 8; bit++) {
			answer.p[i] = (uint8_t)(answer.p[i] ^ 1 << bit);
			measure_clear(&m);
			if (measure_answer(buf_view(&answer), &m, &d) != ERR_OK)
				refused++;
			for (k = 0; k < m.n; k++)
				odd += m.sites[k].confirmed +
						       m.sites[k].anomalies >
					       m.sites[k].measured ||
				       strchr(m.sites[k].host, '.') == NULL;
			answer.p[i] = (uint8_t)(answer.p[i] ^ 1 << bit);
		}
		measure_clear(&m);
		if (i < answer.n &&
			measure_answer(span_sub(buf_view(&answer), 0, i), &m,
				&d) == ERR_OK)
			odd++;
	}
	ok(refused > 100 && odd == 0,
		"%zu mutants of it are refused, none "
		"is impossible",
		refused);
	measure_clear(&m);
	buf_free(&request);
	buf_free(&answer);
}

/* Each file with one bit changed is refused or is still a table. */
static void
test_mutants(void)
{
	static const char *const files[] = {HEAD
		"4,31,\"a.example\",1,40,4\r\n1,0,b.example,0,1,0",
		LIST "https://a.example/,NEWS,x,2014-04-15,\"y\"\"\",\n",
		RESULT("[{\"domain\":\"a.example\","
		       "\"measurement_start_day\":\"2026-06-01\"," COUNTS(
			       4, 31, 1, 4, 40) "}]")};
	size_t f, i, k, n, read = 0, odd = 0;
	char copy[400];
	int bit;

	for (f = 0; f < 3; f++) {
		n = strlen(files[f]);
		for (i = 0; i < n; i++)
			for (bit = 0; bit < 8; bit++) {
				memcpy(copy, files[f], n);
				copy[i] = (char)(copy[i] ^ 1 << bit);
				read += through(span_of(copy, n)) == ERR_OK;
				for (k = 0; k < m.n; k++)
					odd += m.sites[k].measured > 4000000;
			}
	}
	ok(read > 100 && odd == 0, "%zu mutants are read, none is absurd",
		read);
}

int
main(void)
{
	test_json();
	test_json_bad();
	test_csv();
	test_list();
	test_rfc4180();
	test_mutants();
	test_wire();
	measure_clear(&m);
	return plan();
}
