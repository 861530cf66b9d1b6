# Nothing is needed but make and Python 3.11 or newer (on Debian and Ubuntu with the package python3-venv).
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
DEMO ?= demo-review
WHEEL_DIR := build/wheel-test
TESTS ?= -n auto

.PHONY: help demo test test-quick check wheel-test lowest-test schema bench soak clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: $(VENV)/installed ## install into .venv and build the reference review in demo-review/
	@if [ -e $(DEMO)/review.db ]; then echo "$(DEMO)/ is there already and was left alone; remove it to build it again."; \
	else $(BIN)/livrev demo $(DEMO); fi
	@$(BIN)/livrev --review $(DEMO) status
	@echo; echo "livrev is in $(BIN); to have it on your path: . $(BIN)/activate"

test: $(VENV)/installed-dev ## run all tests
	$(BIN)/python -m pytest $(TESTS) -m "not soak"

test-quick: $(VENV)/installed-dev ## run the tests that take less than some seconds each
	$(BIN)/python -m pytest $(TESTS) -m "not slow and not soak"

check: $(VENV)/installed-dev ## lint, format and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

wheel-test: $(VENV)/installed-dev ## build the wheel, install it in a clean environment, run the demo elsewhere
	rm -rf $(WHEEL_DIR) && mkdir -p $(WHEEL_DIR)
	$(BIN)/python -m build --wheel --outdir $(WHEEL_DIR) . > $(WHEEL_DIR)/build.log
	$(PYTHON) -m venv $(WHEEL_DIR)/venv
	$(WHEEL_DIR)/venv/bin/python -m pip install --quiet --disable-pip-version-check $(WHEEL_DIR)/*.whl
	$(BIN)/python tests/wheel_check.py $(WHEEL_DIR)/venv/bin/livrev $(BIN)/livrev

lowest-test: ## run the quick tests with the lowest versions that pyproject.toml allows
	$(PYTHON) tests/lowest_versions.py pyproject.toml > /dev/null
	$(PYTHON) -m venv build/lowest
	build/lowest/bin/python -m pip install --quiet --disable-pip-version-check -e '.[dev]' $$($(PYTHON) tests/lowest_versions.py pyproject.toml)
	build/lowest/bin/python -m pytest $(TESTS) -m "not slow and not soak"

schema: $(VENV)/installed-dev ## write db/schema.sql anew from the migrations
	$(BIN)/python -m curation.store.schema > db/schema.sql

bench: $(VENV)/installed-dev ## speed and quality, beside what users would pick instead
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/parse.py
	$(BIN)/python benchmarks/readers.py
	$(BIN)/python benchmarks/readers.py --import
	$(BIN)/python benchmarks/dedupe.py
	$(BIN)/python benchmarks/dedupe_scale.py --sizes 10000 100000
	$(BIN)/python benchmarks/ranking.py
	$(BIN)/python benchmarks/stopping.py
	$(BIN)/python benchmarks/screening.py
	$(BIN)/python benchmarks/synthesis.py

soak: $(VENV)/installed-dev ## ten simulated years of weekly updates with faults and kills; repetitions without end in files
	$(BIN)/python -m pytest $(TESTS) -m soak
	$(BIN)/python tests/story/soak.py

clean: ## remove what this file made, but for demo-review/
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "livrev needs Python 3.11 or newer; name one: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/installed-dev: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@ $(VENV)/installed
