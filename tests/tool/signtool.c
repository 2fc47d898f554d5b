/* Make keys and signatures for tests, from given seeds and no randomness:
 * what it writes is worthless as a secret. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/core/limits.h"
#include "../../src/core/sign.h"
#include "../../src/core/text.h"

static const char usage[] =
	"usage: signtool key SEEDHEX [PASSPHRASE]         secret key file\n"
	"       signtool pub SECRET [PASSPHRASE]          public key file\n"
	"       signtool sign SECRET FILE COMMENT [PASSPHRASE]\n"
	"       signtool verify PUBLIC FILE SIGNATURE     trusted comment\n"
	"       signtool strict SIGNATURE                 exit status only\n";

static enum err
file_read(const char *path, struct buf *b, struct diag *d)
{
	FILE *f = fopen(path, "rb");
	uint8_t block[4096];
	enum err e = ERR_OK;
	size_t n;

	buf_init(b, 16 * LIMIT_MIB);
	if (f == NULL)
		return diag_set(d, ERR_IO, "cannot open %s", path);
	while (e == ERR_OK && (n = fread(block, 1, sizeof(block), f)) > 0)
		e = buf_add(b, block, n);
	fclose(f);
	return e;
}

static enum err
key_read(
	const char *path, const char *pass, struct sign_key **k, struct diag *d)
{
	struct span p = span_str(pass == NULL ? "" : pass);
	struct buf b;
	enum err e;

	*k = NULL;
	e = file_read(path, &b, d);
	if (e == ERR_OK)
		e = sign_key_load(buf_view(&b), pass == NULL ? NULL : &p, k, d);
	buf_free(&b);
	return e;
}

static enum err
run_key(char **argv, struct buf *out, struct diag *d)
{
	static const uint8_t salt[32] = "a salt for tests, and for no use";
	struct span p = span_str(argv[1] == NULL ? "" : argv[1]);
	struct sign_key *k;
	uint8_t seed[32];
	enum err e;

	if (text_hex_decode(span_str(argv[0]), seed, sizeof(seed)) != ERR_OK)
		return diag_set(d, ERR_USAGE, "a seed is 64 hex digits");
	k = sign_key_new(seed);
	if (k == NULL)
		return ERR_NOMEM;
	e = sign_key_save(k, argv[1] == NULL ? NULL : &p, salt, out);
	sign_key_free(k);
	return e;
}

static enum err
run_pub(char **argv, struct buf *out, struct diag *d)
{
	struct sign_key *k;
	enum err e = key_read(argv[0], argv[1], &k, d);

	if (e == ERR_OK)
		e = minisign_key_add(out, sign_key_public(k));
	sign_key_free(k);
	return e;
}

static enum err
run_sign(char **argv, struct buf *out, struct diag *d)
{
	uint8_t hash[HASH_MAX];
	struct sign_key *k;
	struct buf b = {0};
	enum err e;

	e = key_read(argv[0], argv[3], &k, d);
	if (e == ERR_OK)
		e = file_read(argv[1], &b, d);
	if (e == ERR_OK) {
		hash_bytes(HASH_BLAKE2B_512, buf_view(&b), hash);
		e = sign_minisig(k, hash, argv[2], out);
	}
	buf_free(&b);
	sign_key_free(k);
	return e;
}

static enum err
run_verify(char **argv, struct buf *out, struct diag *d)
{
	struct buf pub = {0}, file = {0}, sig = {0};
	struct verified *v = NULL;
	struct minisign_sig *s = calloc(1, sizeof(*s));
	struct minisign_key k;
	enum err e;

	if (s == NULL)
		return ERR_NOMEM;
	e = file_read(argv[0], &pub, d);
	if (e == ERR_OK)
		e = file_read(argv[1], &file, d);
	if (e == ERR_OK)
		e = file_read(argv[2], &sig, d);
	if (e == ERR_OK)
		e = minisign_key_parse(buf_view(&pub), &k, d);
	if (e == ERR_OK)
		e = minisign_sig_parse(buf_view(&sig), s, d);
	if (e == ERR_OK)
		e = minisign_verify(s, &k, buf_view(&file), &v, d);
	if (e == ERR_OK)
		e = buf_printf(out, "%s\n", s->comment);
	verified_free(v);
	buf_free(&pub);
	buf_free(&file);
	buf_free(&sig);
	free(s);
	return e;
}

static enum err
run_strict(char **argv, struct buf *out, struct diag *d)
{
	struct buf sig;
	enum err e = file_read(argv[0], &sig, d);

	(void)out;
	if (e == ERR_OK && !minisign_sig_strict(buf_view(&sig)))
		e = diag_set(d, ERR_FAILED, "not erika-press's first line");
	buf_free(&sig);
	return e;
}

static const struct {
	const char *name;
	int least, most;
	enum err (*run)(char **argv, struct buf *out, struct diag *d);
} table[] = {
	{"key", 1, 2, run_key},
	{"pub", 1, 2, run_pub},
	{"sign", 3, 4, run_sign},
	{"verify", 3, 3, run_verify},
	{"strict", 1, 1, run_strict},
};

int
main(int argc, char **argv)
{
	struct diag d = {0};
	struct buf out;
	enum err e = ERR_USAGE;
	size_t i;

	if (crypto_start() != ERR_OK)
		return 1;
	buf_init(&out, LIMIT_MIB);
	for (i = 0; argc > 1 && i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(argv[1], table[i].name) == 0 &&
			argc - 2 >= table[i].least && argc - 2 <= table[i].most)
			break;
	if (argc < 2 || i == sizeof(table) / sizeof(table[0])) {
		fputs(usage, stderr);
		return 2;
	}
	e = table[i].run(argv + 2, &out, &d);
	if (e == ERR_OK)
		fwrite(buf_cstr(&out), 1, out.n, stdout);
	else
		fprintf(stderr, "signtool: %s: %s\n", err_str(e), d.why);
	buf_free(&out);
	return err_exit(e);
}
