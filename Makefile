# `make demo` and `make test` are the two commands. Everything installs into .venv; PORT=8501 unless given.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
PORT ?= 8501
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: demo app test test-all check bench bench-full screenshots

demo: data/demo/manifest.json data/digits/manifest.json app

# An atlas is built again when the model, the settings or a stage changed.
STAGES := $(wildcard precompute/*.py precompute/*/*.py precompute/*/*/*.py)
data/demo/manifest.json: .venv/installed data/models/demo/model.safetensors $(STAGES)
	$(BIN)/python -m precompute build --preset demo --out data/demo

data/digits/manifest.json: .venv/installed $(STAGES)
	$(BIN)/python -m precompute lab --out data/digits

app: .venv/installed
	$(BIN)/python -m streamlit run app.py --server.port $(PORT)

test: .venv/installed-dev
	$(BIN)/python -m pytest -rs -n 2 --dist loadfile -m "not slow"

test-all: .venv/installed-dev data/demo/manifest.json
	$(BIN)/python -m pytest -rs

check: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

bench: .venv/installed-dev data/demo/manifest.json
	$(BIN)/python -m tests.bench

bench-full: .venv/installed-dev data/demo/manifest.json
	$(BIN)/python -m tests.bench --full
	$(BIN)/python -m tests.bench.scaling --out docs

screenshots: .venv/installed-dev data/demo/manifest.json data/digits/manifest.json
	$(BIN)/python -m tests.screenshots --atlas data/demo --lab digits --out docs/screenshots

# torch first: with its pin installed, nothing below asks for another build of it.
.venv/installed: requirements.txt constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11) and "this project runs on Python 3.11, found " + sys.version.split()[0] + ": make PYTHON=/path/to/python3.11 …")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "installing what requirements.txt names into .venv: a few minutes the first time"
	$(PIP) install torch==2.13.0
	$(PIP) install -r requirements.txt -c constraints.txt
	@touch $@

.venv/installed-dev: .venv/installed requirements-dev.txt requirements-ray.txt
	$(PIP) install -r requirements-dev.txt -c constraints.txt
	@touch $@
