# Everything a contributor runs. Each target makes the environment it needs.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Or every process, and there are hundreds, would compile the house anew.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo test lint fmt sweep mutate mutate-rules harden crash impact-check truth parity context \
  oracle bench docs conformance lock clean

$(READY): pyproject.toml requirements.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps -e .
	touch $(READY)

demo: $(READY)  ## the main job against a simulated deployment, no credentials
	$(BIN)/lakewarden demo

test: $(READY)  ## the whole suite, no network, no credentials
	$(BIN)/python -m pytest -n 3 --no-loadscope-reorder

lint: $(READY)  ## ruff, mypy, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fmt: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

sweep: $(READY)  ## break every call in turn; no verdict may pass on it
	$(BIN)/python -m benchmarks.sweep

mutate-rules: $(READY)  ## take each condition of each detection rule away; an example must notice
	$(BIN)/python -m benchmarks.mutate_rules

mutate: $(READY)  ## break one control at a time; it must notice, and no other
	$(BIN)/python -m benchmarks.mutate

harden: $(READY)  ## break each control that a plan can mend, mend it, and take it back
	$(BIN)/python -m benchmarks.harden

crash: $(READY)  ## kill a run at every step, and settle it
	$(BIN)/python -m benchmarks.crash

impact-check: $(READY)  ## what impact predicts, against what is refused after apply
	$(BIN)/python -m benchmarks.impact_check

truth: $(READY)  ## attacks planted in a million events: every one found, nothing else, on DuckDB and Spark
	$(BIN)/python -m benchmarks.truth

parity: $(READY)  ## every rule on Spark too: what it finds in its examples is what DuckDB finds
	$(BIN)/python -m benchmarks.parity

context: $(READY)  ## a deployment built by the paper: nothing fails, and whatever is broken is noticed
	$(BIN)/python -m benchmarks.context

oracle: $(READY)  ## random policies, put to the proof engine and to a solver that shares nothing with it
	$(BIN)/python -m benchmarks.oracle

bench: $(READY)  ## every published number, beside a peer or the physical limit
	$(BIN)/python -m benchmarks

docs: $(READY)  ## regenerate the pages that come from code
	$(BIN)/python -m tools.docs

conformance: $(READY)  ## the official databricks CLI and real Terraform against the simulator
	$(BIN)/python -m tools.conformance

lock: $(READY)  ## resolve the dependencies anew
	$(BIN)/uv pip compile pyproject.toml --all-extras --group dev --universal \
	  --generate-hashes --no-emit-index-url --no-header --quiet -o requirements.lock

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
