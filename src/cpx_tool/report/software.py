"""Judged software certificates, for a person and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cpx_tool.errors import ExitCode
from cpx_tool.model.fetch import Fetched
from cpx_tool.model.finding import Outcome
from cpx_tool.model.identity import Pki
from cpx_tool.model.message import Message, msg, nmsg
from cpx_tool.model.software import (
    JudgedFile,
    Purpose,
    SoftwareChecklist,
    SoftwareContents,
)
from cpx_tool.report.canvas import Canvas, Cell, Paper
from cpx_tool.report.fetch import fetched_list
from cpx_tool.report.findings import VERDICT_STYLES, attention, verdict_line
from cpx_tool.report.inspection import certificate_body
from cpx_tool.report.json import SCHEMA_VERSION, finding_body, identity_body, moment, to_text
from cpx_tool.report.result import Run
from cpx_tool.report.trust import chain_body, revocation_body
from cpx_tool.report.words import VERDICTS, Say, clipped, day

PURPOSES = {
    Purpose.INSI: msg("Software certificates for INSi (INSI-AUTO and INSI-MANU)"),
    Purpose.ANY: msg("Software certificates"),
}
_DATED = ("P12-STARTED", "P12-NOT-EXPIRED")


def render(checklist: SoftwareChecklist, say: Say, paper: Paper) -> str:
    """The table of files, what needs attention with its remedy, the verdict."""
    canvas = Canvas(paper)
    names = short_names(checklist.files)
    canvas.line(say(PURPOSES[checklist.purpose]), "bold")
    emulated = tuple(names[file.key] for file in checklist.files if is_emulated(file))
    if emulated:
        canvas.line(say(emulated_banner(emulated)), "bold magenta")
    judged = msg("Judged as of {date}", date=checklist.observation.judged_at)
    canvas.line(say(judged))
    canvas.line()
    heads = (msg("Name"), msg("Structure"), msg("Usage"), msg("Until"), msg("Result"))
    entries = [(_row(file, say), _below(file)) for file in checklist.files]
    canvas.entries([say(head) for head in heads], entries, movable=2)
    canvas.line()
    findings = checklist.all_findings()
    attention(canvas, findings, lambda keys: ", ".join(names[k] for k in keys if k in names), say)
    count = nmsg("{count} file", "{count} files", len(checklist.files))
    verdict_line(canvas, checklist.verdict, count, findings, say)
    return canvas.text()


def render_json(
    checklist: SoftwareChecklist,
    run: Run,
    code: ExitCode,
    say: Say,
    fetched: Sequence[Fetched] | None = None,
) -> str:
    """One JSON object; of `run` it has the host and the id."""
    return to_text(
        {
            "schema_version": SCHEMA_VERSION,
            "tool_version": run.tool_version,
            "run_id": run.run_id,
            "host": run.host,
            "judged_at": moment(checklist.observation.judged_at),
            "purpose": checklist.purpose.value,
            "verdict": checklist.verdict.value,
            "exit_code": int(code),
            "emulated": any(map(is_emulated, checklist.files)),
            "findings": [finding_body(f, say) for f in checklist.findings],
            "files": [_body(file, say) for file in checklist.files],
            "fetched": fetched_list(fetched, say),
        }
    )


def short_names(files: Sequence[JudgedFile]) -> dict[str, str]:
    """Key → the file's name, or its whole path where two have one name."""
    counted = Counter(Path(file.key).name for file in files)
    return {
        file.key: name if counted[name := Path(file.key).name] == 1 else file.key for file in files
    }


def emulated_banner(names: tuple[str, ...]) -> Message:
    """What stands above every output about emulated files."""
    return msg("EMULATED by cpx-tool, not of the ANS: {files}.", files=names)


def is_emulated(file: JudgedFile) -> bool:
    """Whether its certificate is of an emulated CA."""
    return file.identity is not None and file.identity.pki is Pki.EMULATED


def _row(file: JudgedFile, say: Say) -> list[Cell]:
    holder = file.identity.holder if file.identity else None
    structure = holder.structure if holder else None
    over = any(f.check in _DATED and f.outcome is Outcome.FAILED for f in file.findings)
    return [
        (clipped(holder.common_name) if holder and holder.common_name else "—", "bold"),
        (structure.value if structure else "—", ""),
        (
            file.usage.value if file.usage else say(msg("not known")) if file.certificate else "—",
            "",
        ),
        (day(file.certificate.not_after) if file.certificate else "—", "bold red" if over else ""),
        (say(VERDICTS[file.result]), VERDICT_STYLES[file.result]),
    ]


def _below(file: JudgedFile) -> str:
    """The file, and whom its certificate names."""
    holder = file.identity.holder if file.identity else None
    whom = (holder.organisation or holder.display) if holder else ""
    return f"{file.observed.file} — {clipped(whom)}" if whom else file.observed.file


def _body(file: JudgedFile, say: Say) -> dict[str, Any]:
    contents = file.observed.contents
    return {
        "file": file.observed.file,
        "key": file.key,
        "result": file.result.value,
        "opened": contents is not None,
        "contents": _contents(contents) if contents else None,
        "usage": file.usage.value if file.usage else None,
        "certificate": certificate_body(file.certificate) if file.certificate else None,
        "identity": identity_body(file.identity) if file.identity else None,
        "chain": chain_body(file.chain, say) if file.chain else None,
        "revocation": revocation_body(file.revocation, say) if file.revocation else None,
        "findings": [finding_body(f, say) for f in file.findings],
    }


def _contents(contents: SoftwareContents) -> dict[str, Any]:
    key = contents.key
    return {
        "certificates": len(contents.certificates),
        "private_keys": contents.keys,
        "private_key": {"algorithm": key.algorithm or None, "bits": key.bits or None}
        if key
        else None,
        "protected": contents.protected,
    }
