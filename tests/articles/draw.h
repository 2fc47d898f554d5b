/* What draw.c and draw_dirt.c share. */
#ifndef DRAW_H
#define DRAW_H

#include <stdint.h>

/* Pictures are drawn this many times larger, then averaged down. */
#define SUPER 2

struct rgb {
	double r, g, b;
};

#define RGB(r, g, b) ((struct rgb){(r), (g), (b)})

struct canvas {
	int w, h; /* SUPER times the picture's */
	float *p; /* red, green, blue, 0 to 255 */
};

/* Average down, encode by the ending of `name`, add that picture's dirt, and
 * write it under the folder. Aborts on any failure: an authoring tool. */
void dirt_write(const char *folder, const char *name, const struct canvas *c);

#endif
