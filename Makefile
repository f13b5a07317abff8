# What one does with this tree. `make` lists it. Any Python from 3.11: make PYTHON=python3.13 ...

SHELL := /bin/bash
PYTHON ?= python3
PYTEST_ARGS ?=
export PYTHON
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help demo test test-browser test-fleet check fix fuzz soak bench messages docs site golden setup system lock package clean
.NOTPARALLEL:

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: setup ## emulate a set of six test cards and check it
	@scripts/demo.sh

# one process more than processors: some tests wait for services and deadlines
# bytecode kept: each process loads all tests
test: system setup ## everything: check, then all tests (PYTEST_ARGS='-k name' for some)
	@failed=0; scripts/check.sh || failed=1; \
	env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest --numprocesses $$(($$(getconf _NPROCESSORS_ONLN) + 1)) --maxprocesses 8 --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS) || failed=1; exit $$failed

test-browser: setup ## the HTML reports in a real browser, and accessible (fetches axe-core)
	@scripts/test_browser.sh

test-fleet: package ## deploy/ansible on workstations in namespaces, over ssh (needs root)
	@scripts/test_fleet.sh

check: setup ## format, lint, types, layers, messages; no tests
	@scripts/check.sh

fix: setup ## format, and repair what ruff can repair
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

fuzz: setup ## feed the readers with inputs made wrong (FUZZ_SECONDS=60 for each target)
	@scripts/fuzz.sh

soak: system setup ## check-set many times, with faults at random (SOAK_RUNS=200, SOAK_SEED=N again)
	@scripts/soak.sh

bench: setup ## time commands beside openssl, curl and gnutls-cli, and merge (BENCH_ROUNDS=10)
	@scripts/system.sh bench || echo "Going on without what is missing."
	@scripts/bench.sh

messages: setup ## bring the catalogues up to date with the sources, and compile them
	@$(BIN)/python scripts/messages.py update
	@$(BIN)/python scripts/messages.py compile
	@$(BIN)/python scripts/messages.py check

docs: setup ## make the pages again that are made from the tool: below docs/, and the manual page
	@$(BIN)/python scripts/made_docs.py

site: ## build docs/ into site/, to be read in a browser: both languages, search, no network
	@scripts/site.sh

golden: setup ## write down again what is said of the real certificates (tests/golden)
	@$(BIN)/python scripts/golden.py

setup: ## what is needed to run: system packages where missing, .venv, catalogues
	@scripts/setup.sh

system: ## the system packages only, those of the tests included
	@scripts/system.sh tests

lock: ## pin pyproject.toml's dependencies again, with hashes (needs Python 3.11)
	@scripts/lock.sh

package: setup ## sdist and wheel, into dist/
	@rm -rf dist
	@$(BIN)/python -m hatchling build -t sdist -t wheel

clean: ## remove what the other targets made, .venv included
	@rm -rf .venv .cache .demo dist build site .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@rm -f src/cpx_tool/locale/*/LC_MESSAGES/*.mo
