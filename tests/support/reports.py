"""Reads reports with the means of those who read them: schemas and parsers, strictly."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import xmlschema
from jsonschema import Draft202012Validator
from prometheus_client.parser import text_string_to_metric_families

from cpx_tool.report import schema

PRIVATE = ("PRIVATE KEY", "BEGIN ENCRYPTED", "BEGIN RSA")
_PERFDATA = re.compile(r"[a-z_]+=-?[0-9]+(?:;;;0)?")
_STATUS = re.compile(r"CPX [A-Z0-9-]+ (OK|WARNING|CRITICAL|UNKNOWN): ")

Series = dict[tuple[str, frozenset[tuple[str, str]]], float]


@cache
def _junit_schema() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(Path(__file__).with_name("junit.xsd"))


def junit(text: str) -> ET.Element:
    """The root element of a valid document whose counts are right."""
    root = ET.fromstring(text.encode())  # noqa: S314 - what was just written
    _junit_schema().validate(root)
    for suite in root:
        cases = suite.findall("testcase")
        assert suite.get("tests") == str(len(cases))
        for name, element in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert suite.get(name) == str(sum(case.find(element) is not None for case in cases))
    for name in ("tests", "failures", "errors"):
        assert int(root.get(name, "")) == sum(int(suite.get(name, "")) for suite in root)
    return root


def suites(root: ET.Element) -> dict[str, ET.Element]:
    """Each suite by its name."""
    return {suite.get("name", ""): suite for suite in root}


def cases(suite: ET.Element) -> dict[str, ET.Element]:
    """Each case of a suite by its name."""
    return {case.get("name", ""): case for case in suite.findall("testcase")}


def properties(suite: ET.Element) -> dict[str, str]:
    """What a suite says of itself."""
    return {p.get("name", ""): p.get("value", "") for p in suite.iterfind("properties/property")}


def valid_result(text: str) -> dict[str, Any]:
    """The result, valid against the published schema."""
    body: dict[str, Any] = json.loads(text)
    errors = list(_result_schema().iter_errors(body))
    assert not errors, [(list(e.absolute_path), e.message[:300]) for e in _leaves(errors)]
    return body


@cache
def _result_schema() -> Draft202012Validator:
    whole = json.loads(schema.text())
    Draft202012Validator.check_schema(whole)
    return Draft202012Validator(whole)


def _leaves(errors: Iterable[Any]) -> list[Any]:
    """The deepest errors: of a choice, what kept it from being the one that is meant."""
    deepest: list[Any] = []
    for error in errors:
        below = _leaves(error.context or ())
        deepest += below or [error]
    most = max((len(e.absolute_path) for e in deepest), default=0)
    return [e for e in deepest if len(e.absolute_path) == most]


def prometheus(text: str) -> Series:
    """Each series with its value, as Prometheus' own client reads them; no series twice."""
    assert text.endswith("\n")
    found: Series = {}
    for family in text_string_to_metric_families(text):
        assert family.documentation
        assert family.type == "gauge"
        for sample in family.samples:
            assert sample.timestamp is None, "the node exporter refuses timestamps"
            series = sample.name, frozenset(sample.labels.items())
            assert series not in found
            found[series] = sample.value
    return found


def values(series: Series, name: str, **labels: str) -> list[float]:
    """The values of the series of that name with these labels."""
    wanted = set(labels.items())
    return [value for (own, others), value in series.items() if own == name and wanted <= others]


def monitor(text: str) -> tuple[str, str, dict[str, int]]:
    """Status, text and figures of the one line."""
    line, end, rest = text.partition("\n")
    assert (end, rest) == ("\n", "")
    told, bar, figures = line.partition(" | ")
    assert bar
    assert "|" not in told + figures
    status = _STATUS.match(told)
    assert status, told
    parts = figures.split(" ")
    assert all(_PERFDATA.fullmatch(part) for part in parts), figures
    split = (part.split(";")[0].split("=") for part in parts)
    return status[1], told[status.end() :], {label: int(value) for label, value in split}


def secrets_in(content: bytes, *secrets: str) -> list[str]:
    """Which of these, and which marks of private keys, stand in a report."""
    return [secret for secret in (*PRIVATE, *secrets) if secret.encode() in content]
