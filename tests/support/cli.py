"""Runs the installed command line, as a user would."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from cpx_tool.cli.main import run
from support.warm import Place, Warm, can_run, language_of

COMMAND = Path(sys.executable).with_name("cpx-tool")
CACHE = Path(__file__).parents[2] / ".cache" / "tests"
"""Keys of emulated cards, made once for all runs; not part of the project."""

_KEPT = ("PATH", "HOME", "TMPDIR", "PYTHONPATH", "SYSTEMROOT")


def environment(**changes: str) -> dict[str, str]:
    """A known environment: English, no PIN, no module chosen, nothing of the user's own."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    own = {
        "XDG_CACHE_HOME": str(CACHE),
        "XDG_CONFIG_HOME": str(CACHE / "no-config"),
        "CPX_TRUST_DIR": str(CACHE / "no-trust"),
        "CPX_STATE_DIR": str(CACHE / "state"),
    }
    return {**kept, "LANG": "C.UTF-8", **own, **changes}


def cpx(
    *arguments: str | Path,
    env: Mapping[str, str] | None = None,
    stdin: str = "",
    place: Place | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run `cpx-tool` with these arguments; `env` is added to the known environment. Without a
    `place` it is in this process's directory and session.
    """
    place = place or Place(Path.cwd())
    words, whole = list(map(str, arguments)), environment(**(env or {}))
    if can_run(words, whole):
        return warm(language_of(words)).run(place, words, whole, stdin, timeout=120)
    return cold(*arguments, env=env, stdin=stdin, place=place)


@cache
def warm(language: str) -> Warm:
    """The process that runs in that language are forked from."""
    return Warm(language)


def cold(
    *arguments: str | Path,
    env: Mapping[str, str] | None = None,
    stdin: str = "",
    place: Place | None = None,
) -> subprocess.CompletedProcess[str]:
    """As `cpx`, always by the installed file itself."""
    return subprocess.run(
        [COMMAND, *map(str, arguments)],
        env=environment(**(env or {})),
        cwd=place.directory if place else None,
        start_new_session=bool(place and place.session),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def cpx_after(
    shell: str, *arguments: str | Path, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """As `cpx`, in a shell that ran these words first: "exec >&-", "ulimit -n 8"."""
    return subprocess.run(
        ["sh", "-c", f'{shell} && exec "$@"', "sh", COMMAND, *map(str, arguments)],
        env=environment(**(env or {})),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def cpx_json(*arguments: str | Path, env: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The JSON object that a command prints; nothing else may stand on standard output."""
    done = cpx(*arguments, "--json", env=env)
    assert done.stdout, done.stderr
    body: dict[str, Any] = json.loads(done.stdout)
    assert body.get("exit_code", done.returncode) == done.returncode
    return body


def run_here(*arguments: str | Path) -> tuple[int, str]:
    """Exit code and standard output of a command run in this process: quicker, and no proof of
    what the installed command does.
    """
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        code = run(list(map(str, arguments)))
    return code, out.getvalue()


def failures(body: dict[str, Any], *outcomes: str) -> set[tuple[str, str]]:
    """(check, role or place) of every finding with one of the outcomes ("failed" by default)."""
    wanted = outcomes or ("failed",)
    found = {(f["check"], "run") for f in body["findings"] if f["outcome"] in wanted}
    for card in body["cards"]:
        name = card["role"]["role"] if card["role"] else card["place"]
        found |= {(f["check"], name) for f in card["findings"] if f["outcome"] in wanted}
    return found
