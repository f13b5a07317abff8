"""The sentences of the known test servers, by the names of endpoints.toml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cpx_tool.model.message import Message, msg


@dataclass(frozen=True, slots=True)
class EndpointWords:
    """What it is, and what is to be known before it is asked."""

    title: Message
    note: Message


_STRING_ONLY = msg(
    "Nothing but its address is known: neither what it is for today, nor whether it answers."
)

WORDS: Mapping[str, EndpointWords] = {
    "igc-sante-portal": EndpointWords(
        title=msg("Portal of the IGC-Santé, where ORG test certificates are requested"),
        note=msg(
            "It takes a test card and its PIN; Pro Santé Connect takes no test product. Whether "
            "the card answers in the TLS handshake of this address is not known."
        ),
    ),
    "insi-card": EndpointWords(
        title=msg("INSi téléservice, tests by card"),
        note=msg(
            "The caller is named in the request (VIHF); whether the card is asked for in the "
            "handshake, too, is not known."
        ),
    ),
    "insi-org": EndpointWords(
        title=msg("INSi téléservice, tests with an ORG certificate"),
        note=msg(
            "It shows a PRODUCTION certificate of AC IGC-SANTE ELEMENTAIRE ORGANISATIONS, and "
            "takes a TEST one: cpx-tool trust fetch --production brings its CA certificates."
        ),
    ),
    "dmp-dev1": EndpointWords(
        title=msg("DMP, tests of software editors (dev1)"),
        note=msg(
            "Called there through a tunnel that answers the handshake with the key of a card. "
            "Whether it takes a TEST card, the source does not say."
        ),
    ),
    "dmp-dev6": EndpointWords(
        title=msg("DMP, tests of software editors (dev6)"),
        note=msg("The sample code calls it with an ORG certificate for AUTH_CLI."),
    ),
    "psc-sandbox-auth": EndpointWords(
        title=msg("Pro Santé Connect, sandbox: calls from server to server"),
        note=msg(
            "The sandbox demands mutual TLS since 2024, with an ORG certificate for AUTH_CLI; at "
            "which of its addresses, the source does not say."
        ),
    ),
    "psc-sandbox-wallet": EndpointWords(
        title=msg("Pro Santé Connect, sandbox: the pages that a person sees"),
        note=msg("Whether it asks for a client certificate is not known."),
    ),
    "ans-testssl": EndpointWords(
        title=msg("A test server of the ANS (called ASIP Santé then)"), note=_STRING_ONLY
    ),
    "mssante-formation": EndpointWords(
        title=msg("MSSanté, training: authentication"), note=_STRING_ONLY
    ),
}
