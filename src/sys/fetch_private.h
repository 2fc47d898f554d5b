/* The parent's side of fetch: its wishes and its children. Private to
 * fetch*.c. */
#ifndef ERIKA_FETCH_PRIVATE_H
#define ERIKA_FETCH_PRIVATE_H

#include "fetch_child.h"
#include "fetch_link.h"

/* Children that wait for work: one for each kind, and two for when one dies.
 * When they are needed the parent may have no network to give to new ones. */
#define SPARES (CELL_KINDS + 2)

/* The child ends each wish at its deadline; it gets this much longer to say
 * so before it is taken for stuck, microseconds. */
#define GRACE 500000

/* Wishes at once; a power of two. */
#define SLOTS ((uint32_t)LIMIT_WISHES)

struct wish {
	bool open;	/* the child has not said the last of it */
	bool forgotten; /* by fetch_stop: no events */
	bool over;	/* ended here: its last event is still due */
	bool asked;
	uint32_t id;
	enum cell_kind kind;
	uint64_t cap;	  /* most bytes of the body */
	uint64_t n, came; /* bytes wanted of a part, 0: not a part; had */
	int64_t began;	  /* clock_steady */
	int64_t deadline; /* by the clock that stands still while the caller
			     is elsewhere, see `away` */
	struct fetch_got got;
};

struct fetch {
	struct fetch_options options;
	char *strings[3]; /* that options borrow */
	struct link link[CELL_KINDS];
	struct link spare[SPARES];
	struct wish *wish; /* LIMIT_WISHES of them; index: low bits of id */
	size_t n_open;	   /* with the child, forgotten ones too */
	size_t n_over;
	size_t n_live;	 /* those that have events to come */
	size_t next;	 /* where to look for a free one */
	uint32_t serial; /* high bits of the next id */
	/* Microseconds that the caller spent elsewhere: what came meanwhile
	 * lies in the socket, and the child may have waited for us. */
	int64_t away, left;
	bool offline;	   /* new children would have no network */
	unsigned deaths;   /* of children */
	struct diag death; /* the last one's */
};

/* The caller is back. */
void wish_attend(struct fetch *f);

/* A wish that has not ended, or NULL. */
struct wish *wish_find(struct fetch *f, uint32_t id);

/* The child has no more to say of it. */
void wish_close(struct fetch *f, struct wish *w);

/* A child is gone, or is to go: its wishes end. `why` says more than its
 * status does, or is NULL. */
void wish_lose(struct fetch *f, enum cell_kind kind, const char *why);

/* Whether these are percent-encoded segments of a URL: no query, no empty, "."
 * or ".." segment. */
bool url_path_ok(struct span s);

/* Whether the wish has a base, path, part and route that are ever fetched;
 * false: `d` says why not. */
bool want_ok(const struct fetch_want *w, struct diag *d);

/* The frame of a wish that is want_ok. */
void want_wire(const struct fetch_want *w, const struct fetch_options *o,
	uint32_t ms, struct wire_want *out);

#endif
