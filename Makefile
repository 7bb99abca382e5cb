# Qinglan.  `make help` lists what there is; `make run` is all that a newcomer needs.
#
# Everything made goes to build/, by mode: build/release, build/asan, build/tsan, build/fuzz.
# What the program carries is made first: build/*.def by three awk programs from the
# contract, the queries and the migrations.

ifeq ($(origin CC),default)
CC := gcc
endif
MODE ?= release
O := build/$(MODE)
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
FUZZ_SECONDS ?= 20
ROUNDS ?= 20
PREFIX ?= /usr/local
DESTDIR ?=
MAKEFLAGS += --no-print-directory --no-builtin-rules

# What runs is told in a line; V=1 tells it in full.
ifeq ($(V),1)
tell = $(1)
else
tell = @printf '  %-5s %s\n' '$(firstword $(2))' '$@' && $(1)
endif

# --- Debian packages, all in one place -------------------------------------------------------

RUN_PACKAGES := gcc libc6-dev make libulfius-dev libmicrohttpd-dev libjansson-dev libpq-dev \
	libjwt-dev libyaml-dev libsodium-dev libssl-dev libpcre2-dev libcsv-dev libicu-dev \
	zlib1g-dev postgresql curl
TEST_PACKAGES := $(RUN_PACKAGES) libcmocka-dev clang libclang-rt-dev openssl nginx prometheus
LINT_PACKAGES := $(TEST_PACKAGES) clang-format clang-tidy cppcheck shellcheck
BENCH_PACKAGES := $(RUN_PACKAGES) wrk

# --- how things are compiled -----------------------------------------------------------------

LIBRARIES := -lulfius -lmicrohttpd -ljansson -lpq -ljwt -lyaml -lsodium -lpcre2-8 -lcsv \
	-licui18n -licuuc -lcrypto -lz -lpthread -lm

# A string of ISO C has 4,095 characters; a migration is longer.  A handler that no operation
# names has no prototype: that is an error everywhere.
WARNINGS := -Wall -Wextra -Wpedantic -Wmissing-prototypes -Wstrict-prototypes -Wshadow \
	-Wconversion -Wno-sign-conversion -Wformat=2 -Wvla -Wno-overlength-strings \
	-Werror=missing-prototypes
DIALECT := -std=c17 -D_GNU_SOURCE -Iapi -Ibuild -Itests -I/usr/include/postgresql

SANITIZE_release :=
SANITIZE_asan := -fsanitize=address,undefined -fno-sanitize-recover=undefined
SANITIZE_tsan := -fsanitize=thread
SANITIZE_fuzz := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
OPTIMIZE_release := -O2 -D_FORTIFY_SOURCE=2 -fstack-protector-strong
OPTIMIZE_asan := -O1 -fno-omit-frame-pointer
OPTIMIZE_tsan := -O1 -fno-omit-frame-pointer
OPTIMIZE_fuzz := -O1 -fno-omit-frame-pointer

FLAGS := $(DIALECT) $(WARNINGS) -g -fPIE -pthread $(OPTIMIZE_$(MODE)) $(SANITIZE_$(MODE)) \
	$(WERROR) $(CFLAGS)
LINK := -pie -Wl,-z,relro,-z,now -pthread $(SANITIZE_$(MODE)) $(LDFLAGS)

# --- what there is ---------------------------------------------------------------------------

tests_named = $(sort $(shell find tests -name node_modules -prune -o -name '$(1)' -print))

LIBRARY_SOURCES := $(wildcard api/kernel/*.c api/resources/*.c api/commands/*.c api/tables.c)
HARNESS_SOURCES := $(wildcard tests/harness/*.c)
TEST_SOURCES := $(call tests_named,*_test.c)
FUZZ_SOURCES := $(wildcard tests/fuzz/*_fuzz.c)
PRELOAD_SOURCES := $(call tests_named,*_preload.c)

LIBRARY := $(O)/libqinglan.a
LIBRARY_OBJECTS := $(LIBRARY_SOURCES:%.c=$(O)/%.o) $(O)/api/embed.o
HARNESS_OBJECTS := $(HARNESS_SOURCES:%.c=$(O)/%.o)
FUZZ_OBJECTS := $(FUZZ_SOURCES:%.c=$(O)/%.o)
TEST_PROGRAMS := $(TEST_SOURCES:%.c=$(O)/%)
TEST_SCRIPTS := $(call tests_named,*_test.sh)
FUZZ_PROGRAMS := $(FUZZ_SOURCES:%.c=$(O)/%)
PRELOADS := $(PRELOAD_SOURCES:%.c=$(O)/%.so)
DEFINITIONS := build/operations.def build/queries.def build/migrations.def

.PHONY: build run test lint format tsan bench bench-growth crash fuzz docs install put help clean
.PHONY: tests-built fuzz-built
.DELETE_ON_ERROR:

build: $(O)/qinglan $(FUZZ_OBJECTS)

help:
	@echo 'make run       install what is missing, build, start a private PostgreSQL, serve'
	@echo 'make test      all tests with ASan and UBSan, against throw-away clusters'
	@echo 'make lint      format, warnings, analysers, layers, contract rules'
	@echo 'make tsan      the threaded tests with ThreadSanitizer'
	@echo 'make bench     the benchmark; writes build/bench.json'
	@echo 'make bench-growth   how times grow with the county; writes build/growth.json'
	@echo 'make crash     kill -9 rounds of service and database (ROUNDS=$(ROUNDS))'
	@echo 'make fuzz      fuzz targets, each for FUZZ_SECONDS=$(FUZZ_SECONDS)'
	@echo 'make docs      the reference that /docs shows (needs node >= 20.19)'
	@echo 'make build     only the program, build/release/qinglan, linked as build/qinglan'
	@echo 'make install   the program to PREFIX=$(PREFIX), with its systemd unit'
	@echo 'make clean     remove build/ (the data of make run stay)'

run: packages.run
	@$(MAKE) -j$(JOBS) MODE=release build
	@db/private.sh run build/release/qinglan

test: packages.test
	@$(MAKE) -j$(JOBS) MODE=asan build tests-built
	@$(MAKE) -j$(JOBS) MODE=fuzz CC=clang fuzz-built
	@FUZZ_SECONDS=$(FUZZ_SECONDS) ROUNDS=$(ROUNDS) tests/run.sh all build/asan build/fuzz

tsan: packages.test
	@$(MAKE) -j$(JOBS) MODE=tsan build tests-built
	@tests/run.sh tsan build/tsan

fuzz: packages.test
	@$(MAKE) -j$(JOBS) MODE=fuzz CC=clang fuzz-built
	@FUZZ_SECONDS=$(FUZZ_SECONDS) tests/run.sh fuzz build/fuzz

lint: packages.lint
	@$(MAKE) $(DEFINITIONS)
	@tests/lint.sh

format:
	@clang-format -i $(shell find api tests -name node_modules -prune -o -name '*.[ch]' -print)

bench: packages.bench
	@$(MAKE) -j$(JOBS) MODE=release build build/release/tests/load/statements
	@tests/load/bench.sh build/release/qinglan

bench-growth: packages.bench
	@$(MAKE) -j$(JOBS) MODE=release build
	@tests/load/growth.sh build/release/qinglan

crash: packages.test
	@$(MAKE) -j$(JOBS) MODE=asan build tests-built
	@ROUNDS=$(ROUNDS) tests/run.sh crash build/asan

docs:
	@tests/contract/docs.sh build/docs.html
	@$(MAKE) -j$(JOBS) MODE=release build

install: packages.run
	@$(MAKE) -j$(JOBS) MODE=release build
	@$(MAKE) MODE=release put

# What is built, to its places.
put:
	install -D -m 0755 $(O)/qinglan $(DESTDIR)$(PREFIX)/bin/qinglan
	sed 's#/usr/local/bin/#$(PREFIX)/bin/#' docker/qinglan.service > $(O)/qinglan.service
	install -D -m 0644 $(O)/qinglan.service $(DESTDIR)$(PREFIX)/lib/systemd/system/qinglan.service
	install -D -m 0644 db/roles.sql $(DESTDIR)$(PREFIX)/share/qinglan/roles.sql
	install -D -m 0644 LICENSE $(DESTDIR)$(PREFIX)/share/doc/qinglan/LICENSE

clean:
	rm -rf build

packages.run: ; @docker/packages.sh $(RUN_PACKAGES)
packages.test: ; @docker/packages.sh $(TEST_PACKAGES)
packages.lint: ; @docker/packages.sh $(LINT_PACKAGES)
packages.bench: ; @docker/packages.sh $(BENCH_PACKAGES)
.PHONY: packages.run packages.test packages.lint packages.bench

# --- what is generated -----------------------------------------------------------------------

# A made file is replaced only when its content is another, so that nothing is compiled in vain.
replace = if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

build/operations.def: api/operations.awk openapi.yaml
	@mkdir -p $(@D)
	@awk -f api/operations.awk openapi.yaml > $@.new
	@$(replace)

build/queries.def: db/queries.awk db/queries $(wildcard db/queries/*.sql)
	@mkdir -p $(@D)
	@awk -f db/queries.awk $(sort $(wildcard db/queries/*.sql)) > $@.new
	@$(replace)

build/migrations.def: db/migrations.awk db/migrations $(wildcard db/migrations/*.sql)
	@mkdir -p $(@D)
	@awk -f db/migrations.awk $(sort $(wildcard db/migrations/*.sql)) > $@.new
	@$(replace)

# The reference: what `make docs` made of this contract, else a page that points to it.
build/embed/docs.html: FORCE
	@mkdir -p $(@D)
	@cp $$(find build/docs.html -newer openapi.yaml 2>/dev/null | grep . || echo api/docs.html) $@.new
	@$(replace)

# --- objects, library, programs --------------------------------------------------------------

# Written anew when compiler, flags or the list of objects change: objects of two kinds never
# meet, and nothing of a removed file stays behind.
$(O)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(FLAGS) $(LINK)' > $@.new
	@$(replace)
$(O)/objects: FORCE
	@mkdir -p $(@D)
	@echo '$(LIBRARY_OBJECTS)' > $@.new
	@$(replace)
FORCE:
.PHONY: FORCE

$(O)/%.o: %.c $(O)/flags | $(DEFINITIONS)
	@mkdir -p $(@D)
	$(call tell,$(CC) $(FLAGS) -MMD -MP -c -o $@ $<,CC)

$(O)/api/embed.o: api/embed.S $(O)/flags openapi.yaml build/embed/docs.html \
		$(wildcard db/demo/*.csv) db/roles.sql
	@mkdir -p $(@D)
	$(call tell,$(CC) -c -o $@ $<,AS)

$(LIBRARY): $(LIBRARY_OBJECTS) $(O)/objects
	@rm -f $@
	$(call tell,ar rcs $@ $(LIBRARY_OBJECTS),AR)

$(O)/qinglan: $(O)/api/main.o $(LIBRARY)
	$(call tell,$(CC) $(LINK) -o $@ $^ $(LIBRARIES),LINK)
	@[ $(MODE) != release ] || ln -sfn release/qinglan build/qinglan

$(O)/tests/%_test: $(O)/tests/%_test.o $(HARNESS_OBJECTS) $(LIBRARY)
	$(call tell,$(CC) $(LINK) -o $@ $^ -lcmocka $(LIBRARIES),LINK)

$(O)/tests/load/%: $(O)/tests/load/%.o $(LIBRARY)
	$(call tell,$(CC) $(LINK) -o $@ $^ $(LIBRARIES),LINK)

# The kernel's heap and threads are watched; a preload library must not be.
$(O)/tests/%_preload.so: tests/%_preload.c $(O)/flags
	@mkdir -p $(@D)
	$(call tell,$(CC) $(DIALECT) $(WARNINGS) $(WERROR) -g -O1 -fPIC -shared -o $@ $< -ldl,LINK)

build/fuzz/tests/fuzz/%_fuzz: build/fuzz/tests/fuzz/%_fuzz.o build/fuzz/libqinglan.a
	$(call tell,$(CC) $(LINK) -fsanitize=fuzzer -o $@ $^ $(LIBRARIES),LINK)

tests-built: $(TEST_PROGRAMS) $(PRELOADS)
fuzz-built: $(FUZZ_PROGRAMS)

.SECONDARY:
-include $(LIBRARY_OBJECTS:.o=.d) $(HARNESS_OBJECTS:.o=.d) $(FUZZ_OBJECTS:.o=.d) \
	$(TEST_PROGRAMS:=.d) $(O)/api/main.d $(O)/tests/load/statements.d
