/* Change and sign metadata with a newsroom's own key, for tests that need a
 * newsroom to go wrong: headtool KEYFILE FILE [NAME=VALUE]... sets members of
 * "signed" (whole numbers as numbers) and signs FILE again in place. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/core/json.h"
#include "../../src/core/limits.h"
#include "../../src/core/text.h"
#include "../../src/core/tuf_write.h"
#include "../../src/sys/file.h"

static void
die(const char *what, enum err e, const struct diag *d)
{
	fprintf(stderr, "headtool: %s: %s: %s\n", what, err_str(e), d->why);
	exit(1);
}

static void
member_set(json_t *body, char *pair)
{
	char *value = strchr(pair, '=');
	uint64_t n;

	if (value == NULL) {
		fprintf(stderr, "headtool: %s: no '='\n", pair);
		exit(2);
	}
	*value++ = '\0';
	json_object_set_new(body, pair,
		text_decimal(span_str(value), INT64_MAX, &n) == ERR_OK
			? json_integer((json_int_t)n)
			: json_string(value));
}

int
main(int argc, char **argv)
{
	struct diag d = {.why = ""};
	struct sign_key *key;
	struct buf b, out;
	json_t *top, *body;
	enum err e;
	int i;

	if (argc < 3 || crypto_start() != ERR_OK)
		return 2;
	buf_init(&b, LIMIT_METADATA);
	buf_init(&out, LIMIT_METADATA);
	e = file_read(argv[1], LIMIT_MINISIG, &b, &d);
	if (e == ERR_OK)
		e = sign_key_load(buf_view(&b), NULL, &key, &d);
	if (e != ERR_OK)
		die(argv[1], e, &d);
	buf_clear(&b);
	e = file_read(argv[2], LIMIT_METADATA, &b, &d);
	if (e == ERR_OK)
		e = json_parse(buf_view(&b), LIMIT_METADATA, &top, &d);
	if (e != ERR_OK)
		die(argv[2], e, &d);
	body = json_object_get(top, "signed");
	for (i = 3; i < argc; i++)
		member_set(body, argv[i]);
	e = tuf_sign(body, &key, 1, &out);
	if (e == ERR_OK)
		e = file_write(argv[2], buf_view(&out), 0644, &d);
	if (e != ERR_OK)
		die(argv[2], e, &d);
	json_decref(top);
	buf_free(&b);
	buf_free(&out);
	sign_key_free(key);
	return 0;
}
