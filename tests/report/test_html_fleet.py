"""The page of a fleet: what is wrong is explained, and hostile names stay text."""

from __future__ import annotations

import re

import pytest

from support.pages import Reading
from support.results import fleet_pages

NAME = '\u202egnp.exe\x1b[31m<img src=x onerror="alert(2)">' + "x" * 10_000


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return fleet_pages(tmp_path_factory.mktemp("results"), NAME.replace("/", ""))


@pytest.mark.parametrize("scene", ["fleet", "wide fleet", "hostile fleet"])
def test_each_check_that_is_wrong_is_explained_once_and_links_lead_somewhere(
    pages: dict[str, str], scene: str
) -> None:
    read = Reading(pages[scene])
    assert read.faults == []
    ids = read.values("id")
    assert len(ids) == len(set(ids))
    assert {place[1:] for place in read.values("href") if place.startswith("#")} <= set(ids)
    wrong = re.findall(r'<article class="problem .*?<code>([A-Z0-9-]+)</code>', pages[scene], re.S)
    assert len(wrong) > 3
    assert {f"explain-check-{check.lower()}" for check in wrong} <= set(ids)


def test_causes_and_what_is_odd_about_the_whole_are_explained(pages: dict[str, str]) -> None:
    read = Reading(pages["fleet"])
    assert "#explain-tls-cause-connection-refused" in read.values("href")
    ids = set(read.values("id"))
    assert {"explain-check-merge-files", "explain-check-merge-one-place"} <= ids
    assert "explain-check-merge-clock" not in ids, "it passed"


def test_hostile_names_are_text(pages: dict[str, str]) -> None:
    page = pages["hostile fleet"]
    read = Reading(page)
    assert len(read.all("script")) == 1
    assert read.all("img") == []
    assert not {"\u202e", "\x1b"} & set(page)
    assert max(map(len, re.findall("x+", page))) <= 1000
    assert '"><script>document.title = "taken"</script>' in read.text
