# Each target is one command on a machine with Python 3.11 or newer and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt
BENCHMARKS := $(wildcard benchmarks/[!_]*.py)

.PHONY: help run test check interop bench
.DELETE_ON_ERROR:

help: ## say what can be made
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' Makefile

run: $(VENV)/.for-running ## build the demonstration and serve it on http://127.0.0.1:8000
	@if [ -e demo/benchshare.db ]; then rm -rf demo; fi
	@$(BIN)/benchshare demo --dir demo

test: $(VENV)/.for-testing ## run every test on SQLite and PostgreSQL, pages in Chromium
	@.ci/install-system
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest --database=both -n 2 --dist worksteal

check: $(VENV)/.for-testing ## format, lint, types, import contracts, migrations, then the tests
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
		export BENCHSHARE_DATABASE_URL="sqlite:///$$folder/check.db" && \
		$(BIN)/python -m alembic upgrade head && $(BIN)/python -m alembic check
	@$(MAKE) --no-print-directory test

interop: $(VENV)/interop/.for-meeting $(VENV)/.for-testing ## run real calendar programs, and the suites that they bring
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest --database=sqlite $(sort $(wildcard tests/interop/check_*.py))

bench: $(VENV)/.for-measuring $(VENV)/interop/.for-meeting ## run every benchmark, one after the other
	@set -e; for script in $(BENCHMARKS); do echo "== $$script"; \
		case $$script in */bookings.py) more=--million;; *) more=;; esac; \
		$(BIN)/python "$$script" $$more; done

# The stamps are older than what they depend on whenever the dependencies changed.
$(VENV)/.for-running: pyproject.toml constraints.txt
	@$(MAKE) --no-print-directory environment
	@$(PIP) -e .
	@touch $@

$(VENV)/.for-testing: pyproject.toml constraints.txt
	@$(MAKE) --no-print-directory environment
	@$(PIP) -e '.[test]'
	@touch $@ $(VENV)/.for-running

$(VENV)/.for-measuring: pyproject.toml constraints.txt
	@$(MAKE) --no-print-directory environment
	@$(PIP) -e '.[test,bench]'
	@touch $@ $(VENV)/.for-testing $(VENV)/.for-running

# The programs of others need other versions than ours, so that they live apart.
$(VENV)/interop/.for-meeting: tests/interop/requirements.txt | $(VENV)/.for-testing
	@$(PYTHON) -m venv $(VENV)/interop
	@$(VENV)/interop/bin/python -m pip install -q --disable-pip-version-check -r $<
	@$(VENV)/interop/bin/python -m pip download -q --disable-pip-version-check --no-deps \
		--no-binary :all: -d $(VENV)/interop/sources "$$(grep '^caldav==' $<)"
	@touch $@

.PHONY: environment
environment:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Benchshare needs Python 3.11 or newer; name yours: make run PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)
