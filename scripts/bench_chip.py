"""How long a virtual card takes for a command, without PC/SC: the part that is ours.

Median and 99th percentile of many, in milliseconds, on a CPS3 without an artificial delay. A
command should take less than one.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from cpx_tool.emulate.chip.make import make_chip
from support.chips import HASH_ABC, Talk, cps3_card

ROUNDS = 300
PREPARED = (
    "00A4090C 06 3F000001B001",
    "00200001 04 31323334",
    "002241AA 03 800140",
    "002241B6 06 800142840181",
)
COMMANDS = {
    "SELECT": "00A40904 06 3F000001B001",
    "READ BINARY, 231 bytes": "00B00000E7",
    "GET DATA, PIN counters": "00CB3FFF 0A 4D087006BF810102A080",
    "VERIFY": "00200001 04 31323334",
    "PSO HASH, last round": "002A90A0 07 9000 8003616263",
    "PSO CDS, RSA 2048": f"002A9E9A {HASH_ABC} 00",
}


def main() -> None:
    """Print a line for each command."""
    talk = Talk(make_chip(cps3_card()))
    for command in PREPARED:
        talk(command)
    print("\nA virtual card, ms for each command (median, 99 %):")
    for name, command in COMMANDS.items():
        apdu = bytes.fromhex(command)
        times = sorted(timed(partial(talk.chip.transmit, apdu)) for _ in range(ROUNDS))
        print(f"  {name:24} {statistics.median(times):7.3f} {times[ROUNDS * 99 // 100]:7.3f}")


def timed(do: Callable[[], object]) -> float:
    """Milliseconds."""
    start = time.perf_counter()
    do()
    return (time.perf_counter() - start) * 1000


if __name__ == "__main__":
    main()
