"""Words for what is known of a card: its codes, and where each value was read."""

from __future__ import annotations

from cpx_tool.model.dossier import Source, SourceKind
from cpx_tool.model.identity import Coded
from cpx_tool.model.message import Message, msg


def coded_words(coded: Coded) -> Message:
    """Label and code; a code that the table does not hold is shown all the same."""
    if coded.label is None:
        return msg("unknown code {code}", code=coded.code)
    return msg("{label} ({code})", label=coded.label, code=coded.code)


def place_words(source: Source) -> Message:
    """The place within the certificate, data object or token."""
    detail = source.detail
    if source.kind is SourceKind.EXTENSION:
        return msg("extension {oid}", oid=detail)
    if source.kind is SourceKind.SUBJECT:
        return msg("subject, {attributes}", attributes=detail)
    if source.kind is SourceKind.ISSUER:
        return msg("issuer")
    if source.kind is SourceKind.VALIDITY:
        return msg("validity, {end}", end=detail)
    if source.kind is SourceKind.DATA_OBJECT:
        return msg("tag {tags}", tags=detail)
    return msg("label of the token")


def source_words(source: Source) -> Message:
    """The whole source: what was read, and the place in it."""
    if not source.name:
        return place_words(source)
    return msg("{name}, {place}", name=source.name, place=place_words(source))
