"""The middleware of the workstation: its version, its quirks, what it leaves on disk.

Each of these needs `middleware`, and at most PC/SC, so they can be asked without a card.
"""

from __future__ import annotations

from collections.abc import Sequence

from cpx_tool.catalogue.middleware import Applies, is_below, known, product_of, quirks_of
from cpx_tool.catalogue.middleware_words import (
    UPDATE_CRYPTOLIB,
    USE_CRYPTOLIB,
    QuirkWords,
    file_words,
    unread_words,
)
from cpx_tool.judge.check import Answer, Scope, check, failed, passed, skipped
from cpx_tool.judge.words import sentences
from cpx_tool.model.finding import Severity
from cpx_tool.model.message import Message, msg, nmsg
from cpx_tool.model.middleware import (
    CardCache,
    Family,
    FileProblem,
    InstalledModule,
    Middleware,
)
from cpx_tool.model.reader import Pcsc

_NO_MODULE = msg("There is no module to look at.")


@check(
    "MODULE-VERSION",
    msg("The module is of a product that reads the cards of today"),
    UPDATE_CRYPTOLIB,
    severity=Severity.WARNING,
    scope=Scope.RUN,
)
def version_is_recent(middleware: Middleware) -> Answer:
    """CK_INFO carries the version of the module, not of the product: 3.1 in 5.2.2 on Linux."""
    module = middleware.chosen_module
    if module is None:
        return skipped(_NO_MODULE)
    if module.family is None:
        return skipped(msg("{path} is of no family that is known.", path=module.path))
    family, product = known(module.family), product_of(module, middleware.system)
    version = module.info.version if module.info is not None else "?"
    shown = msg("{name}, module {version}", name=family.name, version=version)
    if family.wanted is None:
        return passed(shown)
    if product is None:
        reason = msg("{module}: to which product it belongs is not known.", module=shown)
        return skipped(reason)
    told = msg("{module}: {product}", module=shown, product=product.words)
    if is_below(product.not_before, family.wanted):
        reason = msg("{module}, older than {wanted}.", module=told, wanted=family.wanted)
        return failed(reason)
    return passed(told)


@check(
    "MODULE-QUIRKS",
    msg("No known weakness of this module stands in the way"),
    msg(
        "Install the newest Cryptolib CPS of the ANS, or avoid what is named here; "
        "cpx-tool list-modules gives the source of each weakness."
    ),
    severity=Severity.WARNING,
    scope=Scope.RUN,
)
def quirks_are_absent(middleware: Middleware, pcsc: Pcsc) -> Answer:
    """What the version is known to do; what depends on a version nobody can tell is not claimed.
    What is about cards that are not there is said in short.
    """
    module = middleware.chosen_module
    if module is None:
        return skipped(_NO_MODULE)
    found = quirks_of(module, middleware.system, len(pcsc.readers))
    kinds = {reader.kind for reader in pcsc.readers}
    sure = [quirk for quirk, applies in found if applies is Applies.YES]
    met = [q.words for q in sure if not q.concerns or kinds & set(q.concerns)]
    if met:
        return _weaknesses(met)
    lacks = tuple(q.words.lacks for q in sure if q.words.lacks is not None)
    if lacks:
        return failed(msg("This module has no support for: {lacks}.", lacks=lacks), USE_CRYPTOLIB)
    if found:
        ids = tuple(quirk.id for quirk, _ in found)
        return skipped(msg("Not known for this version: {quirks}.", quirks=ids))
    return passed(msg("None is known."))


def _weaknesses(met: Sequence[QuirkWords]) -> Answer:
    """Each before its own remedy, where they have different ones."""
    if len({words.remedy.text for words in met}) == 1:
        return failed(sentences([words.happens for words in met]), met[0].remedy)
    pairs = [msg("{before} {after}", before=w.happens, after=w.remedy) for w in met]
    return failed(sentences(pairs))


@check(
    "MODULE-FILES",
    msg("Every module that is installed can be loaded here"),
    msg("Install that module again, or remove what is left of it."),
    severity=Severity.WARNING,
    scope=Scope.RUN,
)
def files_are_usable(middleware: Middleware) -> Answer:
    """One of another bitness beside a usable one is how Windows is meant to be."""
    if not middleware.modules:
        return skipped(_NO_MODULE)
    usable = {module.family for module in middleware.modules if module.problem is None}
    bad = [module for module in middleware.modules if _is_bad(module, module.family in usable)]
    if not bad:
        return passed(nmsg("{count} module", "{count} modules", len(middleware.modules)))
    words = [
        file_words(module.path, module.problem, middleware.machine)
        for module in bad
        if module.problem is not None
    ]
    return failed(sentences([reason for reason, _ in words]), words[0][1])


@check(
    "MODULE-COMPETING",
    msg("No second middleware drives the same cards"),
    msg(
        "Leave one of them in use: programs that use different ones take the card from each "
        "other. Uninstall those that nothing needs."
    ),
    severity=Severity.WARNING,
    scope=Scope.RUN,
)
def nothing_competes(middleware: Middleware) -> Answer:
    """Families that drive readers themselves, of which a module could be loaded here."""
    rivals = [m for m in middleware.modules if m.family is not None and known(m.family).competes]
    old = [module.path for module in rivals if module.family is Family.CPS2TER]
    if old:
        reason = msg("Leftovers of the CPS2ter middleware: {paths}.", paths=tuple(old))
        return failed(reason, msg("Uninstall them: the installer of the Cryptolib CPS does it."))
    names = dict.fromkeys(
        known(m.family).name for m in rivals if m.family is not None and m.problem is None
    )
    if len(names) > 1:
        return failed(msg("Several are installed: {names}.", names=tuple(names)))
    return passed(msg("None was found."))


@check(
    "MODULE-TRACES",
    msg("The middleware's traces are switched off"),
    msg(
        "Switch them off again: “active = false” in that file, Traces = 0 in that registry key. "
        "They slow every program down, and never stop growing."
    ),
    severity=Severity.WARNING,
    scope=Scope.RUN,
)
def traces_are_off(middleware: Middleware) -> Answer:
    """The setting counts for every process of the machine."""
    if not middleware.traces:
        return skipped(msg("No setting of traces was found."))
    on = tuple(traces.where for traces in middleware.traces if traces.active)
    if on:
        return failed(msg("Traces are on in {places}.", places=on))
    unread = [traces for traces in middleware.traces if traces.active is None]
    if unread:
        return skipped(unread_words(unread[0].where, unread[0].problem))
    return passed(msg("They are off."))


@check(
    "MODULE-CACHE",
    msg("The middleware's cache of card contents can be used, and shows nobody what a PIN guards"),
    msg(
        "Delete the files of the cards named. A cache that keeps the contents of a card that was "
        "personalised again under its old number shows the old certificates."
    ),
    severity=Severity.WARNING,
    scope=Scope.RUN,
)
def cache_is_sound(middleware: Middleware) -> Answer:
    """What is in it is enciphered with a key that its name gives away (sources, encdec.c)."""
    cache = middleware.cache
    if cache is None:
        return skipped(msg("There is no cache of the Cryptolib CPS."))
    if cache.problem:
        return skipped(unread_words(cache.directory, cache.problem))
    if cache.protected and cache.open_to_all:
        return failed(
            msg(
                "In {directory} every user can read contents that the PIN protects on the card; "
                "cards: {serials}.",
                directory=cache.directory,
                serials=cache.protected,
            )
        )
    if not cache.writable:
        return failed(
            msg("{directory} cannot be written: every read is slow.", directory=cache.directory),
            msg("Give the users of the cards the right to write there."),
        )
    return passed(_contents(cache))


def _is_bad(module: InstalledModule, has_usable_twin: bool) -> bool:
    if module.problem is None or module.info is not None:  # the loader knew better
        return False
    other = (FileProblem.OTHER_MACHINE, FileProblem.OTHER_SYSTEM)
    return not (module.problem.problem in other and has_usable_twin and not module.named)


def _contents(cache: CardCache) -> Message:
    if not cache.serials:
        return msg("{directory}: empty", directory=cache.directory)
    return msg("{directory}: cards {serials}", directory=cache.directory, serials=cache.serials)
