"""What the certificates of a card say of it as a whole: which one it is, and whether it is a TEST
card.
"""

from __future__ import annotations

from collections.abc import Sequence

from cpx_tool.model.certificate import Certificate
from cpx_tool.model.observation import CardObservation
from cpx_tool.model.token import CertificateObject, DataObject, seal
from cpx_tool.pki.certificate import BadCertificate, read_certificate
from cpx_tool.pki.proof import Proof, prove_card


def prove(certificates: Sequence[CertificateObject], data: Sequence[DataObject]) -> Proof:
    """Whether the card is proven a TEST card; an unreadable certificate proves nothing."""
    read: list[Certificate | None] = []
    for item in certificates:
        try:
            read.append(read_certificate(item.der))
        except BadCertificate:
            read.append(None)
    return prove_card(read, data).proof


def card_key(card: CardObservation) -> str:
    """What tells this card from another, in one run and over runs: the ten digits printed on it,
    as its certificates carry them.

    Without one it is the certificates themselves: label and serial may differ between slots.
    """
    for item in card.certificates:
        try:
            number = read_certificate(item.der).card_number
        except BadCertificate:
            continue
        if number:
            return number.rpartition("/")[2]
    return " ".join(seal("", "", [item.der for item in card.certificates]).certificates)
