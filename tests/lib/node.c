/* A mirror node for unit tests of admission. */
#include "node.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../src/core/crypto.h"
#include "../../src/core/text.h"
#include "../../src/sys/file.h"

char node_dir[] = "/tmp/erika-admit.XXXXXX";
int64_t node_time = REPO_NOW;
uint8_t node_blocked[32];
bool node_blocks;

static int64_t
now(void)
{
	return node_time;
}

static bool
blocked(void *arg, const uint8_t sha256[static 32])
{
	(void)arg;
	return node_blocks && memcmp(sha256, node_blocked, 32) == 0;
}

void
node_open(struct node *n)
{
	struct diag d;

	n->c.publishers = &n->p;
	n->c.root = n->root;
	if (admit_new(&n->c, ADMIT_PUSH, &n->a, &d) != ERR_OK)
		abort();
	admit_put(n->a, &n->put);
}

void
node_new(struct node *n, const char *name, struct repo *r)
{
	struct diag d;

	*n = (struct node){
		.p = {.name = "one", .folder = "", .fingerprint_n = 32},
		.c = {.n_publishers = 1, .blocked = blocked, .now = now}};
	snprintf(n->root, sizeof(n->root), "%s/%s", node_dir, name);
	if (trust_fingerprint(buf_view(&repo_get(r, "1.root.json")->bytes),
		    n->p.fingerprint, &d) != ERR_OK)
		abort();
	node_open(n);
}

void
node_again(struct node *n)
{
	admit_free(n->a);
	node_open(n);
}

/* PUT in pieces of k bytes. */
unsigned
node_put_pieces(struct node *n, const char *path, struct span s, size_t k)
{
	char why[160];
	void *push;
	unsigned status = n->put.begin(n->put.arg, path, s.n, &push);

	if (status != 0)
		return status;
	while (s.n > 0) {
		size_t some = s.n < k ? s.n : k;

		status = n->put.write(n->put.arg, push, s.p, some);
		if (status != 0) {
			n->put.cut(n->put.arg, push);
			return status;
		}
		s = span_sub(s, some, s.n);
	}
	return n->put.end(n->put.arg, push, why);
}

unsigned
node_put(struct node *n, const char *path, struct span s)
{
	return node_put_pieces(n, path, s, 7);
}

unsigned
node_put_file(struct node *n, struct repo *r, const char *name)
{
	char path[160];

	snprintf(path, sizeof(path), "m/%s", name);
	return node_put(n, path, buf_view(&repo_get(r, name)->bytes));
}

/* Where a target of these bytes lies. */
const char *
node_target(char out[static 256], const char *path, const char *bytes)
{
	uint8_t hash[32];
	char hex[65];
	const char *name = strrchr(path, '/');

	hash_bytes(HASH_SHA256, span_str(bytes), hash);
	text_hex(hex, hash, 32);
	snprintf(out, 256, "t/%.*s/%s.%s", (int)(name - path), path, hex,
		name + 1);
	return out;
}

bool
node_serves(const struct node *n, const char *rest)
{
	char path[400];

	snprintf(path, sizeof(path), "%s/%s", n->root, rest);
	return file_exists(path);
}

/* Files below the folder, but for the stage's own two. */
static int files_seen;

static int
count_one(const char *path, const struct stat *st, int type, struct FTW *f)
{
	const char *name = path + f->base;

	(void)st;
	if (type == FTW_F && strcmp(name, "lock") != 0 &&
		strcmp(name, "owner") != 0)
		files_seen++;
	return 0;
}

int
node_files(const struct node *n)
{
	files_seen = 0;
	(void)nftw(n->root, count_one, 16, FTW_PHYS);
	return files_seen;
}

/* Everything up to the targets. */
bool
node_put_head(struct node *n, struct repo *r, unsigned v)
{
	const char *const roles[] = {"snapshot", "targets", "x", "d-news"};
	char name[64];
	size_t i;

	if (!node_serves(n, "m/1.root.json"))
		(void)node_put_file(n, r, "1.root.json");
	if (node_put_file(n, r, "timestamp.json") != 201)
		return false;
	for (i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "%u.%s.json", v, roles[i]);
		if (node_put_file(n, r, name) != 201)
			return false;
	}
	return true;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *f)
{
	(void)st;
	(void)type;
	(void)f;
	return remove(path);
}

bool
node_start(void)
{
	return crypto_start() == ERR_OK && mkdtemp(node_dir) != NULL;
}

void
node_end(void)
{
	(void)nftw(node_dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
