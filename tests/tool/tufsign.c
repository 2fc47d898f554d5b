/* Sign for tests that build outlets: a co-process. A request is a line
 * "LETTER COUNT" and COUNT bytes; the answer is a line "PUBLIC SIGNATURE" in
 * hex, by the test key of that letter. It ends with its input. */
#include <stdio.h>
#include <string.h>

#include "../../src/core/text.h"
#include "../lib/repo.h"

/* "LETTER COUNT" */
static bool
request_read(const char *line, char *letter, size_t *n)
{
	uint64_t count;
	size_t len = strcspn(line, "\n");

	if (len < 3 || line[len] != '\n' || line[1] != ' ' ||
		text_decimal(span_of((const uint8_t *)line + 2, len - 2),
			2 * LIMIT_METADATA, &count) != ERR_OK)
		return false;
	*letter = line[0];
	*n = (size_t)count;
	return true;
}

static void
answer(char letter, struct span message)
{
	struct sign_key *k = repo_key(letter);
	uint8_t sig[CRYPTO_SIGNATURE];
	char hex[2 * CRYPTO_SIGNATURE + 1];

	text_hex(hex, sign_key_public(k)->key, CRYPTO_PUBLIC);
	printf("%s ", hex);
	sign_bytes(k, message, sig);
	text_hex(hex, sig, sizeof(sig));
	printf("%s\n", hex);
	fflush(stdout);
	sign_key_free(k);
}

int
main(void)
{
	char line[64], letter;
	size_t n;

	if (crypto_start() != ERR_OK)
		return 1;
	while (fgets(line, sizeof(line), stdin) != NULL) {
		uint8_t *p;

		if (!request_read(line, &letter, &n)) {
			fputs("tufsign: not a request\n", stderr);
			return 1;
		}
		p = malloc(n + 1);
		if (p == NULL || fread(p, 1, n, stdin) != n)
			return 1;
		answer(letter, span_of(p, n));
		free(p);
	}
	return 0;
}
