"""What the walk needs of the outside world. Adapters satisfy these; so do the tests' fakes."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # each child process loads this module, and needs none of these
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime

    from cpx_tool.model.endpoint import Endpoint
    from cpx_tool.model.fault import Fault
    from cpx_tool.model.fetch import Reply, Request
    from cpx_tool.model.handshake import Connection, KeyUse
    from cpx_tool.model.message import Message
    from cpx_tool.model.observation import CardObservation
    from cpx_tool.model.reader import Pcsc
    from cpx_tool.model.token import (
        ModuleInfo,
        PrivateContents,
        Seal,
        Slot,
        TokenContents,
        TokenInfo,
    )

MAX_SLOTS = 128
"""How many slots of a module are looked at. OpenSC shows 16, and 64 when it is asked for many."""


class TokenFault(Exception):
    """A call into the PKCS#11 module failed, crashed or hung; `fault` says which and how."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(f"{fault.call}: {fault.code}")
        self.fault = fault


class Readers(Protocol):
    """The PC/SC service."""

    def observe(self) -> Pcsc:
        """The service's answer and its readers. Never raises: a refusal is an answer."""


class Tokens(Protocol):
    """One PKCS#11 module. Every method may raise `TokenFault`.

    After a fault of kind CRASH or HANG, or a failed login, the implementation starts afresh at
    the next call: logins and slot ids of before are gone, and `generation` is another.
    """

    @property
    def generation(self) -> int:
        """Changes with each start of the module; slot ids hold within one only."""

    def load(self) -> ModuleInfo:
        """Load and initialise the module."""

    def slots(self) -> tuple[Slot, ...]:
        """All slots, with or without a token; uninitialised tokens count as absent.

        Those after the first `MAX_SLOTS` are not asked: their tokens count as absent, too. One
        that ends the module, or makes it hang, counts as present: reading it says why.
        """

    def numbering(self) -> tuple[Slot, ...]:
        """The same slots as this start of the module numbers them. None is looked into: a token
        that makes the module hang is no hindrance, and `token_present` is False.
        """

    def token_info(self, slot_id: int) -> TokenInfo:
        """CK_TOKEN_INFO and mechanisms, read afresh from the token."""

    def read(self, slot_id: int) -> TokenContents:
        """Public certificates and free data objects; no login."""

    def login(self, slot_id: int, pin: Pin | None, expected: Seal) -> None:
        """Exactly one C_Login as the user, in a session kept for `read_private` and `sign`.

        Without `pin` it is typed on the reader's pad (CKF_PROTECTED_AUTHENTICATION_PATH). The
        token is looked at once more first: on another card the fault "card-changed", with a
        flag that forbids a try that flag's value ("pin-count-low"), with a pad that was not
        there before, or the reverse, "protected-path" is raised without a C_Login. A login
        never starts the module afresh; after a failed one nothing of the session is left, and
        the next call does.
        """

    def read_private(self, slot_id: int) -> PrivateContents:
        """Private keys' public attributes and protected data objects; needs a login."""

    def sign(self, slot_id: int, key_id: str, mechanism: str, data: bytes) -> bytes:
        """Sign `data` with the private key whose CKA_ID is `key_id` (hex); needs a login.

        `data` is for CKM_RSA_PKCS the DigestInfo; for CKM_RSA_PKCS_PSS the hash, whose length says
        which it is (MGF1 with the same one, a salt as long); for CKM_RSA_X_509 the whole encoded
        block, as long as the modulus; for CKM_SHA1_RSA_PKCS, CKM_SHA256_RSA_PKCS and their _PSS
        the message.
        """

    def logout(self, slot_id: int) -> None:
        """End the session of `login`; harmless without one."""

    def close(self) -> None:
        """Let go of the module and of its process. Never raises."""

    def abandon(self) -> None:
        """As `close`, at once and for good, from any thread: a call under way ends with a fault,
        and so does every later one (code "interrupted"). Never raises.
        """


class Fetch(Protocol):
    """The web: http and https, nothing else."""

    def fetch(self, requests: Sequence[Request]) -> tuple[Reply, ...]:
        """A reply to each request, in their order. Never raises: a failure is a reply."""


class KeyFault(Exception):
    """No signature: `use` says why the key gave none, None when it was not asked (no login)."""

    def __init__(self, use: KeyUse | None) -> None:
        super().__init__("no login" if use is None else use.mechanism)
        self.use = use


class ClientKey(Protocol):
    """A certificate to present, and its key, which is elsewhere."""

    @property
    def certificates(self) -> tuple[bytes, ...]:
        """What is sent, DER: its own first, then its issuers."""

    def schemes(self) -> tuple[str, ...]:
        """The signature schemes it can make (RFC 8446, 4.2.3), best first. No login for that."""

    def ready(self) -> bool:
        """Whether it may sign at all: logs in where that is needed. Asked once the server's
        certificate is accepted, before the client's is sent.
        """

    def sign(self, scheme: str, data: bytes) -> tuple[bytes, KeyUse]:
        """A signature: for rsa_pkcs1_* of the DigestInfo, for rsa_pss_* of the hash. May log in
        first. Raises `KeyFault`.
        """


class TlsClient(Protocol):
    """Opens connections to servers."""

    def connect(self, endpoint: Endpoint, newest: str, key: ClientKey | None) -> Connection:
        """One connection and one HTTP request, as far as they come. `newest` is the newest version
        offered ("TLSv1.3"). The key is asked at most once, after the server's certificate was
        accepted. What fails is in the answer: nothing is raised but an interruption, and what the
        key raises (`BadInput`, where a PIN cannot be had).
        """


class PinOrigin(StrEnum):
    """Where the PIN comes from: it decides how far a refusal reaches."""

    PUBLISHED = "published"
    GIVEN = "given"


class Pin:
    """A PIN that does not show itself: repr, str and pickling reveal nothing."""

    __slots__ = ("_digits", "origin")

    def __init__(self, digits: str, origin: PinOrigin) -> None:
        self._digits = digits
        self.origin = origin

    def reveal(self) -> str:
        """The digits, for the one call that needs them."""
        return self._digits

    @property
    def length(self) -> int:
        """How many digits; tokens state what they allow."""
        return len(self._digits)

    def __repr__(self) -> str:
        return "Pin(****)"

    def __reduce__(self) -> str:
        raise TypeError("a PIN is not pickled")


class LedgerFault(Exception):
    """The ledger of PIN tries cannot be read or written; `code` is stable ("EACCES", "damaged")."""

    def __init__(self, reason: Message, code: str) -> None:
        super().__init__(code)
        self.reason = reason
        self.code = code


class Ledger(Protocol):
    """PIN tries over runs, by the key of the card. Every method may raise `LedgerFault`."""

    def failed_at(self, card: str) -> datetime | None:
        """When a try was made on this card that did not succeed, or whose result is not known;
        None when there is none since the last good one.
        """

    def open(self, card: str, at: datetime, known: datetime | None) -> bool:
        """Note, before it is made, that a try is made: one that ends nowhere counts as failed.

        `known` is the failure that a person confirmed, if there was one. False, and nothing is
        noted, where another one stands by now: another run was faster.
        """

    def close(self, card: str, at: datetime, left: datetime | None) -> None:
        """The try noted for `at` was good, or was not made: `left` is what stands instead of it,
        None for nothing. Notes of other runs are left alone.
        """

    def forget(self, card: str) -> None:
        """A person confirmed: another try may be made."""


class Step(StrEnum):
    """What is being done with a card."""

    WAITING = "waiting"
    READING = "reading"
    LOGGING_IN = "logging-in"
    SIGNING = "signing"
    KNOCKING = "knocking"
    """It is presented to a server."""
    DONE = "done"
    FAULTY = "faulty"
    """Done, and some call about this card failed."""


class Progress(Protocol):
    """Hears how a reading of several cards goes on; its methods are called from any thread."""

    def tell(self, message: Message) -> None:
        """A sentence about the run as a whole."""

    def begin(self, places: Sequence[str]) -> None:
        """Cards in these places, readers' names mostly, are walked now."""

    def name(self, number: int, card: CardObservation) -> None:
        """The card in the place of that index, from 0, is read: it says who it is."""

    def step(self, number: int, step: Step) -> None:
        """The card in the place of that index, from 0, has come to this step."""

    def end(self) -> None:
        """That was the last one."""

    def hold(self) -> AbstractContextManager[None]:
        """While it is entered a person is asked something: show nothing."""


class Operator(Protocol):
    """The person at the keyboard."""

    def confirms(self, card: str, failed_at: datetime) -> bool:
        """Whether the PIN may be tried once more on a card on which it failed before."""

    def confirms_once_more(self, card: str) -> bool:
        """Whether the PIN may be tried once more on a card that accepted it in this run, and was
        taken out before it was read to the end.
        """

    def type_on_pad(self, card: str, reader: str | None) -> None:
        """Tell the person to type the PIN on that reader's pad, now."""


class Password:
    """The password of a software certificate; as a PIN, it does not show itself."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The characters, for the one call that needs them."""
        return self._text

    def __repr__(self) -> str:
        return "Password(****)"

    def __reduce__(self) -> str:
        raise TypeError("a password is not pickled")


class PasswordSource(Protocol):
    """Gives the passwords to try on a file."""

    def passwords(self, file: str) -> Iterator[Password]:
        """One after the other, until one opens the file; may raise `BadInput`."""


class PinSource(Protocol):
    """Gives the PIN at the moment it is needed: asked at most once per run."""

    def pin(self) -> Pin:
        """The PIN; may raise `BadInput` when it cannot be had."""
