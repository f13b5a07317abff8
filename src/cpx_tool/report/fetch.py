"""What was fetched from where, and what could not be, for a person and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from cpx_tool.errors import ExitCode
from cpx_tool.model.fetch import Address, Document, Fetched, FetchProblem
from cpx_tool.model.message import Message, msg
from cpx_tool.model.trust import Arrival, Imported
from cpx_tool.pki.canonical import label_of
from cpx_tool.report.canvas import Canvas, Paper
from cpx_tool.report.json import SCHEMA_VERSION, to_text
from cpx_tool.report.trust import STATUSES, imported_body, told
from cpx_tool.report.words import Say, one_line

_NETWORK = msg("Is this workstation connected? Behind a proxy, set http_proxy and https_proxy.")
HINTS = {
    FetchProblem.NAME: _NETWORK,
    FetchProblem.UNREACHABLE: _NETWORK,
    FetchProblem.TIMEOUT: msg(
        "Is this workstation connected? Behind a proxy, set http_proxy and https_proxy. For a "
        "slow server, give more time (--timeout)."
    ),
    FetchProblem.REFUSED: msg("The server may be down: try again later."),
    FetchProblem.PROXY: msg("Look at http_proxy, https_proxy and no_proxy."),
    FetchProblem.CUT_SHORT: msg("Try again later."),
}
"""What to do about a problem, where there is something to do."""
_SAYS_ALL = (FetchProblem.SCHEME, FetchProblem.ADDRESS)
"""Their reasons say that nobody was asked."""
_NOBODY = (FetchProblem.SCHEME, FetchProblem.MADE_UP)
"""Nobody was asked, so they tell nothing of the network."""
_NO_NETWORK = (FetchProblem.NAME, FetchProblem.UNREACHABLE, FetchProblem.TIMEOUT)


def render_addresses(addresses: Sequence[Address], say: Say) -> str:
    """One address on one line, whatever the width: they are for copying."""
    heads = {True: msg("Would be asked:"), False: msg("Not asked: neither http nor https.")}
    lines = []
    for is_web, head in heads.items():
        urls = [one_line(a.url) for a in addresses if a.is_web is is_web]
        lines += [say(head), *(f"  {url}" for url in urls)] if urls else []
    return "\n".join(lines) + "\n"


def render_addresses_json(addresses: Sequence[Address]) -> str:
    """One JSON object."""
    entries = [{"document": a.document.value, "about": a.about, "url": a.url} for a in addresses]
    return to_text({"schema_version": SCHEMA_VERSION, "dry_run": True, "addresses": entries})


def render_arrivals(arrivals: Sequence[Arrival], say: Say, paper: Paper) -> str:
    """What was fetched, with what became of it; then what was not, by reason."""
    canvas = Canvas(paper)
    hints: list[Message] = []
    for arrival in arrivals:
        if arrival.fetched.failure is None:
            canvas.line(_where(arrival.fetched, say), "bold")
            for item in arrival.imported:
                _item(canvas, item, say)
                hints += [item.hint] if item.hint else []
    for hint in dict.fromkeys(map(say, hints)):
        canvas.line(f"→ {hint}")
    _failures(canvas, [arrival.fetched for arrival in arrivals], say)
    return canvas.text()


def render_arrivals_json(arrivals: Sequence[Arrival], code: ExitCode, say: Say) -> str:
    """One JSON object."""
    entries = [
        {
            **fetched_body(arrival.fetched, say),
            "imported": [imported_body(item, say) for item in arrival.imported],
        }
        for arrival in arrivals
    ]
    return to_text(
        {
            "schema_version": SCHEMA_VERSION,
            "exit_code": int(code),
            "dry_run": False,
            "addresses": entries,
        }
    )


def render_fetched(fetched: Sequence[Fetched], say: Say, paper: Paper) -> str:
    """What was fetched, as a part of its own below a report."""
    canvas = Canvas(paper)
    canvas.line()
    fetched_lines(canvas, fetched, say)
    return canvas.text()


def fetched_list(fetched: Sequence[Fetched] | None, say: Say) -> list[dict[str, Any]] | None:
    """The same as JSON; None when the network was not asked."""
    return None if fetched is None else [fetched_body(item, say) for item in fetched]


def fetched_lines(canvas: Canvas, fetched: Sequence[Fetched], say: Say) -> None:
    """What was fetched and from where; then what was not, by reason."""
    if not fetched:
        canvas.line(say(msg("There was nothing to fetch.")))
    for item in fetched:
        if item.content is not None:
            canvas.line(_where(item, say), "bold")
            canvas.line(say(item.content), indent=2)
    _failures(canvas, fetched, say)


def fetched_body(fetched: Fetched, say: Say) -> dict[str, Any]:
    """What came of an address, as JSON."""
    failure = fetched.failure
    words = failure.reason if failure else fetched.content
    return {
        "document": fetched.document.value,
        "about": fetched.about,
        "url": fetched.url,
        "fetched": failure is None,
        "problem": failure.problem.value if failure else None,
        "message": say(words) if words else None,
    }


def _item(canvas: Canvas, item: Imported, say: Say) -> None:
    style = "red" if item.status.refused else ""
    words = told(STATUSES[item.status], item.reason, say)
    name = label_of(item.name)
    canvas.line(say(msg("{name}: {value}", name=name, value=words)), style, indent=2)
    if item.sha256 is not None and item.status.refused:
        canvas.line(f"SHA-256 {item.sha256.upper()}", indent=2)


def _failures(canvas: Canvas, fetched: Iterable[Fetched], say: Say) -> None:
    """Each reason once, with all addresses it holds for: without a network, that is one."""
    by_reason: dict[tuple[FetchProblem, str], list[Fetched]] = {}
    for item in fetched:
        if item.failure is not None:
            key = item.failure.problem, say(item.failure.reason)
            by_reason.setdefault(key, []).append(item)
    for (problem, reason), items in by_reason.items():
        asked = problem not in _SAYS_ALL
        head = say(msg("Not fetched. {reason}", reason=reason)) if asked else reason
        canvas.line(head, "yellow")
        for item in items:
            canvas.line(_where(item, say), "dim", indent=2)
        if problem in HINTS:
            canvas.line(f"→ {say(HINTS[problem])}", indent=2)


def _where(fetched: Fetched, say: Say) -> str:
    """The address; one responder answers about many certificates."""
    if fetched.document is not Document.OCSP:
        return fetched.url
    about = msg("OCSP about {name}", name=fetched.about)
    return say(msg("{name}: {value}", name=about, value=fetched.url))


def nothing(arrivals: Sequence[Arrival]) -> Message:
    """That nothing came, in one sentence, when it has one reason."""
    problems = {a.fetched.failure.problem for a in arrivals if a.fetched.failure is not None}
    asked = problems.difference(_NOBODY)
    if asked and asked.issubset(_NO_NETWORK):
        return msg("Nothing could be fetched: there seems to be no network.")
    return msg("Nothing could be fetched.")
