/* Draw the sample newsroom's pictures, and dirty them as cameras and editors
 * do, so that the cleaning has something to clean. The pictures are committed;
 * this is run only to change them:
 *
 *   cc -O2 draw*.c -o draw -ljpeg -lwebp -lwebpmux -lz -lm
 *   ./draw .
 *
 * harbour-dawn.jpg  EXIF with GPS, camera and serial number; own thumbnail
 * ferry.jpg         XMP with an editor's history, a comment
 * lighthouse.jpg    big-endian EXIF: orientation 6 (stored on its side), GPS
 * storm.jpg         EXIF with GPS, IPTC (Photoshop) with a byline
 * tram.jpg          progressive; 3 KB of another file after the end
 * crane.jpg         grey, with a colour profile that must stay; a comment
 * workshop.jpg      EXIF with the owner's name, restart markers
 * festival.jpg      clean but for a JFIF header
 * seagrass.webp     VP8X with EXIF (GPS) and XMP
 * market.webp       plain lossy
 * fish-prices.png   text chunks (author, software), time, EXIF with GPS
 * tide-chart.png    palette; XMP in an iTXt chunk; bytes after IEND
 * budget.png        text chunk; the same bytes in site/ and update/
 * rowing.jpg        in update/: EXIF with GPS
 *
 * All positions lie in mid-ocean, all names are invented. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "draw.h"

static struct canvas
canvas_new(int w, int h)
{
	struct canvas c = {w * SUPER, h * SUPER, NULL};

	c.p = calloc((size_t)c.w * (size_t)c.h * 3, sizeof(*c.p));
	if (c.p == NULL)
		abort();
	return c;
}

/* ---- things */

static void
harbour_crane(struct canvas *c, double x, double y, double s, struct rgb k)
{
	double t = s * 0.03;

	line(c, x - s * .08, y, x - s * .04, y - s * .6, t, k);
	line(c, x + s * .08, y, x + s * .04, y - s * .6, t, k);
	line(c, x - s * .06, y - s * .3, x + s * .06, y - s * .3, t, k);
	box(c, x - s * .06, y - s * .7, s * .12, s * .12, k);
	line(c, x, y - s * .65, x + s * .45, y - s * 1.1, t * 1.3, k);
	line(c, x, y - s * .95, x + s * .45, y - s * 1.1, t * .5, k);
	line(c, x, y - s * .65, x, y - s * .95, t, k);
	line(c, x + s * .45, y - s * 1.1, x + s * .45, y - s * .45, t * .3, k);
}

static void
hull(struct canvas *c, double x, double y, double w, double h, struct rgb k)
{
	poly(c,
		(double[]){
			x, y, x + w, y, x + w * .93, y + h, x + w * .08, y + h},
		4, k, 1);
}

static void
hills(struct canvas *c, double base, double high, struct rgb k, double seed)
{
	for (int x = 0; x < c->w; x++) {
		double u = (double)x / c->w;
		double t = base - high * cloud(u * 3 + seed, seed, 5);
		for (int y = (int)(t * c->h); y < (int)(base * c->h); y++)
			blend(c, x, y, k, 1);
	}
}

static void
harbour_dawn(struct canvas *c)
{
	sky(c, .58, RGB(62, 74, 128), RGB(252, 168, 92), RGB(238, 120, 96), .52,
		3.1);
	disc(c, .62, .53, .26, 1, RGB(255, 222, 150), .75);
	disc(c, .62, .53, .045, .1, RGB(255, 244, 214), 1);
	sea(c, .58, RGB(214, 132, 96), RGB(34, 44, 78), RGB(255, 190, 120), .6,
		1.7);
	hills(c, .585, .09, RGB(70, 58, 92), 5.2);
	for (int i = 0; i < 5; i++)
		harbour_crane(c, .1 + .13 * i, .6, .2 + .03 * (i % 3),
			RGB(32, 28, 48));
	box(c, 0, .595, .74, .025, RGB(30, 27, 44));
	hull(c, .7, .565, .26, .05, RGB(40, 30, 44));
	box(c, .9, .5, .04, .07, RGB(58, 44, 56));
	for (int i = 0; i < 8; i++)
		box(c, .72 + .021 * i, .547 - .008 * (i % 3), .018, .02,
			RGB(90 + 12 * i, 60, 50));
	grain(c, .05);
}

static void
ferry(struct canvas *c)
{
	sky(c, .5, RGB(112, 158, 204), RGB(206, 222, 232), RGB(250, 250, 250),
		.5, 8.4);
	hills(c, .505, .14, RGB(96, 122, 118), 2.2);
	sea(c, .5, RGB(120, 150, 166), RGB(28, 70, 92), RGB(216, 230, 234), .5,
		4.2);
	hull(c, .2, .56, .6, .12, RGB(240, 242, 240));
	hull(c, .225, .645, .55, .04, RGB(34, 62, 108));
	box(c, .28, .46, .44, .105, RGB(248, 248, 244));
	box(c, .36, .39, .24, .075, RGB(244, 244, 240));
	box(c, .52, .3, .055, .1, RGB(196, 62, 48));
	for (int i = 0; i < 14; i++)
		box(c, .3 + .029 * i, .49, .018, .035, RGB(50, 66, 84));
	line(c, .4, .39, .4, .22, .006, RGB(90, 90, 90));
	poly(c, (double[]){.4, .23, .45, .245, .4, .265}, 3, RGB(210, 160, 40),
		1);
	box(c, 0, .9, .42, .1, RGB(104, 98, 90));
	box(c, 0, .895, .42, .012, RGB(140, 132, 120));
	grain(c, .05);
}

static void
lighthouse(struct canvas *c)
{
	sky(c, .72, RGB(86, 120, 170), RGB(226, 218, 200), RGB(248, 240, 228),
		.5, 12.2);
	sea(c, .72, RGB(120, 146, 160), RGB(36, 66, 88), RGB(230, 236, 236), .5,
		2.2);
	poly(c,
		(double[]){0, .78, .2, .72, .4, .7, .7, .73, .86, .8, 1, .9, 1,
			1, 0, 1},
		8, RGB(84, 80, 70), 1);
	poly(c, (double[]){0, .86, .3, .8, .62, .86, .9, 1, 0, 1}, 5,
		RGB(62, 66, 54), 1);
	poly(c, (double[]){.42, .72, .46, .28, .56, .28, .6, .72}, 4,
		RGB(244, 242, 236), 1);
	poly(c, (double[]){.44, .52, .447, .43, .573, .43, .58, .52}, 4,
		RGB(186, 44, 38), 1);
	poly(c, (double[]){.53, .72, .53, .28, .56, .28, .6, .72}, 4,
		RGB(120, 124, 140), .35);
	box(c, .44, .265, .14, .018, RGB(52, 52, 58));
	box(c, .47, .205, .08, .06, RGB(250, 236, 170));
	poly(c, (double[]){.46, .205, .56, .205, .51, .16}, 3, RGB(150, 40, 36),
		1);
	disc(c, .51, .235, .12, 1, RGB(255, 246, 200), .7);
	box(c, .24, .66, .14, .07, RGB(226, 222, 210));
	poly(c, (double[]){.23, .66, .39, .66, .31, .61}, 3, RGB(120, 62, 48),
		1);
	grain(c, .05);
}

static void
storm(struct canvas *c)
{
	sky(c, .55, RGB(40, 46, 56), RGB(124, 130, 130), RGB(176, 178, 176),
		.45, 21.3);
	sea(c, .55, RGB(96, 108, 110), RGB(22, 40, 46), RGB(210, 218, 216), 1.2,
		9.1);
	poly(c, (double[]){0, .78, .66, .6, .7, .6, .7, .64, 0, .96}, 5,
		RGB(58, 56, 54), 1);
	for (int i = 0; i < 16; i++)
		line(c, .04 * i, .765 - .0108 * i, .04 * i, .73 - .0105 * i,
			.004, RGB(30, 30, 30));
	for (int i = 0; i < 900; i++) {
		double a = hash2(i, 5) * 3.1, r = pow(hash2(i, 9), .7) * .42;
		disc(c, .5 + cos(a) * r * .6, .66 - sin(a) * r,
			.004 + .03 * hash2(i, 11) * (1 - r), .9,
			RGB(232, 238, 238), .35);
	}
	grain(c, .09);
}

static void
tram(struct canvas *c)
{
	sky(c, .6, RGB(26, 30, 66), RGB(150, 96, 110), RGB(80, 60, 96), .5, 6);
	for (int i = 0; i < 9; i++) {
		double x = .12 * i - .03, h = .26 + .16 * hash2(i, 3);
		struct rgb k =
			mix(RGB(44, 38, 56), RGB(86, 66, 70), hash2(i, 7));
		box(c, x, .72 - h, .115, h, k);
		for (int j = 0; j < 18; j++)
			if (hash2(i * 31 + j, 2) > .45)
				box(c, x + .012 + .034 * (j % 3),
					.74 - h + .05 * (j / 3), .02, .03,
					RGB(250, 206, 120));
	}
	box(c, 0, .7, 1, .3, RGB(48, 46, 54));
	for (int y = (int)(.7 * c->h); y < c->h; y++)
		for (int x = 0; x < c->w; x++)
			blend(c, x, y, RGB(240, 180, 110),
				cloud(x * .004, y * .03, 4) * .5 - .18);
	line(c, .2, 1, .62, .7, .008, RGB(150, 150, 160));
	line(c, .45, 1, .7, .7, .008, RGB(150, 150, 160));
	box(c, .36, .42, .42, .34, RGB(176, 34, 34));
	box(c, .36, .64, .42, .03, RGB(240, 226, 190));
	for (int i = 0; i < 5; i++)
		box(c, .375 + .081 * i, .47, .068, .13, RGB(255, 236, 180));
	disc(c, .4, .71, .022, .3, RGB(255, 250, 220), 1);
	disc(c, .74, .71, .022, .3, RGB(255, 250, 220), 1);
	disc(c, .4, .72, .12, 1, RGB(255, 240, 190), .5);
	line(c, 0, .3, 1, .38, .003, RGB(16, 16, 20));
	line(c, .5, .42, .56, .345, .005, RGB(16, 16, 20));
	grain(c, .06);
}

static void
crane(struct canvas *c)
{
	sky(c, .86, RGB(150, 150, 150), RGB(216, 216, 216), RGB(96, 96, 96),
		.48, 30.5);
	sea(c, .86, RGB(130, 130, 130), RGB(70, 70, 70), RGB(200, 200, 200), .5,
		3);
	harbour_crane(c, .42, .9, .74, RGB(34, 34, 34));
	box(c, 0, .89, .8, .03, RGB(50, 50, 50));
	for (int i = 0; i < 6; i++)
		box(c, .52 + .05 * (i % 3), .85 - .035 * (i / 3), .045, .032,
			RGB(90 + 20 * i, 90 + 20 * i, 90 + 20 * i));
	grain(c, .07);
}

static void
workshop(struct canvas *c)
{
	for (int y = 0; y < c->h; y++)
		for (int x = 0; x < c->w; x++) {
			double u = (double)x / c->w, v = (double)y / c->h;
			double g = noise2(floor(u * 14) * 7 + 3, v * 3 + u);
			double fibre = cloud(u * 60, v * 5, 4);
			blend(c, x, y,
				mix(RGB(74, 50, 32), RGB(140, 98, 60),
					g * .7 + fibre * .4),
				1);
		}
	box(c, .6, .1, .26, .34, RGB(236, 232, 210));
	line(c, .73, .1, .73, .44, .012, RGB(60, 42, 28));
	line(c, .6, .27, .86, .27, .012, RGB(60, 42, 28));
	box(c, 0, .78, 1, .22, RGB(92, 72, 50));
	poly(c, (double[]){.86, .44, .6, .44, .2, .95, .7, .95}, 4,
		RGB(255, 240, 200), .22);
	for (int i = 0; i < 11; i++) {
		double x = .14 + .064 * i, d = .3 - .0095 * (i - 5) * (i - 5);
		for (int j = 0; j < 12; j++) {
			double a = 3.1416 * j / 12, b = 3.1416 * (j + 1) / 12;
			line(c, x + .02 * cos(a), .82 - d * (1 - sin(a)) * .9,
				x + .02 * cos(b), .82 - d * (1 - sin(b)) * .9,
				.014, RGB(206, 164, 104));
		}
	}
	for (int i = 0; i < 40; i++)
		line(c, .12 + .0175 * i, .815 + .01 * sin(i * .16),
			.14 + .0175 * i, .815 + .01 * sin(i * .16 + .16), .022,
			RGB(184, 140, 84));
	for (int i = 0; i < 500; i++)
		disc(c, hash2(i, 1), .84 + .15 * hash2(i, 2),
			.004 + .005 * hash2(i, 3), .4, RGB(224, 192, 140), .9);
	grain(c, .07);
}

static void
festival(struct canvas *c)
{
	sky(c, .45, RGB(8, 10, 26), RGB(30, 28, 56), RGB(40, 36, 60), .5, 17);
	sea(c, .45, RGB(26, 26, 46), RGB(6, 10, 22), RGB(120, 84, 60), .5, 7);
	hills(c, .455, .12, RGB(10, 10, 18), 9.7);
	for (int i = 0; i < 120; i++) {
		double v = pow(hash2(i, 21), 2), y = .47 + v * .5;
		double x = hash2(i, 22), s = .006 + .03 * v;
		struct rgb k =
			mix(RGB(255, 170, 70), RGB(255, 110, 90), hash2(i, 23));
		disc(c, x, y, s * 4, 1, k, .35);
		for (int j = 1; j < 9; j++)
			box(c, x - s * .3 + s * .2 * (hash2(i, j) - .5),
				y + s * .6 * j, s * .6 / (1 + .2 * j), s * .25,
				mix(k, RGB(20, 16, 26), .3 + .07 * j));
		box(c, x - s * .4, y - s * 1.1, s * .8, s * 1.3, k);
		disc(c, x, y - s * .4, s * .7, .8, RGB(255, 244, 200), .9);
	}
	grain(c, .05);
}

static void
seagrass(struct canvas *c)
{
	for (int y = 0; y < c->h; y++)
		for (int x = 0; x < c->w; x++) {
			double u = (double)x / c->w, v = (double)y / c->h;
			double n = cloud(u * 5 + v * 2, v * 3, 5);
			blend(c, x, y,
				mix(RGB(150, 206, 190), RGB(14, 66, 70),
					v * 1.1 + (n - .5) * .6),
				1);
		}
	for (int i = 0; i < 420; i++) {
		double x = hash2(i, 1) * 1.1 - .05, y = 1.02;
		double t = .012 + .008 * hash2(i, 4), z = hash2(i, 2);
		struct rgb k = mix(RGB(28, 84, 44), RGB(150, 184, 72), z);
		for (int j = 0; j < 14; j++, t *= .93) {
			double nx = x + .006 + .012 * sin(i + j * .35) * z;
			line(c, x, y, nx, y - .045 * (.5 + z * .8), t, k);
			x = nx;
			y -= .045 * (.5 + z * .8);
		}
	}
	for (int i = 0; i < 60; i++)
		disc(c, hash2(i, 41), hash2(i, 42) * .8,
			.003 + .006 * hash2(i, 43), .5, RGB(230, 250, 244), .6);
	grain(c, .04);
}

static void
market(struct canvas *c)
{
	sky(c, 1, RGB(196, 190, 178), RGB(120, 112, 104), RGB(220, 214, 204),
		.4, 2);
	for (int i = 0; i < 4; i++)
		for (int j = 0; j < 8; j++)
			poly(c,
				(double[]){.25 * i + .031 * j, .12,
					.25 * i + .031 * (j + 1), .12,
					.25 * i + .031 * (j + 1) - .01, .3,
					.25 * i + .031 * j - .01, .3},
				4,
				j % 2 ? RGB(236, 232, 224)
				      : RGB(60 + 50 * i, 80, 150 - 30 * i),
				1);
	for (int r = 0; r < 3; r++)
		for (int i = 0; i < 7; i++) {
			double x = .145 * i - .01 - .02 * r, y = .45 + .17 * r;
			box(c, x, y, .135, .15, RGB(120, 86, 54));
			box(c, x + .008, y + .012, .119, .11,
				RGB(222, 232, 238));
			for (int j = 0; j < 9; j++) {
				double fx =
					x + .03 + .075 * hash2(i * 9 + j, r);
				double fy = y + .03 + .07 * hash2(j, i * 3 + r);
				struct rgb k = mix(RGB(96, 108, 124),
					RGB(206, 150, 130), hash2(i, r + 40));
				hull(c, fx - .022, fy, .044, .016, k);
				poly(c,
					(double[]){fx + .018, fy + .006,
						fx + .03, fy - .004, fx + .03,
						fy + .018},
					3, k, 1);
			}
		}
	grain(c, .05);
}

static void
rowing(struct canvas *c)
{
	sky(c, .42, RGB(150, 176, 200), RGB(236, 226, 214), RGB(250, 246, 242),
		.45, 44);
	hills(c, .425, .12, RGB(110, 116, 124), 14);
	sea(c, .42, RGB(206, 214, 216), RGB(110, 134, 146), RGB(245, 248, 248),
		.35, 13);
	for (int i = 0; i < 14; i++)
		poly(c,
			(double[]){hash2(i, 1), .5 + .035 * i,
				hash2(i, 1) + .14, .49 + .035 * i,
				hash2(i, 1) + .2, .515 + .035 * i,
				hash2(i, 1) + .05, .53 + .035 * i},
			4, RGB(240, 246, 248), .5);
	hull(c, .14, .62, .5, .04, RGB(150, 62, 40));
	hull(c, .3, .74, .56, .05, RGB(36, 78, 96));
	for (int i = 0; i < 4; i++) {
		line(c, .24 + .09 * i, .62, .2 + .09 * i, .69, .006,
			RGB(120, 92, 60));
		line(c, .4 + .1 * i, .74, .36 + .1 * i, .83, .007,
			RGB(120, 92, 60));
	}
	grain(c, .05);
}

/* ---- charts */

static const struct rgb INK = {40, 44, 52}, GRID = {220, 222, 226};

/* Digits as 3 by 5 dots, top row first, one octal digit a row. */
static void
number(struct canvas *c, double x, double y, double s, int n)
{
	static const int dots[10] = {075557, 026227, 071747, 071717, 055711,
		074717, 074757, 071111, 075757, 075717};
	char text[12];
	double asp = (double)c->w / c->h;

	snprintf(text, sizeof(text), "%d", n);
	for (int i = 0; text[i] != '\0'; i++)
		for (int b = 0; b < 15; b++)
			if (dots[text[i] - '0'] >> (14 - b) & 1)
				box(c, x + (i * 4 + b % 3) * s / asp,
					y + b / 3 * s, s / asp, s, INK);
}

static void
axes(struct canvas *c, int step, int lines, double top)
{
	box(c, 0, 0, 1, 1, RGB(252, 252, 250));
	for (int i = 0; i <= lines; i++) {
		double y = .9 - (.9 - top) * i / lines;
		line(c, .08, y, .97, y, .003, i ? GRID : INK);
		number(c, .015, y - .015, .007, step * i);
	}
}

static void
fish_prices(struct canvas *c)
{
	static const int price[3][10] = {
		{38, 39, 41, 43, 45, 46, 47, 48, 47, 41},
		{19, 19, 18, 18, 17, 17, 18, 17, 17, 17},
		{26, 25, 27, 29, 28, 30, 29, 31, 33, 36},
	};
	static const struct rgb k[3] = {
		{24, 84, 140}, {206, 96, 44}, {70, 140, 80}};

	axes(c, 10, 5, .08);
	for (int s = 0; s < 3; s++)
		for (int i = 0; i < 10; i++) {
			double x = .12 + .09 * i, y = .9 - .0164 * price[s][i];
			if (i < 9)
				line(c, x, y, x + .09,
					.9 - .0164 * price[s][i + 1], .008,
					k[s]);
			disc(c, x, y, .012, .2, k[s], 1);
			number(c, x - .008, .925, .007, i + 1);
		}
}

static void
tide_chart(struct canvas *c)
{
	axes(c, 100, 5, .06);
	for (int i = 0; i < 383; i++) {
		double y[2][2];
		for (int j = 0; j < 2; j++) {
			double t = (i + j) / 4.0; /* hours */
			double p = 205 + 145 * cos((t - 23.5) / 12.42 * 6.2832);
			double s = 62 * exp(-pow((t - 48.8) / 7, 2));
			y[j][0] = .9 - p * .00168;
			y[j][1] = .9 - (p + s) * .00168;
		}
		double x = .09 + .0023 * i, nx = x + .0023;
		if (i % 6 < 3)
			line(c, x, y[0][0], nx, y[1][0], .006,
				RGB(150, 154, 162));
		line(c, x, y[0][1], nx, y[1][1], .008, RGB(20, 92, 140));
		if (i % 96 == 0)
			number(c, x, .925, .008, 10 + i / 96);
	}
}

static void
budget(struct canvas *c)
{
	static const int crowns[3] = {220, 1380, 800};

	axes(c, 500, 3, .1);
	for (int i = 0; i < 3; i++) {
		double h = crowns[i] * .8 / 1500;
		box(c, .16 + .28 * i, .9 - h, .16, h,
			mix(RGB(24, 84, 140), RGB(206, 150, 60), i / 2.0));
		number(c, .2 + .28 * i, .87 - h, .009, crowns[i]);
	}
}

/* ---- all of them */

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int w, h;
		void (*draw)(struct canvas *);
	} pictures[] = {
		{"site/photos/harbour-dawn.jpg", 1280, 853, harbour_dawn},
		{"site/photos/ferry.jpg", 1024, 683, ferry},
		{"site/photos/lighthouse.jpg", 720, 960, lighthouse},
		{"site/photos/storm.jpg", 1280, 800, storm},
		{"site/photos/tram.jpg", 960, 640, tram},
		{"site/photos/crane.jpg", 800, 1000, crane},
		{"site/photos/workshop.jpg", 1024, 768, workshop},
		{"site/photos/festival.jpg", 1200, 800, festival},
		{"site/photos/seagrass.webp", 1200, 800, seagrass},
		{"site/photos/market.webp", 1024, 683, market},
		{"site/photos/fish-prices.png", 880, 520, fish_prices},
		{"site/photos/tide-chart.png", 900, 420, tide_chart},
		{"site/photos/budget.png", 640, 360, budget},
		{"update/photos/budget.png", 640, 360, budget},
		{"update/photos/rowing.jpg", 960, 640, rowing},
	};

	for (size_t i = 0; i < sizeof(pictures) / sizeof(pictures[0]); i++) {
		struct canvas c = canvas_new(pictures[i].w, pictures[i].h);
		pictures[i].draw(&c);
		dirt_write(argc > 1 ? argv[1] : ".", pictures[i].name, &c);
		free(c.p);
	}
	return 0;
}
