"""Many runs of check-set over emulated cards with faults chosen at random (tests/support/soak.py).

    scripts/soak.sh                                   as `make soak` does
    python scripts/soak.py --runs 200 --seed 4711     the same faults again

Figures are printed at the end. The exit code is 1 when a result was lost, something was left
behind, a PIN was tried too often, or an interrupted run took longer than --patience to end.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MEMORY = Path("/dev/shm")  # noqa: S108 - for a private directory

CHOICES = ((), ("--at-once", "1"), ("--at-once", "3"), ("--at-once", "6"))
"""Options of `check-set`, one of these for each run."""


def main() -> int:
    """Run, show how far it is, and print what was seen."""
    from support.soak import Soak, insertions, spread  # noqa: PLC0415 - on the path by now

    given = _arguments()
    print(f"seed: {given.seed}", flush=True)
    place = MEMORY if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="soak-", dir=place) as folder:
        soak = Soak(given.seed, Path(folder), CHOICES, given.patience)
        for number in range(given.runs):
            known = len(soak.problems)
            soak.run(number)
            for problem in soak.problems[known:]:
                print(problem, flush=True)
            if (number + 1) % 50 == 0:
                print(f"{number + 1} runs", flush=True)
    print(*soak.figures(), sep="\n")
    print("seconds until a card put in is seen (virtual reader): " + spread(insertions(10)))
    return 1 if soak.problems or soak.too_late else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    parser.add_argument("--patience", type=float, default=1.0, help="seconds, after SIGINT")
    return parser.parse_args()


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT / "tests"))
    sys.exit(main())
