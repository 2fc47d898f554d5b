/* The strict INI reader: what it accepts, and each refusal with its line. */
#include "../../src/core/ini.h"
#include "../../src/core/limits.h"
#include "../lib/tap.h"

/* Collects "section/label/key=value|", and refuses the key "bad". */
static enum err
collect(void *arg, const char *section, const char *label, const char *key,
	const char *value, struct diag *d)
{
	struct buf *b = arg;

	if (strcmp(key, "bad") == 0)
		return diag_set(d, ERR_CONFIG, "unknown key \"bad\"");
	return buf_printf(b, "%s/%s/%s=%s|", section, label, key, value);
}

static void
good(const char *text, const char *want, const char *name)
{
	struct diag d = {.code = ERR_OK};
	struct buf b;

	buf_init(&b, LIMIT_CONFIG);
	is_err(ini_parse(span_str(text), "f", collect, &b, &d), ERR_OK,
		"accepted: %s", name);
	is_str(buf_cstr(&b), want, "read: %s", name);
	buf_free(&b);
}

static void
refuse(struct span s, const char *where, const char *name)
{
	struct diag d = {.code = ERR_OK};
	struct buf b;

	buf_init(&b, LIMIT_CONFIG);
	is_err(ini_parse(s, "f", collect, &b, &d), ERR_CONFIG, "refused: %s",
		name);
	ok(strncmp(d.why, where, strlen(where)) == 0, "says %s: %s", where,
		name);
	if (strncmp(d.why, where, strlen(where)) != 0)
		printf("#   got '%s'\n", d.why);
	buf_free(&b);
}

static void
bad(const char *text, const char *where, const char *name)
{
	refuse(span_str(text), where, name);
}

static void
test_good(void)
{
	good("", "", "nothing");
	good("\n\n  \t\n# c\n; c\n  # c", "", "blank lines and comments");
	good("a=1", "//a=1|", "no newline at the end");
	good("  a\t= 1 2 \t\n", "//a=1 2|", "white space around");
	good("a =\nb = # c\n", "//a=|//b=|", "empty values");
	good("a = x#y;z\nb = x ; c\nc = x\t# c\n", "//a=x#y;z|//b=x|//c=x|",
		"comments after values need white space");
	good("a = b = c\n", "//a=b = c|", "only the first = counts");
	good("[s]\na=1\n[ t ] # c\na=2\n", "s//a=1|t//a=2|", "sections");
	good("[s \"L m\"]\na=1\n[s]\na=2\n", "s/L m/a=1|s//a=2|", "labels");
	good("[s \"a ;b]\"] ; c\na=1\n", "s/a ;b]/a=1|",
		"a label may hold ; and ]");
	good("[s]\na=1\n[t]\na=1\n[s]\nb=1\n", "s//a=1|t//a=1|s//b=1|",
		"a section may come twice");
	good("z=1\na=2\nm=3\n", "//z=1|//a=2|//m=3|", "order is the file's");
	good("a = \"q\"\n", "//a=\"q\"|", "quotes are plain in values");
	good("a = \xd0\x96\xe2\x80\x8d\n", "//a=\xd0\x96\xe2\x80\x8d|",
		"UTF-8 values");
}

static void
test_bad(void)
{
	bad("a\n", "f:1: neither", "no =");
	bad("\n\n=1\n", "f:3: a key", "no key");
	bad("A=1\n", "f:1: a key", "upper-case key");
	bad("a b=1\n", "f:1: a key", "space in a key");
	bad("a=1\r\n", "f:1: a carriage return", "CRLF");
	bad("a=\x1b[0m\n", "f:1: forbidden", "escape sequence");
	bad("# \xe2\x80\xae\n", "f:1: forbidden", "bidi override in a comment");
	bad("\xef\xbb\xbf"
	    "a=1\n",
		"f:1: forbidden", "byte order mark");
	bad("a=1\nb=\xff\n", "f:2: not UTF-8", "bad UTF-8");
	bad("a=\xc0\xaf\n", "f:1: not UTF-8", "overlong UTF-8");
	refuse(span_of("a=1\nb=\0c\n", 9), "f:2: forbidden", "NUL");
	bad("a=1\nb=2\na=3\n", "f:3: \"a\" stands in line 1", "a key twice");
	bad("[s]\na=1\n[t]\n[s]\na=1\n", "f:5: \"a\" stands in line 2",
		"a key twice in a section that comes twice");
	bad("[s \"l\"]\na=1\n[s \"l\"]\na=1\n", "f:4: \"a\"",
		"a key twice under one label");
	bad("c=1\nb=1\na=1\nc=2\na=2\nb=2\n", "f:4: \"c\" stands in line 1",
		"the first repetition is reported");
	bad("bad=1\n", "f:1: unknown key", "the caller's refusal has a line");
	bad("\n[s]\n# c\nbad=1\n", "f:4: unknown key", "the right line");
	bad("[s\n", "f:1: a section ends", "no ]");
	bad("[s]]\n", "f:1: a section ends", "two ]");
	bad("[s] x\n", "f:1: a section ends", "something after ]");
	bad("[s]# c\n", "f:1: a section ends", "a comment without a space");
	bad("[]\n", "f:1: a section's name", "no name");
	bad("[ ]\n", "f:1: a section's name", "a blank name");
	bad("[S]\n", "f:1: a section's name", "upper-case section");
	bad("[a b]\n", "f:1: a section's name", "two words");
	bad("[\"l\"]\n", "f:1: write a section", "label alone");
	bad("[s\"l\"]\n", "f:1: write a section", "no space before the label");
	bad("[s \"l\" x]\n", "f:1: write a section", "a word after the label");
	bad("[s \"a\"b\"]\n", "f:1: a section ends", "a third quote");
	bad("[s \"a\" \"b\"]\n", "f:1: write a section", "two labels");
	bad("[s \"l]\n", "f:1: a section ends", "open quote");
	bad("[s \"\"]\n", "f:1: write a section", "an empty label");
	bad("[", "f:1: a section ends", "[ alone");
}

static void
test_limits(void)
{
	char *big = malloc(LIMIT_CONFIG + 1);
	struct diag d = {.code = ERR_OK};
	struct buf b;
	size_t i;

	buf_init(&b, 4 * LIMIT_CONFIG);
	if (big == NULL)
		exit(1);
	memset(big, 'a', LIMIT_CONFIG_LINE + 1);
	big[1] = '=';
	is_err(ini_parse(span_of(big, LIMIT_CONFIG_LINE), "f", collect, &b, &d),
		ERR_OK, "the longest line");
	refuse(span_of(big, LIMIT_CONFIG_LINE + 1), "f:1: a line of over",
		"a longer line");
	memset(big, '\n', LIMIT_CONFIG + 1);
	is_err(ini_parse(span_of(big, LIMIT_CONFIG), "f", collect, &b, &d),
		ERR_OK, "the longest file");
	refuse(span_of(big, LIMIT_CONFIG + 1), "f: over", "a longer file");
	/* 64 thousand keys, the worst for a search for repetitions. */
	for (i = 0; i + 4 <= LIMIT_CONFIG; i += 4)
		memcpy(big + i, "a=1\n", 4);
	refuse(span_of(big, LIMIT_CONFIG), "f:2: \"a\" stands in line 1",
		"one key 65,536 times");
	free(big);
	buf_free(&b);
}

/* Any bytes end in an answer: every cut and every single-byte change of a
 * small file. */
static void
test_mutants(void)
{
	static const char text[] = "[s \"l\"] ; c\nkey = \xd0\x96 # c\n";
	size_t n = sizeof(text) - 1, i, tried = 0;
	char copy[sizeof(text)];
	struct buf b;
	unsigned v;

	buf_init(&b, LIMIT_CONFIG);
	for (i = 0; i < n; i++) {
		for (v = 0; v < 256; v++) {
			enum err e;

			memcpy(copy, text, n);
			copy[i] = (char)v;
			e = ini_parse(span_of(copy, n), "f", collect, &b, NULL);
			tried += e == ERR_OK || e == ERR_CONFIG;
		}
		if (ini_parse(span_of(text, i), "f", collect, &b, NULL) !=
			ERR_NOMEM)
			tried++;
	}
	ok(tried == n * 257, "%zu mutants end in an answer", tried);
	buf_free(&b);
}

static void
unknown(const char *key, const char *want, const char *name)
{
	struct diag d = {.code = ERR_OK};

	is_err(ini_unknown(key, "country proxy to", &d), ERR_CONFIG,
		"an error: %s", name);
	is_str(d.why, want, "said: %s", name);
}

static void
test_unknown(void)
{
	unknown("proxi", "unknown key \"proxi\"; is it proxy?", "a slip");
	unknown("countryside", "unknown key \"countryside\"; is it country?",
		"too much");
	unknown("co", "unknown key \"co\"; is it country?", "a beginning");
	unknown("colour", "unknown key \"colour\"", "nothing like it");
	unknown("proxy", "unknown key \"proxy\"", "one for elsewhere");
	unknown("x\033", "unknown key \"x\\x1b\"", "an escape");
}

int
main(void)
{
	test_unknown();
	test_good();
	test_bad();
	test_limits();
	test_mutants();
	return plan();
}
