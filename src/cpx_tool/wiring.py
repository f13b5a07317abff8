"""The only module that names concrete adapters: options → ports."""

from __future__ import annotations

import os
import secrets
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from cpx_tool import __version__
from cpx_tool.adapters import (
    calendar_file,
    files,
    kept_run,
    observation_file,
    system,
    trust_files,
)
from cpx_tool.adapters.config import MAX_AT_ONCE, Config, read_config
from cpx_tool.adapters.emulated_readers import EmulatedReaders
from cpx_tool.adapters.emulation_keys import KeyCache
from cpx_tool.adapters.fetch import HttpFetch
from cpx_tool.adapters.ledger import FileLedger, state_directory, unusable
from cpx_tool.adapters.middleware import FoundModule, find_module
from cpx_tool.adapters.middleware_facts import observe_middleware, with_loaded
from cpx_tool.adapters.password import new_password, password_source
from cpx_tool.adapters.pcsc import PcscReaders
from cpx_tool.adapters.pin import pin_source
from cpx_tool.adapters.request import write_request
from cpx_tool.adapters.root_files import Root
from cpx_tool.adapters.softhsm import (
    Wanted,
    emulation_trust,
    use_emulation,
    write_emulation,
)
from cpx_tool.adapters.softhsm_directory import read_manifest
from cpx_tool.adapters.software_files import read_software_file
from cpx_tool.adapters.station import surroundings, workstation
from cpx_tool.adapters.station_state import state
from cpx_tool.adapters.system import keep_no_core
from cpx_tool.adapters.ticks import TickFile
from cpx_tool.adapters.trust_import import Importer
from cpx_tool.adapters.trust_store import NOTHING_STORED, TrustStore, store_directory
from cpx_tool.adapters.worker import WorkerTokens
from cpx_tool.catalogue.authorities import authorities
from cpx_tool.catalogue.middleware import slots_tell
from cpx_tool.catalogue.set_file import read_set, read_set_file
from cpx_tool.catalogue.set_text import set_file_text
from cpx_tool.catalogue.sets import load_sets
from cpx_tool.emulate.defects import plan_defects
from cpx_tool.emulate.organisation import organisations
from cpx_tool.emulate.profile import profiles
from cpx_tool.errors import BadInput, CpxError, NothingToCheck
from cpx_tool.model.calendar import Reminder
from cpx_tool.model.cardset import CardSet
from cpx_tool.model.certificate import Certificate
from cpx_tool.model.emulation import Emulation
from cpx_tool.model.fetch import Address, Fetched
from cpx_tool.model.identity import Pki
from cpx_tool.model.message import Message, msg
from cpx_tool.model.middleware import Middleware
from cpx_tool.model.observation import (
    CardObservation,
    FailedTry,
    ModuleObservation,
    Observation,
    PinRefusal,
    ReaderSlots,
)
from cpx_tool.model.reader import Pcsc
from cpx_tool.model.request import Request
from cpx_tool.model.software import SoftwareObservation
from cpx_tool.model.station import NoModule, Station, Unknown
from cpx_tool.model.token import ModuleInfo
from cpx_tool.model.trust import Arrival, Imported, StoreListing, TrustMaterial
from cpx_tool.observe.at_once import EMULATED, AtOnce, allowed
from cpx_tool.observe.card import LoginMeans
from cpx_tool.observe.module import load_module
from cpx_tool.observe.online import ask, look_up, published
from cpx_tool.observe.walk import (
    CARD_SECONDS,
    Context,
    Module,
    Walk,
    WalkInterrupted,
    observe_slots,
    record,
)
from cpx_tool.pki.certificate import MAX_BYTES, read_certificate, read_certificates
from cpx_tool.pki.trust import relevant
from cpx_tool.ports import LedgerFault, Operator, Progress, Readers

T = TypeVar("T")

load_observation = observation_file.load
read_file = files.read_file
now = system.now
save_observation = observation_file.save
check_writable = observation_file.check_writable
KeptRun = kept_run.KeptRun
unusable_ledger = unusable


@dataclass(frozen=True, slots=True)
class Source:
    """Where the cards are: real ones (`module` or the known places), or an emulation.

    `timeout`, in seconds, is the deadline of one call into the module, and for an emulation that
    another run is using; `card_timeout` that of all calls about one card. `at_once` is how many
    cards are walked at once, None: as many as is known to go well with the module.
    """

    emulated: Path | None
    module: str | None
    timeout: float
    card_timeout: float = CARD_SECONDS
    at_once: int | None = None


def trust_at_hand(ca_dirs: Sequence[Path], crl_files: Sequence[Path]) -> TrustMaterial:
    """The user's store, then these directories and files, then the middleware's own store.

    Raises `BadInput` for a directory or CRL that was named and cannot be used.
    """
    directory = store_directory(os.environ)
    stored = NOTHING_STORED if directory is None else TrustStore(directory).read()
    found = trust_files.read_paths(ca_dirs)
    places = [f for place in trust_files.middleware_stores() for f in trust_files.read_place(place)]
    given = [crl for file in crl_files for crl in trust_files.read_crl_file(file)]
    return TrustMaterial(
        certificates=(
            *stored.certificates,
            *trust_files.certificates_of((*found, *places)),
        ),
        crls=(*given, *stored.crls, *trust_files.crls_of(found)),
        accepted=tuple(stored.accepted),
    )


@dataclass(frozen=True, slots=True)
class Login:
    """How a run logs in: whether it asks for the PIN, and the person at the keyboard, if any."""

    ask_pin: bool
    operator: Operator | None


def pin_ledger(emulated: Path | None) -> FileLedger:
    """The ledger of PIN tries on real cards; or that of an emulation, whose card numbers come
    again with each one that is made. Raises `BadInput` where there is no such emulation.
    """
    if emulated is None:
        return FileLedger(state_directory(os.environ))
    read_manifest(emulated)
    return FileLedger(emulated)


def go_online(
    certificates: Sequence[bytes], at_hand: TrustMaterial, at: datetime, timeout: float
) -> tuple[TrustMaterial, tuple[Fetched, ...]]:
    """What is at hand, and what the web adds to it for these certificates (DER), as of `at`
    (aware): missing issuers, CRLs, OCSP answers. Nothing is stored, and nothing more is believed.

    `timeout` is how long one address may take in all, in seconds. The second value tells what
    came of each address. Never raises: what cannot be fetched is not there.
    """
    found = look_up(certificates, at_hand, authorities(), HttpFetch(timeout), at)
    return found.gained.plus(at_hand), found.fetched


def cards_online(
    observation: Observation, at_hand: TrustMaterial, timeout: float
) -> tuple[Observation, tuple[Fetched, ...]]:
    """`go_online` for the certificates of the cards observed, as of then; what was at hand and
    what was gained is in the observation that comes back.
    """
    ders = [item.der for card in observation.cards for item in card.certificates if item.der]
    there = observation.trust.plus(at_hand)
    found, fetched = go_online(ders, there, observation.observed_at, timeout)
    return replace(observation, trust=relevant(found, ders)), fetched


def software_online(
    observation: SoftwareObservation, timeout: float
) -> tuple[SoftwareObservation, tuple[Fetched, ...]]:
    """`go_online` for the certificates of these files."""
    ders = [
        der for file in observation.files if file.contents for der in file.contents.certificates
    ]
    found, fetched = go_online(ders, observation.trust, observation.judged_at, timeout)
    return replace(observation, trust=found), fetched


def trust_addresses(files: Sequence[Path], *, production: bool) -> tuple[Address, ...]:
    """Where the CA certificates and CRLs of the test PKI are, of the production one on request,
    and those that the certificates of these files name.

    Raises `BadInput` for a file that holds no certificate.
    """
    pkis = (Pki.IGC_SANTE_TEST, Pki.IGC_SANTE) if production else (Pki.IGC_SANTE_TEST,)
    known = [authority for authority in authorities() if authority.pki in pkis]
    return published(known, [certificate for file in files for certificate in _read(file)])


def _read(file: Path) -> list[Certificate]:
    hint = msg("Give certificate files (.cer, .der, .pem, .p7b).")
    data = read_file(file, MAX_BYTES, hint)
    try:
        return [read_certificate(der) for der in read_certificates(data)]
    except BadInput as error:
        reason = msg("{file}: {reason}", file=str(file), reason=error.reason)
        raise BadInput(reason, hint) from None


def fetch_trust(addresses: Sequence[Address], timeout: float) -> tuple[Arrival, ...]:
    """Fetch from these addresses into the user's store, as `import_trust` brings files in; an
    unknown CA is never accepted. Raises `BadInput` for a store that cannot be used.
    """
    gains = ask(addresses, HttpFetch(timeout))
    found = [
        trust_files.Found(gain.fetched.url, gain.certificates, gain.crls)
        for gain in gains
        if gain.fetched.failure is None
    ]
    importer = Importer(_store(), authorities(), accept_unknown=False, at=now())
    done = importer.run(found)
    return tuple(
        Arrival(gain.fetched, tuple(item for item in done if item.file == gain.fetched.url))
        for gain in gains
    )


def import_trust(paths: Sequence[Path], *, accept_unknown: bool) -> tuple[Imported, ...]:
    """Fill the user's store. Raises `BadInput` for a path or store that cannot be used."""
    importer = Importer(_store(), authorities(), accept_unknown, now())
    return importer.run(trust_files.read_paths(paths))


def list_trust() -> StoreListing:
    """What the user's store holds. Raises `BadInput` when it cannot be read."""
    places = trust_files.middleware_stores()
    counts = [(str(p), len(trust_files.certificates_of(trust_files.read_place(p)))) for p in places]
    return _store().listing(authorities(), tuple((p, n) for p, n in counts if n))


def _store() -> TrustStore:
    directory = store_directory(os.environ)
    if directory is None:
        raise system.no_home()
    return TrustStore(directory)


def save_calendar(reminders: Sequence[Reminder], path: Path) -> None:
    """Write a calendar file (.ics). Raises `BadInput`."""
    calendar_file.save(reminders, f"cpx-tool {__version__}", path)


def order_ticks() -> TickFile:
    """The ticks of the order guide, in the user's state directory."""
    return TickFile(state_directory(os.environ) / "order.json")


def list_readers(source: Source, tell: Callable[[Message], None]) -> ReaderSlots:
    """The readers and the slots joined to them; without a module, the readers alone."""
    with _ports(source, tell, module_needed=False, logins=False) as (readers, module):
        return observe_slots(readers, module)


def look_at_readers() -> Pcsc:
    """The readers of the workstation now; no card is touched."""
    return PcscReaders().observe()


def examine(source: Source, tell: Callable[[Message], None]) -> Station:
    """The workstation without any card. Raises `BadInput` for a module that was named (`--module`)
    and cannot be one; everything else that is wrong is part of the answer.
    """
    module = _examined_module(source)
    tell(msg("Asking the PC/SC service and the module…"))
    pcsc = PcscReaders().observe()  # first: it may start the service, which is looked at then
    seen = surroundings(Root(), os.environ)
    readers = len(pcsc.readers)
    loaded, slots = (
        (module, None)
        if isinstance(module, NoModule)
        else _load_module(module, source.timeout, readers)
    )
    return Station(
        host=seen.host,
        observed_at=seen.clock.now,
        versions=seen.versions,
        system=seen.system,
        session=seen.session,
        pcsc=pcsc,
        service=seen.service,
        holders=seen.holders,
        usb=seen.usb,
        module=loaded,
        middleware=_told(lambda: _installed(source, loaded, slots)),
        clock=seen.clock,
        trust=_told(list_trust),
        packages=seen.packages,
        state=_told(lambda: state(state_directory(os.environ))),
        ledger=_told(_ledger_entries),
    )


def _examined_module(source: Source) -> FoundModule | NoModule:
    try:
        return find_module(source.module, os.environ)
    except CpxError as error:
        if source.module is not None:
            raise
        return NoModule(error.reason, error.hint, named=isinstance(error, BadInput))


def _load_module(
    found: FoundModule, timeout: float, readers: int
) -> tuple[ModuleObservation, int | None]:
    """What came of loading the module in a process of its own; the number of its slots, where that
    tells something.
    """
    path = str(found.path)
    with _ending(WorkerTokens(path, {}, timeout)) as tokens:
        info, fault, slots = load_module(tokens, partial(slots_tell, readers=readers))
    if info is not None:
        fault = None  # of listing the slots: the module is loaded
    return ModuleObservation(path, found.source, info, fault), slots


def _installed(
    source: Source, loaded: ModuleObservation | NoModule, slots: int | None
) -> Middleware:
    """All modules; of the one in use, also what came of loading it."""
    found = observe_middleware(source.module, os.environ)
    if isinstance(loaded, NoModule):
        return found
    return with_loaded(found, loaded.path, loaded.info, loaded.fault, slots)


def _ledger_entries() -> tuple[FailedTry, ...]:
    ledger = pin_ledger(None)
    try:
        return ledger.entries()
    except LedgerFault as error:
        raise unusable_ledger(ledger.path, error) from None


def _told(look: Callable[[], T]) -> T | Unknown:
    """A fact, or why it could not be had."""
    try:
        return look()
    except CpxError as error:
        return Unknown(error.reason, error.hint)


class Interrupted(KeyboardInterrupt):
    """Ctrl-C while cards were walked; `observation` is what was seen until then, `signal` the
    number of the signal that came.
    """

    def __init__(self, observation: Observation, stop: KeyboardInterrupt) -> None:
        super().__init__(*stop.args)
        self.observation = observation
        self.signal: int = stop.args[0] if stop.args else signal.SIGINT


class Run:
    """A run over the cards, in one reading or in several."""

    def __init__(
        self,
        walk: Walk,
        context: Context,
        at_hand: TrustMaterial,
        middleware: Middleware | None,
    ) -> None:
        self._walk = walk
        self._context = context
        self._at_hand = at_hand
        self._middleware = middleware

    def look(self) -> Pcsc:
        """The readers now. No card is touched."""
        return self._walk.look()

    def read(
        self,
        known: Sequence[CardObservation] = (),
        keep: Callable[[Observation], None] = lambda _: None,
    ) -> Observation:
        """Walk the cards that are in now; one that is `known` as a whole is not walked again.
        `keep` hears after each card what was seen until then. Raises `Interrupted` on Ctrl-C.
        """
        context = replace(self._context, started_at=now())

        def kept(seen: ReaderSlots, cards: tuple[CardObservation, ...]) -> None:
            keep(record(context, seen, cards, self._at_hand))

        try:
            seen, cards = self._walk.observe(known, kept)
        except WalkInterrupted as stop:
            seen_by_then = self._record(context, stop.seen, stop.cards)
            raise Interrupted(replace(seen_by_then, interrupted=True), stop) from None
        return self._record(context, seen, cards)

    def _record(
        self, context: Context, seen: ReaderSlots, cards: tuple[CardObservation, ...]
    ) -> Observation:
        loaded = None if self._middleware is None else _loaded(self._middleware, seen)
        return record(context, seen, cards, self._at_hand, loaded)


@contextmanager
def open_run(
    source: Source, login: Login | PinRefusal, at_hand: TrustMaterial, progress: Progress
) -> Iterator[Run]:
    """A run that logs in where PIN safety allows it, or nowhere for that reason. Raises `CpxError`
    where there is nothing to walk.
    """
    means = _means(source, login)
    logins = not isinstance(means, PinRefusal)
    with _ports(source, progress.tell, module_needed=True, logins=logins) as (readers, module):
        assert module is not None  # noqa: S101 - needed
        context = Context(
            tool_version=__version__,
            run_id=secrets.token_hex(8),
            emulated=source.emulated is not None,
            workstation=workstation(Root(), os.environ),
            started_at=now(),
        )
        middleware = None
        if source.emulated is not None:
            at_hand = at_hand.plus(emulation_trust(source.emulated))
        else:
            middleware = observe_middleware(source.module, os.environ)
        walk = Walk(readers, module, means, progress, card_seconds=source.card_timeout)
        try:
            yield Run(walk, context, at_hand, middleware)
        finally:
            walk.close()


def _means(source: Source, login: Login | PinRefusal) -> LoginMeans | PinRefusal:
    if isinstance(login, PinRefusal):
        return login
    keep_no_core()  # this process holds the PIN, too
    pins = pin_source(login.ask_pin, os.environ)
    return LoginMeans(pins, pin_ledger(source.emulated), login.operator, now)


def read_cards(source: Source, at_hand: TrustMaterial, progress: Progress) -> Observation:
    """Walk all cards without a PIN: what they show freely. Raises `CpxError` as `open_run`."""
    with open_run(source, PinRefusal.NOT_ASKED, at_hand, progress) as run:
        return run.read()


def _loaded(middleware: Middleware, seen: ReaderSlots) -> Middleware:
    """With what came of loading the module in use."""
    module = seen.module
    if module is None:
        return middleware
    slots = None if module.fault is not None or seen.faults else len(seen.slots)
    return with_loaded(middleware, module.path, module.info, module.fault, slots)


def list_modules(option: str | None, timeout: float, *, load: bool) -> Middleware:
    """Every module of this workstation; with `load`, each that can be is loaded, in a process of
    its own. Raises `BadInput` for a configuration file that cannot be read.
    """
    found = observe_middleware(option, os.environ)
    for module in found.modules if load else ():
        missing = module.problem is not None and module.problem.names  # the loader may know better
        if module.problem is None or missing:
            with _ending(WorkerTokens(module.path, {}, timeout)) as tokens:
                found = with_loaded(found, module.path, *load_module(tokens))
    return found


def read_software(
    paths: Sequence[Path],
    password_file: Path | None,
    emulated: Path | None,
    at_hand: TrustMaterial,
    at: datetime | None,
) -> SoftwareObservation:
    """Open files of software certificates; one that does not open says why, and hides none.

    Raises `BadInput` for a password file, or an emulation, that cannot be used.
    """
    keep_no_core()  # this process holds the password
    source = password_source(password_file, os.environ)
    if emulated is not None:
        with use_emulation(emulated, None, lambda _: None, logins=False):
            at_hand = at_hand.plus(emulation_trust(emulated))
    seen = tuple(read_software_file(path, source) for path in paths)  # asks for passwords, maybe
    return SoftwareObservation(
        tool_version=__version__, judged_at=at or now(), files=seen, trust=at_hand
    )


def request_certificate(request: Request, password_file: Path | None) -> None:
    """Make a private key and a certificate request. Raises `BadInput`, and leaves no file then."""
    keep_no_core()  # this process holds the password and the key
    write_request(request, lambda: new_password(password_file, os.environ))


def check_set_target(path: Path, *, replace: bool) -> None:
    """Refuse an impossible target before any card is asked. Raises `BadInput`."""
    files.check_target(path, files.WRITE_HINT)  # what could not be replaced either comes first
    if not replace and path.exists():
        raise BadInput(
            msg("{path} exists already.", path=str(path)),
            msg("Choose another file, or replace this one with --force."),
        )


def write_set(card_set: CardSet, comment: Sequence[str], path: Path, *, replace: bool) -> None:
    """Write a user's own set file, and read it back. Raises `CpxError`; then none is left that
    `--set` would not take.
    """
    text = set_file_text(card_set, comment)
    if read_set(text, str(path)) != card_set:
        raise CpxError(
            msg("{path} would not read back as it is written.", path=str(path)),
            msg("Please report this line with the command you ran."),
        )
    files.write_file(path, text.encode(), files.WRITE_HINT, exclusive=not replace)
    read_set_file(path)


def emulate(card_set: CardSet, into: Path, defects: Sequence[str], reuse: bool) -> Emulation:
    """Write emulated cards of a set. Raises `CpxError`."""
    planned = plan_defects(card_set, defects)
    moment = now()
    wanted = Wanted(
        set_name=card_set.name,
        defects=tuple(defects),
        profiles=profiles(card_set, planned, moment),
        organisations=organisations(card_set, moment),
    )
    directory = system.user_cache()
    if directory is None:
        raise system.no_home()
    return write_emulation(wanted, into, KeyCache(directory / "emulation"), reuse=reuse)


def _ports(
    source: Source, tell: Callable[[Message], None], *, module_needed: bool, logins: bool
) -> AbstractContextManager[tuple[Readers, Module | None]]:
    """Readers and module for one run; `logins` says whether it will log in."""
    if source.emulated is not None:
        emulation = use_emulation(source.emulated, source.timeout, tell, logins=logins)
        return _emulated_ports(emulation, source.timeout)
    return _real_ports(source, module_needed=module_needed)


@contextmanager
def _emulated_ports(
    opened: AbstractContextManager[Emulation], timeout: float
) -> Iterator[tuple[Readers, Module | None]]:
    with (
        opened as emulation,
        _ending(WorkerTokens(emulation.module, emulation.environment, timeout)) as tokens,
    ):
        module = Module(emulation.module, "emulation", tokens, at_once=lambda _: EMULATED)
        yield EmulatedReaders(emulation), module


@contextmanager
def _real_ports(source: Source, *, module_needed: bool) -> Iterator[tuple[Readers, Module | None]]:
    config = Config() if source.module is not None else read_config(os.environ)
    try:
        found = find_module(source.module, os.environ)
    except NothingToCheck:
        if module_needed:
            raise
        yield PcscReaders(), None
        return

    def another() -> WorkerTokens:
        return WorkerTokens(str(found.path), {}, source.timeout)

    with _ending(another()) as tokens:
        yield (
            PcscReaders(),
            Module(
                str(found.path), found.source, tokens, another, partial(_at_once, source, config)
            ),
        )


def _at_once(source: Source, config: Config, info: ModuleInfo) -> AtOnce:
    """As the option, then the configuration file say; else as the module's family allows it."""
    asked = source.at_once or config.at_once
    if asked is not None:
        return AtOnce(asked)
    return allowed(info, MAX_AT_ONCE)


@contextmanager
def _ending(tokens: WorkerTokens) -> Iterator[WorkerTokens]:
    """Let go of the module in the end, and quickly when the run is interrupted."""
    try:
        yield tokens
    except KeyboardInterrupt:
        tokens.abandon()
        raise
    finally:
        tokens.close()


def find_kept_run(card_set: CardSet, set_name: str, emulated: Path | None) -> KeptRun:
    """Where an interrupted run of this set, which was named so, is kept. Raises `BadInput` where
    no state directory is known.
    """
    own = None if card_set in load_sets() else Path(set_name)
    return KeptRun(kept_run.kept_path(card_set, own, emulated, os.environ))
