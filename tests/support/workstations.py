"""Workstations in namespaces: a Debian each, reached over ssh, as a fleet would be.

    with fleet(folder, {"poste-1": "10.77.0.11"}) as machines:
        machines.ansible("check.yml").check()

For the inside of scripts/test_fleet.sh: the network, the mounts and the processes here are those of
the namespaces that it made, and end with them.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
KEPT = ROOT / ".cache" / "fleet"
"""Where scripts/test_fleet.sh keeps Ansible, the wheelhouse and the system."""
DEPLOY = ROOT / "deploy" / "ansible"
USER = "qa"
HOME = Path("/srv/qa")
_BRIDGE = "10.77.0.1/24"
_PATIENCE_SECONDS = 60.0
_LIMIT_SECONDS = 1200.0
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")

_START = """
set -e
hostname "$2"
mount --make-rprivate /
mount -t tmpfs none "$1/run" && mount -t tmpfs none "$1/dev" && mount -t proc none "$1/proc"
mount -t sysfs -o ro none "$1/sys"
for device in {devices}; do
    touch "$1/dev/$device" && mount --bind "/dev/$device" "$1/dev/$device"
done
mkdir "$1/dev/pts" "$1/dev/shm" && mount -t tmpfs none "$1/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666 none "$1/dev/pts" && ln -s pts/ptmx "$1/dev/ptmx"
cp "$4" "$1/run/init.py"
exec chroot "$1" /usr/bin/python3 /run/init.py "$3"
""".format(devices=" ".join(_DEVICES))


def run(argv: Sequence[str | Path], **options: object) -> subprocess.CompletedProcess[str]:
    """Run to the end; an error says what was printed."""
    done = subprocess.run(argv, capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload]
    assert done.returncode == 0, f"{argv}: {done.stdout}{done.stderr}"
    return done  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Workstation:
    """One of them. `changes` is all that differs from the system it was made of."""

    name: str
    address: str
    folder: Path

    @property
    def root(self) -> Path:
        """Its file system, as seen from here."""
        return self.folder / "root"

    @property
    def changes(self) -> Path:
        """The files that it wrote."""
        return self.folder / "changes"

    def path(self, inside: str | Path) -> Path:
        """Where one of its files is from here."""
        return self.root / str(inside).lstrip("/")

    def state(self) -> dict[str, tuple[int, int, int]]:
        """Every changed file, with mode, size and time: what a run may leave as it was."""
        found = {}
        for path in self.changes.rglob("*"):
            inside = path.relative_to(self.changes)
            if not _is_fleeting(inside):
                is_file = path.is_file() and not path.is_symlink()
                status = path.lstat()
                found[str(inside)] = (
                    status.st_mode,
                    status.st_size if is_file else 0,
                    status.st_mtime_ns if is_file else 0,
                )
        return found


def _is_fleeting(inside: Path) -> bool:
    """Logs, and what ssh, sudo and Ansible write only to work at all."""
    text = str(inside)
    return text.startswith(("var/log", "tmp", "run", "dev", "srv/qa/.ansible", "var/lib/sudo"))


@dataclass(frozen=True)
class Play:
    """An end of ansible-playbook."""

    code: int
    output: str
    argv: tuple[str, ...] = ()

    def recap(self) -> dict[str, dict[str, int]]:
        """Host → what the last lines count of it."""
        found = {}
        for line in self.output.split("PLAY RECAP")[-1].splitlines()[1:]:
            host, colon, counts = line.partition(":")
            if colon and "=" in counts:
                pairs = (pair.split("=") for pair in counts.split())
                found[host.strip()] = {name: int(count) for name, count in pairs}
        return found


@dataclass
class Fleet:
    """The workstations, and Ansible beside them."""

    folder: Path
    machines: dict[str, Workstation]
    inventory: Path
    results: Path
    environment: dict[str, str] = field(default_factory=dict)

    def ansible(self, *arguments: str | Path) -> Play:
        """`ansible-playbook`, in deploy/ansible. Whatever it ends with."""
        argv = (str(KEPT / "ansible" / "bin" / "ansible-playbook"), "-i", str(self.inventory))
        argv += tuple(str(argument) for argument in arguments)
        done = subprocess.run(
            argv,
            cwd=DEPLOY,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=_LIMIT_SECONDS,
        )
        return Play(done.returncode, done.stdout, argv)


def _build(folder: Path, name: str, address: str, key: Path) -> Workstation:
    """The system of one workstation, with its user and its keys; not started yet."""
    machine = Workstation(name, address, folder / name)
    work = machine.folder / "work"
    for part in (machine.root, machine.changes, work):
        part.mkdir(parents=True)
    layers = f"lowerdir={KEPT / 'system'},upperdir={machine.changes},workdir={work}"
    run(["mount", "-t", "overlay", "-o", layers, name, machine.root])
    run(["chroot", machine.root, "useradd", "--create-home", "--home-dir", HOME, "--password", "*",
         "--shell", "/bin/bash", USER])  # fmt: skip
    machine.path("/etc/sudoers.d/qa").write_text(f"{USER} ALL=(ALL) NOPASSWD: ALL\n", "ascii")
    machine.path("/etc/hosts").write_text(f"127.0.0.1 localhost {name}\n", "ascii")
    machine.path("/var/lib/apt/lists").touch()  # apt's lists are fresh, and need no network
    _let_in(machine, key)
    return machine


def _let_in(machine: Workstation, key: Path) -> None:
    """A host key of its own, and the key of the test for its user."""
    host_key = machine.path("/etc/ssh/ssh_host_ed25519_key")
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", host_key])
    keys = machine.path(HOME / ".ssh/authorized_keys")
    keys.parent.mkdir(mode=0o700)
    shutil.copy(key.with_suffix(".pub"), keys)
    own(machine, HOME / ".ssh")


def own(machine: Workstation, inside: Path) -> None:
    """Give a folder on the workstation to its user."""
    run(["chroot", machine.root, "chown", "-R", f"{USER}:{USER}", inside])


def _start(machine: Workstation) -> subprocess.Popen[bytes]:
    """Run it, in a network that is joined to the bridge."""
    name = machine.name
    run(["ip", "netns", "add", name])
    run(["ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name])
    run(["ip", "link", "set", name, "master", "fleet", "up"])
    for words in (f"addr add {machine.address}/24 dev eth0", "link set eth0 up", "link set lo up"):
        run(["ip", "-n", name, *words.split()])
    inside = ("unshare", "--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child")
    script = ("sh", "-c", _START, "sh", str(machine.root), name, machine.address)
    init = str(Path(__file__).parents[1] / "fleet" / "init.py")
    with (machine.folder / "init.log").open("wb") as log:
        return subprocess.Popen(
            ["ip", "netns", "exec", name, *inside, *script, init],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def _wait_for_ssh(machine: Workstation) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        with (
            contextlib.suppress(OSError),
            socket.create_connection((machine.address, 22), 1) as link,
        ):
            if link.recv(4) == b"SSH-":
                return
        log = (machine.folder / "init.log").read_text(encoding="utf-8", errors="replace")
        assert time.monotonic() < deadline, f"{machine.name} does not answer: {log}"
        time.sleep(0.1)


def _environment(home: Path, log: Path) -> dict[str, str]:
    return {
        "PATH": f"{KEPT / 'ansible' / 'bin'}:{os.environ['PATH']}",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "ANSIBLE_CONFIG": str(DEPLOY / "ansible.cfg"),
        "ANSIBLE_HOME": str(home / "ansible"),
        "ANSIBLE_LOG_PATH": str(log),
        "ANSIBLE_NOCOLOR": "1",
    } | ({"PYTHONPATH": os.environ["PYTHONPATH"]} if "PYTHONPATH" in os.environ else {})


@contextlib.contextmanager
def fleet(folder: Path, addresses: Mapping[str, str]) -> Iterator[Fleet]:
    """Workstations by name and address, answering ssh; none is left afterwards."""
    run(["mount", "-t", "tmpfs", "none", "/run"])  # that of this namespace, for ip netns
    run(["hostname", "controller"])
    run(["ip", "link", "set", "lo", "up"])
    run(["ip", "link", "add", "fleet", "type", "bridge"])
    run(["ip", "addr", "add", _BRIDGE, "dev", "fleet"])
    run(["ip", "link", "set", "fleet", "up"])
    home = Path("/run/home")  # short: the name of ssh's socket has a limit
    home.mkdir(mode=0o700)
    key = home / "key"
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key])
    machines: dict[str, Workstation] = {}
    processes: list[subprocess.Popen[bytes]] = []
    try:
        for name, address in addresses.items():
            machines[name] = _build(folder, name, address, key)
            processes.append(_start(machines[name]))
        for machine in machines.values():
            _wait_for_ssh(machine)
        known = home / "known_hosts"
        known.write_text("".join(map(_known, machines.values())), "ascii")
        results = folder / "results"
        environment = _environment(home, folder / "ansible.log")
        yield Fleet(folder, machines, folder / "inventory.yml", results, environment)
    finally:
        for process in processes:
            process.kill()  # its whole process namespace goes with it (--kill-child)
        for process in processes:
            process.wait()
        for machine in machines.values():
            run(["umount", "--lazy", machine.root])
            shutil.rmtree(machine.folder)  # logs and results stay beside it


def _known(machine: Workstation) -> str:
    public = machine.path("/etc/ssh/ssh_host_ed25519_key.pub").read_text(encoding="ascii")
    return f"{machine.address} {' '.join(public.split()[:2])}\n"


class Watch:
    """Looks at the arguments of all processes, again and again, for a text that must not be there.

    `seen` holds the command lines that had it; `witnessed` those that had the other text, which
    shows that it looked at the right time.
    """

    def __init__(self, secret: str, witness: str) -> None:
        self.seen: set[bytes] = set()
        self.witnessed: set[bytes] = set()
        self._secret, self._witness = secret.encode(), witness.encode()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._done.is_set():
            for name in os.listdir("/proc"):  # noqa: PTH208  # many times a second
                if name.isdigit():
                    with contextlib.suppress(OSError), open(f"/proc/{name}/cmdline", "rb") as file:  # noqa: PTH123
                        self._note(file.read())
            self._done.wait(0.01)

    def _note(self, line: bytes) -> None:
        if self._secret in line:
            self.seen.add(line)
        if self._witness in line:
            self.witnessed.add(line)


def files_with(text: str, folders: Sequence[Path]) -> list[Path]:
    """The files in these folders that hold the text."""
    return [
        path
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink() and text.encode() in path.read_bytes()
    ]
