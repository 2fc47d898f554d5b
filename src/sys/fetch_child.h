/* Inside the child: one loop over the wishes, libcurl's multi interface for
 * those that go to the network. Private to fetch*.c. */
#ifndef ERIKA_FETCH_CHILD_H
#define ERIKA_FETCH_CHILD_H

#include <stdint.h>

#include "fetch.h"
#include "fetch_wire.h"

/* A child has one kind of work, by its first wish, and no more rights than
 * that needs. */
enum cell_kind {
	CELL_NAMES,  /* asks the resolver of this machine for names */
	CELL_SILENT, /* connects to addresses, and can ask for no name */
	CELL_FOLDER, /* reads files, and has no network */
	CELL_KINDS
};

enum cell_kind cell_kind_of(enum strategy s);

/* Give up what the child does not need: all files but `fd` (which becomes
 * descriptor 3), the parent's signal handlers, core dumps, writing files, new
 * privileges; and die with the parent. Returns the new descriptor, -1 when
 * something could not be given up. */
int cell_enter(int fd, pid_t parent);

/* Give up all that this kind of work does not need, as far as this system can;
 * false: the options demand more than it can. `ca_file` (may be NULL) can
 * still be read. */
bool cell_confine(enum cell_kind kind, const struct fetch_options *o,
	const char *ca_file);

/* Where the authorities of TLS are, ended by NULL. */
extern const char *const cell_authorities[];

/* With this status a child ends that could not be confined. */
#define CELL_NO_SANDBOX 4

/* Serve the parent at `fd` until it is gone. */
_Noreturn void fetch_child(int fd, const struct fetch_options *o);

/* Where body bytes go, in order; at most what the wish allows. */
typedef void sink_fn(void *arg, const uint8_t *p, size_t n);

/* End a wish: the code and one line of why. The first call counts. */
void done_set(struct wire_done *d, enum err e, const char *fmt, ...)
	ERR_PRINTF(3, 4);

/* Read a wish from a folder: nothing outside it, no symbolic links, regular
 * files only, names that pass text_path_ok. Fills `done`. */
void folder_read(const struct wire_want *w, sink_fn *sink, void *arg,
	struct wire_done *done);

#endif
