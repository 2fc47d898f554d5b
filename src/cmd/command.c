#include "command.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "../core/bytes.h"
#include "../core/crypto.h"
#include "../core/text.h"
#include "common_say.h"

static const struct opt *
opt_long(const struct opt *opts, const char *name, size_t n)
{
	for (; opts->name != NULL; opts++)
		if (strlen(opts->name) == n &&
			strncmp(opts->name, name, n) == 0)
			return opts;
	return NULL;
}

static const struct opt *
opt_short(const struct opt *opts, char letter)
{
	for (; opts->name != NULL; opts++)
		if (opts->letter != 0 && opts->letter == letter)
			return opts;
	return NULL;
}

static enum err
opt_store(const struct opt *o, const char *value, struct diag *d)
{
	uint64_t n;

	switch (o->kind) {
	case OPT_FLAG:
		*(bool *)o->out = true;
		break;
	case OPT_STRING:
		*(const char **)o->out = value;
		break;
	case OPT_UINT:
		if (text_decimal(span_str(value), 1000000000, &n) != ERR_OK)
			return diag_set(d, ERR_USAGE,
				"--%s wants a whole number", o->name);
		*(unsigned *)o->out = (unsigned)n;
		break;
	case OPT_LIST: {
		struct opt_list *list = o->out;

		if (list->n == OPT_LIST_MAX)
			return diag_set(d, ERR_USAGE,
				"--%s is given more than %d times", o->name,
				OPT_LIST_MAX);
		list->values[list->n++] = value;
		break;
	}
	}
	return ERR_OK;
}

/* The options every command has, in the shape of the others. */
static void
global_opts(struct context *cx, bool *help, struct opt out[static 6])
{
	const struct opt g[6] = {
		{"json", 0, OPT_FLAG, &cx->json, NULL, "print data as JSON"},
		{"quiet", 'q', OPT_FLAG, &cx->quiet, NULL, "say errors only"},
		{"verbose", 'v', OPT_FLAG, &cx->verbose, NULL, "say more"},
		{"no-input", 0, OPT_FLAG, &cx->no_input, NULL,
			"never ask; the answer is no"},
		{"help", 'h', OPT_FLAG, help, NULL, "show this"},
		{NULL, 0, OPT_FLAG, NULL, NULL, NULL},
	};

	memcpy(out, g, sizeof(g));
}

/* On a phone what an option does stands below it. */
static void
opts_print(const struct opt *o)
{
	unsigned columns = say_columns(stdout);
	char left[64], line[256];

	for (; o->name != NULL; o++) {

		snprintf(left, sizeof(left), "%c%c%s --%s%s%s",
			o->letter ? '-' : ' ', o->letter ? o->letter : ' ',
			o->letter ? "," : " ", o->name,
			o->arg == NULL ? "" : " ",
			o->arg == NULL ? "" : o->arg);
		snprintf(line, sizeof(line),
			columns > 0 && columns < 72 ? "  %s\n        %s\n"
						    : "  %-28s %s\n",
			left, o->help);
		say(stdout, line);
	}
}

static enum err
opt_unknown(const struct opt *const tables[2], const char *a, struct diag *d)
{
	const struct opt *o;
	char typed[40];
	int t;

	snprintf(typed, sizeof(typed), "%.*s", (int)strcspn(a + 1, "=") + 1, a);
	for (t = 0; t < 2 && typed[1] == '-'; t++)
		for (o = tables[t]; o->name != NULL; o++)
			if (text_near(typed + 2, o->name))
				return diag_set(d, ERR_USAGE,
					"unknown option %s; is it --%s?", a,
					o->name);
	return diag_set(d, ERR_USAGE, "unknown option %s", a);
}

/* One option at argv[*i]; moves *i past its argument. */
static enum err
opt_take(const struct opt *const tables[2], int argc, char **argv, int *i,
	unsigned *seen, struct diag *d)
{
	const char *a = argv[*i], *value = NULL, *eq;
	const struct opt *o = NULL;
	unsigned bit;
	int t;

	for (t = 0; t < 2 && o == NULL; t++) {
		if (a[1] == '-') {
			eq = strchr(a, '=');
			o = opt_long(tables[t], a + 2,
				eq == NULL ? strlen(a + 2)
					   : (size_t)(eq - a - 2));
			value = eq == NULL ? NULL : eq + 1;
		} else if (a[1] != '\0') {
			o = opt_short(tables[t], a[1]);
			value = a[2] == '\0' ? NULL : a + 2;
		}
		if (o != NULL)
			break;
	}
	if (o == NULL)
		return opt_unknown(tables, a, d);
	bit = 1u << ((unsigned)(o - tables[t]) + (t == 1 ? 24u : 0u));
	if ((*seen & bit) && o->kind != OPT_LIST)
		return diag_set(d, ERR_USAGE, "--%s is given twice", o->name);
	*seen |= bit;
	if (o->kind == OPT_FLAG) {
		if (value != NULL)
			return diag_set(
				d, ERR_USAGE, "--%s takes no value", o->name);
	} else if (value == NULL) {
		if (*i + 1 >= argc)
			return diag_set(
				d, ERR_USAGE, "--%s wants a value", o->name);
		value = argv[++*i];
	}
	return opt_store(o, value, d);
}

enum err
command_opts(struct context *cx, const struct opt *opts, int argc, char **argv,
	int least, int most, int *first, struct diag *d)
{
	struct opt global[6];
	const struct opt *tables[2] = {opts, global};
	bool help = false, ended = false;
	unsigned seen = 0;
	int i, kept = 0;
	enum err e;

	global_opts(cx, &help, global);
	/* Positional arguments move to the end, in order. */
	char **pos = calloc((size_t)argc + 1, sizeof(*pos));

	if (pos == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	for (i = 0; i < argc; i++) {
		if (!ended && strcmp(argv[i], "--") == 0) {
			ended = true;
		} else if (!ended && argv[i][0] == '-' && argv[i][1] != '\0') {
			e = opt_take(tables, argc, argv, &i, &seen, d);
			if (e != ERR_OK) {
				free(pos);
				return e;
			}
		} else {
			pos[kept++] = argv[i];
		}
	}
	*first = argc - kept;
	if (kept > 0)
		memcpy(argv + *first, pos, (size_t)kept * sizeof(*pos));
	free(pos);
	if (help) {
		opts_print(opts);
		opts_print(global);
		return diag_set(d, ERR_CANCELLED, "%s", "");
	}
	cx->counted = kept < least || kept > most;
	if (kept < least)
		return diag_set(d, ERR_USAGE, "an argument is missing");
	if (kept > most)
		return diag_set(d, ERR_USAGE, "unexpected argument %s",
			argv[*first + most]);
	return ERR_OK;
}

static void
usage(FILE *f, const char *program, const char *about,
	const struct command *table)
{
	const struct command *c;
	char line[256];

	say(f, about);
	fputs("\n\n", f);
	for (c = table; c->name != NULL; c++) {
		snprintf(line, sizeof(line), "  %s %-10s %s\n", program,
			c->name, c->summary);
		say(f, line);
	}
	snprintf(line, sizeof(line),
		"\n%s COMMAND --help shows a command's options.\n"
		"%s(%s) has the rest.\n",
		program, program, strstr(program, "mirror") ? "8" : "1");
	say(f, line);
}

static bool
wants_color(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	if (no != NULL && no[0] != '\0')
		return false;
	if (term == NULL || strcmp(term, "dumb") == 0)
		return false;
	return isatty(STDOUT_FILENO) == 1;
}

static void
usage_line(FILE *f, const char *program, const struct command *c)
{
	char line[512];

	snprintf(line, sizeof(line), "usage: %s %s %s\n", program, c->name,
		c->args);
	say(f, line);
}

static int
command_end(const struct context *cx, const struct command *c, enum err e,
	const struct diag *d)
{
	/* What a flush before this could not write is not tried again. */
	if ((fflush(stdout) != 0 || ferror(stdout)) && e == ERR_OK) {
		talk_warn(cx, "cannot write the output");
		return err_exit(ERR_IO);
	}
	if (e == ERR_OK || (e == ERR_CANCELLED && d->why[0] == '\0'))
		return 0;
	if (d->why[0] == '\0')
		talk_warn(cx, "%s", err_str(e));
	else
		talk_warn(cx, "%s: %s", err_str(e), d->why);
	/* Who has the arguments right does not look for the mistake there. */
	if (e == ERR_USAGE && cx->counted)
		usage_line(stderr, cx->program, c);
	else if (e == ERR_USAGE)
		fprintf(stderr, "see %s %s --help\n", cx->program, c->name);
	return err_exit(e);
}

/* What is no command: its near name, or that options come after one. */
static int
command_unknown(const char *program, const struct command *table, const char *a)
{
	const struct context cx = {.program = program};
	const struct command *c;

	for (c = table; c->name != NULL; c++)
		if (text_near(a, c->name))
			break;
	if (a[0] == '-')
		talk_warn(&cx,
			"no command \"%s\"; options come after the command: "
			"%s help lists them",
			a, program);
	else if (c->name != NULL)
		talk_warn(&cx,
			"no command \"%s\"; is it \"%s\"? %s help lists them",
			a, c->name, program);
	else
		talk_warn(&cx, "no command \"%s\"; %s help lists them", a,
			program);
	return err_exit(ERR_USAGE);
}

/* A program may be started without some of these. What is opened next would
 * take their place, and be written to by what means to talk. */
static void
streams_hold(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

/* jansson 2.14 reads past its buffer when memory runs out in the middle of a
 * token, so it must never see that happen. */
static void *
alloc_or_end(size_t n)
{
	void *p = malloc(n);

	if (p == NULL) {
		fputs("out of memory\n", stderr);
		abort();
	}
	return p;
}

int
command_main(const char *program, const char *about,
	const struct command *table, int argc, char **argv)
{
	struct context cx = {.program = program, .color = wants_color()};
	struct diag d = {.code = ERR_OK};
	const struct command *c;
	enum err e;

	streams_hold();
	if (crypto_start() != ERR_OK) {
		fprintf(stderr, "%s: libsodium cannot start\n", program);
		return 1;
	}
	json_set_alloc_funcs(alloc_or_end, free);
	/* "help list" is "list --help". */
	if (argc == 3 && strcmp(argv[1], "help") == 0 && argv[2][0] != '-') {
		static char help[] = "--help";

		argv[1] = argv[2];
		argv[2] = help;
	}
	if (argc < 2 || strcmp(argv[1], "help") == 0 ||
		strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		usage(stdout, program, about, table);
		return 0;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("%s %s\n", program, ERIKA_VERSION);
		return 0;
	}
	for (c = table; c->name != NULL; c++)
		if (strcmp(c->name, argv[1]) == 0)
			break;
	if (c->name == NULL)
		return command_unknown(program, table, argv[1]);
	cx.command = c->name;
	for (int i = 2; i < argc; i++) {
		if (strcmp(argv[i], "--") == 0)
			break;
		if (strcmp(argv[i], "--help") == 0 ||
			strcmp(argv[i], "-h") == 0) {
			printf("%s\n\n", c->summary);
			usage_line(stdout, program, c);
			putchar('\n');
			break;
		}
	}
	e = c->run(&cx, argc - 2, argv + 2, &d);
	return command_end(&cx, c, e, &d);
}

/* A line, to where talk or data goes. */
static void
line_write(FILE *f, const char *prefix, const char *fmt, va_list ap)
{
	char *text, *line;

	if (vasprintf(&text, fmt, ap) < 0) {
		fprintf(stderr, "%sout of memory\n", prefix);
		return;
	}
	if (asprintf(&line, "%s%s\n", prefix, text) < 0) {
		fprintf(f, "%s%s\n", prefix, text);
	} else {
		say(f, line);
		free(line);
	}
	free(text);
}

void
tell(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	line_write(stdout, "", fmt, ap);
	va_end(ap);
}

void
talk(const struct context *cx, const char *fmt, ...)
{
	va_list ap;

	if (cx->quiet)
		return;
	/* In a log of both, what was said last stands last. */
	fflush(stdout);
	va_start(ap, fmt);
	line_write(stderr, "", fmt, ap);
	va_end(ap);
}

void
talk_warn(const struct context *cx, const char *fmt, ...)
{
	char prefix[64];
	va_list ap;

	fflush(stdout);
	snprintf(prefix, sizeof(prefix), "%s: ", cx->program);
	va_start(ap, fmt);
	line_write(stderr, prefix, fmt, ap);
	va_end(ap);
}

bool
talk_confirm(const struct context *cx, const char *question)
{
	char line[16], ask[400];

	if (cx->no_input || isatty(STDIN_FILENO) != 1)
		return false;
	snprintf(ask, sizeof(ask), "%s [y/N] ", question);
	say(stderr, ask);
	if (fgets(line, sizeof(line), stdin) == NULL)
		return false;
	line[strcspn(line, "\n")] = '\0';
	return strcasecmp(line, "y") == 0 || strcasecmp(line, "yes") == 0;
}

enum err
talk_overwrite(const struct context *cx, const char *path, const bool *yes,
	struct diag *d)
{
	char shown[200], ask[300];

	if ((yes != NULL && *yes) || access(path, F_OK) != 0)
		return ERR_OK;
	text_show(shown, sizeof(shown), span_str(path));
	snprintf(
		ask, sizeof(ask), "%s is there already. Write over it?", shown);
	if (talk_confirm(cx, ask))
		return ERR_OK;
	return diag_set(d, ERR_EXISTS,
		"%s, and is not written over; choose another name%s", shown,
		yes == NULL ? "" : ", or add --yes");
}

const char *
talk_size(char out[static TALK_SIZE], unsigned long long n)
{
	static const char *const unit[] = {"KB", "MB", "GB", "TB"};
	double v = (double)n / 1000;
	int i = 0;

	if (n < 1000) {
		snprintf(out, TALK_SIZE, "%llu bytes", n);
		return out;
	}
	for (; v >= 999.95 && i < 3; i++)
		v /= 1000;
	snprintf(out, TALK_SIZE, "%.1f %s", v, unit[i]);
	return out;
}
