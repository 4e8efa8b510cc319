"""Puts the page's runtime and the networks, into a release wheel: POISE_BUNDLE=FOLDER."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Bundle(BuildHookInterface):  # type: ignore[type-arg]
    """Without the variable, and in editable installs, nothing is added: what is needed is fetched at first use."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add every file of the folder to the package, at its place."""
        folder = os.environ.get("POISE_BUNDLE")
        if not folder or version == "editable":
            return
        for file in Path(folder).resolve().rglob("*"):
            if file.is_file():
                build_data["force_include"][str(file)] = f"poise/{file.relative_to(Path(folder).resolve())}"
