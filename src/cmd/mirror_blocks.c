#include "mirror_blocks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../core/text.h"
#include "../sys/clock.h"
#include "../sys/file.h"
#include "mirror_config.h"

static bool
ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), k = strlen(end);

	return n >= k && strcmp(s + n - k, end) == 0;
}

static void
clear(struct mirror_blocks *b)
{
	size_t i;

	for (i = 0; i < b->n; i++)
		buf_free(&b->list[i].body);
	free(b->list);
	b->list = NULL;
	b->n = 0;
	b->wrong[0] = '\0';
}

/* The body that carries this signature, if there is one. */
static enum err
read_signature(const struct mirror_blocks *b, struct mirror_block_entry *x,
	const char *path, struct span part, struct diag *d)
{
	struct buf name, minisig;
	enum err e;

	buf_init(&name, 4096);
	buf_init(&minisig, LIMIT_MINISIG);
	buf_init(&x->body, LIMIT_TOMBSTONE);
	e = buf_printf(&name, "%s.minisig", path);
	if (e == ERR_OK)
		e = file_read(buf_cstr(&name), LIMIT_MINISIG, &minisig, d);
	if (e == ERR_MISSING)
		snprintf(x->why, sizeof(x->why), "not signed yet");
	else if (e != ERR_OK)
		snprintf(x->why, sizeof(x->why), "%.150s", d->why);
	else if (!b->has_key)
		snprintf(x->why, sizeof(x->why),
			"the configuration has no operator-key");
	else if (tombstone_body(&x->body, part, buf_view(&minisig), &b->key,
			 d) != ERR_OK)
		snprintf(x->why, sizeof(x->why), "its signature: %.140s",
			d->why);
	buf_free(&name);
	buf_free(&minisig);
	return e == ERR_NOMEM ? e : ERR_OK;
}

static enum err
read_one(struct mirror_blocks *b, const char *name, struct diag *d)
{
	struct mirror_block_entry *x = &b->list[b->n];
	char *path = file_join(b->folder, name);
	size_t n = strlen(name) - strlen(".json");
	struct buf part;
	enum err e;

	if (path == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	memset(x, 0, sizeof(*x));
	buf_init(&part, LIMIT_TOMBSTONE);
	e = n < sizeof(x->name) ? file_read(path, LIMIT_TOMBSTONE, &part, d)
				: diag_set(d, ERR_SYNTAX, "not a name of ours");
	if (e == ERR_OK)
		e = tombstone_part(buf_view(&part), &x->t, d);
	if (e == ERR_OK) {
		memcpy(x->name, name, n);
		e = read_signature(b, x, path, buf_view(&part), d);
		if (e == ERR_OK)
			b->n++;
	} else if (e != ERR_NOMEM) {
		char show[80];

		snprintf(b->wrong, sizeof(b->wrong), "%s: %.70s",
			text_show(show, sizeof(show), span_str(name)), d->why);
		e = ERR_OK;
	}
	buf_free(&part);
	free(path);
	return e;
}

static enum err
read_folder(struct mirror_blocks *b, struct diag *d)
{
	char **names = NULL;
	size_t i, n = 0;
	enum err e = file_list(b->folder, 2 * MIRROR_BLOCKS, &names, &n, d);

	clear(b);
	if (e == ERR_MISSING)
		return ERR_OK;
	if (e != ERR_OK)
		return e;
	b->list = calloc(n + 1, sizeof(*b->list));
	if (b->list == NULL)
		e = diag_set(d, ERR_NOMEM, "out of memory");
	for (i = 0; e == ERR_OK && i < n; i++)
		if (ends_with(names[i], ".json") && b->n < MIRROR_BLOCKS)
			e = read_one(b, names[i], d);
	strings_free(names, n);
	return e;
}

/* When the folder last changed; zero while there is none. */
static struct timespec
stamp_of(const char *folder)
{
	struct timespec none = {.tv_sec = 0};
	struct stat st;

	return stat(folder, &st) == 0 ? st.st_mtim : none;
}

/* A second is what a clock of the file system may lag behind: a folder that
 * has just changed is read once more. */
static void
look(struct mirror_blocks *b)
{
	int64_t now = clock_now();
	struct timespec was;
	struct diag d;

	if (b->folder == NULL || now == b->looked)
		return;
	b->looked = now;
	was = stamp_of(b->folder);
	if (was.tv_sec == b->stamp.tv_sec && was.tv_nsec == b->stamp.tv_nsec)
		return;
	/* When it cannot be read, what was blocked stays so. */
	b->stamp = was;
	if (now - was.tv_sec < 2)
		b->stamp.tv_nsec = -1;
	if (read_folder(b, &d) != ERR_OK)
		b->stamp.tv_nsec = -1;
}

enum err
mirror_blocks_load(
	struct mirror_blocks *b, const struct mirror_config *c, struct diag *d)
{
	mirror_blocks_free(b);
	if (c->state == NULL)
		return ERR_OK;
	b->key = c->key;
	b->has_key = c->has_key;
	b->folder = file_join(c->state, "blocked");
	if (b->folder == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	b->stamp = stamp_of(b->folder);
	return read_folder(b, d);
}

void
mirror_blocks_free(struct mirror_blocks *b)
{
	clear(b);
	free(b->folder);
	memset(b, 0, sizeof(*b));
}

bool
mirror_blocks_find(void *arg, const char *name, struct span *tombstone)
{
	struct mirror_blocks *b = arg;
	size_t i;

	look(b);
	for (i = 0; i < b->n; i++)
		if (tombstone_covers(&b->list[i].t, name)) {
			*tombstone = buf_view(&b->list[i].body);
			return true;
		}
	return false;
}

bool
mirror_blocks_sha256(void *arg, const uint8_t sha256[static 32])
{
	struct mirror_blocks *b = arg;
	char hex[66];
	const char *slash;
	size_t i;

	look(b);
	text_hex(hex, sha256, 32);
	hex[64] = '.'; /* a name is the hash, a dot, and what it is called */
	hex[65] = '\0';
	for (i = 0; i < b->n; i++) {
		const struct tombstone *t = &b->list[i].t;

		slash = strrchr(t->path, '/');
		if (strncmp(t->hash, hex, 64) == 0 ||
			(slash != NULL && strncmp(slash + 1, hex, 65) == 0))
			return true;
	}
	return false;
}
