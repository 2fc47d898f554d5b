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

/* Noise in [0, 1]: a hash of whole co-ordinates; that hash smoothly
 * interpolated; several octaves of it. */
double hash2(int x, int y);
double noise2(double x, double y);
double cloud(double x, double y, int octaves);

/* Marks. Co-ordinates, and radius r and thickness t, are fractions of the
 * canvas (of its height); alpha and cover are in [0, 1]. blend takes a pixel;
 * a disc fades over its outer `soft` part. */
struct rgb mix(struct rgb a, struct rgb b, double t);
void blend(struct canvas *c, int x, int y, struct rgb k, double a);
void poly(
	struct canvas *c, const double *xy, int n, struct rgb k, double alpha);
void box(
	struct canvas *c, double x, double y, double w, double h, struct rgb k);
void line(struct canvas *c, double x0, double y0, double x1, double y1,
	double t, struct rgb k);
void disc(struct canvas *c, double x, double y, double r, double soft,
	struct rgb k, double alpha);
void sky(struct canvas *c, double horizon, struct rgb top, struct rgb low,
	struct rgb cl, double cover, double seed);
void sea(struct canvas *c, double horizon, struct rgb far, struct rgb near,
	struct rgb glint, double rough, double seed);
void grain(struct canvas *c, double k);

/* Average down, encode by the ending of `name`, add that picture's dirt, and
 * write it under the folder. Aborts on any failure: an authoring tool. */
void dirt_write(const char *folder, const char *name, const struct canvas *c);

#endif
