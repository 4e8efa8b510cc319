# make demo    set up and turn a film into coaching (FILM=workout.mp4 for your own; EXERCISE=squat if you say what it is)
# make test    set up and run every check and every test
#              PYTHON=python3.13 VENV=.venv-3.13 for another Python; the environment is its own
# make check   style, types and who may import whom
# make docs    the pages as a site: build/docs/index.html
# make wheel   a release: a wheel that brings the networks and the page's runtime along
# make arm64   poise in an arm64 userland under qemu: installs from wheels, counts the same (root; 20 to 60 minutes)
# make bench   the benchmarks (they need ../shared; see benchmarks/README.md)

PYTHON ?= python3
VENV ?= .venv
FILM ?=
EXERCISE ?= auto
OUT ?= poise-results

BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --constraint constraints.txt

# What the tests need of Debian; without apt, or without being root, the tests that need it say so and are skipped.
PACKAGES := postgresql redis-server

.PHONY: demo test check docs wheel arm64 bench clean packages

demo: $(VENV)/.installed
ifeq ($(FILM),)
	$(BIN)/poise demo --out $(OUT)
else
	$(BIN)/poise analyze "$(FILM)" --exercise "$(EXERCISE)" --out $(OUT)
endif

test: check packages
	$(BIN)/poise models fetch --quiet blazepose-full blazepose-lite
	command -v chromium >/dev/null || { apt-get update -qq && apt-get install -qy chromium; } || \
	  echo "There is no Chromium and it could not be installed: the page is not tested here."
	$(BIN)/python -m pytest

check: $(VENV)/.developing
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

packages:
	@missing=$$(for name in $(PACKAGES); do dpkg -s $$name >/dev/null 2>&1 || echo $$name; done); \
	if [ -n "$$missing" ] && command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $$missing >/dev/null; \
	fi

docs: $(VENV)/.developing
	$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going -d build/doctrees -c docs . build/docs
	@echo "build/docs/index.html"

wheel: $(VENV)/.developing
	$(BIN)/python -m poise.web.assets build/bundle
	POISE_BUNDLE=build/bundle $(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

arm64: $(VENV)/.developing
	PYTHON=$(BIN)/python deploy/arm64.sh

bench: $(VENV)/.developing
	for bench in clips repcount recognise form agreement backends speed memory desk sitting serve batch; do $(BIN)/python benchmarks/$$bench.py || exit 1; done

clean:
	rm -rf $(VENV) build dist

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) --editable .
	touch $@

$(VENV)/.developing: $(VENV)/.installed
	$(INSTALL) --editable '.[dev]'
	touch $@
