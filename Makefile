# SPDX-License-Identifier: MIT
#
# libhelmdesk: static and shared library, examples, tests. `make help` lists what can be asked for.
#
#   make && sudo make install                          # gcc or clang, pkg-config, libcurl, mbedTLS, Jansson
#   make CC=clang CFLAGS='-O3 -g' BUILD=/tmp/helmdesk  # your compiler, your flags, your place
#   make install DESTDIR=/tmp/stage PREFIX=/usr LIBDIR=/usr/lib/x86_64-linux-gnu
#
# CC CXX AR CPPFLAGS CFLAGS LDFLAGS LDLIBS PKG_CONFIG are yours, from the environment or the command line: nothing here
# changes them, and they stand behind the Makefile's own flags. V=1 shows commands in full, WERROR=1 makes errors of
# warnings.

ifeq ($(filter output-sync,$(.FEATURES)),)
$(error GNU make 4.0 or newer is needed)
endif

# ---------------------------------------------------------------------------------------------------------------------
# What is built, and where

# The number in the SONAME. It is raised when a program built against the old library would break, and only then.
ABI := 0

# The version of the release, read from the public header: "0.1.0".
empty :=
space := $(empty) $(empty)
comma := ,
VERSION := $(subst $(space),.,$(strip $(shell sed -n 's/^.define HD_VERSION_[MP][A-Z]* //p' include/helmdesk/base.h)))

# The headers of the core library, beside helmdesk.h, which includes them all.
CORE_HEADERS := $(filter-out %/sqlite.h %/dashboard.h,$(wildcard include/helmdesk/*.h))

# Everything that is made lands under this directory, which `make clean` removes.
BUILD ?= build
# One name for one folder: the compiler notes under the name that it is given what an object depends on.
override BUILD := $(patsubst $(CURDIR)/%,%,$(BUILD))
ifneq ($(filter $(abspath $(BUILD))/%,$(CURDIR)/ $(foreach dir,include src examples tests,$(CURDIR)/$(dir)/)),)
$(error BUILD=$(BUILD) must be a directory of its own)
endif

LIB_FOLDERS := base sign event endpoint store transport engine
LIB_SOURCES := $(sort $(wildcard src/*.c $(LIB_FOLDERS:%=src/%/*.c)))
# The same objects go into both libraries: the static one too may become part of somebody's shared library.
LIB_OBJECTS := $(LIB_SOURCES:src/%.c=$(BUILD)/objects/%.o)

# The store in SQLite is a library of its own: it needs nothing of the core but the header of the seam, and a few files. The
# shared library has a copy of these; the static one takes them from libhelmdesk.a, so that all archives can be linked
# whole into one library. It is built where SQLite is; SQLITE=no leaves it out.
PKG_CONFIG ?= pkg-config
SQLITE ?= $(shell $(PKG_CONFIG) --atleast-version=3.35 sqlite3 2>/dev/null && echo yes || echo no)
SQLITE_SOURCES := $(sort $(wildcard src/store/sqlite/*.c))
SQLITE_OBJECTS := $(SQLITE_SOURCES:src/%.c=$(BUILD)/objects/%.o)
SQLITE_COPIED_OBJECTS := $(addprefix $(BUILD)/objects/,store/shards.o store/sought.o base/fold.o base/buffer.o base/text.o)
SQLITE_STATIC_LIB := $(BUILD)/libhelmdesk-sqlite.a
SQLITE_SHARED_NAME := libhelmdesk-sqlite.so
SQLITE_SONAME := $(SQLITE_SHARED_NAME).$(ABI)
SQLITE_SHARED_FILE := $(SQLITE_SONAME).$(VERSION)
SQLITE_SHARED_LIB := $(BUILD)/$(SQLITE_SHARED_FILE)
SQLITE_SHARED_LINKS := $(BUILD)/$(SQLITE_SONAME) $(BUILD)/$(SQLITE_SHARED_NAME)
SQLITE_PC_FILE := $(BUILD)/helmdesk-sqlite.pc
SQLITE_PARTS := $(if $(filter yes,$(SQLITE)),$(SQLITE_STATIC_LIB) $(SQLITE_SHARED_LIB) $(SQLITE_SHARED_LINKS) $(SQLITE_PC_FILE))

# The dashboard is a library of its own too: it uses the public functions of the core, and Jansson.
DASHBOARD_SOURCES := $(sort $(wildcard src/dashboard/*.c))
DASHBOARD_OBJECTS := $(DASHBOARD_SOURCES:src/%.c=$(BUILD)/objects/%.o)
DASHBOARD_STATIC_LIB := $(BUILD)/libhelmdesk-dashboard.a
DASHBOARD_SHARED_NAME := libhelmdesk-dashboard.so
DASHBOARD_SONAME := $(DASHBOARD_SHARED_NAME).$(ABI)
DASHBOARD_SHARED_FILE := $(DASHBOARD_SONAME).$(VERSION)
DASHBOARD_SHARED_LIB := $(BUILD)/$(DASHBOARD_SHARED_FILE)
DASHBOARD_SHARED_LINKS := $(BUILD)/$(DASHBOARD_SONAME) $(BUILD)/$(DASHBOARD_SHARED_NAME)
DASHBOARD_PC_FILE := $(BUILD)/helmdesk-dashboard.pc
# Its page: the modules joined, everything else as it is; and what browsers keep, compressed as well.
DASHBOARD_WEB := $(sort $(shell find src/dashboard/web -type f))
DASHBOARD_KEPT := $(addprefix $(BUILD)/web/,app.css app.js theme.js)
DASHBOARD_BUILT := $(BUILD)/web/index.html $(DASHBOARD_KEPT) $(DASHBOARD_KEPT:=.gz)
DASHBOARD_LANGUAGES := $(sort $(basename $(notdir $(wildcard src/dashboard/web/texts/*.js))))
DASHBOARD_ASSETS := $(BUILD)/include/dashboard_assets.h
DASHBOARD_PARTS := $(DASHBOARD_STATIC_LIB) $(DASHBOARD_SHARED_LIB) $(DASHBOARD_SHARED_LINKS) $(DASHBOARD_PC_FILE)

# The command-line tool. Stores are built in where SQLite is, `listen` where libmicrohttpd is; LISTEN=no leaves it out.
LISTEN ?= $(shell $(PKG_CONFIG) --exists libmicrohttpd 2>/dev/null && echo yes || echo no)
TOOL := $(BUILD)/helmdesk
TOOL_SOURCES := $(sort $(wildcard src/cli/*.c))
TOOL_OBJECTS := $(TOOL_SOURCES:src/%.c=$(BUILD)/tool/%.o)
TOOL_CPPFLAGS := $(if $(filter yes,$(SQLITE)),-DHELMDESK_HAS_SQLITE) $(if $(filter yes,$(LISTEN)),-DHELMDESK_HAS_LISTEN)
TOOL_LIBS = $(DASHBOARD_STATIC_LIB) $(if $(filter yes,$(SQLITE)),$(SQLITE_STATIC_LIB)) $(STATIC_LIB) $(HD_DEPS_LIBS) \
  $(if $(filter yes,$(SQLITE)),$(HD_SQLITE_LIBS)) $(if $(filter yes,$(LISTEN)),-lmicrohttpd)
# What it says of itself: the man page and the completions.
MAN_PAGES := $(BUILD)/man/helmdesk.1 $(BUILD)/man/helmdesk-webhooks.7
COMPLETIONS := $(BUILD)/completion/helmdesk.bash $(BUILD)/completion/helmdesk.zsh $(BUILD)/completion/helmdesk.fish
TOOL_PARTS := $(TOOL) $(MAN_PAGES) $(COMPLETIONS)

STATIC_LIB := $(BUILD)/libhelmdesk.a
SHARED_NAME := libhelmdesk.so
SONAME := $(SHARED_NAME).$(ABI)
SHARED_FILE := $(SONAME).$(VERSION)
SHARED_LIB := $(BUILD)/$(SHARED_FILE)
SHARED_LINKS := $(BUILD)/$(SONAME) $(BUILD)/$(SHARED_NAME)
PC_FILE := $(BUILD)/helmdesk.pc

# One is about epoll, which Linux alone has.
EXAMPLES := $(patsubst examples/%.c,$(BUILD)/examples/%,$(filter-out \
  $(if $(filter Linux,$(shell uname -s)),,examples/epoll.c),$(sort $(wildcard examples/*.c))))
# Those of several files, and of a folder: the helpdesk server, and the dashboard inside another server.
DESK := $(BUILD)/helmdesk-desk
DESK_OBJECTS := $(patsubst examples/%.c,$(BUILD)/folders/%.o,$(sort $(wildcard examples/desk/*.c)))
DESK_OPTIONS ?= --demo
MOUNT := $(BUILD)/examples/mount
MOUNT_OBJECTS := $(patsubst examples/%.c,$(BUILD)/folders/%.o,$(sort $(wildcard examples/mount/*.c)))

# One program per tests/*_test.c and tests/store/*_test.c; tests/*_test.sh are run as they are.
TEST_PROGRAMS := $(patsubst tests/%.c,$(BUILD)/tests/%,$(sort $(wildcard tests/*_test.c tests/store/*_test.c)))
TEST_SCRIPTS := $(sort $(wildcard tests/*_test.sh))
TEST_SUPPORT_OBJECTS := $(patsubst tests/%.c,$(BUILD)/tests/%.o,$(sort $(wildcard tests/support/*.c)))
TEST_SUPPORT := $(BUILD)/tests/libsupport.a

# What every store is tried with: the list of stores, the conformance suite, and the explorer of interleavings.
SUITE_OBJECTS := $(patsubst tests/%.c,$(BUILD)/tests/%.o,$(sort $(filter-out %_test.c,$(wildcard tests/store/*.c))))
SUITE := $(BUILD)/tests/libsuite.a

# The hostile suite takes minutes and stands apart: one program per tests/hostile/*_test.c, the rest there is shared.
HOSTILE_PROGRAMS := $(patsubst tests/%.c,$(BUILD)/tests/%,$(sort $(wildcard tests/hostile/*_test.c)))
HOSTILE_SUPPORT_OBJECTS := $(patsubst tests/%.c,$(BUILD)/tests/%.o, \
  $(sort $(filter-out %_test.c,$(wildcard tests/hostile/*.c))))
HOSTILE_SUPPORT := $(BUILD)/tests/libhostile.a

# What kills processes and fills disks: one program per tests/crash/*_test.c.
CRASH_PROGRAMS := $(patsubst tests/%.c,$(BUILD)/tests/%,$(sort $(wildcard tests/crash/*_test.c)))
CRASH_SUPPORT := $(BUILD)/tests/crash/crash.o

# What libFuzzer tries: one program per tests/fuzz/*_fuzz.c. It is built with clang alone.
FUZZ_PROGRAMS := $(patsubst tests/%.c,$(BUILD)/tests/%,$(sort $(wildcard tests/fuzz/*_fuzz.c)))
FUZZ_CC ?= clang
FUZZ_SECONDS ?= 60

# What meets the reference library of Standard Webhooks, and the servers that people run.
INTEROP_PROGRAMS := $(patsubst tests/%.c,$(BUILD)/tests/%,$(sort $(wildcard tests/interop/*.c)))

# The benchmark: a receiver, senders, and what drives them.
BENCH_SUPPORT := body descriptors figures steps store_bare store_clients store_log store_search store_shared store_steps
BENCH_PROGRAMS := $(patsubst tests/%.c,$(BUILD)/tests/%,$(sort $(filter-out $(BENCH_SUPPORT:%=tests/bench/%.c),$(wildcard tests/bench/*.c))))

# ---------------------------------------------------------------------------------------------------------------------
# Flags

OPTIMIZE ?= -O2
CFLAGS ?= $(OPTIMIZE) -g
INSTALL ?= install

HD_CPPFLAGS := -D_POSIX_C_SOURCE=200809L
HD_WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2
HD_CFLAGS := -std=c11 -pthread -fvisibility=hidden $(HD_WARNINGS) $(if $(filter 1,$(WERROR)),-Werror)

# Set by check-asan, check-tsan and fuzz.
ifneq ($(SANITIZE),)
HD_CFLAGS += -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer
endif

# Debian 12's mbedTLS has no .pc file, so it is named directly. `=` and not `:=`: pkg-config is asked when a recipe
# runs, which is after the stamp below has seen that it is there.
HD_DEPS_CFLAGS = $(shell $(PKG_CONFIG) --cflags libcurl jansson)
HD_DEPS_LIBS = $(shell $(PKG_CONFIG) --libs libcurl jansson) -lmbedcrypto

# ELF: only the names in the map leave the library; calls inside it stay inside; no symbol is left to luck; and it is
# never unloaded under a running worker thread.
HD_SHARED_LDFLAGS := -shared -Wl,--version-script,src/helmdesk.map -Wl,-Bsymbolic-functions \
  -Wl,-z,relro,-z,now,-z,nodelete,-z,defs
HD_SQLITE_LIBS = $(shell $(PKG_CONFIG) --libs sqlite3)

# $(call compile,flags) and $(call link,flags): the flags come before the user's, so that -Iinclude finds our header
# first.
compile = $(CC) $(1) $(HD_CPPFLAGS) $(CPPFLAGS) $(HD_CFLAGS) $(HD_DEPS_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<
link = $(CC) $(HD_CFLAGS) $(CFLAGS) $(1) $(LDFLAGS) -o $@

# $(call say,WORD) prints one short line per step; with V=1 the command itself is seen instead.
Q := $(if $(V),,@)
say = $(if $(V),@:,@printf '  %-7s %s\n' '$(1)' '$@')

# ---------------------------------------------------------------------------------------------------------------------
# Where it is installed: the GNU names, in both cases

prefix ?= /usr/local
PREFIX ?= $(prefix)
exec_prefix ?= $(PREFIX)
libdir ?= $(exec_prefix)/lib
LIBDIR ?= $(libdir)
includedir ?= $(PREFIX)/include
INCLUDEDIR ?= $(includedir)
PKGCONFIGDIR ?= $(LIBDIR)/pkgconfig
bindir ?= $(exec_prefix)/bin
BINDIR ?= $(bindir)
datadir ?= $(PREFIX)/share
DATADIR ?= $(datadir)
mandir ?= $(DATADIR)/man
MANDIR ?= $(mandir)
BASH_COMPLETION := $(DATADIR)/bash-completion/completions/helmdesk
ZSH_COMPLETION := $(DATADIR)/zsh/site-functions/_helmdesk
FISH_COMPLETION := $(DATADIR)/fish/vendor_completions.d/helmdesk.fish

# The .pc file names its own place: one ".." per directory between PREFIX and PKGCONFIGDIR. An installed or staged tree
# can so be moved. Directories outside of PREFIX are named as they are.
pc_root := $(abspath $(PREFIX))
pc_below := $(patsubst $(pc_root)/%,%,$(filter $(pc_root)/%,$(abspath $(PKGCONFIGDIR))))
pc_prefix := $(if $(pc_below),$${pcfiledir}/$(subst $(space),/,$(patsubst %,..,$(subst /, ,$(pc_below)))),$(pc_root))
pc_path = $(patsubst %/,%,$(patsubst $(pc_root)/%,$${prefix}/%,$(abspath $(1))/))

# ---------------------------------------------------------------------------------------------------------------------
# Targets for people

.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: all examples demo desk deps test check-asan check-tsan check-poll check-valgrind check-hostile check-interop check-crash check-cli check-browser fuzz bench bench-peers \
  lint install uninstall clean help
.PHONY: everything test-programs hostile-programs bench-programs interop-programs crash-programs fuzz-programs fuzz-objects \
  lint-format lint-gcc lint-clang lint-cppcheck lint-shell lint-includes FORCE

# These targets prepare the machine, then call make again for the real work. Of several of them, one runs at a time;
# what they call runs in parallel.
ifneq ($(filter demo desk deps test bench fuzz check-% lint% clean uninstall,$(MAKECMDGOALS)),)
.NOTPARALLEL:
endif
JOBS = $(shell nproc 2>/dev/null || getconf _NPROCESSORS_ONLN)
PARALLEL = --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$(JOBS))

# Looks for what the groups need and installs it if it can; --check only looks.
DEPS = CC='$(CC)' CXX='$(CXX)' CPPFLAGS='$(CPPFLAGS)' CFLAGS='$(CFLAGS)' LDFLAGS='$(LDFLAGS)' \
  PKG_CONFIG='$(PKG_CONFIG)' FUZZ_CC='$(FUZZ_CC)' .ci/deps

RUN_TESTS = BUILD='$(abspath $(BUILD))' CC='$(CC)' CXX='$(CXX)' PKG_CONFIG='$(PKG_CONFIG)' MAKE='$(MAKE_COMMAND)' \
  tests/run.sh

all: $(STATIC_LIB) $(SHARED_LIB) $(SHARED_LINKS) $(PC_FILE) $(SQLITE_PARTS) $(DASHBOARD_PARTS) $(TOOL_PARTS) ## build the libraries and the tool (the default)

examples: $(EXAMPLES) $(DESK) $(MOUNT) ## build the example programs

demo: ## run the demo: a helpdesk, a receiver, signed webhooks between them
	@$(DEPS) core examples
	@$(MAKE) $(PARALLEL) examples
	@$(BUILD)/examples/demo

desk: ## run the helpdesk server with the dashboard, and something to look at (DESK_OPTIONS are its options)
	@$(DEPS) core examples sqlite
	@$(MAKE) $(PARALLEL) $(DESK) $(TOOL)
	@$(DESK) $(DESK_OPTIONS)

deps: ## install what building and testing need (Debian, Ubuntu), or say what it is
	@$(DEPS)

test: ## build everything and run every test
	@$(DEPS) core test
	@$(MAKE) $(PARALLEL) everything
	@$(RUN_TESTS) $(TEST_PROGRAMS) $(TEST_SCRIPTS)

check-asan: ## run the test programs with AddressSanitizer, LeakSanitizer and UndefinedBehaviorSanitizer
	@$(DEPS) core test sanitizers
	@$(MAKE) $(PARALLEL) BUILD=$(BUILD)/asan SANITIZE=address,undefined test-programs
	@ASAN_OPTIONS="detect_leaks=1:$${ASAN_OPTIONS:-}" UBSAN_OPTIONS="print_stacktrace=1:$${UBSAN_OPTIONS:-}" \
	  $(RUN_TESTS) $(TEST_PROGRAMS:$(BUILD)/%=$(BUILD)/asan/%)

# ThreadSanitizer needs a memory layout that newer kernels' address randomization does not leave to it: `setarch -R`.
check-tsan: ## run the test programs with ThreadSanitizer
	@$(DEPS) core test sanitizers
	@$(MAKE) $(PARALLEL) BUILD=$(BUILD)/tsan SANITIZE=thread test-programs
	@TSAN_OPTIONS="halt_on_error=1:$(patsubst %,suppressions=%:,$(wildcard tests/tsan.supp))$${TSAN_OPTIONS:-}" \
	  RUN_WRAPPER="$$(setarch -R true 2>/dev/null && echo setarch -R)" \
	  $(RUN_TESTS) $(TEST_PROGRAMS:$(BUILD)/%=$(BUILD)/tsan/%)

# What systems without epoll get.
check-poll: ## run the test programs with poll() in the place of epoll
	@$(DEPS) core test
	@$(MAKE) $(PARALLEL) BUILD=$(BUILD)/poll CPPFLAGS='-DHD_USE_POLL $(CPPFLAGS)' test-programs
	@$(RUN_TESTS) $(TEST_PROGRAMS:$(BUILD)/%=$(BUILD)/poll/%)

# A test's receiver has a thread for each connection, 440 at a time in storm_test; Valgrind gives up at 500 unless told.
# One test takes more than a minute there, and other work beside it makes that minutes.
check-valgrind: ## run the test programs under Valgrind's memcheck
	@$(DEPS) core test valgrind
	@$(MAKE) $(PARALLEL) BUILD=$(BUILD)/valgrind OPTIMIZE=-O1 test-programs
	@TEST_TIMEOUT="$${TEST_TIMEOUT:-900}" RUN_WRAPPER="valgrind -q --max-threads=2000 --error-exitcode=99 --leak-check=full \
	  --errors-for-leak-kinds=definite,possible $(patsubst %,--suppressions=%,$(wildcard tests/valgrind.supp))" \
	  $(RUN_TESTS) $(TEST_PROGRAMS:$(BUILD)/%=$(BUILD)/valgrind/%)

# What it finds anew is kept under the build directory, and tried first by the next run.
fuzz: ## let libFuzzer try what reads the bytes of others, for FUZZ_SECONDS (60) a target
	@$(DEPS) core test fuzz
	@$(MAKE) $(PARALLEL) BUILD=$(BUILD)/fuzz CC=$(FUZZ_CC) SANITIZE=fuzzer-no-link,address,undefined OPTIMIZE=-O1 fuzz-programs
	@FUZZ_SECONDS=$(FUZZ_SECONDS) WORK='$(abspath $(BUILD)/fuzz/found)' \
	  tests/fuzz/run.sh $(abspath $(FUZZ_PROGRAMS:$(BUILD)/%=$(BUILD)/fuzz/%))

check-hostile: ## attack the library: bad receivers, TLS, names, processes, load; prints what it saw
	@$(DEPS) core test hostile
	@$(MAKE) $(PARALLEL) all hostile-programs
	@SHOW=1 $(RUN_TESTS) $(HOSTILE_PROGRAMS)

check-crash: ## kill a process with a store 200 times, and one of four every 300 ms; fill its disk; leave it a million deliveries
	@$(DEPS) core test
	@$(MAKE) $(PARALLEL) all crash-programs
	@SHOW=1 $(RUN_TESTS) $(CRASH_PROGRAMS)

# Figures, not a test: nothing fails because a machine is slow.
bench: ## measure the library beside its peers, as far as those are installed; takes some minutes
	@$(DEPS) core test hostile bench
	@$(MAKE) $(PARALLEL) all bench-programs
	@CC='$(CC)' PKG_CONFIG='$(PKG_CONFIG)' tests/bench/peers/build.sh $(BUILD)/tests/bench/peers
	@tests/bench/run.py $(BUILD)

check-cli: ## run the tool as people do: every command, at a terminal and in a pipe, text and JSON; completions, man pages
	@$(DEPS) core test cli
	@$(MAKE) $(PARALLEL) all
	@$(RUN_TESTS) $(sort $(wildcard tests/cli/*_test.sh))

# Without a browser, it says so and is skipped; where CI is set, it fails.
check-browser: ## try the dashboard in a real Chromium, with real servers and receivers (FILES: only these files)
	@$(DEPS) core examples sqlite
	@$(DEPS) browser || [ -z '$(CI)' ]
	@$(MAKE) $(PARALLEL) all examples
	@BUILD='$(abspath $(BUILD))' tests/browser/run.sh $(FILES)

bench-peers: ## install the languages and libraries of the benchmark's peers (about 1 GB)
	@$(DEPS) peers

check-interop: ## let the product page's code, the reference library of Standard Webhooks and an FFI verify, and be verified; count POSTs at nginx, Apache and others
	@$(DEPS) core test interop
	@$(MAKE) $(PARALLEL) all $(INTEROP_PROGRAMS)
	@SHOW=1 TEST_JOBS=1 $(RUN_TESTS) tests/interop/interop.sh tests/interop/servers.sh

lint: ## check format, warnings (gcc and clang), cppcheck, shellcheck, the rules of #include
	@$(DEPS) core test hostile bench lint
	@$(MAKE) $(PARALLEL) -k lint-format lint-gcc lint-clang lint-cppcheck lint-shell lint-includes
	@echo 'lint: nothing to complain about'

install: all ## install headers, libraries, .pc files and the tool (DESTDIR, PREFIX, LIBDIR, INCLUDEDIR, BINDIR, MANDIR)
	$(INSTALL) -d '$(DESTDIR)$(INCLUDEDIR)/helmdesk' '$(DESTDIR)$(LIBDIR)' '$(DESTDIR)$(PKGCONFIGDIR)'
	$(INSTALL) -m 644 include/helmdesk.h '$(DESTDIR)$(INCLUDEDIR)/'
	$(INSTALL) -m 644 $(CORE_HEADERS) '$(DESTDIR)$(INCLUDEDIR)/helmdesk/'
	$(INSTALL) -m 644 $(STATIC_LIB) '$(DESTDIR)$(LIBDIR)/'
	$(INSTALL) -m 755 $(SHARED_LIB) '$(DESTDIR)$(LIBDIR)/'
	ln -sf $(SHARED_FILE) '$(DESTDIR)$(LIBDIR)/$(SONAME)'
	ln -sf $(SONAME) '$(DESTDIR)$(LIBDIR)/$(SHARED_NAME)'
	$(INSTALL) -m 644 $(PC_FILE) '$(DESTDIR)$(PKGCONFIGDIR)/'
	$(if $(SQLITE_PARTS),$(install_sqlite))
	$(INSTALL) -m 644 include/helmdesk/dashboard.h '$(DESTDIR)$(INCLUDEDIR)/helmdesk/'
	$(INSTALL) -m 644 $(DASHBOARD_STATIC_LIB) '$(DESTDIR)$(LIBDIR)/'
	$(INSTALL) -m 755 $(DASHBOARD_SHARED_LIB) '$(DESTDIR)$(LIBDIR)/'
	ln -sf $(DASHBOARD_SHARED_FILE) '$(DESTDIR)$(LIBDIR)/$(DASHBOARD_SONAME)'
	ln -sf $(DASHBOARD_SONAME) '$(DESTDIR)$(LIBDIR)/$(DASHBOARD_SHARED_NAME)'
	$(INSTALL) -m 644 $(DASHBOARD_PC_FILE) '$(DESTDIR)$(PKGCONFIGDIR)/'
	$(INSTALL) -d '$(DESTDIR)$(BINDIR)' '$(DESTDIR)$(MANDIR)/man1' '$(DESTDIR)$(MANDIR)/man7' \
	  $(foreach file,$(BASH_COMPLETION) $(ZSH_COMPLETION) $(FISH_COMPLETION),'$(DESTDIR)$(dir $(file))')
	$(INSTALL) -m 755 $(TOOL) '$(DESTDIR)$(BINDIR)/'
	$(INSTALL) -m 644 $(BUILD)/man/helmdesk.1 '$(DESTDIR)$(MANDIR)/man1/'
	$(INSTALL) -m 644 $(BUILD)/man/helmdesk-webhooks.7 '$(DESTDIR)$(MANDIR)/man7/'
	$(INSTALL) -m 644 $(BUILD)/completion/helmdesk.bash '$(DESTDIR)$(BASH_COMPLETION)'
	$(INSTALL) -m 644 $(BUILD)/completion/helmdesk.zsh '$(DESTDIR)$(ZSH_COMPLETION)'
	$(INSTALL) -m 644 $(BUILD)/completion/helmdesk.fish '$(DESTDIR)$(FISH_COMPLETION)'
	@$(refresh_loader)

install_sqlite = $(INSTALL) -m 644 include/helmdesk/sqlite.h '$(DESTDIR)$(INCLUDEDIR)/helmdesk/' && \
	$(INSTALL) -m 644 $(SQLITE_STATIC_LIB) '$(DESTDIR)$(LIBDIR)/' && \
	$(INSTALL) -m 755 $(SQLITE_SHARED_LIB) '$(DESTDIR)$(LIBDIR)/' && \
	ln -sf $(SQLITE_SHARED_FILE) '$(DESTDIR)$(LIBDIR)/$(SQLITE_SONAME)' && \
	ln -sf $(SQLITE_SONAME) '$(DESTDIR)$(LIBDIR)/$(SQLITE_SHARED_NAME)' && \
	$(INSTALL) -m 644 $(SQLITE_PC_FILE) '$(DESTDIR)$(PKGCONFIGDIR)/'

uninstall: ## remove what install has put there (with the same variables)
	rm -f '$(DESTDIR)$(INCLUDEDIR)/helmdesk.h' $(patsubst %,'$(DESTDIR)$(INCLUDEDIR)/%',$(CORE_HEADERS:include/%=%)) \
	  '$(DESTDIR)$(LIBDIR)/libhelmdesk.a' '$(DESTDIR)$(LIBDIR)/$(SHARED_NAME)' \
	  '$(DESTDIR)$(LIBDIR)/$(SONAME)' '$(DESTDIR)$(LIBDIR)/$(SHARED_FILE)' '$(DESTDIR)$(PKGCONFIGDIR)/helmdesk.pc'
	rm -f '$(DESTDIR)$(INCLUDEDIR)/helmdesk/sqlite.h' '$(DESTDIR)$(LIBDIR)/libhelmdesk-sqlite.a' \
	  '$(DESTDIR)$(LIBDIR)/$(SQLITE_SHARED_NAME)' '$(DESTDIR)$(LIBDIR)/$(SQLITE_SONAME)' \
	  '$(DESTDIR)$(LIBDIR)/$(SQLITE_SHARED_FILE)' '$(DESTDIR)$(PKGCONFIGDIR)/helmdesk-sqlite.pc'
	rm -f '$(DESTDIR)$(INCLUDEDIR)/helmdesk/dashboard.h' '$(DESTDIR)$(LIBDIR)/libhelmdesk-dashboard.a' \
	  '$(DESTDIR)$(LIBDIR)/$(DASHBOARD_SHARED_NAME)' '$(DESTDIR)$(LIBDIR)/$(DASHBOARD_SONAME)' \
	  '$(DESTDIR)$(LIBDIR)/$(DASHBOARD_SHARED_FILE)' '$(DESTDIR)$(PKGCONFIGDIR)/helmdesk-dashboard.pc'
	rm -f '$(DESTDIR)$(BINDIR)/helmdesk' '$(DESTDIR)$(MANDIR)/man1/helmdesk.1' \
	  '$(DESTDIR)$(MANDIR)/man7/helmdesk-webhooks.7' '$(DESTDIR)$(BASH_COMPLETION)' '$(DESTDIR)$(ZSH_COMPLETION)' \
	  '$(DESTDIR)$(FISH_COMPLETION)'
	[ ! -d '$(DESTDIR)$(INCLUDEDIR)/helmdesk' ] || rmdir '$(DESTDIR)$(INCLUDEDIR)/helmdesk'
	@$(refresh_loader)

# The loader finds libraries through a cache. A stage (DESTDIR) is none of its business.
refresh_loader = if [ -z '$(DESTDIR)' ] && [ "$$(id -u)" = 0 ] && command -v ldconfig >/dev/null; then ldconfig; fi

clean: ## remove everything that was built
	rm -rf '$(BUILD)'

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile

# ---------------------------------------------------------------------------------------------------------------------
# The steps of lint; each says what is wrong, and `make -k` goes on to the next

C_FILES = $(sort $(shell find $(wildcard include src examples tests) -name node_modules -prune -o \
  -name '*.[ch]' -print -o -name '*.cpp' -print))
SHELL_FILES = .ci/deps .ci/run $(sort $(shell find tests -name node_modules -prune -o -name '*.sh' -print))

lint-format:
	@echo '  LINT    clang-format'
	$(Q)clang-format --dry-run -Werror $(C_FILES)

lint-gcc:
	@echo '  LINT    warnings of gcc'
	$(Q)$(MAKE) --no-print-directory BUILD=$(BUILD)/lint-gcc CC=gcc CXX=g++ WERROR=1 everything hostile-programs bench-programs interop-programs crash-programs fuzz-objects

lint-clang:
	@echo '  LINT    warnings of clang'
	$(Q)$(MAKE) --no-print-directory BUILD=$(BUILD)/lint-clang CC=clang CXX=clang++ WERROR=1 everything hostile-programs bench-programs interop-programs crash-programs fuzz-objects

# It sees the code as gcc on Linux does, but none of the system's headers. The two that are left out are no findings:
# that it did not look at everything, and `(void)a, (void)b;`.
lint-cppcheck:
	@echo '  LINT    cppcheck'
	$(Q)cppcheck --quiet --error-exitcode=1 -j $(JOBS) --std=c11 -D__GNUC__=12 -D__linux__ -DLIBCURL_VERSION_NUM=0x080000 \
	  --inline-suppr --enable=warning,performance,portability --suppress=normalCheckLevelMaxBranches --suppress=constStatement \
	  --suppress=nullPointerOutOfMemory --suppress=nullPointerArithmeticOutOfMemory --suppress=nullPointerOutOfResources \
	  -Iinclude -Isrc -Itests $(filter %.c,$(C_FILES))

lint-shell:
	@echo '  LINT    shellcheck'
	$(Q)shellcheck $(SHELL_FILES)

lint-includes:
	@echo '  LINT    the rules of #include'
	$(Q)tests/check_includes.sh

# ---------------------------------------------------------------------------------------------------------------------
# How it is built

everything: all examples test-programs

test-programs: $(TEST_PROGRAMS)

hostile-programs: $(HOSTILE_PROGRAMS)

bench-programs: $(BENCH_PROGRAMS)

crash-programs: $(CRASH_PROGRAMS)

fuzz-programs: $(FUZZ_PROGRAMS)

fuzz-objects: $(FUZZ_PROGRAMS:%=%.o)

interop-programs: $(INTEROP_PROGRAMS)

# Remembers that what a group needs was there, so that something missing is one clear line and no page of errors.
DEPS_OK := $(BUILD)/deps-core.ok $(BUILD)/deps-examples.ok $(BUILD)/deps-test.ok
$(DEPS_OK): $(BUILD)/deps-%.ok: .ci/deps
	@mkdir -p $(@D)
	@$(DEPS) --check $*
	@touch $@

$(BUILD)/objects/%.o: src/%.c Makefile | $(BUILD)/deps-core.ok
	$(call say,CC)
	@mkdir -p $(@D)
	$(Q)$(call compile,-Iinclude -Isrc -fPIC)

# Is written when a source file comes or goes: then the libraries are made anew, without what is gone.
$(BUILD)/sources: FORCE
	@mkdir -p $(@D)
	@echo '$(LIB_SOURCES)' | cmp -s - $@ || echo '$(LIB_SOURCES)' >$@

# Is written when an optional library comes or goes: then what is built with it or without it is made anew.
$(BUILD)/parts: FORCE
	@mkdir -p $(@D)
	@echo 'sqlite $(SQLITE) listen $(LISTEN)' | cmp -s - $@ || echo 'sqlite $(SQLITE) listen $(LISTEN)' >$@

$(STATIC_LIB): $(LIB_OBJECTS) $(BUILD)/sources
	$(call say,AR)
	@rm -f $@
	$(Q)$(AR) rcs $@ $(LIB_OBJECTS)

$(SHARED_LIB): $(LIB_OBJECTS) $(BUILD)/sources src/helmdesk.map
	$(call say,LINK)
	$(Q)$(call link,$(HD_SHARED_LDFLAGS) -Wl$(comma)-soname$(comma)$(SONAME)) $(LIB_OBJECTS) $(HD_DEPS_LIBS) $(LDLIBS)

$(BUILD)/$(SONAME): $(SHARED_LIB)
	@ln -sf $(SHARED_FILE) $@

$(BUILD)/$(SHARED_NAME): $(BUILD)/$(SONAME)
	@ln -sf $(SONAME) $@

$(SQLITE_STATIC_LIB): $(SQLITE_OBJECTS)
	$(call say,AR)
	@rm -f $@
	$(Q)$(AR) rcs $@ $(SQLITE_OBJECTS)

$(SQLITE_SHARED_LIB): $(SQLITE_OBJECTS) $(SQLITE_COPIED_OBJECTS) src/helmdesk.map
	$(call say,LINK)
	$(Q)$(call link,$(HD_SHARED_LDFLAGS) -Wl$(comma)-soname$(comma)$(SQLITE_SONAME)) $(SQLITE_OBJECTS) $(SQLITE_COPIED_OBJECTS) \
	  $(HD_SQLITE_LIBS) $(LDLIBS) -pthread

$(BUILD)/$(SQLITE_SONAME): $(SQLITE_SHARED_LIB)
	@ln -sf $(SQLITE_SHARED_FILE) $@

$(BUILD)/$(SQLITE_SHARED_NAME): $(BUILD)/$(SQLITE_SONAME)
	@ln -sf $(SQLITE_SONAME) $@

$(BUILD)/web/app.js: src/dashboard/join.awk $(DASHBOARD_WEB)
	@mkdir -p $(@D)
	@awk -f src/dashboard/join.awk src/dashboard/web/app.js >$@.new && mv $@.new $@

$(BUILD)/web/%: src/dashboard/web/%
	@mkdir -p $(@D)
	@cp $< $@

# Without a name and a time, so that two builds are the same.
$(BUILD)/web/%.gz: $(BUILD)/web/%
	@gzip -9nc $< >$@.new && mv $@.new $@

# The list of the page's files, a version that changes with each file that browsers keep, and the languages.
$(DASHBOARD_ASSETS): $(DASHBOARD_BUILT) Makefile
	@mkdir -p $(@D)
	@{ printf '#define HD__ASSETS_VERSION "%s"\n#define HD__ASSETS(X)' \
	  "$$(cat $(DASHBOARD_KEPT) | cksum | tr ' ' -)"; n=0; for file in $(DASHBOARD_BUILT); do \
	  printf ' \\\n    X(%d, "%s", "%s")' $$n "$${file#$(BUILD)/web/}" "$$file"; n=$$((n + 1)); done; \
	  printf '\n#define HD__LANGUAGES(X)%s\n' '$(foreach name,$(DASHBOARD_LANGUAGES), X("$(name)"))'; } >$@

$(BUILD)/objects/dashboard/assets.o: $(DASHBOARD_ASSETS)
$(BUILD)/objects/dashboard/assets.o: HD_CPPFLAGS += -I$(BUILD)/include

$(DASHBOARD_STATIC_LIB): $(DASHBOARD_OBJECTS)
	$(call say,AR)
	@rm -f $@
	$(Q)$(AR) rcs $@ $(DASHBOARD_OBJECTS)

$(DASHBOARD_SHARED_LIB): $(DASHBOARD_OBJECTS) $(SHARED_LIB) $(SHARED_LINKS) src/helmdesk.map
	$(call say,LINK)
	$(Q)$(call link,$(HD_SHARED_LDFLAGS) -Wl$(comma)-soname$(comma)$(DASHBOARD_SONAME)) $(DASHBOARD_OBJECTS) \
	  -L$(BUILD) -lhelmdesk $(shell $(PKG_CONFIG) --libs jansson) $(LDLIBS) -pthread

$(BUILD)/$(DASHBOARD_SONAME): $(DASHBOARD_SHARED_LIB)
	@ln -sf $(DASHBOARD_SHARED_FILE) $@

$(BUILD)/$(DASHBOARD_SHARED_NAME): $(BUILD)/$(DASHBOARD_SONAME)
	@ln -sf $(DASHBOARD_SONAME) $@

# The tool is one file that runs wherever the libraries below ours are.
$(TOOL_OBJECTS): $(BUILD)/tool/%.o: src/%.c Makefile $(BUILD)/parts | $(BUILD)/deps-core.ok
	$(call say,CC)
	@mkdir -p $(@D)
	$(Q)$(call compile,-Iinclude -Isrc $(TOOL_CPPFLAGS))

$(TOOL): $(TOOL_OBJECTS) $(DASHBOARD_STATIC_LIB) $(STATIC_LIB) $(if $(filter yes,$(SQLITE)),$(SQLITE_STATIC_LIB))
	$(call say,LINK)
	$(Q)$(call link) $(TOOL_OBJECTS) $(TOOL_LIBS) $(LDLIBS)

$(BUILD)/man/helmdesk.1: src/man/helmdesk.1.in $(TOOL)
	@mkdir -p $(@D)
	@$(TOOL) help --mdoc >$@.options
	@sed -e '/^@OPTIONS@$$/{r $@.options' -e 'd}' $< >$@
	@rm $@.options

$(BUILD)/man/%.7: src/man/%.7
	@mkdir -p $(@D)
	@cp $< $@

$(COMPLETIONS): $(BUILD)/completion/helmdesk.%: $(TOOL)
	@mkdir -p $(@D)
	@$(TOOL) completion $* >$@

# Depends on variables as well as on the template, so it is always looked at and only written if it would change.
$(PC_FILE) $(SQLITE_PC_FILE) $(DASHBOARD_PC_FILE): $(BUILD)/%.pc: pkgconfig/%.pc.in FORCE
	@mkdir -p $(@D)
	@sed -e 's|@PREFIX@|$(pc_prefix)|' -e 's|@EXEC_PREFIX@|$(call pc_path,$(exec_prefix))|' \
	  -e 's|@LIBDIR@|$(call pc_path,$(LIBDIR))|' -e 's|@INCLUDEDIR@|$(call pc_path,$(INCLUDEDIR))|' \
	  -e 's|@VERSION@|$(VERSION)|' $< >$@.new
	@if cmp -s $@.new $@; then rm -f $@.new; else mv -f $@.new $@; fi

# Examples know the public header only, as a program outside of this tree would.
$(EXAMPLES:%=%.o): $(BUILD)/examples/%.o: examples/%.c Makefile | $(BUILD)/deps-core.ok $(BUILD)/deps-examples.ok
	$(call say,CC)
	@mkdir -p $(@D)
	$(Q)$(call compile,-Iinclude)

$(BUILD)/examples/receive $(BUILD)/examples/demo: EXAMPLE_LIBS := -lmicrohttpd

$(EXAMPLES): %: %.o $(STATIC_LIB)
	$(call say,LINK)
	$(Q)$(call link) $< $(STATIC_LIB) $(EXAMPLE_LIBS) $(HD_DEPS_LIBS) $(LDLIBS)

FOLDER_OBJECTS := $(DESK_OBJECTS) $(MOUNT_OBJECTS)
$(FOLDER_OBJECTS): $(BUILD)/folders/%.o: examples/%.c Makefile | $(BUILD)/deps-core.ok $(BUILD)/deps-examples.ok
	$(call say,CC)
	@mkdir -p $(@D)
	$(Q)$(call compile,-Iinclude $(if $(filter yes,$(SQLITE)),-DHELMDESK_HAS_SQLITE))

# Its web files are in the program.
$(BUILD)/folders/desk/assets.o: $(wildcard examples/desk/web/*)
$(DESK_OBJECTS): $(BUILD)/parts

$(DESK): $(DESK_OBJECTS) $(DASHBOARD_STATIC_LIB) $(if $(filter yes,$(SQLITE)),$(SQLITE_STATIC_LIB)) $(STATIC_LIB)
	$(call say,LINK)
	$(Q)$(call link) $^ -lmicrohttpd $(HD_DEPS_LIBS) $(if $(filter yes,$(SQLITE)),$(HD_SQLITE_LIBS)) $(LDLIBS)

$(MOUNT): $(MOUNT_OBJECTS) $(DASHBOARD_STATIC_LIB) $(STATIC_LIB)
	$(call say,LINK)
	@mkdir -p $(@D)
	$(Q)$(call link) $^ -lmicrohttpd $(HD_DEPS_LIBS) $(LDLIBS)

# Tests are linked with the static library, since they look at internal functions (hd__...) too. cmocka 2 would have them
# use names that cmocka 1 does not have.
$(BUILD)/tests/%.o: tests/%.c Makefile | $(BUILD)/deps-core.ok $(BUILD)/deps-test.ok
	$(call say,CC)
	@mkdir -p $(@D)
	$(Q)$(call compile,-Iinclude -Isrc -Itests -Wno-deprecated-declarations)

$(TEST_SUPPORT): $(TEST_SUPPORT_OBJECTS)
	$(call say,AR)
	@mkdir -p $(@D) && rm -f $@
	$(Q)$(AR) rcs $@ $^

# Here every allocation goes through the test, which lets one after the other fail.
$(BUILD)/tests/oom_test $(BUILD)/tests/store_oom_test $(BUILD)/tests/sqlite_oom_test $(BUILD)/tests/dashboard_oom_test: TEST_LDFLAGS := \
  -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup,--wrap=strndup

# And here no nap takes any time.
$(BUILD)/tests/store_oom_test: TEST_LDFLAGS += -Wl,--wrap=nanosleep

# Here the system has no more inotify instances when the test says so.
$(BUILD)/tests/sqlite_watch_test: TEST_LDFLAGS := -Wl,--wrap=inotify_init1

# It counts what the engine asks of the store, and that of SQLite.
$(BUILD)/tests/sqlite_idle_test: TEST_LDFLAGS := -Wl,--wrap=sqlite3_step,--wrap=sqlite3_exec,--wrap=hd__sqlite_look,--wrap=hd__sqlite_tend

# It stands between the library and libcurl's timers.
$(BUILD)/tests/deadline_test: TEST_LDFLAGS := -Wl,--wrap=curl_multi_setopt

# Its clock is ahead, and reports are of one millisecond, when the test wants them to be.
$(BUILD)/tests/dashboard_test: TEST_LDFLAGS := -Wl,--wrap=hd__dash_now_ms,--wrap=hd_report_finished_at_ms

$(SUITE): $(SUITE_OBJECTS)
	$(call say,AR)
	@mkdir -p $(@D) && rm -f $@
	$(Q)$(AR) rcs $@ $^

SUITE_TESTS := $(filter $(BUILD)/tests/store/%,$(TEST_PROGRAMS))
$(SUITE_TESTS): $(SUITE)
$(SUITE_TESTS): TEST_LIBS := $(SUITE)

DASHBOARD_TESTS := $(filter $(BUILD)/tests/dashboard_%,$(TEST_PROGRAMS))
$(DASHBOARD_TESTS): $(DASHBOARD_STATIC_LIB)
$(DASHBOARD_TESTS): TEST_LIBS := $(DASHBOARD_STATIC_LIB)

$(TEST_PROGRAMS): %: %.o $(TEST_SUPPORT) $(SQLITE_STATIC_LIB) $(STATIC_LIB)
	$(call say,LINK)
	$(Q)$(call link,$(TEST_LDFLAGS)) $< -Wl,--start-group $(TEST_SUPPORT) $(TEST_LIBS) $(SQLITE_STATIC_LIB) $(STATIC_LIB) -Wl,--end-group \
	  -lcmocka $(HD_DEPS_LIBS) $(HD_SQLITE_LIBS) $(LDLIBS)

$(HOSTILE_SUPPORT): $(HOSTILE_SUPPORT_OBJECTS)
	$(call say,AR)
	@mkdir -p $(@D) && rm -f $@
	$(Q)$(AR) rcs $@ $^

# Their TLS servers are made of mbedTLS.
$(HOSTILE_PROGRAMS): %: %.o $(HOSTILE_SUPPORT) $(TEST_SUPPORT) $(STATIC_LIB)
	$(call say,LINK)
	$(Q)$(call link) $< -Wl,--start-group $(HOSTILE_SUPPORT) $(TEST_SUPPORT) $(STATIC_LIB) -Wl,--end-group \
	  -lmbedtls -lmbedx509 -lcmocka -ldl $(HD_DEPS_LIBS) $(LDLIBS)

# The floors sign with OpenSSL.
BENCH_FLOORS := $(BUILD)/tests/bench/raw $(BUILD)/tests/bench/libcurl
$(BENCH_FLOORS): $(BUILD)/tests/bench/body.o
$(BENCH_FLOORS): BENCH_LIBS := $(BUILD)/tests/bench/body.o -lcrypto
# These keep many connections open; what counts allocations sees every one of ours.
BENCH_CROWDS := $(addprefix $(BUILD)/tests/bench/,micro receiver sender)
$(BENCH_CROWDS): $(BUILD)/tests/bench/descriptors.o
$(BENCH_CROWDS): BENCH_LIBS := $(BUILD)/tests/bench/descriptors.o
$(BUILD)/tests/bench/micro: BENCH_LDFLAGS := -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc

# The store's benchmark has parts.
BENCH_STORE := $(addprefix $(BUILD)/tests/bench/,figures.o steps.o store_bare.o store_clients.o store_log.o store_search.o store_shared.o store_steps.o) $(CRASH_SUPPORT)
$(BUILD)/tests/bench/store: $(BENCH_STORE) $(SQLITE_STATIC_LIB)
$(BUILD)/tests/bench/store: BENCH_LIBS := $(HD_SQLITE_LIBS)
$(BUILD)/tests/bench/store: BENCH_PARTS := $(BENCH_STORE) $(SQLITE_STATIC_LIB)

$(BENCH_PROGRAMS): %: %.o $(HOSTILE_SUPPORT) $(TEST_SUPPORT) $(STATIC_LIB)
	$(call say,LINK)
	$(Q)$(call link,$(BENCH_LDFLAGS)) $< -Wl,--start-group $(BENCH_PARTS) $(HOSTILE_SUPPORT) $(TEST_SUPPORT) $(STATIC_LIB) -Wl,--end-group \
	  -lmbedtls -lmbedx509 -lcmocka $(BENCH_LIBS) $(HD_DEPS_LIBS) $(LDLIBS)

$(CRASH_PROGRAMS): %: %.o $(CRASH_SUPPORT) $(TEST_SUPPORT) $(SQLITE_STATIC_LIB) $(STATIC_LIB)
	$(call say,LINK)
	$(Q)$(call link) $< $(CRASH_SUPPORT) -Wl,--start-group $(TEST_SUPPORT) $(SQLITE_STATIC_LIB) $(STATIC_LIB) -Wl,--end-group \
	  -lcmocka $(HD_DEPS_LIBS) $(HD_SQLITE_LIBS) $(LDLIBS)

# libFuzzer brings main.
$(FUZZ_PROGRAMS): %: %.o $(TEST_SUPPORT) $(STATIC_LIB)
	$(call say,LINK)
	$(Q)$(call link,-fsanitize=fuzzer) $< -Wl,--start-group $(TEST_SUPPORT) $(STATIC_LIB) -Wl,--end-group \
	  -lcmocka $(HD_DEPS_LIBS) $(LDLIBS)

$(INTEROP_PROGRAMS): %: %.o $(STATIC_LIB)
	$(call say,LINK)
	$(Q)$(call link) $< $(STATIC_LIB) $(HD_DEPS_LIBS) $(LDLIBS)

# Objects are kept, and what the compiler saw them include makes them anew.
OBJECTS := $(LIB_OBJECTS) $(SQLITE_OBJECTS) $(DASHBOARD_OBJECTS) $(TOOL_OBJECTS) $(EXAMPLES:%=%.o) $(FOLDER_OBJECTS) $(TEST_PROGRAMS:%=%.o) $(TEST_SUPPORT_OBJECTS) $(SUITE_OBJECTS) \
  $(HOSTILE_PROGRAMS:%=%.o) $(HOSTILE_SUPPORT_OBJECTS) $(BENCH_PROGRAMS:%=%.o) $(BENCH_SUPPORT:%=$(BUILD)/tests/bench/%.o) $(INTEROP_PROGRAMS:%=%.o) \
  $(CRASH_PROGRAMS:%=%.o) $(CRASH_SUPPORT) $(FUZZ_PROGRAMS:%=%.o)
.SECONDARY: $(OBJECTS)
-include $(OBJECTS:.o=.d)
