"""PIN, private keys and signatures. The card is not believed: signatures are verified here."""

from __future__ import annotations

from dataclasses import replace

from cpx_tool.judge import opensc
from cpx_tool.judge.check import Answer, check, failed, passed, skipped
from cpx_tool.judge.words import fault_message
from cpx_tool.model.certificate import Certificate
from cpx_tool.model.finding import Outcome, Severity
from cpx_tool.model.message import Message, msg
from cpx_tool.model.observation import PinRecord, PinRefusal, PinResult, SignatureTry
from cpx_tool.model.token import (
    FORBIDDING_FLAGS,
    DataObject,
    PrivateKey,
    TokenFlag,
    TokenInfo,
)
from cpx_tool.pki.card_objects import FREE_OBJECTS
from cpx_tool.pki.proof import Proof, TestProof
from cpx_tool.pki.signature import verify_rsa

PSS = "CKM_SHA256_RSA_PKCS_PSS"

_REPORT = msg(
    "This should never happen: save the observation (--save-observation FILE) and report it."
)
_PSS_BROKEN = msg(
    "The token announces RSA-PSS but does not deliver it: TLS 1.3 client authentication fails "
    "with this card, so servers must offer TLS 1.2. Settle SIGN-AUTH first, if that failed too."
)
_UNBLOCK = msg(
    "Take the card out, put it in and repeat: a middleware may say so of a card that another "
    "program is logged in to. If it persists, unblock it with the middleware's own tool (CPS "
    "Gestion) and the unblock code."
)
_AFTER_WRONG = msg(
    "A wrong PIN was tried before. Make sure of the PIN, log in once with CPS Gestion (this "
    "clears the count), then repeat. Emulated cards: write them again (cpx-tool emulate), or "
    "start them again (cpx-tool virtual-cards)."
)

REFUSALS: dict[PinRefusal, tuple[Message, Message]] = {
    PinRefusal.NOT_PROVEN_TEST: (
        msg("PIN not tried: the certificates do not prove that this is a test card."),
        msg("Settle what is named here: only a card proven to be a test card gets a PIN."),
    ),
    PinRefusal.PRODUCTION: (
        msg("PIN not tried: this is a real (production) card."),
        msg("Take this card out at once."),
    ),
    PinRefusal.LOCKED: (
        msg("PIN not tried: the middleware says that the PIN of this card is locked."),
        _UNBLOCK,
    ),
    PinRefusal.FINAL_TRY: (
        msg("PIN not tried: only one try is left before the card locks."),
        _AFTER_WRONG,
    ),
    PinRefusal.COUNT_LOW: (
        msg("PIN not tried: a wrong PIN was already entered on this card."),
        _AFTER_WRONG,
    ),
    PinRefusal.TO_BE_CHANGED: (
        msg("PIN not tried: the card asks for its PIN to be changed first."),
        msg("Change the PIN with CPS Gestion, then repeat."),
    ),
    PinRefusal.NO_PIN_ON_CARD: (
        msg("PIN not tried: the card shows no PIN (a contactless reading has none)."),
        msg("Put the card into a contact reader."),
    ),
    PinRefusal.PROTECTED_PATH: (
        msg("PIN not tried: this reader wants the PIN typed on its own pad, and nobody is there."),
        msg("Run it at a terminal, without --non-interactive, or use a reader without a PIN pad."),
    ),
    PinRefusal.CONTACTLESS: (
        msg("PIN not tried: the card is read without contacts, where it has no PIN."),
        msg("Put the card into a contact reader."),
    ),
    PinRefusal.PIN_LENGTH: (
        msg("PIN not tried: it is shorter or longer than this card allows."),
        msg("Check the PIN (CPX_PIN or the prompt); no card has seen it."),
    ),
    PinRefusal.EARLIER_RUN: (
        msg(
            "PIN not tried: a try on this card in an earlier run did not succeed, or its end is "
            "not known."
        ),
        msg(
            "Make sure of this card's PIN. Then run check-set at a terminal, which asks you, or "
            "say so with cpx-tool pin-ledger --forget NUMBER (emulated cards: with --emulated DIR)."
        ),
    ),
    PinRefusal.LEDGER_UNAVAILABLE: (
        msg("PIN not tried: the ledger of earlier tries cannot be read or written."),
        msg("Look at the file that cpx-tool pin-ledger names, or set CPX_STATE_DIR."),
    ),
    PinRefusal.ALREADY_TRIED: (
        msg("PIN not tried: it was already tried on this card in this run."),
        msg("Leave each card in one reader only."),
    ),
    PinRefusal.REFUSED_ELSEWHERE: (
        msg("PIN not tried: another card of this run refused the PIN you gave."),
        msg("Check the PIN (CPX_PIN or the prompt); the published test PIN is the default."),
    ),
    PinRefusal.STATE_UNKNOWN: (
        msg("PIN not tried: the card's PIN state could not be read just before."),
        msg("Put the card in again and repeat."),
    ),
    PinRefusal.NOT_REACHED: (
        msg("PIN not tried: the run was interrupted, or the card's time was up, before that."),
        msg("Run it again; a slow reader may need a longer --card-timeout."),
    ),
    PinRefusal.UNATTENDED: (
        msg("PIN not tried: this run is unattended, and nobody asked for a login."),
        msg("Add --login where the cards of this workstation may be tried without a person."),
    ),
    PinRefusal.NOT_ASKED: (
        msg("PIN not tried: the cards were only to be read."),
        msg("Leave out --no-login; commands that only read cards log in nowhere."),
    ),
}
"""Each refusal in words, with its remedy."""


@check(
    "PIN-ALLOWED",
    msg("PIN safety allows a login"),
    msg(
        "Each refusal says what to do. A locked PIN is unblocked with CPS Gestion and the unblock "
        "code."
    ),
)
def pin_allowed(pin: PinRecord, proof: TestProof) -> Answer:
    """The gate's decision, and whether what was observed bears it out.

    A locked PIN is a defect, any other refusal a precaution.
    """
    if (pin.result is PinResult.REFUSED) is (pin.refusal is None):
        return Answer(
            Outcome.ERROR,
            msg("The record of the PIN contradicts itself: {result}.", result=pin.result.value),
            msg("Observe the card again; this observation was altered or damaged."),
        )
    if pin.refusal is not None:
        return _refused(pin, pin.refusal, proof)
    if proof.proof is not Proof.PROVEN:
        return failed(msg("A PIN was tried without proof. {reason}", reason=proof.reason), _REPORT)
    bad = tuple(flag for flag in pin.flags if flag in FORBIDDING_FLAGS)
    if (TokenFlag.PROTECTED_PATH in pin.flags) is not pin.pad:
        bad = (*bad, TokenFlag.PROTECTED_PATH)
    if bad:
        return failed(msg("A PIN was tried although the token said: {flags}.", flags=bad), _REPORT)
    return passed(msg("The card is proven to be a test card, and has all its tries left."))


def _refused(pin: PinRecord, refusal: PinRefusal, proof: TestProof) -> Answer:
    reason, hint = REFUSALS[refusal]
    if pin.earlier is not None and refusal is PinRefusal.EARLIER_RUN:
        reason = msg("{refusal} That was on {date}.", refusal=reason, date=pin.earlier)
    if pin.fault is not None and refusal is PinRefusal.LEDGER_UNAVAILABLE:
        reason = msg("{refusal} ({code})", refusal=reason, code=pin.fault.code)
    if refusal is PinRefusal.LOCKED:
        return failed(reason, hint)
    unproven = refusal in (PinRefusal.NOT_PROVEN_TEST, PinRefusal.PRODUCTION)
    if unproven and proof.proof is not Proof.PROVEN:
        reason = msg("{refusal} {reason}", refusal=reason, reason=proof.reason)
    return Answer(Outcome.SKIPPED, reason, hint, blocked_by_pin=True)


@check(
    "PIN-ACCEPTED",
    msg("The card accepts the PIN"),
    msg(
        "One try is used up. Find out this card's PIN before you repeat: the tool will not try "
        "again until a good login has cleared the count."
    ),
)
def pin_accepted(attempt: PinRecord) -> Answer:
    """The one attempt of this run."""
    if attempt.result is PinResult.ACCEPTED:
        return passed(msg("Accepted at the first and only try."))
    if attempt.result is PinResult.WRONG:
        return failed(msg("The card refused the PIN."))
    if attempt.result is PinResult.ALREADY_LOGGED_IN:
        return Answer(
            Outcome.ERROR,
            msg("The module says that a user is logged in already: the PIN was not looked at."),
            msg("Close the other programs that use the card, put it in again, and repeat."),
        )
    if attempt.result is PinResult.LOCKED:
        return failed(msg("The middleware says that the PIN of this card is locked."), _UNBLOCK)
    reason = fault_message(attempt.fault) if attempt.fault else msg("The login failed.")
    return Answer(Outcome.ERROR, reason, msg("Put the card in again and repeat."))


@check(
    "KEY-PRESENT",
    msg("Each certificate has its private key on the card"),
    msg(
        "Empty the middleware's cache (cpx-tool list-modules names its folder) and read the card "
        "again; if a key is still missing, have the card replaced by the ANS."
    ),
)
def keys_present(keys: tuple[PrivateKey, ...], authentication_id: str, signature_id: str) -> Answer:
    """A private key with the certificate's CKA_ID (PKCS#11 v2.40, 4.6.3)."""
    ids = {key.id for key in keys}
    wanted = ((authentication_id, msg("authentication")), (signature_id, msg("signature")))
    lost = tuple(name for key_id, name in wanted if key_id not in ids)
    if lost:
        return failed(msg("No private key for: {names}.", names=lost))
    return passed(msg("Both keys are there."))


@check(
    "KEY-MATCHES",
    msg("Private key and certificate belong together"),
    msg(
        "Empty the middleware's cache (cpx-tool list-modules names its folder) and read the card "
        "again; if key and certificate still differ, have the card replaced by the ANS."
    ),
)
def keys_match(
    keys: tuple[PrivateKey, ...],
    authentication: Certificate,
    authentication_id: str,
    signature: Certificate,
    signature_id: str,
) -> Answer:
    """CKA_MODULUS, where shown, is the certificate's. The signature checks prove the rest."""
    by_id = {key.id: key for key in keys}
    pairs = (
        (by_id.get(authentication_id), authentication, msg("authentication")),
        (by_id.get(signature_id), signature, msg("signature")),
    )
    if any(key is None for key, _, _ in pairs):
        return skipped(msg("A private key is missing."))
    wrong = tuple(
        name for key, cert, name in pairs if key and key.modulus and key.modulus != cert.modulus
    )
    if wrong:
        return failed(msg("The key is not the one of the certificate: {names}.", names=wrong))
    return passed(msg("Key and certificate have the same modulus."))


@check(
    "SIGN-AUTH",
    msg("The authentication key signs, and its certificate verifies it"),
    msg("Repeat once; then have the card replaced. If all cards fail, suspect the middleware."),
)
def authentication_signs(
    signed_by_authentication: SignatureTry, authentication: Certificate
) -> Answer:
    """A fresh challenge, RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, 8.2)."""
    return _verified(signed_by_authentication, authentication)


@check(
    "SIGN-SIGN",
    msg("The signature key signs, and its certificate verifies it"),
    msg(
        "Repeat once; then have the card replaced. With OpenSC on OpenSSL 3 this key cannot "
        "sign at all: use the Cryptolib CPS."
    ),
)
def signature_signs(signed_by_signature: SignatureTry, signature: Certificate) -> Answer:
    """A fresh challenge, RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, 8.2).

    Where OpenSC has no code for this key, what the card can do is not seen.
    """
    fault = signed_by_signature.fault
    if fault and opensc.lacks_code(fault):
        return Answer(Outcome.ERROR, opensc.no_code(fault), opensc.USE_CRYPTOLIB)
    return _verified(signed_by_signature, signature)


@check(
    "SIGN-PSS",
    msg("The authentication key signs with RSA-PSS"),
    msg(
        "A card that signs PKCS#1 v1.5 only (CPS3) cannot do TLS 1.3 client authentication: "
        "servers must offer TLS 1.2."
    ),
    severity=Severity.WARNING,
)
def authentication_signs_pss(
    token: TokenInfo, signed_with_pss: SignatureTry | None, authentication: Certificate
) -> Answer:
    """TLS 1.3 allows no PKCS#1 v1.5 in CertificateVerify (RFC 8446, 4.2.3)."""
    if PSS not in token.mechanisms:
        return failed(msg("The token does not announce RSA-PSS."))
    if signed_with_pss is None:
        return skipped(msg("No signature was made with this key."))
    answer = _verified(signed_with_pss, authentication)
    return replace(answer, hint=_PSS_BROKEN) if answer.outcome is Outcome.FAILED else answer


@check(
    "CARD-DATA",
    msg("The free data objects of the card can be read"),
    msg("Software that reads the holder from these objects will fail; try the Cryptolib CPS."),
    severity=Severity.WARNING,
)
def data_readable(data: tuple[DataObject, ...]) -> Answer:
    """CPS_ID_CARD, CPS_NAME_PS, CPS_INFO_PS (ANS, Cryptolib CPS external specification)."""
    readable = {item.label for item in data if item.value}
    lost = tuple(name for name in FREE_OBJECTS if name not in readable)
    if lost:
        return failed(msg("Not readable: {names}.", names=lost))
    return passed(msg("All were read."))


def _verified(tried: SignatureTry, certificate: Certificate) -> Answer:
    if tried.fault is not None:
        return failed(fault_message(tried.fault))
    try:
        good = verify_rsa(
            certificate.public_key,
            tried.mechanism,
            tried.challenge,
            tried.signature,
            tried.hash,
        )
    except ValueError:
        return Answer(
            Outcome.ERROR,
            msg(
                "This tool cannot verify a signature made with {mechanism}.",
                mechanism=tried.mechanism,
            ),
            msg("Observe the card again with this version of the tool."),
        )
    if good:
        return passed(msg("Verified ({mechanism})", mechanism=tried.mechanism))
    return failed(msg("The signature ({mechanism}) does not verify.", mechanism=tried.mechanism))
