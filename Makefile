# Everything a newcomer or a build machine runs. `make` alone lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.DEFAULT_GOAL := help
.PHONY: help setup demo test check fmt fmt-check lint types bench soak lock clean

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

setup: $(VENV)/.runs ## install leadscore into .venv, nothing else
	@echo "Ready: $(BIN)/leadscore --help"

demo: $(VENV)/.runs ## the whole job on a local portal, in under a minute
	@$(BIN)/leadscore demo

test: $(VENV)/.tests ## all tests, PostgreSQL included
	$(BIN)/pytest -n 2 --dist loadgroup

check: fmt-check lint types ## format, lint, types and import rules, changing nothing

fmt: $(VENV)/.tests ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

fmt-check: $(VENV)/.tests
	$(BIN)/ruff format --check .

lint: $(VENV)/.tests ## lint and import rules
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-cache

types: $(VENV)/.tests ## mypy, strict
	$(BIN)/mypy

bench: $(VENV)/.bench ## speed and memory, into benchmarks/RESULTS.md (about 25 minutes); PART=live
	$(BIN)/python -m benchmarks.run $(PART)

soak: $(VENV)/.tests ## kills, outages and load for an hour, into benchmarks/RESULTS.md; PART=kills KILLS=20 MINUTES= EVENTS=
	$(BIN)/python -m tests.soak $(PART) $(if $(KILLS),--kills $(KILLS)) $(if $(MINUTES),--minutes $(MINUTES)) \
	  $(if $(EVENTS),--events $(EVENTS))

lock: ## pin all dependencies again (needs uv)
	uv pip compile --quiet $(LOCK) --extra postgres --extra build -o requirements.lock pyproject.toml
	uv pip compile --quiet $(LOCK) --extra postgres --extra build --extra image -o requirements-image.lock pyproject.toml
	uv pip compile --quiet $(LOCK) --extra postgres --extra build --extra test -o requirements-test.lock pyproject.toml
	uv pip compile --quiet $(LOCK) --extra postgres --extra build --extra test --extra bench -o requirements-bench.lock pyproject.toml
LOCK := --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url --no-emit-find-links

clean: ## remove .venv and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis dist

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "leadscore needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	  && apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null; } || { \
	  echo "$(PYTHON) cannot make virtual environments. On Debian or Ubuntu: sudo apt install python3-venv" >&2; exit 1; }
	@echo "Setting up $(VENV) (once; about a minute) ..."
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.runs: $(VENV)/bin/python requirements.lock pyproject.toml
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.tests: $(VENV)/.runs requirements-test.lock
	@$(PIP) install --require-hashes -r requirements-test.lock
	@touch $@

$(VENV)/.bench: $(VENV)/.tests requirements-bench.lock
	@$(PIP) install --require-hashes -r requirements-bench.lock
	@touch $@
