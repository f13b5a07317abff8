#!/usr/bin/env bash
# Installs Debian packages, and starts no server that would listen to the network, now or at the
# next start of the system. For root: apt_install.sh PACKAGE...
#
# The tests start the servers by themselves, on 127.0.0.1. A server that was there before is left
# as it is. The means is Debian's own, policy-rc.d; one that is there is the owner's, and stays.
set -euo pipefail

readonly SERVERS=(nginx stunnel4)
readonly POLICY=/usr/sbin/policy-rc.d
# The package would make the system's pcscd open two TCP ports on every interface at its next start.
# Only the driver is needed: the tests start a pcscd of their own, shut off from the network.
readonly WITHOUT_VPCD_CONFIG='--path-exclude=/etc/reader.conf.d/vpcd'
readonly OUR_POLICY='#!/bin/sh
# Made by cpx-tool for the time of one installation (scripts/apt_install.sh); may be removed.
case "$* " in *nginx* | *stunnel*) exit 101 ;; esac
exit 0'

is_installed() { [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }

fresh=() # the servers among the packages that are not there yet

look_for_fresh() { # look_for_fresh PACKAGE...
    local package
    for package in "$@"; do
        if [[ " ${SERVERS[*]} " == *" $package "* ]] && ! is_installed "$package"; then
            fresh+=("$package")
        fi
    done
}

remove_left_policy() { # of an installation that was killed
    if [[ -e $POLICY && $(<"$POLICY") == "$OUR_POLICY" ]]; then
        rm -f "$POLICY"
    fi
}

forbid_starts() {
    if [[ -x $POLICY ]]; then
        refuse_permissive_policy
        return
    fi
    (set -o noclobber && echo "$OUR_POLICY" >"$POLICY") # no other may have come in between
    made_policy=1
    chmod 755 "$POLICY"
}

refuse_permissive_policy() {
    local server status
    for server in "${fresh[@]}"; do
        status=0
        "$POLICY" "$server" start || status=$?
        if ((status != 101)); then
            echo "$POLICY lets $server start, which would listen on all interfaces: install it by hand." >&2
            exit 1
        fi
    done
}

# Whatever happened: a server that was unpacked would start with the system.
finish() {
    local server
    for server in "${fresh[@]}"; do
        if is_installed "$server"; then
            update-rc.d "$server" disable || echo "$server could not be disabled." >&2
        fi
    done
    if ((made_policy)); then
        rm -f "$POLICY"
    fi
}

made_policy=0
remove_left_policy
look_for_fresh "$@"
trap finish EXIT
trap 'exit 130' INT TERM HUP
((${#fresh[@]})) && forbid_starts
DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
    -o DPkg::Lock::Timeout=120 -o "Dpkg::Options::=$WITHOUT_VPCD_CONFIG" "$@"
