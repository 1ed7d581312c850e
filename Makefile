# Every step of the house. `make` prints this help; each target sets up what it needs first.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
UV     := $(shell command -v uv 2>/dev/null)
STAMP  := $(VENV)/.geogrid-ready
OUT    ?= out

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint format types arch docs notebooks bench bench-balance bench-blocks bench-locator serve clean

help: ## Show this help
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

setup: $(STAMP) ## Make .venv with everything pinned (uv if there is one, else pip)

$(STAMP): pyproject.toml uv.lock requirements.lock
ifneq ($(UV),)
	$(UV) sync --frozen --all-extras --all-groups --quiet
else
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "geogrid needs Python 3.11 or newer: make PYTHON=python3.11 setup"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
endif
	@touch $@

demo: $(STAMP) ## Divide a real district, publish it, answer 10,000 reports, draw it
	$(BIN)/geogrid demo --out $(OUT)

test: $(STAMP) ## Run the tests (doctests of package, README and guides included)
	$(BIN)/python -m pytest -n auto -q $(ARGS)

lint: $(STAMP) ## Check style and docstrings
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(STAMP) ## Bring the code into its form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(STAMP) ## Check types (mypy strict)
	$(BIN)/mypy

arch: $(STAMP) ## Check that imports run one way
	$(BIN)/lint-imports

docs: $(STAMP) ## Build the docs site; warnings are errors
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

notebooks: $(STAMP) ## Execute every notebook
	$(BIN)/python -m pytest --nbmake --nbmake-timeout=900 -p no:randomly -q notebooks

bench: $(STAMP) ## Run every benchmark once and print its table
	$(BIN)/python -m benchmarks --once

bench-balance: $(STAMP) ## Grids in balance against peers, on real blocks (peers that are installed)
	$(BIN)/python -m benchmarks.balance $(ARGS)

bench-locator: $(STAMP) ## Measure the locator against its peers and the exact oracle (ARGS=--ten-million: a province)
	$(BIN)/python -m benchmarks.locator $(ARGS)

bench-blocks: $(STAMP) ## Measure the cells that follow the ground
	$(BIN)/python -m benchmarks.blocks

serve: $(STAMP) ## Serve the demo district on http://127.0.0.1:8000
	@test -f $(OUT)/jiading.gpkg || $(BIN)/geogrid demo --out $(OUT)
	$(BIN)/geogrid serve --atlas $(OUT)/jiading.gpkg

clean: ## Remove what was made
	find geogrid -name '*.nb[ic]' -delete
	rm -rf $(VENV) $(OUT) site .mypy_cache .ruff_cache .import_linter_cache
