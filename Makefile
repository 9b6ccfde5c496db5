# Needs Python 3.11, make and git. Each target does all the set-up it needs.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
export UV_PYTHON_DOWNLOADS := never
export UV_NO_PROGRESS := 1
export GX_ANALYTICS_ENABLED := false
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export DO_NOT_TRACK := 1

.DEFAULT_GOAL := help
.PHONY: help setup spark demo ui quick test lint bench wheel

help: ## list the targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: .venv/installed ## a virtual environment with the locked dependencies

.venv/installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip sync --quiet --compile-bytecode --python $(BIN)/python requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	touch $@

spark: .venv/spark ## the same with the client of a Spark cluster, and with what the tests start one

.venv/spark: .venv/installed spark.lock
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python -r spark.lock
	touch $@

demo ui: export DAGSTER_HOME := $(CURDIR)

demo: setup ## every round of the example company, summed up on screen
	$(BIN)/carbonloom run

ui: export VIRTUAL_ENV := $(CURDIR)/.venv

ui: setup ## Dagster's web page with assets, verdicts and runs
	$(BIN)/dg dev

quick: setup lint ## what needs no warehouse, browser or server
	$(BIN)/pytest -n 2 -m "not slow"

test: setup lint ## everything that proves it works
	$(BIN)/pytest -n 2 --dist worksteal

lint: setup ## how the code reads
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports --no-cache
	$(BIN)/mypy
	$(BIN)/sqlfluff lint --config dbt_project/.sqlfluff dbt_project/models dbt_project/tests
	$(BIN)/python -m tests.warehouse.dialects

wheel: setup ## what somebody installs who has a release and no checkout, in dist/
	$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

bench: setup ## how fast, compared with what
	$(BIN)/python -m tests.bench
