# Two commands are all one needs: `make run` and `make test`. Each sets up what it uses in .venv first.
PYTHON ?= python3
BIN := .venv/bin
# wants both cores, so nothing runs beside it
ALONE := tests/deployment/server/test_server.py
SPREAD := --ignore=$(ALONE) -n 2 --dist worksteal
.PHONY: run serve test test-ci test-all lint docs mutants torture train champion remake audit robustness reproduce gate liminal bench clean
.DELETE_ON_ERROR:

run: .venv/app  ## serve the app with the shipped model
	$(BIN)/streamlit run deployment/app.py

serve: .venv/app  ## for many people: nginx before several processes, deployment/server; ARGS="--name qualm.example"
	$(BIN)/python -m deployment.server $(ARGS)

test: .venv/dev  ## run the tests, each browser check once
	$(BIN)/python -m pytest $(SPREAD)
	$(BIN)/python -m pytest $(ALONE)

test-ci: .venv/dev .venv/docs  ## what is too slow for make test and must hold at every change: the container, processes, memory
	$(BIN)/python -m pytest --all -m ci

test-all: .venv/bench .venv/docs  ## everything: the browser checks in every size and theme, and the slow parts
	$(BIN)/python -m pytest --all $(SPREAD)
	$(BIN)/python -m pytest --all $(ALONE)

lint: .venv/dev  ## style, the direction of imports, types, words
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/basedpyright
	$(BIN)/python .ci/check.py

docs: .venv/docs  ## build the documentation into site/; a broken link stops it
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

mutants: .venv/dev  ## mutation testing of the engine, about an hour on two cores
	$(BIN)/python -m analytics.mutants

torture: .venv/dev  ## fuzzing and fault injection, about ten minutes on two cores
	$(BIN)/python -m analytics.torture

train: .venv/app  ## train the default preset into runs/; the shipped model stays
	$(BIN)/python core/train.py

champion: .venv/dev  ## train three seeds of the network that ships, hours each, and choose by the rule; ARGS=DIR of pictures
	$(BIN)/python -m analytics.studies.champion $(ARGS)

remake: .venv/bench  ## make again everything that hangs on the shipped weights, hours; goes on where it stopped
	$(BIN)/python -m analytics.remake $(ARGS)

audit: .venv/dev  ## measure the shipped model on the test set again: images/, analytics/reports/audit.md, the notebook
	$(BIN)/python -m analytics.audit
	$(BIN)/python -m analytics.showcase.notebook

robustness: .venv/dev  ## the shipped model on corrupted digits
	$(BIN)/python -m analytics.robustness

reproduce: .venv/dev  ## remake the table of the four small networks; about half an hour
	$(BIN)/python -m analytics.studies.reproduce

gate: .venv/dev  ## the paired study of the gate: what its table lacks is trained (hours), then the report is written
	$(BIN)/python -m analytics.studies.run gate
	$(BIN)/python -m analytics.studies.gate

liminal: .venv/dev  ## remake the table of the text model; fetches EmoBank once
	$(BIN)/python -m analytics.studies.liminal

bench: .venv/bench  ## speed and memory beside PyTorch, scikit-learn and onnxruntime; nothing else should run
	$(BIN)/python -m analytics.benchmark

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("Qualm needs Python 3.11 or newer; name one with: make PYTHON=python3.11 run" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv

.venv/app: requirements.txt pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/dev: requirements.txt requirements-dev.txt pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@ .venv/app

.venv/docs: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[docs]"
	@touch $@

.venv/bench: .venv/dev requirements-bench.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-bench.txt
	@touch $@

clean:  ## remove what was set up and built; runs/ and final_model/ stay
	rm -rf .venv site *.egg-info .pytest_cache .ruff_cache .mutants
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
