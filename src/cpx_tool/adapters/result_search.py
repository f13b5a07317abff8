"""Files, folders and patterns → the files that may hold results; what leads nowhere is named."""

from __future__ import annotations

import glob
import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

from cpx_tool.errors import BadInput, code_of, no_such_file
from cpx_tool.model.fleet import Reason, Unmerged
from cpx_tool.model.message import msg

SUFFIX = ".json"
_PATTERN = "*?["
_SEPARATOR = f"[{re.escape(os.sep + (os.altsep or ''))}]"
_DEEP = re.compile(
    rf"(?P<head>(.*?{_SEPARATOR})??)\*\*({_SEPARATOR}+\*\*)*({_SEPARATOR}+(?P<rest>.*))?", re.DOTALL
)
"""A pattern at its first `**`."""

_Identity: TypeAlias = tuple[int, int]
"""Device and inode: one file, whatever its name."""


def find_results(given: Iterable[str]) -> Iterator[Path | Unmerged]:
    """The files, each once, in the order given and by name within a folder.

    A file is taken whatever its name; of a folder the *.json, in the folders below it, too, through
    links; of a pattern (`*`, `**`, `?`, `[…]`) what it matches. Raises nothing.
    """
    search = _Search()
    for text in given:
        yield from search.argument(text)


def refuse_absent(given: Sequence[str]) -> None:
    """Raises `BadInput` where none of the names leads anywhere: they are mistyped. A pattern may
    match nothing yet.
    """
    if any(_is_pattern(text) or os.path.lexists(text) for text in given):
        return
    first = Path(given[0])
    raise BadInput(
        msg("There is no file or folder {path}.", path=str(first)),
        no_such_file(first, msg("Name JSON reports, folders of them, or a pattern in quotes.")),
    )


class _Search:
    def __init__(self) -> None:
        self._files: set[_Identity] = set()
        self._folders: set[_Identity] = set()

    def argument(self, text: str) -> Iterator[Path | Unmerged]:
        try:
            there = os.path.lexists(text)
            matches = [] if there else _matches(text)
        except (OSError, ValueError, RecursionError) as error:  # a NUL; a pattern of 3000 folders
            yield Unmerged(text, Reason.NOT_THERE, type(error).__name__)
            return
        if not there and _is_pattern(text) and not matches:
            yield Unmerged(text, Reason.NO_FILES)
        for path in matches or [text]:
            if there or matches or not _is_pattern(text):
                yield from self._one(Path(path), named=True)

    def _one(self, path: Path, *, named: bool) -> Iterator[Path | Unmerged]:
        """What is at a path; a folder that was `named` should hold something."""
        try:
            seen = path.stat()
        except OSError as error:
            reason = Reason.NOT_THERE if isinstance(error, FileNotFoundError) else Reason.UNREADABLE
            yield Unmerged(str(path), reason, code_of(error))
            return
        if stat.S_ISDIR(seen.st_mode):
            yield from self._folder(path, named=named)
        elif not stat.S_ISREG(seen.st_mode):
            yield Unmerged(str(path), Reason.NOT_A_FILE)
        elif _new(seen, self._files):
            yield path

    def _folder(self, top: Path, *, named: bool) -> Iterator[Path | Unmerged]:
        empty = True
        waiting = [top]
        while waiting:
            folder = waiting.pop()
            try:
                if not _new(folder.stat(), self._folders):
                    yield Unmerged(str(folder), Reason.LOOP)
                    empty = False
                    continue
                files, below = _entries(folder)
            except OSError as error:
                yield Unmerged(str(folder), Reason.UNREADABLE, code_of(error))
                empty = False
                continue
            for path in files:
                empty = False
                yield from self._one(path, named=False)
            waiting += reversed(below)
        if named and empty:
            yield Unmerged(str(top), Reason.NO_FILES)


def _entries(folder: Path) -> tuple[list[Path], list[Path]]:
    """Files that may be results, and folders, by name. Raises `OSError`."""
    files, below = [], []
    with os.scandir(folder) as entries:
        for entry in entries:
            if _is_folder(entry):
                below.append(folder / entry.name)
            elif entry.name.lower().endswith(SUFFIX):
                files.append(folder / entry.name)
    return sorted(files), sorted(below)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link into itself
        return False


def _new(seen: os.stat_result, known: set[_Identity]) -> bool:
    """Whether this is the first time; it is known from now on."""
    identity = (seen.st_dev, seen.st_ino)
    if identity in known:
        return False
    known.add(identity)
    return True


def _is_pattern(text: str) -> bool:
    return any(sign in text for sign in _PATTERN)


def _matches(text: str) -> list[str]:
    """What a pattern matches, by name; `**` at its end stands for the folder itself."""
    if not _is_pattern(text):
        return []
    deep = _DEEP.fullmatch(text)
    if deep is None:
        return sorted(glob.iglob(text))  # noqa: PTH207 - a link into nothing is to be named
    tops = glob.iglob(deep["head"]) if deep["head"] else [""]  # noqa: PTH207
    if not deep["rest"]:
        return sorted(top or os.curdir for top in tops)
    folders = (folder for top in tops for folder in _folders_below(Path(top)))
    return sorted({name for each in folders for name in _matches_in(each, deep["rest"])})


def _matches_in(folder: Path, rest: str) -> list[str]:
    if _is_pattern(rest):
        return _matches(str(Path(glob.escape(str(folder))) / rest))
    path = folder / rest
    return [str(path)] if os.path.lexists(path) else []


def _folders_below(top: Path) -> Iterator[Path]:
    """The folder and those below it, through links, each once: `glob` itself goes round in loops,
    and takes for ever where there are two.
    """
    known: set[_Identity] = set()
    waiting = [top]
    while waiting:
        folder = waiting.pop()
        try:
            if not _new(folder.stat(), known):
                continue
            yield folder
            with os.scandir(folder) as entries:
                below = sorted(folder / each.name for each in entries if _is_shown(each))
        except OSError:  # as in any pattern: what cannot be looked into matches nothing
            continue
        waiting += reversed(below)


def _is_shown(entry: os.DirEntry[str]) -> bool:
    return not entry.name.startswith(".") and _is_folder(entry)
