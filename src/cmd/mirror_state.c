/* STATE/state.json and what stands beside it. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "../core/date.h"
#include "../core/json.h"
#include "../sys/file.h"
#include "mirror_held.h"

#define TYPE "erika-mirror-state-1"

/* A few numbers. */
#define STATE_MAX 4096

static char *
path_of(const struct mirror_config *c, const char *name, struct diag *d)
{
	char *path = c->state == NULL ? NULL : file_join(c->state, name);

	if (path == NULL)
		diag_set(d, ERR_NOMEM, "out of memory");
	return path;
}

static enum err
read_pulled(const struct mirror_config *c, int64_t *out, struct diag *d)
{
	char *path = path_of(c, "pulled", d);
	struct buf b;
	enum err e;

	if (path == NULL)
		return ERR_NOMEM;
	buf_init(&b, STATE_MAX);
	e = file_read(path, STATE_MAX, &b, d);
	if (e == ERR_OK && b.n > 0)
		e = date_parse(span_sub(buf_view(&b), 0, b.n - 1), out);
	if (e != ERR_OK)
		*out = 0;
	buf_free(&b);
	free(path);
	return e == ERR_NOMEM ? e : ERR_OK;
}

static enum err
read_numbers(struct span s, struct mirror_state *out, struct diag *d)
{
	static const char *const names[] = {
		"_type", "year", "month", "sent", "pushed", NULL};
	uint64_t year = 0, month = 0, pushed = 0;
	const char *type;
	json_t *o;
	enum err e = json_parse(s, STATE_MAX, &o, d);

	if (e != ERR_OK)
		return e;
	e = json_str(o, "_type", &type, d);
	if (e == ERR_OK && strcmp(type, TYPE) != 0)
		e = diag_set(d, ERR_UNSUPPORTED, "it is not a " TYPE);
	if (e == ERR_OK)
		e = json_only(o, names, d);
	if (e == ERR_OK)
		e = json_uint(o, "year", 9999, &year, d);
	if (e == ERR_OK)
		e = json_uint(o, "month", 12, &month, d);
	if (e == ERR_OK)
		e = json_uint(o, "sent", INT64_MAX, &out->month.sent, d);
	if (e == ERR_OK)
		e = json_uint(o, "pushed", INT64_MAX, &pushed, d);
	out->month.year = (unsigned)year;
	out->month.month = (unsigned)month;
	out->pushed = (int64_t)pushed;
	json_decref(o);
	return e;
}

enum err
mirror_state_read(
	const struct mirror_config *c, struct mirror_state *out, struct diag *d)
{
	char *path;
	struct buf b;
	enum err e;

	memset(out, 0, sizeof(*out));
	if (c->state == NULL)
		return ERR_OK;
	path = path_of(c, "state.json", d);
	if (path == NULL)
		return ERR_NOMEM;
	buf_init(&b, STATE_MAX);
	e = file_read(path, STATE_MAX, &b, d);
	if (e == ERR_OK)
		e = read_numbers(buf_view(&b), out, d);
	else if (e == ERR_MISSING)
		e = ERR_OK;
	if (e != ERR_OK) {
		memset(out, 0, sizeof(*out));
		diag_prefix(d, e,
			"%s cannot be read; removing it counts the month from "
			"0",
			path);
	}
	buf_free(&b);
	free(path);
	return e == ERR_OK ? read_pulled(c, &out->pulled, d) : e;
}

enum err
mirror_state_write(const struct mirror_config *c, const struct mirror_state *s,
	struct diag *d)
{
	char *path = path_of(c, "state.json", d);
	json_t *o = json_pack("{s:s, s:I, s:I, s:I, s:I}", "_type", TYPE,
		"year", (json_int_t)s->month.year, "month",
		(json_int_t)s->month.month, "sent", (json_int_t)s->month.sent,
		"pushed", (json_int_t)s->pushed);
	struct buf b;
	enum err e = ERR_NOMEM;

	buf_init(&b, STATE_MAX);
	if (o != NULL && path != NULL)
		e = json_canonical(o, &b);
	if (e == ERR_OK)
		e = file_mkdirs(c->state, 0755, d);
	if (e == ERR_OK)
		e = file_write(path, buf_view(&b), 0644, d);
	json_decref(o);
	buf_free(&b);
	free(path);
	return e;
}

enum err
mirror_state_pulled(const struct mirror_config *c, int64_t now, struct diag *d)
{
	char *path, date[DATE_SIZE + 1];
	enum err e;

	if (c->state == NULL)
		return ERR_OK;
	path = path_of(c, "pulled", d);
	if (path == NULL)
		return ERR_NOMEM;
	date_format(date, now);
	memcpy(date + strlen(date), "\n", 2);
	e = file_mkdirs(c->state, 0755, d);
	if (e == ERR_OK)
		e = file_write(path, span_str(date), 0644, d);
	free(path);
	return e;
}

/* ---- whether a server runs */

static int
open_lock(const struct mirror_config *c, int flags)
{
	struct diag d;
	char *path = path_of(c, "running", &d);
	int fd = path == NULL
			 ? -1
			 : open(path, flags | O_RDONLY | O_CLOEXEC | O_NOFOLLOW,
				   0644);

	free(path);
	return fd;
}

int
mirror_state_lock(const struct mirror_config *c)
{
	struct diag d;
	int fd;

	if (c->state == NULL || file_mkdirs(c->state, 0755, &d) != ERR_OK)
		return -1;
	fd = open_lock(c, O_CREAT);
	if (fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

bool
mirror_state_running(const struct mirror_config *c)
{
	int fd = c->state == NULL ? -1 : open_lock(c, 0);
	bool busy = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0 &&
		    errno == EWOULDBLOCK;

	if (fd >= 0)
		close(fd);
	return busy;
}
