#include "fetch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "confine_role.h"
#include "fetch_private.h"

/* Copy a string of the options. */
static bool
keep(struct fetch *f, size_t i, const char **s)
{
	if (*s == NULL)
		return true;
	f->strings[i] = strdup(*s);
	*s = f->strings[i];
	return *s != NULL;
}

const char *
fetch_sandbox(void)
{
	const char *why;

	(void)confine_can(&why);
	return why;
}

static enum err
sandbox_check(struct diag *d)
{
	const char *why = fetch_sandbox();

	if (why[0] == '\0')
		return ERR_OK;
	return diag_set(d, ERR_FAILED,
		"the network process cannot be shut in as you require: %s",
		why);
}

enum err
fetch_new(const struct fetch_options *o, struct fetch **out, struct diag *d)
{
	struct fetch *f = calloc(1, sizeof(*f));
	enum err e = ERR_OK;
	size_t i;

	*out = NULL;
	if (f != NULL)
		f->wish = calloc(SLOTS, sizeof(*f->wish));
	if (f == NULL || f->wish == NULL)
		goto memory;
	f->left = clock_steady();
	if (o != NULL)
		f->options = *o;
	if (!keep(f, 0, &f->options.ca_file) ||
		!keep(f, 1, &f->options.proxy) ||
		!keep(f, 2, &f->options.resolver))
		goto memory;
	if (f->options.require_sandbox)
		e = sandbox_check(d);
	for (i = 0; e == ERR_OK && i < CELL_KINDS; i++)
		e = link_start(&f->spare[i], &f->options, d);
	if (e != ERR_OK) {
		fetch_free(f);
		return e;
	}
	*out = f;
	return ERR_OK;
memory:
	fetch_free(f);
	return diag_set(d, ERR_NOMEM, "out of memory");
}

void
fetch_free(struct fetch *f)
{
	size_t i;

	if (f == NULL)
		return;
	for (i = 0; i < CELL_KINDS; i++)
		link_stop(&f->link[i], NULL);
	for (i = 0; i < SPARES; i++)
		link_stop(&f->spare[i], NULL);
	free(f->wish);
	for (i = 0; i < sizeof(f->strings) / sizeof(f->strings[0]); i++)
		free(f->strings[i]);
	free(f);
}

/* Whether this process has a network to give up. */
static bool
has_network(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0)
		return errno != EPERM && errno != EACCES && errno != ENOSYS;
	close(fd);
	return true;
}

enum err
fetch_offline(struct fetch *f, struct diag *d)
{
	static const struct confine_reach none = {.read = NULL};
	unsigned held, whole = confine_whole(CONFINE_OFFLINE);
	enum err e = ERR_OK;
	size_t i;

	/* Filters add up, and each costs. */
	f->offline = !has_network();
	if (f->offline)
		return ERR_OK;
	for (i = 0; e == ERR_OK && i < SPARES; i++)
		if (f->spare[i].pid == 0)
			e = link_start(&f->spare[i], &f->options, d);
	if (e != ERR_OK)
		return e;
	held = confine_enter(CONFINE_OFFLINE, &none);
	f->offline = (held & whole) == whole;
	if (!f->offline && f->options.require_sandbox)
		return diag_set(d, ERR_FAILED,
			"this process cannot give up its network as you "
			"require: system calls cannot be filtered here");
	return ERR_OK;
}

pid_t
fetch_pid(const struct fetch *f)
{
	size_t i;

	for (i = 0; i < CELL_KINDS; i++)
		if (f->link[i].pid != 0)
			return f->link[i].pid;
	for (i = 0; i < SPARES; i++)
		if (f->spare[i].pid != 0)
			return f->spare[i].pid;
	return 0;
}
