/* erika-press publish: sign what changed, copy it to every mirror. Bundles go
 * first and the timestamp last, so that no reader ever sees a name that is
 * not there. */
#include <stdlib.h>
#include <string.h>

#include "../core/limits.h"
#include "../core/mirrors.h"
#include "../core/text.h"
#include "../sys/clock.h"
#include "../sys/file.h"
#include "press.h"
#include "press_roles.h"

/* Most entries of one folder; ten years of metadata are some thousand. */
#define FOLDER_MAX 100000

struct copy {
	struct room *room;
	const char *to;
	uint64_t bytes;
	unsigned files;
};

static enum err
copy_file(struct copy *c, const char *rest, bool always, struct diag *d)
{
	struct buf from, to;
	uint64_t have, want;
	char *slash;
	enum err e;

	buf_init(&from, 4096);
	buf_init(&to, 4096);
	e = buf_printf(&from, "%s/repository/%s", c->room->dir, rest);
	if (e == ERR_OK)
		e = buf_printf(&to, "%s/%s", c->to, rest);
	if (e == ERR_OK)
		e = file_size(buf_cstr(&from), &want, d);
	/* Every other name is said once: the same name is the same bytes. */
	if (e == ERR_OK && !always &&
		file_size(buf_cstr(&to), &have, NULL) == ERR_OK && have == want)
		goto out;
	if (e == ERR_OK) {
		slash = strrchr((char *)to.p, '/');
		*slash = '\0';
		e = file_mkdirs(buf_cstr(&to), 0755, d);
		*slash = '/';
	}
	if (e == ERR_OK)
		e = file_copy(buf_cstr(&from), buf_cstr(&to), 0644, d);
	if (e == ERR_OK) {
		c->bytes += want;
		c->files++;
	}
out:
	buf_free(&from);
	buf_free(&to);
	return e;
}

/* Whether a file below t/b/, "t/b/DESK/WEEK/HASH.NAME", is a recorded bundle
 * or its signature: one that a killed pack left is nobody's business. */
static enum err
is_recorded(struct room *r, const char *rest, bool *yes, struct diag *d)
{
	const char *name = strrchr(rest, '/') + 1;
	size_t n = strlen(name);
	uint8_t sha256[32];
	struct buf path;
	int64_t one;
	enum err e;

	*yes = false;
	if (n > 8 && strcmp(name + n - 8, ".minisig") == 0)
		n -= 8;
	if (n < 66 || name[64] != '.' ||
		text_hex_decode(span_of(name, 64), sha256, 32) != ERR_OK)
		return ERR_OK;
	buf_init(&path, LIMIT_PATH);
	e = buf_printf(&path, "%.*s%.*s", (int)(name - rest - 2), rest + 2,
		(int)(n - 65), name + 65);
	if (e == ERR_OK)
		e = db_one_int(r->db, d, &one, yes,
			"SELECT 1 FROM bundle WHERE path=? AND sha256=?", "tb",
			buf_cstr(&path), span_of(sha256, 32));
	buf_free(&path);
	return e;
}

/* Copy a folder of the repository and those below it, names as they sort. */
static enum err
copy_folder(struct copy *c, const char *rest, int depth, struct diag *d)
{
	char **names = NULL, *path;
	struct buf b;
	size_t i, n = 0;
	enum err e;

	if (depth == 0)
		return diag_set(d, ERR_LIMIT, "%s nests too deep", rest);
	buf_init(&b, 4096);
	e = buf_printf(&b, "%s/repository/%s", c->room->dir, rest);
	if (e == ERR_OK)
		e = file_list(buf_cstr(&b), FOLDER_MAX, &names, &n, d);
	for (i = 0; e == ERR_OK && i < n; i++) {
		bool wanted = false;

		path = file_join(rest, names[i]);
		buf_clear(&b);
		e = path == NULL ? ERR_NOMEM
				 : buf_printf(&b, "%s/repository/%s",
					   c->room->dir, path);
		if (e != ERR_OK)
			;
		else if (file_is_dir(buf_cstr(&b)))
			e = copy_folder(c, path, depth - 1, d);
		else if (strncmp(path, "t/b/", 4) == 0)
			e = is_recorded(c->room, path, &wanted, d);
		else
			wanted = strcmp(path, "m/timestamp.json") != 0 &&
				 strcmp(path, "m/now.pack") != 0;
		if (e == ERR_OK && wanted)
			e = copy_file(c, path, false, d);
		free(path);
	}
	file_list_free(names, n);
	buf_free(&b);
	return e;
}

static enum err
copy_all(struct room *r, const char *to, struct copy *c, struct diag *d)
{
	enum err e;

	*c = (struct copy){.room = r, .to = to};
	e = copy_folder(c, "t", 8, d);
	if (e == ERR_OK)
		e = copy_folder(c, "m", 2, d);
	if (e == ERR_OK)
		e = copy_file(c, "m/now.pack", true, d);
	if (e == ERR_OK)
		e = copy_file(c, "m/timestamp.json", true, d);
	return e;
}

static enum err
mirrors_read(struct room *r, struct mirrors *m, struct diag *d)
{
	char *path = room_path(r, "mirrors.ini");
	struct buf b;
	enum err e;

	*m = (struct mirrors){.n = 0};
	buf_init(&b, LIMIT_CONFIG);
	e = path == NULL ? ERR_NOMEM : file_read(path, LIMIT_CONFIG, &b, d);
	if (e == ERR_OK)
		e = mirrors_config(buf_view(&b), path, m, d);
	buf_free(&b);
	free(path);
	return e;
}

static bool
chosen(const struct mirror *m, int argc, char **argv)
{
	int i;

	for (i = 0; i < argc; i++)
		if (strcmp(argv[i], m->name) == 0)
			return true;
	return argc == 0;
}

/* Copy to each chosen mirror; one that fails does not stop the others. */
static enum err
mirrors_copy(const struct context *cx, struct room *r, const struct mirrors *m,
	int argc, char **argv, struct diag *d)
{
	unsigned tried = 0, failed = 0;
	char size[TALK_SIZE], *to;
	struct copy c;
	enum err e;
	size_t i;

	for (i = 0; i < m->n; i++) {
		const struct mirror *mi = &m->list[i];

		if (!chosen(mi, argc, argv))
			continue;
		if (mi->to == NULL) {
			talk(cx,
				"%-12s skipped: mirrors.ini has no \"to\" "
				"for it",
				mi->name);
			continue;
		}
		tried++;
		to = mi->to[0] == '/' ? strdup(mi->to) : room_path(r, mi->to);
		e = to == NULL ? diag_set(d, ERR_NOMEM, "out of memory")
			       : copy_all(r, to, &c, d);
		free(to);
		if (e != ERR_OK) {
			failed++;
			talk_warn(cx, "%s: %s: %s", mi->name, err_str(d->code),
				d->why);
			continue;
		}
		talk(cx, "%-12s %u files, %s", mi->name, c.files,
			talk_size(size, c.bytes));
	}
	if (failed > 0 && failed < tried)
		return diag_set(d, ERR_PARTIAL,
			"%u of %u mirrors failed; "
			"publish again when they are "
			"back",
			failed, tried);
	if (failed > 0)
		return diag_set(d, ERR_FAILED, "no mirror was reached");
	if (tried == 0)
		talk(cx, "No mirror to copy to: name some in mirrors.ini, or "
			 "copy repository/ yourself, timestamp.json last.");
	return ERR_OK;
}

static enum err
names_known(const struct mirrors *m, int argc, char **argv, struct diag *d)
{
	size_t k;
	int i;

	for (i = 0; i < argc; i++) {
		for (k = 0; k < m->n; k++)
			if (strcmp(m->list[k].name, argv[i]) == 0)
				break;
		if (k == m->n)
			return diag_set(d, ERR_USAGE,
				"mirrors.ini has no mirror \"%s\"", argv[i]);
	}
	return ERR_OK;
}

enum err
press_publish(struct context *cx, int argc, char **argv, struct diag *d)
{
	struct room_options ro = {.dir = NULL};
	const struct opt opts[] = {
		ROOM_OPTIONS(ro), {NULL, 0, OPT_FLAG, NULL, NULL, NULL}};
	struct room *r = NULL;
	struct mirrors m = {.n = 0};
	struct buf list;
	unsigned changed;
	enum err e;
	int first;

	buf_init(&list, LIMIT_CONFIG);
	e = command_opts(cx, opts, argc, argv, 0, LIMIT_MIRRORS, &first, d);
	if (e == ERR_OK)
		e = room_open(&ro, &r, d);
	if (e == ERR_OK)
		e = room_lock(r, d);
	if (e == ERR_OK)
		e = mirrors_read(r, &m, d);
	if (e == ERR_OK)
		e = names_known(&m, argc - first, argv + first, d);
	if (e == ERR_OK)
		e = mirrors_write(&m, &list, d);
	if (e == ERR_OK)
		e = roles_update(
			r, cx, buf_view(&list), clock_now(), &changed, d);
	if (e == ERR_OK)
		e = roles_head(r, d);
	if (e == ERR_OK)
		e = db_run(r->db, d, "UPDATE bundle SET published=1", "");
	if (e == ERR_OK)
		e = mirrors_copy(cx, r, &m, argc - first, argv + first, d);
	mirrors_clear(&m);
	buf_free(&list);
	room_close(r);
	return e;
}
