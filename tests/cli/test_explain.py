"""explain and list-codes, without a card."""

from __future__ import annotations

import pytest

from cpx_tool.catalogue import guidance
from cpx_tool.model.guidance import Guidance
from support.cli import cpx, cpx_json, run_here


def test_a_check_is_explained_with_its_remedy_and_sources() -> None:
    done = cpx("explain", "sign-pss")
    assert done.returncode == 0
    assert done.stdout.splitlines()[0] == "SIGN-PSS (warning)"
    for part in ("Expected: ", "Why it matters: ", "Causes:", "→ ", "RFC 8446, 4.2.3"):
        assert part in done.stdout
    assert "servers must offer TLS 1.2" in done.stdout.replace("\n  ", " ")


def test_a_code_of_two_families_is_explained_for_both() -> None:
    body = cpx_json("explain", "not-asked")
    assert [one["kind"] for one in body["explained"]] == ["pin-refusal", "tls-cause"]
    assert all(one["remedy"] and one["causes"] and one["why"] for one in body["explained"])


def test_a_check_as_json_has_what_list_checks_says() -> None:
    (one,) = cpx_json("explain", "CARD-TEST")["explained"]
    (row,) = [c for c in cpx_json("list-checks")["checks"] if c["id"] == "CARD-TEST"]
    told = {key: one[key] for key in ("id", "severity", "scope", "title")}
    assert told == {key: row[key] for key in told}
    assert one["remedy"] == row["hint"]


def test_what_a_check_proves_is_not_said_twice() -> None:
    once, twice = (cpx("explain", name).stdout for name in ("CERT-NOT-EXPIRED", "CARD-TEST"))
    assert "Expected: " in once
    assert "Proves: " not in once
    assert "Proves: " in twice


def test_what_is_written_much_like_an_id_is_suggested() -> None:
    done = cpx("explain", "CARD-TST")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "Error: There is no check and no code CARD-TST.\n→ Did you mean CARD-TEST?\n"
    )


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (("INCOMPLETE",), "INCOMPLETE (word of the report)\nMeans: Nothing failed, but"),
        (("interchangeable",), "interchangeable (word of the report)\n"),
        (("not-read",), "not read (word of the report)\n"),
        (("non conforme", "--lang", "fr"), "NON\N{NO-BREAK SPACE}CONFORME ("),
    ],
)
def test_the_words_of_a_report_are_explained(written: tuple[str, ...], told: str) -> None:
    done = cpx("explain", *written)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(told)
    (one,) = cpx_json("explain", *written)["explained"]
    assert one["kind"] == "word"
    assert one["meaning"]


def test_what_is_like_nothing_is_sent_to_the_lists() -> None:
    done = cpx("explain", "zzzz")
    assert done.returncode == 2
    assert done.stderr.endswith("→ See: cpx-tool list-checks, cpx-tool list-codes\n")


@pytest.mark.parametrize("text", guidance.GUIDANCE, ids=lambda text: next(iter(text.meanings)))
def test_every_text_can_be_read(text: Guidance) -> None:
    for name in text.meanings:
        code, told = run_here("explain", name)
        assert code == 0
        assert told.startswith(f"{name} (")


def test_every_code_is_listed_in_a_line() -> None:
    codes = cpx_json("list-codes")["codes"]
    assert {one["code"] for one in codes} == {
        name for name in guidance.ids() if not name.isupper() or "_" in name or "CKR" in name
    }
    assert all("\n" not in one["meaning"] for one in codes)
    text = cpx("list-codes").stdout
    assert [word for word in ("(pin-refusal)", "(tls-cause)", "(exit-code)") if word in text]
    assert "  count-low " in text


def test_the_same_ids_in_french() -> None:
    english, french = (cpx_json("list-codes", "--lang", code)["codes"] for code in ("en", "fr"))
    assert [one["code"] for one in english] == [one["code"] for one in french]
