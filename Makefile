# Everything sets up .venv in this checkout first; nothing outside it is touched. What a package is built with is pinned like the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
OPENVINO := $(VENV)/.openvino
CATALOGUES := $(wildcard broker/web/translations/*/LC_MESSAGES/messages.po)

.PHONY: demo test test-slow faults lint bench bench-eyes soak fuzz audit sbom screenshots clean lock openvino

demo: $(STAMP)
	$(BIN)/greetline demo $(ARGS)

# Three at once on two cores: the tests wait for brokers, browsers and clocks about as long as they compute.
test: $(STAMP)
	$(BIN)/python -m pytest -n 3 --dist loadfile $(ARGS)

test-slow: $(STAMP)
	$(BIN)/python -m pytest -m slow -n 2 --dist loadfile $(ARGS)

# Every fault of docs/operations.md, one after the other; ends by itself and writes what each cost into that page.
faults: $(STAMP)
	rm -f $(VENV)/faults.rows
	GREETLINE_FAULT_ROWS=$(VENV)/faults.rows $(BIN)/python -m pytest -m fault tests/faults $(ARGS)
	$(BIN)/python -m tests.faults.rows $(VENV)/faults.rows

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(STAMP)
	$(BIN)/python -m benchmarks $(ARGS)

bench-eyes: $(STAMP)
	$(BIN)/python -m benchmarks.eyes $(ARGS)
	$(BIN)/python -m benchmarks.box --cameras 1,8

# Half an hour of everything going wrong at once; ends by itself. Not part of the tests.
soak: $(STAMP)
	nice $(BIN)/python -m benchmarks.soak $(ARGS)

# The fuzz of the plain suite, 20 times as long and other each time; then a minute for each target, led by the branches it takes.
fuzz: $(STAMP)
	GREETLINE_FUZZ=$${GREETLINE_FUZZ:-20} $(BIN)/python -m pytest tests/fuzz -m "slow or not slow" $(ARGS)
	nice $(BIN)/python -m tests.fuzz.guided --seconds $${GREETLINE_FUZZ_SECONDS:-60}

audit: $(STAMP)
	$(BIN)/python .ci/supply.py audit $(ARGS)

sbom: $(STAMP)
	$(BIN)/python .ci/supply.py sbom sbom.cdx.json

# Every picture of the docs, from the real screens; `make screenshots ARGS="floor-nb office"` takes some.
screenshots: $(STAMP)
	$(BIN)/python -m docs.screenshots $(ARGS)

$(STAMP): requirements.lock pyproject.toml hatch_build.py $(CATALOGUES)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r deploy/install/locks/build.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-build-isolation -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

# A runtime of its own for one kind of model: 59 MB that nobody needs for a first look. Its statistics package stays away.
openvino: $(OPENVINO)

$(OPENVINO): requirements-openvino.lock $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-openvino.lock
	touch $@

# The lock names packages, versions and digests only: no index, no address. Needs `uv`.
lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --extra all --extra voice --extra notify --extra oidc --extra dev pyproject.toml -o requirements.lock
	echo 'openvino>=2026.1' | uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --no-deps - -o requirements-openvino.lock
	$(BIN)/python -m deploy.narrowing

clean:
	rm -rf $(VENV)
