#include "press_lists.h"

#include <stdlib.h>
#include <string.h>

#include "../core/limits.h"
#include "../sys/file.h"

enum err
lists_text(struct room *r, const char *file, struct buf *out, struct diag *d)
{
	char *path = room_path(r, file);
	enum err e;

	if (path == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	e = file_read(path, LIMIT_CONFIG, out, d);
	free(path);
	return e == ERR_MISSING ? ERR_OK : e;
}

enum err
lists_save(struct room *r, const char *file, struct span text, struct diag *d)
{
	char *path = room_path(r, file);
	enum err e;

	if (path == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	e = file_write(path, text, 0644, d);
	free(path);
	return e;
}

enum err
lists_read(struct room *r, struct mirrors *out, struct diag *d)
{
	char *path = room_path(r, LISTS_MIRRORS);
	struct buf b;
	enum err e;

	*out = (struct mirrors){.n = 0};
	buf_init(&b, LIMIT_CONFIG);
	e = path == NULL ? diag_set(d, ERR_NOMEM, "out of memory")
			 : file_read(path, LIMIT_CONFIG, &b, d);
	if (e == ERR_OK)
		e = mirrors_config(buf_view(&b), path, out, d);
	free(path);
	path = NULL;
	buf_clear(&b);
	if (e == ERR_OK)
		e = lists_text(r, LISTS_COUNTRIES, &b, d);
	if (e == ERR_OK && b.n > 0 &&
		(path = room_path(r, LISTS_COUNTRIES)) == NULL)
		e = diag_set(d, ERR_NOMEM, "out of memory");
	if (e == ERR_OK && path != NULL)
		e = countries_parse(
			buf_view(&b), path, COUNTRY_SIGNED, &out->countries, d);
	free(path);
	buf_free(&b);
	if (e != ERR_OK)
		mirrors_clear(out);
	return e;
}

/* ---- sections */

static bool
line_take(struct span *text, struct span *line)
{
	const uint8_t *end;

	if (text->n == 0)
		return false;
	end = memchr(text->p, '\n', text->n);
	line->p = text->p;
	line->n = end == NULL ? text->n : (size_t)(end - text->p) + 1;
	*text = span_sub(*text, line->n, text->n);
	return true;
}

static struct span
trimmed(struct span s)
{
	while (s.n > 0 && memchr(" \t\n", s.p[0], 3) != NULL)
		s = span_sub(s, 1, s.n);
	while (s.n > 0 && memchr(" \t\n", s.p[s.n - 1], 3) != NULL)
		s.n--;
	return s;
}

/* Whether the line is this header: white space and a comment around it do not
 * count. */
static bool
is_header(struct span line, struct span header)
{
	line = trimmed(line);
	if (!span_starts(line, header))
		return false;
	line = trimmed(span_sub(line, header.n, line.n));
	return line.n == 0 || line.p[0] == '#' || line.p[0] == ';';
}

/* What a line is for the section above it. */
static bool
is_body(struct span line)
{
	line = trimmed(line);
	return line.n > 0 && line.p[0] != '[' && line.p[0] != '#' &&
	       line.p[0] != ';';
}

struct edit {
	struct buf *out;
	struct span header, section;
	struct buf loose; /* comments and blank lines: of what comes next */
	bool in;	  /* in a section that goes */
	bool found;
};

/* Comments and blank lines: those of a section that goes end with the last
 * blank line, which stays. */
static enum err
loose_out(struct edit *x, bool goes)
{
	struct span s = buf_view(&x->loose);
	enum err e;

	if (x->in && x->section.n == 0)
		while (s.n > 0 && s.p[0] == '\n')
			s = span_sub(s, 1, s.n);
	while (goes && s.n > 0 &&
		!(s.p[s.n - 1] == '\n' && (s.n == 1 || s.p[s.n - 2] == '\n')))
		s.n--;
	e = buf_span(x->out, s);
	buf_clear(&x->loose);
	return e;
}

static enum err
edit_line(struct edit *x, struct span line)
{
	bool head = trimmed(line).n > 0 && trimmed(line).p[0] == '[';
	enum err e;

	if (head && is_header(line, x->header)) {
		e = loose_out(x, x->section.n == 0);
		if (e == ERR_OK && !x->found)
			e = buf_span(x->out, x->section);
		x->in = x->found = true;
		return e;
	}
	if (!head && !is_body(line))
		return buf_span(&x->loose, line);
	if (x->in && !head) {
		buf_clear(&x->loose);
		return ERR_OK;
	}
	e = loose_out(x, false);
	x->in = false;
	return e == ERR_OK ? buf_span(x->out, line) : e;
}

enum err
lists_section(struct span text, const char *header, struct span section,
	struct buf *out, bool *found)
{
	struct edit x = {
		.out = out, .header = span_str(header), .section = section};
	struct span line;
	enum err e = ERR_OK;

	buf_init(&x.loose, LIMIT_CONFIG);
	while (e == ERR_OK && line_take(&text, &line))
		e = edit_line(&x, line);
	if (e == ERR_OK)
		e = loose_out(&x, false);
	*found = x.found;
	/* A last line without an end, and a blank line before a new section. */
	if (e == ERR_OK && out->n > 0 && out->p[out->n - 1] != '\n')
		e = buf_str(out, "\n");
	if (e == ERR_OK && !x.found && section.n > 0 && out->n > 1 &&
		out->p[out->n - 2] != '\n')
		e = buf_str(out, "\n");
	if (e == ERR_OK && !x.found)
		e = buf_span(out, section);
	buf_free(&x.loose);
	return e;
}
