# The proof of speed. Included by the Makefile; also works alone: make -f bench/bench.mk bench
BENCH_PYTHON ?= $(if $(wildcard .venv/bin/python),.venv/bin/python,python3)
BENCH_RUN = env PYTHONPATH=src:. $(BENCH_PYTHON) -m

.PHONY: bench bench-bite bench-full bench-quick bench-setup bench-report bench-check

bench:            ## measure against all rivals (about 15 minutes; the first time makes a store with a million credentials), write docs/benchmarks.md
	timeout 900 $(BENCH_RUN) bench.bite --publish
	timeout 1800 $(BENCH_RUN) bench.run --rounds 3 --seconds 2 --publish

bench-bite:       ## measure how fast a block bites at 10,000 open connections (about 4 minutes)
	timeout 900 $(BENCH_RUN) bench.bite --publish

bench-full:       ## the same with more and longer rounds (about 25 minutes)
	timeout 4500 $(BENCH_RUN) bench.run --rounds 7 --seconds 5 --certificates 10000 --starts 5 --publish

bench-quick:      ## one short round with a small crowd, nothing written to docs
	BENCH_USERS=1000 timeout 400 $(BENCH_RUN) bench.run --rounds 1 --seconds 1 --certificates 1000 --starts 1

bench-setup:      ## fetch load tools and rivals: apt packages when root, the rest into bench/.cache
	$(BENCH_RUN) bench.install

bench-report:     ## write docs/benchmarks.md again from bench/results/published.json
	$(BENCH_RUN) bench.report

bench-check:      ## style, types and tests of the benchmark itself
	$(BENCH_PYTHON) -m ruff check bench
	$(BENCH_PYTHON) -m ruff format --check bench
	MYPYPATH=src:. $(BENCH_PYTHON) -m mypy --strict -p bench
	PYTHONPATH=src:. $(BENCH_PYTHON) -m pytest bench/tests -q
