"""Entry point: chooses the language before any help text is made."""

from __future__ import annotations

import io
import os
import sys

from cpx_tool import i18n


def main() -> None:
    """Run the command line and exit with a documented code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a console of few characters loses no result
    i18n.use(i18n.choose(sys.argv[1:], os.environ))
    try:
        from cpx_tool.cli.main import run  # noqa: PLC0415 - help texts are translated at import
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
