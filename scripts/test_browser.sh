#!/usr/bin/env bash
# Opens the HTML reports in a headless Chromium, and lets axe-core look at them.
# axe-core (MPL-2.0) is fetched once from npm's registry; its hash decides what is taken.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/step.sh

scripts/system.sh browser

readonly VERSION=4.14.1
readonly SHA512=1477dafa598d8d065f273d6af302aa203c02e83131707b7fa648cd41bd3d6b734f8c22a0dab86ee6a6f64b8afbe804b214d36db85a2826965edfb3a0b9d546b5
readonly AXE=.cache/axe-$VERSION

fetch_axe() {
    local into=.cache/axe
    rm -rf "$into" && mkdir -p "$into"
    npm pack --silent --pack-destination "$into" "axe-core@$VERSION" >"$into/name"
    echo "$SHA512  $into/axe-core-$VERSION.tgz" | sha512sum --check --quiet
    tar -xzf "$into/axe-core-$VERSION.tgz" -C "$into" package/axe.min.js
    mv "$into/package/axe.min.js" "$AXE.js"
    rm -rf "$into"
}

[[ -e $AXE.js ]] || step 'axe-core' fetch_axe
# shellcheck disable=SC2086  # words of a command line
CPX_TEST_AXE="$AXE.js" exec .venv/bin/python -m pytest -m browser ${PYTEST_ARGS:-} tests/report
