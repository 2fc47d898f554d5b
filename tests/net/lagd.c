/* A stretch of network for tests: two TUN devices, and between them a round
 * trip time, a rate, a queue and loss for each mirror, and an access link that
 * all share. For kernels without netem, and without root beyond the namespace.
 *
 *	lagd CONFIG NETNS1 DEVICE1 NETNS2 DEVICE2
 *
 * DEVICE1 is the reader's side, in the network namespace of the file NETNS1
 * (/proc/PID/ns/net). CONFIG has lines "link KBIT" and "ADDRESS RTT-MS KBIT
 * LOSS-PERMILLE"; SIGHUP reads it again. Packets of other addresses are
 * dropped. Says "ready" when the devices are there; runs until it is killed.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define MIRRORS 256
#define PACKETS 32768
#define PACKET_MAX 2048
#define SECOND INT64_C(1000000000)
#define MS (SECOND / 1000)
/* No queue is shorter: a few packets must fit in the slowest. */
#define QUEUE_LEAST 16384

enum { UP, DOWN }; /* from the reader, to the reader */

/* One direction of something with a rate. */
struct lane {
	int64_t busy; /* until then it sends what it has taken */
};

struct mirror {
	uint32_t address; /* as in a packet */
	int64_t delay;	  /* one way */
	int64_t rate;	  /* bits a second */
	unsigned loss;	  /* of a thousand */
	struct lane lane[2];
};

/* A packet on its way: first out of its mirror's lane, then of the link's,
 * then out of the other device. */
struct packet {
	int64_t when; /* of its next step */
	uint64_t number;
	size_t mirror;
	uint16_t size;
	uint8_t direction;
	bool delivered; /* its next step is the last */
	uint8_t data[PACKET_MAX];
};

struct lag {
	const char *config;
	int fd[2]; /* of devices 1 and 2 */
	int64_t link_rate;
	struct lane link[2];
	struct mirror mirror[MIRRORS];
	size_t n_mirrors;
	struct packet *heap[PACKETS]; /* soonest first */
	size_t n;
	struct packet *spare[PACKETS];
	size_t n_spare;
	uint64_t count;
	uint64_t random;
};

static volatile sig_atomic_t again;

static void
on_hup(int signal)
{
	(void)signal;
	again = 1;
}

static int64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * SECOND + t.tv_nsec;
}

static _Noreturn void
die(const char *what)
{
	fprintf(stderr, "lagd: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* ---- the heap */

static bool
sooner(const struct packet *a, const struct packet *b)
{
	return a->when != b->when ? a->when < b->when : a->number < b->number;
}

static void
heap_push(struct lag *l, struct packet *p)
{
	size_t i = l->n++;

	while (i > 0 && sooner(p, l->heap[(i - 1) / 2])) {
		l->heap[i] = l->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	l->heap[i] = p;
}

static struct packet *
heap_pop(struct lag *l)
{
	struct packet *top = l->heap[0], *last = l->heap[--l->n];
	size_t i = 0;

	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= l->n)
			break;
		if (child + 1 < l->n &&
			sooner(l->heap[child + 1], l->heap[child]))
			child++;
		if (!sooner(l->heap[child], last))
			break;
		l->heap[i] = l->heap[child];
		i = child;
	}
	l->heap[i] = last;
	return top;
}

/* ---- configuration */

static struct mirror *
mirror_find(struct lag *l, uint32_t address)
{
	for (size_t i = 0; i < l->n_mirrors; i++) {
		if (l->mirror[i].address == address)
			return &l->mirror[i];
	}
	return NULL;
}

static void
config_line(struct lag *l, const char *line)
{
	char name[32];
	unsigned rtt, rate, loss;
	struct in_addr a;

	if (sscanf(line, "link %u", &rate) == 1) {
		l->link_rate = (int64_t)rate * 1000;
		return;
	}
	if (sscanf(line, "%31s %u %u %u", name, &rtt, &rate, &loss) != 4 ||
		inet_pton(AF_INET, name, &a) != 1 || rate == 0) {
		fprintf(stderr, "lagd: cannot read: %s", line);
		exit(2);
	}

	struct mirror *m = mirror_find(l, a.s_addr);

	if (m == NULL) {
		if (l->n_mirrors == MIRRORS) {
			fprintf(stderr, "lagd: over %d mirrors\n", MIRRORS);
			exit(2);
		}
		m = &l->mirror[l->n_mirrors++];
	}
	m->address = a.s_addr;
	m->delay = (int64_t)rtt * MS / 2;
	m->rate = (int64_t)rate * 1000;
	m->loss = loss;
}

static void
config_read(struct lag *l)
{
	char line[256];
	FILE *f = fopen(l->config, "r");

	if (f == NULL)
		die(l->config);
	while (fgets(line, sizeof(line), f) != NULL)
		config_line(l, line);
	fclose(f);
}

/* ---- packets */

static unsigned
chance(struct lag *l)
{
	l->random ^= l->random << 13;
	l->random ^= l->random >> 7;
	l->random ^= l->random << 17;
	return (unsigned)(l->random % 1000);
}

/* When a lane has sent `size` bytes that come at `at`; -1: its queue, of
 * `queue` ns, is full. */
static int64_t
lane_take(
	struct lane *lane, int64_t at, size_t size, int64_t rate, int64_t queue)
{
	int64_t start = lane->busy > at ? lane->busy : at;
	int64_t least = QUEUE_LEAST * 8 * SECOND / rate;

	if (start - at > (queue > least ? queue : least))
		return -1;
	lane->busy = start + (int64_t)size * 8 * SECOND / rate;
	return lane->busy;
}

/* A packet has come in: into its mirror's lane, or nowhere. */
static void
packet_enter(struct lag *l, struct packet *p, int64_t at)
{
	uint32_t address;

	p->number = l->count++;
	p->delivered = false;
	if (p->size < 20 || p->data[0] >> 4 != 4)
		goto drop;
	memcpy(&address, p->data + (p->direction == UP ? 16 : 12), 4);

	struct mirror *m = mirror_find(l, address);

	if (m == NULL || (m->loss > 0 && chance(l) < m->loss))
		goto drop;
	p->mirror = (size_t)(m - l->mirror);
	p->when = lane_take(&m->lane[p->direction], at, p->size, m->rate,
		2 * m->delay > 50 * MS ? 2 * m->delay : 50 * MS);
	if (p->when < 0)
		goto drop;
	heap_push(l, p);
	return;
drop:
	l->spare[l->n_spare++] = p;
}

/* Its next step is due. */
static void
packet_step(struct lag *l, struct packet *p)
{
	if (!p->delivered) {
		int64_t when = lane_take(&l->link[p->direction], p->when,
			p->size, l->link_rate, 50 * MS);

		if (when >= 0) {
			p->when = when + l->mirror[p->mirror].delay;
			p->delivered = true;
			heap_push(l, p);
			return;
		}
	} else if (write(l->fd[p->direction == UP], p->data, p->size) < 0 &&
		   errno != ENOBUFS && errno != EAGAIN && errno != EIO &&
		   errno != EINVAL) {
		die("write");
	}
	l->spare[l->n_spare++] = p;
}

static void
device_read(struct lag *l, int direction)
{
	for (;;) {
		struct packet *p;
		uint8_t dropped[PACKET_MAX];

		if (l->n_spare == 0) { /* drop it: the queues are full */
			if (read(l->fd[direction], dropped, sizeof(dropped)) <
				0)
				return;
			continue;
		}
		p = l->spare[--l->n_spare];

		ssize_t n = read(l->fd[direction], p->data, sizeof(p->data));

		if (n <= 0) {
			l->spare[l->n_spare++] = p;
			if (n < 0 && errno != EAGAIN && errno != EINTR)
				die("read");
			return;
		}
		p->size = (uint16_t)n;
		p->direction = (uint8_t)direction;
		packet_enter(l, p, now());
	}
}

static int
device_open(const char *netns, const char *name)
{
	struct ifreq r = {.ifr_flags = IFF_TUN | IFF_NO_PI};
	int ns = open(netns, O_RDONLY | O_CLOEXEC);

	if (ns < 0 || setns(ns, CLONE_NEWNET) != 0)
		die(netns);
	close(ns);

	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &r) != 0)
		die("/dev/net/tun");
	return fd;
}

static void
run(struct lag *l)
{
	struct pollfd fds[2] = {{.fd = l->fd[0], .events = POLLIN},
		{.fd = l->fd[1], .events = POLLIN}};

	for (;;) {
		struct timespec wait = {.tv_sec = 1};
		int64_t left;

		if (again) {
			again = 0;
			config_read(l);
		}
		while (l->n > 0 && l->heap[0]->when <= now())
			packet_step(l, heap_pop(l));
		if (l->n > 0) {
			left = l->heap[0]->when - now();
			if (left < 0)
				left = 0;
			if (left < SECOND) {
				wait.tv_sec = 0;
				wait.tv_nsec = (long)left;
			}
		}
		if (ppoll(fds, 2, &wait, NULL) < 0 && errno != EINTR)
			die("ppoll");
		device_read(l, UP);
		device_read(l, DOWN);
	}
}

int
main(int argc, char **argv)
{
	struct lag *l = calloc(1, sizeof(*l));
	struct sigaction hup = {.sa_handler = on_hup};

	if (argc != 6) {
		fprintf(stderr,
			"usage: lagd CONFIG NETNS1 DEVICE1 NETNS2 DEVICE2\n");
		return 2;
	}
	if (l == NULL)
		die("memory");
	for (size_t i = 0; i < PACKETS; i++) {
		l->spare[i] = malloc(sizeof(*l->spare[i]));
		if (l->spare[i] == NULL)
			die("memory");
	}
	l->n_spare = PACKETS;
	l->config = argv[1];
	l->link_rate = 100 * 1000 * 1000;
	l->random = UINT64_C(0x9e3779b97f4a7c15);
	config_read(l);
	l->fd[0] = device_open(argv[2], argv[3]);
	l->fd[1] = device_open(argv[4], argv[5]);
	sigaction(SIGHUP, &hup, NULL);
	puts("ready");
	fflush(stdout);
	run(l);
}
