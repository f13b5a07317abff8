"""Where the time of a run of `bench_traced` goes: its standard error, read. Times in ms."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

START = "start of Python"
END = "end of Python"
IMPORTS = "imports"
_MICRO, _NANO = 1e3, 1e6


@dataclass(frozen=True)
class Parts:
    """How long each part took, without those inside of it; together they are the `whole`."""

    whole: float
    parts: Mapping[str, float]
    packages: Mapping[str, float]
    """Of the imports: those of each package, without those that it imports."""


def read_parts(lines: Iterable[str], began: int, ended: int) -> Parts:
    """`began` and `ended` are when the process was started and when it was gone, in nanoseconds of
    the monotonic clock.
    """
    parts: dict[str, float] = defaultdict(float)
    packages: dict[str, float] = defaultdict(float)
    open_parts, since = [START], began
    for line in lines:
        if line.startswith("mark:"):
            _, time, what, *name = line.split(maxsplit=3)
            parts[open_parts[-1]] += (int(time) - since) / _NANO
            since = int(time)
            _enter_or_leave(open_parts, what, "".join(name).strip())
        elif line.startswith("import time:") and open_parts != [START]:
            spent, package = _import(line)
            parts[open_parts[-1]] -= spent
            parts[IMPORTS] += spent
            packages[package] += spent
    parts[END] += (ended - since) / _NANO
    return Parts((ended - began) / _NANO, dict(parts), dict(packages))


def _enter_or_leave(open_parts: list[str], what: str, name: str) -> None:
    if what == "begin":
        open_parts.append(name)
    else:
        open_parts.pop()


def _import(line: str) -> tuple[float, str]:
    """How long a module took by itself, and its package."""
    own, _, name = line.removeprefix("import time:").split("|")
    return int(own) / _MICRO, name.strip().partition(".")[0]
