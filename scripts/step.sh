# Sourced by the other scripts: one line for each step, its details in a log that is shown on failure.
# shellcheck shell=bash

readonly LOGS=.cache/logs
mkdir -p "$LOGS"

# step NAME COMMAND...: run it; when it fails, show what it printed and return its status.
step() {
    local name=$1 log status=0
    shift
    log="$LOGS/${name// /-}.log"
    printf '%s… ' "$name"
    "$@" >"$log" 2>&1 </dev/null || status=$?
    if ((status)); then
        printf 'FAILED (%s)\n' "$log"
        sed 's/^/    /' "$log"
    else
        printf 'ok\n'
    fi
    return "$status"
}

# stop LINE...: say what is wrong and end.
stop() {
    printf '%s\n' "$@" >&2
    exit 2
}
