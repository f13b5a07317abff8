"""The conversation at the drawer as values: no terminal, no reader, one line after the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from cpx_tool.catalogue.sets import find_set
from cpx_tool.errors import BadInput
from cpx_tool.i18n import say
from cpx_tool.judge import dialogue
from cpx_tool.judge.assigning import misfits, read_assignments, refuse_misfits
from cpx_tool.judge.collecting import Act
from cpx_tool.judge.describing import own_set
from cpx_tool.judge.dialogue import Heard, Talk
from cpx_tool.judge.drawer import Drawer
from cpx_tool.model.cardset import CardSet
from cpx_tool.model.drawer import InsertCard
from cpx_tool.model.enrolment import Answer, Ask, Confirm, News, Question, Why
from cpx_tool.model.fault import Fault, FaultKind
from cpx_tool.model.observation import CardObservation, Observation
from cpx_tool.model.reader import CardKind, Pcsc, PcscStatus, Reader, ReaderState
from support.build import CPS4_ATR, PEOPLE, card, observation, read_card

Show = Callable[..., CardObservation]
STAFF = ("cde-directeur", "cpe-employe", "cpe-employe-delegue")
DOCTOR, NURSE = "medecin-generaliste", "infirmier"
NUMBER = {role: person.card_number for role, person in PEOPLE.items()}
DENTAL = find_set("cabinet-dentaire")
FAULT = Fault(FaultKind.ERROR, "C_GetAttributeValue", "CKR_DEVICE_ERROR")


@pytest.fixture(scope="session")
def show(key: rsa.RSAPrivateKey) -> Show:
    """A card of that role's person, changed, in the one reader there is."""

    def make(role: str, **changes: Any) -> CardObservation:
        return card(key, replace(PEOPLE[role], **changes))

    return make


def put(talk: Talk, *cards: CardObservation) -> Talk:
    return dialogue.put(talk, observation(*cards))


def news_of(talk: Talk, seen: Observation) -> News:
    return dialogue.news(talk, dialogue.put(talk, seen), seen)


def hear(talk: Talk, *lines: str) -> Talk:
    for line in lines:
        talk = dialogue.hear(talk, line).talk
    return talk


def remark(heard: Heard) -> str:
    assert heard.remark is not None
    return say(heard.remark)


def inserting(talk: Talk) -> tuple[int, int]:
    asked = dialogue.prompt(talk)
    assert isinstance(asked, InsertCard)
    return asked.number, asked.size


def about(talk: Talk) -> tuple[str, Ask]:
    asked = dialogue.prompt(talk)
    assert isinstance(asked, Question)
    return asked.card.key, asked.ask


def confirming(talk: Talk) -> Confirm:
    asked = dialogue.prompt(talk)
    assert isinstance(asked, Confirm)
    return asked


@pytest.fixture
def whole(card_set: CardSet, good: Observation) -> Talk:
    """All six cards are in."""
    return dialogue.put(Talk(card_set), good)


# --- collecting -------------------------------------------------------------------------------


def test_cards_are_asked_for_until_the_set_is_there(card_set: CardSet, show: Show) -> None:
    talk = Talk(card_set)
    for number, role in enumerate(PEOPLE, start=1):
        assert inserting(talk) == (number, 6)
        assert dialogue.hear(talk, "").act is Act.READ
        talk = put(talk, show(role))
    assert about(talk) == (NUMBER["cde-directeur"], Ask.ROLE)


def test_several_readers_at_once(whole: Talk) -> None:
    assert about(whole) == (NUMBER["cde-directeur"], Ask.ROLE)


def test_the_same_card_twice_counts_once(card_set: CardSet, show: Show) -> None:
    talk = put(Talk(card_set), show(DOCTOR))
    again = observation(show(DOCTOR))
    assert inserting(dialogue.put(talk, again)) == (2, 6)
    assert dialogue.put(talk, again).drawer.steps == talk.drawer.steps
    told = news_of(talk, again)
    assert ([c.key for c in told.again], told.arrived) == ([NUMBER[DOCTOR]], ())
    assert told.hindrances == ()


def test_one_card_in_two_slots_is_one_card(card_set: CardSet, show: Show) -> None:
    """OpenSC shows a card in several slots of one reader."""
    talk = put(Talk(card_set), show(DOCTOR), show(DOCTOR))
    assert (inserting(talk), talk.enrolment.refused) == ((2, 6), ())


def test_a_card_that_is_not_enrolled_is_remembered_until_the_end(
    card_set: CardSet, show: Show
) -> None:
    talk = put(put(Talk(card_set), show(NURSE, category=0x00)), show(DOCTOR))
    assert [r.why for r in talk.enrolment.refused] == [Why.PRODUCTION]


def test_what_stayed_in_its_reader_is_no_news_beside_a_new_card(
    card_set: CardSet, show: Show
) -> None:
    talk = put(Talk(card_set), show(DOCTOR))
    told = news_of(talk, observation(show(DOCTOR), show(NURSE)))
    assert [(c.key, r and r.role) for c, r in told.arrived] == [(NUMBER[NURSE], NURSE)]
    assert told.hindrances == ()


def test_a_card_that_is_not_enrolled_is_news_each_time_and_does_not_count(
    card_set: CardSet, show: Show
) -> None:
    foreign = observation(show(DOCTOR, profession=21, title="Pharmacien"))
    real = observation(show(NURSE, category=0x00))
    talk = Talk(card_set)
    for seen, why in ((foreign, Why.FOREIGN), (real, Why.PRODUCTION)):
        for _ in range(2):
            assert [r.why for r in news_of(talk, seen).refused] == [why]
            talk = dialogue.put(talk, seen)
        assert inserting(talk) == (1, 6)
    assert [len(step) for step in talk.drawer.steps] == [1]  # the foreign one could be taken back
    other = news_of(talk, observation(show(DOCTOR, card_number="3100000080")))
    assert other.refused == ()


def test_a_card_read_badly_is_read_again(card_set: CardSet, show: Show) -> None:
    bad = replace(show(DOCTOR), faults=(FAULT,))
    talk = put(Talk(card_set), bad)
    assert [r.why for r in talk.enrolment.refused] == [Why.UNREADABLE]
    assert inserting(talk) == (1, 6)
    told = news_of(talk, observation(show(DOCTOR)))
    assert [c.key for c, _ in told.arrived] == [NUMBER[DOCTOR]]
    talk = put(talk, show(DOCTOR))
    assert (talk.enrolment.refused, inserting(talk)) == ((), (2, 6))
    assert put(talk, bad).enrolment == talk.enrolment  # worse than what is there


def test_a_card_that_said_nothing_is_forgotten_at_the_next_reading(
    card_set: CardSet, show: Show
) -> None:
    mute = replace(show(DOCTOR), token=None, certificates=(), data=())
    talk = put(Talk(card_set), mute)
    assert [r.why for r in talk.enrolment.refused] == [Why.UNREADABLE]
    assert put(talk, show(NURSE)).enrolment.refused == ()


def test_a_card_with_one_certificate_unread_is_replaced_by_its_better_reading(
    card_set: CardSet, show: Show
) -> None:
    whole = show(DOCTOR)
    broken = replace(whole.certificates[1], der=b"", error="CKR_DEVICE_ERROR")
    half = replace(whole, certificates=(whole.certificates[0], broken))
    talk = put(Talk(card_set), half)
    (refused,) = talk.enrolment.refused
    assert refused.why is Why.NOT_PROVEN_TEST
    assert refused.hint is not None
    assert "once more" in say(refused.hint)
    talk = put(talk, whole)
    assert (talk.enrolment.refused, talk.drawer.skipped) == ((), 0)
    assert len(talk.drawer.steps) == 1


def test_a_contactless_reading_is_not_enough(card_set: CardSet, show: Show) -> None:
    """It shows the technical certificate only, which need not name the holder."""
    whole = show(DOCTOR)
    technical = replace(whole.certificates[0], label="Certificat Technique CPS", id="30")
    whole = replace(whole, certificates=(*whole.certificates, technical))
    part = replace(whole, certificates=(technical,))
    talk = put(Talk(card_set), part)
    (refused,) = talk.enrolment.refused
    assert refused.why is Why.UNREADABLE
    assert refused.hint is not None
    assert "contacts" in say(refused.hint)
    talk = put(talk, whole)
    assert (inserting(talk), talk.enrolment.refused) == ((2, 6), ())
    assert put(talk, part).enrolment == talk.enrolment


def test_a_copy_of_a_number_takes_the_role_from_both(card_set: CardSet, show: Show) -> None:
    talk = put(put(Talk(card_set), show(DOCTOR)), show(DOCTOR, serial=99))
    assert [r.why for r in talk.enrolment.refused] == [Why.SAME_NUMBER] * 2
    assert hear(talk, "b").enrolment.refused == ()


def test_a_skipped_card_is_not_waited_for(card_set: CardSet, show: Show) -> None:
    talk = put(Talk(card_set), *(show(role) for role in list(PEOPLE)[:4]))
    assert inserting(talk) == (5, 6)
    assert inserting(hear(talk, "s")) == (6, 6)
    assert about(hear(talk, "s", "S"))[1] is Ask.ROLE


def test_writing_what_is_there_ends_the_collecting(card_set: CardSet, show: Show) -> None:
    talk = hear(put(Talk(card_set), show(DOCTOR)), "w")
    assert not confirming(talk).plainly
    assert dialogue.hear(talk, "").act is Act.GO_ON
    assert "not complete" in remark(dialogue.hear(talk, ""))
    assert dialogue.hear(talk, "w").act is Act.WRITE


def test_an_incomplete_set_needs_no_w_when_partial_was_asked_for(
    card_set: CardSet, show: Show
) -> None:
    talk = hear(put(Talk(card_set, partial=True), show(DOCTOR)), "w")
    assert dialogue.hear(talk, "").act is Act.WRITE


def test_nothing_to_write(card_set: CardSet) -> None:
    for partial in (False, True):
        talk = hear(Talk(card_set, partial=partial), "w")
        for line in ("", "w"):
            heard = dialogue.hear(talk, line)
            assert heard.act is Act.GO_ON
            assert "nothing to write" in remark(heard)


def test_back_takes_the_last_step_back(card_set: CardSet, show: Show) -> None:
    talk = put(put(Talk(card_set), show(DOCTOR)), show(NURSE), show("cpe-employe"))
    skipped = hear(talk, "s")
    heard = dialogue.hear(skipped, "b")
    assert heard.talk.drawer == talk.drawer
    assert "awaited again" in remark(heard)
    heard = dialogue.hear(talk, "B")
    assert inserting(heard.talk) == (2, 6)
    assert NUMBER[NURSE] in remark(heard)
    empty = hear(talk, "b", "b")
    assert inserting(empty) == (1, 6)
    assert "nothing to go back to" in remark(dialogue.hear(empty, "b"))


def test_back_from_the_questions_leads_to_the_drawer(card_set: CardSet, whole: Talk) -> None:
    assert inserting(hear(whole, "b")) == (1, 6)
    early = hear(Talk(card_set), "w")
    assert inserting(hear(early, "b")) == (1, 6)


def test_cards_that_cannot_be_put_in_are_not_asked_for(card_set: CardSet, show: Show) -> None:
    talk = put(Talk(card_set, walks=False), show(DOCTOR))
    assert not confirming(talk).plainly
    assert "nothing to go back to" in remark(dialogue.hear(talk, "b"))


@pytest.mark.parametrize("line", ["x", "1", "sb", "yes"])
def test_a_line_that_means_nothing_at_the_drawer(card_set: CardSet, line: str) -> None:
    heard = dialogue.hear(Talk(card_set), line)
    assert (heard.act, heard.talk) == (Act.GO_ON, Talk(card_set))
    assert line in remark(heard)


def test_stop_stops_anywhere(card_set: CardSet, show: Show, whole: Talk) -> None:
    end = put(Talk(card_set, walks=False), show(DOCTOR))
    for talk in (Talk(card_set), whole, end):
        assert dialogue.hear(talk, " Q ").act is Act.STOP


# --- what may have kept a card from being read ------------------------------------------------


def test_no_card_and_why(card_set: CardSet) -> None:
    reader = Reader("Reader 00", ReaderState.EMPTY)
    empty = replace(observation(), pcsc=Pcsc(PcscStatus.OK, (reader,)))
    ((reason, _),) = news_of(Talk(card_set), empty).hindrances
    assert "no card in any of them" in say(reason)
    ((reason, _),) = news_of(Talk(card_set), observation()).hindrances
    assert "no reader" in say(reason)


def test_the_modules_fault_comes_first(card_set: CardSet) -> None:
    seen = observation()
    assert seen.module is not None
    broken = replace(seen.module, info=None, fault=FAULT)
    ((reason, hint),) = news_of(Talk(card_set), replace(seen, module=broken)).hindrances
    assert "CKR_DEVICE_ERROR" in say(reason)
    assert "middleware" in say(hint)


def test_a_card_that_the_middleware_does_not_show(card_set: CardSet, show: Show) -> None:
    seen = observation(show(DOCTOR))
    lost = Reader("Reader 07", ReaderState.CARD_PRESENT, CPS4_ATR, CardKind.CPS4)
    mute = Reader("Reader 08", ReaderState.MUTE)
    seen = replace(seen, pcsc=Pcsc(PcscStatus.OK, (*seen.pcsc.readers, lost, mute)))
    talk = dialogue.put(Talk(card_set), seen)
    told = " ".join(say(reason) for reason, _ in news_of(talk, seen).hindrances)
    assert "Reader 07" in told
    assert "Reader 08" in told


# --- asking about cards -----------------------------------------------------------------------


def test_a_menu_by_number_or_by_name(whole: Talk) -> None:
    for line in ("2", " 2 ", "cpe-employe"):
        heard = dialogue.hear(whole, line)
        assert heard.talk.answers == (Answer(NUMBER["cde-directeur"], Ask.ROLE, "cpe-employe"),)
        assert heard.remark is None


@pytest.mark.parametrize("line", ["", "0", "4", "-1", "²", "1.0", "9" * 4000, DOCTOR, "w"])
def test_a_line_that_is_no_choice(whole: Talk, line: str) -> None:
    heard = dialogue.hear(whole, line)
    assert heard.talk == whole
    assert "from 1 to 3" in remark(heard)


def test_answers_are_taken_back_one_by_one(whole: Talk) -> None:
    talk = hear(whole, "1", "1")
    assert confirming(talk).plainly
    assert hear(talk, "b") == hear(whole, "1")
    assert hear(talk, "b", "b") == whole


def test_a_card_left_out_does_not_bring_the_drawer_back(whole: Talk) -> None:
    talk = hear(whole, "s", "1", "1")
    confirm = confirming(talk)
    assert not confirm.plainly
    assert [r.why for r in confirm.enrolment.refused] == [Why.SET_ASIDE]
    assert dialogue.hear(talk, "w").act is Act.WRITE


def test_what_was_assigned_is_not_asked(card_set: CardSet, good: Observation) -> None:
    words = [f"{role}={NUMBER[role]}" for role in STAFF[:2]]
    talk = dialogue.put(Talk(card_set, read_assignments(words, card_set)), good)
    assert confirming(talk).plainly
    assert hear(talk, "b").assigned == talk.assigned


def test_a_card_is_described_step_by_step(show: Show) -> None:
    talk = put(Talk(DENTAL), show(DOCTOR), show("cpe-employe"))
    assert about(talk) == (NUMBER[DOCTOR], Ask.NAME)
    talk = hear(talk, "", "")
    assert about(talk) == (NUMBER["cpe-employe"], Ask.PRODUCT)
    heard = dialogue.hear(hear(talk, "cpe"), "cps-medecin")
    assert "already" in remark(heard)
    assert "hyphens" in remark(dialogue.hear(heard.talk, "Ma Carte"))
    talk = hear(heard.talk, "accueil", "L'accueil")
    done = confirming(talk).enrolment.enrolled
    assert [(c.expected.role, c.expected.title, c.expected.product) for c in done] == [
        ("cps-medecin", "CPS test médecin", "CPS"),
        ("accueil", "L'accueil", "CPE"),
    ]
    assert about(hear(talk, "b"))[1] is Ask.TITLE
    assert about(hear(talk, "b", "b", "b"))[1] is Ask.PRODUCT


@pytest.mark.parametrize(("line", "product"), [("", ""), ("3", ""), ("1", "CDE"), ("CPE", "CPE")])
def test_a_product_may_stay_unknown(show: Show, line: str, product: str) -> None:
    talk = hear(put(Talk(own_set("mine")), show("cpe-employe")), "w", line)
    assert talk.answers == (Answer(NUMBER["cpe-employe"], Ask.PRODUCT, product),)


def test_a_title_is_one_line_of_text(show: Show) -> None:
    talk = hear(put(Talk(own_set("mine")), show(DOCTOR)), "w", "")
    assert about(talk)[1] is Ask.TITLE
    assert "200" in remark(dialogue.hear(talk, "x" * 201))


def test_a_set_of_ones_own_ends_when_the_operator_says_so(show: Show) -> None:
    talk = put(Talk(own_set("mine")), show(DOCTOR))
    assert inserting(talk) == (2, 0)
    assert "means nothing" in remark(dialogue.hear(talk, "s"))
    assert inserting(put(talk, show(NURSE))) == (3, 0)
    talk = hear(talk, "w", "", "")
    assert confirming(talk).plainly
    assert dialogue.hear(talk, "").act is Act.WRITE


# --- answers given beforehand -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["infirmier"], "ROLE=CARDNUMBER"),
        (["infirmier=12"], "ten digits"),
        (["=3100000016"], "there is no such role"),
        (["infirmer=3100000016"], 'did you mean "infirmier"'),
        (["pope=3100000016"], "the roles are cde-directeur, "),
        (["infirmier=3100000016", "infirmier=3100000015"], "role was assigned already"),
        (["infirmier=3100000016", "cpe-employe=3100000016"], "card was assigned already"),
    ],
)
def test_assignments_that_are_none(card_set: CardSet, words: list[str], told: str) -> None:
    with pytest.raises(BadInput) as caught:
        read_assignments(words, card_set)
    said = say(caught.value.reason)
    assert said.startswith(f"--assign {words[-1]}: ")
    assert told in said
    assert "\n" not in said


def test_a_name_of_ones_own_is_one_that_a_set_file_allows() -> None:
    assert read_assignments(["accueil=3100000014"], DENTAL) == (
        Answer("3100000014", Ask.NAME, "accueil"),
    )
    with pytest.raises(BadInput) as caught:
        read_assignments(["L'accueil=3100000014"], DENTAL)
    assert "hyphens" in say(caught.value.reason)


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("infirmier=3100000099", "no card of this number was read"),
        ("infirmier=3100000012", "its certificates say: Carte de Professionnel"),
        ("infirmier=3100000070", "production category"),
        ("cpe-employe=3100000014", ""),
    ],
)
def test_assignments_held_against_the_cards(
    card_set: CardSet, good: Observation, show: Show, word: str, told: str
) -> None:
    real = show(NURSE, category=0x00, card_number="3100000070")
    cards = [read_card(seen) for seen in (*good.cards, real)]
    answers = read_assignments([word], card_set)
    found = [say(reason) for reason in misfits(answers, cards, card_set)]
    assert len(found) == bool(told)
    for said in found:
        assert said.startswith(f"--assign {word}: ")
        assert told in said
    if told:
        with pytest.raises(BadInput):
            refuse_misfits(answers, cards, card_set)
    else:
        refuse_misfits(answers, cards, card_set)


def test_an_empty_drawer_is_an_empty_drawer() -> None:
    assert (Drawer().cards, Drawer().skipped, Drawer().put([])) == ((), 0, Drawer())
