# gild: an ELF linker. `make help` lists the targets.
#
# Everything that is built goes to $(BUILD): the program gild, the names it is called by (ld.gild, bin/ld),
# libgild.a (all of src/ but main.c, for the unit tests), and objects below obj/.

CC      ?= cc
PREFIX  ?= /usr/local
INSTALL ?= install
JOBS    ?= $(shell nproc)

# SAN=address,undefined or SAN=thread builds with that sanitizer, in a folder of its own. With CC=clang, `make fuzz
# SAN=fuzzer,address,undefined` builds the fuzz programs for libFuzzer.
comma := ,
SAN   ?=
BUILD ?= build$(if $(SAN),-$(subst $(comma),-,$(SAN)))

CFLAGS ?= $(if $(SAN),-O1,-O2) -g
WERROR ?=
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wwrite-strings \
	-Wundef -Wvla -Wformat=2 -Wimplicit-fallthrough -Wcast-qual
SANFLAGS := $(if $(SAN),-fsanitize=$(SAN:fuzzer%=fuzzer-no-link%) -fno-omit-frame-pointer)

compile := $(CC) -std=gnu17 -D_GNU_SOURCE -Isrc $(WARNINGS) $(CPPFLAGS) $(CFLAGS) $(SANFLAGS) -pthread
linkit  = $(CC) $(CFLAGS) $(SANFLAGS) $(LDFLAGS) -pthread -o $@ $^
libs    := -liberty

# Of the loader, what searches, reads and looks up is part of gild too: gild tree and its like do what the loader does.
engine   := cache cache_file check copies dynamic failure image lookup needed objects preload print scope search text tokens versions
engine   := $(patsubst %,src/ldso/%.c,$(engine) $(if $(findstring x86_64,$(shell $(CC) -dumpmachine)),cpu))
sources  := $(sort $(shell find src -name '*.c' -not -path 'src/ldso/*') $(engine))
objects  := $(sources:src/%.c=$(BUILD)/obj/%.o)
ldso     := $(sort $(shell find src/ldso -name '*.c' -o -name '*.S'))
loader   := $(if $(findstring x86_64,$(shell $(CC) -dumpmachine)),$(BUILD)/ld-gild.so.1)
units    := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(sort $(wildcard tests/unit/test_*.c)))
fuzzers  := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))

# V=1 shows whole command lines.
V ?=
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-5s %s\n' $(1) $(2))

# Targets that first install packages build by a second make, in parallel unless -j was given.
submake = @+$(MAKE) --no-print-directory $(if $(findstring -j,$(MAKEFLAGS)),,-j$(JOBS))
# SETUP=no: never install packages.
SETUP ?= yes
setup = $(if $(filter no,$(SETUP)),@:,@scripts/setup.sh)

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:
.SUFFIXES:
.PHONY: all help unit fuzz setup check check-long check-sanitized check-verified demo bench lint install uninstall clean force

all: $(BUILD)/gild $(BUILD)/ld.gild $(BUILD)/bin/ld $(loader) ## build the linker and the loader (the default)

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile

unit: $(units) ## build the unit tests

fuzz: $(fuzzers) ## build the fuzz programs (each takes files or folders to try)

setup: ## install all packages that the build and the tests use (Debian)
	@scripts/setup.sh build demo check lint

check: ## run all tests; T='GLOB ...' chooses some
	$(setup) build check
	$(submake) WERROR=1 all unit fuzz
	$(submake) WERROR=1 SAN=address,undefined BUILD=$(BUILD)-address-undefined all unit
	$(submake) WERROR=1 SAN=thread BUILD=$(BUILD)-thread all unit
	@JOBS=$(JOBS) CC='$(CC)' tests/run --build $(BUILD) --asan $(BUILD)-address-undefined --tsan $(BUILD)-thread $(T)

check-long: check-sanitized check-verified ## run the long tests: real programs, the whole suite with sanitizers and with every link checked, fuzzing
	$(setup) build check long
	$(submake) WERROR=1 all fuzz
	@JOBS=$(JOBS) CC='$(CC)' tests/run --build $(BUILD) --long $(T)

check-sanitized: ## run all tests under ASan with UBSan, and under TSan
	$(setup) build check
	$(submake) WERROR=1 all
	$(submake) WERROR=1 SAN=address,undefined BUILD=$(BUILD)-address-undefined all unit fuzz
	$(submake) WERROR=1 SAN=thread BUILD=$(BUILD)-thread all unit
	@JOBS=$(JOBS) CC='$(CC)' tests/run --build $(BUILD) --asan $(BUILD)-address-undefined --tsan $(BUILD)-thread \
		--as asan --as tsan $(if $(T),--maybe $(T))

check-verified: ## run all stories with each output checked by --verify-output, and made again by 1, 2, 7 and 16 threads
	$(setup) build check
	$(submake) WERROR=1 all fuzz
	@JOBS=$(JOBS) CC='$(CC)' tests/run --build $(BUILD) --as verify --as repeat $(if $(T),--maybe $(T))

demo: ## see gild link itself, then a C++ program with threads and exceptions
	$(setup) build demo
	$(submake) all
	@BUILD=$(BUILD) CC='$(CC)' scripts/demo.sh

bench: ## time gild against every other linker on PATH; B='CASE ...' chooses cases, see bench/run.sh
	$(setup) build demo
	$(submake) all
	@BUILD=$(BUILD) CC='$(CC)' SETUP=$(SETUP) bench/run.sh $(B)

lint: ## clang-tidy and cppcheck
	$(setup) build lint
	@CC='$(CC)' JOBS=$(JOBS) scripts/lint.sh

bindir     = $(DESTDIR)$(PREFIX)/bin
libexecdir = $(DESTDIR)$(PREFIX)/libexec/gild
libdir     = $(DESTDIR)$(PREFIX)/lib
mandir     = $(DESTDIR)$(PREFIX)/share/man/man1
man8dir    = $(DESTDIR)$(PREFIX)/share/man/man8
compdir    = $(DESTDIR)$(PREFIX)/share/bash-completion/completions

install: all ## install to $(DESTDIR)$(PREFIX)
	$(INSTALL) -d $(bindir) $(libexecdir) $(libdir) $(mandir) $(man8dir) $(compdir)
	$(INSTALL) -m 755 $(BUILD)/gild $(bindir)/gild
	$(if $(loader),$(INSTALL) -m 755 $(loader) $(libdir)/ld-gild.so.1)
	ln -sf gild $(bindir)/ld.gild
	ln -sf ../../bin/gild $(libexecdir)/ld
	$(INSTALL) -m 644 docs/gild.1 $(mandir)/gild.1
	$(INSTALL) -m 644 docs/gild-tree.1 docs/gild-explain.1 docs/gild-cache.1 docs/gild-abi.1 $(mandir)
	$(INSTALL) -m 644 docs/ld-gild.so.8 $(man8dir)
	ln -sf gild.1 $(mandir)/ld.gild.1
	$(INSTALL) -m 644 completions/gild.bash $(compdir)/gild

uninstall: ## remove what install put there
	rm -f $(bindir)/gild $(bindir)/ld.gild $(libexecdir)/ld $(libdir)/ld-gild.so.1 $(mandir)/gild.1 $(mandir)/ld.gild.1 $(compdir)/gild
	rm -f $(mandir)/gild-tree.1 $(mandir)/gild-explain.1 $(mandir)/gild-cache.1 $(mandir)/gild-abi.1 $(man8dir)/ld-gild.so.8
	rmdir $(libexecdir) 2>/dev/null || :

clean: ## remove everything built
	rm -rf build build-*

# --- the program

$(BUILD)/gild: $(BUILD)/obj/main.o $(BUILD)/libgild.a
	$(call say,LD,$@)
	$(Q)$(linkit) $(libs)

$(BUILD)/libgild.a: $(filter-out $(BUILD)/obj/main.o,$(objects)) $(BUILD)/.sources
	$(call say,AR,$@)
	@rm -f $@
	$(Q)$(AR) rcs $@ $(filter %.o,$^)

$(BUILD)/ld.gild: | $(BUILD)/gild
	$(Q)ln -sf gild $@

# gcc -B $(BUILD)/bin looks for a program called ld there.
$(BUILD)/bin/ld: | $(BUILD)/gild
	@mkdir -p $(@D)
	$(Q)ln -sf ../gild $@

# --- the loader: free-standing, x86-64 only, never with a sanitizer. It is linked by the system's linker, so that a gild
# that makes bad output can't hide here.

ldsoflags := -std=gnu17 -O2 -g -Isrc $(WARNINGS) $(CPPFLAGS) -D_GNU_SOURCE -ffreestanding -fPIC -fvisibility=hidden \
	-fno-stack-protector -fcf-protection=none -mgeneral-regs-only -fasynchronous-unwind-tables \
	$(shell $(CC) -fno-tree-loop-distribute-patterns -E -x c -o /dev/null /dev/null 2>/dev/null && \
		echo -fno-tree-loop-distribute-patterns) # gcc makes a call of strlen from the loop of strlen otherwise
ldsolink  := -shared -nostdlib -Wl,-soname=ld-linux-x86-64.so.2 -Wl,--version-script=src/ldso/exports.map -Wl,-Bsymbolic \
	-Wl,-e,_start -Wl,--hash-style=gnu -Wl,-z,now -Wl,-z,norelro -Wl,-z,noexecstack -Wl,-z,defs -Wl,--build-id

$(BUILD)/ld-gild.so.1: $(patsubst src/ldso/%,$(BUILD)/ldso/%.o,$(ldso)) src/ldso/exports.map $(BUILD)/.ldso
	$(call say,LD,$@)
	$(Q)$(CC) $(ldsolink) -o $@ $(filter %.o,$^)

$(BUILD)/ldso/%.o: src/ldso/% $(BUILD)/.ldso
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(ldsoflags) $(if $(WERROR),-Werror) -MMD -MP -c -o $@ $<

$(BUILD)/.ldso: force
	@mkdir -p $(@D)
	@printf '%s\n' '$(CC) $(ldsoflags) $(ldsolink) $(ldso)' | cmp -s - $@ || printf '%s\n' '$(CC) $(ldsoflags) $(ldsolink) $(ldso)' > $@

$(BUILD)/obj/%.o: src/%.c $(BUILD)/.flags | $(BUILD)/.headers
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(compile) $(unaligned) $(if $(WERROR),-Werror) -MMD -MP -c -o $@ $<

# The loader reads the tables of a file where they are, whether they are aligned or not: the processor can.
$(BUILD)/obj/ldso/%.o $(BUILD)/obj/inspect/%.o: unaligned := $(if $(findstring undefined,$(SAN)),-fno-sanitize=alignment)

$(BUILD)/obj/tests/%.o: tests/%.c $(BUILD)/.flags | $(BUILD)/.headers
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(compile) -Itests $(if $(WERROR),-Werror) -MMD -MP -c -o $@ $<

$(BUILD)/unit/%: $(BUILD)/obj/tests/unit/%.o $(BUILD)/libgild.a
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(linkit) -lcmocka $(libs)

fuzzmain  := $(BUILD)/obj/tests/fuzz/$(if $(findstring fuzzer,$(SAN)),guided,standalone).o
fuzzparts := $(patsubst %,$(BUILD)/obj/tests/fuzz/%.o,bend generate linking)
$(BUILD)/fuzz/libfuzz.a: $(fuzzparts)
	@mkdir -p $(@D)
	$(call say,AR,$@)
	$(Q)$(AR) rcs $@ $^

$(BUILD)/fuzz/%: $(BUILD)/obj/tests/fuzz/%.o $(fuzzmain) $(BUILD)/fuzz/libfuzz.a $(BUILD)/libgild.a
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(linkit) -Wl,--wrap=_exit $(libs) $(if $(findstring fuzzer,$(SAN)),-fsanitize=fuzzer)

# --- bookkeeping

# Headers of other projects: looked for once; setup.sh runs only when one is missing.
$(BUILD)/.headers:
	@mkdir -p $(@D)
	@headers() { printf '#include <%s>\n' stdio.h xxhash.h libiberty/demangle.h zlib.h zstd.h | $(CC) $(CPPFLAGS) -E -o /dev/null -x c - 2>/dev/null; }; \
	headers || [ '$(SETUP)' = no ] || scripts/setup.sh build
	@touch $@

# Written anew only when they change: a different compiler or flag rebuilds all, a source file that went away the archive.
$(BUILD)/.flags: force
	@mkdir -p $(@D)
	@printf '%s\n' '$(compile)' | cmp -s - $@ || printf '%s\n' '$(compile)' > $@

$(BUILD)/.sources: force
	@mkdir -p $(@D)
	@printf '%s\n' '$(sources)' | cmp -s - $@ || printf '%s\n' '$(sources)' > $@

-include $(shell find $(BUILD)/obj $(BUILD)/ldso -name '*.d' 2>/dev/null)
