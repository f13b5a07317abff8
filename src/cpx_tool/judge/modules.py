"""How a look at the modules of a workstation ends."""

from __future__ import annotations

from cpx_tool.errors import ExitCode
from cpx_tool.model.middleware import Middleware


def modules_exit_code(middleware: Middleware) -> ExitCode:
    """0 where the module that a run would use can be used, 2 where its file was named and cannot be
    one, 4 where there is none or it fails.
    """
    chosen = middleware.chosen_module
    problem = chosen.problem if chosen is not None and chosen.named else None
    if problem is not None and not problem.names:  # of libraries that lack, the loader is asked
        return ExitCode.USAGE
    usable = chosen is not None and chosen.usable
    return ExitCode.PASSED if usable else ExitCode.NOTHING_CHECKED
