# Two commands for a fresh machine with Python 3.11 or newer: `make demo` and `make test`.
# Each does all of its own set-up in .venv. `make browser` and `make wordnet` add, where they
# can, what some tests are otherwise skipped for.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# Tests of one file share what they load; two processes, as each keeps torch to one thread.
TOGETHER := -n 2 --dist loadfile

.PHONY: demo test slow check wheel browser wordnet examples clean

demo: $(STAMP)
	$(BIN)/robustness demo

test: $(STAMP)
	$(BIN)/python -m pytest -q $(TOGETHER)

slow: $(STAMP)
	$(BIN)/python -m pytest -q $(TOGETHER) -m slow

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

browser:
	sh tools/install_browser.sh

wordnet: $(STAMP)
	sh tools/install_wordnet.sh $(BIN)/python

examples: $(STAMP)
	$(BIN)/python tools/examples.py

wheel: $(STAMP)
	rm -rf dist
	$(BIN)/python -m build --wheel
	$(BIN)/python tools/check_wheel.py dist/*.whl

clean:
	rm -rf $(VENV) dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -c constraints.txt torch==2.13.0
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[dev]"
	touch $@
