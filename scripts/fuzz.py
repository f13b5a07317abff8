"""Runs the targets of tests/support/targets.py: first on inputs of absurd size, then under atheris,
each in a process of its own.

    scripts/fuzz.sh                                      as `make fuzz` does
    python scripts/fuzz.py --replay TARGET FILE          one input again, without atheris

A finding is an exception, more than a second of CPU for one input, or more memory than the limit.
Its input is kept in .cache/fuzz/findings, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from support.targets import Target

ROOT = Path(__file__).resolve().parents[1]
PLACE = ROOT / ".cache" / "fuzz"
FINDINGS = PLACE / "findings"
SEEN = "seen.json"

SECONDS_FOR_ONE = {"inspect": 2.0, "observation": 3.0, "tls": 3.0}
"""Of CPU, where it is not 1: these run two and three commands on one input, or both sides of a
handshake. Without atheris, which makes everything some times slower.
"""

MEMORY_MB = 1024
ADDRESS_SPACE = 2 * 1024**3
"""For the large inputs, in bytes, the input and the libraries included."""

LARGEST = 300_000
LIBFUZZER = (
    f"-rss_limit_mb={MEMORY_MB}",
    f"-max_len={LARGEST}",
    "-len_control=0",
    "-timeout=30",
    "-print_final_stats=1",
    "-verbosity=1",
)
MUTATIONS_OF_BYTES = 5
"""One in so many is libFuzzer's own; the others know the format."""


@dataclass
class Seen:
    """What a process noted of its target."""

    runs: int = 0
    slowest: float = 0.0
    slowest_size: int = 0
    peak_mb: int = 0


def main() -> int:
    """Run what was asked for; 1 when something was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--replay", nargs=2, metavar=("TARGET", "FILE"))
    parser.add_argument("--large", metavar="TARGET", help="the inputs of absurd size only")
    parser.add_argument("--child", nargs="+", help=argparse.SUPPRESS)
    parser.add_argument("targets", nargs="*")
    arguments = parser.parse_args()
    if arguments.child:
        _child(*arguments.child)
    if arguments.large:
        return _large(arguments.large)
    if arguments.replay:
        name, file = arguments.replay
        print(f"{_replayed(name, Path(file)):.2f} s")
        return 0
    names = list(_targets())
    if unknown := set(arguments.targets) - set(names):
        parser.error(f"no such target: {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    FINDINGS.mkdir(parents=True, exist_ok=True)
    found: list[Path] = []
    for name in arguments.targets or names:
        found += [*_sized(name), *_fuzz(name, arguments.seconds)]
    for path in found:
        print(f"Finding: {path.relative_to(ROOT)}")
    return 1 if found else 0


# --- the parent -------------------------------------------------------------------------------


def _sized(name: str) -> list[Path]:
    """Run one target on its large inputs; the inputs of what was found."""
    before = set(FINDINGS.iterdir())
    command = [sys.executable, str(Path(__file__)), "--large", name]
    code = subprocess.run(command, cwd=ROOT, check=False).returncode
    found = sorted(set(FINDINGS.iterdir()) - before)
    if code and not found:
        raise SystemExit(f"{name}: the process ended with {code}")
    return found


def _fuzz(name: str, seconds: int) -> list[Path]:
    """Run one target; the inputs of what was found."""
    before = set(FINDINGS.iterdir())
    corpus, seeds, noted = (PLACE / kind / name for kind in ("corpus", "seeds", "noted"))
    for folder in (corpus, seeds, noted):
        folder.mkdir(parents=True, exist_ok=True)
    (noted / SEEN).unlink(missing_ok=True)
    command = [sys.executable, str(Path(__file__)), "--child", name, str(seconds)]
    log = PLACE / f"{name}.log"
    print(f"{name:12}", end=" ", flush=True)
    with log.open("wb") as file:
        code = subprocess.run(command, cwd=ROOT, stdout=file, stderr=file, check=False).returncode
    found = list(_confirmed(name, set(FINDINGS.iterdir()) - before))
    if code and not found:
        found = [log]
    _show(_noted(noted), log.read_text(errors="replace"), found)
    return found


def _confirmed(name: str, kept: Iterable[Path]) -> list[Path]:
    """Without those that were slow only because of atheris."""
    found = []
    for path in sorted(kept):
        slow = path.name.startswith(f"{name}-slow-")
        if slow and _quick(name, path):
            path.unlink()
        else:
            found.append(path)
    return found


def _quick(name: str, path: Path) -> bool:
    command = [sys.executable, str(Path(__file__)), "--replay", name, str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    said = re.fullmatch(r"([0-9.]+) s\n", done.stdout)
    return said is not None and float(said[1]) <= _limit(name)


def _limit(name: str) -> float:
    return SECONDS_FOR_ONE.get(name, 1.0)


def _show(seen: Seen, log: str, found: list[Path]) -> None:
    coverage = re.findall(r"\bcov: (\d+)", log)
    print(
        f"{seen.runs:8} runs, coverage {coverage[-1] if coverage else '?':>5}, slowest "
        f"{seen.slowest * 1000:5.0f} ms ({seen.slowest_size} bytes), peak {seen.peak_mb} MB: "
        f"{f'{len(found)} FOUND' if found else 'nothing found'}"
    )


def _noted(folder: Path) -> Seen:
    file = folder / SEEN
    return Seen(**json.loads(file.read_text())) if file.exists() else Seen()


# --- the child --------------------------------------------------------------------------------


def _child(name: str, seconds: str) -> None:
    """Fuzz until the time is over. Does not return."""
    import atheris  # noqa: PLC0415 - only here is it needed, and installed

    with atheris.instrument_imports(
        include=["cpx_tool", "asn1crypto"], enable_loader_override=False
    ):
        target = _targets()[name]
    for number, seed in enumerate(target.seeds()):
        (PLACE / "seeds" / name / f"{number:02}").write_bytes(seed)

    def mutate(data: bytes, size: int, seed: int) -> bytes:
        from support.mutate import RandomDice  # noqa: PLC0415 - of the tests

        if seed % MUTATIONS_OF_BYTES == 0:
            own: bytes = atheris.Mutate(data, size)
            return own
        return target.mutate(data, RandomDice(seed))[:size]

    options = [f"-max_total_time={seconds}", f"-artifact_prefix={FINDINGS}/{name}-", *LIBFUZZER]
    folders = [str(PLACE / kind / name) for kind in ("corpus", "seeds")]
    atheris.Setup([sys.argv[0], *options, *folders], _watched(name, target), custom_mutator=mutate)
    atheris.Fuzz()


def _watched(name: str, target: Target) -> Callable[[bytes], None]:
    seen = Seen()
    file = PLACE / "noted" / name / SEEN

    def run(data: bytes) -> None:
        start = time.process_time()
        try:
            target.run(data)
        finally:
            slower = _note(seen, data, time.process_time() - start)
            if slower or seen.runs % 50 == 1:
                file.write_text(json.dumps(asdict(seen)))
        if slower and seen.slowest > _limit(name):
            digest = hashlib.sha256(data).hexdigest()[:16]
            (FINDINGS / f"{name}-slow-{digest}").write_bytes(data)

    return run


def _note(seen: Seen, data: bytes, spent: float) -> bool:
    """Whether it was slower than all before."""
    seen.runs += 1
    seen.peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    if spent <= seen.slowest:
        return False
    seen.slowest, seen.slowest_size = spent, len(data)
    return True


def _replayed(name: str, file: Path) -> float:
    """The seconds of CPU that one input takes; raises what the target raises."""
    target = _targets()[name]
    target.run(b"")  # what is made once
    start = time.process_time()
    target.run(file.read_bytes())
    return time.process_time() - start


def _large(name: str) -> int:
    """Each large input once, in this process, whose memory is bounded; 1 when one is too much."""
    target = _targets()[name]
    from support.large import LARGE  # noqa: PLC0415 - of the tests

    target.run(b"")  # what is made once
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    slowest, found = 0.0, 0
    for kind, make in LARGE[name].items():
        data = make()
        start, failure = time.process_time(), ""
        try:
            target.run(data)
        except Exception as error:
            failure = f"{type(error).__name__}: {error}"[:200]
        spent = time.process_time() - start
        slowest = max(slowest, spent)
        if failure or spent > _limit(name):
            found += 1
            (FINDINGS / f"{name}-large-{kind.replace(' ', '-')}").write_bytes(data)
            print(f"{name}: {kind}: {failure or f'{spent:.1f} s'}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        f"{name:12} {len(LARGE[name]):8} large inputs, slowest {slowest * 1000:5.0f} ms, "
        f"peak {peak} MB: {f'{found} FOUND' if found else 'nothing found'}",
        flush=True,
    )
    return 1 if found else 0


def _targets() -> dict[str, Target]:
    sys.path.insert(0, str(ROOT / "tests"))
    from support.targets import TARGETS  # noqa: PLC0415 - atheris must see it imported

    return TARGETS


if __name__ == "__main__":
    sys.exit(main())
