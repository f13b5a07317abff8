"""Card × use: what one card is good for. Pure: what was observed, and what documents say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cpx_tool.catalogue.sets import fits
from cpx_tool.catalogue.uses import states, uses
from cpx_tool.judge.facts import Missing
from cpx_tool.judge.matching import Placement
from cpx_tool.model.cardset import PRODUCTS_OF, ExpectedCard, Product
from cpx_tool.model.eligibility import Cause, Eligibility, Entitlement, Key, UseRule
from cpx_tool.model.finding import Finding, Outcome, Place
from cpx_tool.model.identity import Identity
from cpx_tool.model.message import Message, msg
from cpx_tool.model.observation import PinRecord, PinRefusal, PinResult
from cpx_tool.pki.proof import Proof

YES, NO, NOT_KNOWN = Entitlement

_LOSING = (
    ("CERT-REVOKED", Cause.REVOKED),
    ("CERT-CHAIN", Cause.BROKEN_CHAIN),
    ("CERT-NOT-EXPIRED", Cause.EXPIRED),
    ("CERT-STARTED", Cause.NOT_YET_VALID),
)
"""Failed checks that leave a card good for nothing; the first one is the reason given."""

_CHECKS = {
    Key.AUTHENTICATION: ("CERT-USAGE-AUTH", "SIGN-AUTH"),
    Key.SIGNATURE: ("CERT-USAGE-SIGN", "SIGN-SIGN"),
}
"""What is asked of each key: its certificate's use, and a signature."""


@dataclass(frozen=True, slots=True)
class _Found:
    """An answer with its cause and reason; `check` is the check that saw it."""

    answer: Entitlement
    cause: Cause
    reason: Message
    check: str | None = None
    hint: Message | None = None


def eligibility(facts: Mapping[str, Any], findings: Iterable[Finding]) -> tuple[Eligibility, ...]:
    """One answer for each use, in the order of the catalogue.

    `facts` are `card_facts`, `findings` those of the card's checks. A state of the card that
    takes it from every use comes first; then the document's word on its product; then its key;
    then its PIN. A PIN that is locked takes nothing away: the answer names it as what to do first.
    """
    by_check = {finding.check: finding for finding in findings}
    lost = _lost(facts, by_check)
    return tuple(_cell(rule, lost or _answer(rule, facts, by_check)) for rule in uses())


def possible_products(identity: Identity, placement: Placement) -> tuple[Product, ...]:
    """What the card may have been ordered as: by its type code, and by the set where that counts.

    The set's word counts for a card that has its place for certain, and of every role that it may
    have: the set is complete, or the role is pinned to this very card. One that is not as the set
    states the role may be anything its type code allows.
    """
    allowed = PRODUCTS_OF.get(int(identity.card_type.code), ()) if identity.card_type else ()
    if placement.place is not Place.EXPECTED or placement.expected is None or placement.contested:
        return allowed
    roles = placement.interchangeable or (placement.expected,)
    stated = [role for role in roles if not placement.partial or role.card_number is not None]
    if len(stated) < len(roles):
        return allowed
    found = {product for role in roles for product in _ordered_as(role, identity, allowed)}
    return tuple(product for product in Product if product in found)


def _ordered_as(
    role: ExpectedCard, identity: Identity, allowed: tuple[Product, ...]
) -> tuple[Product, ...]:
    if role.product is None or role.product not in allowed or not fits(role, identity):
        return allowed
    return (role.product,)


def _cell(rule: UseRule, found: _Found) -> Eligibility:
    source = states().get(found.cause, rule.source)
    return Eligibility(
        use=rule.use,
        answer=found.answer,
        cause=found.cause,
        reason=found.reason,
        source=replace(source, check=found.check) if found.check else source,
        hint=found.hint,
    )


def _lost(facts: Mapping[str, Any], findings: Mapping[str, Finding]) -> _Found | None:
    """Why the card is good for nothing, or for nothing that is known."""
    proof, identity = facts["proof"], facts["identity"]
    if isinstance(proof, Missing):
        return _Found(NOT_KNOWN, Cause.NOT_RECOGNISED, proof.reason)
    if proof.proof is Proof.PRODUCTION:
        reason = msg("A production card is not for tests. {reason}", reason=proof.reason)
        return _Found(NO, Cause.PRODUCTION, reason)
    if isinstance(identity, Missing):
        return _Found(NOT_KNOWN, Cause.NOT_RECOGNISED, identity.reason)
    for check, cause in _LOSING:
        finding = findings.get(check)
        if finding is not None and finding.outcome is Outcome.FAILED:
            return _Found(NO, cause, finding.message)
    if proof.proof is not Proof.PROVEN:
        reason = msg("Nothing proves that it is a test card. {reason}", reason=proof.reason)
        return _Found(NOT_KNOWN, Cause.NOT_PROVEN, reason)
    return None


def _answer(rule: UseRule, facts: Mapping[str, Any], findings: Mapping[str, Finding]) -> _Found:
    """What holds for a card that nothing takes out of use."""
    if rule.key is not None and not rule.products_decide:
        found = _by_certificate(rule.key, findings)
    else:
        found = _by_product(rule, facts["identity"], facts["placement"])
    if found.answer is YES and rule.key is not None:
        found = _trouble(rule.key, facts, findings) or found
    if found.answer is YES and rule.pin and _pin_is_locked(facts["pin"]):
        found = _after_unblocking(found)
    return found


def _by_product(rule: UseRule, identity: Identity, placement: Placement) -> _Found:
    products = possible_products(identity, placement)
    if not products:
        reason = msg("Its certificates name no type of card that is known.")
        return _Found(NOT_KNOWN, Cause.TYPE_NOT_KNOWN, reason)
    nominative = identity.holder.nominative
    answers = {p: _says(rule, p, nominative=nominative) for p in products}
    called = tuple(_called(rule, product, nominative=nominative) for product in products)
    if len(set(answers.values())) > 1:
        return _undecided(tuple(zip(called, answers.values(), strict=True)))
    return _agreed(answers[products[0]], called)


def _says(rule: UseRule, product: Product, *, nominative: bool) -> Entitlement:
    """The document's word on one product."""
    if product in rule.nominative and not nominative:
        return rule.anonymous
    return YES if product in rule.named else NOT_KNOWN


def _agreed(answer: Entitlement, products: tuple[Message | str, ...]) -> _Found:
    if answer is YES:
        reason = msg("Named for this by the ANS's ordering guide: {products}.", products=products)
        return _Found(YES, Cause.NAMED, reason)
    if answer is NO:
        reason = msg(
            "The ANS's ordering guide asks for a card that names a person; this one names nobody."
        )
        return _Found(NO, Cause.ANONYMOUS, reason)
    reason = msg("Not named for this by the ANS's ordering guide: {products}.", products=products)
    return _Found(NOT_KNOWN, Cause.NOT_NAMED, reason)


def _undecided(answers: tuple[tuple[Message | str, Entitlement], ...]) -> _Found:
    reason = msg(
        "What it was ordered as decides, and its certificates do not tell: {answers}.",
        answers=tuple(_told(product, answer) for product, answer in answers),
    )
    hint = msg("Pin it in a set file of your own, with card_number and product (--set FILE.toml).")
    return _Found(NOT_KNOWN, Cause.PRODUCT_NOT_KNOWN, reason, hint=hint)


def _told(product: Message | str, answer: Entitlement) -> Message:
    if answer is YES:
        return msg("{product} yes", product=product)
    if answer is NO:
        return msg("{product} no", product=product)
    return msg("{product} not named", product=product)


def _called(rule: UseRule, product: Product, *, nominative: bool) -> Message | str:
    """The product, with what the document asks of it, where it says anything of it."""
    if product not in rule.nominative or (nominative and product not in rule.named):
        return product.value
    if nominative:
        return msg("nominative {product}", product=product.value)
    return msg("anonymous {product}", product=product.value)


def _trouble(key: Key, facts: Mapping[str, Any], findings: Mapping[str, Finding]) -> _Found | None:
    """Why the card cannot use the key, as far as that was seen; None where nothing was."""
    usage, signed = (findings[check] for check in _CHECKS[key])
    if usage.outcome is not Outcome.PASSED:
        reason = _certificate_says(key, usage.message)
        return _of_key(Cause.WRONG_CERTIFICATE, usage, reason)
    keys, key_id = facts["keys"], facts[f"{key.value}_id"]
    if isinstance(keys, tuple) and key_id not in {each.id for each in keys}:
        reason = _key_says(key, msg("The private key is not on the card."))
        return _Found(NO, Cause.KEY_ABSENT, reason)
    if signed.outcome is Outcome.FAILED:
        return _of_key(Cause.SIGNATURE_FAILED, signed, _key_says(key, signed.message))
    if signed.outcome is Outcome.ERROR:
        return _of_key(Cause.NOT_VERIFIED, signed, _key_says(key, signed.message))
    return None


def _of_key(cause: Cause, finding: Finding, reason: Message) -> _Found:
    answer = NOT_KNOWN if finding.outcome is Outcome.ERROR else NO
    return _Found(answer, cause, reason, finding.check, finding.hint)


def _certificate_says(key: Key, reason: Message) -> Message:
    if key is Key.AUTHENTICATION:
        return msg("Authentication certificate: {reason}", reason=reason)
    return msg("Signature certificate: {reason}", reason=reason)


def _key_says(key: Key, reason: Message) -> Message:
    if key is Key.AUTHENTICATION:
        return msg("Authentication key: {reason}", reason=reason)
    return msg("Signature key: {reason}", reason=reason)


def _by_certificate(key: Key, findings: Mapping[str, Finding]) -> _Found:
    """What the key did here; one that was not tried has its certificate to speak for it."""
    usage, signed = (findings[check] for check in _CHECKS[key])
    if signed.outcome is Outcome.PASSED:
        reason = msg("Verified here: the key signed, and its certificate is made for this.")
        return _Found(YES, Cause.VERIFIED, reason, signed.check)
    reason = msg("The certificate is made for this; the key was not tried here.")
    return _Found(YES, Cause.NOT_TRIED, reason, usage.check)


def _pin_is_locked(pin: PinRecord | Missing) -> bool:
    if isinstance(pin, Missing):
        return False
    return pin.result is PinResult.LOCKED or pin.refusal is PinRefusal.LOCKED


def _after_unblocking(found: _Found) -> _Found:
    """Still a yes: what a card may do does not depend on its PIN count."""
    return replace(
        found,
        cause=Cause.PIN_LOCKED,
        reason=msg("{reason} The middleware says that its PIN is locked.", reason=found.reason),
        hint=msg("Unblock the PIN first, with CPS Gestion and the unblock code."),
    )
