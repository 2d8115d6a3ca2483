# Two commands are all one needs: `make run` and `make test`. Each sets up what it uses in .venv first.
PYTHON ?= python3
BIN := .venv/bin
.PHONY: run test lint train audit reproduce bench liminal clean
.DELETE_ON_ERROR:

run: .venv/app  ## serve the app with the shipped model
	$(BIN)/streamlit run deployment/app.py

test: .venv/dev  ## run the tests
	$(BIN)/python -m pytest

lint: .venv/dev
	$(BIN)/ruff check .

train: .venv/app  ## train the default preset; runs/ keeps it, final_model/ gets it when it is at least as good
	$(BIN)/python core/train.py

audit: .venv/dev  ## remake images/ and the neighbours from the shipped weights
	$(BIN)/python -m core.explain.neighbours final_model
	$(BIN)/python -m analytics.audit

reproduce: .venv/dev  ## remake the table of the four small networks
	$(BIN)/python -m analytics.studies.reproduce

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

.venv/bench: .venv/dev requirements-bench.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-bench.txt
	@touch $@

clean:  ## remove what was set up and built; runs/ and final_model/ stay
	rm -rf .venv *.egg-info .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
