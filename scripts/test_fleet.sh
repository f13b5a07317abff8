#!/usr/bin/env bash
# Tries deploy/ansible on several workstations: Debian systems of their own, in namespaces, reached
# by ansible-playbook over ssh. For root, on Linux.
#
# Kept in .cache/fleet: Ansible (requirements/fleet.txt), the files that pip installs on a
# workstation, and the system they are copies of. FLEET_SUITE names another release of Debian.
# PYTEST_ARGS as for `make test`.
#
# Nothing of this machine is changed or listened on: the network is one of its own, the systems are
# overlays, and every process ends with the first one of the process namespace.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/step.sh

PYTHON=${PYTHON:-python3}
readonly FLEET=.cache/fleet
readonly ANSIBLE=$FLEET/ansible WHEELHOUSE=$FLEET/wheelhouse SYSTEM=$FLEET/system
readonly SUITE=${FLEET_SUITE:-bookworm}
readonly VARS=deploy/ansible/roles/cpx_tool/vars/main.yml
readonly NAMESPACES=(unshare --mount --net --pid --uts --ipc --fork --kill-child --mount-proc)
export PIP_USER=0 PIP_NO_INPUT=1 PIP_DISABLE_PIP_VERSION_CHECK=1

refuse_without_root() {
    # the root of a user namespace, of one user only, cannot install a system
    ((EUID == 0)) && awk '{ ids += $3 } END { exit ids < 65536 }' /proc/self/uid_map ||
        stop "make test-fleet makes systems in namespaces: it needs root (sudo make test-fleet)."
}

refuse_without_namespaces() {
    local said
    # shellcheck disable=SC2016  # for the shell inside
    said=$("${NAMESPACES[@]}" sh -ec '
        rm -rf "$1" && mkdir "$1" "$1/a" "$1/b" "$1/c" "$1/d"
        mount -t overlay none -o "lowerdir=$1/a,upperdir=$1/b,workdir=$1/c" "$1/d"
        ip link add type veth' sh "$FLEET/probe" 2>&1) ||
        stop "make test-fleet needs namespaces and overlays, which this machine refuses: $(tail -n 1 <<<"$said")"
    rm -rf "$FLEET/probe"
}

is_made() { [[ -e $1/.made && $(<"$1/.made") == "$2" ]]; } # is_made FOLDER FINGERPRINT

fingerprint() { sha256sum | cut -d ' ' -f 1; }

packages() { # what the role installs on a workstation, and the emulation of cards
    .venv/bin/python -c '
import pathlib, sys, yaml
print(*yaml.safe_load(pathlib.Path(sys.argv[1]).read_text())["cpx_tool_packages"])' "$VARS"
    echo softhsm2 python3-apt
}

make_ansible() {
    rm -rf "$ANSIBLE"
    "$PYTHON" -m venv "$ANSIBLE"
    "$ANSIBLE/bin/python" -m pip --quiet install --require-hashes --only-binary :all: \
        --requirement requirements/fleet.txt
    echo "$1" >"$ANSIBLE/.made"
}

# For the Python of the workstations, which is not always the one of this machine.
make_wheelhouse() {
    rm -rf "$WHEELHOUSE" "$WHEELHOUSE.new"
    chroot "$SYSTEM" python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])' >"$FLEET/python"
    grep -v '^#' requirements/run.txt | .venv/bin/python -c '
import pathlib, re, sys
source, wheels = (pathlib.Path(name) for name in sys.argv[1:])
pins = re.split(r"\n(?=\S)", sys.stdin.read().strip())
source.write_text("\n".join(pin for pin in pins if pin.startswith("pyscard==")) + "\n")
wheels.write_text("\n".join(pin for pin in pins if not pin.startswith("pyscard==")) + "\n")
' "$FLEET/source.txt" "$FLEET/wheels.txt"
    download() { .venv/bin/python -m pip --quiet download --no-deps --require-hashes --dest "$WHEELHOUSE.new" "$@"; }
    download --only-binary :all: --python-version "$(<"$FLEET/python")" \
        --requirement "$FLEET/wheels.txt" --requirement requirements/build.txt
    download --no-binary :all: --no-build-isolation --requirement "$FLEET/source.txt"
    mkdir "$WHEELHOUSE"
    .venv/bin/python -m zipfile -c "$WHEELHOUSE/wheelhouse.zip" "$WHEELHOUSE.new"/*
    rm -r "$WHEELHOUSE.new"
    echo "$1" >"$WHEELHOUSE/.made"
}

# A small Debian with sshd, and in apt's cache what the role will install: the workstations have no
# way out of their network.
make_system() {
    rm -rf "$SYSTEM" "$SYSTEM.new"
    debootstrap --variant=minbase --include=openssh-server,python3,sudo "$SUITE" "$SYSTEM.new"
    mkdir -p "$SYSTEM.new"/etc/{polkit-1,udev}/rules.d # as polkit and udev have them
    echo force-unsafe-io >"$SYSTEM.new/etc/dpkg/dpkg.cfg.d/fast"
    apt-config dump Acquire >"$SYSTEM.new/etc/apt/apt.conf.d/90acquire" # how this machine fetches
    cp /etc/resolv.conf "$SYSTEM.new/etc/resolv.conf"
    chroot "$SYSTEM.new" apt-get update -q
    # shellcheck disable=SC2046  # words
    chroot "$SYSTEM.new" apt-get install -q -y --no-install-recommends --download-only $(packages)
    rm -f "$SYSTEM.new/etc/resolv.conf" "$SYSTEM.new"/etc/ssh/ssh_host_*
    mv "$SYSTEM.new" "$SYSTEM"
    echo "$1" >"$SYSTEM/.made"
}
export -f make_system packages
export SYSTEM SUITE VARS

lint() {
    local PATH="$PWD/$ANSIBLE/bin:$PATH"
    export ANSIBLE_HOME="$PWD/$FLEET/ansible-home" # not in the home directory
    (cd deploy/ansible && yamllint --strict . && ansible-lint --offline --strict &&
        ansible-playbook --syntax-check --inventory inventory/example.yml check.yml)
}

refuse_without_root
mkdir -p "$FLEET"
exec 9>"$FLEET/lock"
flock --nonblock 9 || stop "make test-fleet is running in this tree already."
scripts/system.sh fleet
refuse_without_namespaces

wanted=$({ cat requirements/fleet.txt && "$PYTHON" -VV && pwd -P; } | fingerprint)
is_made "$ANSIBLE" "$wanted" || step 'ansible' make_ansible "$wanted"
wanted=$({ echo "$SUITE" && declare -f make_system && packages; } | fingerprint)
# debootstrap mounts: in a namespace, nothing of it is left
is_made "$SYSTEM" "$wanted" ||
    step 'system of a workstation' unshare --mount --pid --fork --kill-child --mount-proc \
        bash -euo pipefail -c 'make_system "$1"' bash "$wanted"
wanted=$({ cat requirements/{run,build}.txt "$SYSTEM/.made" && declare -f make_wheelhouse; } | fingerprint)
is_made "$WHEELHOUSE" "$wanted" || step 'wheelhouse' make_wheelhouse "$wanted"
step 'lint of deploy' lint

# shellcheck disable=SC2086  # PYTEST_ARGS are words
exec "${NAMESPACES[@]}" .venv/bin/python -m pytest tests/fleet -m fleet -p no:cacheprovider ${PYTEST_ARGS:-}
