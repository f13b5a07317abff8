"""Build hook: compiles the message catalogues, so that a wheel carries them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CatalogueHook(BuildHookInterface[Any]):
    """Makes the .mo files that `artifacts` in pyproject.toml names."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Compile before the files of a wheel (editable or not) are collected."""
        if self.target_name == "wheel":
            script = Path(self.root, "scripts", "messages.py")
            subprocess.run([sys.executable, script, "compile"], check=True)
