/* What the three mains share: the table of commands, options, and the only
 * code that talks to the person. Data goes to stdout, talk to stderr. */
#ifndef ERIKA_COMMAND_H
#define ERIKA_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "../core/err.h"

enum opt_kind {
	OPT_FLAG,   /* bool *: set to true */
	OPT_STRING, /* const char **: the argument */
	OPT_UINT,   /* unsigned *: decimal */
	OPT_LIST    /* struct opt_list *: may be given several times */
};

/* What OPT_LIST collects, in order. */
#define OPT_LIST_MAX 64
struct opt_list {
	const char *values[OPT_LIST_MAX];
	size_t n;
};

struct opt {
	const char *name; /* long name without "--" */
	char letter;	  /* short form, or 0 */
	enum opt_kind kind;
	void *out;
	const char *arg; /* placeholder in help, NULL for a flag */
	const char *help;
};

/* What every command gets. */
struct context {
	const char *program; /* "erika" */
	const char *command; /* "sync" */
	bool json;	     /* --json: machine-readable stdout */
	bool quiet;	     /* -q: errors only */
	bool verbose;	     /* -v */
	bool no_input;	     /* --no-input: never ask */
	bool color;	     /* stdout is a terminal that wants colour */
	bool counted;	     /* too few arguments, or too many: usage helps */
};

/* One command. `run` gets argc and argv after the command's name; it parses
 * them with command_opts. Its error becomes message and exit status. */
struct command {
	const char *name;
	const char *args;    /* synopsis of the arguments: "[-n N] FILE" */
	const char *summary; /* one line for the list */
	enum err (*run)(
		struct context *cx, int argc, char **argv, struct diag *d);
};

/* main of a program: global options, dispatch, usage, --help, --version, the
 * final message and the exit status. `table` ends with a NULL name. `about`
 * is what the bare program prints above the list of commands. */
int command_main(const char *program, const char *about,
	const struct command *table, int argc, char **argv);

/* Parse a command's options (the table ends with a NULL name) and leave the
 * positional arguments: argv[*first] to argv[argc-1], between `least` and
 * `most` of them. "--" ends options; --opt=value and --opt value both work;
 * an unknown or repeated option is ERR_USAGE. --help prints and is
 * ERR_CANCELLED with an empty diag, which command_main ends with 0. */
enum err command_opts(struct context *cx, const struct opt *opts, int argc,
	char **argv, int least, int most, int *first,
	struct diag *d) ERR_MUST_USE;

/* Data: one line to stdout, broken where the terminal is narrow. Foreign text
 * must be escaped. */
void tell(const char *fmt, ...) ERR_PRINTF(1, 2);

/* Talk: one line to stderr, unless quiet, broken where the terminal is
 * narrow. Foreign text must be escaped. */
void talk(const struct context *cx, const char *fmt, ...) ERR_PRINTF(2, 3);

/* The same even when quiet, prefixed "PROGRAM: ". */
void talk_warn(const struct context *cx, const char *fmt, ...) ERR_PRINTF(2, 3);

/* Ask on the terminal, yes or no; no terminal or --no-input is no. */
bool talk_confirm(const struct context *cx, const char *question);

/* Whether a file may be written: there is none yet, or the person agrees. What
 * --yes says; NULL where the command has no such option. ERR_EXISTS. */
enum err talk_overwrite(const struct context *cx, const char *path,
	const bool *yes, struct diag *d) ERR_MUST_USE;

/* "12.3 KB" into a caller's array; returns it. 1 KB is 1000 bytes. */
#define TALK_SIZE 16
const char *talk_size(char out[static TALK_SIZE], unsigned long long n);

#endif
