/* The front with somebody who takes every push, for tests of PUT itself:
 * puttool FOLDER [KEY=NUMBER]... serves FOLDER on a free port of loopback,
 * says where on standard error, and writes a line to standard output for each
 * thing that happens to a push: "begin PATH N", "write N" (in all, before an
 * end or a refusal), "end PATH SHA256", "cut PATH". Names decide:
 *	t/begin-NNN	is refused with NNN before a byte is read
 *	t/write-NNN	with its first bytes
 *	t/end-NNN	with NNN when all is there
 * All others are taken: 201. SIGTERM drains and ends. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/core/crypto.h"
#include "../../src/core/limits.h"
#include "../../src/core/text.h"
#include "../../src/sys/serve.h"

struct push {
	char path[LIMIT_HTTP_TARGET];
	uint64_t n, got;
	struct hash *hash;
};

static unsigned
status_of(const char *path, const char *when)
{
	const char *at = strstr(path, when);
	uint64_t v;

	if (at == NULL ||
		text_decimal(span_str(at + strlen(when)), 599, &v) != ERR_OK)
		return 0;
	return (unsigned)v;
}

static unsigned
take_begin(void *arg, const char *path, uint64_t n, void **push)
{
	unsigned status = status_of(path, "t/begin-");
	struct push *p;

	(void)arg;
	printf("begin %s %llu\n", path, (unsigned long long)n);
	if (status != 0)
		return status;
	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return 503;
	snprintf(p->path, sizeof(p->path), "%s", path);
	p->n = n;
	p->hash = hash_new(HASH_SHA256);
	*push = p;
	return 0;
}

static void
done(struct push *p)
{
	hash_free(p->hash);
	free(p);
}

static unsigned
take_write(void *arg, void *push, const uint8_t *bytes, size_t n)
{
	struct push *p = push;

	(void)arg;
	if (n == 0 || p->got + n > p->n)
		printf("wrong %s: %zu bytes after %llu\n", p->path, n,
			(unsigned long long)p->got);
	hash_add(p->hash, bytes, n);
	p->got += n;
	return status_of(p->path, "t/write-");
}

static unsigned
take_end(void *arg, void *push, char why[static 160])
{
	struct push *p = push;
	unsigned status = status_of(p->path, "t/end-");
	uint8_t hash[HASH_MAX];
	char hex[65];

	(void)arg;
	if (p->got != p->n)
		printf("wrong %s: ended at %llu\n", p->path,
			(unsigned long long)p->got);
	hash_end(p->hash, hash);
	text_hex(hex, hash, 32);
	printf("end %s %s\n", p->path, hex);
	snprintf(why, 160, "%.150s", p->path);
	done(p);
	return status == 0 ? 201 : status;
}

static void
take_cut(void *arg, void *push)
{
	struct push *p = push;

	(void)arg;
	printf("cut %s %llu\n", p->path, (unsigned long long)p->got);
	done(p);
}

/* KEY=NUMBER */
static bool
set(struct serve_config *c, const char *pair)
{
	struct {
		const char *key;
		unsigned *at;
	} keys[] = {{"pushes=", &c->pushes}, {"push=", &c->push_seconds},
		{"write=", &c->write_seconds}, {"bytes=", &c->write_bytes},
		{"head=", &c->head_seconds}, {"drain=", &c->drain_seconds},
		{"connections=", &c->connections}};
	uint64_t v;
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		size_t n = strlen(keys[i].key);

		if (strncmp(pair, keys[i].key, n) == 0 &&
			text_decimal(span_str(pair + n), 1000000, &v) ==
				ERR_OK) {
			*keys[i].at = (unsigned)v;
			return true;
		}
	}
	return false;
}

int
main(int argc, char **argv)
{
	const struct serve_put put = {
		NULL, take_begin, take_write, take_end, take_cut};
	struct serve_config c = {.listen = "127.0.0.1:0",
		.prefix = "/",
		.connections = 256,
		.head_seconds = 10,
		.idle_seconds = 30,
		.write_seconds = 30,
		.write_bytes = 16384,
		.pushes = 8,
		.push_seconds = 60,
		.drain_seconds = 5,
		.put = &put};
	enum serve_event what = SERVE_RELOAD;
	struct diag d = {.code = ERR_OK};
	struct serve *s = NULL;
	enum err e;
	int i;

	if (argc < 2 || crypto_start() != ERR_OK)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	c.root = argv[1];
	for (i = 2; i < argc; i++)
		if (!set(&c, argv[i]))
			return 2;
	e = serve_new(&c, &s, &d);
	if (e == ERR_OK)
		fprintf(stderr, "serving on %s\n", serve_url(s));
	while (e == ERR_OK && what != SERVE_STOP)
		e = serve_run(s, &what, &d);
	if (e == ERR_OK)
		e = serve_drain(s, &d);
	serve_free(s);
	if (e != ERR_OK)
		fprintf(stderr, "puttool: %s\n", d.why);
	return err_exit(e);
}
