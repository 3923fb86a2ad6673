# mlapi. `make help` lists the targets. Python 3.11 or newer, make and git are all that must be there.

SHELL := /bin/sh
.DEFAULT_GOAL := help

BIN := .venv/bin
PYTHON_IN := $(BIN)/python
ARGS ?=

# Threads that wait for work shall sleep: spinning made training 10 times slower on two busy cores.
export OMP_WAIT_POLICY ?= passive

## Use

.PHONY: run
run: setup-run  ## train a first model where there is none and serve it on 127.0.0.1:8000 (PORT=8080 for another port)
	@$(if $(PORT),MLAPI_PORT=$(PORT) )$(BIN)/mlapi quickstart

.PHONY: setup
setup: setup-dev  ## make or renew .venv with everything that development needs

## Containers

.PHONY: up
up:  ## bring the platform up with Docker Compose and wait until it is healthy (ARGS='--profile monitoring' for more)
	@python3 scripts/up.py $(ARGS)

.PHONY: down
down:  ## stop it; the data stay (ARGS=--volumes removes them)
	@docker compose --profile '*' down $(ARGS)

.PHONY: logs
logs:  ## follow what its containers write
	@docker compose logs --follow $(ARGS)

.PHONY: scan
scan: setup-dev  ## look for known faults in images, compose files and dependencies
	@sh scripts/scan

.PHONY: images
images:  ## build every image and show their sizes
	@sh scripts/images

## Test

.PHONY: test
test: setup-dev build  ## run every test that this machine can run, two at once (ARGS='-k encoder' for some)
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m pytest --numprocesses 2 --dist loadgroup --junit-xml=build/junit.xml $(ARGS); status=$$?; \
	$(BIN)/coverage combine --quiet && $(BIN)/coverage xml --quiet --fail-under=0; exit $$status

.PHONY: prove
prove: setup-dev  ## run the tests with every count at its full size
	@MLAPI_PROVE=1 $(BIN)/pytest --timeout 7200 $(ARGS)

.PHONY: smoke
smoke: setup-dev  ## clone what is committed, `make run` it, and try the request that it prints
	@$(PYTHON_IN) scripts/smoke.py

.PHONY: fuzz
fuzz: setup-dev  ## fuzz the code in C against the general ways, under sanitizers, for 15 minutes (ARGS='--seconds 20 --seed 1')
	@$(PYTHON_IN) -m tests.fuzz $(ARGS)

.PHONY: bench
bench: setup-dev  ## measure engine, decoding, servers and load shapes (5 minutes), rewrite benchmarks/README.md, and fail if slower than committed
	@$(PYTHON_IN) -m benchmarks.bench $(ARGS)

.PHONY: bench-engine
bench-engine: setup-dev  ## measure our tree engine beside XGBoost's predictors, and rewrite benchmarks/README.md
	@$(PYTHON_IN) -m benchmarks.engine $(ARGS)

.PHONY: bench-growth
bench-growth: setup-dev  ## measure how cost grows with rows, features, trees, depth, classes, categories, connections; rewrite benchmarks/README.md
	@$(PYTHON_IN) -m benchmarks.growth $(ARGS)

.PHONY: bench-peers
bench-peers: setup-dev  ## measure other servers beside ours, each in its own environment, and rewrite benchmarks/README.md
	@$(PYTHON_IN) -m benchmarks.peers $(ARGS)

.PHONY: bench-cold
bench-cold: setup-dev  ## measure starts, imports and memory, and rewrite benchmarks/README.md
	@$(PYTHON_IN) -m benchmarks.cold_start $(ARGS)

.PHONY: bench-scale
bench-scale: setup-dev  ## train and score a table larger than memory, and rewrite benchmarks/README.md
	@$(PYTHON_IN) -m benchmarks.scale $(ARGS)

.PHONY: bench-quality
bench-quality: setup-dev  ## score OpenML's ten folds of public tables, and rewrite benchmarks/README.md (ARGS='--trials 0': defaults only)
	@$(PYTHON_IN) -m benchmarks.quality $(ARGS)

## Gates

.PHONY: check
check: format lint types layers openapi-diff  ## run the five gates below

.PHONY: format
format: setup-dev  ## is the code formatted?
	@$(BIN)/ruff format --check --quiet --diff

.PHONY: lint
lint: setup-dev  ## is the code free of what ruff and shellcheck know?
	@$(BIN)/ruff check --quiet
	@$(BIN)/shellcheck .ci/run docker/install $(filter-out %.py,$(wildcard scripts/*))

.PHONY: types
types: setup-dev  ## do the types hold (mypy, strict)?
	@$(BIN)/mypy

.PHONY: layers
layers: setup-dev  ## do imports run one way (import-linter)?
	@$(BIN)/lint-imports

.PHONY: openapi-diff
openapi-diff: setup-dev build  ## does the API still serve clients of docs/openapi/v1.json?
	@$(BIN)/mlapi openapi --contract --against docs/openapi/v1.json >build/openapi-diff.log || { cat build/openapi-diff.log; exit 1; }

.PHONY: coverage
coverage: setup-dev  ## did the last `make test` cover 90 % of everything and 100 % of bundle/?
	@$(BIN)/coverage report
	@$(BIN)/coverage report --include='src/mlapi/bundle/*' --fail-under=100

## Upkeep

.PHONY: fix
fix: setup-dev  ## format the code and mend what ruff can mend
	@$(BIN)/ruff format --quiet
	@$(BIN)/ruff check --quiet --fix

.PHONY: lock
lock: setup-dev  ## write requirements/*.txt from pyproject.toml (ARGS=--upgrade for newer versions)
	@sh scripts/lock $(ARGS)

.PHONY: docs
docs: setup-dev  ## write the table of settings into README.md, docs/errors.md and docs/openapi/v1.json
	@$(PYTHON_IN) -m mlapi.ops.settings_table README.md
	@$(PYTHON_IN) -m mlapi.app.api.error_pages docs/errors.md
	@$(BIN)/mlapi openapi --contract --out docs/openapi/v1.json

.PHONY: clean
clean:  ## remove what tests and gates leave behind; .venv and .mlapi (models, key) stay
	@rm -rf build dist .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	@find src tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help
help:  ## show this
	@sh scripts/help $(firstword $(MAKEFILE_LIST))

.PHONY: setup-run setup-dev
setup-run:
	@sh scripts/setup run

setup-dev:
	@sh scripts/setup dev

build:
	@mkdir -p build
