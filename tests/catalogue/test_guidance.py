"""Every check and every code has its text, and no text is left over."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from urllib.parse import urlsplit

import pkcs11.exceptions
import pytest

from cpx_tool.adapters import pkcs11 as adapter
from cpx_tool.catalogue import guidance
from cpx_tool.catalogue.guidance import GUIDANCE, OTHER_FAULT
from cpx_tool.errors import ExitCode
from cpx_tool.judge.checks import CHECKS
from cpx_tool.judge.tls_causes import Cause
from cpx_tool.model import fault
from cpx_tool.model.fault import FaultKind
from cpx_tool.model.fleet import Reason, Repetition
from cpx_tool.model.guidance import Guidance, Kind
from cpx_tool.model.observation import PinRefusal

ROOT = Path(__file__).parents[2]


def _faults() -> set[str]:
    """Our own codes, and all that the binding can tell of a module."""
    ours = {v for name, v in vars(fault).items() if name.isupper() and isinstance(v, str)}
    binding = [v for v in vars(pkcs11.exceptions).values() if inspect.isclass(v)]
    told = {adapter.ckr_name(kind()) for kind in binding if issubclass(kind, Exception)}
    in_words = set(adapter._ONLY_IN_WORDS.values())
    kinds = {kind.value for kind in FaultKind} - {FaultKind.ERROR.value}
    return ours | told | in_words | kinds | set(fault.CARD_GONE) | {OTHER_FAULT}


EXPECTED = {
    Kind.CHECK: {check.id for check in CHECKS},
    Kind.PIN_REFUSAL: {refusal.value for refusal in PinRefusal},
    Kind.MODULE_FAULT: _faults(),
    Kind.TLS_CAUSE: {cause.value for cause in Cause},
    Kind.MERGING: {each.value for each in (*Reason, *Repetition)},
    Kind.EXIT_CODE: {f"exit-{code.value}" for code in ExitCode},
}


@pytest.mark.parametrize("kind", Kind)
def test_every_id_of_the_program_has_one_text_and_no_text_is_left_over(kind: Kind) -> None:
    told = [name for text in GUIDANCE if text.kind is kind for name in text.meanings]
    assert len(told) == len(set(told))
    assert set(told) == EXPECTED[kind]


@pytest.mark.parametrize("text", GUIDANCE, ids=lambda text: next(iter(text.meanings)))
def test_a_text_says_what_why_the_causes_the_remedy_and_its_sources(text: Guidance) -> None:
    assert text.meanings
    assert text.causes
    assert text.sources
    assert text.kind is Kind.CHECK or text.remedy is not None
    spoken = (*text.meanings.values(), text.why, *text.causes, *filter(None, [text.remedy]))
    for message in spoken:
        assert message.text[-1] in ".…"
        assert not message.params
        assert "{" not in message.text
    assert len(spoken) - len(text.meanings) + 1 <= 8


@pytest.mark.parametrize("text", GUIDANCE, ids=lambda text: next(iter(text.meanings)))
def test_links_are_whole_and_pages_are_there(text: Guidance) -> None:
    """An address in a text or a source is https with a host; of our files, a page of docs/."""
    spoken = (*text.meanings.values(), text.why, *text.causes, *filter(None, [text.remedy]))
    for words in (*text.sources, *(message.text for message in spoken)):
        for link in re.findall(r"\S+://\S+", words):
            address = urlsplit(link.rstrip(".,;:)"))
            assert address.scheme == "https", link
            assert re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", address.netloc), link
    for source in text.sources:
        if re.fullmatch(r"(docs|src|tests|udev|scripts)/\S+", source):
            assert source.startswith("docs/"), source
            assert (ROOT / source).is_file(), source


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("card-test", ["CARD-TEST"]),
        ("  CKR_pin_incorrect ", ["CKR_PIN_INCORRECT"]),
        ("4", ["exit-4"]),
        ("EXIT-4", ["exit-4"]),
        ("SIGSEGV", ["crash"]),
        ("signed", ["signed"]),
        ("CKR 0x80000064", [OTHER_FAULT]),
        ("0x80000064", [OTHER_FAULT]),
        ("20 s", ["hang"]),
        ("300 MiB", ["excess"]),
        ("not-asked", ["not-asked", "not-asked"]),
        ("", []),
        ("77", []),
        ("CARD", []),
    ],
)
def test_an_id_is_found_however_it_is_written(written: str, found: list[str]) -> None:
    assert [name for name, _ in guidance.find(written)] == found


@pytest.mark.parametrize(
    ("written", "near"),
    [("CARD-TST", "CARD-TEST"), ("ckr_pin_incorect", "CKR_PIN_INCORRECT"), ("zzzz", None)],
)
def test_a_mistyped_id_finds_its_neighbour(written: str, near: str | None) -> None:
    assert guidance.nearest_ids(written)[:1] == ((near,) if near else ())
