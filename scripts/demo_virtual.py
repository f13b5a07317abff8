#!/usr/bin/env python3
"""The whole real chain of `make demo`: PKCS#11 module → pcscd → vpcd → virtual cards.

In namespaces of its own (tests/support/pcscd.py): vpcd listens on every interface, and the
service that may run on this machine stays as it is. Says what is missing where it cannot be
shown, and ends with 0 then.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from support.pcscd import FIRST_PORT, Service, pcscd, why_not  # noqa: E402

PLACE = ROOT / ".demo"
STATE = PLACE / "virtual"
CA_DIRECTORY = STATE / "virtual-ca"
SERVER_CA = PLACE / "virtual-server-ca.pem"
READERS = ("Virtual A", "Virtual B", "Virtual C")
CARDS = 6
DOCTOR = "9945000223"
ENVIRONMENT = {"CPX_STATE_DIR": str(STATE), "CPX_PIN": "1234"}
MODULES = (
    "/opt/santesocial/CPS/lib/libcps3_pkcs11_lux.so",
    *map(str, Path("/usr/lib").glob("*/opensc-pkcs11.so")),
    "/usr/lib64/opensc-pkcs11.so",
)
"""The Cryptolib, where it is; else OpenSC, which knows CPS3 cards."""
PATIENCE_SECONDS = 60


def main() -> int:
    """Show it, or say why not."""
    module = next((path for path in MODULES if Path(path).is_file()), None)
    missing = why_not() or ("" if module else "OpenSC is not installed (opensc-pkcs11)")
    if missing or module is None:
        print(f"\nVirtual cards in the real PC/SC service: not shown here, {missing}.")
        return 0
    print("\nThe same cards in virtual readers of a real PC/SC service, through a real module.")
    STATE.mkdir(parents=True, exist_ok=True)
    with pcscd(*READERS) as service, inserted(service):
        run(service, "virtual-cards", "status")
        run(service, "list-readers", "--module", module)
        with tls_server(service) as url:
            words = ("--endpoint", url, "--ca-file", str(SERVER_CA), "--ca-dir", str(CA_DIRECTORY))
            run(service, "tls-test", *words, "--card", DOCTOR, "--module", module)
    return 0


@contextlib.contextmanager
def inserted(service: Service) -> Iterator[None]:
    """Six CPS3 cards in six readers."""
    ports = f"{FIRST_PORT}-{FIRST_PORT + CARDS - 1}"
    words = ("--set", "centre-sante", "--defect", "pkcs1-only=all", "--port", ports)
    number = service.launch(command("virtual-cards", "start", *words), env=ENVIRONMENT)
    end = time.monotonic() + PATIENCE_SECONDS
    listed = command("list-readers", "--json")
    while service.run(listed, env=ENVIRONMENT).stdout.count('"card-present"') < CARDS:
        if time.monotonic() > end:
            raise SystemExit("the service does not see the virtual cards")
    try:
        yield
    finally:
        service.run(command("virtual-cards", "stop"), env=ENVIRONMENT)
        service.finish(number)


@contextlib.contextmanager
def tls_server(service: Service) -> Iterator[str]:
    """A server that trusts the virtual cards, where they are; its address."""
    script = ROOT / "scripts" / "demo_server.py"
    trust = CA_DIRECTORY / "bundle.pem"
    server = subprocess.Popen(
        [
            *service.prefix,
            *(sys.executable, script, "--python", "--trust", trust, "--ca-file", SERVER_CA),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout  # noqa: S101 - a pipe
        yield server.stdout.readline().strip()
    finally:
        server.terminate()
        server.wait()


def run(service: Service, *words: str) -> None:
    """Run `cpx-tool` inside, and show command and result."""
    print(f"\n$ cpx-tool {shlex.join(words)}", flush=True)
    done = service.run(command(*words), env=ENVIRONMENT, timeout=PATIENCE_SECONDS)
    lines = (done.stdout + done.stderr).splitlines(keepends=True)
    text = "".join(line for line in lines if not _is_for_later(line))
    print(text.rstrip("\n"), flush=True)
    if done.returncode != 0:
        raise SystemExit(done.returncode)


def _is_for_later(line: str) -> bool:
    """The command that checks these cards: they and their service are gone when it is read."""
    return "cpx-tool check-set" in line and str(CA_DIRECTORY) in line


def command(*words: str) -> list[str]:
    """The installed command."""
    return [str(Path(sys.executable).with_name("cpx-tool")), *words]


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
