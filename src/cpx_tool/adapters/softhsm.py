"""SoftHSM: emulated cards on disk. Written in a child process, opened by name."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from cpx_tool.adapters.codec import Malformed, from_json, indented, to_json
from cpx_tool.adapters.emulation_keys import KeyCache, pem_bundle
from cpx_tool.adapters.softhsm_spec import (
    DataSpec,
    EmulationSpec,
    KeySpec,
    ObjectSpec,
    TokenSpec,
)
from cpx_tool.emulate.card import EmulatedCard, KeySlot, make_card
from cpx_tool.emulate.profile import Profile
from cpx_tool.errors import BadInput, NothingToCheck
from cpx_tool.model.emulation import EmulatedToken, Emulation
from cpx_tool.model.message import Message, msg

SOFTHSM_VARIABLE = "CPX_SOFTHSM"
TEST_PIN = "1234"
"""The published PIN of test cards (ANS's ordering guide)."""

_FORMAT = 1
_MANIFEST = "emulation.json"
_CONFIGURATION = "softhsm2.conf"
_REUSE_DAYS = 30
_SLOT_MASK = 0x7FFFFFFF
_PLACES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/lib64/libsofthsm2.so",
    "/usr/lib/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
    r"C:\SoftHSM2\lib\softhsm2-x64.dll",
)


@dataclass(frozen=True, slots=True)
class Manifest:
    """`emulation.json`: what was written, to be found again."""

    format: int
    set_name: str
    created: datetime
    defects: tuple[str, ...]
    roles: tuple[str, ...]
    mechanisms: tuple[str, ...]
    tokens: tuple[EmulatedToken, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to emulate: a set's name and roles, the defects as typed, the cards."""

    set_name: str
    roles: tuple[str, ...]
    defects: tuple[str, ...]
    profiles: tuple[Profile, ...]


def find_softhsm(environment: Mapping[str, str]) -> Path:
    """The SoftHSM library: CPX_SOFTHSM, then the known places. Raises `CpxError`."""
    named = environment.get(SOFTHSM_VARIABLE)
    if named:
        if Path(named).is_file():
            return Path(named).absolute()
        raise BadInput(
            msg(
                "{variable} names {path}, which is no file.", variable=SOFTHSM_VARIABLE, path=named
            ),
            msg("Give the path of libsofthsm2."),
        )
    for place in map(Path, _PLACES):
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


def write_emulation(wanted: Wanted, into: Path, cache: KeyCache, *, reuse: bool) -> Emulation:
    """Write the cards into the directory `into`, which is empty, absent or an emulation.

    With `reuse`, an emulation of the same cards that is less than 30 days old stays as it is.
    Raises `CpxError`: SoftHSM absent, directory in use for something else, or not writable.
    """
    module = find_softhsm(os.environ)
    into = into.absolute()
    if reuse and _is_same(into, wanted):
        return open_emulation(into)
    _refuse_foreign_directory(into)
    try:
        authority_keys, authorities = cache.authorities()
        keys = cache.cards(len(wanted.profiles))
        cards = [
            make_card(profile, own, authority_keys)
            for profile, own in zip(wanted.profiles, keys, strict=True)
        ]
        into.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=into.parent, prefix=f".{into.name}.") as temporary:
            fresh = Path(temporary) / "emulation"
            _write(fresh, wanted, cards, authorities, module)
            _swap(fresh, into, Path(temporary) / "former")
    except OSError as error:
        raise _not_writable(into, error) from None
    return open_emulation(into)


def open_emulation(directory: Path) -> Emulation:
    """The emulation in a directory, moved or not. Raises `CpxError` when there is none."""
    directory = directory.absolute()
    module = find_softhsm(os.environ)
    manifest = _manifest(directory)
    configuration = directory / _CONFIGURATION
    wanted = _configuration(directory, manifest.mechanisms)
    try:
        if not (directory / "tokens").is_dir():
            raise _damaged(directory, "tokens")
        if not configuration.is_file() or configuration.read_text("utf-8") != wanted:
            configuration.write_text(wanted, "utf-8")
    except OSError as error:
        raise _not_writable(directory, error) from None
    return Emulation(
        directory=str(directory),
        set_name=manifest.set_name,
        created=manifest.created.isoformat(),
        defects=manifest.defects,
        module=str(module),
        environment={"SOFTHSM2_CONF": str(configuration)},
        tokens=manifest.tokens,
    )


def _manifest(directory: Path) -> Manifest:
    path = directory / _MANIFEST
    try:
        content = path.read_bytes()
    except OSError:
        raise BadInput(
            msg("{path} is not a directory of emulated cards.", path=str(directory)),
            msg("Make one: cpx-tool emulate --set centre-sante --into {path}", path=str(directory)),
        ) from None
    try:
        manifest = from_json(content, Manifest)
    except Malformed:
        raise _damaged(directory, _MANIFEST) from None
    if manifest.format != _FORMAT:
        raise _damaged(directory, f"{_MANIFEST}: format {manifest.format}")
    return manifest


def _is_same(into: Path, wanted: Wanted) -> bool:
    try:
        there = _manifest(into)
    except BadInput:
        return False
    age = datetime.now(UTC) - there.created
    return (
        (there.set_name, there.roles, there.defects)
        == (wanted.set_name, wanted.roles, wanted.defects)
        and timedelta() <= age < timedelta(days=_REUSE_DAYS)
        and (into / "tokens").is_dir()
        and len(list((into / "tokens").iterdir())) == len(there.tokens)
    )


def _refuse_foreign_directory(into: Path) -> None:
    hint = msg("Choose an empty or new directory.")
    try:
        if into.exists() and not into.is_dir():
            raise BadInput(msg("{path} is a file, not a directory.", path=str(into)), hint)
        if into.is_dir() and any(into.iterdir()) and not (into / _MANIFEST).is_file():
            reason = msg("{path} holds other files, which would be lost.", path=str(into))
            raise BadInput(reason, hint)
    except OSError as error:
        raise _not_writable(into, error) from None


def _write(
    directory: Path,
    wanted: Wanted,
    cards: Sequence[EmulatedCard],
    authorities: Mapping[str, x509.Certificate],
    module: Path,
) -> None:
    (directory / "tokens").mkdir(parents=True, mode=0o700)
    (directory / "ca").mkdir()
    for code, certificate in authorities.items():
        (directory / "ca" / f"{code}.pem").write_bytes(pem_bundle([certificate]))
    (directory / "ca" / "bundle.pem").write_bytes(pem_bundle(authorities.values()))
    mechanisms = tuple(dict.fromkeys(m for card in cards for m in card.profile.mechanisms))
    configuration = directory / _CONFIGURATION
    configuration.write_text(_configuration(directory, mechanisms), "utf-8")
    _fill_tokens(directory, cards, module)
    manifest = Manifest(
        format=_FORMAT,
        set_name=wanted.set_name,
        created=datetime.now(UTC).replace(microsecond=0),
        defects=wanted.defects,
        roles=wanted.roles,
        mechanisms=mechanisms,
        tokens=tuple(_token(card.profile) for card in cards),
    )
    (directory / _MANIFEST).write_bytes(indented(to_json(manifest)) + b"\n")


def _configuration(directory: Path, mechanisms: Sequence[str]) -> str:
    return (
        f"directories.tokendir = {directory / 'tokens'}\n"
        "objectstore.backend = file\n"
        "log.level = ERROR\n"
        "slots.removable = true\n"
        f"slots.mechanisms = {','.join(mechanisms)}\n"
    )


def _fill_tokens(directory: Path, cards: Sequence[EmulatedCard], module: Path) -> None:
    spec = EmulationSpec(
        module=str(module),
        tokens_directory=str(directory / "tokens"),
        pin=TEST_PIN,
        tokens=[_token_spec(card) for card in cards],
    )
    done = subprocess.run(
        [sys.executable, "-m", "cpx_tool.adapters.softhsm_writer"],
        input=msgspec.msgpack.encode(spec),
        env={**os.environ, "SOFTHSM2_CONF": str(directory / _CONFIGURATION)},
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise BadInput(
            msg("SoftHSM could not be filled: {why}", why=lines[-1] if lines else "?"),
            msg("Version 2.6 of SoftHSM is needed; reinstall the package softhsm2."),
        )


def _token_spec(card: EmulatedCard) -> TokenSpec:
    return TokenSpec(
        label=card.profile.label,
        serial=card.profile.serial,
        mechanisms=list(card.profile.mechanisms),
        objects=[_object_spec(slot) for slot in card.slots],
        data=[DataSpec(item.label, item.value, item.private) for item in card.data],
    )


def _object_spec(slot: KeySlot) -> ObjectSpec:
    whole = x509.load_der_x509_certificate(slot.whole_certificate)
    public = whole.public_key()
    numbers = public.public_numbers()  # type: ignore[union-attr]
    return ObjectSpec(
        id=slot.id,
        certificate_label=slot.certificate_label,
        certificate=slot.certificate,
        subject=whole.subject.public_bytes(),
        issuer=whole.issuer.public_bytes(),
        serial_number=_integer(whole.serial_number),
        public_modulus=_bytes(numbers.n),  # type: ignore[union-attr]
        public_exponent=_bytes(numbers.e),  # type: ignore[union-attr]
        key_label=slot.key_label,
        key=_key_spec(slot.key) if slot.key else None,
        decrypts=slot.decrypts,
    )


def _key_spec(key: RSAPrivateKey) -> KeySpec:
    numbers = key.private_numbers()
    return KeySpec(
        modulus=_bytes(numbers.public_numbers.n),
        public_exponent=_bytes(numbers.public_numbers.e),
        private_exponent=_bytes(numbers.d),
        prime_1=_bytes(numbers.p),
        prime_2=_bytes(numbers.q),
        exponent_1=_bytes(numbers.dmp1),
        exponent_2=_bytes(numbers.dmq1),
        coefficient=_bytes(numbers.iqmp),
    )


def _integer(number: int) -> bytes:
    """A DER INTEGER, as CKA_SERIAL_NUMBER wants it."""
    body = number.to_bytes(number.bit_length() // 8 + 1, "big")
    return bytes([2, len(body)]) + body


def _bytes(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _token(profile: Profile) -> EmulatedToken:
    slot_id = int(profile.serial, 16) & _SLOT_MASK  # SoftHSM derives it from the serial
    return EmulatedToken(
        role=profile.role,
        title=profile.title_in_set,
        card_number=profile.card_number,
        label=profile.label,
        serial=profile.serial,
        slot_id=slot_id,
        slot_description=f"SoftHSM slot ID {slot_id:#x}",
        atr=profile.atr,
        defects=tuple(sorted(defect.value for defect in profile.defects)),
    )


def _swap(fresh: Path, into: Path, former: Path) -> None:
    if into.exists():
        into.rename(former)
    shutil.move(fresh, into)


def _damaged(directory: Path, part: str) -> BadInput:
    return BadInput(
        msg("The emulation in {path} is damaged ({part}).", path=str(directory), part=part),
        msg("Make it again: cpx-tool emulate --set … --into {path}", path=str(directory)),
    )


def _not_writable(path: Path, error: OSError) -> BadInput:
    why: str | Message = error.strerror or type(error).__name__
    return BadInput(
        msg("{path} cannot be written: {why}.", path=str(path), why=why),
        msg("Choose a directory you may write to."),
    )
