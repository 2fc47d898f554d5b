#include "press_pass.h"

#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "../sys/file.h"

static enum err
pass_new(struct pass *p, struct diag *d)
{
	*p = (struct pass){.p = sodium_malloc(PASS_MAX)};
	return p->p == NULL ? diag_set(d, ERR_NOMEM, "out of memory") : ERR_OK;
}

void
pass_free(struct pass *p)
{
	sodium_free(p->p);
	*p = (struct pass){.p = NULL};
}

struct span
pass_view(const struct pass *p)
{
	return span_of(p->p, p->n);
}

/* Ctrl-C as a character that ends the line: as a signal it would leave a
 * terminal that shows nothing. */
static void
terminal_quiet(int fd, const struct termios *old)
{
	struct termios quiet = *old;

	quiet.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
	quiet.c_cc[VEOL] = old->c_cc[VINTR];
	tcsetattr(fd, TCSAFLUSH, &quiet);
}

/* One line from a descriptor, byte by byte so that nothing of it stays in a
 * buffer elsewhere; without echo where it is a terminal. */
static enum err
line_read(int fd, const char *prompt, struct pass *out, struct diag *d)
{
	struct termios old;
	bool tty = tcgetattr(fd, &old) == 0;
	bool over = false, interrupted = false;

	out->n = 0;
	if (tty) {
		terminal_quiet(fd, &old);
		fputs(prompt, stderr);
		fflush(stderr);
	}
	while (read(fd, out->p + out->n, 1) == 1 && out->p[out->n] != '\n') {
		interrupted = tty && out->p[out->n] == old.c_cc[VINTR];
		over = out->n == PASS_MAX - 1;
		if (interrupted || over)
			break;
		out->n++;
	}
	if (tty) {
		tcsetattr(fd, TCSAFLUSH, &old);
		fputc('\n', stderr);
	}
	if (interrupted) {
		raise(SIGINT);
		return diag_set(d, ERR_USAGE, "interrupted");
	}
	if (over)
		return diag_set(d, ERR_LIMIT,
			"a passphrase has at most %d bytes", PASS_MAX - 1);
	if (out->n == 0)
		return diag_set(d, ERR_USAGE, "an empty passphrase is none");
	return ERR_OK;
}

static enum err
terminal_read(bool fresh, const char *of, struct pass *out, struct diag *d)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	struct pass again = {.p = NULL};
	char prompt[200];
	enum err e;

	if (fd < 0)
		return diag_set(d, ERR_USAGE,
			"no terminal to ask for the passphrase on; give "
			"--passphrase-file FILE%s",
			fresh ? " (or --no-passphrase)" : "");
	snprintf(prompt, sizeof(prompt),
		"%sassphrase of %s: ", fresh ? "New p" : "P", of);
	e = line_read(fd, prompt, out, d);
	if (e == ERR_OK && fresh) {
		e = pass_new(&again, d);
		if (e == ERR_OK)
			e = line_read(fd, "The same again: ", &again, d);
		if (e == ERR_OK && !span_eq(pass_view(out), pass_view(&again)))
			e = diag_set(d, ERR_CANCELLED,
				"the two passphrases differ; nothing was "
				"changed");
	}
	pass_free(&again);
	close(fd);
	return e;
}

enum err
pass_private(const char *path, const struct stat *st, struct diag *d)
{
	if (st->st_mode & 077)
		return diag_set(d, ERR_REFUSED,
			"%s can be read by others (mode %03o); chmod 600 it, "
			"and think about who may have a copy",
			path, (unsigned)st->st_mode & 0777u);
	return ERR_OK;
}

static enum err
file_pass(const char *file, struct pass *out, struct diag *d)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	enum err e = ERR_OK;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0)
		e = file_errno(file, d);
	else if (S_ISREG(st.st_mode))
		e = pass_private(file, &st, d);
	if (e == ERR_OK)
		e = line_read(fd, "", out, d);
	if (fd >= 0)
		close(fd);
	if (e == ERR_USAGE)
		e = diag_set(d, ERR_USAGE, "%s: the first line is empty", file);
	return e;
}

enum err
pass_read(const char *file, bool fresh, const char *of, struct pass *out,
	struct diag *d)
{
	enum err e = pass_new(out, d);

	if (e != ERR_OK)
		return e;
	e = file == NULL ? terminal_read(fresh, of, out, d)
			 : file_pass(file, out, d);
	if (e != ERR_OK)
		pass_free(out);
	return e;
}
