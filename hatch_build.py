"""Puts the files that a board gets beside the package into the wheel. hatchling's `sources` moves folders only.

Not into an editable install, where a copy would go stale: there they are read from the checkout.
"""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BOARD_FILES = ("main.py", "manifest.py", "package.json")
PLACE = "host_bridge/_bundled/firmware"


class BoardFiles(BuildHookInterface):  # type: ignore[type-arg]  # its configuration is of no interest here
    """The hook, found by its base class."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name the files for the wheel that is about to be built."""
        if version == "editable":
            return
        for name in BOARD_FILES:
            source = Path(self.root) / "firmware" / name
            if source.exists():
                build_data["force_include"][str(source)] = f"{PLACE}/{name}"
