# Each command sets up what it needs (once), and then does its job:
#
#   make course      run the lessons, write build/course/index.html   DATASET=planted SMOKE=1 LESSONS=02,03
#   make test        the whole test suite: ruff, mypy, pytest         ARGS="-k walks"
#   make lab         open the lessons in JupyterLab
#   make setup       the set-up alone                                 PYTHON=python3.12 WHEELHOUSE=folder
#   make setup-scale TorchRec and DuckDB on top: training by several processes (lesson 10; Linux)
#   make doctor      is this machine ready?
#   make wheelhouse  collect all packages in wheelhouse/, for a room without a network
#   make notebooks   build notebooks/*.ipynb from notebooks/source/*.py
#   make assignments the graded assignments, build/assignments: to hand out, and to grade with   (notebooks/INSTRUCTORS.md)
#   make bench       speed, beside gensim and pecanpy: build/bench, and the README's table   QUICK=1 (5 minutes)
#   make bench-sequences   GRU4Rec beside RecBole's: speed, and what is found   ARGS="--data toys" (an hour)
#   make tables      compare methods on every data set that is at hand, and write the README's tables (an hour)
#   make record      the part of it on groceries, whose rows lesson 04 quotes
#   make pictures    the README's pictures of the live views

DATASET ?= groceries
SMOKE ?=
LESSONS ?=
PYTHON ?=
WHEELHOUSE ?=
ARGS ?=
QUICK ?=

VENV := .venv
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
PY := $(BIN)/python
READY := $(VENV)/.ready
PIP_OPTIONS = --disable-pip-version-check $(if $(WHEELHOUSE),--no-index --find-links "$(WHEELHOUSE)")
COURSE_OPTIONS = $(if $(filter-out 0 no false,$(SMOKE)),--smoke) $(if $(LESSONS),--lessons "$(LESSONS)")

# real files that some tests read where they are (they skip elsewhere)
ifneq ($(wildcard ../shared/data),)
MTSGNS_TEST_DATA ?= $(abspath ../shared/data)
export MTSGNS_TEST_DATA
endif

.PHONY: help setup setup-scale course test check lab doctor wheelhouse notebooks assignments bench bench-sequences tables record pictures colab-env colab-test fresh-test clean

help:
	@sed -n 's/^#   //p' Makefile

setup: $(READY)

# PYTHON, or the first Python 3.11 to 3.13 on the path that can make an environment
$(READY): pyproject.toml constraints.txt
	@python="$(PYTHON)"; \
	for p in python3.12 python3.13 python3.11 python3 python; do \
	  test -n "$$python" && break; \
	  "$$p" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && python=$$p; \
	done; \
	test -n "$$python" || { echo "No Python 3.11 to 3.13 found: install one, or name it: make setup PYTHON=..."; exit 1; }; \
	echo "$$python -m venv $(VENV)"; "$$python" -m venv $(VENV)
	$(PY) -m pip install $(PIP_OPTIONS) -c constraints.txt -e ".[notebooks,dev,serving]"
	$(PY) -m ipykernel install --sys-prefix --name python3 --display-name "Python 3 (mtsgns_lite)"
	@touch $(READY)

setup-scale: $(VENV)/.scale

$(VENV)/.scale: scale.txt $(READY)
	$(PY) -m pip install $(PIP_OPTIONS) --no-deps -r scale.txt
	@touch $@

course: setup
	$(PY) -m mtsgns_lite course "$(DATASET)" $(COURSE_OPTIONS)

test: check
	$(PY) -m pytest $(ARGS)

check: setup
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

lab: setup
	$(PY) -m jupyterlab notebooks/00_start_here.ipynb

doctor: setup
	$(PY) -m mtsgns_lite doctor

notebooks: setup
	$(PY) notebooks/build.py

assignments: setup
	$(PY) notebooks/assignments/make.py

# the other libraries, in environments of their own, for they want an older numpy; RecBole wants Python 3.11, too
PEERS := build/venv-peers
SEQUENCE_PEERS := build/venv-peers-sequences
$(PEERS)/.ready: tests/benchmarks/speed/peers.txt | setup
$(SEQUENCE_PEERS)/.ready: tests/benchmarks/sequences_peers.txt | setup
$(PEERS)/.ready $(SEQUENCE_PEERS)/.ready:
	$(PY) -m venv $(@D)
	$(@D)/$(notdir $(BIN))/python -m pip install -q $(PIP_OPTIONS) -r $<
	touch $@

bench: setup $(PEERS)/.ready
	$(PY) tests/benchmarks/speed/run.py $(PEERS)/$(notdir $(BIN))/python $(if $(filter-out 0 no false,$(QUICK)),--quick)
	$(if $(filter-out 0 no false,$(QUICK)),,$(PY) tests/benchmarks/speed/page.py build/bench/results.json)

bench-sequences: setup $(SEQUENCE_PEERS)/.ready
	$(PY) tests/benchmarks/sequences_peer.py $(SEQUENCE_PEERS)/$(notdir $(BIN))/python $(ARGS)

ROWS = popularity,cooccurrence,mf,mf-bias-walks,sgns,node2vec,gensim-sg,gensim-cbow,traits-uniform,traits-global,traits-item,traits-shuffled
RETAIL = $(wildcard $(MTSGNS_TEST_DATA)/online_retail.csv.gz)
PHONES = $(wildcard $(MTSGNS_TEST_DATA)/meta_Cell_Phones_and_Accessories.json.gz)
tables: record
	$(PY) -m mtsgns_lite compare planted --models $(ROWS) --json build/planted.json
	$(if $(RETAIL),$(PY) -m mtsgns_lite compare online-retail --path $(RETAIL) --models $(ROWS) --json build/retail.json)
	$(if $(PHONES),$(PY) tests/benchmarks/bars.py cell-phones)
	$(PY) tests/benchmarks/readme_tables.py data/comparison_groceries.json build/planted.json \
	  $(if $(RETAIL),build/retail.json) $(if $(PHONES),build/cell_phones.json)

record: setup
	$(PY) -m pip install $(PIP_OPTIONS) -c constraints.txt -e ".[peers]"
	mkdir -p build
	$(PY) -m mtsgns_lite compare groceries --models all --json build/record.json --report build/comparison.html
	$(PY) tests/benchmarks/record.py build/record.json data/comparison_groceries.json

pictures: setup
	$(PY) tests/benchmarks/pictures.py

wheelhouse: setup
	$(PY) -m pip wheel --disable-pip-version-check -c constraints.txt -w wheelhouse setuptools ".[notebooks,dev,serving]"
	test "$$(uname -sm)" != "Linux x86_64" || $(PY) -m pip wheel --disable-pip-version-check --no-deps -r scale.txt -w wheelhouse
	rm -f wheelhouse/mtsgns_lite-*
	@echo "Take the folder along, with a clone; there: make setup WHEELHOUSE=wheelhouse (same system, same Python)"

# Colab's versions of August 2026 over those of .venv, which lends what is not named here, torch above all; JupyterLab 3
# is the front end that speaks with ipywidgets 7. It takes 15 s to make, and 380 MB.
COLAB = build/venv-colab
COLAB_VERSIONS = plotly==5.24.1 ipywidgets==7.7.1 anywidget==0.9.21 pandas==2.2.3 numpy==2.1.3 scikit-learn==1.6.1 \
  ipython==7.34.0 ipykernel==6.17.1 "jupyterlab<4" "jupyterlab_widgets<2"
colab-env: $(COLAB)/.ready

$(COLAB)/.ready: $(READY)
	$(PY) -m venv --clear $(COLAB)
	$(PY) -c "import sysconfig; print(f'import site; site.addsitedir({sysconfig.get_path(\"purelib\")!r})')" > \
	  "$$($(COLAB)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/lent.pth"
	$(COLAB)/bin/python -m pip install -q --no-compile $(PIP_OPTIONS) $(COLAB_VERSIONS)
	$(COLAB)/bin/python -m ipykernel install --sys-prefix --name python3
	cp -R $(VENV)/share/jupyter/nbconvert $(COLAB)/share/jupyter/
	@touch $@

colab-test: colab-env
	$(COLAB)/bin/python -m mtsgns_lite course planted --smoke --out build/course-colab

# both commands in a fresh clone, in an empty folder, with an empty home
fresh-test:
	@place=$$(mktemp -d) && mkdir "$$place/home" && git clone -q . "$$place/mtsgns_lite" && \
	export HOME="$$place/home" && unset MAKEFLAGS MTSGNS_TEST_DATA XDG_CACHE_HOME XDG_CONFIG_HOME XDG_DATA_HOME && \
	cd "$$place/mtsgns_lite" && make test && make course DATASET=planted SMOKE=1 && \
	echo "both commands pass in a fresh clone" && rm -rf "$$place"

clean:
	rm -rf build $(VENV)
