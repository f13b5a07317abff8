"""How much memory and time a merge takes, for more and more results: both should grow by as much.

The results are real ones (check-set with six cards, doctor, tls-test in turn), every kind of report
is written, and the processor's time is told, which a busy machine changes least.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from support.results import fleet

COMMAND = Path(sys.executable).with_name("cpx-tool")
COUNTS = (500, 1000, 2500, 5000)


def main() -> None:
    """Print a line for each number of results."""
    print("\nmerge, all kinds of reports:")
    print(f"  {'results':>8}{'read, MB':>10}{'peak, MB':>10}{'CPU, s':>9}{'ms a file':>11}")
    with tempfile.TemporaryDirectory() as top:
        spool, done, read = Path(top) / "spool", 0, 0
        spool.mkdir()
        waiting = fleet(spool, max(COUNTS))
        for count in COUNTS:
            read += sum(next(waiting).stat().st_size for _ in range(count - done))
            done = count
            into = Path(top) / f"reports-{count}"
            into.mkdir()
            peak, seconds = measured(spool, into)
            told = f"  {count:8}{read / 1e6:10.0f}{peak:10.0f}{seconds:9.1f}"
            print(f"{told}{seconds / count * 1e3:11.2f}", flush=True)


def measured(spool: Path, into: Path) -> tuple[float, float]:
    """Megabytes at most, and seconds of a processor."""
    arguments = [COMMAND, "merge", spool, "--report-dir", into, "--quiet"]
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 1:  # some of these results are failures
        raise SystemExit(f"merge ended with {process.returncode}")
    return usage.ru_maxrss / 1e3, usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
