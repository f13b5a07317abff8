"""The list of modules, for a person and as JSON."""

from __future__ import annotations

from typing import Any

from cpx_tool.catalogue.middleware import Applies, Quirk, known, product_of, quirks_of
from cpx_tool.catalogue.middleware_words import (
    RIGHT_FILE,
    declaration_words,
    file_words,
    info_words,
    no_pkcs11,
    unread_words,
)
from cpx_tool.errors import ExitCode
from cpx_tool.model.fault import NOT_LOADED
from cpx_tool.model.message import Message, msg, nmsg
from cpx_tool.model.middleware import (
    AtOnce,
    CardCache,
    Declaration,
    FileProblem,
    InstalledModule,
    Middleware,
    Traces,
)
from cpx_tool.model.token import ModuleInfo
from cpx_tool.report.canvas import Canvas, Paper
from cpx_tool.report.json import SCHEMA_VERSION, fault_body, to_text
from cpx_tool.report.words import Say

_WHY_FIRST = msg("it is the first that can be used")
_WHY_FIRST_FILE = msg("it is the first whose file can be loaded")
_AT_ONCE = {
    AtOnce.YES: msg("several processes may use it at once"),
    AtOnce.NO: msg("it does not serve several processes at once"),
    AtOnce.NOT_KNOWN: msg("whether it serves several processes at once is not known"),
}


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


def render_json(middleware: Middleware, code: ExitCode, say: Say) -> str:
    """One JSON object."""
    cache = middleware.cache
    return to_text(
        {
            "schema_version": SCHEMA_VERSION,
            "exit_code": int(code),
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
    family = known(module.family) if module.family else None
    name = family.name if family else say(msg("unknown family"))
    declared = say(msg("{places}", places=tuple(declaration_words(d) for d in module.declared)))
    canvas.line(say(msg("{name}; {declared}", name=name, declared=declared)), indent=2)
    if family is not None:
        canvas.line(say(_AT_ONCE[family.at_once]), indent=2)
        if not (family.automatic or module.named):
            canvas.line(say(msg("only used when it is named")), indent=2)
    if module.info is not None:
        canvas.line(say(_info(module, module.info, middleware)), indent=2)
    for reason, remedy in _problems(module, middleware):
        canvas.line(say(reason), "red", indent=2)
        if remedy is not None:
            canvas.item("→", say(remedy), indent=2)
    for quirk, applies in _quirks(module, middleware):
        canvas.item("!", say(_quirk(module, quirk, applies)), "yellow", indent=2)
    _choice(canvas, module, middleware, say)
    canvas.line()


def _quirk(module: InstalledModule, quirk: Quirk, applies: Applies) -> Message:
    text = quirk.words.happens
    if applies is Applies.YES:
        return text
    if module.info is None:
        return msg("Not known, since its version was not read: {quirk}", quirk=text)
    return msg("Not known for this version: {quirk}", quirk=text)


def _choice(canvas: Canvas, module: InstalledModule, middleware: Middleware, say: Say) -> None:
    """Whether it is the one that is used, and why."""
    if module.path != middleware.chosen:
        return
    first = _WHY_FIRST if module.info is not None else _WHY_FIRST_FILE
    why = declaration_words(module.declared[0]) if module.named else first
    if module.usable:
        canvas.line(say(msg("check-set uses this one: {why}.", why=why)), "green", indent=2)
    else:
        fails = msg("check-set takes this one, and cannot use it: {why}.", why=why)
        canvas.line(say(fails), "bold red", indent=2)


def _quirks(module: InstalledModule, middleware: Middleware) -> tuple[tuple[Quirk, Applies], ...]:
    """None of a file that is not there."""
    if module.problem is not None and module.problem.problem is FileProblem.MISSING:
        return ()
    return quirks_of(module, middleware.system)


def _info(module: InstalledModule, info: ModuleInfo, middleware: Middleware) -> Message:
    shown = info_words(info)
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
        if fault.code == NOT_LOADED:
            text = msg("The module could not be loaded: {detail}", detail=fault.detail)
        none = no_pkcs11(fault, module.path)
        found.append((text, None) if none is None else (none, RIGHT_FILE))
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
            for quirk, applies in _quirks(module, middleware)
        ],
    }


def _declaration(declaration: Declaration) -> dict[str, str | None]:
    return {"origin": declaration.origin.value, "where": declaration.where or None}


def _traces(traces: Traces) -> Message:
    if traces.active is None:
        return unread_words(traces.where, traces.problem)
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
