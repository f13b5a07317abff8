"""How many processes a module may be used in: who decides, and what is said where it is one."""

from __future__ import annotations

import pytest

from cpx_tool.adapters.config import Config
from cpx_tool.i18n import say
from cpx_tool.model.token import ModuleInfo
from cpx_tool.wiring import Source
from cpx_tool.wiring.source import _at_once

OPENSC = ModuleInfo("/opensc-pkcs11.so", "OpenSC Project", "OpenSC smartcard framework", "0.23")
CRYPTOLIB = ModuleInfo("/libcps3_pkcs11_lux.so", "ANS", "CPS3 PKCS#11 LINUX", "3.1")
SOFTHSM = ModuleInfo("/libsofthsm2.so", "SoftHSM", "Implementation of PKCS11", "2.6")
OTHER = ModuleInfo("/other.so", "?", "?", "1.0")


def source(at_once: int | None = None) -> Source:
    return Source(None, None, 30.0, at_once=at_once)


@pytest.mark.parametrize(
    ("info", "processes", "words"),
    [
        (OPENSC, 1, "is not known (--at-once N tries it)"),
        (CRYPTOLIB, 1, "is not known (--at-once N tries it)"),
        (OTHER, 1, "is not known (--at-once N tries it)"),
        (SOFTHSM, 1, "It writes a token's files at each login."),
    ],
)
def test_what_is_known_of_the_family_decides(info: ModuleInfo, processes: int, words: str) -> None:
    allowed = _at_once(source(), Config(), info)
    assert allowed.processes == processes
    assert words in (say(allowed.why) if allowed.why else "")


def test_the_option_then_the_configuration_come_before_it() -> None:
    assert _at_once(source(3), Config(at_once=2), OPENSC).processes == 3
    assert _at_once(source(), Config(at_once=2), CRYPTOLIB).processes == 2
