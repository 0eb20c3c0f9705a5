# All tasks of the project. `make` without a target lists the targets.
# A target creates .venv if it is missing or older than requirements.lock or pyproject.toml; it need not be activated.
# All paths are relative to this folder, so that `make -C` and folders with spaces in their names work.

SHELL := /bin/sh
.SUFFIXES:
.DEFAULT_GOAL := help
.PHONY: help report test quick lab check bench reproduce publish docs release setup clean lock

PYTHON ?=
ARGS ?=
# Compiled modules are kept although the environment may forbid it: half a second in each process that imports the library
export PYTHONDONTWRITEBYTECODE :=
PY := .venv/bin/python
PIP := $(PY) -m pip install --quiet --disable-pip-version-check --no-input

help: ## list the targets
	@echo "Usage: make TARGET"
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1\t\2/p' Makefile | expand -t 12
	@echo "Python 3.11 or newer is detected; to use another one: make TARGET PYTHON=/path/to/python"

report: .venv/ready ## build all reports of reports/batch.yml; the last line is the path of the index
	@$(PY) -m analysis batch $(ARGS)

test: .venv/ready ## check the style of the code and run all tests
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check --quiet .
	@$(PY) -m pytest -n 3 --dist loadfile --no-loadscope-reorder $(ARGS)

quick: .venv/ready ## run the unit tests only, without kernels, reports and browsers
	@$(PY) -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not slow" --hypothesis-profile quick $(ARGS)

lab: .venv/ready ## open JupyterLab with the notebook to start with
	@PATH="$$PWD/.venv/bin:$$PATH" $(PY) -m jupyter lab --LabApp.default_url=/lab/tree/notebooks/00-start-here.ipynb $(ARGS)

check: .venv/ready ## check the evidence tables and list every problem
	@$(PY) -m analysis check $(ARGS)

bench: .venv/ready ## measure the speed of the library (goals, not tests) and try faults
	@OPENBLAS_NUM_THREADS=1 $(PY) tests/bench/run.py
	@$(PY) tests/bench/batch.py
	@$(PY) tests/bench/cluster.py
	@$(PY) tests/faults.py
	@$(PY) tests/bench/paired.py $(or $(COMMIT),HEAD)

reproduce: .venv/ready ## build all reports from two clones in different environments and compare them byte by byte
	@$(PY) tests/reproduce.py $(ARGS)

publish: .venv/ready ## update reports/published from the current data and code (maintainers, before a release)
	@rm -rf build/published reports/published/evidence-report
	@$(PY) -m analysis report evidence-report --output build/published
	@mkdir reports/published/evidence-report
	@cd build/published/evidence-report && cp *.html *.pdf *.json ../../../reports/published/evidence-report
	@$(PY) tests/published_figure.py

setup: .venv/ready ## install everything into .venv

docs: .venv/ready ## build the site into build/docs and run the examples in it
	@$(PY) -m sphinx -W --keep-going -q -b html -d build/doctrees docs build/docs
	@$(PY) -m sphinx -W --keep-going -q -b doctest -d build/doctrees docs build/doctest
	@echo build/docs/index.html

release: .venv/ready ## check, publish, test, and draft the notes of a release of the data (maintainers)
	@test -z "$$(git status --porcelain)" || { echo "Commit first: a release is made from a commit." >&2; exit 1; }
	@$(PY) -m analysis check
	@$(MAKE) --no-print-directory publish
	@$(MAKE) --no-print-directory test
	@rm -f release-notes.*
	@last=$$(git describe --tags --abbrev=0 2>/dev/null) || { echo "No earlier release: nothing to compare."; exit 0; }; \
	$(PY) -m analysis diff "$$last" data --html release-notes.html --json release-notes.json > release-notes.txt; \
	status=$$?; cat release-notes.txt; test $$status -le 1 && test -s release-notes.json
	@echo "Next: put the first draft of release-notes.txt into CHANGES.md with the date, commit, and git tag."

clean: ## delete created files: .venv, reports/output, caches
	@rm -rf .venv reports/output tests/browser/node_modules build ketamine_crps.egg-info .pytest_cache .ruff_cache .hypothesis
	@find analysis tests notebooks \( -name __pycache__ -o -name .ipynb_checkpoints \) -prune -exec rm -rf {} +

lock: ## update requirements.lock from pyproject.toml (maintainers; needs uv and the network)
	@command -v uv >/dev/null || { echo "make lock needs the program uv." >&2; exit 1; }
	@# One file for Python 3.11 to 3.14, with setuptools, because the project is installed without build isolation.
	@sed -n 's/^requires = \["\(.*\)"\]$$/\1/p' pyproject.toml | uv pip compile pyproject.toml - --all-extras --universal \
	  --python-version 3.11 --generate-hashes --upgrade --quiet --no-emit-index-url --no-emit-find-links \
	  --custom-compile-command "make lock" --output-file requirements.lock.new
	@mv requirements.lock.new requirements.lock

# The stamp is written last, so that an incomplete installation is repeated.
.venv/ready: requirements.lock pyproject.toml
	@found=; made=; \
	for python in $(if $(PYTHON),"$(PYTHON)",python3 python3.14 python3.13 python3.12 python3.11 python); do \
	  "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || continue; \
	  test -n "$$found" || echo "Setting up .venv (once; again only when requirements.lock or pyproject.toml changes) ..."; \
	  found="$$python"; \
	  rm -rf .venv; \
	  if output=$$("$$python" -m venv .venv 2>&1); then made=yes; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo "Python 3.11 or newer is needed and was not found$(if $(PYTHON), as $(PYTHON))." >&2; \
	  echo "Install it (Debian and Ubuntu: apt install python3 python3-venv), or give its path: make $(MAKECMDGOALS) PYTHON=/path/to/python" >&2; \
	  exit 1; \
	fi; \
	if [ -z "$$made" ]; then \
	  rm -rf .venv; \
	  echo "$$output" >&2; \
	  version=$$("$$found" -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
	  echo "Python $$version could not create a virtual environment. On Debian and Ubuntu: apt install python$$version-venv" >&2; \
	  exit 1; \
	fi
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch .venv/ready
