"""man/: the manual page in each language, made of the commands themselves.

python scripts/man_pages.py CODE   print that language's
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import messages
from cpx_tool import i18n

MAN = messages.ROOT / "man"


def pages() -> Mapping[Path, str]:
    """Each page and what it must hold. Help is translated when it is imported: so each language
    has a process of its own.
    """
    messages.compile_()
    return {_path(code): _printed(code) for code in i18n.LANGUAGES}


def _path(code: str) -> Path:
    return MAN / "cpx-tool.1" if code == "en" else MAN / code / "cpx-tool.1"


def _printed(code: str) -> str:
    command = [sys.executable, __file__, code]
    return subprocess.run(command, check=True, capture_output=True, encoding="utf-8").stdout


def page(code: str) -> str:
    """The page in that language, which must not have been chosen before."""
    i18n.use(code)
    from cpx_tool.cli.main import cli  # noqa: PLC0415 - its texts are translated now
    from cpx_tool.cli.manual import manual  # noqa: PLC0415

    return manual(cli)


if __name__ == "__main__":
    sys.stdout.buffer.write(page(sys.argv[1]).encode())
