# `make demo` and `make test` are the two commands. Everything installs into .venv, made by the newest Python that fits,
# or by PYTHON. PORT is 8501 by default. BASE=explorer serves under /explorer/, for a sub-path behind a proxy. MODEL and
# TEXT are of `make gpt2`: a model folder and a text file instead of the hub's.
PYTHON ?=
PORT ?= 8501
BASE ?=
MODEL ?=
TEXT ?=
BIN := .venv/bin
INSTALL := python deploy/environment/install.py

SERVE := -m streamlit run app.py --server.port $(PORT) $(if $(BASE),--server.baseUrlPath $(BASE))

.PHONY: demo gpt2 app app-only test test-all families check audit bench bench-full screenshots api

demo: data/demo/manifest.json data/digits/manifest.json app

# An atlas is built again when the model, the settings or a stage changed.
STAGES := $(wildcard precompute/*.py precompute/*/*.py precompute/*/*/*.py)
data/demo/manifest.json: .venv/installed data/models/demo/model.safetensors $(STAGES)
	$(BIN)/python -m precompute build --preset demo --out data/demo

data/digits/manifest.json: .venv/installed $(STAGES)
	$(BIN)/python -m precompute lab --out data/digits

# GPT2-small and OpenWebText from the hub, or MODEL and TEXT. A finished atlas is not built again, whatever changed: that
# takes half an hour.
gpt2: data/gpt2/manifest.json
	@echo "the atlas: http://localhost:$(PORT)/$(if $(BASE),$(BASE)/)?atlas=gpt2"
	$(BIN)/python $(SERVE)

data/gpt2/manifest.json: | .venv/installed
	$(BIN)/python -m precompute build --preset gpt2-laptop $(if $(MODEL),--model "$(MODEL)") $(if $(TEXT),--corpus "$(TEXT)") --out data/gpt2

app: .venv/installed
	$(BIN)/python $(SERVE)

# The explorer alone, in an environment without torch: what a host installs.
app-only: .venv-app/installed
	.venv-app/bin/python $(SERVE)

# One thread for each of the workers, which would otherwise wait for one another's; a third worker is slower on two cores.
# Files are handed out in the order of tests/conftest.py: without the option, by their number of tests.
# Bytecode is written even where the environment forbids it: many tests start a Python, which would compile everything.
test: .venv/installed-dev
	env -u PYTHONDONTWRITEBYTECODE OMP_NUM_THREADS=1 $(BIN)/python -m pytest -rs -n 2 --dist loadfile --no-loadscope-reorder -m "not slow"

test-all: .venv/installed-dev data/demo/manifest.json
	NE_FUZZ_TEXTS=10000 NE_SHAPE_CALLS=inf $(BIN)/python -m pytest -rs

# Tiny models of many families, built into atlases and compared with plain hooks.
families: .venv/installed-dev
	$(BIN)/python -m tests.families

check: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# Every package that constraints.txt pins, against the public lists of known vulnerabilities; fails when one is found.
audit: .venv-audit/installed
	.venv-audit/bin/pip-audit --requirement constraints.txt --no-deps --disable-pip --strict --vulnerability-service osv $(AUDIT)

bench: .venv/installed-dev data/demo/manifest.json
	$(BIN)/python -m tests.bench

bench-full: .venv/installed-dev data/demo/manifest.json
	$(BIN)/python -m tests.bench --full
	$(BIN)/python -m tests.bench.scaling --out docs/figures

screenshots: .venv/installed-dev data/demo/manifest.json data/digits/manifest.json
	$(BIN)/python -m tests.screenshots --atlas data/demo --lab digits --out docs/screenshots

# Public functions of ne_core as pages: docs/api/index.html.
api: .venv/installed-dev
	$(BIN)/python -m pdoc --output-directory docs/api ne_core

# torch first: with its pin installed, no other requirement replaces it by another build.
.venv/installed: requirements.txt constraints.txt
	@$(call environment,.venv)
	@echo "installing what requirements.txt names into .venv: a few minutes the first time"
	@$(BIN)/$(INSTALL) torch==2.13.0
	@$(BIN)/$(INSTALL) -r requirements.txt -c constraints.txt
	@touch $@

.venv/installed-dev: .venv/installed requirements-dev.txt requirements-ray.txt
	@$(BIN)/$(INSTALL) -r requirements-dev.txt -c constraints.txt
	@touch $@

.venv-app/installed: requirements-app.txt constraints.txt
	@$(call environment,.venv-app)
	@.venv-app/bin/$(INSTALL) --no-compile -r requirements-app.txt -c constraints.txt
	@touch $@

.venv-audit/installed: requirements-audit.txt
	@$(call environment,.venv-audit)
	@.venv-audit/bin/$(INSTALL) -r requirements-audit.txt
	@touch $@

# An environment in a folder, unless there is one that starts.
environment = $(1)/bin/python -c '' 2>/dev/null || { python=$$(sh deploy/environment/find_python.sh "$(PYTHON)") && "$$python" -m venv --clear $(1); }
