# erika: make demo, make test; README.md has the rest.
# One file, no configure step. B is the build folder, so that sanitizer builds
# stand beside the plain one.
B = build
CC = gcc
PREFIX = /usr/local
VERSION = 0.1

WARN = -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wvla -Werror
HARDEN = -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
CFLAGS = -O2 -g $(HARDEN)
LDFLAGS = -pie -Wl,-z,relro,-z,now
AS_NEEDED = -Wl,--as-needed
XML = $(shell pkg-config --cflags libxml-2.0)
# Files and times of more than 2^31 where a long has 32 bits.
WIDE = -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE $(WIDE) \
	-DERIKA_VERSION='"$(VERSION)"' $(WARN) \
	-ffile-prefix-map=$(CURDIR)=. -ffile-prefix-map=$(B)/=build/ $(XML) $(CFLAGS) -MMD -MP

objs = $(patsubst %.c,$(B)/%.o,$(wildcard $(1)))

# The layers, lowest first: cmd -> read, ingest, sys -> core.
CORE = $(call objs,src/core/*.c)
SYS = $(call objs,src/sys/*.c)
INGEST = $(call objs,src/ingest/*.c)
READ = $(call objs,src/read/*.c)
COMMON = $(call objs,src/cmd/command.c src/cmd/common_*.c)
LIBS = $(B)/liberika.a
PROGRAMS = $(B)/erika $(B)/erika-press $(B)/erika-mirror $(B)/erika-mirror-pull

LD_CORE = -ljansson -lz -lsodium -lnettle
LD_READ = -lexpat -lunistring
LD_erika = $(LD_READ) -lsqlite3 -lcurl $(LD_CORE)
LD_press = -lxml2 -lqrencode $(LD_READ) -lsqlite3 -lcurl $(LD_CORE)
LD_mirror = $(LD_CORE)

# Systems other than Linux: all but the mirror's server, which is epoll's.
# Their packages lie outside the compiler's own folders.
OS := $(shell uname -s)
ifneq ($(OS),Linux)
CC = cc
PACKAGES = $(firstword $(wildcard /opt/homebrew /usr/pkg) /usr/local)
XML += -I$(PACKAGES)/include
PROGRAMS = $(B)/erika $(B)/erika-press
SYS := $(filter-out $(B)/src/sys/serve%,$(SYS))
ifeq ($(OS),Darwin)
LDFLAGS =
AS_NEEDED =
endif
AS_NEEDED += -L$(PACKAGES)/lib
ifneq ($(filter Darwin OpenBSD,$(OS)),)
LD_press += -liconv
endif
endif

all: $(PROGRAMS)
ifneq ($(OS),Linux)
	@echo "$(OS): erika and erika-press; erika-mirror needs Linux"
endif

# ---- the two commands: each does all its own set-up

demo:
	@tests/lib/packages.sh build
	@$(MAKE) -s -j2 all
	@tests/demo/run $(B)

# Everything is built twice: as shipped, and with sanitizers (unit tests run
# in both; the programs confine their own address space, which the sanitizer's
# needs would break).
ASAN = B=build/asan LDFLAGS='-fsanitize=address,undefined' \
	CFLAGS='-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all'

test:
	@tests/lib/packages.sh test
	@tests/foreign/install.sh $(B)/foreign
	$(MAKE) -s -j2 CONFORM_LIBCRYPTO=1 all units tools conform
	$(MAKE) -s -j2 $(ASAN) units
	@tests/run $(CHECKS) $(UNITS) $(ASAN_UNITS) $(SCRIPTS)

# The same without the shell tests: seconds, for between two edits.
check: all units
	@tests/run $(CHECKS) $(UNITS)

$(B)/liberika.a: $(CORE) $(B)/country_table.o

# The table of countries, without its comments, as the string that country.c
# reads.
$(B)/country_table.c: mirrors/countries.ini
	@mkdir -p $(@D)
	{ echo 'extern const char country_table[];'; \
	echo 'const char country_table[] ='; \
	sed -n '/^[^#]/{s/["\\]/\\&/g; s/.*/"&\\n"/; p;}' $<; echo ';'; } >$@
$(B)/country_table.o: $(B)/country_table.c
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(B)/libsys.a: $(SYS)
$(B)/libingest.a: $(INGEST)
$(B)/libread.a: $(READ)
$(B)/lib%.a:
	@mkdir -p $(@D)
	@rm -f $@
	ar rcs $@ $^

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(B)/erika: $(call objs,src/cmd/erika.c src/cmd/erika_*.c) $(COMMON) \
	$(B)/libread.a $(B)/libsys.a $(B)/liberika.a
	$(CC) $(LDFLAGS) -o $@ $^ $(AS_NEEDED) $(LD_erika)

$(B)/erika-press: $(call objs,src/cmd/press.c src/cmd/press_*.c) $(COMMON) \
	$(B)/libingest.a $(B)/libread.a $(B)/libsys.a $(B)/liberika.a
	$(CC) $(LDFLAGS) -o $@ $^ $(AS_NEEDED) $(LD_press)

$(B)/erika-mirror: $(call objs,src/cmd/mirror.c src/cmd/mirror_*.c) $(COMMON) \
	$(B)/libsys.a $(B)/liberika.a
	$(CC) $(LDFLAGS) -o $@ $^ $(AS_NEEDED) $(LD_mirror)

# What `erika-mirror pull` becomes: the only part of a mirror that goes out to
# the network.
$(B)/erika-mirror-pull: $(call objs,src/cmd/pull.c src/cmd/mirror_config.c \
	src/cmd/mirror_keys.c src/cmd/mirror_state.c src/cmd/mirror_blocks.c) $(COMMON) $(B)/libsys.a $(B)/liberika.a
	$(CC) $(LDFLAGS) -o $@ $^ $(AS_NEEDED) -lcurl $(LD_CORE)

# ---- tests

UNIT = $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(wildcard tests/unit/test_*.c))
TESTLIB = $(call objs,tests/lib/*.c)
$(B)/libtest.a: $(TESTLIB)

$(B)/tests/unit/%: $(B)/tests/unit/%.o $(B)/libtest.a $(B)/libread.a \
	$(B)/libingest.a $(B)/libsys.a $(B)/liberika.a
	$(CC) $(LDFLAGS) -o $@ $^ $(AS_NEEDED) -lxml2 $(LD_erika)

# Small programs that shell tests call, as $ERIKA_BIN/tests/tool/NAME.
TOOLS = $(patsubst %.c,$(B)/%,$(wildcard tests/tool/*.c))
$(B)/tests/tool/%: $(B)/tests/tool/%.o $(B)/libtest.a $(B)/libread.a \
	$(B)/libsys.a $(B)/liberika.a
	$(CC) $(LDFLAGS) -o $@ $^ $(AS_NEEDED) $(LD_erika)

# This one runs the reader's own commands, many times.
$(B)/tests/tool/fliptool: $(B)/tests/tool/fliptool.o \
	$(call objs,src/cmd/erika_*.c) $(COMMON) $(B)/libtest.a $(B)/libread.a \
	$(B)/libsys.a $(B)/liberika.a
	$(CC) $(LDFLAGS) -o $@ $^ $(AS_NEEDED) $(LD_erika)

# A newsroom with ten years of archive, for bench-trust and a test.
ARCHIVE = $(B)/tests/bench/archive
$(ARCHIVE): $(B)/tests/bench/archive.o $(B)/libsys.a $(B)/liberika.a
	$(CC) $(LDFLAGS) -o $@ $^ $(AS_NEEDED) $(LD_erika)

# The laboratory's stretch of network.
LAGD = $(B)/tests/net/lagd
$(LAGD): $(B)/tests/net/lagd.o
	$(CC) $(LDFLAGS) -o $@ $^

tools: $(TOOLS) $(ARCHIVE) $(LAGD)

# The trust machine behind the public TUF conformance protocol. With
# CONFORM_LIBCRYPTO=1 also one that checks RSA and ECDSA keys, for foreign
# suites; no program that is shipped does.
CONFORM = $(B)/tests/conform/erika-conform
CONFORM_MORE = $(CONFORM)-libcrypto
$(CONFORM): $(B)/tests/conform/schemes_none.o
$(CONFORM_MORE): $(B)/tests/conform/schemes_libcrypto.o
$(CONFORM_MORE): LD_conform = -lcrypto
$(CONFORM) $(CONFORM_MORE): $(B)/tests/conform/erika-conform.o \
	$(B)/libsys.a $(B)/liberika.a
	$(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) \
		$(AS_NEEDED) $(LD_conform) $(LD_erika)

# Other people's TUF clients, from npm, for tests/cli/foreign_tufjs.sh.
foreign:
	tests/foreign/install.sh $(B)/foreign

conform: $(CONFORM) $(if $(CONFORM_LIBCRYPTO),$(CONFORM_MORE))
units: $(UNIT)

# What tests/run is given: NAME=COMMAND. test_trust flips every bit of an
# outlet; once without sanitizers is enough of that.
NAMES = $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c))
UNITS = $(foreach t,$(NAMES),unit/$(t)=$(abspath $(B)/tests/unit/$(t)))
ASAN_UNITS = $(foreach t,$(NAMES),asan/$(t)=$(abspath build/asan/tests/unit/$(t)))
CHECKS = $(foreach t,$(wildcard tests/lib/check-*.sh),$(basename \
	$(notdir $(t)))="ERIKA_BIN=$(abspath $(B)) bash $(abspath $(t))")
SCRIPTS = $(foreach t,$(wildcard tests/cli/*.sh tests/net/*.sh),$(basename \
	$(t))="ERIKA_BIN=$(abspath $(B)) bash $(abspath $(t))")

# Figures beside the peers', from one run; minutes, most of them zstd -19's.
BENCH = $(B)/tests/bench/corpus
$(BENCH): $(call objs,tests/bench/corpus*.c)
	$(CC) $(LDFLAGS) -o $@ $^ -lz

bench:
	@tests/lib/packages.sh bench
	@$(MAKE) -s -j2 all $(BENCH)
	@tests/bench/run.py $(B)
	@$(MAKE) -s bench-trust

# What ten years of archive cost a reader and a newsroom.
bench-trust:
	@tests/lib/packages.sh bench
	@$(MAKE) -s -j2 all conform $(ARCHIVE)
	@tests/bench/trust.py $(B)

# Mirrors and censors in a laboratory: the engine beside curl and aria2.
bench-net:
	@tests/lib/packages.sh bench
	@$(MAKE) -s -j2 all tools $(BENCH)
	@tests/bench/net.py $(B) $(BENCH_NET)

# A mirror node beside nginx and lighttpd, idle, under siege, and pushed to.
CLIENTS = $(B)/tests/bench/clients
$(CLIENTS): $(B)/tests/bench/clients.o
	$(CC) $(LDFLAGS) -o $@ $^

bench-mirror:
	@tests/lib/packages.sh bench
	@$(MAKE) -s -j2 all $(CLIENTS) $(BENCH) $(B)/tests/tool/admittool
	@tests/bench/mirror.py $(B)

install: all
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(PROGRAMS) $(DESTDIR)$(PREFIX)/bin
	for page in src/man/*; do \
		to=$(DESTDIR)$(PREFIX)/share/man/man$${page##*.}; \
		install -d $$to && install -m 644 $$page $$to || exit 1; \
	done

clean:
	rm -rf build

-include $(shell find $(B) -name '*.d' 2>/dev/null)
.PHONY: all demo test check bench bench-trust bench-net bench-mirror install units tools conform foreign clean
.SECONDARY:
