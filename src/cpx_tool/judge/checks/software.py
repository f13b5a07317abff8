"""One software certificate: the file, its certificate, its name, its use, its validity."""

from __future__ import annotations

from datetime import datetime, timedelta

from cpx_tool.judge.check import Answer, Scope, check, failed, passed, skipped
from cpx_tool.judge.software_reading import ReadFile
from cpx_tool.judge.trust_answers import (
    anchor_answer,
    chain_answer,
    crl_answer,
    issuer_answer,
    revoked_answer,
)
from cpx_tool.judge.words import usage_words
from cpx_tool.model.certificate import Certificate
from cpx_tool.model.finding import Severity
from cpx_tool.model.identity import Identity, ProductKind
from cpx_tool.model.message import Message, msg, nmsg
from cpx_tool.model.software import (
    Purpose,
    SoftwareContents,
    SoftwareFile,
    Usage,
)
from cpx_tool.model.software_key import SoftwareKey
from cpx_tool.model.trust import ChainResult, Revocation
from cpx_tool.pki.insi_name import NAMES, differences, meant
from cpx_tool.pki.organisation import same_key, usage_in_name
from cpx_tool.pki.proof import Proof, prove_software

_REQUEST_AGAIN = msg(
    "Request another one on the IGC-Santé's portal, offer ORG, with a test card that is "
    "entitled to it."
)
_NEITHER = msg("neither INSI-AUTO nor INSI-MANU")


_NO_DATE = msg("No validity date could be read.")


@check(
    "P12-OPENS",
    msg("The file is a PKCS#12 and opens with the password"),
    msg("Give the .p12 that was withdrawn from the portal, and the password chosen there."),
    scope=Scope.FILE,
)
def file_opens(observed: SoftwareFile) -> Answer:
    """PKCS#12 (RFC 7292), protected by a password, within the bounds of `pki.pfx`."""
    if observed.problem is not None:
        return failed(observed.problem, observed.hint)
    return passed(msg("Opened."))


@check(
    "P12-PROTECTED",
    msg("A password protects the private key"),
    msg("Whoever has the file has the key: export it again with a password, delete this one."),
    severity=Severity.WARNING,
    scope=Scope.FILE,
)
def key_protected(contents: SoftwareContents) -> Answer | None:
    """The private key is encrypted, and the password is not the empty one."""
    if not contents.keys:
        return None
    if not contents.protected:
        return failed(msg("The private key can be had without a password."))
    return passed(msg("The private key is encrypted."))


@check(
    "P12-CONTENTS",
    msg("It holds one certificate with its private key"),
    msg("Withdraw it from the portal again, in the browser that made its key and its request."),
    scope=Scope.FILE,
)
def contents_complete(contents: SoftwareContents, read: ReadFile) -> Answer:
    """One private key and one certificate that is no CA's; those of CAs come along."""
    if not contents.certificates:
        return failed(msg("It holds no certificate."))
    if not contents.keys:
        return failed(msg("It holds no private key, only certificates."))
    if contents.keys > 1:
        return failed(nmsg("It holds {count} key.", "It holds {count} keys.", contents.keys))
    if len(read.own) > 1:
        names = tuple(_name(h.certificate) for h in read.own)
        return failed(msg("It holds several certificates: {names}.", names=names))
    count = len(read.authorities)
    return passed(
        nmsg(
            "Certificate and key, with {count} certificate of a CA",
            "Certificate and key, with {count} certificates of CAs",
            count,
        )
    )


@check(
    "P12-READABLE",
    msg("The certificate can be read"),
    msg("The file is damaged, or the certificate is no usual one. Withdraw it again."),
    scope=Scope.FILE,
)
def certificate_readable(read: ReadFile) -> Answer:
    """It is an X.509 certificate, and each part of it was understood."""
    if read.leaf is None:
        return skipped(msg("The file holds no certificate of its own."))
    if read.leaf.problem is not None:
        return failed(read.leaf.problem)
    if read.certificate is not None and read.certificate.problems:
        return failed(msg("Unreadable parts: {parts}.", parts=read.certificate.problems))
    return passed(msg("It was read."))


@check(
    "P12-KEY",
    msg("Private key and certificate belong together"),
    msg(
        "A certificate without its key is of no use. Look for the file with the key that the "
        "request was made with, or request the certificate again."
    ),
    scope=Scope.FILE,
)
def key_matches(key: SoftwareKey, certificate: Certificate) -> Answer:
    """The public half of the private key is the certificate's public key."""
    if not same_key(key.public_key, certificate.public_key):
        return failed(msg("The private key is not the one of the certificate."))
    return passed(msg("They belong together."))


@check(
    "P12-ORGANISATION",
    msg("It is an organisation's software certificate"),
    _REQUEST_AGAIN,
    scope=Scope.FILE,
)
def is_organisation(identity: Identity) -> Answer:
    """Category software (TRE_G01), no person's name or profession: so on all test ORG seen."""
    holder = identity.holder
    if identity.kind is ProductKind.ORGANISATION:
        return passed(msg("{name}", name=holder.organisation or "—"))
    if identity.kind is ProductKind.PERSON_SOFTWARE:
        return failed(
            msg(
                "It is a person's certificate ({holder}), not an organisation's: such ones are "
                "refused where an ORG is asked for.",
                holder=holder.display,
            )
        )
    if identity.kind is ProductKind.AUTHORITY:
        return failed(msg("It is the certificate of a CA: {name}.", name=holder.display))
    if identity.kind is ProductKind.CARD:
        return failed(msg("It is the certificate of a card: {holder}.", holder=holder.display))
    return failed(msg("Nothing in it says that it is a software certificate of the IGC-Santé."))


@check(
    "P12-TEST",
    msg("It is a TEST certificate"),
    msg(
        "It is a real one: keep file and password as such, use them for no test, and give "
        "neither to anybody."
    ),
    scope=Scope.FILE,
)
def is_test(certificate: Certificate) -> Answer:
    """Category 83 (TRE_G01), a test PKI or the test policy, and nothing of production."""
    proof = prove_software(certificate)
    if proof.proof is Proof.PROVEN:
        return passed(proof.reason)
    if proof.proof is Proof.PRODUCTION:
        return failed(proof.reason)
    return failed(proof.reason, msg("Find out where this file comes from before it is used."))


@check(
    "P12-NAME",
    msg("The name (CN) is exactly INSI-AUTO or INSI-MANU"),
    msg(
        "The téléservice answers DESIR_560 to any other name. A name cannot be changed: request "
        "the certificate again, with that very name as “service applicatif”. For another use "
        "than INSi: --for any."
    ),
    scope=Scope.FILE,
)
def name_exact(common_name: str | None, purpose: Purpose) -> Answer | None:
    """Capitals and a hyphen-minus (README of padoa/tlsi-ins; ANS's ordering guide, step 3)."""
    if purpose is not Purpose.INSI:
        return None
    if common_name is None:
        return failed(msg("It has no name (CN)."))
    if common_name in NAMES:
        return passed(msg("{name}", name=common_name))
    wanted = meant(common_name)
    if wanted is None:
        return failed(msg("The name is “{name}”: {flaws}.", name=common_name, flaws=_NEITHER))
    return failed(
        msg(
            "The name is “{name}” instead of {wanted}: {flaws}.",
            name=common_name,
            wanted=wanted,
            flaws=differences(common_name, wanted),
        )
    )


@check(
    "P12-STRUCTURE",
    msg("It names a structure by its national identifier"),
    msg("Request it again for a structure of your test cards: one FINESS is enough."),
    scope=Scope.FILE,
)
def structure_named(organisation: Identity) -> Answer:
    """OU is a Struct_IdNat: a digit of TRE_G07 and the number; so on all ORG seen."""
    structure = organisation.holder.structure
    if structure is None:
        return failed(msg("No unit (OU) of its name is a Struct_IdNat."))
    return passed(msg("{kind} {value}", kind=structure.kind, value=structure.value))


@check(
    "P12-STRUCTURE-KEY",
    msg("The structure's identifier has a valid key"),
    msg("Real software refuses such an identifier; request the certificate for another one."),
    severity=Severity.WARNING,
    scope=Scope.FILE,
)
def structure_key(organisation: Identity) -> Answer | None:
    """The last digit of a SIRET is a Luhn key. For a FINESS, none is documented."""
    structure = organisation.holder.structure
    if structure is None or structure.key_valid is None:
        return None
    found = msg("{kind} {value}", kind=structure.kind, value=structure.value)
    return passed(found) if structure.key_valid else failed(found)


@check(
    "P12-USAGE",
    msg("It is made for client authentication (AUTH_CLI)"),
    msg("INSi needs AUTH_CLI: request another one with that usage."),
    scope=Scope.FILE,
)
def usage_fits(certificate: Certificate, usage: Usage | None, purpose: Purpose) -> Answer | None:
    """Key usage and extended key usage as on the test certificates seen; CONF was not seen."""
    if purpose is not Purpose.INSI:
        return None
    shown = usage_words(certificate)
    if usage is None:
        return skipped(
            msg("Not known, neither AUTH_CLI nor SIGN. {usage}", usage=shown),
            msg(
                "Look up on the portal which usage was requested. What a CONF certificate looks "
                "like is not published."
            ),
        )
    if usage is Usage.AUTH_CLI:
        return passed(msg("{name}. {usage}", name=usage.value, usage=shown))
    return failed(msg("It is made for {name}. {usage}", name=usage.value, usage=shown))


@check(
    "P12-FILE-NAME",
    msg("The file's name says the usage that the certificate has"),
    msg("Trust the certificate, and rename the file: its name misleads."),
    severity=Severity.WARNING,
    scope=Scope.FILE,
)
def file_name_agrees(observed: SoftwareFile, usage: Usage | None) -> Answer | None:
    """The portal's names: asip-p12-EL-TEST-ORG-AUTH_CLI-YYYYMMDD-hhmmss.p12, -SIGN-, -CONF-."""
    named = usage_in_name(observed.file)
    if named is None:
        return None
    if usage is None:
        return skipped(msg("The usage of the certificate is not known."))
    found = msg("Name: {named}; certificate: {usage}", named=named.value, usage=usage.value)
    return passed(found) if named is usage else failed(found)


@check(
    "P12-STARTED",
    msg("The certificate is already valid"),
    msg("Check this workstation's date. If it is right, wait until that day."),
    scope=Scope.FILE,
)
def validity_started(certificate: Certificate, judged_at: datetime) -> Answer:
    """notBefore is not in the future (RFC 5280, 4.1.2.5)."""
    if certificate.not_before is None:
        return failed(_NO_DATE)
    if certificate.not_before > judged_at:
        return failed(msg("Valid only from {date}.", date=certificate.not_before))
    return passed(msg("Valid since {date}", date=certificate.not_before))


@check(
    "P12-NOT-EXPIRED",
    msg("The certificate has not expired"),
    msg("Request a new one on the IGC-Santé's portal: test certificates live three years."),
    scope=Scope.FILE,
)
def validity_not_over(certificate: Certificate, judged_at: datetime) -> Answer:
    """notAfter is not in the past (RFC 5280, 4.1.2.5)."""
    if certificate.not_after is None:
        return failed(_NO_DATE)
    if certificate.not_after < judged_at:
        return failed(msg("Expired on {date}.", date=certificate.not_after))
    return passed(msg("Valid until {date}", date=certificate.not_after))


@check(
    "P12-EXPIRY",
    msg("The certificate stays valid long enough"),
    msg("Request the next one now, while a test card still opens the portal."),
    severity=Severity.WARNING,
    scope=Scope.FILE,
)
def validity_left(
    certificate: Certificate, judged_at: datetime, warning_period: timedelta
) -> Answer | None:
    """More is left than the warning period."""
    if certificate.not_after is None or certificate.not_after < judged_at:
        return None  # P12-NOT-EXPIRED says it
    left = certificate.not_after - judged_at
    told = nmsg("{count} day left", "{count} days left", left.days)
    return failed(told) if left < warning_period else passed(told)


@check(
    "P12-ISSUER",
    msg("The certificates of the issuers are at hand"),
    msg("cpx-tool trust where shows where to download them; cpx-tool trust import keeps them."),
    severity=Severity.WARNING,
    scope=Scope.FILE,
)
def issuers_at_hand(chain: ChainResult) -> Answer | None:
    """In your store, in --ca-dir, or in the file itself."""
    return issuer_answer(chain)


@check(
    "P12-CHAIN",
    msg("The chain of issuers holds"),
    msg(
        "It does not come from the PKI that it names, or an issuer's certificate at hand is "
        "wrong: download the issuers again (cpx-tool trust where), then ask where the file is from."
    ),
    scope=Scope.FILE,
)
def chain_holds(chain: ChainResult) -> Answer | None:
    """Every signature up to the anchor (RFC 5280, 6.1)."""
    return chain_answer(chain)


@check(
    "P12-ANCHOR",
    msg("The chain ends at a CA that is known"),
    msg(
        "Compare its fingerprint (cpx-tool trust list) with what the ANS publishes; to take the "
        "acceptance back, delete its file in the directory shown there."
    ),
    severity=Severity.WARNING,
    scope=Scope.FILE,
)
def anchor_known(chain: ChainResult) -> Answer | None:
    """Known by its SHA-256 fingerprint, or accepted by the user, which every report says."""
    return anchor_answer(chain)


@check(
    "P12-CRL",
    msg("A CRL of the issuer, or an OCSP answer, that counts now is at hand"),
    msg("Download the CRL again, then: cpx-tool trust import FILE."),
    severity=Severity.WARNING,
    scope=Scope.FILE,
)
def crl_at_hand(chain: ChainResult, revocation: Revocation) -> Answer | None:
    """In force at the moment that is judged for (RFC 5280, 5.1.2.5)."""
    return crl_answer(chain, revocation)


@check(
    "P12-REVOKED",
    msg("The certificate is not revoked"),
    msg("A revoked certificate never works again: request another one on the portal."),
    scope=Scope.FILE,
)
def not_revoked(revocation: Revocation) -> Answer | None:
    """As the CRLs and OCSP answers at hand say (RFC 5280, 6.3; RFC 6960)."""
    return revoked_answer(revocation)


def _name(certificate: Certificate | None) -> str | Message:
    name = certificate.subject_value("CN") if certificate else None
    return name or msg("one that is unreadable")
