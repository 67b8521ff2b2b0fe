# Everything a newcomer needs. `make help` lists the targets; each installs what it needs on first use.
PYTHON ?= python3
UV := $(shell command -v uv 2>/dev/null)
BIN := .venv/bin
export PATH := $(CURDIR)/.venv/bin:$(PATH)

.DEFAULT_GOAL := help
.PHONY: help run test check bench soak schema docs lock e2e format browser clean

help: ## This list
	@awk -F ':.*## ' '/^[a-z0-9_-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: .venv/runtime ## Bring the product up at http://localhost:3000
	$(BIN)/python -m kametrix.cli up

test: .venv/development browser ## The tests, the journeys in the browser included
	$(BIN)/python -m pytest -n 2 -m "not slow and not e2e"
	$(BIN)/python -m pytest -m e2e

check: .venv/development ## Format, lint, types, layers, migrations
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/python -m pytest tests/test_architecture.py tests/test_docs.py tests/test_schema.py

e2e: .venv/development browser ## The journeys in the browser alone
	$(BIN)/python -m pytest -m e2e

soak: .venv/development ## The tests that need minutes: the ledger under heavier counts
	$(BIN)/python -m pytest -m slow

bench: .venv/development ## Ledger and webhooks measured against pgbench; writes a dated report
	$(BIN)/python -m benchmarks

format: .venv/development ## Format and sort imports
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

schema: .venv/development ## Write the schema of the newest revision to tests/schema.txt
	$(BIN)/python -m tests.dump_schema

docs: .venv/development ## Write docs/conformance.md and docs/permissions.md from the code
	$(BIN)/python -m tests.conformance
	$(BIN)/python -m tests.permissions

lock: ## Resolve the requirements anew (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate pyproject.toml -o requirements.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --extra dev pyproject.toml -o requirements-dev.txt

clean: ## Remove what is built; keeps data
	rm -rf .venv .web .ruff_cache .hypothesis

browser:
	@$(BIN)/python -m tests.e2e.browser

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11 ..."; exit 1; }
ifdef UV
	$(UV) venv --quiet --python "$$(command -v $(PYTHON))" .venv
else
	$(PYTHON) -m venv .venv
endif

.venv/runtime: requirements.txt | .venv/bin/python
	$(call install,requirements.txt)
	@$(link)
	@touch $@

.venv/development: requirements-dev.txt | .venv/bin/python
	$(call install,requirements-dev.txt)
	@$(link)
	@touch .venv/runtime $@

# What an editable install does, without a build tool: the checkout on the path, and the `kametrix` command.
define link
$(BIN)/python -c 'import pathlib, sys, sysconfig; \
  pathlib.Path(sysconfig.get_path("purelib"), "kametrix.pth").write_text(sys.argv[1] + "\n"); \
  command = pathlib.Path(".venv/bin/kametrix"); \
  command.write_text("#!" + sys.executable + "\nfrom kametrix.cli import main\n\nmain()\n"); \
  command.chmod(0o755)' "$(CURDIR)"
endef

define install
	@echo "Installing $(1) ..."
	@if [ -n "$(UV)" ]; then $(UV) pip install --quiet --python $(BIN)/python --require-hashes -r $(1); \
	else $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(1); fi
endef
