#!/usr/bin/env bash
# The main job, on emulated cards: six SoftHSM tokens stand in for the set "Centre de santé".
set -euo pipefail
cd "$(dirname "$0")/.."

unset CPX_PIN CPX_PKCS11_MODULE
readonly CARDS=.demo/centre-sante
PATH="$PWD/.venv/bin:$PATH"

run() {
    printf '\n$ %s\n' "$*"
    "$@"
}

run cpx-tool emulate --set centre-sante --into "$CARDS" --reuse
printf '\nThe cards below are EMULATED: made on this machine, in SoftHSM. No real card is read.\n'
run cpx-tool list-readers --emulated "$CARDS"
run cpx-tool check-set --set centre-sante --emulated "$CARDS"
