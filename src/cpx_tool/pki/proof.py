"""The rule that PIN safety rests on: is this card proven to be a TEST card?

A card of a person who works with it locks after three wrong PINs, so the published test PIN
may only go to a card that every certificate on it says to be a test card:

- *At least one certificate, and all of them readable.* What cannot be read may say otherwise; of
  the parts of a certificate, only extensions that say neither test nor production may be broken.
- *Each carries the category 80, "Carte de PS ou de Personnel de Santé de TEST"* (TRE_G01,
  DICO-FR v02.18; private extension 1.2.250.1.71.1.2.5, seen on every test card). 00, 02 and
  03 are production. 82 and 83 are test products but no cards: such a certificate has no
  place on a card.
- *A second sign agrees.* Either the issuer's full name is that of a test PKI, as its CAs'
  certificates give it, or the policy is the test one, 1.2.250.1.213.1.7.2.1.1.1.1, which stands
  on every IGC-Santé TEST certificate seen. (1.2.250.1.71.3.7.9.*, seen on IGC-CPS 2ter test
  cards, proves nothing by itself: whether real cards carry it is not known.) The category is
  one byte: a PKI that nobody knows gets no PIN on its word alone.
- *Nothing contradicts.* A production issuer, a production policy (1.2.250.1.213.1.7.1.*, seen
  on production certificates), a production category, be it in CPS_ID_CARD only, make the card
  a production card whatever else it says. Another policy of the ANS's arcs, or certificates
  that name different cards (a stale cache of the middleware, say), leave it unproven.

What does not count: the issuer's signature (the FORT test CAs are not published, and a forged
certificate could only mislead about the card that carries it), names, expiry, the ATR, the
token's label. A CPS_ID_CARD that cannot be read is no contradiction, as its format is not
published; nor is one that says "test" a proof.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from cpx_tool.model.certificate import Certificate
from cpx_tool.model.identity import Category, Pki
from cpx_tool.model.message import Message, msg
from cpx_tool.model.token import DataObject
from cpx_tool.pki.card_objects import read_id_card
from cpx_tool.pki.extensions import CATEGORY, POLICIES
from cpx_tool.pki.identity import category_of, issuing_pki

_TEST_PKIS = (Pki.IGC_SANTE_TEST, Pki.IGC_SANTE_RECETTE, Pki.IGC_CPS_TEST, Pki.EMULATED)
_PRODUCTION_PKIS = (Pki.IGC_SANTE, Pki.IGC_CPS)

_TEST_POLICIES = ("1.2.250.1.213.1.7.2.1.1.1.1",)
_CPS2TER_POLICIES = ("1.2.250.1.71.3.7.9",)
_PRODUCTION_POLICIES = ("1.2.250.1.213.1.7.1",)
_ANS_POLICIES = ("1.2.250.1.213.1.7", "1.2.250.1.71.3.7")

_DECIDING_EXTENSIONS = frozenset({f"extension {CATEGORY}", f"extension {POLICIES}"})
_PRODUCTION_CATEGORIES = (0x00, 0x02, 0x03)


class Proof(StrEnum):
    """What the certificates of a card prove."""

    PROVEN = "proven"
    """A test card."""
    PRODUCTION = "production"
    """A card of a real person, or one that says so somewhere."""
    NOT_PROVEN = "not-proven"
    """Neither: handle it as a production card."""


@dataclass(frozen=True, slots=True)
class TestProof:
    """The proof with its reason, a sentence."""

    proof: Proof
    reason: Message


def proves_test_card(
    certificates: Sequence[Certificate | None], id_card: bytes | None = None
) -> TestProof:
    """Whether a card is proven to be a TEST card; the rule stands at the head of this module.

    `certificates` are all those on the card, "Certificat Technique CPS" included, with None
    for each one that cannot be read; `id_card` is the value of CPS_ID_CARD.
    """
    read = [certificate for certificate in certificates if certificate is not None]
    production = _production_mark(read, id_card)
    if production is not None:
        return TestProof(Proof.PRODUCTION, production)
    doubt = _doubt(certificates)
    if doubt is not None:
        return TestProof(Proof.NOT_PROVEN, doubt)
    return TestProof(
        Proof.PROVEN,
        msg("Every certificate on the card says that it is a test card, and nothing contradicts."),
    )


def prove_card(certificates: Sequence[Certificate | None], data: Sequence[DataObject]) -> TestProof:
    """`proves_test_card` of a card as it was read: its certificates and its data objects."""
    id_card = next((item.value for item in data if item.label == "CPS_ID_CARD"), None)
    return proves_test_card(certificates, id_card)


def prove_software(certificate: Certificate) -> TestProof:
    """Whether a software certificate is proven to be a TEST one: as a card's, with category 83."""
    production = _production_mark([certificate], None)
    if production is not None:
        return TestProof(Proof.PRODUCTION, production)
    doubt = _doubt_of_software(certificate) or _doubt_of_origin(certificate)
    if doubt is not None:
        return TestProof(Proof.NOT_PROVEN, doubt)
    return TestProof(Proof.PROVEN, msg("Category: test software"))


def _doubt_of_software(certificate: Certificate) -> Message | None:
    if certificate.category is None:
        return msg("The certificate does not say whether it is a test one (no category).")
    if category_of(certificate) is not Category.TEST_SOFTWARE:
        return msg(
            "The certificate carries the category {category}, which is not that of test "
            "software (83).",
            category=f"{certificate.category:02X}",
        )
    return None


def _production_mark(read: Sequence[Certificate], id_card: bytes | None) -> Message | None:
    for certificate in read:
        if category_of(certificate).is_production:
            return msg(
                "A certificate carries a production category ({category}).",
                category=f"{certificate.category:02X}",
            )
        if issuing_pki(certificate) in _PRODUCTION_PKIS:
            return msg(
                "A certificate was issued by a production PKI ({issuer}).",
                issuer=certificate.issuer_value("CN") or "",
            )
        for policy in certificate.policies:
            if _under(policy, _PRODUCTION_POLICIES):
                return msg("A certificate carries a production policy ({policy}).", policy=policy)
    card = read_id_card(id_card) if id_card else None
    if card is not None and card.category in _PRODUCTION_CATEGORIES:
        return msg(
            "The card's own description (CPS_ID_CARD) carries a production category ({category}).",
            category=f"{card.category:02X}",
        )
    return None


def _doubt(certificates: Sequence[Certificate | None]) -> Message | None:
    if not certificates:
        return msg("There is no certificate on the card.")
    for certificate in certificates:
        reason = _doubt_of(certificate)
        if reason is not None:
            return reason
    numbers = {c.card_number for c in certificates if c is not None and c.card_number is not None}
    if len(numbers) > 1:
        return msg(
            "The certificates name different cards: {numbers}.", numbers=tuple(sorted(numbers))
        )
    return None


def _doubt_of(certificate: Certificate | None) -> Message | None:
    if certificate is None:
        return msg("A certificate on the card cannot be read.")
    unreadable = sorted(filter(_decides, certificate.problems))
    if unreadable:
        return msg(
            "A certificate is damaged, or cannot be read where it decides ({parts}).",
            parts=tuple(unreadable),
        )
    if certificate.category is None:
        return msg("A certificate does not say whether the card is a test card (no category).")
    if category_of(certificate) is not Category.TEST_CARD:
        return msg(
            "A certificate carries the category {category}, which is not a test card's (80).",
            category=f"{certificate.category:02X}",
        )
    return _doubt_of_origin(certificate)


def _decides(problem: str) -> bool:
    """Every problem does, but those of extensions that say neither."""
    return not problem.startswith("extension ") or problem in _DECIDING_EXTENSIONS


def _doubt_of_origin(certificate: Certificate) -> Message | None:
    pki = issuing_pki(certificate)
    known = _TEST_POLICIES + (_CPS2TER_POLICIES if pki is Pki.IGC_CPS_TEST else ())
    for policy in certificate.policies:
        if not _under(policy, known) and _under(policy, _ANS_POLICIES):
            return msg("A certificate carries the unknown policy {policy}.", policy=policy)
    if pki in _TEST_PKIS or any(_under(p, _TEST_POLICIES) for p in certificate.policies):
        return None
    return msg(
        "A certificate comes from an unknown issuer ({issuer}) and carries no test policy.",
        issuer=certificate.issuer_value("CN") or "",
    )


def _under(oid: str, arcs: Sequence[str]) -> bool:
    return any(oid == arc or oid.startswith(f"{arc}.") for arc in arcs)
