#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../core/text.h"
#include "../sys/clock.h"
#include "mirror_node.h"

#define HOUR 3600000000 /* of clock_steady */
#define MINUTE 60000000

static void
say_where(const struct mirror_node *n)
{
	unsigned allowed = serve_allowed(n->c.serve.connections);
	char root[300], url[300];

	if (allowed < n->c.serve.connections)
		talk_warn(n->cx,
			"the limit of descriptors here allows %u "
			"connections",
			allowed);
	/* Tests and scripts read this line; it comes even when quiet. */
	talk_warn(n->cx, "serving %s on %s",
		text_show(root, sizeof(root), span_str(n->c.root)),
		text_show(url, sizeof(url), span_str(serve_url(n->s))));
}

/* Totals since the start, when there is anything new. */
static void
say_counts(struct mirror_node *n)
{
	struct serve_counts k = serve_count(n->s);
	char size[TALK_SIZE], taken[TALK_SIZE];

	n->said_at = clock_steady();
	if (!n->c.counts || memcmp(&k, &n->said, sizeof(k)) == 0)
		return;
	n->said = k;
	if (n->a != NULL)
		talk(n->cx, "%s: %llu pushes, %s taken in", n->cx->program,
			(unsigned long long)k.pushes,
			talk_size(taken, k.pushed));
	talk(n->cx,
		"%s: %llu requests: %llu found, %llu missing, %llu refused; "
		"%s sent; %llu clients too slow, %llu over a limit",
		n->cx->program, (unsigned long long)k.requests,
		(unsigned long long)k.found, (unsigned long long)k.missing,
		(unsigned long long)k.refused, talk_size(size, k.bytes),
		(unsigned long long)k.slow, (unsigned long long)k.crowded);
}

/* ---- what has to outlive us */

static void
save(struct mirror_node *n)
{
	struct serve_counts k = serve_count(n->s);
	struct diag d = {.code = ERR_OK};
	struct mirror_state was = n->state;

	n->saved_at = clock_steady();
	if (n->c.state == NULL)
		return;
	n->state.month = serve_month(n->s);
	if (k.pushes != n->pushes)
		n->state.pushed = clock_now();
	n->pushes = k.pushes;
	if (memcmp(&was, &n->state, sizeof(was)) == 0)
		return;
	if (mirror_state_write(&n->c, &n->state, &d) == ERR_OK) {
		n->told = false;
		return;
	}
	n->state = was;
	/* Once: a full disk stays full for a while. */
	if (!n->told)
		talk_warn(n->cx, "counts are not kept: %s", d.why);
	n->told = true;
}

/* Heads every minute, the disk every hour. */
static void
look(struct mirror_node *n, bool count)
{
	int64_t now = clock_now();
	size_t i;

	n->looked_at = clock_steady();
	for (i = 0; n->c.metrics != NULL && i < n->c.n_publishers; i++) {
		mirror_held_head(&n->c, i, now, &n->held[i]);
		if (count)
			mirror_held_count(&n->c, i, &n->held[i]);
	}
	if (count)
		n->count_at = n->looked_at;
}

/* Every few seconds. */
static void
tick(struct mirror_node *n)
{
	bool pushed = serve_count(n->s).pushes != n->pushes;
	int64_t now = clock_steady();

	if (pushed || now - n->saved_at >= MINUTE)
		save(n);
	if (n->a != NULL)
		admit_tick(n->a);
	if (pushed || now - n->looked_at >= MINUTE)
		look(n, now - n->count_at >= HOUR);
	if (now - n->said_at >= HOUR)
		say_counts(n);
}

/* ---- starting, and starting over */

/* Who takes pushes by this configuration: nobody without publishers. */
static enum err
open_admit(struct mirror_node *n, struct diag *d)
{
	struct mirror_held *held;
	enum err e;

	if (n->c.n_publishers == 0)
		return ERR_OK;
	held = calloc(n->c.n_publishers, sizeof(*held));
	if (held == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	free(n->held);
	n->held = held;
	mirror_config_admit(&n->c, &n->admit);
	n->admit.blocked = mirror_blocks_sha256;
	n->admit.blocked_arg = &n->blocks;
	e = admit_new(&n->admit, ADMIT_PUSH, &n->a, d);
	if (e == ERR_OK)
		admit_put(n->a, &n->put);
	return e;
}

static void
close_admit(struct mirror_node *n)
{
	if (n->s != NULL)
		serve_set_put(n->s, NULL);
	admit_free(n->a);
	n->a = NULL;
}

/* systemd's socket counts, not the one in the file. */
static void
settle_inherited(const struct mirror_node *n, struct mirror_config *c)
{
	if (n->inherited && !c->per_address_given)
		c->serve.per_address = n->local ? 0 : MIRROR_PER_ADDRESS;
}

static void
wire(struct mirror_node *n, struct mirror_config *c)
{
	n->block = (struct serve_block){&n->blocks, mirror_blocks_find};
	n->page = (struct serve_page){n, mirror_metrics};
	c->serve.block = &n->block;
	c->serve.page = &n->page;
}

static enum err
start(struct mirror_node *n, struct diag *d)
{
	enum err e = serve_inherited(&n->inherited, &n->local, d);

	settle_inherited(n, &n->c);
	wire(n, &n->c);
	if (e == ERR_OK)
		e = mirror_state_read(&n->c, &n->state, d);
	if (e == ERR_OK)
		e = mirror_blocks_load(&n->blocks, &n->c, d);
	if (e == ERR_OK)
		e = open_admit(n, d);
	if (e == ERR_OK && n->a != NULL)
		n->c.serve.put = &n->put;
	if (e == ERR_OK)
		e = serve_new(&n->c.serve, &n->s, d);
	if (e != ERR_OK)
		return e;
	serve_set_month(n->s, &n->state.month);
	n->said = serve_count(n->s);
	n->lock = mirror_state_lock(&n->c);
	n->said_at = clock_steady();
	look(n, true);
	return ERR_OK;
}

/* The folder of a path, malloc'd; NULL without a path. */
static char *
folder_of(const char *path)
{
	const char *slash = path == NULL ? NULL : strrchr(path, '/');

	if (path == NULL)
		return NULL;
	if (slash == NULL)
		return strdup(".");
	return slash == path ? strdup("/")
			     : strndup(path, (size_t)(slash - path));
}

static void
add(const char **list, size_t *n, const char *path)
{
	if (path != NULL)
		list[(*n)++] = path;
}

/* From now on it reads what strangers send. What a reload may name besides:
 * folders beside the configuration, to read, and a socket there. */
static void
confine(const struct mirror_node *n, const char *file)
{
	bool path = strncmp(n->c.listen, "unix:", 5) == 0;
	char *beside = folder_of(file),
	     *socket = folder_of(path ? n->c.listen + 5 : NULL);
	const char *write[3] = {NULL}, *read[4] = {NULL}, *sockets[3] = {NULL};
	const struct serve_reach reach = {write, read, sockets};
	size_t writes = 0, reads = 0, places = 0;

	add(write, &writes, n->c.state);
	if (n->c.n_publishers > 0)
		add(write, &writes, n->c.root);
	add(read, &reads, n->c.root);
	add(read, &reads, n->c.cover);
	add(read, &reads, beside);
	add(sockets, &places, beside);
	add(sockets, &places, socket);
	if (!serve_confine(&reach) && n->cx->verbose)
		talk_warn(n->cx,
			"this system has no Landlock: what the server may "
			"open is up to its user's rights");
	free(beside);
	free(socket);
}

/* Take `next` over, or leave all as it was. */
static enum err
change(struct mirror_node *n, struct mirror_config *next, struct diag *d)
{
	struct mirror_config was = n->c;
	struct mirror_blocks fresh = {.n = 0}, blocks = n->blocks;
	struct diag again;
	enum err e = mirror_blocks_load(&fresh, next, d);

	if (e != ERR_OK) {
		mirror_blocks_free(&fresh);
		mirror_config_free(next);
		return e;
	}
	settle_inherited(n, next);
	wire(n, next);
	close_admit(n);
	n->blocks = fresh;
	n->c = *next;
	e = open_admit(n, d);
	if (e == ERR_OK)
		e = serve_reload(n->s, &n->c.serve, d);
	if (e != ERR_OK) {
		close_admit(n);
		n->c = was;
		mirror_blocks_free(&n->blocks);
		n->blocks = blocks;
		mirror_config_free(next);
		/* What could be opened before can be opened now. */
		if (open_admit(n, &again) != ERR_OK)
			talk_warn(n->cx, "no pushes are taken: %s", again.why);
	} else {
		mirror_blocks_free(&blocks);
		mirror_config_free(&was);
	}
	if (n->a != NULL)
		serve_set_put(n->s, &n->put);
	look(n, true);
	return e;
}

/* A reload that fails leaves all as it was: a slip in the file must not stop
 * a mirror. */
static void
reload(struct mirror_node *n, const struct mirror_options *o)
{
	struct diag d = {.code = ERR_OK};
	struct mirror_config next;
	char notice[96];
	enum err e;

	errno = 0;
	snprintf(notice, sizeof(notice), "RELOADING=1\nMONOTONIC_USEC=%lld",
		(long long)clock_steady());
	serve_notify(notice);
	e = mirror_config_load(o, &next, &d);
	if (e == ERR_OK)
		e = change(n, &next, &d);
	if (e != ERR_OK && errno == EACCES)
		talk_warn(n->cx,
			"not reloaded: %s; a server that runs is shut in: "
			"restart it for another folder",
			d.why);
	else if (e != ERR_OK)
		talk_warn(n->cx, "not reloaded: %s", d.why);
	else
		say_where(n);
	serve_notify("READY=1");
}

static void
stop(struct mirror_node *n)
{
	serve_free(n->s);
	admit_free(n->a);
	mirror_blocks_free(&n->blocks);
	mirror_config_free(&n->c);
	free(n->held);
	if (n->lock >= 0)
		close(n->lock);
}

/* What clients have just sent is in memory, a proxy's word of their addresses
 * perhaps among it: no crash may write it down. */
static void
guard_memory(void)
{
	const struct rlimit none = {0, 0};

	(void)setrlimit(RLIMIT_CORE, &none);
}

enum err
mirror_serve(struct context *cx, int argc, char **argv, struct diag *d)
{
	struct mirror_options o = {NULL, NULL, NULL, NULL};
	struct mirror_node n = {.cx = cx, .lock = -1};
	struct opt opts[MIRROR_OPTS];
	enum serve_event what = SERVE_RELOAD;
	int first;
	enum err e;

	guard_memory();
	mirror_config_opts(&o, opts);
	e = command_opts(cx, opts, argc, argv, 0, 0, &first, d);
	if (e == ERR_OK)
		e = mirror_config_load(&o, &n.c, d);
	if (e != ERR_OK)
		return e;
	e = start(&n, d);
	if (e == ERR_OK) {
		confine(&n, o.file == NULL && o.root == NULL ? MIRROR_FILE
							     : o.file);
		say_where(&n);
		serve_notify("READY=1\nSTATUS=serving");
	}
	while (e == ERR_OK && what != SERVE_STOP) {
		e = serve_run(n.s, &what, d);
		if (e == ERR_OK && what == SERVE_RELOAD)
			reload(&n, &o);
		else if (e == ERR_OK && what == SERVE_REPORT)
			tick(&n);
	}
	if (e == ERR_OK) {
		serve_notify("STOPPING=1");
		e = serve_drain(n.s, d);
	}
	if (n.s != NULL) {
		say_counts(&n);
		save(&n);
	}
	stop(&n);
	return e;
}
