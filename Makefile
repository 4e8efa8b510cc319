# make demo    set up and turn a film into coaching (FILM=workout.mp4 for your own; EXERCISE=squat if you say what it is)
# make test    set up and run every check and every test
# make check   style, types and who may import whom
# make wheel   a release: a wheel that brings the networks and the page's runtime along
# make bench   the benchmarks (they need ../shared; see benchmarks/README.md)

PYTHON ?= python3
VENV ?= .venv
FILM ?=
EXERCISE ?= auto
OUT ?= poise-results

BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test check wheel bench clean

demo: $(VENV)/.installed
ifeq ($(FILM),)
	$(BIN)/poise demo --out $(OUT)
else
	$(BIN)/poise analyze "$(FILM)" --exercise "$(EXERCISE)" --out $(OUT)
endif

test: check
	$(BIN)/poise models fetch --quiet blazepose-full blazepose-lite
	$(BIN)/python -m pytest

check: $(VENV)/.developing
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

wheel: $(VENV)/.developing
	$(BIN)/python -m poise.web.assets build/bundle
	POISE_BUNDLE=build/bundle $(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

bench: $(VENV)/.developing
	for bench in clips repcount recognise form agreement speed memory; do $(BIN)/python benchmarks/$$bench.py || exit 1; done

clean:
	rm -rf $(VENV) build dist

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) --editable .
	touch $@

$(VENV)/.developing: $(VENV)/.installed
	$(INSTALL) --editable '.[dev]'
	touch $@
