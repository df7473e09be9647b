# Every target makes what it needs first: Python 3.11 or newer and make are all that has to be there.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
PYTHON_RUN := $(BIN)/python
STAMP := $(VENV)/.installed
FAST_TESTS := tests/unit tests/property tests/contract
WORKERS := 2

export PYTHON
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1
export PIP_ROOT_USER_ACTION := ignore

.PHONY: help
help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(STAMP): pyproject.toml tools/make_venv.sh
	@sh tools/make_venv.sh $(VENV)
	@touch $@

.PHONY: setup
setup: $(STAMP) ## Make .venv and install everything into it

.PHONY: run
run: $(STAMP) ## Start the bridge with a broker and two boards; Ctrl-C ends it. Elsewhere: make run LISTEN=127.0.0.1:8000
	@$(BIN)/boardpulse demo $(if $(LISTEN),--listen $(LISTEN))

.PHONY: components
components: $(STAMP)
	@$(PYTHON_RUN) -m boardpulse_tools.doctor --install

.PHONY: gen
gen: $(STAMP) ## Write the generated files from shared_schema/catalog.toml
	$(PYTHON_RUN) -m boardpulse_tools.gen_schema

.PHONY: gen-check
gen-check: $(STAMP) ## Fail when a generated file is stale
	$(PYTHON_RUN) -m boardpulse_tools.gen_schema --check

.PHONY: lint
lint: $(STAMP) ## ruff (rules and format), and who may import whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

.PHONY: type
type: $(STAMP) ## mypy --strict
	$(BIN)/mypy

.PHONY: test
test: components ## All tests, after getting the real components that they need
	$(PYTHON_RUN) -m pytest -n $(WORKERS)

.PHONY: test-upy
test-upy: components ## The tests that run on MicroPython interpreters, 64 and 32 bit
	$(PYTHON_RUN) -m pytest -m upy

.PHONY: e2e
e2e: components ## Real firmware, real broker, real daemon, real Prometheus
	$(PYTHON_RUN) -m pytest tests/e2e

.PHONY: hil
hil: $(STAMP) ## Try a real board: make hil PORT=/dev/ttyACM0 [SECOND_PORT=…]. What else it takes: docs/hil.md
	@test -n "$(PORT)" || { echo 'Which board? Say its port: make hil PORT=/dev/ttyACM0'; exit 2; }
	@$(PYTHON_RUN) -m tests.hil '$(PORT)' $(if $(SECOND_PORT),--second-port '$(SECOND_PORT)') \
		$(if $(SECOND_LINK),--second-link '$(SECOND_LINK)') $(if $(FRAMES),--frames $(FRAMES)) \
		$(if $(BOARD),--board '$(BOARD)') $(if $(RAM),--ram) $(if $(JSON),--json)

.PHONY: bench
bench: components ## Bytes on the wire, what a board bears, what the bridge does beside its peers; writes docs/performance.md
	@failed=0; for bench in wire board performance; do \
		echo "boardpulse bench $$bench"; $(BIN)/boardpulse bench $$bench || failed=1; \
	done; exit $$failed

.PHONY: chaos
chaos: components ## Kills, outages, noise and full outboxes, against what boards themselves wrote down: six minutes
	$(BIN)/boardpulse bench chaos

.PHONY: check
check: gen-check lint type components ## What has to be clean before a commit: all of the above, and the fast tests
	$(PYTHON_RUN) -m pytest -n $(WORKERS) $(FAST_TESTS)

.PHONY: clean
clean: ## Remove the environment, what was built, and the caches
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
