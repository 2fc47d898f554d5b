/* erika add: mirrors that a person was told of, by a link, a file or a word. */
#include <stdlib.h>
#include <string.h>

#include "../core/text.h"
#include "../sys/file.h"
#include "erika_add.h"

/* What files of mirrors say, all together. */
enum err
add_mirrors_read(struct add *a, struct diag *d)
{
	struct buf text;
	enum err e = ERR_OK;

	if (a->files.n == 0)
		return ERR_OK;
	if (a->files.n > 1)
		return diag_set(d, ERR_USAGE, "one --mirror-file at a time");
	buf_init(&text, LIMIT_CONFIG);
	e = file_read(a->files.values[0], LIMIT_CONFIG, &text, d);
	if (e == ERR_OK)
		e = mirrors_own(
			buf_view(&text), a->files.values[0], &a->own, d);
	if (e == ERR_OK && a->own.n == 0)
		e = diag_set(d, ERR_CONFIG, "there is no mirror in %s",
			a->files.values[0]);
	buf_free(&text);
	return e;
}

/* A URL's host and port name it; a folder's path does. `m` has all else. */
static enum err
named_add(
	struct library *l, int64_t id, struct library_mirror *m, struct diag *d)
{
	struct span host = span_str(m->url);
	struct buf name;
	enum err e;

	buf_init(&name, LIMIT_URL + 1);
	if (mirrors_url_ok(span_str(m->url))) {
		host = span_str(strstr(m->url, "://") + 3);
		host.n = strcspn((const char *)host.p, "/");
	}
	e = buf_span(&name, host);
	m->name = (char *)name.p;
	if (e == ERR_OK)
		e = library_mirror_add(l, id, m, d);
	else
		diag_set(d, e, "the mirror's address is too long");
	buf_free(&name);
	return e;
}

/* What was named on the command line. */
static enum err
mirror_add(struct library *l, int64_t id, const char *what, struct diag *d)
{
	struct library_mirror m = {.source = LIBRARY_MIRROR_USER};
	char full[4096], shown[120];

	if (strstr(what, "://") == NULL) {
		if (realpath(what, full) == NULL)
			return file_errno(what, d);
		what = full;
	}
	if (!mirrors_base_ok(span_str(what)))
		return diag_set(d, ERR_USAGE,
			"%s is not a mirror's address; one begins with "
			"https:// or http:// and ends in /, or is a folder",
			text_show(shown, sizeof(shown), span_str(what)));
	m.url = (char *)(uintptr_t)what;
	return named_add(l, id, &m, d);
}

static bool
is_named(const struct add *a, const char *url)
{
	size_t i;

	for (i = 0; i < a->mirrors.n; i++)
		if (strcmp(a->mirrors.values[i], url) == 0)
			return true;
	return false;
}

/* Whether one of the link's mirrors may be asked. *agreed: wherever it is. */
static bool
link_mirror_ok(const struct context *cx, const struct add *a, const char *url,
	bool *agreed)
{
	char ask[300], shown[120];

	*agreed = is_named(a, url);
	if (*agreed || !mirrors_host_near(mirrors_host(span_str(url))))
		return true;
	text_show(shown, sizeof(shown), span_str(url));
	snprintf(ask, sizeof(ask),
		"The link names %s, which is this machine or one near it. "
		"Contact it?",
		shown);
	*agreed = talk_confirm(cx, ask);
	if (!*agreed)
		talk_warn(cx,
			"left out: %s, which is this machine or one near it, "
			"and only the link names it; --mirror %s if you mean "
			"it",
			shown, shown);
	return *agreed;
}

void
add_link_near(const struct context *cx, struct add *a)
{
	struct link *l = &a->link;
	struct mirror way;
	size_t i, n = 0;

	for (i = 0; i < l->n_urls; i++) {
		if (!link_mirror_ok(cx, a, l->urls[i], &a->agreed[n])) {
			free(l->urls[i]);
			continue;
		}
		/* What is left out goes to the end, for link_clear. */
		way = l->ways[n];
		l->ways[n] = l->ways[i];
		l->ways[i] = way;
		l->urls[n++] = l->urls[i];
	}
	l->n_urls = n;
}

enum err
add_mirrors_keep(
	const struct add *a, struct library *l, int64_t id, struct diag *d)
{
	struct library_mirror m;
	enum err e = ERR_OK;
	size_t i;

	if (a->is_mirror)
		e = mirror_add(l, id, a->what, d);
	for (i = 0; e == ERR_OK && i < a->mirrors.n; i++)
		e = mirror_add(l, id, a->mirrors.values[i], d);
	for (i = 0; e == ERR_OK && i < a->link.n_urls; i++) {
		m = library_mirror_of(
			&a->link.ways[i], a->agreed[i] ? LIBRARY_MIRROR_USER
						       : LIBRARY_MIRROR_LINK);
		m.url = a->link.urls[i];
		e = named_add(l, id, &m, d);
	}
	for (i = 0; e == ERR_OK && i < a->own.n; i++)
		e = library_mirror_put(
			l, id, &a->own.list[i], LIBRARY_MIRROR_USER, d);
	return e;
}
