#!/usr/bin/env bash
# Measures commands beside their peers (scripts/bench.py). BENCH_ROUNDS of it (10).
set -euo pipefail
cd "$(dirname "$0")/.."

.venv/bin/python scripts/bench.py --rounds "${BENCH_ROUNDS:-10}"
.venv/bin/python scripts/bench_chip.py
.venv/bin/python scripts/bench_merge.py
