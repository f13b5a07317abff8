"""Servers that have a name."""

from __future__ import annotations

import os

from cpx_tool.adapters.config import read_config
from cpx_tool.catalogue.endpoints import endpoints
from cpx_tool.model.endpoint import KnownEndpoint


def own_endpoints() -> tuple[KnownEndpoint, ...]:
    """Those of the user's configuration file, in its order. Raises `BadInput`."""
    return read_config(os.environ).endpoints


def known_endpoints() -> tuple[KnownEndpoint, ...]:
    """The user's own, then those of the catalogue; no name twice. Raises `BadInput`."""
    return (*own_endpoints(), *endpoints())
