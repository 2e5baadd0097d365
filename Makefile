# `make demo` and `make test` are all that a newcomer needs: each prepares what it uses.
# Assumed on the machine: make, Python 3.11 or later as `python3` (or PYTHON=...), Node.js 20 or later.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3
BIN := .venv/bin
CONTRACTS_BIN := .venv-contracts/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1
# Where containers set it, each of the tests' hundreds of processes would compile the toolkit anew.
unexport PYTHONDONTWRITEBYTECODE

# The platform package's binaries: npm's shims cost 200 ms a call and leave a second process behind.
foundry = $(CURDIR)/node_modules/@foundry-rs/$(1)-$(shell node -p 'process.platform + "-" + (process.arch === "x64" ? "amd64" : process.arch)')/bin
FORGE = $(call foundry,forge)/forge
# In the order that tests/python/conftest.py gives them, the longest files first.
PYTEST = $(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder

.PHONY: help
help: ## what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1	/' | expand -t 12

# ---- prepare -------------------------------------------------------------------------------------

.PHONY: setup
setup: .venv/.ready node_modules/.ready ## the virtual environment and the npm packages

define python_is_new_enough
@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
  echo "Python 3.11 or later is needed; '$(PYTHON)' is: $$($(PYTHON) --version 2>&1 || echo missing)." \
       "Install one, or name it: make PYTHON=/path/to/python3.12 ..." >&2; exit 1; }
endef

define node_is_new_enough
@node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null || { \
  echo "Node.js 20 or later is needed; 'node' is: $$(node --version 2>&1 || echo missing)." >&2; exit 1; }
endef

.venv/.ready: requirements.lock pyproject.toml
	$(python_is_new_enough)
	@echo "preparing .venv (about a minute the first time)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --require-hashes --requirement requirements.lock
	@$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.venv-contracts/.ready: requirements-contracts.lock
	$(python_is_new_enough)
	@echo "preparing .venv-contracts"
	@$(PYTHON) -m venv .venv-contracts
	@$(CONTRACTS_BIN)/pip install --quiet --require-hashes --requirement requirements-contracts.lock
	@touch $@

node_modules/.ready: package.json package-lock.json
	$(node_is_new_enough)
	@echo "preparing node_modules"
	@npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error
	@for tool in anvil cast forge; do ls -d node_modules/@foundry-rs/$$tool-*/bin >/dev/null 2>&1 || { \
	  echo "npm has not installed $$tool for this platform: run npm install --no-save --no-package-lock" >&2; exit 1; }; done
	@touch $@

# ---- the two that a newcomer needs ---------------------------------------------------------------

.PHONY: demo
demo: setup ## a stablecoin from deployment to redemption, and a fund in it, on a local chain
	@$(BIN)/issuance demo

.PHONY: test
test: setup ## the Python tests and the Solidity tests
	$(PYTEST)
	$(FORGE) test

# `make chaos CHAOS="--schedules 50 --jobs 1"` runs fewer; see docs/chaos.md.
CHAOS ?= --schedules 500
.PHONY: chaos
chaos: setup ## random fault schedules over tens of thousands of orders
	$(BIN)/python tests/python/chaos/campaign.py $(CHAOS)

# ---- build ---------------------------------------------------------------------------------------

.PHONY: compile
compile: setup ## compile the contracts into toolkit/artifacts/data
	$(BIN)/issuance compile

.PHONY: wheel
wheel: setup ## the distribution, in dist/
	$(BIN)/hatchling build --target wheel

.PHONY: format
format: setup ## format Python and Solidity
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(FORGE) fmt

# Needs `uv` (pip install uv). No lock file names an index, so each installs from any mirror.
.PHONY: lock
lock: ## pin the Python and npm dependencies again
	npm install --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved --no-audit --no-fund
	node scripts/complete-package-lock.js
	uv pip compile --no-config --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	  --quiet --extra dev --output-file requirements.lock pyproject.toml
	uv pip compile --no-config --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	  --quiet --output-file requirements-contracts.lock requirements-contracts.in

# ---- what CI runs --------------------------------------------------------------------------------

# Compiling the tests takes forge minutes of one processor; the other has the rest meanwhile. So it is with what the
# coverage compiles and with the proofs, which follow because both need the build.
.PHONY: check
check: check-contracts ## everything that CI proves
	$(MAKE) --jobs 2 --output-sync=target build-tests check-beside
	$(MAKE) --jobs 2 --output-sync=target check-coverage check-changed-proofs
	$(MAKE) test

.PHONY: build-tests check-beside
build-tests: setup
	$(FORGE) build
check-beside: setup .venv-contracts/.ready
	$(MAKE) --jobs 1 check-python check-static check-gas

.PHONY: check-deep
check-deep: setup ## ten times the runs of the invariant campaign, and many times the courses beside the model
	FOUNDRY_INVARIANT_RUNS=2560 $(FORGE) test --match-path tests/solidity/Invariants.t.sol
	HYPOTHESIS_PROFILE=deep $(BIN)/pytest tests/python/model tests/python/compliance/test_machine.py

.PHONY: check-python
check-python: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# `--sizes` fails above the 24,576 bytes of EIP-170.
.PHONY: check-contracts
check-contracts: setup
	$(FORGE) fmt --check
	$(FORGE) build --sizes --skip 'tests/**'
	$(BIN)/issuance compile --check

# Every detector; what it may still find is explained in scripts/slither_findings.toml.
.PHONY: check-slither
check-slither: setup .venv-contracts/.ready
	PATH="$(call foundry,forge):$$PATH" $(CONTRACTS_BIN)/python scripts/check_slither.py

.PHONY: check-erc
check-erc: check-slither
	PATH="$(call foundry,forge):$$PATH" $(CONTRACTS_BIN)/python scripts/check_erc.py

# The linter is for the contracts: tests narrow types and drop results on purpose. The gate is left out because its one
# `bytes4(data)`, which reads a selector, is taken for an unsafe narrowing.
.PHONY: check-static
check-static: check-slither check-erc ## slither, the ERCs' interfaces, forge's linter
	$(FORGE) lint $(filter-out contracts/access/GuardianGate.sol,$(shell find contracts -name '*.sol'))

# After a change that is meant, make check-proofs PROOFS="--changed --write" proves what it concerns and notes it.
.PHONY: check-proofs
check-proofs: setup .venv-contracts/.ready ## every symbolic proof of docs/assurance.md
	PATH="$(call foundry,forge):$$PATH" $(CONTRACTS_BIN)/python scripts/check_proofs.py $(PROOFS)

# Those that anything they depend on has changed for since they held, and the quickest.
.PHONY: check-changed-proofs
check-changed-proofs: build-tests .venv-contracts/.ready
	PATH="$(call foundry,forge):$$PATH" $(CONTRACTS_BIN)/python scripts/check_proofs.py --changed

# What `make coverage` adds, the traces of the Python tests, takes too long for every run.
.PHONY: check-coverage
check-coverage: build-tests
	PATH="$(call foundry,forge):$$PATH" $(BIN)/python scripts/coverage.py --forge-only

.PHONY: coverage
coverage: build-tests ## what the tests execute of the contracts, forge's and Python's merged
	PATH="$(call foundry,forge):$$PATH" $(BIN)/python scripts/coverage.py

# It takes up where it stopped. One file: make mutation MUTATION="--only Approvals"; MUTATION=--planted: the ten bugs.
.PHONY: mutation
mutation: setup ## small breaks of the contracts, and which of them no test notices
	$(BIN)/python scripts/mutate.py $(MUTATION)

.PHONY: check-gas
check-gas: setup
	$(BIN)/python benchmarks/gas.py --check

.PHONY: gas
gas: setup ## what each operation costs, beside the peers
	@$(BIN)/python benchmarks/gas.py

.PHONY: bench
bench: bench-desk bench-fund bench-compliance bench-omnibus bench-reporting bench-reports ## all of these

# Sizes and rounds: make bench-desk BENCH="--sizes 1000 10000 100000"
.PHONY: bench-desk
bench-desk: setup ## orders a second, durable at each step, beside what the node itself can do
	@$(BIN)/python benchmarks/throughput.py $(BENCH)

# Sizes: make bench-compliance SCREEN="--sizes 1000 10000 100000 --postgres"
.PHONY: bench-compliance
bench-compliance: setup ## everybody screened against a new list: time, and how it grows
	@$(BIN)/python benchmarks/screening.py $(SCREEN)

.PHONY: bench-reports
bench-reports: setup ## a statement, statistics and a snapshot of 100,000 holders, in processor time
	@$(BIN)/python benchmarks/reports.py

# Fewer investors: make bench-fund FUND="--investors 200"
.PHONY: bench-fund
bench-fund: setup ## a fund's dealing day with 5,000 investors: time and gas
	@$(BIN)/python benchmarks/fund_day.py $(FUND)

# Fewer clients: make bench-omnibus OMNIBUS="--clients 1000"
.PHONY: bench-omnibus
bench-omnibus: setup ## an omnibus wallet's day with 100,000 clients: tree, proof, ledger
	@$(BIN)/python benchmarks/omnibus.py $(OMNIBUS)

# Other sizes: make bench-reporting REPORTING="--orders 1000 10000"
.PHONY: bench-reporting
bench-reporting: setup ## reconciling and closing a day with 100,000 orders
	@$(BIN)/python benchmarks/reconciliation.py $(REPORTING)

.PHONY: clean
clean: ## remove what was built, keep what was installed
	rm -rf build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
