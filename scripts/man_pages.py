"""man/: the manual page in each language, made of the commands themselves.

python scripts/man_pages.py              write them
python scripts/man_pages.py check        say which is not up to date; exit 1 when any is
python scripts/man_pages.py print CODE   print that language's
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
    command = [sys.executable, __file__, "print", code]
    return subprocess.run(command, check=True, capture_output=True, encoding="utf-8").stdout


def page(code: str) -> str:
    """The page in that language, which must not have been chosen before."""
    i18n.use(code)
    from cpx_tool.cli.main import cli  # noqa: PLC0415 - its texts are translated now
    from cpx_tool.cli.manual import manual  # noqa: PLC0415

    return manual(cli)


def stale() -> list[str]:
    """The pages that are not as they must be."""
    return [
        str(path.relative_to(MAN))
        for path, text in pages().items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]


def main() -> int:
    """Write the pages, check them, or print one."""
    match sys.argv[1:]:
        case ["check"]:
            names = stale()
            print("\n".join(f"man/{name} is not up to date: run make docs" for name in names))
            return 1 if names else 0
        case ["print", code]:
            sys.stdout.buffer.write(page(code).encode())
        case _:
            for path, text in pages().items():
                path.parent.mkdir(exist_ok=True)
                path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
