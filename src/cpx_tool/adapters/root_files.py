"""The system's own small files (/etc, /proc, /sys), below a root that may be another than "/".

What is there may be anything: binary, endless, a pipe, somebody else's. A file that cannot be read
is None, a directory that cannot be listed is None, and nothing is read without a bound.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

_MOST_BYTES = 64 * 1024
_MOST_NAMES = 65_536


@dataclass(frozen=True, slots=True)
class Root:
    """The files below `top`."""

    top: Path = Path("/")

    def path(self, place: str) -> Path:
        """Where a place of the system is ("/etc/os-release")."""
        return self.top / place.lstrip("/")

    def text(self, place: str, most: int = _MOST_BYTES) -> str | None:
        """The first `most` bytes of a regular file as text; None where it cannot be read."""
        content = self.content(place, most)
        return None if content is None else content.decode("utf-8", errors="replace")

    def content(self, place: str, most: int) -> bytes | None:
        """The first `most` bytes of a regular file; None where it cannot be read."""
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)  # a pipe would be waited for
        try:
            with os.fdopen(os.open(self.path(place), flags), "rb") as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    return None
                return file.read(most)
        except (OSError, ValueError):
            return None

    def line(self, place: str) -> str:
        """A file of one value, without blanks around it; "" where it cannot be read."""
        return (self.text(place, 256) or "").strip()

    def names(self, place: str) -> list[str] | None:
        """What a directory holds, sorted; None where it cannot be listed."""
        try:
            with os.scandir(self.path(place)) as entries:
                return sorted(entry.name for entry in islice(entries, _MOST_NAMES))
        except (OSError, ValueError):
            return None

    def link(self, place: str) -> str:
        """Where a symbolic link leads, unfollowed; "" where there is none to be read."""
        try:
            return str(self.path(place).readlink())
        except (OSError, ValueError):
            return ""

    def exists(self, place: str) -> bool:
        """Whether there is something, links followed."""
        try:
            return self.path(place).exists()
        except OSError:
            return False

    def is_there(self, place: str) -> bool:
        """Whether there is something, be it a link to nothing."""
        return os.path.lexists(self.path(place))


def assignments(text: str) -> dict[str, str]:
    """KEY=value lines, quotes taken off: os-release, systemd's session files."""
    found = {}
    for line in text.splitlines():
        key, equals, value = line.partition("=")
        if equals and not key.startswith("#"):
            found[key.strip()] = value.strip().strip("\"'")
    return found


def owners(status: os.stat_result) -> tuple[str, str]:
    """Names of user and group; their numbers where they have no names."""
    return user_name(status.st_uid), group_name(status.st_gid)


def user_name(number: int) -> str:
    """A user's name, or the number."""
    try:
        import pwd  # noqa: PLC0415 - not on Windows

        return pwd.getpwuid(number).pw_name
    except (ImportError, KeyError):
        return str(number)


def group_name(number: int) -> str:
    """A group's name, or the number."""
    try:
        import grp  # noqa: PLC0415 - not on Windows

        return grp.getgrgid(number).gr_name
    except (ImportError, KeyError):
        return str(number)
