# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Everything one does with a checkout. Needs git, make, python3 (3.11 or newer, with venv and pip) and package registries.

PYTHON3 ?= python3
PYTHON := $(CURDIR)/.venv/bin/python
CHECK = $(PYTHON) -m tools.check
# pytest's workers, and the checks that run at once.
JOBS ?= 2

# The checkout is seen as research_ops.globus through a link below .ansible, and tests/ is where Python finds
# the packages emulator and tools.
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export ANSIBLE_HOME := $(CURDIR)/.ansible
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/.ansible/collections
export PYTHONPATH := $(CURDIR)/tests

.DEFAULT_GOAL := help
.PHONY: help setup test lint docs-lint docs sanity build release release-check unit integration faults matrix browser-test promtool-test pictures demo rehearse benchmark benchmark-many clean

help: ## list the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1|\2/p' $(firstword $(MAKEFILE_LIST)) | awk -F'|' '{printf "make %-14s %s\n", $$1, $$2}'

setup: ## make .venv with the development tools (quick when it is up to date)
	@$(PYTHON3) tests/tools/setup.py

test: setup ## every check and every test; the last line counts the tests
	@$(CHECK) --jobs $(JOBS) lint docs-lint docs build sanity in-place
	@$(PYTHON) -m pytest -n $(JOBS) tests/unit tests/integration tests/faults

lint: setup ## ruff, mypy, yamllint, ansible-lint, changelog, spelling, licences
	@$(CHECK) --jobs $(JOBS) lint

docs-lint: setup ## the documentation of the plugins and the guides
	@$(CHECK) --jobs $(JOBS) docs-lint

docs: setup ## the documentation site, in build/site, links checked (EXTERNAL=1: also those to other hosts)
	@$(CHECK) docs

sanity: setup ## ansible-test sanity
	@$(CHECK) --jobs $(JOBS) sanity

build: setup ## the artifact for Ansible Galaxy, in build/, and what Galaxy's importer says of it
	@$(CHECK) --jobs $(JOBS) build

release: setup ## prepare the release VERSION=, up to what others would see: version, changelog, artifact
	@$(PYTHON) -m tools.release "$(VERSION)"

release-check: setup ## whether this checkout is the release VERSION=, as its tag says
	@$(PYTHON) -m tools.release --check "$(VERSION)"

unit: setup ## the unit tests
	@$(PYTHON) -m pytest -n $(JOBS) tests/unit

integration: setup ## the integration tests, against the local Globus
	@$(PYTHON) -m pytest -n $(JOBS) tests/integration

faults: setup ## the whole fault matrix, kills, writers at once: half an hour (make test runs a part of it)
	@FAULTS=whole $(PYTHON) -m pytest -n $(JOBS) tests/faults

matrix: setup ## every ansible-core, Python and globus-sdk of the README (CORE=2.16 for one): up to half an hour
	@$(PYTHON) -m tools.matrix --jobs $(JOBS) $(CORE)

browser-test: setup docs ## the site and the report of the role backup in headless Chromium (needs Chromium, apt-get install chromium)
	@$(PYTHON) -m pytest tests/browser

promtool-test: setup ## the metrics and alert rules, read by Prometheus's promtool
	@command -v promtool >/dev/null || { echo "promtool is missing: apt-get install prometheus (Debian, Ubuntu), or the archive of https://prometheus.io/download/"; exit 1; }
	@$(PYTHON) -m pytest tests/operations/test_promtool.py

pictures: setup ## the picture in the README: a report of timers on the local Globus (needs Chromium)
	@$(PYTHON) tests/browser/pictures.py

demo: setup ## a nightly backup on the local Globus, from first run to arrived files, and a night that goes wrong
	@$(PYTHON) demo/run.py

rehearse: setup ## a playbook of one's own on the local Globus: PLAYBOOK=, WORLD=, DAYS=7, OPTIONS= of ansible-playbook
	@$(PYTHON) -m emulator.rehearse $(if $(WORLD),--world "$(WORLD)") --days $(or $(DAYS),7) "$(PLAYBOOK)" $(OPTIONS)

benchmark: setup ## times, requests and memory of tasks, beside ping and uri
	@$(PYTHON) tests/benchmark/run.py

benchmark-many: setup ## the same for 1 to 1,000 timers, beside the CLI: 8 minutes, and docs' page of it
	@$(PYTHON) -m pip install -qq --disable-pip-version-check -r tests/benchmark/requirements.txt
	@$(PYTHON) tests/benchmark/many.py --docs

clean: ## remove what the other targets made
	rm -rf .venv .ansible build .mypy_cache .pytest_cache .ruff_cache .hypothesis tests/output changelogs/.plugin-cache.yaml
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
