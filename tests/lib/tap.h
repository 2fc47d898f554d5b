/* TAP for unit tests: plan() at the end, one line per check. */
#ifndef ERIKA_TAP_H
#define ERIKA_TAP_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang's word for gcc's macro. */
#if defined(__has_feature) && !defined(__SANITIZE_ADDRESS__)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif

static int tap_count, tap_failed;

#define ok(cond, ...)                                                          \
	do {                                                                   \
		bool tap_c_ = (cond);                                          \
		tap_count++;                                                   \
		if (!tap_c_)                                                   \
			tap_failed++;                                          \
		printf("%sok %d - ", tap_c_ ? "" : "not ", tap_count);         \
		printf(__VA_ARGS__);                                           \
		printf("\n");                                                  \
		if (!tap_c_)                                                   \
			printf("#   %s:%d: %s\n", __FILE__, __LINE__, #cond);  \
		fflush(stdout);                                                \
	} while (0)

/* An err code is what was expected. */
#define is_err(got, want, ...)                                                 \
	do {                                                                   \
		int tap_g_ = (int)(got), tap_w_ = (int)(want);                 \
		ok(tap_g_ == tap_w_, __VA_ARGS__);                             \
		if (tap_g_ != tap_w_)                                          \
			printf("#   got err %d, want %d\n", tap_g_, tap_w_);   \
	} while (0)

/* Two C strings are equal. */
#define is_str(got, want, ...)                                                 \
	do {                                                                   \
		const char *tap_g_ = (got), *tap_w_ = (want);                  \
		ok(strcmp(tap_g_, tap_w_) == 0, __VA_ARGS__);                  \
		if (strcmp(tap_g_, tap_w_) != 0)                               \
			printf("#   got  '%s'\n#   want '%s'\n", tap_g_,       \
				tap_w_);                                       \
	} while (0)

/* A check that cannot run here, and why. */
#define skip(why, ...)                                                         \
	do {                                                                   \
		tap_count++;                                                   \
		printf("ok %d - ", tap_count);                                 \
		printf(__VA_ARGS__);                                           \
		printf(" # SKIP %s\n", why);                                   \
	} while (0)

/* The end of main: return plan(); */
static inline int
plan(void)
{
	printf("1..%d\n", tap_count);
	return tap_failed == 0 ? 0 : 1;
}

#endif
