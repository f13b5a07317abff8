"""How long a virtual card takes for a command, without PC/SC: the part that is ours.

Of many, in milliseconds, on a CPS3 without an artificial delay: median and 99th percentile by the
clock, and the latter in time of the processor, which other programs do not disturb. A command
should take less than one. The last line is the library alone: what no signature can be faster than.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256

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
    print("\nA virtual card, ms for each command (median, 99 %, 99 % of processor):")
    for name, command in COMMANDS.items():
        show(name, partial(talk.chip.transmit, bytes.fromhex(command)))
    key = next(slot.key for slot in cps3_card().slots if slot.key is not None)
    hashed = Prehashed(SHA256())
    show("RSA 2048, library alone", lambda: key.sign(bytes(32), padding.PKCS1v15(), hashed))


def show(name: str, do: Callable[[], object]) -> None:
    """Print a line."""
    times = [timed(do) for _ in range(ROUNDS)]
    by_clock, of_processor = (sorted(column) for column in zip(*times, strict=True))
    at = ROUNDS * 99 // 100
    shown = (statistics.median(by_clock), by_clock[at], of_processor[at])
    print(f"  {name:24}" + "".join(f" {milliseconds:7.3f}" for milliseconds in shown))


def timed(do: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds by the clock, and of the processor."""
    start, spent = time.perf_counter(), time.thread_time()
    do()
    return (time.perf_counter() - start) * 1000, (time.thread_time() - spent) * 1000


if __name__ == "__main__":
    main()
