#!/usr/bin/env bash
# Runs check-set many times with faults chosen at random (scripts/soak.py).
# SOAK_RUNS of them (200); SOAK_SEED to choose the same faults again.
set -euo pipefail
cd "$(dirname "$0")/.."

# shellcheck disable=SC2086  # either nothing or two words
exec .venv/bin/python scripts/soak.py --runs "${SOAK_RUNS:-200}" ${SOAK_SEED:+--seed $SOAK_SEED}
