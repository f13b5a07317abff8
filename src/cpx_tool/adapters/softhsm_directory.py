"""An emulation's directory: manifest, SoftHSM's settings, and what may be replaced.

DIR/emulation.json   what was written
DIR/softhsm2.conf    SoftHSM's settings, with the absolute path of:
DIR/tokens/          SoftHSM's store, one directory per token
DIR/pin-ledger.json  PIN tries that failed (and .lock), where there were any
DIR/ca/              CODE.pem and CODE.crl of each emulated CA; bundle.pem has all certificates
DIR/org/             software certificates, under the names that the portal gives them
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from cpx_tool.adapters.codec import Malformed, from_json, indented, to_json
from cpx_tool.adapters.files import read_file, write_whole
from cpx_tool.adapters.ledger import LEDGER_FILE, LEDGER_LOCK
from cpx_tool.adapters.system import exchange
from cpx_tool.emulate import authorities
from cpx_tool.emulate.profile import Profile
from cpx_tool.errors import BadInput, why
from cpx_tool.model.emulation import EmulatedSoftware, EmulatedToken
from cpx_tool.model.message import Message, msg

_MANIFEST_BYTES = 1024 * 1024
FORMAT = 3
MANIFEST = "emulation.json"
CONFIGURATION = "softhsm2.conf"
TOKENS = "tokens"
AUTHORITIES = "ca"
SOFTWARE = "org"
BUNDLE = "bundle.pem"

_OURS = frozenset(
    {MANIFEST, CONFIGURATION, TOKENS, AUTHORITIES, SOFTWARE, LEDGER_FILE, LEDGER_LOCK}
)
_TOKEN_FILE = "token.object"  # noqa: S105 - a file's name
_REUSE = timedelta(days=7)
"""Shorter than the distance of any date from a card's validity: defects stay what they are."""
_UNUSABLE = "#="
"""SoftHSM 2.6 takes # and = in a path of its settings for its own."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """`emulation.json`: what was written, to be found again. `fingerprint` is of the cards."""

    format: int
    set_name: str
    created: datetime
    defects: tuple[str, ...]
    fingerprint: str
    mechanisms: tuple[str, ...]
    tokens: tuple[EmulatedToken, ...]
    software: tuple[EmulatedSoftware, ...]


class _Format(msgspec.Struct):
    format: int


def fingerprint(profiles: Sequence[Profile]) -> str:
    """The same for the same cards, whenever they are issued."""
    epoch = datetime.fromtimestamp(0, UTC)
    timeless = [replace(card, not_before=epoch, not_after=epoch) for card in profiles]
    return hashlib.sha256(msgspec.json.encode(timeless, order="deterministic")).hexdigest()


def read_manifest(directory: Path) -> Manifest:
    """Raises `BadInput`: no emulation, damaged, or of another version of the tool."""
    hint = msg("Make one: cpx-tool emulate --set NAME --into {path}", path=str(directory))
    if not os.path.lexists(directory / MANIFEST):  # False for a name that is too long, too
        raise BadInput(
            msg("{path} is not a directory of emulated cards.", path=str(directory)), hint
        )
    content = read_file(directory / MANIFEST, _MANIFEST_BYTES, hint)
    try:
        if from_json(content, _Format).format != FORMAT:
            raise _other_version(directory)
        manifest = from_json(content, Manifest)
    except Malformed:
        raise damaged(directory, MANIFEST) from None
    if manifest.created.tzinfo is None:
        raise damaged(directory, MANIFEST)
    return manifest


def write_manifest(directory: Path, manifest: Manifest) -> None:
    """Write `emulation.json`."""
    write_whole(directory / MANIFEST, indented(to_json(manifest)) + b"\n")


def write_configuration(directory: Path, mechanisms: Sequence[str]) -> Path:
    """SoftHSM's settings, written only when they are not what they should be.

    They hold an absolute path, which changes when the directory was moved.
    """
    path = directory / CONFIGURATION
    content = (
        f"directories.tokendir = {directory / TOKENS}\n"
        "objectstore.backend = file\n"
        "log.level = ERROR\n"
        "slots.removable = true\n"
        f"slots.mechanisms = {','.join(mechanisms)}\n"
    ).encode()
    if not path.is_file() or path.read_bytes() != content:
        write_whole(path, content)
    return path


def require_whole(directory: Path, manifest: Manifest) -> None:
    """Raises `BadInput` when a part is missing or damaged: a crash leaves empty token files."""
    if not (directory / TOKENS).is_dir():
        raise damaged(directory, TOKENS)
    there = list((directory / TOKENS).iterdir())
    if len(there) != len(manifest.tokens) or not all(map(_is_whole, there)):
        raise damaged(directory, f"{TOKENS}/{_TOKEN_FILE}")
    for software in manifest.software:
        if not (directory / software.file).is_file():
            raise damaged(directory, software.file)


def is_reusable(
    directory: Path, set_name: str, defects: Sequence[str], profiles: Sequence[Profile]
) -> bool:
    """Whether `directory` holds these very cards, whole and made in the last seven days."""
    try:
        there = read_manifest(directory)
        require_whole(directory, there)
    except (BadInput, OSError):
        return False
    age = datetime.now(UTC) - there.created
    return (
        (there.set_name, there.defects) == (set_name, tuple(defects))
        and there.fingerprint == fingerprint(profiles)
        and timedelta() <= age < _REUSE
        and _vouches(directory / AUTHORITIES)
    )


def _vouches(folder: Path) -> bool:
    """Whether what servers and programs need to trust the cards is all there."""
    codes = authorities.AUTHORITIES
    names = [BUNDLE, *(f"{code}.{kind}" for code in codes for kind in ("pem", "crl"))]
    return all((folder / name).is_file() for name in names)


def refuse_path(directory: Path) -> None:
    """Raises `BadInput` for a path that SoftHSM cannot use, or that no settings file can hold."""
    if not str(directory).isprintable():  # line ends, and bytes that are no UTF-8
        raise BadInput(
            msg(
                "SoftHSM cannot use a path that is no plain text: {path}",
                path=ascii(str(directory)),
            ),
            msg("Choose a directory without such characters."),
        )
    if any(character in str(directory) for character in _UNUSABLE):
        raise BadInput(
            msg("SoftHSM cannot use a path with “#” or “=” in it: {path}", path=str(directory)),
            msg("Choose a directory without these characters."),
        )


def refuse_other_files(directory: Path) -> None:
    """Raises `BadInput` when `directory` holds anything but an emulation."""
    hint = msg("Choose an empty or new directory.")
    if not directory.exists():
        return
    if not directory.is_dir():
        raise BadInput(msg("{path} is a file, not a directory.", path=str(directory)), hint)
    names = {entry.name for entry in directory.iterdir()}
    if names and not (MANIFEST in names and names <= _OURS):
        reason = msg("{path} holds other files, which would be lost.", path=str(directory))
        raise BadInput(reason, hint)


def put_in_place(fresh: Path, directory: Path, former: Path) -> None:
    """Move `fresh` to `directory`. What was there is then at `fresh` or `former`, or it stays
    when this fails.
    """
    if not directory.exists():
        fresh.rename(directory)
    elif not exchange(fresh, directory):
        _put_in_two_steps(fresh, directory, former)


def _put_in_two_steps(fresh: Path, directory: Path, former: Path) -> None:
    directory.rename(former)
    try:
        fresh.rename(directory)
    except BaseException:  # Ctrl-C among them: what was there would be cleared away with `former`
        if not directory.exists():
            former.rename(directory)
        raise


def damaged(directory: Path, part: str) -> BadInput:
    """The error for an emulation that cannot be used."""
    return BadInput(
        msg("The emulation in {path} is damaged ({part}).", path=str(directory), part=part),
        _make_again(directory),
    )


def require_writable(directory: Path) -> None:
    """Raises `BadInput` when SoftHSM could not write to the tokens, as it does at each login."""
    try:
        files = [path for token in (directory / TOKENS).iterdir() for path in token.iterdir()]
    except OSError:  # whoever opens the emulation says what is wrong
        return
    if not all(os.access(path, os.W_OK) for path in (*files, *{file.parent for file in files})):
        raise BadInput(
            msg(
                "The emulated cards in {path} are read-only, and SoftHSM writes to a card at "
                "each login.",
                path=str(directory),
            ),
            msg("Copy the directory to a place you may write to, and check the copy."),
        )


def not_writable(path: Path, error: OSError) -> BadInput:
    """The error for a place that cannot be written."""
    return BadInput(
        msg("{path} cannot be written: {why}.", path=str(path), why=why(error)),
        msg("Choose a directory you may write to."),
    )


def not_usable(directory: Path, error: OSError) -> BadInput:
    """The error for an emulation that cannot be opened: another user's, for instance."""
    return BadInput(
        msg("{path} cannot be used: {why}.", path=str(directory), why=why(error)),
        msg("Make emulated cards of your own: cpx-tool emulate --set NAME --into DIR"),
    )


def _other_version(directory: Path) -> BadInput:
    return BadInput(
        msg("The emulation in {path} is of another version of cpx-tool.", path=str(directory)),
        _make_again(directory),
    )


def _make_again(directory: Path) -> Message:
    return msg("Make it again: cpx-tool emulate --set … --into {path}", path=str(directory))


def _is_whole(token: Path) -> bool:
    file = token / _TOKEN_FILE
    return file.is_file() and file.stat().st_size > 0
