"""The sheet of a card, for a person and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from cpx_tool.catalogue.readers import NOT_A_READER
from cpx_tool.model.dossier import State
from cpx_tool.model.fetch import Fetched
from cpx_tool.model.identity import ProductKind
from cpx_tool.model.message import Message, msg, nmsg
from cpx_tool.model.observation import PinResult
from cpx_tool.model.sheet import Sheet, SheetCertificate, SheetObject, Sheets, Validity
from cpx_tool.model.token import FORBIDDING_FLAGS, TokenFlag, TokenInfo
from cpx_tool.pki.canonical import whole
from cpx_tool.report.canvas import Canvas, Paper
from cpx_tool.report.console import provenance
from cpx_tool.report.dossier import HEADS, Row, rows, sighting_words
from cpx_tool.report.eligibility import cells_body, explained
from cpx_tool.report.fetch import fetched_list
from cpx_tool.report.findings import attention
from cpx_tool.report.json import (
    SCHEMA_VERSION,
    dossier_body,
    fault_body,
    finding_body,
    identity_body,
    module_body,
    moment,
    place_body,
    serial_text,
    sighting_body,
    to_text,
    workstation_body,
)
from cpx_tool.report.trust import chain_body, chain_lines, revocation_body
from cpx_tool.report.words import KINDS, Say, day

_HOLDER = (
    "name",
    "nominative",
    "civility",
    "practice_name",
    "identifier",
    "profession",
    "future_profession",
    "specialities",
    "title",
    "organisation",
    "structure",
)
_CARD = (
    "card_type",
    "product",
    "card_number",
    "issuer_number",
    "category",
    "pki",
    "valid_from",
    "valid_until",
    "issued",
    "expires",
)
"""The keys of the dossier that are shown, in order."""

FLAGS = {
    TokenFlag.INITIALIZED: msg("initialised"),
    TokenFlag.LOGIN_REQUIRED: msg("login required"),
    TokenFlag.PIN_INITIALIZED: msg("PIN set"),
    TokenFlag.PROTECTED_PATH: msg("PIN typed on the reader's own pad"),
    TokenFlag.PIN_COUNT_LOW: msg("a wrong PIN was entered"),
    TokenFlag.PIN_FINAL_TRY: msg("ONE PIN TRY LEFT"),
    TokenFlag.PIN_LOCKED: msg("PIN LOCKED"),
    TokenFlag.PIN_TO_BE_CHANGED: msg("PIN to be changed"),
    TokenFlag.WRITE_PROTECTED: msg("write-protected"),
}
PINS = {
    PinResult.ACCEPTED: msg("accepted when the card was observed"),
    PinResult.WRONG: msg("REFUSED when the card was observed"),
    PinResult.LOCKED: msg("LOCKED when the card was observed"),
    PinResult.FAILED: msg("the login failed when the card was observed"),
    PinResult.ALREADY_LOGGED_IN: msg("logged in before the card was observed"),
    PinResult.REFUSED: msg("not tried"),
}
_PROOFS = {
    "proven": (msg("proven"), ""),
    "production": (msg("NO, a real card"), "bold red"),
    "not-proven": (msg("NOT PROVEN"), "bold yellow"),
}
_PKCS1 = "CKM_RSA_PKCS"
_PSS = "CKM_SHA256_RSA_PKCS_PSS"
_INDENT, _INNER = 2, 4


@dataclass(frozen=True, slots=True)
class _Section:
    """A heading and its lines; `inner` ones stand below the one before them."""

    title: Message | str
    rows: Sequence[Row]
    inner: bool = False


def render(sheets: Sheets, say: Say, paper: Paper, *, sources: bool = False) -> str:
    """One sheet after the other; with `sources`, where each value was read."""
    canvas = Canvas(paper)
    if sheets.file is not None:
        canvas.line(say(msg("From the observation {file}", file=sheets.file)))
    provenance(canvas, sheets.observation, say)
    written = [(sheet, list(_sections(sheet, say))) for sheet in sheets.cards]
    heads = [say(row.head) for _, sections in written for s in sections for row in s.rows]
    column = canvas.column_behind(heads, _INNER)
    for sheet, sections in written:
        canvas.line()
        canvas.line(say(msg("Card {key}", key=sheet.key)), "bold")
        for fault in sheet.faults:
            canvas.line(say(fault), "bold red", indent=_INDENT)
        for section in sections:
            _write(canvas, section, column, say, sources=sources)
        canvas.line()
        if sheet.findings:
            canvas.line(say(msg("Remarks")), "bold")
            attention(canvas, sheet.findings, lambda _: "", say)
        canvas.line(say(msg("Good for")), "bold")
        explained(canvas, [("", sheet.eligibility)], say)
    return canvas.text()


def render_json(sheets: Sheets, say: Say, fetched: Sequence[Fetched] | None = None) -> str:
    """All sheets as one JSON object."""
    seen = sheets.observation
    return to_text(
        {
            "schema_version": SCHEMA_VERSION,
            "tool_version": seen.tool_version,
            "run_id": seen.run_id,
            "observed_at": moment(seen.observed_at),
            "observation": sheets.file,
            "emulated": seen.emulated,
            "workstation": workstation_body(seen.workstation),
            "module": module_body(seen.module),
            "cards": [_body(sheet, say) for sheet in sheets.cards],
            "fetched": fetched_list(fetched, say),
        }
    )


def _write(canvas: Canvas, section: _Section, column: int, say: Say, *, sources: bool) -> None:
    title = section.title if isinstance(section.title, str) else say(section.title)
    indent = _INNER if section.inner else _INDENT
    if not section.inner:
        canvas.line()
    canvas.line(title, "" if section.inner else "bold", indent=indent - _INDENT)
    lines = []
    for row in section.rows:
        lines.append(((say(row.head), "dim"), (row.text, row.style)))
        lines += [(("", ""), (f"← {source}", "dim")) for source in row.sources if sources]
    if lines:
        canvas.pairs(lines, indent, column)


def _sections(sheet: Sheet, say: Say) -> Iterator[_Section]:
    """The whole sheet, in its order. A further section is one more line here."""
    kind = sheet.identity.kind if sheet.identity else ProductKind.NOT_KNOWN
    yield _Section(msg("Holder"), rows(_HOLDER, sheet.dossier, kind, say))
    yield _Section(msg("Card"), [*rows(_CARD, sheet.dossier, kind, say), _proof(sheet, say)])
    yield _Section(msg("Certificates"), [])
    for item in sheet.certificates:
        yield _Section(item.object.label, _certificate(item, say), inner=True)
    yield _Section(msg("Token"), _token(sheet, say))
    yield _Section(
        msg("Data objects (their format is not published: for information)"),
        [_object(item, say) for item in sheet.objects],
    )


def _proof(sheet: Sheet, say: Say) -> Row:
    word, style = _PROOFS[sheet.proof]
    told = msg("{head}. {reason}", head=word, reason=sheet.proof_reason)
    return Row(msg("Test card"), say(told), style=style)


def _certificate(item: SheetCertificate, say: Say) -> list[Row]:
    read = item.certificate
    if read is None:
        problem = item.problem or msg("not known")
        return [Row(msg("Certificate"), say(problem), style="bold red")]
    found = [
        _validity(item, say),
        Row(msg("Key usage"), ", ".join(read.key_usage)),
        Row(msg("Issuer"), whole(read.issuer)),
        Row(msg("Unreadable parts"), ", ".join(read.problems), style="red"),
        *(Row(*line) for line in chain_lines(item.chain, item.revocation, say)),
    ]
    return [row for row in found if row.text]


def _validity(item: SheetCertificate, say: Say) -> Row:
    read = item.certificate
    start, end = (day(read.not_before), day(read.not_after)) if read else ("", "")
    if item.validity is Validity.EXPIRED:
        text, style = msg("EXPIRED: from {start} to {end}", start=start, end=end), "bold red"
    elif item.validity is Validity.NOT_YET_VALID:
        text, style = msg("NOT YET VALID: from {start} to {end}", start=start, end=end), "bold red"
    else:
        text, style = msg("from {start} to {end}", start=start, end=end), ""
    return Row(msg("Valid"), say(text), style=style)


def _token(sheet: Sheet, say: Say) -> list[Row]:
    seen, token = sheet.observed, sheet.observed.token
    found = [Row(msg("Reader"), seen.reader or say(NOT_A_READER))]
    if sheet.kind is not None:
        found.append(Row(msg("Kind, by its ATR"), say(KINDS[sheet.kind])))
    found.append(Row(msg("Slot"), f"{seen.slot.id:#x} {seen.slot.description}"))
    if token is not None:
        found += [
            Row(msg("Label"), token.label),
            Row(msg("Model"), f"{token.manufacturer} {token.model}".strip()),
            Row(msg("Serial"), token.serial),
            _flags(token, say),
            _mechanisms(token, say),
        ]
    if seen.pin is not None:
        found.append(Row(msg("PIN code"), say(PINS[seen.pin.result])))
    return [row for row in found if row.text]


def _flags(token: TokenInfo, say: Say) -> Row:
    forbidding = any(flag in FORBIDDING_FLAGS for flag in token.flags)
    words = ", ".join(say(FLAGS[flag]) for flag in token.flags)
    return Row(msg("State"), words, style="bold yellow" if forbidding else "")


def _mechanisms(token: TokenInfo, say: Say) -> Row:
    """Those that a login by certificate needs."""
    head = msg("Signs with")
    if _PSS in token.mechanisms:
        return Row(head, say(msg("PKCS#1 v1.5 and RSA-PSS: good for TLS 1.2 and 1.3")))
    if _PKCS1 in token.mechanisms:
        text = msg("PKCS#1 v1.5 only: TLS 1.2, not TLS 1.3, which demands RSA-PSS")
        return Row(head, say(text), style="yellow")
    return Row(head, say(msg("no RSA mechanism announced")), style="red")


def _object(item: SheetObject, say: Say) -> Row:
    data = item.object
    head = msg("{name}", name=data.label)
    if data.error:
        return Row(head, say(msg("unreadable ({error})", error=data.error)), style="red")
    size = nmsg("{count} byte", "{count} bytes", len(data.value))
    if data.private:
        size = msg("{size}, read with the PIN", size=size)
    if item.fields and all(s.state is State.UNREADABLE for _, s in item.fields):
        return Row(head, say(msg("{size}, in a form that is not known", size=size)), style="red")
    fields = tuple(
        msg("{name}: {value}", name=HEADS[key], value=sighting_words(key, sighting))
        for key, sighting in item.fields
        if sighting.value is not None or sighting.raw
    )
    return Row(head, say(msg("{size}; {fields}", size=size, fields=fields) if fields else size))


def _body(sheet: Sheet, say: Say) -> dict[str, Any]:
    return {
        "key": sheet.key,
        "identity": identity_body(sheet.identity) if sheet.identity else None,
        "dossier": dossier_body(sheet.dossier),
        "test_card": {"outcome": sheet.proof, "message": say(sheet.proof_reason)},
        "certificates": [_certificate_body(item, say) for item in sheet.certificates],
        **place_body(sheet.observed),
        "kind": sheet.kind.value if sheet.kind else None,
        "data_objects": [_object_body(item) for item in sheet.objects],
        "eligibility": cells_body(sheet.eligibility, say),
        "findings": [finding_body(finding, say) for finding in sheet.findings],
        "faults": [fault_body(fault) for fault in sheet.observed.faults],
    }


def _certificate_body(item: SheetCertificate, say: Say) -> dict[str, Any]:
    read = item.certificate
    return {
        "label": item.object.label,
        "id": item.object.id,
        "problem": say(item.problem) if item.problem else None,
        "sha256": read.sha256 if read else None,
        "serial": serial_text(read) if read else None,
        "issuer": whole(read.issuer) if read else None,
        "not_before": moment(read.not_before) if read else None,
        "not_after": moment(read.not_after) if read else None,
        "validity": item.validity.value if item.validity else None,
        "key_usage": list(read.key_usage) if read else [],
        "extended_key_usage": list(read.extended_key_usage) if read else [],
        "unreadable_parts": list(read.problems) if read else [],
        "chain": chain_body(item.chain, say),
        "revocation": revocation_body(item.revocation, say),
    }


def _object_body(item: SheetObject) -> dict[str, Any]:
    return {
        "label": item.object.label,
        "bytes": len(item.object.value),
        "private": item.object.private,
        "error": item.object.error or None,
        "fields": {key: sighting_body(sighting) for key, sighting in item.fields},
    }
