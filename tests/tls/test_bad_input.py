"""What cannot be right on the command line of `tls-test` is refused at once, in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from cpx_tool.cli.main import run

SERVER = ("--endpoint", "https://127.0.0.1:9/")
NOBODY = (*SERVER, "--no-card")
NOISE = bytes(range(256)) * 9


OBSERVATION = Path(__file__).parents[2] / "fixtures" / "observation.json"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Name a server"),
        ((*NOBODY, "--timeout", "nan"), "is not a number of seconds"),
        ((*NOBODY, "--timeout", "-1"), "is not in the range"),
        ((*NOBODY, "--tls-max", "1.1"), "is not one of"),
        ((*NOBODY, "--expect-status", "99999"), "is not in the range"),
        ((*NOBODY, "--ca-file", "noise"), "noise holds no certificate."),
        ((*NOBODY, "--ca-file", "empty"), "empty holds no certificate."),
        ((*NOBODY, "--ca-file", "."), "is not a regular file."),
        ((*NOBODY, "--ca-file", "absent"), "absent cannot be read"),
        ((*NOBODY, "--proxy", "http://user:secret@host"), "The address of the proxy"),
        ((*NOBODY, "--proxy", "socks5://host:1"), "The address of the proxy"),
        ((*NOBODY, "--proxy", "http://\x1b[2J:1"), "The address of the proxy"),
        (("--endpoint", "http://server/", "--no-card"), "http knows no certificates"),
        (("--endpoint", "https://\x1b[2J/", "--no-card"), "a character that cannot be shown"),
        (("--endpoint", "https://" + "a" * 300, "--no-card"), "its host is no name of a host"),
        (("--endpoint", "nowhere", "--no-card"), "There is no server of the name nowhere."),
        (("--observation", str(OBSERVATION)), "holds no handshake"),
        (("--observation", "noise"), "noise is not an observation"),
        ((*NOBODY, "--save-observation", "absent/seen.json"), "cannot be written"),
        ((*SERVER, "--p12", "noise"), "This is not a PKCS#12"),
        ((*NOBODY, "--p12", "noise"), "exclude each other"),
        ((*NOBODY, "--ask-pin"), "--ask-pin and --login are for cards."),
        ((*NOBODY, "--login"), "--ask-pin and --login are for cards."),
        *(
            (("--observation", "noise", *given), "--observation goes with")
            for given in (
                SERVER,
                ("--all-cards",),
                ("--insecure",),
                ("--no-login",),
                ("--tls-max", "1.3"),
                ("--expect-status", "200"),
                ("--timeout", "20"),
                ("--ca-dir", "."),
            )
        ),
        ((*NOBODY, "--password-file", "noise"), "--password-file is for --p12"),
    ],
)
def test_one_line_says_what_is_wrong(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("XDG_CONFIG_HOME", "CPX_TRUST_DIR", "CPX_STATE_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name))
    Path("noise").write_bytes(NOISE)
    Path("empty").touch()
    code = run(["tls-test", *arguments])
    out, err = capsys.readouterr()
    lines = [line for line in err.splitlines() if line and not _is_usage(line)]
    assert (code, out) == (2, "")
    assert lines[0].startswith("Error: ")
    assert said in lines[0]
    assert [line[:2] for line in lines[1:]] in ([], ["→ "])
    assert all(line.isprintable() for line in lines)
    assert "secret" not in err


def _is_usage(line: str) -> bool:
    return line.startswith(("Usage:", "Try "))
