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

readonly SERVER_CA=.demo/server-ca.pem
printf '\nA web server on this machine, which trusts the emulated cards, asks for one of them.\n'
# its first line is its address
exec 3< <(exec .venv/bin/python scripts/demo_server.py --trust "$CARDS/ca/bundle.pem" --ca-file "$SERVER_CA")
server=$!
trap 'kill "$server" 2>/dev/null || true; wait "$server" || true' EXIT
read -r url <&3
run cpx-tool tls-test --endpoint "$url" --ca-file "$SERVER_CA" --emulated "$CARDS" --card 9945000223

.venv/bin/python scripts/demo_virtual.py

printf '\nNext, the same as a page to open (README, "Make a report"):\n%s\n%s\n' \
    'source .venv/bin/activate    # cpx-tool is then on the PATH of this shell' \
    "cpx-tool check-set --set centre-sante --emulated $CARDS --report html=cards.html"
