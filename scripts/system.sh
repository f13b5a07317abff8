#!/usr/bin/env bash
# Installs what the tree needs from the system, where something is missing; otherwise does nothing.
# `scripts/system.sh tests` adds what only the tests need, which a workstation should not get,
# `scripts/system.sh browser` what the tests of HTML reports need,
# `scripts/system.sh fleet` what makes the workstations of `make test-fleet`, and
# `scripts/system.sh bench` what `make bench` compares with.
#
# Looks for the things themselves, not for packages: a Python of one's own brings its own headers.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/step.sh

PYTHON=${PYTHON:-python3}

wanted=${1:-run}
missing=()

need() { # need PACKAGE PROBE...
    local package=$1
    shift
    "$@" >/dev/null 2>&1 || missing+=("$package")
}

runs() { PATH="$PATH:/usr/sbin:/sbin" command -v "$1"; }

any_file() { # any_file PATTERN...
    local pattern
    for pattern in "$@"; do
        compgen -G "$pattern" && return
    done
}

python_has() { "$PYTHON" -c "$1"; }

look() {
    local version
    version=$("$PYTHON" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    missing=()
    need gcc runs gcc
    need libc6-dev any_file '/usr/include/stdlib.h'
    need libpcsclite-dev any_file '/usr/include/PCSC/winscard.h'
    need "python$version-dev" python_has '
import pathlib, sysconfig
pathlib.Path(sysconfig.get_path("include"), "Python.h").open().close()'
    need "python$version-venv" python_has 'import ensurepip, venv'
    need pcscd runs pcscd
    need softhsm2 any_file /usr/lib{,64}{,/*}{,/softhsm}/libsofthsm2.so
    if [[ $wanted == tests ]]; then
        need apache2-bin runs apache2
        need fish runs fish
        need gnutls-bin runs gnutls-serv
        need groff runs groff
        need mandoc runs mandoc
        need nginx runs nginx
        need stunnel4 runs stunnel
        need vsmartcard-vpcd any_file '/usr/lib/pcsc/drivers/serial/libifdvpcd.so*'
        need dbus-daemon runs dbus-daemon
        need kmod runs modprobe
        need opensc runs pkcs15-tool
        need opensc-pkcs11 any_file /usr/lib{,64}{,/*}/opensc-pkcs11.so
        need openssl runs openssl
        need polkitd any_file '/usr/lib/polkit-1/polkitd'
        need procps runs ps
        need udev runs udevadm
        need util-linux runs unshare
        need zsh runs zsh
    fi
    if [[ $wanted == browser ]]; then
        need chromium runs chromium
        need npm runs npm
        need poppler-utils runs pdftotext
    fi
    if [[ $wanted == fleet ]]; then
        need debootstrap runs debootstrap
        need iproute2 runs ip
        need opensc runs pkcs11-tool
        need openssh-client runs ssh
        need util-linux runs unshare
    fi
    if [[ $wanted == bench ]]; then
        need curl runs curl
        need gnutls-bin runs gnutls-cli
        need libengine-pkcs11-openssl any_file /usr/lib{,64}{,/*}/engines-3/pkcs11.so
        need nginx runs nginx
        need openssl runs openssl
        need util-linux runs setpriv
    fi
}

refuse_unfit_python() {
    command -v "$PYTHON" >/dev/null ||
        stop "There is no $PYTHON here: install Python 3.11 or newer, or name one (make PYTHON=...)."
    "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        stop "$("$PYTHON" --version 2>&1) is too old: Python 3.11 or newer is needed (make PYTHON=...)."
}

# A Python that is not the system's gets nothing from the system's packages.
refuse_incomplete_python() {
    local base name
    base=$("$PYTHON" -c 'import sys; print(sys.base_prefix)')
    [[ $base == /usr ]] && return
    for name in "${missing[@]}"; do
        case $name in
        python*-dev) stop "The Python in $base has no C headers: name another (make PYTHON=...)." ;;
        python*-venv) stop "The Python in $base lacks ensurepip: name another (make PYTHON=...)." ;;
        esac
    done
}

as_root() { # prints the prefix that makes a command root's, or fails
    if ((EUID == 0)); then
        printf 'env'
    elif command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [[ -t 0 ]]; }; then
        printf 'sudo'
    else
        return 1
    fi
}

install() { # install PREFIX
    # shellcheck disable=SC2086  # the prefix is a word
    step 'package lists' $1 env DEBIAN_FRONTEND=noninteractive apt-get update -q &&
        step 'system packages' $1 scripts/apt_install.sh "${missing[@]}"
}

refuse_unfit_python
look
((${#missing[@]})) || exit 0
refuse_incomplete_python
if ! command -v apt-get >/dev/null; then
    stop "This system lacks what these Debian packages hold; install its own packages of them:" \
        "    ${missing[*]}"
fi
line="apt-get update && $(printf %q "$PWD")/scripts/apt_install.sh ${missing[*]}"
by_hand="    $(command -v sudo >/dev/null && echo 'sudo sh' || echo su) -c '$line'"
prefix=$(as_root) || stop "System packages are missing. Run this line, then repeat:" "$by_hand"
echo "System packages to install: ${missing[*]}"
if [[ $prefix == sudo ]]; then
    sudo -v -p 'Password of %u for sudo, to install them: ' || stop "By hand:" "$by_hand"
fi
install "$prefix" || stop "The packages could not be installed. By hand:" "$by_hand"
look
((${#missing[@]} == 0)) || stop "Still missing after the installation: ${missing[*]}"
