"""How many processes may use a module at once, a card each; and why not more."""

from __future__ import annotations

from dataclasses import dataclass

from cpx_tool.catalogue.middleware import known, recognise
from cpx_tool.model import middleware
from cpx_tool.model.message import Message, msg
from cpx_tool.model.token import ModuleInfo


@dataclass(frozen=True, slots=True)
class AtOnce:
    """How many processes may use the module at once, a card each; `why` says why not more."""

    processes: int = 1
    why: Message | None = None


EMULATED = AtOnce(
    1,
    msg(
        "The cards are read one after the other: SoftHSM rewrites the files of its tokens at each "
        "login, and processes side by side would trip over them."
    ),
)


def allowed(info: ModuleInfo, most: int) -> AtOnce:
    """As the module's family allows it: `most`, or one."""
    family = recognise(info.path, info)
    entry = None if family is None else known(family)
    if entry is not None and entry.at_once is middleware.AtOnce.YES:
        return AtOnce(most)
    if entry is not None and entry.at_once is middleware.AtOnce.NO:
        return AtOnce(
            1,
            msg(
                "The cards are read one after the other: this module does not serve several "
                "processes at once. {why}",
                why=entry.why,
            ),
        )
    return AtOnce(
        1,
        msg(
            "The cards are read one after the other: whether this module serves several processes "
            "at once is not known (--at-once N tries it)."
        ),
    )
