"""Asks every check of a scope."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cpx_tool.judge.check import Scope
from cpx_tool.judge.checks import CHECKS
from cpx_tool.model.finding import Finding


def ask(scope: Scope, facts: Mapping[str, Any], subject: str) -> tuple[Finding, ...]:
    """What every check of that scope finds about the subject. One that needs a fact that nobody
    looked for, so that it is not even missing, is not asked: emulated cards have no middleware, and
    a workstation by itself has no cards.
    """
    checks = [c for c in CHECKS if c.scope is scope and facts.keys() >= set(c.needs)]
    asked = (check.run(facts, subject) for check in checks)
    return tuple(finding for finding in asked if finding is not None)
