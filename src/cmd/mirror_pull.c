/* erika-mirror pull: becomes erika-mirror-pull (pull.h). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../core/bytes.h"
#include "mirror_config.h"
#include "pull.h"

/* The folder that this program is in, where the system can say; else it is
 * looked for as commands are. */
static void
program_run(char *const *args)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	char *slash;

	if (n > 0) {
		path[n] = '\0';
		slash = strrchr(path, '/');
		if (slash != NULL &&
			(size_t)(slash - path) + sizeof(PULL_PROGRAM) + 1 <
				sizeof(path)) {
			memcpy(slash + 1, PULL_PROGRAM, sizeof(PULL_PROGRAM));
			execv(path, args);
		}
	}
	execvp(PULL_PROGRAM, args);
}

enum err
mirror_pull(struct context *cx, int argc, char **argv, struct diag *d)
{
	char **args = calloc((size_t)argc + 8, sizeof(*args));
	int i, n = 0;
	enum err e;

	if (args == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	args[n++] = (char *)(uintptr_t)cx->program;
	args[n++] = (char *)(uintptr_t) "pull";
	if (cx->json)
		args[n++] = (char *)(uintptr_t) "--json";
	if (cx->quiet)
		args[n++] = (char *)(uintptr_t) "--quiet";
	if (cx->verbose)
		args[n++] = (char *)(uintptr_t) "--verbose";
	if (cx->no_input)
		args[n++] = (char *)(uintptr_t) "--no-input";
	for (i = 0; i < argc; i++)
		args[n++] = argv[i];
	program_run(args);
	e = diag_set(d, ERR_MISSING, "%s is not installed beside %s: %s",
		PULL_PROGRAM, cx->program, strerror(errno));
	free(args);
	return e;
}
