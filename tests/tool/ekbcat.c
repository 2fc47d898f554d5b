/* Open a bundle as a stranger would, with nothing but the newsroom's .pub file
 * and the published folder, and write out what is in it, each byte verified.
 * Usage: ekbcat PUB FOLDER BUNDLE OUT
 * OUT gets ID.REVISION.xhtml of each article, and NAME.jpg, .png or .webp of
 * each picture; stdout a line for each:
 *	article ID REVISION STATUS LANGUAGE PACKED UNPACKED whole|dict|delta
 *	text NAME LENGTH OFFSET ID
 *	image NAME TYPE LENGTH OFFSET ARTICLE */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/core/bundle.h"
#include "../../src/core/limits.h"
#include "../../src/core/minisign.h"
#include "../../src/core/text.h"
#include "../../src/sys/file.h"

struct opened {
	struct buf file;
	struct verified *whole;
	struct bundle *bundle;
};

static const char *pub_file, *folder, *out_dir;
static struct diag why;

static void
check(enum err e, const char *what)
{
	if (e == ERR_OK)
		return;
	fprintf(stderr, "ekbcat: %s: %s: %s\n", what, err_str(e), why.why);
	exit(err_exit(e));
}

static struct buf
read_whole(const char *path, size_t max)
{
	struct buf b;

	buf_init(&b, max);
	check(file_read(path, max, &b, &why), path);
	return b;
}

/* A bundle file and its .minisig beside it. */
static struct opened
open_bundle(const char *path)
{
	struct minisign_key key;
	struct minisign_sig sig;
	struct opened o = {.bundle = NULL};
	char sig_path[4096];
	struct buf b;

	snprintf(sig_path, sizeof(sig_path), "%s.minisig", path);
	b = read_whole(pub_file, LIMIT_MINISIG);
	check(minisign_key_parse(buf_view(&b), &key, &why), pub_file);
	buf_free(&b);
	b = read_whole(sig_path, LIMIT_MINISIG);
	check(minisign_sig_parse(buf_view(&b), &sig, &why), sig_path);
	buf_free(&b);
	o.file = read_whole(path, LIMIT_BUNDLE);
	check(minisign_verify(&sig, &key, buf_view(&o.file), &o.whole, &why),
		path);
	check(bundle_open(o.whole, &o.bundle, &why), path);
	check(bundle_padding_check(o.bundle,
		      span_sub(buf_view(&o.file),
			      (size_t)bundle_content(o.bundle), o.file.n),
		      &why),
		path);
	return o;
}

static void
close_bundle(struct opened *o)
{
	bundle_free(o->bundle);
	verified_free(o->whole);
	buf_free(&o->file);
}

/* The published file of a target path: HASH.NAME in its folder. */
static char *
published(const char *target)
{
	const char *name = strrchr(target, '/') + 1;
	char dir[2048], *found = NULL;
	struct dirent *de;
	DIR *dp;

	snprintf(dir, sizeof(dir), "%s/t/%.*s", folder,
		(int)(name - 1 - target), target);
	dp = opendir(dir);
	while (dp != NULL && found == NULL && (de = readdir(dp)) != NULL)
		if (strlen(de->d_name) == 65 + strlen(name) &&
			strcmp(de->d_name + 65, name) == 0)
			found = file_join(dir, de->d_name);
	if (dp != NULL)
		closedir(dp);
	if (found == NULL) {
		fprintf(stderr, "ekbcat: %s is not in %s\n", target, dir);
		exit(1);
	}
	return found;
}

static struct verified *
trust(struct span s)
{
	struct digest digest = digest_of(s);
	struct verified *v;

	check(verified_again(s, &digest, &v), "out of memory");
	return v;
}

static struct verified *object_text(const struct opened *o, size_t i);

static struct verified *
base_text(const struct bundle_object *x)
{
	char *path = published(x->base_bundle);
	struct opened o = open_bundle(path);
	struct verified *v;
	int32_t i = bundle_find(o.bundle, &x->base);

	if (i < 0) {
		fprintf(stderr, "ekbcat: %s lacks the base\n", path);
		exit(1);
	}
	v = object_text(&o, (size_t)i);
	close_bundle(&o);
	free(path);
	return v;
}

static struct verified *
dict_text(const struct bundle_dict *dict)
{
	char *path = published(dict->path);
	struct buf b = read_whole(path, LIMIT_MIB);
	struct verified *file, *v;
	uint8_t sha256[32];

	hash_bytes(HASH_SHA256, buf_view(&b), sha256);
	check(memcmp(sha256, dict->sha256, 32) == 0 ? ERR_OK : ERR_HASH, path);
	file = trust(buf_view(&b));
	check(bundle_dict_unpack(file, &v, &why), path);
	verified_free(file);
	buf_free(&b);
	free(path);
	return v;
}

static struct verified *
object_packed(const struct opened *o, size_t i)
{
	const struct bundle_object *x = bundle_object(o->bundle, i);
	struct verified *v;

	check(bundle_object_verify(o->bundle, i,
		      span_sub(
			      buf_view(&o->file), (size_t)x->offset, x->packed),
		      &v, &why),
		"an object");
	return v;
}

static struct verified *
object_text(const struct opened *o, size_t i)
{
	const struct bundle_object *x = bundle_object(o->bundle, i);
	struct verified *packed = object_packed(o, i), *dict = NULL, *v;

	if (x->base_bundle != NULL)
		dict = base_text(x);
	else if (x->dict >= 0)
		dict = dict_text(bundle_dict(o->bundle, (size_t)x->dict));
	check(bundle_object_unpack(o->bundle, i, packed, dict, &v, &why),
		"unpacking");
	verified_free(packed);
	verified_free(dict);
	return v;
}

static void
write_out(const char *name, struct span s)
{
	char *path = file_join(out_dir, name);

	check(path == NULL ? ERR_NOMEM : file_write(path, s, 0644, &why), name);
	free(path);
}

static void
article_out(const struct opened *o, const struct article *a)
{
	const struct bundle_object *x;
	struct verified *v;
	char name[160], hex[65];

	printf("article %s %u %s %s", a->id, (unsigned)a->revision,
		article_status_str(a->status), a->language);
	if (a->text < 0) {
		printf(" 0 0 none\n");
		return;
	}
	x = bundle_object(o->bundle, (size_t)a->text);
	printf(" %u %u %s\n", (unsigned)x->packed, (unsigned)x->unpacked,
		x->base_bundle != NULL ? "delta"
		: x->dict >= 0	       ? "dict"
				       : "whole");
	text_hex(hex, x->name.b, 32);
	printf("text %s %u %llu %s\n", hex, (unsigned)x->packed,
		(unsigned long long)x->offset, a->id);
	v = object_text(o, (size_t)a->text);
	snprintf(name, sizeof(name), "%s.%u.xhtml", a->id,
		(unsigned)a->revision);
	write_out(name, verified_bytes(v));
	verified_free(v);
}

static void
image_out(const struct opened *o, const struct article *a,
	const struct article_image *m)
{
	const struct bundle_object *x;
	struct verified *v;
	char hex[65], name[80];

	text_hex(hex, m->name.b, 32);
	if (m->object < 0) {
		printf("image %s %s 0 0 %s\n", hex, m->type, a->id);
		return;
	}
	x = bundle_object(o->bundle, (size_t)m->object);
	printf("image %s %s %u %llu %s\n", hex, m->type, (unsigned)x->packed,
		(unsigned long long)x->offset, a->id);
	snprintf(name, sizeof(name), "%s.%s", hex,
		strcmp(m->type, "image/jpeg") == 0 ? "jpg" : m->type + 6);
	v = object_packed(o, (size_t)m->object);
	write_out(name, verified_bytes(v));
	verified_free(v);
}

int
main(int argc, char **argv)
{
	struct opened o;
	size_t i, k;

	if (argc != 5) {
		fprintf(stderr, "usage: ekbcat PUB FOLDER BUNDLE OUT\n");
		return 2;
	}
	pub_file = argv[1];
	folder = argv[2];
	out_dir = argv[4];
	check(file_mkdirs(out_dir, 0755, &why), out_dir);
	o = open_bundle(argv[3]);
	for (i = 0; i < bundle_articles(o.bundle); i++) {
		const struct article *a = bundle_article(o.bundle, i);

		article_out(&o, a);
		for (k = 0; k < a->n_images; k++)
			image_out(&o, a, &a->images[k]);
	}
	close_bundle(&o);
	return 0;
}
