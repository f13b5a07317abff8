"""One module by itself: what it says when it is loaded, and how many slots it shows."""

from __future__ import annotations

from collections.abc import Callable

from cpx_tool.model.fault import Fault
from cpx_tool.model.token import ModuleInfo
from cpx_tool.ports import TokenFault, Tokens


def load_module(
    tokens: Tokens, wanted: Callable[[ModuleInfo], bool] = lambda _: True
) -> tuple[ModuleInfo | None, Fault | None, int | None]:
    """CK_INFO, or the fault of loading it; then the number of its slots, or the fault of listing
    them beside CK_INFO. They are listed where they are `wanted` of a module that says this.
    """
    try:
        info = tokens.load()
    except TokenFault as error:
        return None, error.fault, None
    if not wanted(info):
        return info, None, None
    try:
        return info, None, len(tokens.slots())
    except TokenFault as error:
        return info, error.fault, None
