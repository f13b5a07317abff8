#!/usr/bin/env bash
# Everything that can be said of the tree without running it. All of it runs, whatever fails.
set -uo pipefail
cd "$(dirname "$0")/.."
. scripts/step.sh

PATH="$PWD/.venv/bin:$PATH"
failed=0

step 'format' ruff format --check . || failed=1
step 'lint' ruff check . || failed=1
step 'types' mypy || failed=1
step 'types of scripts' mypy hatch_build.py scripts/{messages,order_docs,reference_docs,man_pages,made_docs,site_docs,golden,demo_server,bench_parts,bench_traced}.py || failed=1
step 'layers' lint-imports || failed=1
step 'messages' python scripts/messages.py check || failed=1
step 'docs' python scripts/made_docs.py check || failed=1

exit "$failed"
