"""The address of a server to be tested, read strictly."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import quote

from cpx_tool.errors import BadInput
from cpx_tool.model.endpoint import Endpoint
from cpx_tool.model.message import Message, msg

_HTTPS_PORT = 443
_MAX_PORT = 65535
_MAX_HOST = 253
_MAX_URL = 2000
_SHOWN = 100
"""Characters of a refused address: no more are needed to recognise it."""

_SCHEME = re.compile(r"([^/?#]*)://")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_KEPT = "!$%&'()*+,-./:;=?@_~"
"""What stays as it is in a path and a query (RFC 3986); "%" too: it may be encoded already."""
_DEVIATIONS = frozenset("ßς\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}")
"""What IDNA 2003 and 2008 read as different hosts (UTS 46, section 7)."""

_FORM = msg("Write https://host, with :port and /path where they are needed.")


class _RefusedError(Exception):
    """Why, and what to do."""

    def __init__(self, why: Message, hint: Message = _FORM) -> None:
        super().__init__(why.text)
        self.why = why
        self.hint = hint


def parse_endpoint(text: str, name: str = "") -> Endpoint:
    """The server of an address: "https://host:port/path", or the same without "https://".

    The host becomes ASCII (IDNA 2003) in lower case, the path percent-encoded ASCII (RFC 3986).
    What `parse_endpoint` gave, its `url` gives again. Raises `BadInput`, which does not repeat an
    address with "@" in it: a password may stand before that.
    """
    try:
        return _parse(text, name)
    except _RefusedError as error:
        raise BadInput(
            msg("{address} cannot be tested: {why}", address=_shown(text), why=error.why),
            error.hint,
        ) from None


def _shown(text: str) -> str | Message:
    if "@" in text or not text:
        return msg("This address")
    safe = "".join(c if c.isprintable() else "\ufffd" for c in text[:_SHOWN])
    return safe if len(text) <= _SHOWN else f"{safe}…"


def _parse(text: str, name: str) -> Endpoint:
    _refuse_at_sight(text)
    authority, path = _split(_without_scheme(text))
    if "@" in authority:
        raise _RefusedError(
            msg("there is a user name or a password in it."),
            msg("Leave out what stands before “@”, and the “@”: neither is sent to a server."),
        )
    if authority.partition(":")[0].lower() in ("http", "https"):  # "https:/host", "https//host"
        raise _RefusedError(msg("“https://” is not written whole at its beginning."))
    host, port = _host_and_port(authority)
    found = Endpoint(host, port, path, name)
    if len(found.url) > _MAX_URL:
        raise _too_long()
    return found


def _refuse_at_sight(text: str) -> None:
    """What is no address at all, whatever it says."""
    if not text:
        raise _RefusedError(msg("it is empty."))
    if len(text) > _MAX_URL:
        raise _too_long()
    if " " in text or not text.isprintable():
        raise _RefusedError(
            msg("there is a space in it, or a character that cannot be shown."),
            msg("Leave it out, or write it in the path as %20, say."),
        )
    if "#" in text:
        raise _RefusedError(
            msg("there is a “#” in it, and what follows that reaches no server."),
            msg("Leave it out, from the “#” on."),
        )


def _too_long() -> _RefusedError:
    return _RefusedError(
        msg("it is longer than {limit} characters.", limit=_MAX_URL),
        msg("Write the address of the server; most of a long query can be left out."),
    )


def _without_scheme(text: str) -> str:
    scheme = _SCHEME.match(text)
    if scheme is None:
        return text
    if scheme[1].lower() == "http":
        raise _RefusedError(
            msg("http knows no certificates, neither the server's nor yours."),
            msg("Write https:// instead, and the port where it is not 443."),
        )
    if scheme[1].lower() != "https":
        raise _RefusedError(msg("only https is tested."))
    return text[scheme.end() :]


def _split(rest: str) -> tuple[str, str]:
    """What stands before the path, and the path with its query, in ASCII."""
    authority = re.split(r"[/?]", rest, maxsplit=1)[0]
    path = rest[len(authority) :]
    return authority, quote(path if path.startswith("/") else f"/{path}", safe=_KEPT)


def _host_and_port(authority: str) -> tuple[str, int]:
    if authority.startswith("["):
        address, closed, rest = authority[1:].partition("]")
        if not closed or rest[:1] not in ("", ":"):
            raise _RefusedError(
                msg("a “]” is missing, or what follows it is no port."),
                msg("Write an IPv6 address in brackets, and the port behind them: [::1]:8443."),
            )
        return _ipv6(address), _port(rest)
    if authority.count(":") > 1:
        raise _RefusedError(
            msg("there is more than one “:” before the path."),
            msg("Write an IPv6 address in brackets, and the port behind them: [::1]:8443."),
        )
    host, colon, port = authority.partition(":")
    return _host(host), _port(colon + port)


def _ipv6(text: str) -> str:
    none = _RefusedError(msg("what stands in the brackets is no IPv6 address."))
    if "%" in text:  # a zone is of this machine, and no part of an address on the wire
        raise none
    try:
        return ipaddress.IPv6Address(text).compressed
    except ValueError:
        raise none from None


def _port(text: str) -> int:
    """The number behind ":"; 443 where nothing stands there."""
    digits = text[1:]
    if not text:
        return _HTTPS_PORT
    if not digits.isascii() or not digits.isdecimal() or len(digits) > len(str(_MAX_PORT)):
        raise _RefusedError(msg("what follows the “:” is no port."), _port_hint())
    if not 1 <= int(digits) <= _MAX_PORT:
        raise _RefusedError(msg("there is no such port."), _port_hint())
    return int(digits)


def _port_hint() -> Message:
    return msg(
        "A port is a whole number from 1 to {limit}; without one, it is 443.", limit=_MAX_PORT
    )


def _host(text: str) -> str:
    """The name of a host in ASCII, or an IPv4 address."""
    if not text:
        raise _RefusedError(msg("no host is named."))
    host = (text if text.isascii() else _idna(text)).lower()
    labels = host.split(".")
    if len(host) > _MAX_HOST or not all(map(_LABEL.fullmatch, labels)):
        raise _no_host()
    if _NUMBER.fullmatch(labels[-1]):  # no domain ends so, and the system reads 127.1 as 127.0.0.1
        try:
            return str(ipaddress.IPv4Address(host))
        except ValueError:
            raise _RefusedError(msg("it looks like an IPv4 address, and is none.")) from None
    return host


def _no_host() -> _RefusedError:
    return _RefusedError(
        msg("its host is no name of a host."),
        msg("A name has letters, digits, “-” inside and “.” between its parts: server.example.fr."),
    )


def _idna(text: str) -> str:
    if len(text) > _MAX_HOST:
        raise _no_host()
    if not _DEVIATIONS.isdisjoint(text):
        raise _RefusedError(
            msg("its host holds a letter of which there are two readings."),
            msg("Write the host as it stands in DNS: xn--…"),
        )
    try:
        return text.encode("idna").decode("ascii")
    except UnicodeError:
        raise _no_host() from None
