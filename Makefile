PYTHON ?= python3
BIN := .venv/bin
VENV := .venv/.installed
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
CODE := $(wildcard provider tests sdk/python/pulumi_bitbucket_user/dynamic*)
EXAMPLES := $(wildcard examples/*/*.py)
GO_CODE := $(wildcard tests examples)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test matrix check docs picture format generate check-generated mutants soak bench faults emulator venv engine engine-quietly sdk-nodejs sdk-go sdk-java dist lock clean

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*##  */\1|/p' $(MAKEFILE_LIST) | while IFS='|' read -r name text; do printf '%-16s %s\n' "$$name" "$$text"; done

demo: engine-quietly  ## a stack's whole life against a Bitbucket on this machine, step by step
	@$(BIN)/python -m tests.demo

test: engine-quietly  ## set-up and every test, as many at once as there are cores
	@$(BIN)/python -m pytest -q --numprocesses auto --dist worksteal $(MEASURE)

matrix: venv  ## every kind of resource × verb × fault, as a table
	@MATRIX=table $(BIN)/python -m pytest -q tests/matrix --numprocesses auto --dist worksteal

check: venv  ## what CI runs: format, lint, types, generated files current, then `make test` with branch coverage
	@$(BIN)/ruff format --quiet --check $(CODE) $(EXAMPLES) || (echo "Run \`make format\`"; exit 1)
	@! command -v gofmt > /dev/null || test -z "$$(gofmt -l $(GO_CODE))" || (echo "Run \`make format\`"; exit 1)
	@$(BIN)/ruff check --quiet $(CODE) $(EXAMPLES)
	@layers=$$($(BIN)/lint-imports --no-logo --no-cache 2>&1) || (echo "$$layers"; exit 1)
	@$(BIN)/mypy --no-error-summary $(CODE)
	@for project in $(sort $(dir $(EXAMPLES))); do MYPYPATH=$$project $(BIN)/mypy --no-error-summary $$project*.py || exit 1; done
	@$(MAKE) --no-print-directory check-generated
	@$(MAKE) --no-print-directory test MEASURE="--cov --cov-report="

format: venv  ## format the hand-written code and mend what ruff can mend
	@$(BIN)/ruff check --quiet --fix $(CODE) $(EXAMPLES)
	@$(BIN)/ruff format $(CODE) $(EXAMPLES)
	@! command -v gofmt > /dev/null || gofmt -w $(GO_CODE)

generate: venv  ## schema.json from the models, the SDKs from schema.json, docs/operations.md
	@$(BIN)/python -m tests.engine.generate
	@$(BIN)/python -m tests.documentation

check-generated: venv  ## fail when `make generate` would change something
	@$(BIN)/python -m tests.engine.generate --check
	@$(BIN)/python -m tests.documentation --check

picture: venv  ## docs/report.png, a page of `bitbucket-user report`; needs Chromium
	@$(BIN)/python -m tests.picture

docs: venv  ## the documentation site, dist/site
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict
	@echo "dist/site/index.html"

mutants: venv  ## small changes of what a run knows, one after the other: fail on one that no test notices
	@$(BIN)/python -m tests.mutants $(ONLY)

soak: engine-quietly  ## long runs, an hour at most: tests marked so, as kills at every point; every life on the oldest supported engine
	@SOAK=1 timeout 40m $(BIN)/python -m pytest -q -m soak tests --numprocesses auto --dist worksteal
	@ENGINE=oldest $(BIN)/python -m tests.engine > /dev/null
	@ENGINE=oldest timeout 30m $(BIN)/python -m pytest -q tests/acceptance/test_lives.py tests/acceptance/test_import.py

bench: engine-quietly  ## calls and seconds under the real engine, as tables; CHECK=1 fails on what grew
	@$(if $(CHECK),CHECK=1) $(BIN)/python -m tests.bench

faults: engine-quietly  ## the tests of lost access and lost secrets against another revision, REV=...
	@$(BIN)/python -m tests.faults "$(REV)"

emulator: venv  ## a Bitbucket on port 8118 of this machine
	@$(BIN)/python -m bitbucket_user_emulator --port 8118

venv: $(VENV)  ## the Python environment, .venv/

$(VENV): requirements-dev.lock pyproject.toml provider/bitbucket_user_provider/__init__.py
	@$(PYTHON) -c 'import sys; sys.exit(f"Python 3.10 or later is needed; this is {sys.version}" if sys.version_info < (3, 10) else 0)'
	@test -e $@ || echo "Installing the Python environment into .venv (once, about a minute)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(PIP) install -r requirements-dev.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

engine: venv  ## find or build the Pulumi engine; the last line is the folder with `pulumi`
	@$(BIN)/python -m tests.engine

engine-quietly: venv
	@$(BIN)/python -m tests.engine > /dev/null

sdk-nodejs: venv  ## compile the Node.js SDK; the last line is the folder to install
	@$(BIN)/python -m tests.engine.compiled nodejs

sdk-go: venv  ## compile the Go SDK
	@$(BIN)/python -m tests.engine.compiled go

sdk-java: venv  ## generate and compile the Java SDK; the last line is the jar
	@$(BIN)/python -m tests.engine.compiled java

dist: venv  ## what a release publishes: wheel, sdist, npm package, jar, plugin tarball
	@$(BIN)/python -m tests.engine.release

lock:  ## pin the newest allowed versions of the Python environment
	@$(PYTHON) -m venv .cache/uv && .cache/uv/bin/pip install --quiet --disable-pip-version-check uv
	@echo '# Pinned for Python 3.10 and later. Made by `make lock` from pyproject.toml.' > requirements-dev.lock.new
	@.cache/uv/bin/uv pip compile --quiet --universal --python-version 3.10 --extra dev --no-header --no-annotate \
		--upgrade pyproject.toml >> requirements-dev.lock.new
	@mv requirements-dev.lock.new requirements-dev.lock

clean:  ## remove everything built except .cache/
	@rm -rf .venv dist sdk/nodejs/bin sdk/nodejs/node_modules .mypy_cache .pytest_cache .ruff_cache
