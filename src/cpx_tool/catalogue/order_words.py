"""The sentences of the order guide, by the ids of order.toml; French form words stay French.

Source of what they say: the ANS's ordering guide, but where a step of order.toml names another.
"""

from __future__ import annotations

from collections.abc import Mapping

from cpx_tool.model.message import msg
from cpx_tool.model.order import Group, StepWords, Way

TITLE = msg("Ordering test cards and test certificates from the ANS")

INTRODUCTION = msg(
    "Test cards (CPx) and test certificates let software be tried out, accepted and trained with "
    "before it meets real ones. This guide is their order, step by step, for calling INSi, the "
    "téléservice of the national health identity."
)

WAYS = {
    Way.INSI_CARD: msg(
        "insi-card: whoever uses your software has a nominative card (CPS, CPE or CPF) in a "
        "reader, and INSi is called with it."
    ),
    Way.INSI_ORG: msg(
        "insi-org: INSi is called without a card, with two certificates of the organisation "
        "(ORG): INSI-AUTO for batches, INSI-MANU for people whose profession cannot have a card."
    ),
}

GROUPS = {
    Group.WHY: msg("Which way"),
    Group.ORDER: msg("The order"),
    Group.WAIT: msg("Waiting"),
    Group.ORG: msg("ORG certificates"),
    Group.WITHDRAWAL: msg("Withdrawal"),
    Group.CHECK: msg("Check"),
}

WORDS: Mapping[str, StepWords] = {
    "WHY-WAY": StepWords(
        title=msg("Decide how your software calls INSi"),
        how=msg(
            "With a card, with certificates, or both. Certificates need cards, too: a card "
            "requests them."
        ),
        why=msg(
            "INSi takes a nominative CPS, CPE or CPF card, or two ORG certificates: one for "
            "batches, one for people without a card (a requirement of the CNIL)."
        ),
    ),
    "ORDER-SET": StepWords(
        title=msg("Choose the set “Centre de santé”"),
        how=msg(
            "Reference JM1_CENTRE DE SANTE_RPPS, six cards: a CDE, three CPS (médecin généraliste, "
            "chirurgien-dentiste, infirmier), two nominative CPE, one of them a delegate's. See "
            "cpx-tool show-set centre-sante."
        ),
        why=msg(
            "It serves both ways: it holds cards that call INSi, and cards that may be technical "
            "administrator, who requests certificates."
        ),
        otherwise=msg(
            "when it is out of stock (the customer service says so), “Centre hospitalier” serves "
            "too (JM1_HOPITAL RPPS, nine cards)."
        ),
        unpublished=msg("references and contents of the eight other sets (cpx-tool list-sets)."),
    ),
    "ORDER-PAGE": StepWords(
        title=msg("Open the ANS's order page and get form 414"),
        how=msg(
            "Set the three filters of the page. One form serves cards and certificates: order "
            "both on it."
        ),
        why=msg(
            "Only the ANS issues test cards. The CNDA authorises software to call INSi, and issues "
            "none."
        ),
    ),
    "FORM-1": StepWords(
        title=msg("Form 414, part 1: identify your structure"),
        why=msg(
            "Who may order: software companies and other industrials, regional authorities, "
            "training bodies, promoters of applications."
        ),
    ),
    "FORM-2": StepWords(
        title=msg("Form 414, part 2: visa and stamp"),
        how=msg("The project lead may sign; the legal representative need not."),
        why=msg("Part 2 of the form asks for both."),
        needs=(msg("the stamp of your structure"),),
    ),
    "FORM-3-1": StepWords(
        title=msg("Form 414, part 3.1: say what the cards are for"),
        why=msg(
            "Test cards are for tests of applications, for acceptance tests, and for some "
            "training environments."
        ),
    ),
    "FORM-3-2": StepWords(
        title=msg("Form 414, part 3.2: order one set"),
        how=msg(
            "In the row of the set, write the quantity into the column “IGC-Santé”, not into the "
            "column “IGC-CPS 2Ter”."
        ),
        why=msg(
            "The column is the PKI that the cards are issued by; IGC-CPS 2Ter is the predecessor "
            "of the IGC-Santé."
        ),
        otherwise=msg("when it is out of stock, write the 1 into the row “Centre hospitalier”."),
    ),
    "FORM-4-1": StepWords(
        title=msg("Form 414, part 4.1: say what the certificates are for"),
        why=msg("Part 4 is about certificates as part 3 is about cards."),
    ),
    "FORM-4-2": StepWords(
        title=msg("Form 414, part 4.2: tick the offer ORG"),
        why=msg("INSI-AUTO and INSI-MANU are certificates of an organisation."),
    ),
    "FORM-4-3": StepWords(
        title=msg("Form 414, part 4.3: name the technical administrator's cards"),
        how=msg(
            "With cards ordered on the same form, tick the answer “no, the cards to associate are "
            "those ordered in part 3”."
        ),
        why=msg(
            "Certificates are requested with these cards. They must be CPS, CDE, nominative CPE, "
            "CDA or CPA test cards."
        ),
        unpublished=msg("how cards that you have already are to be written down."),
    ),
    "ORDER-SEND": StepWords(
        title=msg("Send the completed form to the ANS"),
        why=msg("One form with cards and certificates makes one order."),
        unpublished=msg("prices."),
    ),
    "WAIT-CARDS": StepWords(
        title=msg("Receive the cards, and see that the set is complete"),
        how=msg("Put all of them into readers at once, where there are enough readers."),
        why=msg("What is missing or wrong is best said when the cards arrive."),
        unpublished=msg("how long the delivery takes."),
    ),
    "WAIT-ENTITLED": StepWords(
        title=msg("Wait for the mail: the cards are entitled to the offer ORG"),
        why=msg("The cards of the set must be entitled to request certificates of that offer."),
        unpublished=msg("how long it takes."),
    ),
    "ORG-CARD": StepWords(
        title=msg("Put in a card that may be technical administrator"),
        how=msg("A CPS, CDE, nominative CPE, CDA or CPA, of those named in part 4.3."),
        why=msg("The portal is entered with it."),
        needs=(msg("a reader, and the middleware (cpx-tool list-readers)"),),
    ),
    "ORG-BROWSER": StepWords(
        title=msg("Choose one browser, and stay with it to the end"),
        how=msg("The private keys and the CSR (certificate requests) are made in the browser."),
        why=msg("Making keys and CSR, and withdrawing, must happen in the same browser."),
    ),
    "ORG-LOGIN": StepWords(
        title=msg("Log in on the portal of the IGC-Santé with the test card"),
        how=msg(
            "Choose “gestion des produits”, authenticate with the test card and its PIN 1234, "
            "then choose “demander”. Pro Santé Connect is not possible for test products."
        ),
        why=msg("Certificates are requested there, one after the other."),
        needs=(msg("the test card in a reader"), msg("the browser you chose")),
    ),
    "ORG-AUTO": StepWords(
        title=msg("Request the certificate INSI-AUTO"),
        how=msg(
            "Step 1: the offer ORG is preselected; choose the structure, by the FINESS of the "
            "test centre (one is enough). Usages offered: AUTH_CLI (client authentication), CONF "
            "(encryption), SIGN (signature). Step 3: write the name, exactly."
        ),
        why=msg(
            "It is for batches. The name becomes the CN of the certificate, and INSi refuses any "
            "other spelling (DESIR_560)."
        ),
        unpublished=msg(
            "which of the usages INSi needs. It is called by mutual TLS, which is what AUTH_CLI is "
            "for, and cpx-tool check-p12 expects that."
        ),
    ),
    "ORG-MANU": StepWords(
        title=msg("Request the certificate INSI-MANU"),
        how=msg("As INSI-AUTO, with the other name in step 3."),
        why=msg(
            "It is for people whose profession cannot have a CPx card. INSi refuses any other "
            "spelling (DESIR_560)."
        ),
    ),
    "WITHDRAW-KEYS": StepWords(
        title=msg("Make keys and CSR of both certificates; keep the passwords"),
        how=msg("The ANS's manual for keys, CSR and withdrawal is at this address."),
        why=msg("The certificate comes as a .p12 that opens with the password given here."),
        needs=(msg("the browser you chose"),),
    ),
    "WITHDRAW-AUTO": StepWords(
        title=msg("Withdraw INSI-AUTO as a .p12"),
        how=msg("cpx-tool check-p12 says whether it is as it should be."),
        why=msg("It holds the certificate and its private key, for your software."),
        needs=(msg("the browser that made its key and CSR"), msg("its password")),
    ),
    "WITHDRAW-MANU": StepWords(
        title=msg("Withdraw INSI-MANU as a .p12"),
        how=msg("cpx-tool check-p12 says whether it is as it should be."),
        why=msg("It holds the certificate and its private key, for your software."),
        needs=(msg("the browser that made its key and CSR"), msg("its password")),
    ),
    "CHECK-ISSUER": StepWords(
        title=msg("See that the cards are of the IGC-Santé TEST"),
        why=msg(
            "The other column of the form gives cards of IGC-CPS 2Ter; and a real card is never "
            "for tests."
        ),
    ),
    "CHECK-VALIDITY": StepWords(
        title=msg("See how long the cards are valid"),
        why=msg("Test cards and test ORG certificates live three years: order anew in time."),
    ),
    "CHECK-INSI-CARD": StepWords(
        title=msg("Have a nominative CPS, CPE or CPF at hand for INSi"),
        why=msg("INSi takes no other card."),
    ),
    "CHECK-SET": StepWords(
        title=msg("Check the cards at your workstation: cpx-tool check-set"),
        how=msg("It logs in with the test PIN 1234 and lets the keys sign."),
        why=msg("Reader, middleware and every card work together, or the tool says what does not."),
    ),
}
