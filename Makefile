# Two commands matter: `make report` and `make test`. Everything is installed into .venv, nothing elsewhere.
PYTHON ?= python3
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: report test test-all test-cluster check fuzz faults bench docs demo editor lock clean

report: .venv/runtime  ## migrate, load the 2006 wave, check it, publish it
	$(BIN)/jumelage reproduce waves/2006 --out public --formats all $(if $(REASON),--reason "$(REASON)")
	@echo "open $(CURDIR)/public/fr.html or $(CURDIR)/public/en.html in a browser; on paper: public/survey.fr.pdf, public/survey.en.pdf"

test: check  ## all checks and all tests but the long ones, on DuckDB and on a PostgreSQL that the tests start
	$(BIN)/pytest --quiet --numprocesses auto --dist worksteal -m "not long"

test-all: .venv/development  ## the long tests besides, and the random ones with many more examples
	$(BIN)/pytest --quiet --numprocesses auto --dist worksteal -m "(long or hypothesis) and not cluster" --hypothesis-profile thorough

test-cluster: .venv/development  ## the tests that ask a cluster of Spark, which they start: Java is needed
	$(BIN)/pytest --quiet -m cluster

check: .venv/development  ## format, lint, types, import layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fuzz: .venv/development  ## a million hostile inputs for all readers, for a night
	$(BIN)/python -m tests.fuzzing --inputs 1000000

faults: .venv/development  ## kill what changes something at 300 random moments, and fill its disk; as root, on Linux
	$(BIN)/python -m tests.faults

bench: .venv/development  ## ratios against named baselines; needs nothing but a package index
	$(BIN)/python benchmarks/run.py
	$(BIN)/python benchmarks/growth.py
	$(BIN)/python benchmarks/history.py
	$(BIN)/python benchmarks/postgresql_indexes.py

docs: .venv/development  ## write the generated files again: schema/, docs/
	$(BIN)/python -m tests.generate

demo: .venv/bin/python  ## write the made-up wave waves/2012-demo again
	$(BIN)/python waves/make_2012_demo.py

editor:  ## bundle the editor of the page of queries again; needs npm
	cd editor && npm ci && npm run build

lock: .venv/development  ## resolve the dependencies again: names, versions and hashes
	sh .ci/lock

clean:
	rm -rf .venv public .public-*

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/runtime: requirements.lock pyproject.toml | .venv/bin/python
	$(BIN)/pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

.venv/development: requirements-dev.lock .venv/runtime
	$(BIN)/pip install --quiet --require-hashes -r requirements-dev.lock
	@touch $@
