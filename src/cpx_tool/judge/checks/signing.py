"""Each key, each mechanism: what the keys of a card sign with. The card is not believed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from cpx_tool.catalogue.signing import signing_rules
from cpx_tool.judge import opensc
from cpx_tool.judge.check import Answer, Scope, check, failed, passed, skipped
from cpx_tool.judge.signing_facts import JudgedTries
from cpx_tool.judge.words import fault_message, sentences
from cpx_tool.model.eligibility import Key
from cpx_tool.model.fault import Fault
from cpx_tool.model.finding import Outcome, Severity
from cpx_tool.model.message import Message, msg, nmsg
from cpx_tool.model.signing import (
    Expectation,
    JudgedTry,
    SigningRule,
    SignResult,
    mechanism_name,
)
from cpx_tool.model.token import PrivateKey, TokenInfo

_AGAIN = msg("Run cpx-tool sign-test on this card (again).")


@check(
    "SIGN-NEEDED",
    msg("The keys sign by the mechanisms that applications need"),
    msg(
        "Without it, TLS client authentication or document signature does not work with this card. "
        "Repeat once; if only this card refuses, have it replaced; if all do, suspect the "
        "middleware: use the Cryptolib CPS."
    ),
    scope=Scope.SIGNING,
)
def needed_mechanisms_sign(
    keys: tuple[PrivateKey, ...],  # noqa: ARG001 - says whether there was a login
    token: TokenInfo,
    tries: JudgedTries,
) -> Answer:
    """CKM_RSA_PKCS over a SHA-256 DigestInfo with both keys (TLS 1.2, RFC 5246; signature of
    documents); RSA-PSS with SHA-256 with the authentication key where announced (TLS 1.3, RFC 8446,
    4.2.3). Whether what they give is right, SIGN-VERIFIES says. What OpenSC does not do with the
    signature key says nothing of the card.
    """
    wanted = list(_needed(token))
    needed = dict.fromkeys(rule.mechanism for _, rule in wanted)
    lacking = tuple(name for name in needed if name not in token.mechanisms)
    if lacking:
        return failed(msg("The token does not announce: {names}.", names=lacking))
    found = [(_try_of(key, rule, tries), key, rule) for key, rule in wanted]
    refused = [t for t, _, _ in found if t is not None and t.result is SignResult.REFUSED]
    if refused:
        return _opensc_limit(refused) or failed(_refusals(refused))
    open_still = [(k, r) for t, k, r in found if t is None or t.result is SignResult.CUT_OFF]
    if open_still:
        return skipped(_not_tried(open_still))
    return passed(msg("All that is needed signs."))


@check(
    "SIGN-VERIFIES",
    msg("Each signature that a key gives is verified by its certificate"),
    msg(
        "Such a signature is worth nothing, and applications seldom say why they fail then. Repeat "
        "once; if only this card does it, have it replaced; if all do, suspect the middleware."
    ),
    scope=Scope.SIGNING,
)
def signatures_verify(
    keys: tuple[PrivateKey, ...],  # noqa: ARG001 - as above
    tries: JudgedTries,
) -> Answer:
    """A fresh challenge each; RSASSA-PKCS1-v1_5 and RSASSA-PSS (RFC 8017, 8.1 and 8.2)."""
    wrong = [t for t in tries if t.result is SignResult.WRONG]
    if wrong:
        return failed(
            _by_key(
                wrong,
                lambda key, names: msg("Not verified ({key}): {names}.", key=key, names=names),
            )
        )
    untold = [t for t in tries if t.result is SignResult.NOT_VERIFIABLE]
    if untold:
        names = dict.fromkeys(t.key or t.tried.key_label for t in untold)
        return Answer(
            Outcome.ERROR,
            msg("No certificate verifies what this signs: {keys}.", keys=tuple(map(_key, names))),
            msg("A certificate of the card is missing or damaged: cpx-tool show-card shows them."),
        )
    good = sum(t.result is SignResult.VERIFIED for t in tries)
    if not good:
        return skipped(msg("No key gave a signature."))
    return passed(nmsg("{count} signature verified.", "{count} signatures verified.", good))


@check(
    "SIGN-COMPLETE",
    msg("Every mechanism was tried to the end with every key"),
    msg(
        "The login goes with the module's process, and there is no second one: put the card in "
        "again and repeat. If it ends at the same mechanism each time, report it to the maker of "
        "the middleware."
    ),
    scope=Scope.SIGNING,
)
def all_was_tried(
    keys: tuple[PrivateKey, ...], token: TokenInfo, tries: JudgedTries
) -> Answer | None:
    """Each mechanism that the token announces and the catalogue knows."""
    wanted = len(keys) * sum(rule.mechanism in token.mechanisms for rule in signing_rules())
    if not wanted:
        return None
    cut = next((t for t in tries if t.result is SignResult.CUT_OFF), None)
    left = wanted - len(tries)
    if cut is not None and cut.tried.fault is not None:
        return failed(_cut_short(cut, cut.tried.fault, left))
    if left > 0:
        return skipped(_left(left), _AGAIN)
    return passed(
        nmsg("{count} signature was tried.", "{count} signatures were tried.", len(tries))
    )


@check(
    "SIGN-REFUSED",
    msg("No key refuses a mechanism, but where that is known of the Cryptolib CPS"),
    msg(
        "The token announces what a key does not do: applications that rely on it fail. Compare "
        "with another card of its kind; if all do the same, report it to the maker of the "
        "middleware."
    ),
    severity=Severity.WARNING,
    scope=Scope.SIGNING,
)
def refusals_are_known(
    keys: tuple[PrivateKey, ...],  # noqa: ARG001 - as above
    tries: JudgedTries,
) -> Answer:
    """What is known stands in catalogue/signing.toml. What is needed, SIGN-NEEDED says."""
    needed = (Expectation.NEEDED, Expectation.NEEDED_IF_ANNOUNCED)
    refused = [t for t in tries if t.result is SignResult.REFUSED and t.expected not in needed]
    if refused:
        limit = _opensc_limit(refused)
        return failed(_refusals(refused), limit.hint if limit else None)
    known = sum(t.result is SignResult.KNOWN_REFUSAL for t in tries)
    if known:
        return passed(
            nmsg(
                "{count} refusal, known of the Cryptolib CPS.",
                "{count} refusals, all known of the Cryptolib CPS.",
                known,
            )
        )
    return passed(msg("Nothing was refused."))


def _needed(token: TokenInfo) -> Iterator[tuple[Key, SigningRule]]:
    for rule in signing_rules():
        announced = rule.mechanism in token.mechanisms
        for key in Key:
            expected = rule.expects(key)
            if expected is Expectation.NEEDED or (
                expected is Expectation.NEEDED_IF_ANNOUNCED and announced
            ):
                yield key, rule


def _try_of(key: Key, rule: SigningRule, tries: JudgedTries) -> JudgedTry | None:
    same = (rule.mechanism, rule.hash)
    return next(
        (t for t in tries if t.key is key and (t.tried.mechanism, t.tried.hash) == same), None
    )


def _opensc_limit(refused: Sequence[JudgedTry]) -> Answer | None:
    """Where OpenSC alone is at fault: what it refuses the signature key."""
    faults = [t.tried.fault for t in refused if t.key is Key.SIGNATURE and t.tried.fault]
    if len(faults) < len(refused) or not all(map(opensc.refuses_key, faults)):
        return None
    return Answer(Outcome.ERROR, opensc.no_code(faults[0]), opensc.USE_CRYPTOLIB)


def _refusals(refused: Sequence[JudgedTry]) -> Message:
    codes = dict.fromkeys(t.tried.fault.code for t in refused if t.tried.fault is not None)
    told = _by_key(
        refused, lambda key, names: msg("Refused ({key}): {names}.", key=key, names=names)
    )
    return msg("{before} The module answers {codes}.", before=told, codes=tuple(codes))


def _not_tried(needed: Sequence[tuple[Key, SigningRule]]) -> Message:
    return sentences(
        [
            msg(
                "Not tried to the end ({key}): {name}.",
                key=_key(key),
                name=mechanism_name(rule.mechanism, rule.hash),
            )
            for key, rule in needed
        ]
    )


def _by_key(
    tries: Sequence[JudgedTry], tell: Callable[[Message, tuple[str, ...]], Message]
) -> Message:
    """A sentence for each key, of the names of its mechanisms."""
    names: dict[Key | str, list[str]] = {}
    for t in tries:
        name = mechanism_name(t.tried.mechanism, t.tried.hash)
        names.setdefault(t.key or t.tried.key_label, []).append(name)
    return sentences([tell(_key(key), tuple(own)) for key, own in names.items()])


def _cut_short(cut: JudgedTry, fault: Fault, left: int) -> Message:
    """Where it ended, how, and how much was left."""
    told = msg(
        "{name} ({key}): {message}",
        name=mechanism_name(cut.tried.mechanism, cut.tried.hash),
        key=_key(cut.key or cut.tried.key_label),
        message=fault_message(fault),
    )
    return told if left <= 0 else sentences([told, _left(left)])


def _left(count: int) -> Message:
    return nmsg("{count} signature was not tried.", "{count} signatures were not tried.", count)


def _key(key: Key | str) -> Message:
    if key is Key.AUTHENTICATION:
        return msg("authentication key")
    if key is Key.SIGNATURE:
        return msg("signature key")
    return msg("key “{label}”", label=key)
