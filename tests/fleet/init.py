"""The first process of a workstation: sshd, a log, and the PC/SC service once it is there.

    python3 init.py ADDRESS

In the place of systemd, which does not run in these namespaces. Everything ends with it.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

SSHD = """\
ListenAddress {address}
HostKey /etc/ssh/ssh_host_ed25519_key
PidFile none
UsePAM no
PasswordAuthentication no
PermitRootLogin no
Subsystem sftp internal-sftp
"""
PCSCD = Path("/usr/sbin/pcscd")


def _log() -> socket.socket:
    """What programs tell syslog, Ansible's modules and sudo among them, for a file."""
    taken = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    taken.bind("/dev/log")
    os.chmod("/dev/log", 0o666)  # noqa: PTH101, S103  # everybody may log
    taken.settimeout(0.2)
    return taken


def main() -> None:
    """Start sshd, keep the log, start pcscd when it has been installed, and collect the dead."""
    config = Path("/run/sshd_config")
    config.write_text(SSHD.format(address=sys.argv[1]), encoding="utf-8")
    Path("/run/sshd").mkdir(mode=0o755)
    taken = _log()
    subprocess.Popen(["/usr/sbin/sshd", "-D", "-e", "-f", str(config)])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    pcscd = None
    with Path("/var/log/messages").open("ab", buffering=0) as log:
        while True:
            with contextlib.suppress(TimeoutError):
                log.write(taken.recv(65536) + b"\n")
            with contextlib.suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
            if pcscd is None and PCSCD.exists():
                Path("/run/pcscd").mkdir(exist_ok=True)
                pcscd = subprocess.Popen([str(PCSCD), "--foreground"])
            elif pcscd is not None and not Path(f"/proc/{pcscd.pid}").exists():
                pcscd = None  # it was only unpacked: its libraries are there a moment later


main()
