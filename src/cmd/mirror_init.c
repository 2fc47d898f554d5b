/* erika-mirror init: four questions, one short file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../core/text.h"
#include "../core/trust.h"
#include "../core/words.h"
#include "../sys/file.h"
#include "mirror_config.h"

#define LINE 9000 /* a link with four mirrors */

/* What becomes the file. Strings of options, or owned ones in `line`. */
struct answers {
	const char *publisher, *listen, *store, *traffic, *root, *prefix;
	char line[4][LINE];
	char fingerprint[65]; /* of a root file that was named */
};

/* mirrors/example.conf is this with the standard answers; a test compares. */
static const char start[] =
	"# A mirror node of erika: erika-mirror serve -c FILE\n"
	"# erika-mirror.conf(5) describes every key; erika-mirror check reads\n"
	"# this file and says what serve would do. A line that begins with # "
	"is\n"
	"# a comment.\n"
	"\n"
	"[mirror]\n"
	"# Whose news to carry: the link, the eight words or the fingerprint "
	"that\n"
	"# the newsroom shows. Only what it has signed is taken. Without one,\n"
	"# whatever lies in the folder is served and nothing is taken.\n";

static const char rest[] =
	"\n"
	"# Where to listen: 127.0.0.1:8080 or unix:/path behind Caddy, nginx "
	"or\n"
	"# an onion service; 0.0.0.0:80 or [::]:80 for readers themselves.\n"
	"listen = %s\n"
	"\n"
	"# Where copies are kept, m/ and t/. A relative path stands beside "
	"this\n"
	"# file.\n"
	"root = %s\n"
	"\n"
	"# The path in URLs under which copies appear.\n"
	"prefix = %s\n"
	"\n"
	"# Disk at most; the oldest bundles make room.\n"
	"%sstore = %s\n"
	"\n"
	"# What may be sent in a month. After that what is new can still be "
	"seen,\n"
	"# but bundles are answered \"503, come back next month\".\n"
	"%straffic = %s\n"
	"\n"
	"# Bundles are sent no faster than this.\n"
	"#rate = 20Mbit\n"
	"\n"
	"# Other mirrors, or the newsroom's own folder, that erika-mirror "
	"pull\n"
	"# fetches from.\n"
	"#pull = https://mirror.example/ /mnt/newsroom/\n"
	"\n"
	"# Figures for Prometheus, and /healthz, for this machine alone.\n"
	"#metrics = 127.0.0.1:9108\n"
	"\n"
	"# A folder of ordinary pages for everybody who asks for another "
	"path.\n"
	"#cover = cover\n"
	"\n"
	"# Who you are when you have to take something down, and the key that\n"
	"# shows it was you (minisign -G makes one, on another machine).\n"
	"#operator = mirror@example.org\n"
	"#operator-key = RW...\n"
	"\n"
	"# What to write to standard error: counts every hour, or none. "
	"Addresses\n"
	"# of readers are never written.\n"
	"log = counts\n";

#define NONE(s) ((s)[0] == '\0' || strcmp(s, "none") == 0)

/* ---- checking one answer */

/* A root file stands for its fingerprint. */
static enum err
read_root(struct answers *a, const char *path, struct diag *d)
{
	uint8_t fp[32];
	struct buf b;
	enum err e;

	buf_init(&b, LIMIT_ROOT);
	e = file_read(path, LIMIT_ROOT, &b, d);
	if (e == ERR_OK)
		e = trust_fingerprint(buf_view(&b), fp, d);
	if (e == ERR_OK)
		text_hex(a->fingerprint, fp, sizeof(fp));
	buf_free(&b);
	if (e != ERR_OK)
		diag_prefix(d, e, "%s is no root.json of a newsroom", path);
	return e;
}

static enum err
check_key(const char *key, const char *value, struct diag *d)
{
	struct mirror_config c;
	enum err e;

	memset(&c, 0, sizeof(c));
	e = mirror_key_set(&c, "mirror", "", key, value, d);
	mirror_config_free(&c);
	return e;
}

static enum err
check_publisher(struct answers *a, const char *value, struct diag *d)
{
	if (NONE(value)) {
		a->publisher = "";
		return ERR_OK;
	}
	if (file_exists(value) && !file_is_dir(value)) {
		a->publisher = a->fingerprint;
		return read_root(a, value, d);
	}
	a->publisher = value;
	return check_key("publisher", value, d);
}

static enum err
check_listen(struct answers *a, const char *value, struct diag *d)
{
	static const char *const usual[] = {
		"127.0.0.1:8080", "unix:/run/erika/http", "[::]:80"};

	/* One of the numbers that the question offers. */
	if (value[0] >= '1' && value[0] <= '3' && value[1] == '\0')
		value = usual[value[0] - '1'];
	a->listen = value;
	return serve_listen_check(value, d);
}

static enum err
check_store(struct answers *a, const char *value, struct diag *d)
{
	a->store = NONE(value) ? "" : value;
	return NONE(value) ? ERR_OK : check_key("store", value, d);
}

static enum err
check_traffic(struct answers *a, const char *value, struct diag *d)
{
	a->traffic = NONE(value) ? "" : value;
	return NONE(value) ? ERR_OK : check_key("traffic", value, d);
}

/* ---- asking */

struct question {
	const char *text, *standard;
	enum err (*check)(struct answers *a, const char *value, struct diag *d);
	const char *given; /* by an option */
};

/* Until the answer is one. ERR_CANCELLED when there is no more input. */
static enum err
ask(struct answers *a, const struct question *q, char line[LINE],
	struct diag *d)
{
	enum err e;

	for (;;) {
		size_t n;

		fprintf(stderr, "\n%s [%s] ", q->text,
			q->standard[0] == '\0' ? "none" : q->standard);
		fflush(stderr);
		if (fgets(line, LINE, stdin) == NULL) {
			fputc('\n', stderr);
			return diag_set(d, ERR_CANCELLED, "nothing is written");
		}
		n = strlen(line);
		while (n > 0 && strchr(" \t\r\n", line[n - 1]) != NULL)
			line[--n] = '\0';
		memmove(line, line + strspn(line, " \t"),
			n - strspn(line, " \t") + 1);
		e = q->check(a, line[0] == '\0' ? q->standard : line, d);
		if (e == ERR_OK)
			return e;
		fprintf(stderr, "  %s\n", d->why);
	}
}

static enum err
gather(const struct context *cx, struct answers *a, struct diag *d)
{
	const struct question questions[] = {
		{"1/4  Whose news?\n"
		 "     A newsroom's link, its eight words, its fingerprint, or "
		 "a file 1.root.json.\n"
		 "    ",
			"", check_publisher, a->publisher},
		{"2/4  What stands between readers and this node?\n"
		 "     1  Caddy or nginx on this machine (127.0.0.1:8080)\n"
		 "     2  an onion service, or nginx by a socket "
		 "(unix:/run/erika/http)\n"
		 "     3  nothing: readers come directly ([::]:80)\n"
		 "     or an address and port of your own.\n"
		 "    ",
			"1", check_listen, a->listen},
		{"3/4  How much disk may copies take?\n"
		 "    ",
			"20G", check_store, a->store},
		{"4/4  How much may be sent in a month?\n"
		 "    ",
			"500G/month", check_traffic, a->traffic},
	};
	bool asks = !cx->no_input && isatty(STDIN_FILENO) == 1 &&
		    isatty(STDERR_FILENO) == 1;
	enum err e = ERR_OK;
	size_t i;

	if (asks)
		fprintf(stderr, "Four questions. Enter takes the answer in "
				"brackets.\n");
	for (i = 0; e == ERR_OK && i < 4; i++) {
		const struct question *q = &questions[i];

		if (q->given == NULL && asks) {
			e = ask(a, q, a->line[i], d);
			continue;
		}
		e = q->check(a, q->given == NULL ? q->standard : q->given, d);
		if (e == ERR_CONFIG)
			d->code = e = ERR_USAGE;
	}
	return e;
}

/* ---- writing */

/* Written as given and read back: a path that an INI file cannot hold, such
 * as one with \" #\" in it, must not come out as another. */
static enum err
verify(struct span s, const char *file, const struct answers *a, struct diag *d)
{
	struct mirror_config c;
	enum err e = mirror_config_parse(s, file, &c, d);
	size_t n, k;

	if (e != ERR_OK)
		return e == ERR_CONFIG ? (d->code = ERR_USAGE) : e;
	n = strlen(c.root);
	k = strlen(a->root);
	if (n < k || strcmp(c.root + n - k, a->root) != 0)
		e = diag_set(d, ERR_USAGE,
			"--root: a configuration cannot hold this path");
	mirror_config_free(&c);
	return e;
}

/* People compare words, not hex. */
static enum err
add_publisher(struct buf *b, const char *publisher)
{
	struct mirror_config c;
	struct diag d;
	enum err e;

	if (publisher[0] == '\0')
		return buf_str(b, "#publisher = erika:...\n");
	memset(&c, 0, sizeof(c));
	e = mirror_key_set(&c, "mirror", "", "publisher", publisher, &d);
	if (e == ERR_OK && c.publishers[0].fingerprint_n == 32) {
		e = buf_str(b, "# In words: ");
		if (e == ERR_OK)
			e = words_add(b, c.publishers[0].fingerprint);
		if (e == ERR_OK)
			e = buf_str(b, "\n");
	}
	mirror_config_free(&c);
	if (e != ERR_OK)
		return e;
	return buf_printf(b, "publisher = %s\n", publisher);
}

static enum err
compose(struct buf *b, const struct answers *a, struct diag *d)
{
	bool store = a->store[0] != '\0', traffic = a->traffic[0] != '\0';
	enum err e = buf_str(b, start);

	if (e == ERR_OK)
		e = add_publisher(b, a->publisher);
	if (e == ERR_OK)
		e = buf_printf(b, rest, a->listen, a->root, a->prefix,
			store ? "" : "#", store ? a->store : "20G",
			traffic ? "" : "#",
			traffic ? a->traffic : "500G/month");
	if (e != ERR_OK)
		diag_set(d, e, "the configuration is too long");
	return e;
}

static enum err
write_files(const char *folder, const char *file, const struct answers *a,
	struct diag *d)
{
	struct buf b;
	char *root = NULL;
	enum err e;

	buf_init(&b, LIMIT_CONFIG);
	e = compose(&b, a, d);
	if (e == ERR_OK)
		e = verify(buf_view(&b), file, a, d);
	if (e == ERR_OK) {
		root = a->root[0] == '/' ? strdup(a->root)
					 : file_join(folder, a->root);
		if (root == NULL)
			e = diag_set(d, ERR_NOMEM, "out of memory");
	}
	if (e == ERR_OK)
		e = file_mkdirs(folder, 0755, d);
	if (e == ERR_OK)
		e = file_mkdirs(root, 0755, d);
	if (e == ERR_OK)
		e = file_write(file, buf_view(&b), 0644, d);
	free(root);
	buf_free(&b);
	return e;
}

static void
say_done(const struct context *cx, const struct answers *a, const char *file)
{
	char show[300];

	text_show(show, sizeof(show), span_str(file));
	talk(cx, "wrote %s", show);
	if (a->publisher[0] == '\0')
		talk(cx, "It names no publisher: put what to serve into its "
			 "root, or name one.");
	talk(cx,
		"Next:\n"
		"  erika-mirror check -c %s\n"
		"  erika-mirror serve -c %s",
		show, show);
	if (a->publisher[0] != '\0')
		talk(cx, "Then tell the newsroom the address: it pushes, or "
			 "you name a mirror with \"pull\".");
}

enum err
mirror_init(struct context *cx, int argc, char **argv, struct diag *d)
{
	struct answers *a = calloc(1, sizeof(*a));
	const char *folder = ".";
	char *file, show[300];
	int first;
	enum err e;

	if (a == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	a->root = "tree";
	a->prefix = "/";
	const struct opt opts[] = {
		{"publisher", 0, OPT_STRING, &a->publisher, "WHO",
			"link, words, fingerprint or root.json of a newsroom"},
		{"listen", 0, OPT_STRING, &a->listen, "ADDR",
			"where to listen (127.0.0.1:8080)"},
		{"store", 0, OPT_STRING, &a->store, "SIZE",
			"disk at most, or none (20G)"},
		{"traffic", 0, OPT_STRING, &a->traffic, "SIZE",
			"sent in a month at most, or none (500G/month)"},
		{"root", 0, OPT_STRING, &a->root, "DIR",
			"where copies are kept, seen from FOLDER (tree)"},
		{"prefix", 0, OPT_STRING, &a->prefix, "PATH",
			"URL path of the copies (/)"},
		{NULL, 0, OPT_FLAG, NULL, NULL, NULL}};

	e = command_opts(cx, opts, argc, argv, 0, 1, &first, d);
	if (e != ERR_OK) {
		free(a);
		return e;
	}
	if (first < argc)
		folder = argv[first];
	file = file_join(folder, MIRROR_FILE);
	if (file == NULL)
		e = diag_set(d, ERR_NOMEM, "out of memory");
	else if (file_exists(file))
		e = diag_set(d, ERR_EXISTS,
			"%s; edit it, or choose another folder",
			text_show(show, sizeof(show), span_str(file)));
	if (e == ERR_OK)
		e = gather(cx, a, d);
	if (e == ERR_OK)
		e = write_files(folder, file, a, d);
	if (e == ERR_OK)
		say_done(cx, a, file);
	free(file);
	free(a);
	return e;
}
