# Everything sets up .venv in this checkout first; nothing outside it is touched.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
CATALOGUES := $(wildcard broker/web/translations/*/LC_MESSAGES/messages.po)

.PHONY: demo test test-slow lint bench docs clean lock

demo: $(STAMP)
	$(BIN)/greetline demo $(ARGS)

test: $(STAMP)
	$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

test-slow: $(STAMP)
	$(BIN)/python -m pytest -m slow $(ARGS)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(STAMP)
	$(BIN)/python -m benchmarks $(ARGS)

docs: $(STAMP)
	$(BIN)/python -m docs.pictures $(ARGS)

$(STAMP): requirements.lock pyproject.toml hatch_build.py $(CATALOGUES)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

# The lock names packages, versions and digests only: no index, no address. Needs `uv`.
lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --extra all --extra dev pyproject.toml -o requirements.lock

clean:
	rm -rf $(VENV)
