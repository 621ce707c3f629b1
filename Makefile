# make run    set everything up and serve on http://127.0.0.1:8000 (PORT changes it, EXTRAS=all installs every extra)
# make test   set everything up and run lint, types and all tests
# Further: soak readers bench load attack pictures fonts lock translations catalogues clean

SHELL := /bin/sh
.DEFAULT_GOAL := run
.DELETE_ON_ERROR:
.NOTPARALLEL:
MAKEFLAGS += --no-builtin-rules

PYTHON ?=
PORT ?= 8000
EXTRAS ?=
UV ?= uv
ADMIN ?= admin@example.com
# One more than there are cores: tests of browsers, servers and workers wait a good part of their time.
PROCESSES ?= $(shell cores=$$(nproc 2>/dev/null || echo 2); echo $$((cores < 4 ? cores + 1 : 4)))

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input --quiet --quiet
# What stands in a stamp is what was installed when it was made.
STAMPS := .venv/stamps
RUN_STAMP := $(STAMPS)/$(if $(filter all,$(EXTRAS)),all,run)
CATALOGUES := $(patsubst %.po,%.mo,$(wildcard surveyapp/locale/*/LC_MESSAGES/messages.po))

.PHONY: run test soak readers bench load attack pictures fonts lock translations catalogues browser clean

run: $(RUN_STAMP) $(CATALOGUES)
	@fc-list :lang=ko 2>/dev/null | grep -q . || echo "Missing: fonts for Korean and Japanese, if a browser runs on this machine. As root: apt-get update && apt-get install -y fonts-noto-cjk"
	@$(BIN)/python -c 'import sys, ctypes.util; sys.exit(not ctypes.util.find_library("pangoft2-1.0"))' || echo "Missing: Pango, for PDF files; everything else works without it. As root: apt-get update && apt-get install -y libpangoft2-1.0-0 libharfbuzz-subset0"
	@exec $(BIN)/surveyapp demo --port $(PORT) --first-administrator $(ADMIN)

test: $(STAMPS)/test $(CATALOGUES)
	@./.ci/find_browser >/dev/null || true # without one the browser tests fail, and say so
	@./.ci/find_redis >/dev/null || true # without one the tests on Redis are left out, and the run says so
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest --numprocesses $(PROCESSES) --dist loadfile --no-loadscope-reorder

# Every page in every language, scheme and width against the accessibility rules; too long for each run.
soak: $(STAMPS)/test $(CATALOGUES)
	@./.ci/find_browser >/dev/null
	$(BIN)/python -m pytest -m soak

# Exported files opened with R, PSPP and LibreOffice (docs/exports.md); says which packages are missing.
readers: $(STAMPS)/all $(CATALOGUES)
	$(BIN)/python -m tests.readers

bench: $(STAMPS)/all $(CATALOGUES)
	$(BIN)/python -m tests.benchmarks

# Whole returns by eight companies at once; DATABASE_URL= names a PostgreSQL on which databases may be made and dropped.
# ARGS="--seconds 60 --json" and the like.
load: $(STAMPS)/test $(CATALOGUES)
	$(if $(filter command%,$(origin DATABASE_URL)),TEST_DATABASE_URL=$(DATABASE_URL) )$(BIN)/python -m tests.load $(ARGS)

# What an attacker learns from five releases of each sample round (docs/method/disclosure.md).
attack: $(STAMPS)/test
	$(BIN)/python -m tests.attacks

# Pictures of the sample round for README.md, into docs/pictures.
pictures: $(STAMPS)/test $(CATALOGUES)
	@./.ci/find_browser >/dev/null
	$(BIN)/python -m tests.browser.pictures

# The fonts of the interface, into surveyapp/web/static/vendor/fonts: after words with new characters. Needs npm once.
fonts: $(STAMPS)/test
	$(BIN)/python -m tests.fonts

$(BIN)/python:
	@python=$$(./.ci/find_python $(PYTHON)) && "$$python" -m venv .venv
	@mkdir -p $(STAMPS)

# Build tools come first: one dependency is published as source only, and isolated builds would fetch unlocked tools.
$(STAMPS)/build: requirements-build.lock | $(BIN)/python
	@mkdir -p $(STAMPS)
	@echo "installing what builds the package"
	@$(PIP) install --require-hashes -r requirements-build.lock
	@touch $@

define install
	@echo "installing $(1)"
	@$(PIP) install --no-build-isolation --require-hashes -r $(1)
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@
endef

$(STAMPS)/run: requirements.lock pyproject.toml $(STAMPS)/build
	$(call install,requirements.lock)

$(STAMPS)/test: requirements-test.lock pyproject.toml $(STAMPS)/build
	$(call install,requirements-test.lock)
	@touch $(STAMPS)/run

$(STAMPS)/all: requirements-all.lock pyproject.toml $(STAMPS)/build
	$(call install,requirements-all.lock)
	@touch $(STAMPS)/run $(STAMPS)/test

%.mo: %.po | $(BIN)/python
	@$(BIN)/python -m surveyapp.locale.compile

catalogues: $(CATALOGUES)

# After words of the interface changed: what is new stands empty in the catalogues, what is gone is removed.
translations: $(STAMPS)/test
	@mkdir -p build
	@$(BIN)/pybabel -q extract -F babel.cfg -k lazy_gettext --no-location --sort-output --no-wrap --project surveyapp --version 1 --msgid-bugs-address= -o build/messages.pot .
	@$(BIN)/pybabel -q update -i build/messages.pot -d surveyapp/locale --no-fuzzy-matching --ignore-obsolete --no-wrap --ignore-pot-creation-date
	@$(BIN)/python -m surveyapp.locale.compile

# The locks name no registry. Needs uv (UV=/path/to/uv); ARGS=--upgrade takes the newest versions.
LOCK = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header $(ARGS)
lock:
	$(LOCK) requirements-build.in -o requirements-build.lock
	$(LOCK) pyproject.toml -o requirements.lock
	$(LOCK) pyproject.toml --extra test -o requirements-test.lock
	$(LOCK) pyproject.toml --all-extras -o requirements-all.lock

clean:
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
