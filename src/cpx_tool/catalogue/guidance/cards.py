"""The cards: what they are, their certificates, PIN, keys and data."""

from __future__ import annotations

from cpx_tool.model.guidance import Guidance, Kind
from cpx_tool.model.message import msg

GUIDANCE = (
    Guidance(
        Kind.CHECK,
        meanings={
            "CARD-READ": msg("No call about this card failed, crashed or hung."),
        },
        why=msg("What was not read cannot be judged: later checks of this card then say nothing."),
        causes=(
            msg("The card was taken out, or reset by another program, while it was being read."),
            msg(
                "The middleware fails with this card; on a CPS4 in versions before 5.2.1, after "
                "another application had changed the selection."
            ),
            msg("The card is worn out, or the reader makes bad contact."),
        ),
        sources=("ANS, Cryptolib CPS, notes de version: 1722, 1574",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "CARD-FRESH": msg(
                "The card was read in this run, not in an interrupted one from which this run goes "
                "on."
            ),
        },
        why=msg("What changed on the card since then is not seen."),
        causes=(msg("The run was started with --resume."),),
        sources=("docs/sets.md",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "CARD-SESSIONS": msg(
                "After the last session was closed, the module counts none any more."
            ),
        },
        why=msg("A program that runs for days runs out of sessions."),
        causes=(msg("A fault of the middleware."),),
        sources=("PKCS#11 v2.40, 3.2: ulSessionCount",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "CARD-UNIQUE": msg("No other slot shows a card of this number."),
        },
        why=msg("Software that chooses a card by its number cannot tell the two apart."),
        causes=(
            msg(
                "The same card is shown by a second reader or channel; dual-interface readers gave "
                "trouble with the Cryptolib CPS."
            ),
            msg(
                "Certificates doubled or mixed between two readers in remote sessions (RDP, TSE) "
                "were seen with the Cryptolib CPS."
            ),
        ),
        sources=("ANS, Cryptolib CPS, notes de version: 1087, 1075, 1250",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "CARD-NOT-EXTRA": msg("The role of this card is not already taken by another one."),
            "CARD-IN-SET": msg("The card is of a kind that the set holds."),
        },
        why=msg(
            "A card too many or of another set means that what is tested is not what was ordered."
        ),
        causes=(
            msg("Cards of two sets lie in one drawer."),
            msg(
                "--set names another set; or a set file states something that this card does not "
                "bear."
            ),
        ),
        sources=("ANS, Fiche pratique pour commander des cartes et certificats de test",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "CARD-CPX": msg("At least one certificate has the private extensions of a CPx card."),
        },
        why=msg("Anything else is no card of ours: its PIN is not tried."),
        causes=(
            msg(
                "A carte Vitale, a bank card, a security key or an employee's badge is in the "
                "reader."
            ),
            msg("The certificates could not be read: see CERT-READABLE."),
        ),
        sources=("1.2.250.1.71.1.2 (ANS, politique de certification IGC-Santé)",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "CARD-ROLE": msg("Only one role of the set fits this card."),
        },
        why=msg("A test that needs the director's card may otherwise be run with an employee's."),
        causes=(
            msg(
                "CDE, CPE and a delegate's CPE share one type code, and no published rule tells "
                "them apart."
            ),
        ),
        sources=("docs/decisions/0006-which-card-is-which.md",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "CERT-PRESENT": msg("The card shows one authentication and one signature certificate."),
        },
        why=msg("Software looks for them by their labels, and fails where one is missing."),
        causes=(
            msg("The card is incomplete, or the middleware shows an old cache of it."),
            msg(
                "The card is read without contacts, or by a middleware that knows only a part of "
                "it."
            ),
        ),
        sources=("ANS, Cryptolib CPS, spécifications externes",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "CERT-READABLE": msg(
                "Each certificate is an X.509 certificate, of which every part was understood."
            ),
        },
        why=msg("What a certificate says cannot be trusted where a part of it is damaged."),
        causes=(
            msg(
                "Damaged data on the card or in the cache; certificates of more than 2048 bytes "
                "were a trouble of CPS Gestion."
            ),
        ),
        sources=(
            "RFC 5280, 4.1",
            "ANS, Cryptolib CPS, notes de version: 1446",
        ),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "CERT-AGREE": msg(
                "Both certificates name the same holder, card number, type, category and "
                "profession."
            ),
        },
        why=msg("Otherwise it is not clear who signs and who is authenticated."),
        causes=(
            msg(
                "A fault of personalisation, or a cache that mixes two cards of one serial number."
            ),
        ),
        sources=("1.2.250.1.71.1.2 (ANS, politique de certification IGC-Santé)",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "CERT-USAGE-AUTH": msg(
                "The certificate labelled for authentication may authenticate (digitalSignature, "
                "clientAuth), and is not for signature."
            ),
            "CERT-USAGE-SIGN": msg(
                "The certificate labelled for signature may sign documents (nonRepudiation), and "
                "is not for client authentication."
            ),
        },
        why=msg("Servers and signature software look at the key usage, not at the label."),
        causes=(
            msg("The two certificates were exchanged in personalisation: then both checks fail."),
            msg("The card is not of the IGC-Santé."),
        ),
        sources=("RFC 5280, 4.2.1.3, 4.2.1.12",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "CERT-STARTED": msg("The certificates are valid already."),
            "P12-STARTED": msg("The certificate is valid already."),
        },
        why=msg("Before that day every server refuses it."),
        causes=(
            msg("The clock of this workstation is wrong: then other cards say it, too."),
            msg("It was issued with a start in the future."),
        ),
        sources=("RFC 5280, 4.1.2.5",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "CERT-NOT-EXPIRED": msg("The certificates have not expired."),
            "P12-NOT-EXPIRED": msg("The certificate has not expired."),
        },
        why=msg("From that day on every server refuses it, whatever else is well."),
        causes=(
            msg("Test cards and test certificates live three years."),
            msg("The clock of this workstation is wrong."),
        ),
        sources=(
            "RFC 5280, 4.1.2.5",
            "ANS, Fiche pratique pour commander des cartes et certificats de test",
        ),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "CERT-EXPIRY": msg("More validity is left than the warning period (--warn-days)."),
            "P12-EXPIRY": msg("More validity is left than the warning period (--warn-days)."),
        },
        why=msg(
            "How long an order takes is not published: order before the test campaign needs it."
        ),
        causes=(msg("The three years of a test product come to their end."),),
        sources=("ANS, Fiche pratique pour commander des cartes et certificats de test",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "CERT-ISSUER": msg(
                "The issuers' certificates are at hand, so the chain can be followed."
            ),
            "P12-ISSUER": msg(
                "The issuers' certificates are at hand, in your store, in --ca-dir or in the file "
                "itself."
            ),
        },
        why=msg("Without them nothing is wrong, and nothing is proven."),
        causes=(
            msg(
                "The store was never filled, or holds the issuers of another PKI (production for "
                "TEST)."
            ),
        ),
        sources=("docs/trust.md",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "CERT-CHAIN": msg(
                "Each signature from the card's certificates up to the anchor holds, and so do the "
                "rules on CAs."
            ),
            "P12-CHAIN": msg(
                "Each signature from the certificate up to the anchor holds, and so do the rules "
                "on CAs."
            ),
        },
        why=msg(
            "Names can be copied, signatures cannot: a chain that fails says that it is of another "
            "PKI than it names."
        ),
        causes=(
            msg(
                "An issuer's certificate at hand is of the same name and another key (an older "
                "one, or one of the RECETTE clone)."
            ),
            msg("A home-made or copied card."),
        ),
        sources=("RFC 5280, 6.1",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "CERT-ANCHOR": msg(
                "The chain ends at a CA whose fingerprint is known, or that you accepted."
            ),
            "P12-ANCHOR": msg(
                "The chain ends at a CA whose fingerprint is known, or that you accepted."
            ),
        },
        why=msg("Anybody can make a CA of that name."),
        causes=(
            msg(
                "Not every root of the TEST PKI has a published fingerprint: then your own "
                "acceptance is all there is."
            ),
        ),
        sources=("docs/decisions/0010-trust-anchors.md",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "CERT-CRL": msg(
                "A CRL of the issuer, or an OCSP answer, that is in force now is at hand."
            ),
            "P12-CRL": msg(
                "A CRL of the issuer, or an OCSP answer, that is in force now is at hand."
            ),
        },
        why=msg("Without one, nobody knows whether the certificate was revoked."),
        causes=(
            msg("None was downloaded, or the one at hand has run out."),
            msg("The network does not reach the addresses that the certificate names."),
        ),
        sources=("RFC 5280, 5.1.2.5; RFC 6960",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "CERT-REVOKED": msg(
                "No CRL or OCSP answer at hand says that a certificate is revoked."
            ),
            "P12-REVOKED": msg(
                "No CRL or OCSP answer at hand says that the certificate is revoked."
            ),
        },
        why=msg(
            "A revoked certificate is refused by every server that looks, and never works again."
        ),
        causes=(msg("It was reported lost, or replaced by a later order."),),
        sources=("RFC 5280, 6.3; RFC 6960",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "CARD-TEST": msg(
                "All certificates and the object CPS_ID_CARD say that this is a TEST card."
            ),
        },
        why=msg("A real card belongs to somebody who needs it tomorrow: three wrong PINs lock it."),
        causes=(
            msg(
                "A real card was left in the reader; this was seen on test workstations of other "
                "card systems, too."
            ),
            msg("A certificate could not be read, so nothing is proven."),
        ),
        sources=(
            "docs/pin-safety.md",
            "https://github.com/italia/cieid-android-sdk/issues/7",
        ),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "CARD-NUMBER": msg("The card has the number that the set file pins."),
        },
        why=msg("A set file with numbers stands for the very cards of your drawer."),
        causes=(msg("The card was replaced by a new one, and the set file was not updated."),),
        sources=("1.2.250.1.71.1.2.3",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "CARD-TYPE": msg("The card's type code is the one that the set states."),
            "CARD-PROFESSION": msg("The card's profession code is the one that the set states."),
            "CARD-NOMINATIVE": msg(
                "The card names a person where the set says so, and none where it says anonymous."
            ),
            "CARD-SPECIALITY": msg(
                "The card's speciality is the one that the set states, where the certificates say "
                "one."
            ),
            "CARD-TITLE-EXPECTED": msg(
                "The card's title fits one of the patterns of the set file."
            ),
        },
        why=msg("Rights in applications depend on it."),
        causes=(
            msg("It is another card than the one that was to be there, or a card of another set."),
            msg(
                "The set file states what this delivery does not bear: then several cards disagree."
            ),
        ),
        sources=(
            "TRE_G02, TRE_G15, TRE_R01 (ANS, NOS)",
            "1.2.250.1.71.1.2.2, 1.2.250.1.71.1.2.7",
        ),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "CARD-TITLE": msg("The title, a free text, is the label of the profession code."),
        },
        why=msg("Some software shows the title, and decides by the code."),
        causes=(msg("A fault of personalisation; not seen on the test cards we know of."),),
        sources=("TRE_G15 (ANS, NOS)",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "CARD-IDENTIFIER": msg("The holder's identifier (RPPS) ends in a valid key digit."),
        },
        why=msg("Real software refuses an identifier whose key is wrong."),
        causes=(msg("A fictional identifier without a computed key."),),
        sources=("Luhn, ISO/IEC 7812-1",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "CARD-LABEL": msg("The token's label ends in the card number of the certificates."),
            "CARD-DATA-AGREE": msg("The card's data objects say the same as its certificates."),
        },
        why=msg("Programs read one or the other, and would take this card for two different ones."),
        causes=(
            msg(
                "A stale cache of the middleware: old label and old certificate under the same "
                "serial number."
            ),
            msg("A fault of personalisation."),
        ),
        sources=("ANS, Cryptolib CPS, spécifications externes",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "CARD-DATA": msg("CPS_ID_CARD, CPS_NAME_PS and CPS_INFO_PS can be read."),
        },
        why=msg("Some software reads the holder from these objects, not from the certificates."),
        causes=(msg("Another middleware than the Cryptolib CPS shows a part of them only."),),
        sources=("ANS, Cryptolib CPS, spécifications externes",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "PIN-ALLOWED": msg("PIN safety lets the PIN be tried on this card."),
        },
        why=msg(
            "A locked PIN is a defect of the card; each other refusal is a precaution, and says "
            "its reason."
        ),
        causes=(msg("See the refusal's code: explain count-low, locked, not-proven-test…"),),
        sources=("docs/pin-safety.md",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "PIN-ACCEPTED": msg("The card accepted the PIN, at the one try of this run."),
        },
        why=msg("Without a login no private key can be checked."),
        causes=(
            msg("This card's PIN was changed from the published 1234."),
            msg(
                "The Cryptolib CPS also says CKR_PIN_INCORRECT of a PIN of an impossible length, "
                "which costs no try."
            ),
        ),
        sources=(
            "ANS, Fiche pratique pour commander des cartes et certificats de test",
            "docs/pin-safety.md",
        ),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "KEY-PRESENT": msg(
                "For each certificate the card shows the private key of the same CKA_ID."
            ),
            "KEY-MATCHES": msg(
                "The modulus of each private key, where it is shown, is that of its certificate."
            ),
        },
        why=msg("A certificate without its own key proves nothing to anybody."),
        causes=(
            msg("A stale cache: old certificate, new key."),
            msg("A fault of personalisation."),
        ),
        sources=("PKCS#11 v2.40, 4.6.3",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "SIGN-AUTH": msg(
                "The authentication key signed a fresh challenge, and its certificate verifies the "
                "signature."
            ),
            "SIGN-SIGN": msg(
                "The signature key signed a fresh challenge, and its certificate verifies the "
                "signature."
            ),
        },
        why=msg(
            "It is the only proof that key and certificate belong together: the card is not "
            "believed."
        ),
        causes=(
            msg(
                "A stale cache: the signature is made by the new key, the certificate shown is the "
                "old one."
            ),
            msg(
                "OpenSC built with OpenSSL 3 cannot sign with the signature key "
                "(CKR_FUNCTION_NOT_SUPPORTED)."
            ),
            msg("Another program reset the card between login and signature."),
        ),
        sources=(
            "RFC 8017, 8.2",
            "OpenSC: card-iasecc.c",
        ),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "SIGN-PSS": msg("The authentication key signs with RSA-PSS."),
        },
        why=msg("TLS 1.3 takes no other signature of an RSA key for client authentication."),
        causes=(
            msg("A CPS3 has no RSA-PSS; a CPS4 has."),
            msg("OpenSC shows no PSS for these cards."),
        ),
        sources=("RFC 8446, 4.2.3",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "SIGN-NEEDED": msg(
                "Each key signs by the mechanisms that TLS and document signature need."
            ),
            "SIGN-VERIFIES": msg(
                "Each signature that was given is verified by the key's certificate."
            ),
            "SIGN-COMPLETE": msg("Each mechanism was tried to the end with each key."),
        },
        why=msg("An application takes one of these mechanisms, and seldom says why it fails."),
        causes=(
            msg(
                "A stale cache, a middleware that does not know this card well, or a module that "
                "ends in the middle."
            ),
            msg("OpenSC on OpenSSL 3: no signature with the signature key."),
        ),
        sources=("RFC 5246; RFC 8446, 4.2.3; RFC 8017, 8.1, 8.2",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "SIGN-REFUSED": msg(
                "No key refuses a mechanism that the token announces, but where that is known."
            ),
        },
        why=msg(
            "A token announces its mechanisms for all keys; an application that believes it fails."
        ),
        causes=(
            msg(
                "The Cryptolib announces raw RSA and refuses it; its authentication key takes no "
                "hash-and-sign mechanism."
            ),
        ),
        sources=("docs/cards.md",),
    ),
)
