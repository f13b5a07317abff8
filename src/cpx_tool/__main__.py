"""Entry point: chooses the language before any help text is made."""

from __future__ import annotations

import gc
import os
import sys

from cpx_tool.cli import interruption

_OBJECTS = 100_000
"""How many come before they are looked through for garbage. Imports make more than that, and
nearly none of it is garbage; Python's own 700 cost a tenth of a start."""


def main() -> None:
    """Run the command line and exit with a documented code."""
    interruption.leave_at_once()
    gc.set_threshold(_OBJECTS)
    from cpx_tool import i18n  # noqa: PLC0415 - an import takes time, in which a signal may come
    from cpx_tool.cli import streams  # noqa: PLC0415

    streams.prepare()
    i18n.use(i18n.choose(sys.argv[1:], os.environ))
    from cpx_tool.cli.main import run  # noqa: PLC0415 - help texts are translated at import

    code = run(sys.argv[1:])
    streams.finish()
    if code >= interruption.code_of(0):
        os._exit(code)  # without waiting for threads whose work nobody wants any more
    gc.freeze()  # the process ends: what is left is not looked through any more
    sys.exit(code)


if __name__ == "__main__":
    main()
