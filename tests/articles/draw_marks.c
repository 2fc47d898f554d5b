/* Noise, lines, discs, skies and seas: what draw.c draws with. */
#include <math.h>
#include <stddef.h>

#include "draw.h"

double
hash2(int x, int y)
{
	uint32_t h = (uint32_t)x * 0x8da6b343u ^ (uint32_t)y * 0xd8163841u;

	h = (h ^ h >> 13) * 0x5bd1e995u;
	h = (h ^ h >> 15) * 0x27d4eb2du;
	return (double)((h ^ h >> 16) & 0xffff) / 65535.0;
}

double
noise2(double x, double y)
{
	int ix = (int)floor(x), iy = (int)floor(y);
	double fx = x - ix, fy = y - iy;

	fx = fx * fx * (3 - 2 * fx);
	fy = fy * fy * (3 - 2 * fy);
	double a = hash2(ix, iy), b = hash2(ix + 1, iy);
	double c = hash2(ix, iy + 1), d = hash2(ix + 1, iy + 1);

	return (a + (b - a) * fx) * (1 - fy) + (c + (d - c) * fx) * fy;
}

double
cloud(double x, double y, int octaves)
{
	double sum = 0, amp = 0.5;

	for (int i = 0; i < octaves; i++, amp /= 2, x *= 2.03, y *= 2.03)
		sum += amp * noise2(x + 17 * i, y - 31 * i);
	return sum;
}

void
blend(struct canvas *c, int x, int y, struct rgb k, double a)
{
	if (x < 0 || y < 0 || x >= c->w || y >= c->h)
		return;
	float *p = c->p + 3 * ((size_t)y * (size_t)c->w + (size_t)x);
	float f = (float)(a < 0 ? 0 : a > 1 ? 1 : a);

	p[0] += ((float)k.r - p[0]) * f;
	p[1] += ((float)k.g - p[1]) * f;
	p[2] += ((float)k.b - p[2]) * f;
}

struct rgb
mix(struct rgb a, struct rgb b, double t)
{
	t = t < 0 ? 0 : t > 1 ? 1 : t;
	return (struct rgb){a.r + (b.r - a.r) * t, a.g + (b.g - a.g) * t,
		a.b + (b.b - a.b) * t};
}

void
poly(struct canvas *c, const double *xy, int n, struct rgb k, double alpha)
{
	double lo = 2, hi = -1;

	for (int i = 0; i < n; i++) {
		lo = fmin(lo, xy[2 * i + 1]);
		hi = fmax(hi, xy[2 * i + 1]);
	}
	for (int y = (int)(lo * c->h); y <= (int)(hi * c->h); y++) {
		double xs[64], yy = (y + 0.5) / c->h;
		int m = 0;
		for (int i = 0, j = n - 1; i < n && m < 64; j = i++) {
			double y0 = xy[2 * j + 1], y1 = xy[2 * i + 1];
			if ((y0 > yy) == (y1 > yy))
				continue;
			xs[m++] = xy[2 * j] + (yy - y0) / (y1 - y0) *
						      (xy[2 * i] - xy[2 * j]);
		}
		for (int i = 0; i < m; i++)
			for (int j = i + 1; j < m; j++)
				if (xs[j] < xs[i]) {
					double t = xs[i];
					xs[i] = xs[j];
					xs[j] = t;
				}
		for (int i = 0; i + 1 < m; i += 2)
			for (int x = (int)(xs[i] * c->w);
				x < (int)(xs[i + 1] * c->w); x++)
				blend(c, x, y, k, alpha);
	}
}

void
box(struct canvas *c, double x, double y, double w, double h, struct rgb k)
{
	poly(c, (double[]){x, y, x + w, y, x + w, y + h, x, y + h}, 4, k, 1);
}

void
line(struct canvas *c, double x0, double y0, double x1, double y1, double t,
	struct rgb k)
{
	double asp = (double)c->w / c->h;
	double dx = (x1 - x0) * asp, dy = y1 - y0, d = hypot(dx, dy);

	if (d <= 0)
		return;
	double nx = -dy / d * t / 2 / asp, ny = dx / d * t / 2;
	poly(c,
		(double[]){x0 + nx, y0 + ny, x1 + nx, y1 + ny, x1 - nx, y1 - ny,
			x0 - nx, y0 - ny},
		4, k, 1);
}

void
disc(struct canvas *c, double x, double y, double r, double soft, struct rgb k,
	double alpha)
{
	int cx = (int)(x * c->w), cy = (int)(y * c->h), n = (int)(r * c->h) + 1;

	for (int j = -n; j <= n; j++)
		for (int i = -n; i <= n; i++) {
			double d = hypot(i, j) / (r * c->h);
			double a = d >= 1 ? 0 : (1 - d) / (soft + 1e-9);
			blend(c, cx + i, cy + j, k, alpha * fmin(a, 1));
		}
}

void
sky(struct canvas *c, double horizon, struct rgb top, struct rgb low,
	struct rgb cl, double cover, double seed)
{
	for (int y = 0; y < (int)(horizon * c->h); y++)
		for (int x = 0; x < c->w; x++) {
			double v = (double)y / (horizon * c->h);
			double u = (double)x / c->w;
			double n = cloud(u * 4 + seed, v * 7 + seed, 6);
			blend(c, x, y, mix(top, low, v), 1);
			blend(c, x, y, cl, (n - 1 + cover) * 3);
		}
}

void
sea(struct canvas *c, double horizon, struct rgb far, struct rgb near,
	struct rgb glint, double rough, double seed)
{
	int h0 = (int)(horizon * c->h);

	for (int y = h0; y < c->h; y++) {
		double v = (double)(y - h0 + 1) / (c->h - h0);
		double z = 1 / (v + 0.03); /* distance, roughly */
		for (int x = 0; x < c->w; x++) {
			double u = ((double)x / c->w - 0.5) * z;
			double n = cloud(u * 9 + seed, z * 22, 5);
			double m = noise2(u * 60, z * 110 + seed);
			blend(c, x, y, mix(far, near, v + (n - .5) * rough), 1);
			blend(c, x, y, glint,
				(n * .7 + m * .3 - .52) * 2 * rough);
		}
	}
}

void
grain(struct canvas *c, double k)
{
	for (int y = 0; y < c->h; y += SUPER)
		for (int x = 0; x < c->w; x += SUPER) {
			double n = hash2(x * 7 + 3, y * 5 + 1) +
				   hash2(x + 911, y + 77) - 1;
			struct rgb w = {n > 0 ? 255 : 0, n > 0 ? 255 : 0,
				n > 0 ? 255 : 0};
			for (int j = 0; j < SUPER * SUPER; j++)
				blend(c, x + j % SUPER, y + j / SUPER, w,
					fabs(n) * k);
		}
}
