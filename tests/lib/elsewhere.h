/* For check-portable.sh: what systems other than Linux have beside POSIX and
 * what glibc's _DEFAULT_SOURCE declares. */
#ifndef ERIKA_ELSEWHERE_H
#define ERIKA_ELSEWHERE_H

#include <stdarg.h>
#include <stddef.h>

/* All of them. */
int asprintf(char **s, const char *format, ...);
int vasprintf(char **s, const char *format, va_list ap);
void *memmem(const void *p, size_t n, const void *what, size_t n_what);

#ifdef __OpenBSD__
void closefrom(int fd);
int pledge(const char *promises, const char *exec_promises);
int unveil(const char *path, const char *permissions);
#endif

#endif
