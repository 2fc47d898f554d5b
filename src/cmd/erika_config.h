/* What the reader set: erika.conf(5), the table of countries, and the options
 * of commands that use the network. */
#ifndef ERIKA_CONFIG_H
#define ERIKA_CONFIG_H

#include <stdbool.h>

#include "../core/country.h"
#include "../core/err.h"
#include "../sys/fetch.h"
#include "../sys/library.h"
#include "../sys/reach.h"
#include "command.h"

/* Options, which outrank the file. */
struct config_options {
	const char *country, *proxy, *network;
	bool http, require_sandbox;
};

/* Their lines for a command's table, as the initialisers of its elements. */
#define CONFIG_OPTS(o)                                                         \
	{"country", 'c', OPT_STRING, &(o).country, "CC",                       \
		"try first what works there: RU, IR, BY"},                     \
		{"proxy", 0, OPT_STRING, &(o).proxy, "URL",                    \
			"through this SOCKS proxy alone; tor, none"},          \
		{"http", 0, OPT_FLAG, &(o).http, NULL,                         \
			"plain http, too: others can read along"},             \
		{"network", 0, OPT_STRING, &(o).network, "NAME",               \
			"call this network so in the memory"},                 \
		{"require-sandbox", 0, OPT_FLAG, &(o).require_sandbox, NULL,   \
			"do nothing if the fetcher cannot be shut in"}

struct config {
	char *country; /* "RU", or "" */
	char *proxy;   /* "socks5h://HOST:PORT", or NULL */
	char *resolver, *resolver_address;
	char *network; /* or NULL: found out */
	char *way_out; /* network_mark, or NULL without a memory */
	bool http, memory, require_sandbox;
	struct countries countries; /* built in, or the user's */
};

/* Read the files that there are, then the options. ERR_CONFIG with file and
 * line, ERR_USAGE for an option, ERR_NOMEM; *out is empty then. `o` may be
 * NULL. */
enum err config_load(const struct config_options *o, struct config *out,
	struct diag *d) ERR_MUST_USE;
void config_clear(struct config *c);

/* What holds for one outlet: the tables of countries laid over each other (the
 * built-in one, the outlet's signed one, the user's), and settings for its
 * routes that borrow from this and from the configuration. */
struct config_outlet {
	struct countries countries;
	struct country here;
	struct diag said; /* ERR_MISSING: nothing is known about the country */
	struct reach_settings reach;
};

/* Make them; `l` may be NULL where no outlet is known. ERR_NOMEM, ERR_IO.
 * Clear it in any case. */
enum err config_outlet(const struct config *c, struct library *l,
	int64_t outlet, struct config_outlet *out,
	struct diag *d) ERR_MUST_USE;
void config_outlet_clear(struct config_outlet *o);

/* Start the fetcher as configured. */
enum err config_fetch(const struct config *c, struct fetch **out,
	struct diag *d) ERR_MUST_USE;

#endif
