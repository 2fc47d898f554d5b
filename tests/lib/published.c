#include "published.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/core/ustar.h"
#include "../../src/sys/file.h"

static void
must(enum err e, const char *what)
{
	if (e == ERR_OK)
		return;
	printf("Bail out! %s: %s\n", what, err_str(e));
	exit(1);
}

static void
folder_read(struct published *p, const char *dir, const char *name)
{
	char path[4096], **names;
	struct published_file *f;
	size_t i, n;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (!file_is_dir(path)) {
		must(p->n < PUBLISHED_FILES ? ERR_OK : ERR_LIMIT, dir);
		f = &p->files[p->n++];
		snprintf(f->name, sizeof(f->name), "%s", name);
		buf_init(&f->bytes, LIMIT_BUNDLE);
		must(file_read(path, LIMIT_BUNDLE, &f->bytes, NULL), path);
		return;
	}
	must(file_list(path, PUBLISHED_FILES, &names, &n, NULL), path);
	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", name, names[i]);
		folder_read(p, dir, path);
	}
	strings_free(names, n);
}

void
published_read(struct published *p, const char *dir)
{
	folder_read(p, dir, "m");
	folder_read(p, dir, "t");
}

struct published_file *
published_file(struct published *p, const char *ending)
{
	size_t i, k = strlen(ending);

	for (i = 0; i < p->n; i++) {
		size_t n = strlen(p->files[i].name);

		if (n >= k && strcmp(p->files[i].name + n - k, ending) == 0)
			return &p->files[i];
	}
	must(ERR_MISSING, ending);
	return NULL;
}

bool
published_is_carried(const char *name)
{
	return strcmp(name, "m/now.pack") != 0 &&
	       strstr(name, ".minisig") == NULL;
}

void
published_tree(const struct published *p, const struct published_file *cut,
	size_t length, struct buf *out)
{
	static const uint8_t zeros[2 * USTAR_BLOCK];
	uint8_t head[USTAR_BLOCK];
	struct span s;
	enum err e = ERR_OK;
	size_t i;

	buf_clear(out);
	for (i = 0; e == ERR_OK && i < p->n; i++) {
		const struct published_file *f = &p->files[i];

		if (!published_is_carried(f->name) && f != cut)
			continue;
		s = buf_view(&f->bytes);
		if (f == cut)
			s = span_sub(s, 0, length);
		e = ustar_header(head, f->name, s.n, 0);
		if (e == ERR_OK)
			e = buf_add(out, head, sizeof(head));
		if (e == ERR_OK)
			e = buf_span(out, s);
		if (e == ERR_OK)
			e = buf_add(out, zeros, ustar_pad(s.n));
	}
	if (e == ERR_OK)
		e = buf_add(out, zeros, sizeof(zeros));
	must(e, "building a share file");
}
