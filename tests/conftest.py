"""Fixtures that several rooms' tests share."""

from __future__ import annotations

import signal
from collections.abc import Callable
from functools import partial

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import settings

from support import certificates
from support.tls.pki import FilePki

# a job that a shell started in the background ignores Ctrl-C, and so would all that tests start
signal.signal(signal.SIGINT, signal.default_int_handler)

# the same examples each time: searching at random is the business of `make fuzz`
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")

_LONG = ("cli", "tls")
"""The rooms whose files take long: each begins processes, or servers."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Their files come first: begun last, one of them would keep a single processor busy while
    the others have no file left (make test, --no-loadscope-reorder).
    """
    items.sort(key=lambda item: item.path.parent.name not in _LONG)


@pytest.fixture(scope="session")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture(scope="session")
def make_certificate(key: rsa.RSAPrivateKey) -> Callable[..., bytes]:
    return partial(certificates.make_certificate, key)


@pytest.fixture(scope="session")
def card_der(make_certificate: Callable[..., bytes]) -> bytes:
    return make_certificate()


@pytest.fixture(scope="session")
def file_pki(tmp_path_factory: pytest.TempPathFactory) -> FilePki:
    """Certificates of test servers, and of clients whose key is a file."""
    return FilePki(tmp_path_factory.mktemp("pki"))
