"""SoftHSM: writes emulated cards into a directory, and opens it again."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from cpx_tool.adapters.emulated_authorities import write_authorities
from cpx_tool.adapters.emulated_software import write_software
from cpx_tool.adapters.emulation_keys import Authorities, KeyCache
from cpx_tool.adapters.host import this_system
from cpx_tool.adapters.library_file import correct_variable, usable_library
from cpx_tool.adapters.softhsm_directory import (
    AUTHORITIES,
    FORMAT,
    TOKENS,
    Manifest,
    fingerprint,
    is_reusable,
    not_usable,
    not_writable,
    put_in_place,
    read_manifest,
    refuse_other_files,
    refuse_path,
    require_whole,
    require_writable,
    write_configuration,
    write_manifest,
)
from cpx_tool.adapters.softhsm_lock import held
from cpx_tool.adapters.softhsm_spec import WrittenToken
from cpx_tool.adapters.softhsm_tokens import fill_tokens
from cpx_tool.adapters.softhsm_workplace import workplace
from cpx_tool.adapters.trust_files import certificates_of, crls_of, read_place
from cpx_tool.catalogue.middleware import known
from cpx_tool.emulate.card import EmulatedCard, make_card
from cpx_tool.emulate.organisation import Organisation
from cpx_tool.emulate.profile import Profile
from cpx_tool.errors import BadInput, NothingToCheck, why
from cpx_tool.model.emulation import EmulatedSoftware, EmulatedToken, Emulation
from cpx_tool.model.message import Message, msg
from cpx_tool.model.middleware import Family
from cpx_tool.model.trust import TrustMaterial
from cpx_tool.pki.emulated import emulated_roots

SOFTHSM_VARIABLE = "CPX_SOFTHSM"

PATIENCE_SECONDS = 30.0
"""How long one waits for another run on an emulation, where the user sets no deadline."""

_WAIT_LONGER = msg(
    "Wait for its end, give a longer --timeout, or emulate cards in another directory."
)
_WAIT = msg("Wait for its end, or choose another directory.")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to emulate: the set's name, the defects as typed, the cards, and the
    software certificates."""

    set_name: str
    defects: tuple[str, ...]
    profiles: tuple[Profile, ...]
    organisations: tuple[Organisation, ...]


def find_softhsm(environment: Mapping[str, str]) -> Path:
    """The SoftHSM library: CPX_SOFTHSM, then the known places. Raises `CpxError`."""
    named = environment.get(SOFTHSM_VARIABLE)
    if named:
        return usable_library(Path(named), correct_variable(SOFTHSM_VARIABLE))
    for place in _places():
        if place.is_file():
            return place
    raise NothingToCheck(
        msg("SoftHSM is not installed, so cards cannot be emulated."),
        msg(
            "Install it: “sudo apt-get install softhsm2” on Debian and Ubuntu, “softhsm” "
            "elsewhere; or name the library with {variable}.",
            variable=SOFTHSM_VARIABLE,
        ),
    )


def _places() -> tuple[Path, ...]:
    return tuple(map(Path, known(Family.SOFTHSM).places[this_system()]))


def write_emulation(wanted: Wanted, into: Path, cache: KeyCache, *, reuse: bool) -> Emulation:
    """Write the cards into the directory `into`, which is empty, absent or an emulation.

    With `reuse`, an emulation of the same cards made in the last seven days stays as it is.
    Raises `CpxError`: SoftHSM absent, directory in use for something else or by another run, or
    not writable.
    """
    module = find_softhsm(os.environ)
    into = _resolved(into)
    try:
        refuse_path(into)
        if reuse:
            with _kept_from_others(into):
                if is_reusable(into, wanted.set_name, wanted.defects, wanted.profiles):
                    return open_emulation(into)
        refuse_other_files(into)
        return _write_beside(wanted, into, cache, module)
    except OSError as error:
        raise not_writable(into, error) from None


@contextmanager
def use_emulation(
    directory: Path, patience: float | None, tell: Callable[[Message], None], *, logins: bool
) -> Iterator[Emulation]:
    """The emulation in a directory, for this run alone; `logins` says whether it will log in.

    While another run has it, `tell` hears so, and `patience` seconds are waited; None where the
    user sets no deadline. Raises `CpxError`: still in use then, no emulation, or one that does
    not allow what is wanted.
    """
    directory = _resolved(directory)
    busy = NothingToCheck(_busy(directory), _WAIT if patience is None else _WAIT_LONGER)
    waiting = msg("Waiting for another run on {path}", path=str(directory))
    seconds = PATIENCE_SECONDS if patience is None else patience
    with held(directory / TOKENS, seconds, busy, lambda: tell(waiting)):
        if logins:
            require_writable(directory)
        yield open_emulation(directory)


def open_emulation(directory: Path) -> Emulation:
    """The emulation in a directory, moved or not. Raises `CpxError` when there is none."""
    module = find_softhsm(os.environ)
    directory = _resolved(directory)
    try:
        refuse_path(directory)
        manifest = read_manifest(directory)
        require_whole(directory, manifest)
        configuration = write_configuration(directory, manifest.mechanisms)
    except OSError as error:
        raise not_usable(directory, error) from None
    return Emulation(
        directory=str(directory),
        set_name=manifest.set_name,
        created=manifest.created.isoformat(),
        defects=manifest.defects,
        module=str(module),
        environment={"SOFTHSM2_CONF": str(configuration)},
        tokens=manifest.tokens,
        software=manifest.software,
    )


def emulation_trust(directory: Path) -> TrustMaterial:
    """The CA certificates and CRLs that the emulation left; what cannot be read is not there.

    Its roots vouch for emulated cards, and a root counts only under the emulator's own name.
    """
    found = read_place(directory / AUTHORITIES)
    certificates = tuple(dict.fromkeys(certificates_of(found)))
    return TrustMaterial(
        certificates=certificates,
        crls=crls_of(found),
        emulated=emulated_roots(certificates),
    )


def _resolved(directory: Path) -> Path:
    """Without links; a loop of links stays, for whoever uses the path to complain."""
    try:
        return Path(os.path.realpath(directory))
    except OSError as error:  # relative to a current directory that is gone
        raise not_usable(directory, error) from None


def _kept_from_others(directory: Path) -> AbstractContextManager[None]:
    """Nobody else uses the emulation that may be in `directory`."""
    return held(directory / TOKENS, PATIENCE_SECONDS, BadInput(_busy(directory), _WAIT))


def _busy(directory: Path) -> Message:
    return msg("Another run is using the emulated cards in {path}.", path=str(directory))


def _write_beside(wanted: Wanted, into: Path, cache: KeyCache, module: Path) -> Emulation:
    """Build the emulation in a directory beside `into`, and exchange them when it is whole."""
    made = _make(wanted, cache)
    with workplace(into) as place:
        fresh = place / "fresh"
        fresh.mkdir()
        software = write_software(fresh, wanted.organisations, made.software_keys, made.authorities)
        write_authorities(fresh / AUTHORITIES, made.authorities, made.cards)
        _write(fresh, wanted, made.cards, software, module)
        with _kept_from_others(fresh):  # from the moment it is in place
            _replace(into, fresh, place / "former")
            return open_emulation(into)


@dataclass(frozen=True, slots=True)
class _Made:
    """What is written: the PKI, the cards, and the keys of software certificates."""

    authorities: Authorities
    cards: Sequence[EmulatedCard]
    software_keys: Sequence[RSAPrivateKey]


def _make(wanted: Wanted, cache: KeyCache) -> _Made:
    try:
        authorities = cache.authorities()
        keys = cache.cards(wanted.profiles)
        software_keys = cache.organisations(wanted.organisations)
    except OSError as error:
        raise BadInput(
            msg("{path} cannot be written: {why}.", path=str(cache.directory), why=why(error)),
            msg(
                "The keys of emulated cards are kept there: set XDG_CACHE_HOME to a directory "
                "you may write to."
            ),
        ) from None
    cards = [
        make_card(profile, own, authorities.keys)
        for profile, own in zip(wanted.profiles, keys, strict=True)
    ]
    return _Made(authorities, cards, software_keys)


def _replace(into: Path, fresh: Path, former: Path) -> None:
    """Put `fresh` in place when nobody uses what is there."""
    try:
        _replace_once(into, fresh, former)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        _replace_once(into, fresh, former)  # another run had put its own there in between


def _replace_once(into: Path, fresh: Path, former: Path) -> None:
    with _kept_from_others(into):
        refuse_other_files(into)
        put_in_place(fresh, into, former)


def _write(
    directory: Path,
    wanted: Wanted,
    cards: Sequence[EmulatedCard],
    software: tuple[EmulatedSoftware, ...],
    module: Path,
) -> None:
    (directory / TOKENS).mkdir(mode=0o700)
    mechanisms = tuple(dict.fromkeys(m for card in cards for m in card.profile.mechanisms))
    configuration = write_configuration(directory, mechanisms)
    written = fill_tokens(module, configuration, directory / TOKENS, cards)
    manifest = Manifest(
        format=FORMAT,
        set_name=wanted.set_name,
        created=datetime.now(UTC).replace(microsecond=0),
        defects=wanted.defects,
        fingerprint=fingerprint(wanted.profiles),
        mechanisms=mechanisms,
        tokens=tuple(
            _token(card.profile, token) for card, token in zip(cards, written, strict=True)
        ),
        software=software,
    )
    write_manifest(directory, manifest)


def _token(profile: Profile, written: WrittenToken) -> EmulatedToken:
    return EmulatedToken(
        role=profile.role,
        title=profile.title_in_set,
        card_number=profile.card_number,
        label=profile.label,
        serial=written.serial,
        slot_id=written.slot_id,
        slot_description=written.slot_description,
        atr=profile.atr,
        defects=tuple(sorted(defect.value for defect in profile.defects)),
    )
