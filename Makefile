# `make demo` and `make test` are the two commands; everything installs into .venv.
PYTHON ?= python3.11
PORT ?= 8501
ATLAS ?= data/demo
BIN := .venv/bin

.PHONY: demo app test test-all check bench screenshots clean-demo

.venv/installed: requirements.txt constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check torch==2.13.0
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt -c constraints.txt
	@touch $@

.venv/installed-dev: .venv/installed requirements-dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt -c constraints.txt
	@touch $@
