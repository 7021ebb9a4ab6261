# The first Python here that is new enough; `make PYTHON=…` names another.
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for each in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$each -c '$(NEW_ENOUGH)' 2>/dev/null && echo $$each && break; done)
BIN := .venv/bin
INSTALLED := .venv/.installed
FERRETDB := .tools/ferretdb
# Each has stores of its own, and takes whole files of tests.
AT_ONCE := -n auto --maxprocesses 4 --dist loadfile

.PHONY: help install demo test test-dialects crash large large-figures large-backfill fuzz differential soak bench bench-growth bench-profile check graphiql clients clean

help:
	@echo 'make demo      install, start stores with demo data, serve http://127.0.0.1:8000/ (ARGS=--help shows options)'
	@echo 'make test      install and run the tests (ARGS=… goes to pytest)'
	@echo 'make test-dialects  build FerretDB with Go, and run the tests that touch Mongo on it (ARGS=… goes to pytest)'
	@echo 'make crash     kill gateways at every point of what they write (make test does so at some)'
	@echo 'make large     the stores at a real size, with 100,000 documents as well (make test has 2,000)'
	@echo 'make large-figures  measure profiles and dashboards on a million customers (FOLDER=… holds up to 40 GB meanwhile)'
	@echo 'make large-backfill  measure the index, a backfill and attaching leads at 100,000 customers (ARGS=--help shows options)'
	@echo 'make fuzz      send half a million requests that are made to break something (make test sends ten thousand)'
	@echo 'make soak      load a gateway for ten minutes, and look whether memory or anything else of it keeps growing'
	@echo 'make differential  ask thousands of documents on both paths, and compare (make test asks some hundreds)'
	@echo 'make bench     measure the gateway beside its peers, 20 minutes (ARGS=--help shows sizes, seconds, queries, peers)'
	@echo 'make bench-growth   measure what grows from 10,000 to a million customers, and with 10,000 leads on one'
	@echo 'make bench-profile  tell where the time of the gateway goes, by function'
	@echo 'make check     format, lint, types, imports, and the schema: as it was printed last, and breaking nobody'
	@echo 'make graphiql  bundle GraphiQL again after a change in gateway/graphiql'
	@echo 'make clients   install, with npm, what some tests ask the gateway with: Apollo Client, urql, Relay, codegen, linters, audits'
	@echo 'make install   make .venv with everything in it, once'
	@echo 'make clean     remove .venv and caches; the demo keeps its data'

install: $(INSTALLED)

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c '$(NEW_ENOUGH)' 2>/dev/null || { \
		echo 'This needs Python 3.11 or newer, and found none: install it, or name it: make PYTHON=/path/to/python3' >&2; exit 1; }
	@echo 'Installing into .venv, once; this takes about a minute.'
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

demo: $(INSTALLED)
	@$(BIN)/python -m gateway demo $(ARGS)

test: $(INSTALLED)
	$(BIN)/python -m pytest $(AT_ONCE) $(ARGS)

# `TEST_MONGO_URL=mongodb://… make test` runs all of them on a Mongo server that runs already.
test-dialects: $(INSTALLED) $(FERRETDB)
	$(BIN)/python -m tests.on_ferretdb $(FERRETDB) $(ARGS)

$(FERRETDB): tests/ferretdb/main.go tests/ferretdb/go.mod tests/ferretdb/go.sum
	@echo 'Building FerretDB, once; this takes some minutes.'
	cd tests/ferretdb && go build -o ../../$@ .

# Every point at which a gateway can be killed while it links, and more of them at once than `make test` has.
crash: $(INSTALLED)
	GATEWAY_TEST_CRASHES=all $(BIN)/python -m pytest tests/gateway/test_linking_crashes.py \
		tests/gateway/test_linking_together.py tests/gateway/test_planned_crashes.py tests/gateway/test_statuses_crashes.py \
		tests/gateway/test_creating_crashes.py $(ARGS)

# The stores of `make test` at 100,000 customers, with as many documents in the one that has no CRM.
large: $(INSTALLED)
	GATEWAY_TEST_LARGE=all $(BIN)/python -m pytest tests/gateway/test_large_stores.py $(ARGS)

# A million customers, five million leads, three million bookings: what is asked, how it is found, how long it takes.
large-figures: $(INSTALLED)
	$(BIN)/python -m tests.large_figures $(or $(FOLDER),.gateway/large) $(ARGS)

# A hundred thousand accounts to be linked or made, as many leads to be attached: how long, and in how much memory.
large-backfill: $(INSTALLED)
	$(BIN)/python -m tests.large_backfill $(or $(FOLDER),.gateway/large-backfill) $(ARGS)

# Other requests every time, and fifty times as many as `make test` sends.
fuzz: $(INSTALLED)
	GATEWAY_TEST_FUZZ=8500 GATEWAY_TEST_SCHEMATHESIS=100 $(BIN)/python -m pytest -s tests/gateway/test_fuzz.py \
		tests/gateway/test_schemathesis.py $(ARGS)

# A process of its own, under full load from sockets: ARGS="--seconds 60 --clients 8" says otherwise.
soak: $(INSTALLED)
	$(BIN)/python -m tests.soak $(ARGS)

# Documents of every shape on the compiled path and on graphql-core's; `make test` asks some hundreds, the same each time.
differential: $(INSTALLED)
	GATEWAY_TEST_DOCUMENTS=$(or $(DOCUMENTS),5000) $(BIN)/python -m pytest -s tests/schema/test_compiled.py $(ARGS)

# Writes bench/results.md and its chart. wrk comes from apt where root may install it, Mercurius from npm where that is.
bench: $(INSTALLED)
	$(BIN)/python -m bench $(ARGS)

bench-growth: $(INSTALLED)
	$(BIN)/python -m bench --growth $(ARGS)

bench-profile: $(INSTALLED)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[bench]'
	$(BIN)/python -m bench --profile $(ARGS)

check: $(INSTALLED)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m gateway schema | diff schema.graphql -
	$(BIN)/python -m tests.breaking
	$(BIN)/python -m gateway statuses | diff docs/statuses.md -

# Needs Node; the built files are in the repository, so nothing else does.
graphiql:
	npm --prefix gateway/graphiql ci
	npm --prefix gateway/graphiql run build

clients: tests/clients/node_modules/.installed

tests/clients/node_modules/.installed: tests/clients/package-lock.json
	npm --prefix tests/clients ci --no-audit --no-fund
	@touch $@

clean:
	rm -rf .venv .tools .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache build *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
