/* erika-press mirrors link and qr: how a mirror is told of beside the signed
 * list. */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../core/text.h"
#include "../core/trust.h"
#include "../core/words.h"
#include "../sys/file.h"
#include "press_json.h"
#include "press_mirrors.h"
#include "press_qr.h"

/* Listed mirrors in a QR code when none is named: more make it finer than a
 * cheap camera sees on a poster, and the signed list brings the others. */
#define QR_MIRRORS 3

/* Pixels of one module in a bitmap. */
#define QR_SCALE 8

/* ---- which mirrors */

/* A mirror as a link has it, borrowed from the list. */
static void
link_put(struct link *l, const struct mirror *m, bool ways)
{
	l->urls[l->n_urls] = m->url;
	if (ways) {
		l->ways[l->n_urls] = *m;
		l->ways[l->n_urls].url = NULL;
	}
	l->n_urls++;
}

static enum err
named_put(
	struct mirrors_run *k, const char *name, struct link *l, struct diag *d)
{
	char shown[80];
	size_t i;

	text_show(shown, sizeof(shown), span_str(name));
	for (i = 0; i < k->list.n; i++)
		if (strcmp(k->list.list[i].name, name) == 0)
			break;
	if (i == k->list.n)
		return diag_set(d, ERR_USAGE,
			"mirrors.ini has no mirror \"%s\"", shown);
	if (k->list.list[i].url == NULL)
		return diag_set(d, ERR_CONFIG,
			"mirror %s has no url to tell of", shown);
	link_put(l, &k->list.list[i], true);
	return ERR_OK;
}

/* The public ones, https first, without their other ways: those are in the
 * signed list. */
static void
listed_put(struct mirrors_run *k, size_t most, struct link *l)
{
	int round;
	size_t i;

	for (round = 0; round < 2; round++)
		for (i = 0; i < k->list.n && l->n_urls < most; i++) {
			const struct mirror *m = &k->list.list[i];

			if (m->url == NULL || m->unlisted ||
				(strncmp(m->url, "https:", 6) == 0) !=
					(round == 0))
				continue;
			link_put(l, m, false);
		}
}

static enum err
link_make(struct mirrors_run *k, bool qr, int argc, char **argv, struct link *l,
	struct diag *d)
{
	char *path = room_path(k->r, "repository/m/1.root.json");
	struct buf root;
	enum err e;
	int i;

	buf_init(&root, LIMIT_ROOT);
	e = path == NULL ? diag_set(d, ERR_NOMEM, "out of memory")
			 : file_read(path, LIMIT_ROOT, &root, d);
	if (e == ERR_OK)
		e = trust_fingerprint(buf_view(&root), l->fingerprint, d);
	for (i = 0; e == ERR_OK && i < argc; i++)
		e = named_put(k, argv[i], l, d);
	if (e == ERR_OK && argc == 0)
		listed_put(k, qr ? QR_MIRRORS : LINK_URLS, l);
	if (e == ERR_OK && l->n_urls == 0)
		e = diag_set(d, ERR_MISSING,
			"no mirror to tell of: mirrors.ini has none with a "
			"url that is listed; name an unlisted one");
	l->name = k->r->name;
	buf_free(&root);
	free(path);
	return e;
}

/* ---- as what */

/* A file for erika add --mirror-file. */
static enum err
file_save(struct mirrors_run *k, const struct link *l, struct diag *d)
{
	char hex[65];
	struct buf b;
	size_t i, n;
	enum err e;

	buf_init(&b, LIMIT_CONFIG);
	text_hex(hex, l->fingerprint, sizeof(l->fingerprint));
	e = buf_printf(&b,
		"# Mirrors of an outlet: erika add --mirror-file FILE\n"
		"[outlet]\nroot = %s\n",
		hex);
	for (i = 0; e == ERR_OK && i < l->n_urls; i++)
		for (n = 0; e == ERR_OK && n < k->list.n; n++) {
			struct mirror m = k->list.list[n];

			if (m.url == NULL || strcmp(m.url, l->urls[i]) != 0)
				continue;
			m.to = m.proxy = m.ca = NULL;
			m.unlisted = false;
			e = buf_str(&b, "\n");
			if (e == ERR_OK)
				e = mirror_write(&m, &b);
		}
	if (e != ERR_OK)
		diag_set(d, e, "the file of mirrors");
	else if ((e = talk_overwrite(k->cx, k->out, NULL, d)) == ERR_OK)
		e = file_write(k->out, buf_view(&b), 0600, d);
	buf_free(&b);
	return e;
}

static bool
ends_in(const char *s, const char *end)
{
	size_t n = strlen(s), k = strlen(end);

	return n > k && strcmp(s + n - k, end) == 0;
}

static enum err
picture_save(struct mirrors_run *k, const struct qr *q, struct diag *d)
{
	struct buf b;
	enum err e;

	buf_init(&b, 4 * LIMIT_MIB);
	if (ends_in(k->out, ".svg"))
		e = qr_svg(q, &b);
	else if (ends_in(k->out, ".pbm"))
		e = qr_pbm(q, QR_SCALE, &b);
	else if (ends_in(k->out, ".png"))
		e = qr_png(q, QR_SCALE, &b);
	else
		return diag_set(d, ERR_USAGE,
			"-o wants a name that ends in .svg, .png or .pbm");
	if (e != ERR_OK)
		diag_set(d, e, "the picture");
	else
		e = file_write(k->out, buf_view(&b), 0644, d);
	buf_free(&b);
	return e;
}

static enum err
terminal_show(struct mirrors_run *k, const struct qr *q, struct diag *d)
{
	struct winsize w;
	struct buf b;
	enum err e;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 0 &&
		w.ws_col < qr_columns(q))
		return diag_set(d, ERR_LIMIT,
			"this terminal has %u columns and the code needs %u; "
			"name fewer mirrors, or write a picture: -o FILE.svg",
			(unsigned)w.ws_col, qr_columns(q));
	buf_init(&b, LIMIT_MIB);
	e = qr_text(q, k->cx->color, k->light, &b);
	if (e != ERR_OK)
		diag_set(d, e, "the QR code");
	else if (fwrite(b.p, 1, b.n, stdout) != b.n)
		e = diag_set(d, ERR_IO, "cannot write the output");
	buf_free(&b);
	return e;
}

static void
link_json(const char *link)
{
	json_t *o =
		json_pack("{s:s, s:s}", "schema", "erika-link-1", "link", link);

	press_json_print(o);
	json_decref(o);
}

/* Whoever scans a poster is asked for the words. */
static void
words_tell(struct mirrors_run *k, const uint8_t fingerprint[static 32])
{
	struct buf words;

	buf_init(&words, 256);
	if (words_add(&words, fingerprint) == ERR_OK)
		talk(k->cx, "Wrote %s. Print the eight words beside it: %s",
			k->out, buf_cstr(&words));
	buf_free(&words);
}

enum err
mirrors_link(
	struct mirrors_run *k, bool qr, int argc, char **argv, struct diag *d)
{
	struct link l = {.n_urls = 0};
	struct qr *q = NULL;
	struct buf b;
	enum err e;

	buf_init(&b, LINK_MAX);
	e = link_make(k, qr, argc, argv, &l, d);
	if (e == ERR_OK && link_add(&l, &b) != ERR_OK)
		e = diag_set(d, ERR_LIMIT,
			"the link is too long; name fewer mirrors");
	if (e == ERR_OK && qr)
		e = qr_new(buf_view(&b), &q, d);
	if (e == ERR_OK && qr)
		e = k->out != NULL ? picture_save(k, q, d)
				   : terminal_show(k, q, d);
	else if (e == ERR_OK && k->out != NULL)
		e = file_save(k, &l, d);
	else if (e == ERR_OK && k->cx->json)
		link_json(buf_cstr(&b));
	else if (e == ERR_OK)
		puts(buf_cstr(&b));
	/* Beside the code, so that people see what they show. */
	if (e == ERR_OK && qr)
		talk(k->cx, "%s", buf_cstr(&b));
	if (e == ERR_OK && qr && k->out != NULL)
		words_tell(k, l.fingerprint);
	qr_free(q);
	buf_free(&b);
	return e;
}
