"""The workstation: system, readers, module, the other middleware; and the PIN ledger's summary."""

from __future__ import annotations

from dataclasses import dataclass

from cpx_tool.catalogue.middleware import known
from cpx_tool.catalogue.middleware_words import declaration_words
from cpx_tool.catalogue.readers import STATES, pcsc_answer
from cpx_tool.model.message import Message, msg
from cpx_tool.model.middleware import InstalledModule, Middleware
from cpx_tool.model.observation import ModuleObservation, Observation
from cpx_tool.model.reader import Reader
from cpx_tool.report.words import KINDS, Say


@dataclass(frozen=True, slots=True)
class ReaderView:
    """One reader as PC/SC shows it."""

    name: str
    state: str
    kind: str
    atr: str


@dataclass(frozen=True, slots=True)
class ModuleView:
    """A PKCS#11 module that is installed or was named."""

    path: str
    name: str
    version: str
    declared: str
    used: bool


@dataclass(frozen=True, slots=True)
class StationView:
    """Where this was observed."""

    facts: tuple[tuple[str, str], ...]
    trouble: str
    """Why PC/SC shows no card, "" where it does."""
    readers: list[ReaderView]
    modules: list[ModuleView]
    packages: tuple[str, ...]


def station_view(seen: Observation, say: Say) -> StationView:
    """All that is known of the workstation, whatever the run was about."""
    answer = pcsc_answer(seen.pcsc)
    return StationView(
        facts=_facts(seen, say),
        trouble=say(answer[0]) if answer else "",
        readers=[reader_view(reader, say) for reader in seen.pcsc.readers],
        modules=module_views(seen.middleware, say),
        packages=seen.workstation.packages,
    )


def _facts(seen: Observation, say: Say) -> tuple[tuple[str, str], ...]:
    station = seen.workstation
    told: tuple[tuple[Message, str], ...] = (
        (msg("Host"), station.host),
        (msg("System"), station.system),
        (msg("Session"), station.session),
        (msg("Python version"), station.python),
        (msg("PC/SC library"), station.pcsc_lite),
        *module_facts(seen.module, say),
    )
    return tuple((say(name), value) for name, value in told if value)


def module_facts(module: ModuleObservation | None, say: Say) -> tuple[tuple[Message, str], ...]:
    """The module that was used; "" for what is not known."""
    if module is None:
        return ((msg("PKCS#11 module"), say(msg("none"))),)
    info, fault = module.info, module.fault
    return (
        (msg("PKCS#11 module"), f"{info.manufacturer} {info.description}".strip() if info else ""),
        (msg("Version of the module"), info.version if info else ""),
        (msg("File of the module"), module.path),
        (msg("Fault of the module"), f"{fault.call} {fault.code}".strip() if fault else ""),
    )


def reader_view(reader: Reader, say: Say) -> ReaderView:
    """A reader in words."""
    kind = say(KINDS[reader.kind]) if reader.kind else ""
    return ReaderView(reader.name, say(STATES[reader.state]), kind, reader.atr)


def module_views(found: Middleware | None, say: Say) -> list[ModuleView]:
    """The modules that were found; none where nobody looked."""
    return [_module(module, found, say) for module in found.modules] if found else []


def _module(module: InstalledModule, found: Middleware, say: Say) -> ModuleView:
    family = known(module.family) if module.family else None
    version = module.info.version if module.info else ""
    return ModuleView(
        path=module.path,
        name=family.name if family else say(msg("unknown family")),
        version=module.product or version,
        declared=say(msg("{places}", places=tuple(map(declaration_words, module.declared)))),
        used=module.path == found.chosen,
    )
