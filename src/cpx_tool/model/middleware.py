"""The PKCS#11 modules of a workstation as they were found there: facts, no judgement."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cpx_tool.model.fault import Fault
from cpx_tool.model.token import ModuleInfo


class System(StrEnum):
    """The operating systems whose places of modules are known."""

    LINUX = "linux"
    MACOS = "macos"
    WINDOWS = "windows"


class Family(StrEnum):
    """Whose module it is."""

    CRYPTOLIB = "cryptolib-cps"
    """The ANS's Cryptolib CPS 5.x."""
    CPS2TER = "cps2ter"
    """What was there before it."""
    OPENSC = "opensc"
    P11_KIT = "p11-kit-proxy"
    SOFTHSM = "softhsm"


class AtOnce(StrEnum):
    """Whether several processes may use a module at the same time, each for a reader."""

    YES = "yes"
    NO = "no"
    NOT_KNOWN = "not-known"


class Origin(StrEnum):
    """Who named a module. The order is the one in which they are asked."""

    OPTION = "option"
    ENVIRONMENT = "environment"
    CONFIG = "config"
    KNOWN_PLACE = "known-place"
    MOZILLA = "mozilla"
    REGISTRY = "registry"


NAMED = (Origin.OPTION, Origin.ENVIRONMENT, Origin.CONFIG)
"""What a person named is never replaced by another module."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """Where a module was named: the option, the variable, the file, the registry key; "" for a
    known place.
    """

    origin: Origin
    where: str = ""


class FileProblem(StrEnum):
    """Why a file cannot be loaded as a module here. Stable codes."""

    MISSING = "missing"
    UNREADABLE = "unreadable"
    """`detail` is the system's reason: "EACCES"."""
    DIRECTORY = "directory"
    NOT_REGULAR = "not-regular"
    NOT_A_LIBRARY = "not-a-library"
    OTHER_SYSTEM = "other-system"
    """A library, but of another operating system: `detail` is the format ("PE")."""
    OTHER_MACHINE = "other-machine"
    """`detail` is what it is built for: "32-bit i686"."""
    OTHER_LIBC = "other-libc"
    """`detail` is the C library it needs ("musl")."""
    DAMAGED = "damaged"
    """Its head is that of a library, but what it needs cannot be read."""
    LIBRARIES_MISSING = "libraries-missing"
    """`names` are the libraries that it needs and the loader does not find."""
    NOT_UTF8 = "not-utf8"


@dataclass(frozen=True, slots=True)
class FileFault:
    """What is wrong with the file of a module."""

    problem: FileProblem
    detail: str = ""
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InstalledModule:
    """A module that was found or named. `family` is told by CK_INFO where there is one, by the
    file's name otherwise; None where neither is known.
    """

    path: str
    declared: tuple[Declaration, ...]
    family: Family | None = None
    problem: FileFault | None = None
    needs: tuple[str, ...] = ()
    """Names of the libraries it is linked to (ELF)."""
    product: str | None = None
    """The version of the product, where the system tells it (Windows registry)."""
    info: ModuleInfo | None = None
    """None where it was not loaded, or could not be."""
    fault: Fault | None = None
    """Why loading it failed."""
    slots: int | None = None

    @property
    def usable(self) -> bool:
        """It was loaded, or nothing that is known keeps it from being loaded."""
        return self.info is not None or (self.problem is None and self.fault is None)

    @property
    def named(self) -> bool:
        """A person named it."""
        return any(declaration.origin in NAMED for declaration in self.declared)


@dataclass(frozen=True, slots=True)
class Traces:
    """A place that switches the Cryptolib's traces on or off: a file, or a registry key.

    `active` is None where it could not be read, for the reason `problem` ("EACCES").
    """

    where: str
    active: bool | None
    level: int | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class CardCache:
    """The Cryptolib's cache of card contents. Serials are those of its tokens, as in the names
    of its files; `protected` are those of which contents lie there that need the PIN on the card.

    `open_to_all`: files there can be read by every user; None where the system's permissions are
    not looked at (Windows).
    """

    directory: str
    writable: bool
    open_to_all: bool | None
    serials: tuple[str, ...] = ()
    protected: tuple[str, ...] = ()
    problem: str = ""
    """Why it could not be listed: "EACCES"."""


@dataclass(frozen=True, slots=True)
class Middleware:
    """All modules found, in the order in which they would be taken; `chosen` is the path of the
    one in use, None where none is.
    """

    system: System
    machine: str
    """What a module must be built for: "64-bit x86_64"."""
    modules: tuple[InstalledModule, ...] = ()
    chosen: str | None = None
    traces: tuple[Traces, ...] = ()
    cache: CardCache | None = None

    @property
    def chosen_module(self) -> InstalledModule | None:
        """The module in use."""
        return next((module for module in self.modules if module.path == self.chosen), None)
