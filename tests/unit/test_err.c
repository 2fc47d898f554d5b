/* Codes, their text and exit status, and the diag. */
#include <string.h>

#include "../../src/core/err.h"
#include "../lib/tap.h"

static void
test_table(void)
{
	/* erika(1), EXIT STATUS */
	static const int status[ERR_COUNT] = {
		[ERR_FAILED] = 1,
		[ERR_NOMEM] = 1,
		[ERR_USAGE] = 2,
		[ERR_CONFIG] = 2,
		[ERR_IO] = 1,
		[ERR_EXISTS] = 1,
		[ERR_MISSING] = 1,
		[ERR_SPACE] = 14,
		[ERR_CANCELLED] = 1,
		[ERR_PARTIAL] = 3,
		[ERR_NETWORK] = 13,
		[ERR_TIMEOUT] = 13,
		[ERR_TRUNCATED] = 10,
		[ERR_TRAILING] = 10,
		[ERR_LIMIT] = 15,
		[ERR_SYNTAX] = 15,
		[ERR_UNSUPPORTED] = 15,
		[ERR_REFUSED] = 15,
		[ERR_HASH] = 10,
		[ERR_SIGNATURE] = 10,
		[ERR_KEY] = 11,
		[ERR_EXPIRED] = 12,
		[ERR_ROLLBACK] = 12,
		[ERR_MIXED] = 10,
		[ERR_SPLIT] = 12,
	};
	int i, k, twins = 0;

	for (i = 0; i < ERR_COUNT; i++) {
		ok(err_exit((enum err)i) == status[i], "exit %d: %s", status[i],
			err_str((enum err)i));
		for (k = 0; k < i; k++)
			twins += strcmp(err_str((enum err)i),
					 err_str((enum err)k)) == 0;
	}
	ok(twins == 0, "each code has a text of its own");
	ok(err_exit(ERR_COUNT) == 1, "a code past the end is a failure");
	is_str(err_str(ERR_COUNT), "unknown error", "and has a text");
	ok(err_exit((enum err) - 1) == 1, "a negative one too");
	is_str(err_str((enum err) - 1), "unknown error", "and its text");
}

static void
test_diag(void)
{
	struct diag d = {0};
	char big[1000];
	size_t room = sizeof(d.why) - 1;

	is_err(diag_set(&d, ERR_HASH, "part %d of %s", 3, "x"), ERR_HASH,
		"diag_set returns its code");
	is_err(d.code, ERR_HASH, "keeps it");
	is_str(d.why, "part 3 of x", "formats why");
	ok(d.offset == 0, "without an offset");
	is_err(diag_at(&d, ERR_SYNTAX, 77, "odd"), ERR_SYNTAX, "diag_at");
	ok(d.offset == 77, "keeps the offset");
	is_err(diag_prefix(&d, ERR_OK, "%s line %d", "a.ini", 4), ERR_SYNTAX,
		"diag_prefix returns the kept code");
	is_str(d.why, "a.ini line 4: odd", "puts itself in front");
	ok(d.offset == 77, "keeps the offset");
	is_err(diag_set(NULL, ERR_IO, "x"), ERR_IO, "no diag to fill");
	is_err(diag_at(NULL, ERR_IO, 1, "x"), ERR_IO, "nor here");
	is_err(diag_prefix(NULL, ERR_IO, "x"), ERR_IO, "nor here");
	memset(big, 'y', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	is_err(diag_set(&d, ERR_IO, "%s", big), ERR_IO, "a long reason");
	ok(strlen(d.why) == room, "is cut to fit");
	is_err(diag_prefix(&d, ERR_OK, "short"), ERR_IO, "a prefix to that");
	ok(strlen(d.why) == room && strncmp(d.why, "short: yyy", 10) == 0,
		"stays, the end is cut");
	is_err(diag_prefix(&d, ERR_OK, "%s", big), ERR_IO, "a long prefix");
	ok(strlen(d.why) == room, "is cut to fit");
	is_err(diag_set(&d, ERR_FAILED, "%s", ""), ERR_FAILED, "no reason");
	is_err(diag_prefix(&d, ERR_OK, "p"), ERR_FAILED, "with a prefix");
	is_str(d.why, "p: ", "is that alone");
}

int
main(void)
{
	test_table();
	test_diag();
	return plan();
}
