#!/usr/bin/env bash
# Makes .venv with the pinned dependencies and the project; does nothing when it is up to date.
#
# Up to date means: made of the same requirements, by the same Python, in the same place.
# Where packages come from is the business of pip's own configuration; the hashes decide.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/step.sh

scripts/system.sh

PYTHON=${PYTHON:-python3}
readonly VENV=.venv
export PIP_USER=0 PIP_NO_INPUT=1 PIP_DISABLE_PIP_VERSION_CHECK=1
unset PYTHONPATH PYTHONHOME

pip() { "$VENV/bin/python" -m pip --quiet "$@"; }

fingerprint() { sha256sum | cut -d ' ' -f 1; }

of_dependencies() {
    {
        pwd -P
        "$PYTHON" -c 'import sys; print(sys.base_prefix, sys.version)'
        cat requirements/{run,build,dev}.txt scripts/setup.sh
    } | fingerprint
}

of_project() { cat pyproject.toml hatch_build.py src/cpx_tool/__init__.py man/{,*/}*.1 | fingerprint; }

is_stamped() { # is_stamped NAME VALUE
    [[ -e $VENV/$1 && $(<"$VENV/$1") == "$2" ]] && "$VENV/bin/python" -c '' 2>/dev/null
}

make_venv() { rm -rf "$VENV" && "$PYTHON" -m venv "$VENV"; }

# Wheels only, but for pyscard: its sdist is built with the tools of build.txt (swig is on the PATH).
install_dependencies() {
    export PATH="$PWD/$VENV/bin:$PATH"
    pip install --require-hashes --only-binary :all: --requirement requirements/build.txt
    pip install --require-hashes --only-binary :all: --no-binary pyscard --no-build-isolation \
        --requirement requirements/run.txt --requirement requirements/dev.txt
}

install_project() {
    pip install --no-deps --no-build-isolation --editable . && pip check
}

exec 9>.cache/setup.lock
flock 9

dependencies=$(of_dependencies)
if ! is_stamped .dependencies "$dependencies"; then
    step 'virtual environment' make_venv
    step 'dependencies' install_dependencies
    echo "$dependencies" >"$VENV/.dependencies"
fi

project=$(of_project)
if ! is_stamped .project "$project"; then
    step 'project' install_project
    echo "$project" >"$VENV/.project"
fi

"$VENV/bin/python" scripts/messages.py compile
