# Two commands are enough on a new machine (Debian, Python 3.11 or newer with venv, git, make):
#   make demo    makes what it needs and runs the main job in the folder demo/
#   make test    runs the tests
# `make check` is what CI runs. Everything lives in .venv/; nothing is installed elsewhere.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
UV_VERSION := 0.13.9
WORKERS ?= $(shell nproc)
COVERAGE ?=
DEMO := demo
YESTERDAY := 2026-05-01T09:00
TODAY := 2026-05-02T09:00

# Compiled modules are kept: hundreds of short processes would compile them anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test check coverage lint types imports dependencies wheel prove bench lock clean

help:
	@sed -n 's/^# \{0,1\}//p' Makefile | head -5

# The lock pins versions and hashes and names no address, so it installs from whatever index this machine uses.
$(READY): pyproject.toml uv.lock
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@$(BIN)/uv export --quiet --frozen --no-emit-project --extra postgres --extra cs --extra xlsx --extra analytics --extra s3 --extra http --extra ses --extra notify --extra dkim --output-file $(VENV)/requirements.txt >/dev/null
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r $(VENV)/requirements.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

demo: $(READY)
	@BIN=$(BIN) DEMO=$(DEMO) YESTERDAY=$(YESTERDAY) TODAY=$(TODAY) sh tools/demo.sh

test: $(READY)
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(COVERAGE) -m "not prove"

check: lint types imports dependencies test

coverage: COVERAGE := --cov --cov-report=term:skip-covered
coverage: test

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

imports: $(READY)
	$(BIN)/lint-imports

dependencies: $(READY)
	$(BIN)/deptry src

# The wheel, installed alone into a fresh environment, makes and plans the demo shop.
wheel: $(READY)
	@BIN=$(BIN) PYTHON=$(PYTHON) sh tools/wheel.sh

# Long proofs: hundreds of kills, with their numbers printed.
prove: $(READY)
	$(BIN)/python -m pytest -m prove -s -p no:cacheprovider

bench: $(READY)
	$(BIN)/python bench/run.py

# After a change of dependencies: resolve again, then take the addresses out.
lock: $(READY)
	$(BIN)/uv lock
	@sed -i -E 's#\{ url = "[^"]*/([^"/]+)"#{ filename = "\1"#; s#registry = "[^"]*"#registry = "index"#' uv.lock

clean:
	rm -rf $(VENV) $(DEMO) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
