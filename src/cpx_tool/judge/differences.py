"""What is not the same in two judged results: facts, no conclusion."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

from cpx_tool.catalogue.middleware import product_of
from cpx_tool.judge.case import Case, asked_findings
from cpx_tool.judge.tls_parts import first_failure
from cpx_tool.model.blame import Difference, Topic
from cpx_tool.model.finding import JudgedCard, JudgedHandshake
from cpx_tool.model.observation import Observation

Facts = Mapping[tuple[Topic, str, str], str]
"""(topic, key, subject) → value."""

_DIGITS = 16


def differences(left: Case, right: Case) -> tuple[Difference, ...]:
    """Of both: the run, the workstation, service, readers, module; of cards that are in both, their
    values and findings; which cards are in one only; the servers.
    """
    return tuple(_between(facts_of(left, right), facts_of(right, left)))


def _between(left: Facts, right: Facts) -> Iterator[Difference]:
    order = list(Topic)
    names = sorted({*left, *right}, key=lambda name: (order.index(name[0]), name[2], name[1]))
    for name in names:
        one, other = left.get(name), right.get(name)
        if one != other:
            yield Difference(*name, one, other)


def facts_of(case: Case, other: Case) -> Facts:
    """What is told of a result, where it is compared with `other`: of cards that it has not, only
    that they are there.
    """
    both = {card.key for card in case.cards} & {card.key for card in other.cards}
    told: dict[tuple[Topic, str, str], str] = {}
    told.update(_of_run(case))
    told.update(_of_workstation(case.seen))
    for card in case.cards:
        told[Topic.CARD, "present", card.key] = "yes"
        if card.key in both:
            told.update(_of_card(card))
    told.update(_of_findings(case, both))
    for shaken in case.handshakes:
        told.update(_of_server(shaken))
    return {name: value for name, value in told.items() if value}


def _of_run(case: Case) -> Facts:
    return {
        (Topic.RUN, "verdict", ""): case.verdict.value,
        (Topic.RUN, "tool_version", ""): case.seen.tool_version,
        (Topic.RUN, "emulated", ""): "yes" if case.seen.emulated else "no",
        (Topic.RUN, "interrupted", ""): "yes" if case.seen.cut_short else "no",
    }


def _of_workstation(seen: Observation) -> Facts:
    place = seen.workstation
    told = {
        (Topic.WORKSTATION, "host", ""): place.host,
        (Topic.WORKSTATION, "system", ""): place.system,
        (Topic.WORKSTATION, "python", ""): place.python,
        (Topic.WORKSTATION, "session", ""): place.session,
        (Topic.WORKSTATION, "pcsc_lite", ""): place.pcsc_lite,
        (Topic.SERVICE, "status", ""): seen.pcsc.status.value,
    }
    for package in place.packages:
        name, _, version = package.partition(" ")
        told[Topic.WORKSTATION, "package", name] = version or name
    for reader in seen.pcsc.readers:
        told[Topic.READER, "state", reader.name] = reader.state.value
    return {**told, **_of_module(seen)}


def _of_module(seen: Observation) -> Facts:
    module = seen.module
    if module is None:
        return {}
    info, fault = module.info, module.fault
    chosen = seen.middleware.chosen_module if seen.middleware else None
    product = product_of(chosen, seen.middleware.system) if chosen and seen.middleware else None
    return {
        (Topic.MODULE, "path", ""): module.path,
        (Topic.MODULE, "source", ""): module.source,
        (Topic.MODULE, "manufacturer", ""): info.manufacturer if info else "",
        (Topic.MODULE, "description", ""): info.description if info else "",
        (Topic.MODULE, "version", ""): info.version if info else "",
        (Topic.MODULE, "product", ""): str(product.version) if product else "",
        (Topic.MODULE, "fault", ""): fault.code if fault else "",
    }


def _of_card(card: JudgedCard) -> Facts:
    seen = card.observed
    told = {
        "result": card.result.value,
        "role": card.expected.role if card.expected else "",
        "reader": seen.reader or "",
        "not_after": card.not_after.date().isoformat() if card.not_after else "",
        "pin": seen.pin.result.value if seen.pin else "",
        "pin_refusal": seen.pin.refusal.value if seen.pin and seen.pin.refusal else "",
        "faults": ", ".join(sorted({fault.code for fault in seen.all_hindrances})),
    }
    if seen.token is not None:
        told["label"] = seen.token.label
        told["model"] = seen.token.model
        told["serial"] = seen.token.serial
        told["flags"] = ", ".join(sorted(flag.value for flag in seen.token.flags))
        told["mechanisms"] = ", ".join(sorted(seen.token.mechanisms))
    for item in seen.certificates:
        told[f"certificate {item.label}"] = digest(item.der)
    for data in seen.data:
        told[f"data {data.label}"] = digest(data.value)
    return {(Topic.VALUE, key, card.key): value for key, value in told.items()}


def _of_findings(case: Case, both: set[str]) -> Facts:
    told: dict[tuple[Topic, str, str], str] = {}
    for finding in asked_findings(case):
        name = finding.subject.split(" ")[0]
        if finding.subject == "run" or name in both:
            code = f" ({finding.code})" if finding.code else ""
            told[Topic.FINDING, finding.check, finding.subject] = finding.outcome.value + code
    return told


def _of_server(shaken: JudgedHandshake) -> Facts:
    decisive = shaken.decisive
    subject = " ".join(filter(None, (shaken.subject, shaken.handshake.endpoint.url)))
    failure = first_failure(shaken)
    told = {"verdict": shaken.verdict.value, "cause": failure.code if failure else ""}
    if decisive is not None:
        told["addresses"] = ", ".join(decisive.addresses)
        told["proxy"] = decisive.proxy
        told["version"] = decisive.version
        told["certificate"] = digest(decisive.chain[0]) if decisive.chain else ""
        told["scheme"] = decisive.scheme
        told["status"] = str(decisive.http.status) if decisive.http else ""
    return {(Topic.SERVER, key, subject): value for key, value in told.items()}


def digest(content: bytes) -> str:
    """The first hex digits of its SHA-256: enough to tell two apart."""
    return hashlib.sha256(content).hexdigest()[:_DIGITS]
