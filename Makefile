# A fresh checkout needs nothing but `make demo` or `make test`: cluster/setup.sh installs what is missing, once.
DATA := $(HOME)/huetune/data/groceries-64
NAME := demo
HUETUNE := .venv/bin/huetune
PYTHON := .venv/bin/python
UV := $(or $(shell command -v uv),.venv/bin/uv)

.DEFAULT_GOAL := help
.PHONY: help demo test test-cluster lint setup lock

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile

demo: setup ## build a data set of real photos, run a sweep on it, write its report (again: NAME=another)
	$(HUETUNE) data build groceries --size 64 --raw --val 0.2 --out $(DATA)
	@if $(HUETUNE) sweep status $(NAME) >/dev/null 2>&1; then \
		set -x; $(HUETUNE) sweep resume $(NAME); \
	else \
		set -x; $(HUETUNE) sweep run search/sweeps/demo.yaml --name $(NAME); \
	fi
	$(HUETUNE) report $(NAME)

test: ## run all tests but those that need a GPU or a whole cluster
	@cluster/setup.sh --tests
	$(PYTHON) -m pytest -m "not gpu and not cluster" -n logical --maxprocesses 8 --dist loadgroup --durations=10

test-cluster: ## run the tests on several Ray nodes and on Slurm, one after the other; root for Slurm and for some nodes
	@cluster/setup.sh --tests
	$(PYTHON) -m pytest -m cluster --durations=10

lint: setup ## check style and types
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy

setup: ## install what is missing, into .venv
	@cluster/setup.sh

lock: setup ## pin the newest packages that pyproject.toml allows
	$(UV) pip compile --quiet --universal --python-version 3.11 --all-extras --generate-hashes --upgrade \
		--no-emit-index-url --custom-compile-command "make lock" --output-file requirements.txt pyproject.toml
