# Two commands and nothing before them: `make study` and `make test`. Everything else is in `make help`.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Those that need nothing: the others are given files, a corpus, or ten minutes (docs/performance.md).
BENCHMARKS := engine step encoder objectives workers memory preprocessing views masks simulate sticks decode near_duplicates study pls dipls pds lora
export SPEKTRON_HOME ?= $(CURDIR)/.spektron

.DEFAULT_GOAL := help
.PHONY: help study smoke test unit integration e2e lint types format ui bench cluster-local cluster-stop cluster-submit clean

help: ## This list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

study: $(READY) ## Answer "how much corpus do we need?" on real spectra (minutes; again: seconds)
	@$(BIN)/python studies/corpus_scaling.py $(ARGS)

smoke: $(READY) ## The same study, small, in under a minute
	@$(BIN)/python studies/corpus_scaling.py --preset smoke $(ARGS)

test: $(READY) lint types unit integration e2e ## Everything CI runs: lint, types, and the three lanes of tests

# One thread a process: two processes of two threads each, on two cores, take up to six times as long a training step.
unit: $(READY) ## Unit tests (under 5 minutes)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m "not ray and not e2e" -n 2 --dist loadfile -q

integration: $(READY) ## Tests on one real local Ray cluster: streams, the engine, two training workers
	$(BIN)/python -m pytest -m "ray and not e2e" -q

# One process has all that starts Ray (one cluster at a time), the other the rest: tests name their group.
e2e: $(READY) ## End-to-end tests: processes, kill -9, MLflow servers, a Ray cluster
	$(BIN)/python -m pytest -m e2e -n 2 --dist loadgroup -q --durations=5

lint: $(READY) ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY) ## mypy --strict over spektron/ and studies/
	$(BIN)/mypy

format: $(READY) ## Let ruff mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

ui: $(READY) ## MLflow's UI on http://127.0.0.1:5000
	$(BIN)/mlflow ui --backend-store-uri sqlite:///$(SPEKTRON_HOME)/mlflow.db

bench: $(READY) ## Benchmarks: ratios against named baselines (see benchmarks/)
	@for name in $(BENCHMARKS); do echo "== $$name"; $(BIN)/python benchmarks/$$name.py || exit 1; done

cluster-local: $(READY) ## Start a Ray head on loopback with token authentication
	@$(BIN)/python cluster/local.py start

cluster-submit: $(READY) ## Submit the study to it: make cluster-submit ARGS="--preset smoke"
	@$(BIN)/python cluster/local.py submit -- $(ARGS)

cluster-stop: $(READY) ## Stop it, by process id
	@$(BIN)/python cluster/local.py stop

clean: ## Remove the virtual environment and caches; results in .spektron stay
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis

# The stamp is newer than both files exactly when the environment was made from them.
$(READY): pyproject.toml constraints.txt
	@echo "Making $(VENV) with $(PYTHON): a few minutes, once."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Spektron needs Python 3.11 or newer, found " + sys.version)'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --progress-bar on -c constraints.txt -e ".[dev]"
	@touch $(READY)
