/* What the reader's commands share. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../core/date.h"
#include "../core/text.h"
#include "../core/tuf.h"
#include "../core/words.h"
#include "../sys/archive.h"
#include "../sys/file.h"
#include "erika.h"

/* Seconds by which honest clocks may differ; and after which so long a silence
 * of an outlet is stranger than a clock that is ahead. */
#define CLOCKS_DIFFER 3600
#define CLOCK_AHEAD ((int64_t)2 * 365 * 86400)
/* Files of a folder that are looked at for what was meant. */
#define BELOW_MOST 200

const char *
erika_date(char out[static ERIKA_DATE], int64_t t)
{
	char iso[DATE_SIZE];

	date_format(iso, t);
	snprintf(out, ERIKA_DATE, "%.10s %.5s UTC", iso, iso + 11);
	return out;
}

const char *
erika_words(char out[static ERIKA_WORDS], const uint8_t fingerprint[static 32])
{
	struct buf b;

	buf_init(&b, ERIKA_WORDS - 1);
	if (words_add(&b, fingerprint) != ERR_OK)
		buf_clear(&b);
	snprintf(out, ERIKA_WORDS, "%s", buf_cstr(&b));
	buf_free(&b);
	return out;
}

void
erika_fresh(char *out, size_t size, const struct library_outlet *o, int64_t now)
{
	static const char wrong[] = "; the clock here is before what was "
				    "signed: it looks wrong";
	char as_of[ERIKA_DATE], until[ERIKA_DATE], today[ERIKA_DATE];
	char ahead[120] = "";
	/* Two machines are never set quite alike. */
	bool early = now < o->as_of - CLOCKS_DIFFER;

	if (o->synced == 0) {
		snprintf(out, size, "not synced yet: erika sync");
		return;
	}
	erika_date(as_of, o->as_of != 0 ? o->as_of : o->synced);
	erika_date(until, o->expires);
	if (now > o->expires + CLOCK_AHEAD)
		snprintf(ahead, sizeof(ahead),
			"; the clock here says %s: if that is wrong, so is "
			"this",
			erika_date(today, now));
	if (library_outlet_stale(o, now))
		snprintf(out, size,
			"STALE: as of %s; good until %s, which has passed%s%s",
			as_of, until, early ? wrong : "", ahead);
	else
		snprintf(out, size, "fresh: as of %s, good until %s%s", as_of,
			until, early ? wrong : "");
}

enum err
erika_library(struct library **l, struct library_outlets *outlets, bool none_ok,
	struct diag *d)
{
	enum err e = library_open(NULL, l, d);

	*outlets = (struct library_outlets){.n = 0};
	if (e == ERR_OK)
		e = library_outlets(*l, outlets, d);
	if (e == ERR_OK && outlets->n == 0 && !none_ok)
		e = diag_set(d, ERR_MISSING,
			"you trust no outlet yet; erika add with the link or "
			"file that a newsroom gave you begins with one");
	return e;
}

/* The name in lower case, as far as it is ASCII and fits. */
static void
name_lower(char out[static 200], const char *name)
{
	size_t i;

	for (i = 0; i < 199 && name[i] != '\0'; i++)
		out[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] + 32
								 : name[i]);
	out[i] = '\0';
}

const struct library_outlet *
erika_outlet_near(const struct library_outlets *outlets, const char *name)
{
	char typed[200], known[200];
	size_t i;

	name_lower(typed, name);
	for (i = 0; i < outlets->n; i++) {
		name_lower(known, outlets->list[i].name);
		if (strcmp(typed, known) == 0 || text_near(typed, known))
			return &outlets->list[i];
	}
	return NULL;
}

enum err
erika_outlet_find(const struct library_outlets *outlets, const char *name,
	const struct library_outlet **out, struct diag *d)
{
	const struct library_outlet *near;
	char shown[200], is[200];
	enum err e = library_outlet_find(outlets, name, out, d);

	if (e != ERR_MISSING ||
		(near = erika_outlet_near(outlets, name)) == NULL)
		return e;
	return diag_set(d, e, "no outlet \"%s\" here; is it \"%s\"?",
		text_show(shown, sizeof(shown), span_str(name)),
		text_show(is, sizeof(is), span_str(near->name)));
}

enum err
erika_outlet_of(const struct library_outlets *outlets, struct span anchor,
	const struct library_outlet **out, struct diag *d)
{
	struct trust *t = NULL;
	uint8_t fp[32];
	size_t i;
	/* The fingerprint is of what is signed; the signatures count, too. */
	enum err e = trust_new(anchor, 0, TRUST_LENIENT, &t, d);

	trust_free(t);
	*out = NULL;
	if (e == ERR_OK)
		e = trust_fingerprint(anchor, fp, d);
	for (i = 0; e == ERR_OK && i < outlets->n; i++)
		if (memcmp(outlets->list[i].fingerprint, fp, sizeof(fp)) == 0)
			*out = &outlets->list[i];
	return e;
}

enum err
erika_root_name(struct span root, char **name, struct diag *d)
{
	const char *s = NULL;
	struct tuf_doc *doc;
	enum err e = tuf_parse(root, LIMIT_ROOT, TUF_ROOT, &doc, d);

	*name = NULL;
	if (e != ERR_OK)
		return e;
	s = json_string_value(json_object_get(
		json_object_get(doc->body, "x-erika-outlet"), "name"));
	if (s == NULL || !text_line_ok(span_str(s), LIMIT_AUTHOR))
		e = diag_set(d, ERR_SYNTAX,
			"the root does not name its outlet; --name gives it "
			"one");
	else if ((*name = strdup(s)) == NULL)
		e = diag_set(d, ERR_NOMEM, "out of memory");
	tuf_free(doc);
	return e;
}

enum err
erika_day(const char *name, const char *s, int64_t *t, struct diag *d)
{
	char iso[DATE_SIZE];

	if (strlen(s) == 10) {
		snprintf(iso, sizeof(iso), "%.10sT00:00:00Z", s);
		if (date_parse(span_str(iso), t) == ERR_OK)
			return ERR_OK;
	}
	return diag_set(
		d, ERR_USAGE, "--%s wants a date like 2026-11-23", name);
}

static bool
is_source(const char *path)
{
	char *root = file_join(path, "m/1.root.json");
	bool is = root != NULL && file_exists(root);
	struct diag none;
	uint64_t n;

	free(root);
	/* Nothing but a regular file is opened: a pipe would wait. */
	return is ||
	       (file_size(path, &n, &none) == ERR_OK && archive_probe(path));
}

void
erika_below(char *out, size_t size, const char *folder)
{
	char **names = NULL, *path, shown[300];
	size_t i, n = 0, found = 0;
	struct diag none;

	out[0] = '\0';
	if (file_list(folder, BELOW_MOST, &names, &n, &none) != ERR_OK)
		return;
	for (i = 0; i < n; i++) {
		path = file_join(folder, names[i]);
		if (path != NULL && is_source(path)) {
			found++;
			snprintf(out, size, "; is it %s?",
				text_show(
					shown, sizeof(shown), span_str(path)));
		}
		free(path);
	}
	strings_free(names, n);
	if (found != 1)
		out[0] = '\0';
}

/* ---- output */

enum err
erika_json(json_t *v, struct diag *d)
{
	char *s = v == NULL ? NULL : json_dumps(v, JSON_COMPACT);

	json_decref(v);
	if (s == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	puts(s);
	free(s);
	return ERR_OK;
}

json_t *
erika_json_text(const char *s)
{
	json_t *v = json_string(s);
	struct buf b;

	if (v != NULL)
		return v;
	buf_init(&b, 65536);
	if (text_escape(&b, span_str(s)) == ERR_OK)
		v = json_string(buf_cstr(&b));
	buf_free(&b);
	return v;
}

json_t *
erika_json_date(int64_t t)
{
	char iso[DATE_SIZE];

	if (t == 0)
		return json_null();
	date_format(iso, t);
	return json_string(iso);
}

static bool
window(struct winsize *w)
{
	return ioctl(STDOUT_FILENO, TIOCGWINSZ, w) == 0 && w->ws_col > 0 &&
	       w->ws_row > 0;
}

unsigned
erika_columns(void)
{
	struct winsize w;

	if (isatty(STDOUT_FILENO) != 1)
		return 0;
	return window(&w) ? w.ws_col : 80;
}

static size_t
lines_of(struct span s)
{
	size_t i, n = 0;

	for (i = 0; i < s.n; i++)
		n += s.p[i] == '\n';
	return n;
}

static const char *
pager_name(void)
{
	const char *p = getenv("ERIKA_PAGER");

	if (p == NULL)
		p = getenv("PAGER");
	if (p == NULL)
		p = "less -RFX";
	return p;
}

static void
pager_feed(int fd, struct span text)
{
	size_t at = 0;
	ssize_t n;

	while (at < text.n) {
		n = write(fd, text.p + at, text.n - at);
		if (n < 0 && errno != EINTR)
			return;
		at += n > 0 ? (size_t)n : 0;
	}
}

/* Whether the pager took the text. One that quits early did. It is the user's
 * own command line, for the shell to read. */
static bool
pager_run(const char *pager, struct span text)
{
	void (*old)(int);
	int fd[2], status = 0;
	pid_t pid;

	if (pipe(fd) != 0)
		return false;
	pid = fork();
	if (pid == 0) {
		dup2(fd[0], STDIN_FILENO);
		close(fd[0]);
		close(fd[1]);
		execl("/bin/sh", "sh", "-c", pager, (char *)NULL);
		_exit(127);
	}
	close(fd[0]);
	old = signal(SIGPIPE, SIG_IGN);
	if (pid > 0)
		pager_feed(fd[1], text);
	close(fd[1]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	signal(SIGPIPE, old);
	/* 126 and 127: the shell could not start it. */
	return pid > 0 &&
	       !(WIFEXITED(status) && (WEXITSTATUS(status) == 126 ||
					      WEXITSTATUS(status) == 127));
}

enum err
erika_page(const struct context *cx, struct span text, struct diag *d)
{
	const char *pager = pager_name();
	struct winsize w;

	fflush(stdout);
	if (!cx->json && isatty(STDOUT_FILENO) == 1 && pager[0] != '\0' &&
		strcmp(pager, "cat") != 0 && window(&w) &&
		lines_of(text) >= w.ws_row && pager_run(pager, text))
		return ERR_OK;
	if (fwrite(text.p, 1, text.n, stdout) != text.n)
		return diag_set(d, ERR_IO, "cannot write the output");
	return ERR_OK;
}
