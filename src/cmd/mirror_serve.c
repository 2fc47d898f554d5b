#include <string.h>

#include "../core/text.h"
#include "mirror_config.h"

static void
say_where(const struct context *cx, const struct mirror_config *c,
	const struct serve *s)
{
	unsigned allowed = serve_allowed(c->serve.connections);
	char root[300], url[300];

	if (allowed < c->serve.connections)
		talk_warn(cx,
			"the limit of descriptors here allows %u "
			"connections",
			allowed);
	/* Tests and scripts read this line; it comes even when quiet. */
	talk_warn(cx, "serving %s on %s",
		text_show(root, sizeof(root), span_str(c->root)),
		text_show(url, sizeof(url), span_str(serve_url(s))));
}

/* Totals since the start, when there is anything new. */
static void
say_counts(const struct context *cx, const struct serve *s,
	struct serve_counts *said)
{
	struct serve_counts n = serve_count(s);
	char size[TALK_SIZE];

	if (memcmp(&n, said, sizeof(n)) == 0)
		return;
	*said = n;
	talk(cx,
		"%s: %llu requests: %llu found, %llu missing, %llu refused; "
		"%s sent; %llu clients too slow, %llu over a limit",
		cx->program, (unsigned long long)n.requests,
		(unsigned long long)n.found, (unsigned long long)n.missing,
		(unsigned long long)n.refused, talk_size(size, n.bytes),
		(unsigned long long)n.slow, (unsigned long long)n.crowded);
}

/* A reload that fails leaves all as it was: a slip in the file must not stop
 * a mirror. */
static void
reload(const struct context *cx, const struct mirror_options *o,
	struct serve *s, struct mirror_config *c)
{
	struct diag d = {.code = ERR_OK};
	struct mirror_config next;
	enum err e = mirror_config_load(o, &next, &d);

	if (e == ERR_OK) {
		e = serve_reload(s, &next.serve, &d);
		if (e != ERR_OK)
			mirror_config_free(&next);
	}
	if (e != ERR_OK) {
		talk_warn(cx, "not reloaded: %s", d.why);
		return;
	}
	mirror_config_free(c);
	*c = next;
	say_where(cx, c, s);
}

enum err
mirror_serve(struct context *cx, int argc, char **argv, struct diag *d)
{
	struct mirror_options o = {NULL, NULL, NULL, NULL};
	struct opt opts[MIRROR_OPTS];
	struct serve_counts said = {.requests = 0};
	enum serve_event what = SERVE_RELOAD;
	struct mirror_config c;
	struct serve *s = NULL;
	int first;
	enum err e;

	mirror_config_opts(&o, opts);
	e = command_opts(cx, opts, argc, argv, 0, 0, &first, d);
	if (e == ERR_OK)
		e = mirror_config_load(&o, &c, d);
	if (e != ERR_OK)
		return e;
	e = serve_new(&c.serve, &s, d);
	if (e == ERR_OK)
		say_where(cx, &c, s);
	while (e == ERR_OK) {
		e = serve_run(s, &what, d);
		if (e == ERR_OK && what == SERVE_RELOAD)
			reload(cx, &o, s, &c);
		else if (c.counts)
			say_counts(cx, s, &said);
		if (what == SERVE_STOP)
			break;
	}
	serve_free(s);
	mirror_config_free(&c);
	return e;
}
