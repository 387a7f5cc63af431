# Copyright: (c) 2026, Research Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Commands for a checkout. They need git, make, python3 (3.11 or newer, with venv and pip) and access to PyPI.

PYTHON3 ?= python3
PYTHON := $(CURDIR)/.venv/bin/python
# Number of parallel workers of pytest, and of parallel checks.
JOBS ?= 2

# Ansible finds the checkout as research_ops.globus through a link below .ansible. Python finds the packages emulator
# and tools in tests/.
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export ANSIBLE_HOME := $(CURDIR)/.ansible
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/.ansible/collections
export PYTHONPATH := $(CURDIR)/tests

# The checks, the slowest first. `make check-ruff`, for example, runs one of them.
LINT = ansible-lint mypy mypy-tests ruff ruff-format yamllint changelog zizmor schemas codespell reuse
CHECKS = $(addprefix check-,sanity in-place build docs docs-lint $(LINT))
# They run in parallel, so each has its own folder.
check-sanity = $(PYTHON) -m tools.ansible_test .ansible/sanity sanity
# One target, run as contributors run it. make matrix runs all of them so, and pytest runs the tasks of all targets.
check-in-place = $(PYTHON) -m tools.ansible_test .ansible/in-place integration --local login
check-build = $(PYTHON) -m tools.artifact
# antsibull-docs writes a log into the home folder.
check-docs = HOME=$(ANSIBLE_HOME) $(PYTHON) -m tools.site
# The tool uses a folder with a random name, and mistakes a name that ends with _ (1 of 37) for a link: try again.
docs-lint = HOME=$(ANSIBLE_HOME) antsibull-docs lint-collection-docs --plugin-docs --validate-collection-refs all .
check-docs-lint = $(docs-lint) >/dev/null || $(docs-lint) >/dev/null || $(docs-lint)
check-ansible-lint = ansible-lint --nocolor --profile production --offline
# Through the link, so that mypy knows every module by one name.
COLLECTION = .ansible/collections/ansible_collections/research_ops/globus
check-mypy = mypy $(COLLECTION)/plugins $(COLLECTION)/extensions
check-mypy-tests = mypy --python-version 3.11 tests demo
check-ruff = ruff check .
check-ruff-format = ruff format --check .
check-yamllint = yamllint --strict .
check-changelog = antsibull-changelog lint
# CI also runs actionlint.
check-zizmor = zizmor --offline --quiet .github
schema = check-jsonschema --builtin-schema vendor.
check-schemas = $(schema)dependabot .github/dependabot.yml && $(schema)github-workflows .github/workflows/*.yml \
  && $(schema)github-issue-config .github/ISSUE_TEMPLATE/config.yml \
  && $(schema)github-issue-forms .github/ISSUE_TEMPLATE/[!c]*.yml
# Hidden files too, but only files that git knows.
check-codespell = git ls-files -z --cached --others --exclude-standard | xargs -0 codespell --check-hidden
# Every file names its copyright holder and licence.
check-reuse = reuse lint --lines
# Runs all checks, even if one fails.
RUN = $(MAKE) --silent --no-print-directory --keep-going --jobs $(JOBS)

.DEFAULT_GOAL := help
.PHONY: $(CHECKS) help setup test lint docs-lint docs sanity build release release-check unit integration faults matrix browser-test promtool-test rulebook-test pictures demo rehearse benchmark benchmark-many clean

help: ## list all targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1|\2/p' $(firstword $(MAKEFILE_LIST)) | awk -F'|' '{printf "make %-14s %s\n", $$1, $$2}'

setup: ## create .venv with the development tools (fast if it is up to date)
	@$(PYTHON3) tests/tools/setup.py

test: setup ## run all checks and all tests; the last line shows the number of tests
	@GALAXY_IMPORTER_RUN_ANSIBLE_LINT=false $(RUN) $(CHECKS) # check-ansible-lint runs it
	@$(PYTHON) -m pytest -n $(JOBS) tests/unit tests/integration tests/faults

lint: setup ## run ruff, mypy, yamllint and ansible-lint, and check the changelog, the spelling and the licences
	@$(RUN) $(addprefix check-,$(LINT))

docs-lint: setup ## check the documentation of the plugins and the guides
	@$(RUN) check-docs-lint

docs: setup ## build the documentation site in build/site and check its links (EXTERNAL=1: also links to other hosts)
	@$(RUN) check-docs

sanity: setup ## run ansible-test sanity
	@$(RUN) check-sanity

build: setup ## build the artifact for Ansible Galaxy in build/ and check it with the importer of Galaxy
	@$(RUN) check-build

# Prints one line when a check begins and one when it ends, and the whole output of a check that failed.
$(CHECKS): check-%:
	@echo "       $@ begins"; began=$$(date +%s); result=ok; output=$$({ $($@); } 2>&1) || result=FAILED; \
	[ $$result = ok ] || printf '%s\n' "$$output"; \
	printf '%-6s %s (%d s)\n' $$result $@ $$(($$(date +%s) - began)); [ $$result = ok ]

release: setup ## prepare the release VERSION= without publishing it: version, changelog, artifact
	@$(PYTHON) -m tools.release "$(VERSION)"

release-check: setup ## check that this checkout is the release VERSION=
	@$(PYTHON) -m tools.release --check "$(VERSION)"

unit: setup ## run the unit tests
	@$(PYTHON) -m pytest -n $(JOBS) tests/unit

integration: setup ## run the integration tests against the local Globus
	@$(PYTHON) -m pytest -n $(JOBS) tests/integration

faults: setup ## run all tests of faults, kills and parallel writers: half an hour (make test runs a part of them)
	@FAULTS=whole $(PYTHON) -m pytest -n $(JOBS) tests/faults

matrix: setup ## test with all versions in the README (CORE=2.16 for one ansible-core): more than an hour on two cores
	@$(PYTHON) -m tools.matrix --jobs $(JOBS) $(CORE)

browser-test: setup docs ## test the site and the report of the role in headless Chromium (apt-get install chromium)
	@$(PYTHON) -m pytest tests/browser

promtool-test: setup ## test the metrics and alert rules with promtool of Prometheus
	@command -v promtool >/dev/null || { echo "promtool is missing. Install it with apt-get install prometheus (Debian, Ubuntu) or from https://prometheus.io/download/"; exit 1; }
	@$(PYTHON) -m pytest tests/operations/test_promtool.py

rulebook-test: setup ## test the event source and the example rulebooks with ansible-rulebook (needs Java)
	@command -v java >/dev/null || { echo "java is missing. Install Java 17 or newer with apt-get install default-jre-headless (Debian, Ubuntu) or dnf install java-21-openjdk-headless (Fedora, RHEL)"; exit 1; }
	@[ -x .ansible/rulebook/bin/pip ] || $(PYTHON) -m venv .ansible/rulebook
	@.ansible/rulebook/bin/pip install -qq --disable-pip-version-check -r tests/operations/requirements.txt
	@$(PYTHON) -m pytest tests/operations/test_rulebook.py

pictures: setup ## create the picture in the README, a report of the role (needs Chromium)
	@$(PYTHON) -m pip install -qq --disable-pip-version-check 'pillow>=12,<14' # to shrink it
	@$(PYTHON) tests/browser/pictures.py

demo: setup ## run a nightly backup on the local Globus, including a night that goes wrong
	@$(PYTHON) demo/run.py

rehearse: setup ## run your playbook on the local Globus: PLAYBOOK=, WORLD=, DAYS=7, OPTIONS= for ansible-playbook
	@$(PYTHON) -m emulator.rehearse $(if $(WORLD),--world "$(WORLD)") --days $(or $(DAYS),7) "$(PLAYBOOK)" $(OPTIONS)

benchmark: setup ## measure times, requests and memory of tasks, compared with ping and uri
	@$(PYTHON) tests/benchmark/run.py

benchmark-many: setup ## measure 1 to 1,000 timers, compared with the CLI, and write the page about it: 8 minutes
	@$(PYTHON) -m pip install -qq --disable-pip-version-check -r tests/benchmark/requirements.txt
	@$(PYTHON) tests/benchmark/many.py --docs

clean: ## remove the files that the other targets created
	rm -rf .venv .ansible build .mypy_cache .pytest_cache .ruff_cache .hypothesis tests/output changelogs/.plugin-cache.yaml
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
