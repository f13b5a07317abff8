"""What a handshake comes to: each cause has one code, each code one check, each verdict its exit
code."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from cpx_tool.catalogue.sets import find_set
from cpx_tool.errors import ExitCode
from cpx_tool.i18n import say
from cpx_tool.judge.judge import judge
from cpx_tool.judge.presenting import nothing_presented
from cpx_tool.judge.tls import judge_handshake, judge_handshakes, tls_exit_code, tls_verdict
from cpx_tool.judge.tls_causes import Cause
from cpx_tool.model.fault import Fault, FaultKind
from cpx_tool.model.finding import Finding, JudgedHandshake, Outcome, Severity, Verdict
from cpx_tool.model.handshake import (
    Asked,
    Client,
    ClientKind,
    Connection,
    End,
    Handshake,
    KeyUse,
    NameMatch,
    Step,
)
from cpx_tool.model.observation import (
    CardObservation,
    Observation,
    PinRecord,
    PinRefusal,
    PinResult,
)
from cpx_tool.observe.certificates import card_key
from support.build import PEOPLE, card, observation
from support.handshakes import (
    CASES,
    NAME,
    PRODUCTION,
    alert,
    by_card,
    by_nobody,
    case,
    connection,
    cut,
    page,
    proof,
    refused,
    request,
    stopped,
)

WARNINGS = {
    Cause.SERVER_NOT_STRICT,
    Cause.INSECURE,
    Cause.ISSUER_NOT_LISTED,
    Cause.SAME_WITHOUT,
    Cause.CONTROL_LOST,
}
"""They are noticed, and change no verdict."""


def judged(cause: Cause) -> JudgedHandshake:
    return judge_handshake(case(cause).handshake, case(cause).pin)


def codes(one: JudgedHandshake) -> dict[str, str]:
    """Every code, by its check."""
    return {finding.check: finding.code for finding in one.findings if finding.code}


def wrong(one: JudgedHandshake) -> list[str]:
    """The codes of the blockers that are not as they should be."""
    return [
        finding.code
        for finding in one.findings
        if finding.outcome is not Outcome.PASSED
        and finding.severity is Severity.BLOCKER
        and finding.code
    ]


def of(shaken: Handshake, pin: PinRecord | None = None) -> list[str]:
    return wrong(judge_handshake(shaken, pin))


def finding(one: JudgedHandshake, check: str) -> Finding:
    return next(found for found in one.findings if found.check == check)


def test_every_cause_has_its_case() -> None:
    assert set(CASES) == set(Cause)


@pytest.mark.parametrize("cause", Cause)
def test_a_cause_is_told_by_its_code(cause: Cause) -> None:
    one = judged(cause)
    assert list(codes(one).values()).count(cause.value) == 1
    told = next(found for found in one.findings if found.code == cause.value)
    if told.outcome is Outcome.PASSED:
        assert wrong(one) == []
        assert one.verdict is Verdict.PASSED
    else:
        assert wrong(one) == ([] if cause in WARNINGS else [cause.value])
        assert told.hint.text
        assert (one.verdict is Verdict.PASSED) == (cause in WARNINGS)


def test_a_code_is_given_by_one_check_alone() -> None:
    givers = defaultdict(set)
    for cause in Cause:
        for check, code in codes(judged(cause)).items():
            givers[code].add(check)
    assert {code: checks for code, checks in givers.items() if len(checks) > 1} == {}
    assert set(givers) == {cause.value for cause in Cause}


def test_no_two_bad_cases_look_alike() -> None:
    bad = [cause for cause in Cause if wrong(judged(cause))]
    assert len({tuple(wrong(judged(cause))) for cause in bad}) == len(bad)


def test_whatever_stops_a_card_at_whatever_step_has_a_cause() -> None:
    """No end of a connection is told as skipped steps alone."""
    silent = []
    for step in Step:
        for end in End:
            shown = stopped(step, end, **({"proxy": "http://p:1"} if step is Step.PROXY else {}))
            if _impossible(step, end):
                continue
            if not of(by_card(shown)):
                silent.append((step, end))
    assert silent == []


@pytest.mark.parametrize("end", End)
def test_whatever_comes_after_a_signature_has_a_cause(end: End) -> None:
    assert of(by_card(cut(Step.VERDICT, end)))


def _impossible(step: Step, end: End) -> bool:
    """At SIGNATURE the key ends it, and says how; at CHAIN it is our own verdict, or a cut before
    the certificate was there; a verdict presupposes a signature.
    """
    if step in (Step.SIGNATURE, Step.VERDICT):
        return True
    ours = (End.NOT_TRUSTED, End.NOT_SIGNABLE, End.NO_RSA_KEY)
    return end in ours and step is not Step.CHAIN


@pytest.mark.parametrize("end", [End.CLOSED, End.RESET, End.MALFORMED, End.ALERT, End.TOO_MUCH])
def test_a_connection_that_breaks_off_after_the_request_is_told(end: End) -> None:
    lost = stopped(Step.REQUEST, end, request=request())
    assert of(by_card(lost)) == ["request-lost"]


def test_a_handshake_without_a_request_that_does_not_end_is_told() -> None:
    broken = stopped(Step.VERDICT, End.MALFORMED, request=None)
    assert of(by_card(broken)) == ["request-lost"]
    assert of(by_nobody(broken)) == ["request-lost"]


def test_a_step_that_was_not_reached_is_skipped() -> None:
    one = judge_handshake(by_card(stopped(Step.CONNECT, End.REFUSED)))
    after = [f for f in one.findings if f.check not in ("TLS-RESOLVE", "TLS-CONNECT")]
    assert {found.outcome for found in after} == {Outcome.SKIPPED}
    assert {found.code for found in after} == {""}


def test_behind_a_proxy_its_steps_stand_for_name_and_tcp() -> None:
    one = judge_handshake(by_card(connection(proxy="http://192.0.2.8:3128")))
    assert codes(one)["TLS-PROXY"] == "tunnel"
    assert not {"TLS-RESOLVE", "TLS-CONNECT"} & {found.check for found in one.findings}


# --- the server's certificate ---------------------------------------------------------------


@pytest.mark.parametrize("error", [2, 19, 20, 21, 27])
def test_an_issuer_that_is_not_known_has_several_numbers(error: int) -> None:
    assert of(by_card(refused(error=error))) == ["server-issuer-unknown"]


def test_a_chain_and_a_name_that_are_both_wrong_are_both_told() -> None:
    both = refused(error=10, name=NameMatch.DIFFERS, names=("other.example",))
    assert of(by_card(both)) == ["server-expired", "server-other-name"]


@pytest.mark.parametrize(
    "changes", [{"error": 10}, {"server_use": False}, {"name": NameMatch.DIFFERS}]
)
def test_insecure_is_always_told_and_never_decides(changes: dict[str, object]) -> None:
    one = judge_handshake(by_card(connection(proof=proof(**changes)), insecure=True))
    assert one.verdict is Verdict.PASSED
    assert finding(one, "TLS-INSECURE").outcome is Outcome.FAILED
    assert not {"TLS-STRICT"} & set(codes(one))


def test_insecure_tells_all_that_it_let_pass() -> None:
    wrong = proof(error=18, text="self-signed certificate", name=NameMatch.NONE, names=())
    one = judge_handshake(by_card(connection(proof=wrong), insecure=True))
    (told,) = (say(f.message) for f in one.findings if f.check == "TLS-INSECURE")
    assert "self-signed" in told
    assert "no subject alternative name" in told


def test_insecure_that_was_not_needed_is_told_too() -> None:
    one = judge_handshake(by_card(connection(), insecure=True))
    assert finding(one, "TLS-INSECURE").outcome is Outcome.FAILED
    assert codes(one)["TLS-CHAIN"] == "server-trusted"


# --- the request, and what can be signed -----------------------------------------------------


@pytest.mark.parametrize("when", Asked)
def test_a_request_may_come_at_three_moments(when: Asked) -> None:
    one = judge_handshake(by_card(connection(request=request(when=when))))
    assert codes(one)["TLS-REQUEST"] == "asked"
    assert one.verdict is Verdict.PASSED


def test_the_issuer_above_counts_as_well() -> None:
    """A server may name the root, where an intermediate issued the card's certificate."""
    shaken = by_card(connection())
    client = replace(shaken.client, certificate=b"\x30\x00", issuers=(shaken.client.certificate,))
    assert codes(judge_handshake(replace(shaken, client=client)))["TLS-ISSUERS"] == "issuer-listed"


def test_a_key_without_any_scheme_says_nothing_of_tls_1_2() -> None:
    """There was no second connection: it would have been of no use."""
    only = stopped(Step.REQUEST, End.NOT_SIGNABLE, request=request(), signable=())
    assert of(by_card(only)) == ["no-common-scheme"]


@pytest.mark.parametrize(
    ("step", "end"),
    [
        (Step.HELLO, End.TIMEOUT),
        (Step.HELLO, End.RESET),
        (Step.HELLO, End.CLOSED),
        (Step.CONNECT, End.REFUSED),
        (Step.RESOLVE, End.TIMEOUT),
    ],
)
def test_tls_1_3_only_is_said_where_the_server_says_so(step: Step, end: End) -> None:
    """An alert; a second connection that is lost otherwise shows nothing."""
    first = stopped(Step.REQUEST, End.NOT_SIGNABLE, request=request())
    assert of(by_card(first, stopped(step, end, offered="TLSv1.2"))) == ["second-connection-lost"]


@pytest.mark.parametrize(
    ("answer", "told"),
    [("CKR_MECHANISM_INVALID", ["no-pss-for-tls13"]), ("CKR_DEVICE_REMOVED", ["not-signed"])],
)
def test_a_raw_operation_that_is_announced_in_vain(answer: str, told: list[str]) -> None:
    """As if it were not announced; unless the card was simply taken out."""
    use = KeyUse("CKM_RSA_X_509", fault=Fault(FaultKind.ERROR, "C_Sign", answer))
    first = stopped(Step.SIGNATURE, End.NOT_SIGNED, request=request(), signature=use)
    second = stopped(Step.HELLO, End.ALERT, "protocol_version", offered="TLSv1.2")
    assert of(by_card(first, second)) == told


def test_a_server_of_tls_1_3_that_takes_no_rsa() -> None:
    """Another card would not help."""
    asked = request(schemes=("ecdsa_secp256r1_sha256",))
    first = stopped(Step.REQUEST, End.NOT_SIGNABLE, request=asked)
    second = stopped(Step.HELLO, End.ALERT, "protocol_version", offered="TLSv1.2")
    assert of(by_card(first, second)) == ["no-common-scheme"]


def test_the_second_connection_decides() -> None:
    first = stopped(Step.REQUEST, End.NOT_SIGNABLE, request=request())
    second = alert("certificate_expired", offered="TLSv1.2", version="TLSv1.2")
    assert of(by_card(first, second)) == ["client-expired"]


# --- the PIN --------------------------------------------------------------------------------


def unsigned() -> Handshake:
    return by_card(stopped(Step.SIGNATURE, End.NO_LOGIN, scheme="rsa_pss_rsae_sha256"))


@pytest.mark.parametrize("refusal", PinRefusal)
def test_each_refusal_of_pin_safety_ends_with_5(refusal: PinRefusal) -> None:
    one = judge_handshake(unsigned(), PinRecord(PinResult.REFUSED, refusal))
    assert wrong(one) == ["no-login"]
    assert one.verdict is Verdict.INCOMPLETE
    assert tls_exit_code([one]) is ExitCode.PIN_SAFETY


def test_a_wrong_pin_is_a_failure_and_no_safety() -> None:
    one = judge_handshake(unsigned(), PinRecord(PinResult.WRONG))
    assert tls_exit_code([one]) is ExitCode.FAILED


def test_a_card_that_is_not_presented_is_no_failure_of_the_server() -> None:
    one = judge_handshake(PRODUCTION.handshake, PRODUCTION.pin)
    assert [found.check for found in one.findings] == ["TLS-SIGNATURE"]
    assert [found.subject for found in one.findings] == [f"{NAME} https://server.example/"]
    assert one.decisive is None
    assert tls_exit_code([one]) is ExitCode.PIN_SAFETY


NOT_ASKED = PinRecord(PinResult.REFUSED, PinRefusal.NOT_ASKED)


@pytest.mark.parametrize("pin", [None, NOT_ASKED, PinRecord(PinResult.ACCEPTED)])
def test_a_card_without_its_certificate_is_told_whatever_became_of_the_pin(
    pin: PinRecord | None,
) -> None:
    """Nobody asked for it in tls-test, and check-set had it accepted."""
    without = by_card(client=Client(ClientKind.CARD, NAME))
    assert of(without, pin) == ["no-certificate"]


def test_a_card_that_was_not_logged_in_to_before_is_no_failure() -> None:
    """check-set --no-login."""
    one = judge_handshake(by_card(), NOT_ASKED)
    assert wrong(one) == ["no-login"]
    assert tls_exit_code([one]) is ExitCode.PIN_SAFETY


# --- the server's verdict, and its answer ----------------------------------------------------


def test_a_refusal_after_the_handshake_is_no_acceptance() -> None:
    one = judge_handshake(by_card(alert("certificate_expired")))
    assert finding(one, "TLS-ACCEPTED").outcome is Outcome.FAILED
    assert finding(one, "TLS-HTTP").outcome is Outcome.SKIPPED


@pytest.mark.parametrize(("status", "code"), [(200, "answered"), (302, "answered")])
def test_an_answer_is_an_answer(status: int, code: str) -> None:
    assert codes(judge_handshake(by_card(page(status))))["TLS-HTTP"] == code


@pytest.mark.parametrize(
    ("status", "line", "code"),
    [
        (496, "", "http-no-certificate"),
        (495, "", "http-certificate-error"),
        (401, "", "http-denied"),
        (400, "", "http-refused"),
        (500, "", "http-server-error"),
        (404, "", ""),
    ],
)
def test_statuses_that_say_something(status: int, line: str, code: str) -> None:
    assert of(by_card(page(status, line))) == ([code] if code else [])


def test_the_expected_status_counts_whatever_it_is() -> None:
    assert of(by_card(page(500), expect_status=500)) == []
    assert of(by_card(page(200), expect_status=500)) == ["other-status"]


@pytest.mark.parametrize(
    ("status", "line", "code"),
    [
        (400, "400 No required SSL certificate was sent", "http-no-certificate"),
        (400, "400 The SSL certificate error", "http-certificate-error"),
        (400, "Bad Request", ""),
        (403, "", ""),
    ],
)
def test_a_page_that_refuses_the_certificate_is_never_expected(
    status: int, line: str, code: str
) -> None:
    assert of(by_card(page(status, line), expect_status=status)) == ([code] if code else [])


def test_nobody_may_expect_that_page() -> None:
    told = page(400, "400 No required SSL certificate was sent")
    assert of(by_nobody(told, expect_status=400)) == []
    assert of(by_nobody(told, expect_status=200)) == ["other-status"]


# --- nobody ---------------------------------------------------------------------------------


def passed_as_nobody(only: Connection) -> dict[str, str]:
    one = judge_handshake(by_nobody(only))
    assert one.verdict is Verdict.PASSED
    return codes(one)


def test_nobody_is_told_what_is_asked_for_and_that_is_no_failure() -> None:
    shown = passed_as_nobody(alert("certificate_required"))
    assert shown["TLS-REQUEST"] == "asked"
    assert shown["TLS-ISSUERS"] == "issuers-named"
    assert shown["TLS-SCHEMES"] == "schemes-accepted"
    assert "TLS-SIGNATURE" not in shown
    assert passed_as_nobody(connection(request=None))["TLS-REQUEST"] == "not-asked"
    assert passed_as_nobody(page(403))["TLS-HTTP"] == "http-demanded"
    assert passed_as_nobody(page(496))["TLS-HTTP"] == "http-demanded"


@pytest.mark.parametrize("end", [End.CLOSED, End.RESET])
def test_a_server_may_demand_without_a_word(end: End) -> None:
    assert passed_as_nobody(cut(Step.VERDICT, end))["TLS-ACCEPTED"] == "demanded"


@pytest.mark.parametrize(
    ("end", "code"), [(End.TIMEOUT, "client-silent"), (End.MALFORMED, "client-malformed")]
)
def test_silence_is_no_demand(end: End, code: str) -> None:
    assert of(by_nobody(cut(Step.VERDICT, end))) == [code]


# --- without the certificate -----------------------------------------------------------------


def test_a_refused_handshake_without_it_proves_that_it_counts() -> None:
    refusal = alert("certificate_required", sent=(), signature=None)
    one = judge_handshake(by_card(connection(), control=refusal))
    assert codes(one)["TLS-PROVEN"] == "proven"


@pytest.mark.parametrize(
    ("control", "code"),
    [
        (page(403), "proven"),
        (page(404), "proven"),
        (page(302), "proven"),
        (page(204), "control-lost"),
        (page(502), "control-lost"),
        (cut(Step.VERDICT, End.CLOSED), "proven"),
        (cut(Step.VERDICT, End.RESET), "proven"),
        (cut(Step.VERDICT, End.TIMEOUT), "control-lost"),
        (cut(Step.VERDICT, End.MALFORMED), "control-lost"),
        (cut(Step.HTTP, End.ALERT), "proven"),
        (cut(Step.HTTP, End.TIMEOUT), "control-lost"),
    ],
)
def test_a_refusal_or_a_redirection_proves_that_the_certificate_counts(
    control: Connection, code: str
) -> None:
    one = judge_handshake(by_card(connection(), control=control))
    assert codes(one)["TLS-PROVEN"] == code
    assert one.verdict is Verdict.PASSED


def test_nothing_is_proven_where_it_was_not_tried() -> None:
    assert "TLS-PROVEN" not in codes(judge_handshake(by_card(connection())))


# --- one card of several ---------------------------------------------------------------------


def seen_at_servers(key: rsa.RSAPrivateKey) -> Observation:
    """Two cards, each presented, a third that was not; and nobody."""
    people = list(PEOPLE.values())[:3]
    cards = [card(key, person, slot) for slot, person in enumerate(people)]
    shaken = by_card(connection())
    cards = [replace(one, handshakes=(_by(shaken, one),)) for one in cards[:2]] + cards[2:]
    return replace(observation(*cards), handshakes=(by_nobody(page(403)),))


def _by(shaken: Handshake, one: CardObservation) -> Handshake:
    return replace(shaken, client=replace(shaken.client, name=card_key(one)))


@pytest.mark.parametrize("called", ["number", "slot"])
def test_the_handshakes_of_one_card_alone(key: rsa.RSAPrivateKey, called: str) -> None:
    seen = seen_at_servers(key)
    wanted = card_key(seen.cards[1])
    found = judge_handshakes(seen, wanted if called == "number" else "slot-1")
    assert [one.subject for one in found] == [wanted]
    assert len(judge_handshakes(seen)) == 3


def test_a_number_that_no_card_has_is_told_with_those_there(key: rsa.RSAPrivateKey) -> None:
    seen = seen_at_servers(key)
    assert judge_handshakes(seen, "9999999999") == ()
    told = nothing_presented(seen, "9999999999")
    assert told.exit_code is ExitCode.USAGE
    assert all(card_key(one) in say(told.reason) for one in seen.cards)


def test_a_card_that_was_read_only_is_told_as_such(key: rsa.RSAPrivateKey) -> None:
    seen = seen_at_servers(key)
    told = nothing_presented(seen, card_key(seen.cards[2]))
    assert say(told.reason) == "The card was read, and presented to no server."
    alone = nothing_presented(replace(seen, cards=()), "9999999999")
    assert say(alone.reason).startswith("No card was presented in this run")


# --- verdict and exit code -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("causes", "verdict", "code"),
    [
        ([], Verdict.INCOMPLETE, ExitCode.NOTHING_CHECKED),
        ([Cause.ACCEPTED], Verdict.PASSED, ExitCode.PASSED),
        ([Cause.SAME_WITHOUT], Verdict.PASSED, ExitCode.PASSED),
        ([Cause.ACCEPTED, Cause.NAME_UNKNOWN], Verdict.FAILED, ExitCode.FAILED),
        ([Cause.ACCEPTED, Cause.NO_LOGIN], Verdict.INCOMPLETE, ExitCode.PIN_SAFETY),
        ([Cause.NO_LOGIN, Cause.NAME_UNKNOWN], Verdict.FAILED, ExitCode.FAILED),
    ],
)
def test_the_verdict_of_several(causes: list[Cause], verdict: Verdict, code: ExitCode) -> None:
    all_of_them = [judged(cause) for cause in causes]
    assert (tls_verdict(all_of_them), tls_exit_code(all_of_them)) == (verdict, code)


def test_a_failed_login_is_no_pin_safety() -> None:
    one = judge_handshake(unsigned(), None)
    assert one.verdict is Verdict.INCOMPLETE
    assert tls_exit_code([one]) is ExitCode.FAILED


def test_a_client_that_cannot_be_read_is_judged_all_the_same() -> None:
    broken = Client(ClientKind.FILE, "client.p12", b"\x30\x00")
    one = judge_handshake(replace(by_card(connection()), client=broken))
    assert one.identity is None
    assert one.verdict is Verdict.PASSED


def test_insecure_is_no_step_of_a_run_without_it() -> None:
    for shaken in (by_card(connection()), by_card(stopped(Step.CONNECT, End.REFUSED))):
        assert "TLS-INSECURE" not in {f.check for f in judge_handshake(shaken).findings}


def test_an_observation_of_tls_test_is_no_card_whose_keys_are_lost(good: Observation) -> None:
    """check-set's judgement of it says who saved it, and blames nothing."""
    first, *others = good.cards
    knocked = replace(first, keys=None, signatures=(), handshakes=(by_card(connection()),))
    checklist = judge(replace(good, cards=(knocked, *others)), find_set("centre-sante"))
    told = {f.check: f for f in checklist.all_findings() if "tls-test saved" in say(f.message)}
    assert {"KEY-PRESENT", "KEY-MATCHES", "SIGN-AUTH", "SIGN-SIGN"} <= set(told)
    assert {f.outcome for f in told.values()} == {Outcome.SKIPPED}
