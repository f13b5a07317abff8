"""Virtual cards in the readers of a private pcscd: the installed command puts them there."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from cpx_tool.adapters.pcsc import PcscReaders
from cpx_tool.cli.main import run
from cpx_tool.model.reader import ReaderState
from support.cli import COMMAND, environment
from support.pcscd import FIRST_PORT, Service
from support.processes import wait_until

_PATIENCE_SECONDS = 90.0


@dataclass(frozen=True)
class Table:
    """A service whose readers hold virtual cards; `state` is the user's state directory."""

    service: Service
    state: Path

    @property
    def ca_directory(self) -> Path:
        """Where the CAs of the virtual cards are."""
        return self.state / "virtual-ca"

    def run(
        self, *words: str | Path, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a program, or with the first word `cpx-tool` the installed command."""
        first, *rest = words
        argv = [COMMAND if first == "cpx-tool" else first, *rest]
        done = self.service.run(
            argv,
            env=environment(CPX_STATE_DIR=str(self.state), **(env or {})),
            timeout=_PATIENCE_SECONDS,
        )
        assert "Traceback" not in done.stderr
        return done

    def told(self, *words: str) -> tuple[int, str, str]:
        """Exit code, standard output and error of `virtual-cards` with these words, run here: the
        socket is a file, so that namespaces do not keep it away.
        """
        return told(self.state, *words)

    def json(self, *words: str | Path, env: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The JSON object of a command of ours."""
        done = self.run("cpx-tool", *words, "--json", env=env)
        assert done.stdout, done.stderr
        body: dict[str, Any] = json.loads(done.stdout)
        assert body.get("exit_code", done.returncode) == done.returncode
        return body

    def wait_for_cards(self, count: int) -> None:
        """Until the service has powered up that many, or tried to."""
        wait_until(lambda: self.service.call(cards_seen) == count, f"there are not {count} cards")


def told(state: Path, *words: str) -> tuple[int, str, str]:
    """What `virtual-cards` with these words says, run in this process."""
    out, errors = io.StringIO(), io.StringIO()
    with (
        patch.dict(os.environ, environment(CPX_STATE_DIR=str(state))),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(errors),
    ):
        code = run(["virtual-cards", *words])
    return code, out.getvalue(), errors.getvalue()


def cards_seen() -> int:
    """How many readers of the service have a card, mute or not."""
    states = [reader.state for reader in PcscReaders().observe().readers]
    return len(states) - states.count(ReaderState.EMPTY)


@contextlib.contextmanager
def virtual_cards(
    service: Service, state: Path, *options: str, readers: int, cards: int
) -> Iterator[Table]:
    """The cards of Centre de santé in the first readers: entered when the service sees them."""
    table = Table(service, state)
    ports = f"{FIRST_PORT}-{FIRST_PORT + readers - 1}"
    words = ["virtual-cards", "start", "--set", "centre-sante", "--port", ports, *options]
    number = service.launch([COMMAND, *words], env=environment(CPX_STATE_DIR=str(state)))
    try:
        table.wait_for_cards(cards)
        yield table
    finally:
        stopped = table.told("stop")
        ended = service.finish(number)
        code, said, errors = stopped
        assert (code, errors, ended.returncode, ended.stderr) == (0, "", 0, "")
        assert said.endswith("out of use, and start has ended.\n")
        table.wait_for_cards(0)
