#include "route.h"

static const char *const names[STRATEGY_COUNT] = {
	[STRATEGY_HTTPS] = "https",
	[STRATEGY_ADDRESS] = "address",
	[STRATEGY_DOH] = "doh",
	[STRATEGY_SNI] = "sni",
	[STRATEGY_NO_SNI] = "no-sni",
	[STRATEGY_FRONT] = "front",
	[STRATEGY_STORAGE] = "storage",
	[STRATEGY_PROXY] = "proxy",
	[STRATEGY_FILE] = "file",
	[STRATEGY_HTTP] = "http",
};

const char *
strategy_name(enum strategy s)
{
	return s < STRATEGY_COUNT ? names[s] : "unknown";
}

bool
strategy_read(struct span name, enum strategy *out)
{
	unsigned i;

	for (i = 0; i < STRATEGY_COUNT; i++)
		if (span_eq(name, span_str(names[i]))) {
			*out = (enum strategy)i;
			return true;
		}
	return false;
}

bool
strategy_silent(enum strategy s)
{
	switch (s) {
	case STRATEGY_HTTPS:
	case STRATEGY_STORAGE:
	case STRATEGY_HTTP:
		return false;
	default:
		return true;
	}
}
