/* What a monitor asks: Prometheus's text format, and a word on health. */
#include <inttypes.h>
#include <string.h>

#include "../sys/clock.h"
#include "../sys/file.h"
#include "mirror_node.h"

#define P "erika_mirror_"

/* "name{label} value", after what it is. */
static enum err
head(struct buf *out, const char *name, const char *type, const char *help)
{
	return buf_printf(out, "# HELP " P "%s %s\n# TYPE " P "%s %s\n", name,
		help, name, type);
}

static enum err
one(struct buf *out, const char *name, const char *type, const char *help,
	uint64_t v)
{
	enum err e = head(out, name, type, help);

	return e == ERR_OK ? buf_printf(out, P "%s %" PRIu64 "\n", name, v) : e;
}

static enum err
requests(struct buf *out, const struct serve_counts *n)
{
	enum err e =
		head(out, "requests_total", "counter", "Requests answered.");

	if (e == ERR_OK)
		e = buf_printf(out,
			P "requests_total{result=\"found\"} %" PRIu64 "\n" P
			  "requests_total{result=\"missing\"} %" PRIu64 "\n" P
			  "requests_total{result=\"refused\"} %" PRIu64 "\n",
			n->found, n->missing, n->refused);
	return e;
}

static enum err
totals(struct buf *out, const struct mirror_node *n)
{
	struct serve_counts k = serve_count(n->s);
	struct serve_month m = serve_month(n->s);
	unsigned connections, pushes;
	const struct {
		const char *name, *type, *help;
		uint64_t v;
	} rows[] = {
		{"sent_bytes_total", "counter", "Bytes of files sent.",
			k.bytes},
		{"slow_clients_total", "counter",
			"Clients dropped at a deadline.", k.slow},
		{"crowded_clients_total", "counter",
			"Clients dropped or not let in at a limit.", k.crowded},
		{"pushes_total", "counter", "Files that were put.", k.pushes},
		{"pushed_bytes_total", "counter",
			"Bytes of bodies taken in, kept or not.", k.pushed},
		{"blocked_total", "counter",
			"Requests answered 451, by the operator's will.",
			k.blocked},
		{"capped_total", "counter",
			"Requests answered 503 at the month's traffic.",
			k.capped},
		{"month_sent_bytes", "gauge",
			"Bytes sent in this month of UTC.", m.sent},
		{"month_limit_bytes", "gauge",
			"Bytes that may be sent in a month; 0 is no limit.",
			n->c.serve.month},
	};
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; e == ERR_OK && i < sizeof(rows) / sizeof(rows[0]); i++)
		e = one(out, rows[i].name, rows[i].type, rows[i].help,
			rows[i].v);
	serve_now(n->s, &connections, &pushes);
	if (e == ERR_OK)
		e = one(out, "connections", "gauge", "Connections now.",
			connections);
	if (e == ERR_OK)
		e = one(out, "pushes", "gauge", "Pushes going on now.", pushes);
	return e;
}

static uint64_t
version_of(const struct mirror_held *h)
{
	return h->head.timestamp;
}

static uint64_t
expires_of(const struct mirror_held *h)
{
	return h->head.expires < 0 ? 0 : (uint64_t)h->head.expires;
}

static uint64_t
came_of(const struct mirror_held *h)
{
	return h->came < 0 ? 0 : (uint64_t)h->came;
}

static uint64_t
bytes_of(const struct mirror_held *h)
{
	return h->bytes;
}

static uint64_t
files_of(const struct mirror_held *h)
{
	return h->files;
}

static uint64_t
bundles_of(const struct mirror_held *h)
{
	return h->bundles;
}

/* A publisher's name is made of a-z, 0-9, ".", "_" and "-". */
static enum err
publishers(struct buf *out, const struct mirror_node *n)
{
	static const struct {
		const char *name, *help;
		uint64_t (*of)(const struct mirror_held *);
	} rows[] = {
		{"head_version", "Version of the head held; 0 is none.",
			version_of},
		{"head_expires_seconds", "When that head expires (Unix time).",
			expires_of},
		{"head_came_seconds", "When it came here (Unix time).",
			came_of},
		{"store_bytes", "Bytes on disk.", bytes_of},
		{"store_files", "Files and folders on disk.", files_of},
		{"bundles", "Bundles held.", bundles_of},
	};
	enum err e = ERR_OK;
	size_t i, k;

	for (k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
		if (e == ERR_OK && n->c.n_publishers > 0)
			e = head(out, rows[k].name, "gauge", rows[k].help);
		for (i = 0; e == ERR_OK && i < n->c.n_publishers; i++)
			e = buf_printf(out,
				P "%s{publisher=\"%s\"} %" PRIu64 "\n",
				rows[k].name, n->c.publishers[i].name,
				rows[k].of(&n->held[i]));
	}
	return e;
}

static enum err
admission(struct buf *out, const struct mirror_node *n)
{
	struct admit_counts k;
	enum err e;

	if (n->a == NULL)
		return ERR_OK;
	k = admit_count(n->a);
	e = one(out, "kept_files_total", "counter",
		"Files that were put, checked and kept.", k.kept);
	if (e == ERR_OK)
		e = one(out, "kept_bytes_total", "counter", "Bytes of these.",
			k.bytes);
	if (e == ERR_OK)
		e = one(out, "refused_pushes_total", "counter",
			"Files that were put and not kept.", k.refused);
	if (e == ERR_OK)
		e = one(out, "heads_total", "counter", "Heads made live.",
			k.heads);
	if (e == ERR_OK)
		e = one(out, "pruned_files_total", "counter",
			"Files that the quota has taken.", k.pruned);
	return e;
}

static enum err
space(struct buf *out, const struct mirror_node *n)
{
	uint64_t left, all;
	enum err e;

	if (!mirror_held_space(n->c.root, &left, &all))
		return ERR_OK;
	e = one(out, "disk_free_bytes", "gauge",
		"Bytes free where copies are kept.", left);
	if (e == ERR_OK)
		e = one(out, "disk_bytes", "gauge", "Bytes of that disk.", all);
	return e;
}

/* A node serves as long as its folder is there: what is stale or has not come
 * yet is said, and is the newsroom's to mend. */
static unsigned
health(const struct mirror_node *n, struct buf *out)
{
	int64_t now = clock_now();
	enum err e;
	size_t i;

	if (!file_is_dir(n->c.root))
		return buf_str(out, "the folder is gone\n") == ERR_OK ? 503
								      : 500;
	e = buf_str(out, "ok\n");
	for (i = 0; e == ERR_OK && i < n->c.n_publishers; i++) {
		const struct mirror_held *h = &n->held[i];
		const char *name = n->c.publishers[i].name;

		if (h->err != ERR_OK)
			e = buf_printf(out, "%s: %s\n", name, h->why);
		else if (h->head.expires <= now)
			e = buf_printf(out, "%s: %s has expired\n", name,
				h->head.stale_role);
	}
	return e == ERR_OK ? 200 : 500;
}

unsigned
mirror_metrics(void *arg, const char *path, struct buf *out)
{
	const struct mirror_node *n = arg;
	struct serve_counts k;
	enum err e;

	if (strcmp(path, "healthz") == 0)
		return health(n, out);
	if (strcmp(path, "metrics") != 0)
		return 404;
	k = serve_count(n->s);
	e = requests(out, &k);
	if (e == ERR_OK)
		e = totals(out, n);
	if (e == ERR_OK)
		e = admission(out, n);
	if (e == ERR_OK)
		e = space(out, n);
	if (e == ERR_OK)
		e = publishers(out, n);
	if (e == ERR_OK)
		return 200;
	buf_clear(out);
	return 500;
}
