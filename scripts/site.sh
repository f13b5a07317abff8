#!/usr/bin/env bash
# Builds the site of docs/ into site/: English and French, with search, to be read from the disk.
# Warnings are errors: a broken link or anchor fails.
#
# Sphinx is no part of .venv: it comes with hashes from requirements/docs.txt, to .cache/site.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/step.sh

PYTHON=${PYTHON:-python3}
readonly PLACE=.cache/site
readonly VENV=$PLACE/venv
export PIP_USER=0 PIP_NO_INPUT=1 PIP_DISABLE_PIP_VERSION_CHECK=1
unset PYTHONPATH PYTHONHOME

wanted=$({ pwd -P; cat requirements/docs.txt; "$PYTHON" -VV; } | sha256sum)

install() {
    rm -rf "$VENV"
    "$PYTHON" -m venv "$VENV"
    "$VENV/bin/python" -m pip install --quiet --require-hashes --only-binary :all: \
        --requirement requirements/docs.txt
}

build() { # build LANGUAGE
    CPX_SITE_LANGUAGE=$1 CPX_SITE_CONFIG="$PWD/docs/site" "$VENV/bin/python" -m sphinx \
        --builder html --conf-dir docs/site --doctree-dir "$PLACE/doctrees/$1" --fresh-env \
        --fail-on-warning --nitpicky --quiet "$PLACE/source/$1" "$PLACE/built/$1"
}

if [[ ! -e $VENV/.wanted || $(<"$VENV/.wanted") != "$wanted" ]]; then
    step 'site tools' install
    echo "$wanted" >"$VENV/.wanted"
fi

rm -rf "$PLACE/built"
step 'site sources' "$PYTHON" scripts/site_docs.py layout "$PLACE/source"
for language in en fr; do
    step "site $language" build "$language"
done
cp docs/site/start.html "$PLACE/built/index.html"
step 'site alone' "$PYTHON" scripts/site_docs.py check "$PLACE/built"
rm -rf site
mv "$PLACE/built" site
echo "Open site/index.html in a browser."
