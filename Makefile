# SPDX-License-Identifier: Apache-2.0
# The house is built by Meson; these are the commands one wants to type.
#
#   make              the library, the counters and the examples, into build/
#   make demo         see it live
#   make test         all tests; T=name runs one
#   make bench        measure; ONLY=regex measures only what it names
#   make check-full   all that must hold before a change is accepted: .ci/run
#   make conformance  which of Erlang's promises are shown to hold, by which test
#   make format       lay out the C files
#   make install      PREFIX=dir and DESTDIR=dir as usual; OPTIONS= of a build are for meson
#   make clean

MAKEFLAGS += --no-print-directory
BUILD ?= build
BENCH_BUILD ?= build-bench
INSTALL_BUILD ?= build-install
PREFIX ?= /usr/local

# What is measured is what is installed; -Ddebug=true besides for the lines in call traces.
# clang's objects for it are no use to other linkers.
RELEASE = -Dbuildtype=release -Db_lto=$(if $(findstring clang,$(CC)),false,true) -Dtests=false

# For meson, as OPTIONS=-Dio=disabled; see meson_options.txt.
OPTIONS ?=

.DELETE_ON_ERROR:
.PHONY: all build demo test bench check-full conformance format install clean needs needs-full

all: build

needs:
	@tools/needs build

needs-full:
	@tools/needs full

# Ninja draws one moving line on a terminal and would print hundreds elsewhere.
NINJA = if [ -t 1 ]; then ninja -C $(1); else ninja --quiet -C $(1); fi

$(BUILD)/build.ninja: | needs
	@meson setup $(OPTIONS) $(BUILD) >$(BUILD).log || { cat $(BUILD).log; exit 1; }; rm $(BUILD).log

$(BENCH_BUILD)/build.ninja: | needs-full
	@meson setup $(RELEASE) -Dbench=true $(OPTIONS) $(BENCH_BUILD) >$(BENCH_BUILD).log || \
		{ cat $(BENCH_BUILD).log; exit 1; }; rm $(BENCH_BUILD).log

$(INSTALL_BUILD)/build.ninja: | needs
	@meson setup $(RELEASE) -Ddebug=true $(OPTIONS) $(INSTALL_BUILD) >$(INSTALL_BUILD).log || \
		{ cat $(INSTALL_BUILD).log; exit 1; }; rm $(INSTALL_BUILD).log

build: needs $(BUILD)/build.ninja
	@$(call NINJA,$(BUILD))

# What it can do without, it does without.
demo: build
	@tools/needs demo || true
	@counters/demo $(BUILD)

test: build
	@meson test -C $(BUILD) --no-rebuild --print-errorlogs $(T)

bench: needs-full $(BENCH_BUILD)/build.ninja
	@$(call NINJA,$(BENCH_BUILD))
	@BUILD=$(abspath $(BENCH_BUILD))/peers KRARUP=$(abspath $(BENCH_BUILD))/bench \
		bench/run $(if $(ONLY),'$(ONLY)')

check-full: needs-full
	@.ci/run

conformance: build
	@tools/conformance run $(BUILD)

format: needs-full
	@git ls-files '*.c' '*.h' | xargs clang-format -i

install: needs $(INSTALL_BUILD)/build.ninja
	@meson setup --reconfigure $(RELEASE) $(OPTIONS) -Dprefix=$(PREFIX) $(INSTALL_BUILD) >$(INSTALL_BUILD).log || \
		{ cat $(INSTALL_BUILD).log; exit 1; }; rm $(INSTALL_BUILD).log
	@$(call NINJA,$(INSTALL_BUILD) installed)
	@meson install -C $(INSTALL_BUILD) --no-rebuild --quiet
	@if [ -z "$(DESTDIR)" ] && [ "$$(id -u)" -eq 0 ]; then ldconfig; fi
	@echo "krarup is $(DESTDIR)$(PREFIX)/bin/krarup"
	@case ":$$PATH:" in *":$(PREFIX)/bin:"*) ;; *) echo "add $(PREFIX)/bin to your PATH" ;; esac

clean:
	@rm -rf build build-*
