#!/usr/bin/env bash
# Feeds the readers with inputs made wrong, guided by coverage (atheris, that is libFuzzer).
# FUZZ_SECONDS for each target (60); FUZZ_TARGETS='crl inspect' for some of them.
#
# atheris is no part of .venv: it comes with hashes from requirements/fuzz.txt, to .cache/fuzz.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/step.sh

readonly PACKAGES=.cache/fuzz/packages
export PIP_USER=0 PIP_NO_INPUT=1 PIP_DISABLE_PIP_VERSION_CHECK=1

wanted=$({ cat requirements/fuzz.txt; .venv/bin/python -VV; } | sha256sum)

install() {
    rm -rf "$PACKAGES"
    .venv/bin/python -m pip install --quiet --require-hashes --only-binary :all: \
        --target "$PACKAGES" --requirement requirements/fuzz.txt
}

if [[ ! -e $PACKAGES/.wanted || $(<"$PACKAGES/.wanted") != "$wanted" ]]; then
    if ! step 'atheris' install; then
        grep -q 'No matching distribution found' "$LOGS/atheris.log" || exit 1
        echo "Skipped: there is no wheel of atheris for this Python ($(.venv/bin/python -V))."
        exit 0
    fi
    echo "$wanted" >"$PACKAGES/.wanted"
fi

# shellcheck disable=SC2086  # FUZZ_TARGETS are words
PYTHONPATH="$PACKAGES" exec .venv/bin/python scripts/fuzz.py --seconds "${FUZZ_SECONDS:-60}" ${FUZZ_TARGETS:-}
