#!/usr/bin/env bash
# Rewrites requirements/*.txt from pyproject.toml: exact versions and the hashes of all their files.
#
# Run it with the lowest supported Python, so that what only that one needs is in.
# `scripts/lock.sh --upgrade` takes the newest versions; any option of pip-compile can follow.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/step.sh

PYTHON=${PYTHON:-python3}
readonly TOOLS=.cache/lock
export CUSTOM_COMPILE_COMMAND='make lock'

"$PYTHON" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' ||
    stop "The lowest supported Python, 3.11, is needed here: make lock PYTHON=python3.11"

make_tools() {
    rm -rf "$TOOLS"
    "$PYTHON" -m venv "$TOOLS"
    "$TOOLS/bin/python" -m pip --quiet install --require-hashes --requirement requirements/lock.txt
}

wanted() { # wanted TABLE.KEY...: the requirements that pyproject.toml states there, one a line
    "$PYTHON" -c '
import pathlib, sys, tomllib
project = tomllib.loads(pathlib.Path("pyproject.toml").read_text(encoding="utf-8"))
for place in sys.argv[1:]:
    table, key = place.split(".")
    print(*project[table][key], sep="\n")' "$@"
}

compile() { # compile NAME OPTION...: requirements/NAME.txt from NAME.in
    local name=$1
    shift
    "$TOOLS/bin/pip-compile" --quiet --generate-hashes --allow-unsafe --strip-extras \
        --no-emit-options --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
        --no-annotate --output-file "requirements/$name.txt" "$@" "$TOOLS/$name.in"
}

step 'lock tools' make_tools
wanted project.dependencies >"$TOOLS/run.in"
wanted build-system.requires dependency-groups.build >"$TOOLS/build.in"
wanted dependency-groups.dev >"$TOOLS/dev.in"
wanted dependency-groups.fuzz >"$TOOLS/fuzz.in"
wanted dependency-groups.fleet >"$TOOLS/fleet.in"
wanted dependency-groups.docs >"$TOOLS/docs.in"
echo 'pip-tools' >"$TOOLS/lock.in"
step 'lock run' compile run "$@"
step 'lock build' compile build --constraint requirements/run.txt "$@"
step 'lock dev' compile dev --constraint requirements/run.txt --constraint requirements/build.txt "$@"
step 'lock fuzz' compile fuzz --constraint requirements/run.txt --constraint requirements/dev.txt "$@"
step 'lock fleet' compile fleet --constraint requirements/run.txt --constraint requirements/build.txt \
    --constraint requirements/dev.txt "$@"
step 'lock docs' compile docs --constraint requirements/run.txt --constraint requirements/dev.txt "$@"
step 'lock lock' compile lock "$@"
