"""The pages of the commands that judge something else than a set, each of a run with faults."""

from __future__ import annotations

from dataclasses import replace

from cpx_tool.catalogue.sets import find_set
from cpx_tool.errors import ExitCode
from cpx_tool.judge.blame import blame
from cpx_tool.judge.compare import compare
from cpx_tool.judge.signing import judge_signing, signing_exit_code
from cpx_tool.judge.station import judge_station, station_exit_code
from cpx_tool.model.fault import Fault, FaultKind
from cpx_tool.model.message import msg
from cpx_tool.model.observation import Observation, PinRecord, PinRefusal, PinResult
from cpx_tool.model.reader import Pcsc, PcscStatus
from cpx_tool.model.station import Hold, Holder, Holders, NoModule, Process, Unknown
from cpx_tool.report.result import Answer
from cpx_tool.report.results import of_blame, of_comparison, of_signing, of_software, of_station
from support.build import FLAGS, no_login, with_card, without_cards
from support.software import AUTO, MANU, file, unopened
from support.software import judged as judged_files
from support.station import station

DOCTOR, NURSE = "medecin-generaliste", "infirmier"


def faulty(good: Observation) -> Observation:
    """One card with a locked PIN, one whose key refuses, one missing."""
    locked = PinRecord(PinResult.REFUSED, PinRefusal.LOCKED, FLAGS)
    refused = Fault(FaultKind.ERROR, "C_Sign", "CKR_KEY_TYPE_INCONSISTENT")
    seen = with_card(good, NURSE, lambda found: no_login(found, locked))
    seen = with_card(
        seen,
        DOCTOR,
        lambda found: replace(
            found,
            signatures=tuple(
                replace(tried, signature=b"", fault=refused) for tried in found.signatures
            ),
        ),
    )
    return without_cards(seen, "chirurgien-dentiste")


def answers(good: Observation, *, host: str = "poste-1", name: str = "x") -> dict[str, Answer]:
    """What each command answers. `host` and `name` are what strangers may choose."""
    card_set = find_set("centre-sante")
    seen = faulty(good)
    seen = replace(seen, workstation=replace(seen.workstation, host=host, system=name))
    signed = judge_signing(seen)
    bad = replace(
        station(),
        host=host,
        pcsc=Pcsc(PcscStatus.NO_SERVICE),
        module=NoModule(msg("There is none."), msg("Install one.")),
        service=Unknown(msg("Closed.")),
        holders=Holders((Holder(Process(17, name, name), Hold.CONNECTED),), 0, None),
    )
    examined = judge_station(bad)
    files = judged_files(file(AUTO), file(replace(MANU, organisation=name)), unopened(), unopened())
    return {
        "sign-test": of_signing(signed, signing_exit_code(signed)),
        "sign-test without a card": of_signing(
            judge_signing(replace(seen, cards=())), ExitCode.NOTHING_CHECKED
        ),
        "doctor": of_station(examined, "f00", station_exit_code(examined), hints=True),
        "doctor well": of_station(judge_station(station()), "f00", ExitCode.PASSED, hints=False),
        "check-p12": of_software(files, host, "f00", ExitCode.FAILED, ()),
        "blame": of_blame(blame(seen, card_set), ExitCode.FAILED),
        "blame of nothing": of_blame(blame(good, card_set), ExitCode.PASSED),
        "compare": of_comparison(compare(good, seen, card_set), ExitCode.PASSED),
        "compare the same": of_comparison(compare(seen, seen, card_set), ExitCode.PASSED),
    }
