/* A packed bundle becomes a file, its signature, and the newsroom's record of
 * both. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../core/date.h"
#include "../core/limits.h"
#include "../core/text.h"
#include "../core/trust.h"
#include "../core/tuf.h"
#include "../sys/file.h"
#include "press_bundle_priv.h"
#include "press_records.h"

/* Where a bundle and its signature end up. */
struct names {
	char *file, *sig;
};

/* The file as it is written: hashed on the way, so that it is never read
 * again. */
struct writer {
	int fd;
	const char *path;
	struct hash *sha256, *blake;
	uint64_t n;
};

static enum err
write_all(void *arg, struct span s, struct diag *d)
{
	struct writer *w = arg;
	size_t done = 0;

	hash_add(w->sha256, s.p, s.n);
	hash_add(w->blake, s.p, s.n);
	while (done < s.n) {
		ssize_t k = write(w->fd, s.p + done, s.n - done);

		if (k < 0)
			return file_errno(w->path, d);
		done += (size_t)k;
	}
	w->n += s.n;
	return ERR_OK;
}

static enum err
write_image(struct writer *w, const struct press_image *i, struct diag *d)
{
	uint64_t size, before = w->n;
	int64_t mtime;
	enum err e = press_image_each(i, write_all, w, d);

	if (e == ERR_OK)
		e = press_image_stat(i->file, &size, &mtime, d);
	if (e == ERR_OK && (size != i->size || mtime != i->mtime ||
				   w->n - before != i->length))
		e = diag_set(d, ERR_FAILED,
			"%s changed while it was being packed; pack again",
			i->file);
	return e;
}

/* Zeros up to a length: hashed, but written as a hole. */
static enum err
write_padding(struct writer *w, uint64_t until, struct diag *d)
{
	static const uint8_t zeros[LIMIT_PART];

	while (w->n < until) {
		uint64_t left = until - w->n;
		size_t n = left < sizeof(zeros) ? (size_t)left : sizeof(zeros);

		hash_add(w->sha256, zeros, n);
		hash_add(w->blake, zeros, n);
		w->n += n;
	}
	if (ftruncate(w->fd, (off_t)until) != 0)
		return file_errno(w->path, d);
	return ERR_OK;
}

/* ---- the draft's last additions */

static enum err
images_finish(struct press_bundle *b, int32_t *index, struct diag *d)
{
	enum err e;
	size_t i;

	for (i = 0; i < b->n_images; i++) {
		const struct press_image *m = &b->images[i];

		e = bundle_draft_image(
			b->draft, m->length, m->parts, m->n_parts, &index[i]);
		if (e != ERR_OK)
			return diag_set(d, e, "%s: %s", m->file, err_str(e));
	}
	return ERR_OK;
}

static enum err
articles_finish(struct press_bundle *b, const int32_t *index, struct diag *d)
{
	enum err e = ERR_OK;
	size_t i, k, m;

	for (i = 0; e == ERR_OK && i < b->n_items; i++) {
		struct article *a = &b->items[i].article;

		for (k = 0; k < a->n_images; k++)
			for (m = 0; m < b->n_images; m++)
				if (a->images[k].bundle == NULL &&
					digest_eq(&a->images[k].name,
						&b->images[m].name))
					a->images[k].object = index[m];
		e = bundle_draft_article(b->draft, a, d);
		if (e != ERR_OK)
			e = diag_prefix(d, e, "%s", a->id);
	}
	return e;
}

/* ---- records */

static enum err
record_article(struct press_bundle *b, const struct press_item *it,
	int64_t position, struct diag *d)
{
	const struct article *a = &it->article;
	struct span digest = span_of(it->digest.b, sizeof(it->digest.b));
	struct db *db = b->room->db;
	const struct digest *name;
	enum err e;

	e = db_run(db, d,
		"INSERT INTO article(id, desk, revision, status, title,"
		" language, published, updated, url, digest, bundle, position)"
		" VALUES(?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT(id) DO UPDATE SET"
		" revision=excluded.revision, status=excluded.status,"
		" title=excluded.title, language=excluded.language,"
		" updated=excluded.updated, url=excluded.url,"
		" digest=excluded.digest, bundle=excluded.bundle,"
		" position=excluded.position",
		"ttiittiitbti", a->id, b->desk, (int64_t)a->revision,
		(int64_t)a->status, a->title, a->language, a->published,
		a->updated, a->url, digest, b->path, position);
	if (e != ERR_OK || it->whole.n == 0)
		return e;
	name = bundle_draft_name(b->draft, a->text);
	return db_run(db, d,
		"UPDATE article SET base_name=?, base_bundle=?, base_text=?"
		" WHERE id=?",
		"btbt", span_of(name->b, sizeof(name->b)), b->path,
		buf_view(&it->whole), a->id);
}

/* For the mirrors: the file and its signature. */
static enum err
record_files(
	struct press_bundle *b, const uint8_t sha256[static 32], struct diag *d)
{
	const char *name = strrchr(b->path, '/') + 1;
	char rest[LIMIT_PATH + 100], hex[65];
	enum err e;

	text_hex(hex, sha256, 32);
	snprintf(rest, sizeof(rest), "t/%.*s%s.%s", (int)(name - b->path),
		b->path, hex, name);
	e = records_listed(b->room, rest, d);
	strncat(rest, ".minisig", sizeof(rest) - strlen(rest) - 1);
	return e == ERR_OK ? records_listed(b->room, rest, d) : e;
}

static enum err
record_bundle(struct press_bundle *b, const uint8_t sha256[static 32],
	const struct writer *w, struct span head, size_t text_end,
	struct diag *d)
{
	struct digest digest = digest_of(head);
	struct db *db = b->room->db;
	enum err e = db_begin(db, d);
	size_t i;

	if (e == ERR_OK)
		e = db_run(db, d,
			"INSERT INTO bundle(path, desk, sequence, sha256,"
			" length, head, head_digest, text_end, created)"
			" VALUES(?,?,?,?,?,?,?,?,?)",
			"ttibiibii", b->path, b->desk, (int64_t)b->sequence,
			span_of(sha256, 32), (int64_t)w->n, (int64_t)head.n,
			span_of(digest.b, sizeof(digest.b)), (int64_t)text_end,
			b->created);
	for (i = 0; e == ERR_OK && i < b->n_items; i++)
		e = record_article(b, &b->items[i], (int64_t)i, d);
	for (i = 0; e == ERR_OK && i < b->n_images; i++)
		e = db_run(db, d,
			"INSERT INTO image(name, bundle, type) VALUES(?,?,?)",
			"btt", span_of(b->images[i].name.b, 32), b->path,
			b->images[i].type);
	if (e == ERR_OK)
		e = record_files(b, sha256, d);
	if (e == ERR_OK)
		e = db_commit(db, d);
	if (e != ERR_OK)
		db_rollback(db);
	return e;
}

/* ---- the file */

/* The folder of this bundle below repository/t, and the path of a file in it
 * whose name ends as given. */
static char *
target_file(const struct press_bundle *b, const char *name)
{
	struct buf p;
	const char *slash = strrchr(b->path, '/');
	char *out = NULL;

	buf_init(&p, 4096);
	if (buf_printf(&p, "%s/repository/t/%.*s%s", b->room->dir,
		    (int)(slash + 1 - b->path), b->path, name) == ERR_OK)
		out = (char *)buf_steal(&p, NULL);
	buf_free(&p);
	return out;
}

static enum err
content_write(struct press_bundle *b, struct writer *w, struct span front,
	uint64_t padded, struct diag *d)
{
	enum err e = write_all(w, front, d);
	size_t i;

	for (i = 0; e == ERR_OK && i < b->n_images; i++)
		e = write_image(w, &b->images[i], d);
	if (e == ERR_OK)
		e = write_padding(w, padded, d);
	if (e == ERR_OK && file_sync(w->fd) != 0)
		e = file_errno(w->path, d);
	return e;
}

static enum err
minisig_write(struct press_bundle *b, const struct sign_key *key,
	const char *file, const char *sha256, const uint8_t blake[static 64],
	uint64_t length, struct diag *d)
{
	char comment[LIMIT_PATH + 256], when[DATE_SIZE];
	struct buf sig;
	enum err e;

	date_format(when, b->created);
	snprintf(comment, sizeof(comment),
		"erika1 path=%s sha256=%s len=%llu t=%s", b->path, sha256,
		(unsigned long long)length, when);
	buf_init(&sig, LIMIT_MINISIG);
	e = sign_minisig(key, blake, comment, &sig);
	if (e == ERR_OK)
		e = file_write(file, buf_view(&sig), 0644, d);
	buf_free(&sig);
	return e;
}

/* Sign it, and give it the name that its content asks for. */
static enum err
names_finish(struct press_bundle *b, const struct sign_key *key,
	struct writer *w, uint8_t sha256[static 32], struct names *n,
	struct diag *d)
{
	char hex[65], name[160];
	uint8_t blake[64];
	enum err e;

	hash_end(w->sha256, sha256);
	hash_end(w->blake, blake);
	text_hex(hex, sha256, 32);
	snprintf(name, sizeof(name), "%s.%s", hex, strrchr(b->path, '/') + 1);
	n->file = target_file(b, name);
	strncat(name, ".minisig", sizeof(name) - strlen(name) - 1);
	n->sig = target_file(b, name);
	if (n->file == NULL || n->sig == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	e = minisig_write(b, key, n->sig, hex, blake, w->n, d);
	return e == ERR_OK ? file_rename(w->path, n->file, d) : e;
}

static enum err
file_make(struct press_bundle *b, const struct sign_key *key, struct span front,
	size_t head, uint64_t padded, struct diag *d)
{
	struct writer w = {.fd = -1};
	struct names n = {NULL, NULL};
	char *dir = target_file(b, ""), *tmp = target_file(b, ".packing");
	uint8_t sha256[32];
	enum err e = ERR_NOMEM;

	w.path = tmp;
	w.sha256 = hash_new(HASH_SHA256);
	w.blake = hash_new(HASH_BLAKE2B_512);
	if (dir == NULL || tmp == NULL || w.sha256 == NULL || w.blake == NULL)
		goto out;
	e = file_mkdirs(dir, 0755, d);
	if (e != ERR_OK)
		goto out;
	w.fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
		0644);
	if (w.fd < 0) {
		e = file_errno(tmp, d);
		goto out;
	}
	e = content_write(b, &w, front, padded, d);
	if (e == ERR_OK)
		e = names_finish(b, key, &w, sha256, &n, d);
	/* Until this line nothing knows the file; after it, publish does. */
	if (e == ERR_OK)
		e = record_bundle(
			b, sha256, &w, span_sub(front, 0, head), front.n, d);
	if (e != ERR_OK) {
		unlink(tmp);
		if (n.file != NULL)
			unlink(n.file);
		if (n.sig != NULL)
			unlink(n.sig);
	}
out:
	if (w.fd >= 0)
		close(w.fd);
	hash_free(w.sha256);
	hash_free(w.blake);
	free(n.file);
	free(n.sig);
	free(dir);
	free(tmp);
	return e;
}

enum err
press_bundle_finish(
	struct press_bundle *b, uint64_t *text, uint64_t *total, struct diag *d)
{
	int32_t *index = calloc(b->n_images + 1, sizeof(*index));
	struct buf front;
	struct sign_key *key = NULL;
	uint64_t content;
	size_t head;
	enum err e = index == NULL ? ERR_NOMEM : ERR_OK;

	buf_init(&front, LIMIT_BUNDLE);
	/* First: a wrong passphrase should leave nothing behind. */
	if (e == ERR_OK)
		e = keyring_unlock(&b->room->keys, b->key, &key, d);
	if (e == ERR_OK)
		e = images_finish(b, index, d);
	if (e == ERR_OK)
		e = articles_finish(b, index, d);
	if (e == ERR_OK)
		e = bundle_draft_finish(
			b->draft, &front, &head, &content, total, d);
	if (e == ERR_OK)
		e = file_make(b, key, buf_view(&front), head, *total, d);
	*text = front.n;
	buf_free(&front);
	free(index);
	return e;
}
