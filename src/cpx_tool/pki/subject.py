"""The name that a certificate is requested for: refused here rather than by the portal."""

from __future__ import annotations

from cpx_tool.errors import BadInput
from cpx_tool.model.message import msg
from cpx_tool.model.request import Subject
from cpx_tool.pki.insi_name import NAMES, differences, meant
from cpx_tool.pki.organisation import structure_flaw

_LONGEST = {"CN": 64, "O": 64, "OU": 64, "ST": 128}
"""X.520, upper bounds (RFC 5280, appendix A)."""


def check_subject(subject: Subject, *, any_name: bool) -> None:
    """Raises `BadInput` for a name that no ORG certificate can have.

    With `any_name`, the CN may be another one than INSi's two.
    """
    parts = {
        "CN": subject.common_name,
        "ST": subject.department,
        "O": subject.organisation,
        "OU": subject.structure,
    }
    for kind, value in parts.items():
        if value is not None:
            _check_text(kind, value)
    if not any_name and subject.common_name not in NAMES:
        raise _other_name(subject.common_name)
    flaw = structure_flaw(subject.structure) if subject.structure is not None else None
    if flaw is not None:
        raise BadInput(
            msg("The structure cannot be that: {flaw}", flaw=flaw),
            msg("Copy the identifier from the portal, or from the test card of the structure."),
        )


def _check_text(kind: str, value: str) -> None:
    if not value or value != value.strip() or not value.isprintable():
        raise BadInput(
            msg(
                "{kind} is empty, or holds blanks at an end or signs that do not print.", kind=kind
            ),
            msg("Type it again."),
        )
    # the library counts a CN in bytes, which is more where there are accents
    size = len(value.encode()) if kind == "CN" else len(value)
    if size > _LONGEST[kind]:
        raise BadInput(
            msg(
                "{kind} is too long: {count} characters, {limit} are allowed.",
                kind=kind,
                count=size,
                limit=_LONGEST[kind],
            ),
            msg("Shorten it."),
        )


def _other_name(name: str) -> BadInput:
    wanted = meant(name)
    hint = msg(
        "INSi wants exactly INSI-AUTO or INSI-MANU, and answers DESIR_560 to any other name. "
        "For another use: --any-cn."
    )
    if wanted is None:
        return BadInput(msg("“{name}” is neither INSI-AUTO nor INSI-MANU.", name=name), hint)
    flaws = differences(name, wanted)
    return BadInput(
        msg("“{name}” is not {wanted}: {flaws}.", name=name, wanted=wanted, flaws=flaws), hint
    )
