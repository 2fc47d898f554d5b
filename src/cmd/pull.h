/* erika-mirror pull, a program of its own: what serves readers has no client
 * for the network in it, nor the 7 MB of libraries that one needs. */
#ifndef ERIKA_PULL_COMMAND_H
#define ERIKA_PULL_COMMAND_H

/* The program that `erika-mirror pull` becomes; installed beside it. */
#define PULL_PROGRAM "erika-mirror-pull"

#endif
