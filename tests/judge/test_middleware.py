"""The middleware judged: versions, quirks, leftovers; and why a module does not see a card."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cpx_tool.i18n import say
from cpx_tool.judge.asking import ask
from cpx_tool.judge.check import Scope
from cpx_tool.judge.judge import judge
from cpx_tool.model.cardset import CardSet
from cpx_tool.model.finding import Finding, Outcome, Severity, Verdict
from cpx_tool.model.middleware import (
    CardCache,
    Declaration,
    Family,
    FileFault,
    FileProblem,
    InstalledModule,
    Middleware,
    Origin,
    System,
    Traces,
)
from cpx_tool.model.observation import ModuleObservation, Observation
from cpx_tool.model.reader import CardKind, Pcsc, PcscStatus, Reader, ReaderState
from cpx_tool.model.token import ModuleInfo

PASSED, FAILED, SKIPPED = Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED
KNOWN_PLACE = (Declaration(Origin.KNOWN_PLACE),)
WRONG_MACHINE = FileFault(FileProblem.OTHER_MACHINE, "32-bit i686")

LACKING = FileFault(FileProblem.LIBRARIES_MISSING, names=("libopensc.so.8",))


def info(description: str, version: str) -> ModuleInfo:
    return ModuleInfo("/m.so", "ANS", description, version)


CRYPTOLIB = InstalledModule(
    "/cps3.so", KNOWN_PLACE, Family.CRYPTOLIB, info=info("CPS3 PKCS#11 LINUX", "3.1"), slots=2
)
OPENSC = InstalledModule(
    "/opensc.so",
    KNOWN_PLACE,
    Family.OPENSC,
    needs=("libcrypto.so.3",),
    info=info("OpenSC smartcard framework", "0.23"),
)
OLD = InstalledModule("/old.dll", KNOWN_PLACE, Family.CPS2TER)
SOFTHSM = InstalledModule("/softhsm.so", KNOWN_PLACE, Family.SOFTHSM)
P11_KIT = InstalledModule("/p11.so", KNOWN_PLACE, Family.P11_KIT)
OTHER = InstalledModule("/other.so", KNOWN_PLACE)


def seen(*modules: InstalledModule, system: System = System.LINUX, **more: Any) -> Middleware:
    chosen = modules[0].path if modules else None
    return Middleware(system, "64-bit x86_64", modules, chosen, **more)


NO_READER = Pcsc(PcscStatus.NO_READER)


def readers(*kinds: CardKind | None) -> Pcsc:
    """A card of each kind in a reader of its own."""
    state = ReaderState.CARD_PRESENT
    return Pcsc(PcscStatus.OK, tuple(Reader(f"R {n}", state, "3B", k) for n, k in enumerate(kinds)))


def asked(middleware: Middleware, pcsc: Pcsc = NO_READER) -> dict[str, Finding]:
    """What is found without a card, as doctor asks it."""
    found = ask(Scope.RUN, {"middleware": middleware, "pcsc": pcsc}, "workstation")
    return {f.check: f for f in found if f.check.startswith("MODULE-")}


def test_what_needs_the_middleware_is_asked_without_a_card() -> None:
    found = asked(seen())
    assert all(f.severity is Severity.WARNING for f in found.values())
    assert set(found) == {
        "MODULE-VERSION",
        "MODULE-QUIRKS",
        "MODULE-FILES",
        "MODULE-COMPETING",
        "MODULE-TRACES",
        "MODULE-CACHE",
    }


def test_a_workstation_as_it_should_be() -> None:
    cache = CardCache("/cache", True, True, ("29000000",))
    found = asked(seen(CRYPTOLIB, SOFTHSM, traces=(Traces("/conf", False),), cache=cache))
    assert {f.outcome for c, f in found.items() if c != "MODULE-QUIRKS"} == {PASSED}
    assert found["MODULE-QUIRKS"].outcome is SKIPPED  # perhaps before 5.2.1: that is not known
    assert "product 5.2.2, or another product with the same module" in say(
        found["MODULE-VERSION"].message
    )
    assert "29000000" in say(found["MODULE-CACHE"].message)


def test_the_product_is_what_the_system_says_or_not_known() -> None:
    older = replace(CRYPTOLIB, info=info("CPS3 PKCS#11 LINUX", "3.0"))
    found = asked(seen(older))
    assert found["MODULE-VERSION"].outcome is SKIPPED
    assert "not known" in say(found["MODULE-VERSION"].message)
    assert found["MODULE-QUIRKS"].outcome is SKIPPED
    assert "CRYPTOLIB-NO-CPS4" in say(found["MODULE-QUIRKS"].message)
    told = replace(older, product="5.1.3")
    found = asked(seen(told, system=System.WINDOWS))
    assert found["MODULE-VERSION"].outcome is FAILED
    assert "5.1.3, older than 5.2" in say(found["MODULE-VERSION"].message)
    assert "cannot read CPS4" in say(found["MODULE-QUIRKS"].message)
    assert say(found["MODULE-QUIRKS"].hint or found["MODULE-QUIRKS"].title).count("newest") == 1


@pytest.mark.parametrize(
    ("modules", "check", "outcome", "words"),
    [
        ((), "MODULE-VERSION", SKIPPED, "no module"),
        ((OTHER,), "MODULE-VERSION", SKIPPED, "no family that is known"),
        ((OPENSC,), "MODULE-VERSION", PASSED, "OpenSC, module 0.23"),
        ((OPENSC,), "MODULE-QUIRKS", FAILED, "no support for: CPS4 cards, CPS3 cards read"),
        ((OPENSC,), "MODULE-QUIRKS", FAILED, "the signature key of CPS3 cards."),
        ((OTHER,), "MODULE-QUIRKS", PASSED, "None"),
        ((OLD,), "MODULE-QUIRKS", FAILED, "obsolete"),
        ((P11_KIT,), "MODULE-QUIRKS", FAILED, "all modules"),
        ((CRYPTOLIB, OPENSC), "MODULE-COMPETING", FAILED, "Cryptolib CPS, OpenSC"),
        ((CRYPTOLIB, CRYPTOLIB, P11_KIT), "MODULE-COMPETING", PASSED, "None"),
        ((CRYPTOLIB, OLD), "MODULE-COMPETING", FAILED, "/old.dll"),
        (
            (CRYPTOLIB, replace(OPENSC, problem=WRONG_MACHINE)),
            "MODULE-COMPETING",
            PASSED,
            "None",
        ),
        (
            (CRYPTOLIB, replace(OPENSC, info=None, problem=WRONG_MACHINE)),
            "MODULE-FILES",
            FAILED,
            "/opensc.so is built for another architecture (32-bit i686)",
        ),
        (
            (CRYPTOLIB, replace(CRYPTOLIB, path="/w32.dll", problem=WRONG_MACHINE)),
            "MODULE-FILES",
            PASSED,
            "2 modules",
        ),
        (
            (replace(OPENSC, info=None, problem=LACKING),),
            "MODULE-FILES",
            FAILED,
            "libopensc.so.8",
        ),
        ((replace(OPENSC, problem=LACKING),), "MODULE-FILES", PASSED, "1 module"),
    ],
)
def test_modules(
    modules: tuple[InstalledModule, ...], check: str, outcome: Outcome, words: str
) -> None:
    found = asked(seen(*modules))[check]
    assert found.outcome is outcome
    assert words in say(found.message)
    assert (found.hint is not None) is (outcome is FAILED)


def test_a_weakness_that_a_card_meets_stands_before_its_remedy() -> None:
    one = asked(seen(OPENSC), readers(CardKind.CPS4))["MODULE-QUIRKS"]
    assert say(one.message) == (
        "OpenSC knows no CPS4 card: its slot stays empty, or its token is not recognised."
    )
    assert say(one.hint or one.title).startswith("Use the Cryptolib CPS of the ANS, 5.2 or newer")
    both = (CardKind.CPS4, CardKind.CPS3_CONTACTLESS)
    two = asked(seen(OPENSC), readers(*both))["MODULE-QUIRKS"]
    assert "not recognised. Use the Cryptolib CPS" in say(two.message)
    assert "without contacts. Put the card into a contact reader" in say(two.message)
    assert "list-modules" in say(two.hint or two.title)


def test_readers_that_opensc_does_not_show_are_claimed_where_they_are_missing() -> None:
    four = replace(OPENSC, slots=4)
    shown = asked(seen(four), readers(*[None] * 5))["MODULE-QUIRKS"]
    assert say(shown.message).startswith("OpenSC shows the first four readers only")
    assert "max_virtual_slots" in say(shown.hint or shown.title)
    for middleware, pcsc in ((seen(four), readers(*[None] * 4)), (seen(OPENSC), NO_READER)):
        assert "four readers" not in say(asked(middleware, pcsc)["MODULE-QUIRKS"].message)


@pytest.mark.parametrize(
    ("traces", "outcome", "words"),
    [
        ((), SKIPPED, "No setting"),
        ((Traces("/conf", False),), PASSED, "off"),
        ((Traces("HKCU", False), Traces("HKLM", True, 10)), FAILED, "on in HKLM"),
        ((Traces("/conf", None, problem="EACCES"),), SKIPPED, "EACCES"),
    ],
)
def test_traces(traces: tuple[Traces, ...], outcome: Outcome, words: str) -> None:
    found = asked(seen(CRYPTOLIB, traces=traces))["MODULE-TRACES"]
    assert found.outcome is outcome
    assert words in say(found.message)


@pytest.mark.parametrize(
    ("cache", "outcome", "words"),
    [
        (None, SKIPPED, "no cache"),
        (CardCache("/c", True, True), PASSED, "empty"),
        (CardCache("/c", True, False, ("29000000",), ("29000000",)), PASSED, "29000000"),
        (CardCache("/c", True, None, ("29000000",), ("29000000",)), PASSED, "29000000"),
        (CardCache("/c", True, True, ("29", "31"), ("29",)), FAILED, "cards: 29."),
        (CardCache("/c", False, True, ("29",)), FAILED, "cannot be written"),
        (CardCache("/c", True, None, problem="EACCES"), SKIPPED, "EACCES"),
    ],
)
def test_the_cache(cache: CardCache | None, outcome: Outcome, words: str) -> None:
    found = asked(seen(CRYPTOLIB, cache=cache))["MODULE-CACHE"]
    assert found.outcome is outcome
    assert words in say(found.message)


def test_no_quirk_decides_a_verdict(good: Observation, card_set: CardSet) -> None:
    checklist = judge(replace(good, middleware=seen(OPENSC, OLD)), card_set)
    assert checklist.verdict is Verdict.PASSED
    failed = {f.check for f in checklist.findings if f.outcome is FAILED}
    assert {"MODULE-QUIRKS", "MODULE-COMPETING"} <= failed


# --- cards that the module does not see


def unseen(
    good: Observation, card_set: CardSet, module: ModuleInfo, *kinds: CardKind | None
) -> str:
    """The remedy of MODULE-SEES-CARDS."""
    readers = tuple(
        Reader(f"Unseen {number}", ReaderState.CARD_PRESENT, "3B00", kind)
        for number, kind in enumerate(kinds)
    )
    changed = replace(
        good,
        module=ModuleObservation(module.path, "option", info=module),
        pcsc=Pcsc(PcscStatus.OK, readers),
    )
    found = next(f for f in judge(changed, card_set).findings if f.check == "MODULE-SEES-CARDS")
    assert found.outcome is FAILED
    assert found.hint is not None
    return say(found.hint)


OF_OPENSC = ModuleInfo("/opensc-pkcs11.so", "OpenSC Project", "OpenSC smartcard framework", "0.23")
OF_CRYPTOLIB = ModuleInfo("/libcps3_pkcs11_lux.so", "ANS", "CPS3 PKCS#11 LINUX", "3.1")
OF_SOFTHSM = ModuleInfo("/libsofthsm2.so", "SoftHSM", "Implementation of PKCS11", "2.6")


@pytest.mark.parametrize(
    ("module", "kind", "words", "others"),
    [
        (OF_OPENSC, CardKind.CPS4, "OpenSC knows no CPS4", "four readers"),
        (OF_OPENSC, CardKind.CPS3_CONTACTLESS, "without contacts", "CPS4"),
        (OF_OPENSC, CardKind.CPS3, "put it in again", "CPS4"),
        (OF_CRYPTOLIB, CardKind.CPS4, "needs the Cryptolib CPS 5.2", "OpenSC"),
        (OF_CRYPTOLIB, CardKind.CPX_LIKE, "the whole ATR", "5.2"),
        (OF_CRYPTOLIB, CardKind.VITALE, "carte Vitale", "ATR"),
        (OF_CRYPTOLIB, CardKind.UNKNOWN, "no CPx card", "Vitale"),
        (OF_CRYPTOLIB, None, "put it in again", "Vitale"),
        (OF_SOFTHSM, CardKind.CPS3, "emulated cards only", "OpenSC"),
    ],
)
def test_the_remedy_is_about_this_card_and_this_module(
    good: Observation,
    card_set: CardSet,
    module: ModuleInfo,
    kind: CardKind | None,
    words: str,
    others: str,
) -> None:
    remedy = unseen(good, card_set, module, kind)
    assert words in remedy
    assert others not in remedy


def test_more_readers_than_opensc_shows(good: Observation, card_set: CardSet) -> None:
    remedy = unseen(good, card_set, OF_OPENSC, *[CardKind.CPS3] * 5)
    assert "first four readers" in remedy
    assert "{ max_virtual_slots = 64; slots_per_card = 1; }" in remedy


def test_different_cards_get_each_remedy_once(good: Observation, card_set: CardSet) -> None:
    kinds = (CardKind.CPS4, CardKind.VITALE, CardKind.CPS4)
    remedy = unseen(good, card_set, OF_CRYPTOLIB, *kinds)
    assert remedy.count("5.2") == 1
    assert remedy.count("Vitale") == 1


@pytest.mark.parametrize("state", [ReaderState.EMPTY, ReaderState.MUTE, ReaderState.UNAVAILABLE])
def test_a_token_where_pcsc_sees_no_card(
    good: Observation, card_set: CardSet, state: ReaderState
) -> None:
    first, *others = good.pcsc.readers
    pcsc = Pcsc(PcscStatus.OK, (Reader(first.name, state), *others))
    found = next(
        f
        for f in judge(replace(good, pcsc=pcsc), card_set).findings
        if f.check == "PCSC-SEES-CARDS"
    )
    assert found.outcome is FAILED
    assert first.name in say(found.message)
    assert "stale cache" in say(found.hint or found.title)


def test_emulated_cards_are_not_told_to_leave_module_out(
    good: Observation, card_set: CardSet
) -> None:
    readers = (Reader("Unseen", ReaderState.CARD_PRESENT, "3B00", CardKind.CPS3),)
    changed = replace(
        good,
        module=ModuleObservation(OF_SOFTHSM.path, "emulation", info=OF_SOFTHSM),
        pcsc=Pcsc(PcscStatus.OK, readers),
    )
    found = next(f for f in judge(changed, card_set).findings if f.check == "MODULE-SEES-CARDS")
    assert "--module" not in say(found.hint or found.title)
