"""Asks the web, with the standard library: http and https, nothing else, and nothing twice.

Proxies are those of the environment (http_proxy, https_proxy, no_proxy), as urllib reads them.
No cookie, no password is kept or sent, but a proxy's own from its variable. What an answer is
worth is for others: here it has a size, and comes in time.
"""

from __future__ import annotations

import errno
import ssl
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse, IncompleteRead, InvalidURL
from queue import Empty, SimpleQueue
from socket import gaierror
from threading import Thread
from time import monotonic
from typing import Any
from urllib import request as urllib
from urllib.error import URLError
from urllib.parse import SplitResult, quote, urljoin, urlsplit, urlunsplit

from cpx_tool import __version__
from cpx_tool.errors import why
from cpx_tool.model.fetch import Failure, FetchProblem, Reply, Request, is_made_up
from cpx_tool.model.message import Message, msg

PARALLEL = 8
MAX_REDIRECTS = 5

_CHUNK = 65_536
_SCHEMES = ("http", "https")
_REDIRECTS = (301, 302, 303, 307, 308)
_REDIRECTS_OF_A_QUESTION = (307, 308)
"""The others would turn it into a GET (RFC 9110, 15.4)."""

_NOWHERE = frozenset(
    {
        errno.ENETUNREACH,
        errno.ENETDOWN,
        errno.EHOSTUNREACH,
        errno.EHOSTDOWN,
        errno.EADDRNOTAVAIL,
    }
)
_SILENT = frozenset(
    {
        FetchProblem.NAME,
        FetchProblem.UNREACHABLE,
        FetchProblem.REFUSED,
        FetchProblem.TIMEOUT,
        FetchProblem.PROXY,
    }
)
"""What the other addresses of that host would meet too."""

_BEHIND_A_PROXY = frozenset({FetchProblem.NAME, FetchProblem.UNREACHABLE, FetchProblem.REFUSED})


class _Failed(Exception):
    """Nothing comes of a request."""

    def __init__(self, problem: FetchProblem, reason: Message) -> None:
        super().__init__(problem)
        self.failure = Failure(problem, reason)


@dataclass(slots=True, eq=False)
class _Job:
    """A request on its way; `spoken` once a server answered with anything."""

    request: Request
    host: str
    end: float = 0.0
    spoken: bool = False
    reply: Reply = field(default_factory=Reply)


class HttpFetch:
    """Satisfies `ports.Fetch`. `deadline` is how long one request may take in all, in seconds:
    name, connection, headers, body and redirects together.

    Each request has a thread of its own, because nothing bounds the resolution of a name, or an
    answer that comes drop by drop. What is not done in time is left to itself. Of a host that
    was silent, and never said anything, no further address is asked: it would be silent as long.
    """

    def __init__(self, deadline: float) -> None:
        self._deadline = deadline
        self._silent: dict[str, Failure] = {}
        self._spoken: set[str] = set()
        self._opener = _opener()

    def fetch(self, requests: Sequence[Request]) -> tuple[Reply, ...]:
        """See `ports.Fetch.fetch`. No more than `PARALLEL` are on their way at a time."""
        jobs = [_Job(request, _host(request.url)) for request in requests]
        waiting = deque(_each_host_first(jobs))
        running: list[_Job] = []
        done: SimpleQueue[tuple[_Job, Reply]] = SimpleQueue()
        while waiting or running:
            while waiting and len(running) < PARALLEL:
                job = waiting.popleft()
                if job.host in self._silent and job.host not in self._spoken:
                    job.reply = Reply(failure=self._silent[job.host])
                else:
                    self._start(job, done)
                    running.append(job)
            if running:
                self._wait(running, done)
        return tuple(job.reply for job in jobs)

    def _start(self, job: _Job, done: SimpleQueue[tuple[_Job, Reply]]) -> None:
        job.end = monotonic() + self._deadline
        Thread(target=lambda: done.put((job, self._ask(job))), daemon=True).start()

    def _wait(self, running: list[_Job], done: SimpleQueue[tuple[_Job, Reply]]) -> None:
        """Until one is done or late."""
        soonest = min(job.end for job in running)
        try:
            finished, reply = done.get(timeout=max(0.0, soonest - monotonic()))
        except Empty:
            late = Reply(failure=_timeout(self._deadline).failure)
            for job in [job for job in running if job.end <= monotonic()]:
                self._finish(job, late, running)
        else:
            if finished in running:  # else it was late, and is answered
                self._finish(finished, reply, running)

    def _finish(self, job: _Job, reply: Reply, running: list[_Job]) -> None:
        running.remove(job)
        job.reply = reply
        if job.spoken:
            self._spoken.add(job.host)
        elif reply.failure and reply.failure.problem in _SILENT:
            self._silent[job.host] = reply.failure

    def _ask(self, job: _Job) -> Reply:
        """In the thread. Never raises."""
        try:
            return Reply(body=self._follow(job))
        except _Failed as failed:
            return Reply(failure=failed.failure)
        except Exception as error:
            return Reply(failure=_unforeseen(error).failure)

    def _follow(self, job: _Job) -> bytes:
        url = _usable(job.request.url)
        for _ in range(MAX_REDIRECTS + 1):
            with self._open(url, job) as response:
                job.spoken = True
                if response.status in _REDIRECTS:
                    url = _target(url, response, question=bool(job.request.body))
                    continue
                try:
                    return _body(response, job)
                except (OSError, HTTPException) as error:
                    raise _failed(error, urlsplit(url).netloc, self._deadline) from None
        raise _Failed(
            FetchProblem.REDIRECT,
            msg("It redirects more than {limit} times.", limit=MAX_REDIRECTS),
        )

    def _open(self, url: str, job: _Job) -> HTTPResponse:
        asked = urllib.Request(url, job.request.body or None)  # noqa: S310 - `_usable` looked
        if job.request.body:
            asked.add_header("Content-Type", job.request.media_type)
        server = asked.host
        try:
            response: HTTPResponse = self._opener.open(
                asked, timeout=max(0.001, job.end - monotonic())
            )
        except Exception as error:  # what urllib and http.client raise is documented nowhere
            failed = _failed(error, asked.host, self._deadline)
            raise (failed if asked.host == server else _at_proxy(failed, asked.host)) from None
        return response


def _opener() -> urllib.OpenerDirector:
    """One that opens http and https: no files, no FTP, no redirects, no errors for a status."""
    opener = urllib.OpenerDirector()
    for handler in (
        urllib.ProxyHandler(),
        urllib.UnknownHandler(),
        urllib.HTTPHandler(),
        urllib.HTTPSHandler(),
    ):
        opener.add_handler(handler)
    opener.addheaders = [("User-Agent", f"cpx-tool/{__version__}")]
    return opener


def _each_host_first(jobs: Iterable[_Job]) -> list[_Job]:
    """One of each host, then the second of each: a silent one shows itself at once."""
    seen: Counter[str] = Counter()
    ranked = []
    for job in jobs:
        ranked.append((seen[job.host], job))
        seen[job.host] += 1
    return [job for _, job in sorted(ranked, key=lambda item: item[0])]


def _host(url: str) -> str:
    """Scheme, name and port, to tell hosts apart; the address itself when it is none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _usable(url: str) -> str:
    """The address as it is asked: blanks and accents of its path escaped, no fragment."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        raise _no_address() from None
    if parts.scheme not in _SCHEMES:
        raise _Failed(FetchProblem.SCHEME, msg("Not asked: neither http nor https."))
    if not host or parts.username is not None:
        raise _no_address()
    if is_made_up(host):  # no name server is asked
        raise _Failed(
            FetchProblem.MADE_UP,
            msg(
                "The name {host} can never exist (.invalid): certificates that were only made "
                "up, as those of emulated cards, name such addresses.",
                host=host,
            ),
        )
    return _escaped(parts)


def _escaped(parts: SplitResult) -> str:
    path = quote(parts.path, safe="/%:@!$&'()*+,;=~")
    query = quote(parts.query, safe="/%:@!$&'()*+,;=~?")
    return urlunsplit((parts.scheme, parts.netloc, path, query, ""))


def _no_address() -> _Failed:
    return _Failed(FetchProblem.ADDRESS, msg("Not asked: this is no address that can be used."))


def _target(url: str, response: HTTPResponse, *, question: bool) -> str:
    location = response.headers.get("Location", "")
    if not location:
        raise _Failed(FetchProblem.REDIRECT, msg("It redirects, and does not say where to."))
    if question and response.status not in _REDIRECTS_OF_A_QUESTION:
        raise _Failed(
            FetchProblem.REDIRECT,
            msg("It redirects to {url}, and that would drop the question.", url=location),
        )
    try:
        return _usable(urljoin(url, location))
    except ValueError:
        raise _no_address() from None
    except _Failed as failed:
        if failed.failure.problem is not FetchProblem.SCHEME:
            raise
        raise _Failed(
            FetchProblem.REDIRECT,
            msg("It redirects to {url}, which is neither http nor https.", url=location),
        ) from None


def _body(response: HTTPResponse, job: _Job) -> bytes:
    """All of the answer. Raises `_Failed`, and what http.client and the system raise."""
    _refuse_head(response, job.request.limit)
    chunks: list[bytes] = []
    size = 0
    while chunk := response.read1(_CHUNK):
        size += len(chunk)
        if size > job.request.limit:
            raise _too_large(job.request.limit)
        if monotonic() > job.end:  # it is answered as late already: the thread ends here
            raise TimeoutError
        chunks.append(chunk)
    if response.length:  # what was announced and did not come
        raise _cut_short()
    return b"".join(chunks)


def _refuse_head(response: HTTPResponse, limit: int) -> None:
    if response.status != HTTPStatus.OK:
        raise _Failed(
            FetchProblem.STATUS,
            msg("The server answers with the HTTP status {status}.", status=_status(response)),
        )
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in ("", "identity"):
        raise _Failed(
            FetchProblem.UNEXPECTED,
            msg(
                "The answer is compressed ({encoding}), which was not asked for.", encoding=encoding
            ),
        )
    if (response.length or 0) > limit:
        raise _too_large(limit)


def _status(response: HTTPResponse) -> str:
    """The number with the words of the standard, not of the server."""
    try:
        return f"{response.status} ({HTTPStatus(response.status).phrase})"
    except ValueError:
        return str(response.status)


def _failed(error: Any, host: str, deadline: float) -> _Failed:
    """What an exception of urllib, http.client, ssl or the system means."""
    reason = error.reason if isinstance(error, URLError) else error
    if isinstance(reason, gaierror):
        return _Failed(FetchProblem.NAME, msg("The name {host} cannot be resolved.", host=host))
    if isinstance(reason, TimeoutError):
        return _timeout(deadline)
    if isinstance(reason, ConnectionRefusedError):
        return _Failed(FetchProblem.REFUSED, msg("{host} refuses the connection.", host=host))
    if isinstance(reason, ConnectionError | IncompleteRead):
        return _cut_short()
    if isinstance(reason, OSError):
        return _of_system(reason, host)
    return _of_protocol(reason)


def _of_protocol(reason: Any) -> _Failed:
    if isinstance(reason, InvalidURL | UnicodeError):
        return _no_address()
    if isinstance(reason, HTTPException):
        return _Failed(FetchProblem.NOT_HTTP, msg("The answer is not HTTP."))
    if isinstance(reason, ValueError | str):  # urllib's words for a proxy that cannot be one
        return _no_proxy()
    return _unforeseen(reason)


def _no_proxy() -> _Failed:
    reason = msg("The proxy that the environment names cannot be used.")
    return _Failed(FetchProblem.PROXY, reason)


def _timeout(deadline: float) -> _Failed:
    reason = msg("No answer within {seconds} seconds.", seconds=f"{deadline:g}")
    return _Failed(FetchProblem.TIMEOUT, reason)


def _untrusted(error: ssl.SSLError) -> _Failed:
    words = getattr(error, "verify_message", "") or error.reason or type(error).__name__
    return _Failed(FetchProblem.TLS, msg("TLS with the server fails: {why}.", why=words))


def _cut_short() -> _Failed:
    return _Failed(FetchProblem.CUT_SHORT, msg("The answer breaks off before its end."))


def _too_large(limit: int) -> _Failed:
    reason = msg("The answer is too large (over {limit} bytes).", limit=limit)
    return _Failed(FetchProblem.TOO_LARGE, reason)


def _of_system(error: OSError, host: str) -> _Failed:
    if isinstance(error, ssl.SSLError):
        return _untrusted(error)
    if error.errno in _NOWHERE:
        return _Failed(FetchProblem.UNREACHABLE, msg("There is no route to {host}.", host=host))
    if error.errno is None:  # http.client's word for a proxy that makes no tunnel
        return _Failed(FetchProblem.PROXY, msg("The proxy {host} makes no connection.", host=host))
    return _Failed(FetchProblem.FAILED, msg("The connection fails: {why}.", why=why(error)))


def _at_proxy(failed: _Failed, proxy: str) -> _Failed:
    if failed.failure.problem is FetchProblem.ADDRESS:
        return _no_proxy()
    if failed.failure.problem not in _BEHIND_A_PROXY:
        return failed
    return _Failed(
        FetchProblem.PROXY,
        msg("The proxy {proxy}: {reason}", proxy=proxy, reason=failed.failure.reason),
    )


def _unforeseen(error: Exception) -> _Failed:
    reason = msg("The connection fails: {why}.", why=type(error).__name__)
    return _Failed(FetchProblem.FAILED, reason)
