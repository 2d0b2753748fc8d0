# Every target sets up what it needs; nothing is installed outside of .venv and .work.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGUMENTS ?= # of the catalogue, such as --update or "row 14"
WORKERS ?= # of the fleet, such as --markdown or gevent
NEIGHBOURS ?= # of those that are played, such as --markdown or ddtrace
MATRIX ?= # options of tests/matrix.py, such as --full
INSTALLED := $(VENV)/.installed

PLAYED := $(VENV)/.fleet

.PHONY: help demo test lint types contracts unit defects fleet coexistence matrix bench wheel clean

help: ## say what the targets do
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort

$(INSTALLED): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[demo,rich]' --group dev
	@touch $@

demo: $(INSTALLED) ## run the chat service before and after its consolidation, and compare the two
	$(BIN)/ssot-probe demo

test: lint types contracts unit ## everything that guards the project

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(INSTALLED)
	$(BIN)/mypy

contracts: $(INSTALLED)
	$(BIN)/lint-imports

unit: $(INSTALLED)
	$(BIN)/pytest -n 2

defects: $(INSTALLED) ## what of the catalogue of shared state is detected, missed and falsely accused
	PYTHONPATH=tests $(BIN)/python -m defects.catalogue --bad $(ARGUMENTS)

$(PLAYED): $(INSTALLED)
	$(BIN)/python -m pip install --quiet --group fleet
	$(BIN)/python -m pip install --quiet uwsgi || echo "uWSGI could not be built: it is not played" >&2
	@touch $@

fleet: $(PLAYED) ## every kind of worker: does the sum over processes equal what they did?
	PYTHONPATH=tests $(BIN)/python -m fleet $(WORKERS)

coexistence: $(INSTALLED) ## beside tracers, coverage, debuggers: is each what it is without the other?
	PYTHONPATH=tests $(BIN)/python -m coexistence $(NEIGHBOURS)

matrix: $(INSTALLED) ## the tests on every Python found, with the lowest and the newest dependencies
	$(BIN)/python tests/matrix.py $(MATRIX)

bench: $(INSTALLED) ## what the probe costs, as ratios within one run
	$(BIN)/python -m benchmarks

wheel: $(INSTALLED) ## build the wheel into dist/
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

.PHONY: collector
collector: ## build the OpenTelemetry Collector of collector/builder.yaml; the last line is its path
	@$(PYTHON) collector/build.py

clean: ## remove what the targets made
	rm -rf $(VENV) .work dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
