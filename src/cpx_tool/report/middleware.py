"""The list of modules, for a person and as JSON."""

from __future__ import annotations

from typing import Any

from cpx_tool.catalogue.middleware import Applies, known, product_of, quirks_of
from cpx_tool.catalogue.middleware_words import declaration_words, file_words
from cpx_tool.errors import ExitCode
from cpx_tool.model.message import Message, msg, nmsg
from cpx_tool.model.middleware import (
    CardCache,
    Declaration,
    InstalledModule,
    Middleware,
    Traces,
)
from cpx_tool.report.canvas import Canvas, Paper
from cpx_tool.report.json import SCHEMA_VERSION, fault_body, to_text
from cpx_tool.report.words import Say

_WHY_FIRST = msg("it is the first that can be used")


def exit_code(middleware: Middleware) -> ExitCode:
    """0 where the module that a run would use can be used, 4 where there is none or it cannot."""
    chosen = middleware.chosen_module
    usable = chosen is not None and chosen.usable
    return ExitCode.PASSED if usable else ExitCode.NOTHING_CHECKED


def render(middleware: Middleware, say: Say, paper: Paper) -> str:
    """Module by module: where it is, who declared it, what it is, what is known of it."""
    canvas = Canvas(paper)
    for module in middleware.modules:
        _module(canvas, module, middleware, say)
    if not middleware.modules:
        canvas.line(say(msg("No PKCS#11 module was found on this workstation.")), "bold red")
        remedy = msg("Install the Cryptolib CPS of the ANS, or name a module with --module FILE.")
        canvas.item("→", say(remedy), indent=2)
    elif middleware.chosen is None:
        none = msg("None of them is used without being named: --module FILE.")
        canvas.line(say(none), "bold red")
    for traces in middleware.traces:
        canvas.line(say(_traces(traces)))
    if middleware.cache is not None:
        canvas.line(say(_cache(middleware.cache)))
    return canvas.text()


def render_json(middleware: Middleware, say: Say) -> str:
    """One JSON object."""
    cache = middleware.cache
    return to_text(
        {
            "schema_version": SCHEMA_VERSION,
            "exit_code": int(exit_code(middleware)),
            "system": middleware.system.value,
            "machine": middleware.machine,
            "chosen": middleware.chosen,
            "modules": [_body(module, middleware, say) for module in middleware.modules],
            "traces": [
                {
                    "where": traces.where,
                    "active": traces.active,
                    "level": traces.level,
                    "problem": traces.problem or None,
                }
                for traces in middleware.traces
            ],
            "cache": {
                "directory": cache.directory,
                "writable": cache.writable,
                "open_to_all": cache.open_to_all,
                "serials": list(cache.serials),
                "protected": list(cache.protected),
                "problem": cache.problem or None,
            }
            if cache
            else None,
        }
    )


def _module(canvas: Canvas, module: InstalledModule, middleware: Middleware, say: Say) -> None:
    canvas.line(module.path, "bold")
    family = known(module.family).name if module.family else say(msg("unknown family"))
    declared = say(msg("{places}", places=tuple(declaration_words(d) for d in module.declared)))
    canvas.line(f"{family}; {declared}", indent=2)
    info = module.info
    if info is not None:
        canvas.line(say(_info(module, middleware)), indent=2)
    for reason, remedy in _problems(module, middleware):
        canvas.line(say(reason), "red", indent=2)
        if remedy is not None:
            canvas.item("→", say(remedy), indent=2)
    for quirk, applies in quirks_of(module, middleware.system):
        text = quirk.words.happens
        if applies is Applies.NOT_KNOWN:
            text = msg("Not known for this version: {quirk}", quirk=text)
        canvas.item("!", say(text), "yellow", indent=2)
    if module.path == middleware.chosen:
        why = declaration_words(module.declared[0]) if module.named else _WHY_FIRST
        if module.usable:
            canvas.line(say(msg("check-set uses this one: {why}.", why=why)), "green", indent=2)
        else:
            fails = msg("check-set takes this one, and cannot use it: {why}.", why=why)
            canvas.line(say(fails), "bold red", indent=2)
    canvas.line()


def _info(module: InstalledModule, middleware: Middleware) -> Message:
    info = module.info
    assert info is not None  # noqa: S101 - the caller asked
    shown = msg(
        "{manufacturer} {description}, version {version}",
        manufacturer=info.manufacturer,
        description=info.description,
        version=info.version,
    )
    product = product_of(module, middleware.system)
    if product is not None:
        shown = msg("{module} ({product})", module=shown, product=product.words)
    if module.slots is None:
        return shown
    slots = nmsg("{count} slot", "{count} slots", module.slots)
    return msg("{module}, {slots}", module=shown, slots=slots)


def _problems(
    module: InstalledModule, middleware: Middleware
) -> list[tuple[Message, Message | None]]:
    """What is wrong with it, with its remedy."""
    found: list[tuple[Message, Message | None]] = []
    if module.problem is not None and module.info is None:
        found.append(file_words(module.path, module.problem, middleware.machine))
    if module.fault is not None:
        fault = module.fault
        text = msg("Loading it failed: {call}, {code}.", call=fault.call, code=fault.code)
        if fault.code == "not-loaded":
            text = msg("The module could not be loaded: {detail}", detail=fault.detail)
        found.append((text, None))
    return found


def _body(module: InstalledModule, middleware: Middleware, say: Say) -> dict[str, Any]:
    info = module.info
    problem = module.problem
    words = file_words(module.path, problem, middleware.machine) if problem else None
    family = known(module.family) if module.family else None
    product = product_of(module, middleware.system)
    return {
        "path": module.path,
        "chosen": module.path == middleware.chosen,
        "usable": module.usable,
        "declared": [_declaration(declaration) for declaration in module.declared],
        "family": family.id.value if family else None,
        "at_once": family.at_once.value if family else None,
        "problem": {
            "code": problem.problem.value,
            "detail": problem.detail or None,
            "names": list(problem.names),
            "message": say(words[0]),
            "hint": say(words[1]),
        }
        if problem and words
        else None,
        "info": {
            "manufacturer": info.manufacturer,
            "description": info.description,
            "version": info.version,
        }
        if info
        else None,
        "product": {
            "version": product.version,
            "not_before": product.not_before,
            "sureness": product.sureness.value,
        }
        if product
        else None,
        "slots": module.slots,
        "fault": fault_body(module.fault),
        "quirks": [
            {
                "id": quirk.id,
                "applies": applies.value,
                "message": say(quirk.words.happens),
                "hint": say(quirk.words.remedy),
                "source": quirk.source,
            }
            for quirk, applies in quirks_of(module, middleware.system)
        ],
    }


def _declaration(declaration: Declaration) -> dict[str, str | None]:
    return {"origin": declaration.origin.value, "where": declaration.where or None}


def _traces(traces: Traces) -> Message:
    if traces.active is None:
        return msg("{place} cannot be read ({code}).", place=traces.where, code=traces.problem)
    if traces.active:
        return msg("Traces are on in {places}.", places=traces.where)
    return msg("Traces are off in {place}.", place=traces.where)


def _cache(cache: CardCache) -> Message:
    if cache.serials:
        return msg(
            "Cache of card contents: {directory}; serial numbers in it: {serials}",
            directory=cache.directory,
            serials=cache.serials,
        )
    return msg("Cache of card contents: {directory}", directory=cache.directory)
