"""The certificates of one card: there, readable, of one holder, for their use, valid."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from cpx_tool.judge.check import Answer, check, failed, passed
from cpx_tool.judge.facts import Certificates
from cpx_tool.judge.words import usage_words
from cpx_tool.model.certificate import Certificate
from cpx_tool.model.finding import Severity
from cpx_tool.model.message import Message, msg, nmsg
from cpx_tool.model.token import AUTHENTICATION_LABEL, SIGNATURE_LABEL
from cpx_tool.pki.dossier import TECHNICAL_LABEL
from cpx_tool.pki.extensions import CLIENT_AUTH

_OTHER_SIDE = msg(
    "The card is read without contacts, where it shows its technical certificate alone: put it "
    "into a contact reader."
)


@check(
    "CERT-PRESENT",
    msg("The authentication and the signature certificate are on the card"),
    msg(
        "Empty the middleware's cache (cpx-tool list-modules names its folder) and read the card "
        "again; if a certificate is still missing, have the card replaced by the ANS."
    ),
)
def certificates_present(certificates: Certificates) -> Answer:
    """One of each, by their labels (ANS, Cryptolib CPS external specification)."""
    labels = [c.object.label for c in certificates]
    lost = tuple(
        wanted for wanted in (AUTHENTICATION_LABEL, SIGNATURE_LABEL) if wanted not in labels
    )
    if lost:
        hint = _OTHER_SIDE if TECHNICAL_LABEL in labels else None
        return failed(msg("Not on the card: {labels}.", labels=lost), hint)
    return passed(nmsg("{count} certificate", "{count} certificates", len(labels)))


@check(
    "CERT-READABLE",
    msg("Every certificate can be read"),
    msg(
        "The certificate on the card is damaged, or the middleware's cache is: empty the cache, "
        "read again, and have the card replaced by the ANS if it persists."
    ),
)
def certificates_readable(certificates: Certificates) -> Answer:
    """Each certificate is an X.509 certificate, and each part of it was understood."""
    for item in certificates:
        if item.problem is not None:
            return failed(_broken(item.object.label, item.object.error, item.problem))
        if item.certificate is not None and item.certificate.problems:
            parts = item.certificate.problems
            return failed(
                msg("{label}: damaged or unreadable: {parts}", label=item.object.label, parts=parts)
            )
    if not certificates:
        return failed(msg("The card shows no certificate."))
    return passed(msg("All were read."))


@check(
    "CERT-AGREE",
    msg("The certificates of the card name the same holder and card"),
    msg(
        "Empty the middleware's cache (cpx-tool list-modules names its folder) and read the card "
        "again; if its certificates still disagree, have the card replaced by the ANS."
    ),
)
def certificates_agree(authentication: Certificate, signature: Certificate) -> Answer:
    """Same subject, card number, type, category and profession in both."""
    pairs = (
        (msg("subject"), authentication.subject, signature.subject),
        (msg("card number"), authentication.card_number, signature.card_number),
        (msg("card type"), authentication.card_type, signature.card_type),
        (msg("category"), authentication.category, signature.category),
        (msg("profession"), authentication.profession, signature.profession),
    )
    different = tuple(name for name, one, other in pairs if one != other)
    if different:
        return failed(msg("The certificates differ in: {fields}.", fields=different))
    return passed(msg("Both agree."))


@check(
    "CERT-USAGE-AUTH",
    msg("The authentication certificate is made for authentication"),
    msg(
        "If both usage checks fail, the two certificates are exchanged: have the card replaced "
        "by the ANS; software that selects by label will use the wrong key."
    ),
)
def usage_authentication(authentication: Certificate) -> Answer:
    """Key usage digitalSignature without nonRepudiation (RFC 5280, 4.2.1.3); EKU clientAuth."""
    usage = set(authentication.key_usage)
    if "digitalSignature" in usage and "nonRepudiation" not in usage and _client(authentication):
        return passed(usage_words(authentication))
    return failed(msg("Made for another use. {usage}", usage=usage_words(authentication)))


@check(
    "CERT-USAGE-SIGN",
    msg("The signature certificate is made for signature"),
    msg(
        "If both usage checks fail, the two certificates are exchanged: have the card replaced "
        "by the ANS; servers answer “not a valid signature certificate”."
    ),
)
def usage_signature(signature: Certificate) -> Answer:
    """Key usage nonRepudiation (RFC 5280, 4.2.1.3), alone or not; no clientAuth."""
    if "nonRepudiation" in signature.key_usage and not _client(signature):
        return passed(usage_words(signature))
    return failed(msg("Made for another use. {usage}", usage=usage_words(signature)))


@check(
    "CERT-STARTED",
    msg("The certificates are already valid"),
    msg("Check this workstation's date. If it is right, wait until that day or use another card."),
)
def validity_started(certificates: Certificates, observed_at: datetime) -> Answer:
    """notBefore is not in the future (RFC 5280, 4.1.2.5)."""
    starts = _dates(c.not_before for c in _read(certificates))
    if not starts:
        return failed(msg("No validity date could be read."))
    latest = max(starts)
    if latest > observed_at:
        return failed(msg("Valid only from {date}.", date=latest))
    return passed(msg("Valid since {date}", date=latest))


@check(
    "CERT-NOT-EXPIRED",
    msg("The certificates have not expired"),
    msg("Order the set again (form 414, part 3): test cards live three years."),
)
def validity_not_over(certificates: Certificates, observed_at: datetime) -> Answer:
    """notAfter is not in the past (RFC 5280, 4.1.2.5)."""
    ends = _dates(c.not_after for c in _read(certificates))
    if not ends:
        return failed(msg("No validity date could be read."))
    earliest = min(ends)
    if earliest < observed_at:
        return failed(msg("Expired on {date}.", date=earliest))
    return passed(msg("Valid until {date}", date=earliest))


@check(
    "CERT-EXPIRY",
    msg("The certificates stay valid long enough"),
    msg("Order the next set now (form 414, part 3), so that it arrives in time."),
    severity=Severity.WARNING,
)
def validity_left(
    certificates: Certificates, observed_at: datetime, warning_period: timedelta
) -> Answer | None:
    """More is left than the warning period."""
    ends = _dates(c.not_after for c in _read(certificates))
    if not ends or min(ends) < observed_at:
        return None  # CERT-NOT-EXPIRED says it
    days = (min(ends) - observed_at).days
    left = nmsg("{count} day left", "{count} days left", days)
    return failed(left) if min(ends) - observed_at < warning_period else passed(left)


def _read(certificates: Certificates) -> Iterator[Certificate]:
    return (item.certificate for item in certificates if item.certificate is not None)


def _dates(found: Iterable[datetime | None]) -> list[datetime]:
    """Those that could be read: CERT-READABLE says it of the others."""
    return [date for date in found if date is not None]


def _broken(label: str, error: str, problem: Message) -> Message:
    if error:
        return msg("{label}: the module gave no value ({error}).", label=label, error=error)
    return msg("{label}: {problem}", label=label, problem=problem)


def _client(certificate: Certificate) -> bool:
    return CLIENT_AUTH in certificate.extended_key_usage
