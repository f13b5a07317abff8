"""What an interrupted run leaves behind, and `--resume`, which takes it up."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from cpx_tool import wiring
from cpx_tool.cli.output import note
from cpx_tool.errors import BadInput
from cpx_tool.judge import drawer_run
from cpx_tool.judge.drawer_run import DrawerRun
from cpx_tool.model.cardset import CardSet
from cpx_tool.model.message import Message, msg
from cpx_tool.report import keeping as words

_TELL_AFTER = timedelta(hours=24)
"""Cards are used, renewed and blocked from one day to the next."""


@dataclass
class Keeper:
    """Keeps the cards of each state of a run, until the run is over.

    `earlier` is how many cards an interrupted run has kept: its file stands until this run has
    read as many. `ours`: what is kept is of this run.
    """

    kept: wiring.KeptRun | None
    earlier: int = 0
    ours: bool = False
    _failure: Message | None = None
    _last: Message | None = None

    def keep(self, state: DrawerRun) -> None:
        """What cannot be kept costs no run: `tell` says it. Called from any thread."""
        if self.kept is None or self._failure is not None:
            return
        observation = drawer_run.to_keep(state)
        if observation is None:
            if self.ours:  # all of it was taken back
                self.kept.remove()
            return
        if not self.ours and len(observation.cards) < self.earlier:
            return
        try:
            self.kept.save(observation)
        except BadInput as error:
            self._failure = error.reason
        else:
            self.ours = True

    def end(self, state: DrawerRun) -> None:
        """The run is over, or was left before."""
        if self.kept is None:
            return
        complete = drawer_run.is_complete(state)
        if complete:
            self.kept.remove()
        self.kept.release()
        if not complete:
            self._last = self._how_it_goes_on(state)

    def tell(self) -> None:
        """How the run goes on, if it does: below the report, whose lines would hide it."""
        if self._last is not None:
            note(self._last)
            self._last = None

    def _how_it_goes_on(self, state: DrawerRun) -> Message | None:
        if self._failure is not None:
            return words.not_kept(self._failure)
        if self.ours:
            return None if drawer_run.to_keep(state) is None else words.KEPT
        return words.still_kept(self.earlier) if self.earlier else None

    def take_up(self, state: DrawerRun, *, logs_in: bool) -> DrawerRun:
        """The run with what an interrupted one saw. Raises `BadInput` where there is none."""
        assert self.kept is not None  # noqa: S101 - `find_keeper` with `needed`
        try:
            found = self.kept.take_up(wiring.now())
        except BadInput:
            self.kept.release()
            raise
        taken = drawer_run.resumed(state.card_set, found, logs_in=logs_in)
        self.ours = True
        note(words.resumed(len(taken.cards), taken.card_set.size, found.observed_at))
        age = wiring.now() - found.observed_at
        if age > _TELL_AFTER:
            note(words.long_ago(int(age / timedelta(hours=1))))
        return taken

    def mention(self) -> None:
        """Say that there is a run to be resumed, if there is one."""
        with suppress(BadInput):
            found = self.kept.load(wiring.now()) if self.kept is not None else None
            if found is not None:
                self.earlier = len(found.cards)
                note(words.waiting(len(found.cards), found.observed_at))


def find_keeper(card_set: CardSet, set_name: str, emulated: Path | None, *, needed: bool) -> Keeper:
    """The keeper of runs of this set. Where nothing can be kept, or another run is being kept, it
    keeps nothing; or, when it is `needed`, `BadInput` is raised.
    """
    try:
        kept = wiring.find_kept_run(card_set, set_name, emulated)
        claimed = kept.claim()
    except BadInput:
        if needed:
            raise
        return Keeper(None)
    if needed and not claimed:
        raise BadInput(
            msg("Another run of this set on these cards is going on."),
            msg("Wait for its end, or stop it with Ctrl-C."),
        )
    return Keeper(kept if claimed else None)
