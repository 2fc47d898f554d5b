#include "lines.h"

#include <stdio.h>
#include <string.h>

/* Columns that frames may take when there is no width to take half of. */
#define INDENT_MAX 40

#define BAR "\xe2\x94\x82 "

void
lines_init(struct lines *l, struct buf *out, unsigned width, bool color,
	size_t max)
{
	*l = (struct lines){
		.out = out, .start = out->n, .width = width, .color = color};
	wrap_init(&l->text, max);
}

void
lines_free(struct lines *l)
{
	wrap_free(&l->text);
}

void
lines_push(struct lines *l, const char *first, bool bar)
{
	struct lines_frame *f = &l->frame[l->frames++];
	unsigned k = wrap_columns(span_str(first));
	unsigned most = l->width == 0 ? INDENT_MAX : l->width / 2;

	*f = (struct lines_frame){.bar = bar};
	if (most > INDENT_MAX)
		most = INDENT_MAX;
	if (l->indent + k > most)
		f->bar = false;
	else {
		snprintf(f->first, sizeof(f->first), "%s", first);
		f->columns = k;
	}
	l->indent += f->columns;
}

void
lines_pop(struct lines *l)
{
	l->indent -= l->frame[--l->frames].columns;
}

bool
lines_fresh(const struct lines *l)
{
	return l->frames > 0 && !l->frame[l->frames - 1].used;
}

void
lines_blank(struct lines *l)
{
	l->blank = true;
}

unsigned
lines_room(const struct lines *l)
{
	return l->width == 0 ? 0 : l->width - l->indent;
}

/* Spaces at the end of a line are invisible and cost bytes. */
static void
trim(struct lines *l, size_t from)
{
	while (l->out->n > from && l->out->p[l->out->n - 1] == ' ')
		l->out->p[--l->out->n] = '\0';
}

/* What stands before a line; before a blank one, only what has begun. */
static enum err
prefix(struct lines *l, bool blank)
{
	enum err e = ERR_OK;
	unsigned k;
	int i;

	for (i = 0; i < l->frames && e == ERR_OK; i++) {
		struct lines_frame *f = &l->frame[i];

		if (!f->used && blank)
			break;
		if (!f->used)
			e = buf_str(l->out, f->first);
		else if (f->bar)
			e = buf_str(l->out, BAR);
		else
			for (k = 0; k < f->columns && e == ERR_OK; k++)
				e = buf_str(l->out, " ");
		f->used = true;
	}
	return e;
}

static enum err
write_blank(struct lines *l)
{
	size_t at = l->out->n;
	enum err e = ERR_OK;

	if (l->blank && at > l->start) {
		e = prefix(l, true);
		trim(l, at);
		if (e == ERR_OK)
			e = buf_str(l->out, "\n");
	}
	l->blank = false;
	return e;
}

static enum err
write_lines(struct lines *l, unsigned width)
{
	struct wrap_lines it;
	struct wrap_line line;
	enum err e = write_blank(l);

	if (e == ERR_OK)
		e = wrap_lines_start(&it, &l->text);
	if (e != ERR_OK)
		return e;
	while (e == ERR_OK && wrap_lines_next(&it, width, &line)) {
		size_t at = l->out->n;

		e = prefix(l, false);
		if (line.n == 0)
			trim(l, at);
		if (e == ERR_OK)
			e = wrap_emit(&l->text, &line, l->color, l->out);
		if (e == ERR_OK)
			e = buf_str(l->out, "\n");
	}
	wrap_lines_free(&it);
	return e;
}

enum err
lines_flush(struct lines *l, bool pre)
{
	size_t n = l->text.text.n;
	enum err e = ERR_OK;

	while (n > 0 && strchr(" \n", l->text.text.p[n - 1]) != NULL)
		n--;
	wrap_cut(&l->text, n);
	if (n > 0)
		e = write_lines(l, pre ? 0 : lines_room(l));
	wrap_cut(&l->text, 0);
	return e;
}
