"""Whole processes, timed side by side: commands of cpx-tool, and what else does the same.

    scripts/bench.sh                       as `make bench` does
    python scripts/bench.py --rounds 30

Everything runs once in each round, so that whatever else the machine does meets all alike; read the
ratios, not the milliseconds. "cpu" is how long the process and its children computed, which a busy
machine changes least. To measure one thing more, add it to a list of `comparisons`.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bench_parts import IMPORTS, Parts, read_parts

if TYPE_CHECKING:
    from cpx_tool.model.emulation import Emulation

SCRIPTS = Path(__file__).resolve().parent
COMMAND = Path(sys.executable).with_name("cpx-tool")
TESTS = SCRIPTS.parent / "tests"

PIN = "1234"
"""The published one, of emulated cards."""
REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\nConnection: close\r\n\r\n"
ACCEPTED = b"verify=SUCCESS"
"""In the body of a server that verified the client's certificate."""
VERSIONS = {"1.2": "TLSv1.2", "1.3": "TLSv1.3"}
TRACED = 9
"""How often a run is watched."""
PACKAGES = 14
"""How many are shown, of those that are imported."""

UNLIKE = """\
Not like for like: each peer is told its certificate by a file and its key by a URI, and sends that
certificate alone. tls-test finds both on the card, looks at PIN counters and at whether this is a
test card, reads the user's CA certificates, runs the module in a process of its own, verifies the
server twice (usual and strict), connects a second time without the certificate to see whether that
makes a difference, and says what it saw of each step. Without a card it does the handshake and the
request as the others do, and is answered that a certificate is wanted."""


@dataclass(frozen=True)
class Work:
    """A process to be timed; `shows` must stand in what it prints, or it did not do its work."""

    name: str
    command: Sequence[str | Path]
    shows: bytes = b""
    stdin: bytes = b""
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Comparison:
    """Works that are compared with the first of them that can be had."""

    title: str
    works: Sequence[Work]


@dataclass(frozen=True)
class Place:
    """One emulated card and its certificate in a file, a set of six, and a server for each version
    of TLS.
    """

    one: Emulation
    six: Emulation
    certificate: Path
    anchor: Path
    engine: Path
    ports: Mapping[str, int]

    @property
    def card(self) -> str:
        """The number of the one card."""
        return self.one.tokens[0].card_number


def comparisons(place: Place) -> list[Comparison]:
    """All that is measured."""
    python = Work("python -c pass", [sys.executable, "-c", "pass"])
    worker = "import cpx_tool.adapters.pkcs11_worker"
    six, one = (("--emulated", where.directory) for where in (place.six, place.one))
    return [
        *(
            Comparison(f"GET with the card's certificate, {name}", handshakes(place, version))
            for version, name in VERSIONS.items()
        ),
        Comparison(
            "Other commands",
            [
                python,
                Work("python -c 'import (the module's process)'", [sys.executable, "-c", worker]),
                cpx("--version", shows=b"cpx-tool"),
                cpx("--help", shows=b"check-set"),
                cpx("list-readers", *six, shows=b"CPS4", name="list-readers, six cards"),
                cpx("show-card", *one, shows=place.card.encode(), name="show-card"),
                cpx("sign-test", *one, "--card", place.card, shows=b"RSA", name="sign-test --card"),
                cpx("check-set", *six, "--set", "centre-sante", name="check-set, six cards"),
            ],
        ),
    ]


def handshakes(place: Place, version: str) -> list[Work]:
    """The same request to the same server, by each client."""
    return [
        s_client(place, version),
        curl(place, version),
        gnutls(place, version),
        tls_test(place, version),
        tls_test(place, version, present=False),
        Work("python -c pass", [sys.executable, "-c", "pass"]),
    ]


def cpx(*arguments: str | Path, shows: bytes = b"", name: str = "") -> Work:
    """One of our commands."""
    said = name or " ".join(map(str, arguments))
    return Work(f"cpx-tool {said}", [COMMAND, *arguments], shows, environment={"CPX_PIN": PIN})


def tls_test(place: Place, version: str, *, present: bool = True) -> Work:
    """Our own; without the card, the server answers that it wants a certificate."""
    card = ("--emulated", place.one.directory, "--card", place.card)
    return cpx(
        "tls-test",
        *("--endpoint", f"https://localhost:{place.ports[version]}/"),
        *("--ca-file", place.anchor),
        *("--tls-max", version),
        *(card if present else ("--no-card",)),
        "--json",
        shows=ACCEPTED if present else b"No required SSL certificate",
        name=f"tls-test {'--card' if present else '--no-card'}",
    )


def s_client(place: Place, version: str) -> Work:
    """OpenSSL with libp11's engine."""
    command: list[str | Path] = [
        *("openssl", "s_client", "-quiet", "-verify_quiet"),
        *("-connect", f"localhost:{place.ports[version]}", "-servername", "localhost"),
        *("-CAfile", place.anchor, "-verify_return_error", "-verify_hostname", "localhost"),
        f"-tls{version.replace('.', '_')}",
        *("-engine", "pkcs11", "-keyform", "engine", "-key", key_uri(place)),
        *("-cert", place.certificate),
    ]
    return Work("openssl s_client", command, ACCEPTED, REQUEST, engine(place))


def curl(place: Place, version: str) -> Work:
    """Curl with the same engine."""
    command: list[str | Path] = [
        *("curl", "-q", "--silent", "--show-error", "--cacert", place.anchor),
        *(f"--tlsv{version}", "--tls-max", version),
        *("--engine", "pkcs11", "--key-type", "ENG", "--key", key_uri(place)),
        *("--cert", place.certificate, f"https://localhost:{place.ports[version]}/"),
    ]
    return Work("curl", command, ACCEPTED, environment=engine(place))


def gnutls(place: Place, version: str) -> Work:
    """GnuTLS, which knows PKCS#11 by itself."""
    command: list[str | Path] = [
        *("gnutls-cli", "--logfile=/dev/null", "--x509cafile", place.anchor),
        *("--provider", place.one.module, "--x509keyfile", key_uri(place)),
        *("--x509certfile", place.certificate),
        *("--priority", f"NORMAL:-VERS-ALL:+VERS-TLS{version}"),
        f"localhost:{place.ports[version]}",
    ]
    return Work("gnutls-cli", command, ACCEPTED, REQUEST, dict(place.one.environment))


def key_uri(place: Place) -> str:
    """Of the card's authentication key (RFC 7512)."""
    serial = place.one.tokens[0].serial
    return f"pkcs11:serial={serial};object=CPS_PRIV_AUT;type=private;pin-value={PIN}"


def engine(place: Place) -> dict[str, str]:
    """What makes OpenSSL's engine use the emulation's module."""
    return {**place.one.environment, "OPENSSL_CONF": str(place.engine)}


@contextmanager
def laid_out() -> Iterator[Place]:
    """The cards and the servers; all gone when it ends."""
    from cpx_tool.adapters.softhsm import write_emulation  # noqa: PLC0415
    from support.emulation import CACHE, bundle, emulate, wanted  # noqa: PLC0415 - on the path now
    from support.tls.nginx import nginx  # noqa: PLC0415
    from support.tls.pki import FilePki  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        whole = wanted("centre-sante")
        alone = replace(whole, profiles=whole.profiles[1:2], organisations=())
        one = write_emulation(alone, folder / "one", CACHE, reuse=False)
        place = Place(
            one=one,
            six=emulate(folder / "six"),
            certificate=_certificate(one, folder),
            anchor=FilePki(folder).ca,
            engine=_engine_settings(one, folder),
            ports={},
        )
        server, trusted = FilePki(folder).server(), bundle(folder)
        deep = "ssl_verify_depth 3;"
        with (
            nginx(server, trusted=trusted, protocols="TLSv1.2", more=deep) as older,
            nginx(server, trusted=trusted, protocols="TLSv1.3", more=deep) as newer,
        ):
            yield replace(place, ports={"1.2": older.port, "1.3": newer.port})


def _certificate(emulation: Emulation, folder: Path) -> Path:
    """The card's for authentication, in a file of PEM."""
    from support.emulation import dump, object_of  # noqa: PLC0415 - on the path by now

    (token,) = dump(emulation)
    shown = object_of(token["free"], "CERTIFICATE", "Certificat d'Authentification CPS")
    path = folder / "card.pem"
    path.write_text(ssl.DER_cert_to_PEM_cert(bytes.fromhex(shown["VALUE"])), encoding="ascii")
    return path


def _engine_settings(emulation: Emulation, folder: Path) -> Path:
    path = folder / "engine.cnf"
    path.write_text(
        "openssl_conf = all\n[all]\nengines = engines\n[engines]\npkcs11 = pkcs11\n"
        f"[pkcs11]\nengine_id = pkcs11\nMODULE_PATH = {emulation.module}\ninit = 0\n",
        encoding="utf-8",
    )
    return path


@dataclass(frozen=True)
class Run:
    """How long a process was there, and how long it and its children computed, in seconds; and all
    that it printed.
    """

    whole: float
    computed: float
    printed: bytes


def run(work: Work) -> Run:
    """Run it to its end."""
    from support.cli import environment  # noqa: PLC0415 - on the path by now

    settings = environment(**work.environment)
    before, start = _computed(), time.perf_counter()
    done = subprocess.run(
        work.command,
        env=settings,
        input=work.stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        timeout=60,
    )
    whole = time.perf_counter() - start
    return Run(whole, _computed() - before, done.stdout)


def _computed() -> float:
    """Seconds of all children that are gone."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def usable(work: Work) -> bool:
    """Whether it is installed and does its work here; says so where not."""
    program = str(work.command[0])
    if shutil.which(program) is None:
        print(f"left out: {work.name}: {program} is not installed (scripts/system.sh bench)")
        return False
    printed = run(work).printed
    if work.shows not in printed:
        lines = printed.decode("utf-8", "replace").strip().splitlines() or ["nothing"]
        print(f"left out: {work.name} does not do its work here: {lines[-1]}")
        return False
    return True


def measure(groups: Sequence[Comparison], rounds: int) -> list[list[list[Run]]]:
    """The runs of each work of each group, one in each round; a round runs everything once."""
    works = [(g, w) for g, group in enumerate(groups) for w in range(len(group.works))]
    runs: list[list[list[Run]]] = [[[] for _ in group.works] for group in groups]
    for number in range(rounds):
        first = number % len(works)  # nobody always comes after the same
        for g, w in (*works[first:], *works[:first]):
            runs[g][w].append(run(groups[g].works[w]))
    return runs


def table(group: Comparison, runs: Sequence[Sequence[Run]]) -> Iterator[str]:
    """The lines about one group; ratios are of medians."""
    medians = [statistics.median(one.whole for one in each) for each in runs]
    names = [work.name for work in group.works]
    first, bare = names[0].removeprefix("openssl ")[:11], medians[names.index("python -c pass")]
    yield f"\n{group.title}"
    yield f"{'':44}{'median':>9}{'min':>9}{'cpu':>9}{'ratio to':>12}{'ratio to':>12}"
    yield f"{'':44}{'ms':>9}{'ms':>9}{'ms':>9}{first:>12}{'python':>12}"
    for work, median, each in zip(group.works, medians, runs, strict=True):
        least, computed = min(r.whole for r in each), statistics.median(r.computed for r in each)
        times = "".join(f"{seconds * 1e3:9.1f}" for seconds in (median, least, computed))
        yield f"{work.name:44}{times}{median / medians[0]:12.2f}{median / bare:12.2f}"


def traced(work: Work) -> tuple[Parts, dict[str, float]]:
    """Where the time of one of our commands goes, and what its JSON says of the steps, in s."""
    from support.cli import environment  # noqa: PLC0415 - on the path by now

    command = [sys.executable, "-X", "importtime", SCRIPTS / "bench_traced.py", *work.command[1:]]
    settings = environment(**work.environment)
    began = time.monotonic_ns()
    done = subprocess.run(command, env=settings, capture_output=True, text=True, check=False)
    ended = time.monotonic_ns()
    steps = json.loads(done.stdout)["handshakes"][-1]["connections"][-1]["seconds"]
    return read_parts(done.stderr.splitlines(), began, ended), steps


def where_the_time_goes(work: Work) -> Iterator[str]:
    """Of the run in the middle among some."""
    runs = sorted((traced(work) for _ in range(TRACED)), key=lambda run: run[0].whole)
    parts, steps = runs[len(runs) // 2]
    yield f"\nWhere the time of {work.name} goes (one run, watched: somewhat slower), ms"
    yield from _shares(parts.parts, parts.whole)
    yield f"  {'together':44}{sum(parts.parts.values()):9.1f}{1:8.0%}"
    yield "\nOf the imports, by package (each without those that it imports), ms"
    ordered = sorted(parts.packages.items(), key=lambda item: -item[1])
    rest = sum(spent for _, spent in ordered[PACKAGES:])
    some = {**dict(ordered[:PACKAGES]), f"{len(ordered[PACKAGES:])} others": rest}
    yield from _shares(some, parts.parts[IMPORTS])
    yield "\nSteps of the connection, as tls-test tells them in JSON, ms"
    for step, seconds in steps.items():
        yield f"  {step:44}{seconds * 1e3:9.1f}"


def _shares(spent: Mapping[str, float], whole: float) -> Iterator[str]:
    for name, milliseconds in spent.items():
        yield f"  {name:44}{milliseconds:9.1f}{milliseconds / whole:8.0%}"


def main() -> int:
    """Measure, and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=10)
    rounds: int = parser.parse_args().rounds
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    if shutil.which("nginx", path=path) is None:
        print("nginx is not installed (scripts/system.sh bench)", file=sys.stderr)
        return 2
    with laid_out() as place:
        everything = comparisons(place)
        groups = [
            replace(group, works=[work for work in group.works if usable(work)])
            for group in everything
        ]
        print(f"{rounds} rounds; {os.cpu_count()} processors, load {_load()} before", flush=True)
        for group, runs in zip(groups, measure(groups, rounds), strict=True):
            print(*table(group, runs), sep="\n")
        print(f"\n{UNLIKE}")
        print(*where_the_time_goes(tls_test(place, "1.3")), sep="\n")
    print(f"\nload {_load()} after; {sys.version.split()[0]}")
    return 0


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}"


if __name__ == "__main__":
    sys.path.insert(0, str(TESTS))
    sys.exit(main())
