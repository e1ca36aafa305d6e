# Two commands matter: `make demo` and `make test`. Both set everything up by themselves.
.DEFAULT_GOAL := help
PYTHON ?= python3
export PYTHON
export PATH := $(PATH):/usr/sbin:/sbin
# Some images forbid bytecode: each of hundreds of processes would compile all of the program anew.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help setup setup-test demo test check unit daemon docs screenshots fix clean

help: ## Show what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: ## Set up .venv with the locked dependencies
	@tools/setup.sh

setup-test:
	@tools/setup.sh test

demo: setup ## Run the gateway with certificates made on the spot and a sample service
	@.venv/bin/ostiary demo

# While one processor checks the code, the other makes the bytecode of the tests, which else all of
# the four would make. Four at a time, file by file: most tests wait more than they compute.
test: setup-test ## Check the code and run every test
	@.venv/bin/python -m pytest -q --collect-only >/dev/null 2>&1 & \
		$(MAKE) --no-print-directory check; checked=$$?; wait; exit $$checked
	@.venv/bin/python -m pytest -q -n 4 --dist loadfile --no-loadscope-reorder --durations 15

check: setup ## Lint, types and the house rules, without tests
	@.venv/bin/ruff check src tests bench
	@.venv/bin/ruff format --check -q src tests bench
	@.venv/bin/mypy
	@.venv/bin/lint-imports --no-logo 2>/dev/null || .venv/bin/lint-imports

unit: setup ## Run the fast tests only
	@.venv/bin/python -m pytest -q tests/unit tests/house

daemon: setup-test ## Run the tests with a real HAProxy only
	@.venv/bin/python -m pytest -q -m daemon

docs: setup ## Write the generated pages of docs/reference again
	@.venv/bin/python -m ostiary.config.reference > docs/reference/configuration.md
	@.venv/bin/python tools/reference.py

screenshots: setup-test ## Take the pictures of the console in docs/images/console again
	@.venv/bin/python -m tests.doors.console.screenshots

fix: setup ## Format, and mend what the linter can
	@.venv/bin/ruff check --fix -q src tests bench; .venv/bin/ruff format -q src tests bench

clean: ## Remove everything that was set up or generated
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis

-include bench/bench.mk
