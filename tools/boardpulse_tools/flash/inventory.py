"""What is on the board already: which version runs, what is whole, what is the user's."""

import ast
import json
from dataclasses import dataclass, field
from typing import Any

from boardpulse_tools.flash.board_code import HELPERS
from boardpulse_tools.flash.layout import CONFIG, MAIN, MANIFEST, SLOTS, Layout, sha256
from boardpulse_tools.flash.transport import Session


@dataclass(frozen=True, slots=True)
class Found:
    """A file, or a folder (its size is -1). `sha` is empty where nobody knows it."""

    size: int
    sha: str


@dataclass(slots=True)
class Inventory:
    """`config` and `main` are contents, None where there is no such file; `ours` hashes of a main.py that we wrote."""

    found: dict[str, Found]
    active: str | None
    config: bytes | None = None
    main: bytes | None = None
    ours: set[str] = field(default_factory=set)

    def files_in(self, folder: str) -> dict[str, Found]:
        """The files below a folder."""
        return {path: one for path, one in self.found.items() if path.startswith(folder + "/") and one.size >= 0}

    @property
    def main_is_users(self) -> bool:
        """Whether main.py is not one that we wrote."""
        return self.main is not None and sha256(self.main) not in self.ours

    def settings(self) -> dict[str, Any] | None:
        """The configuration on the board; None where there is none, or none that can be read."""
        try:
            raw = json.loads(self.config) if self.config is not None else None
        except ValueError:
            return None
        return raw if isinstance(raw, dict) else None


def take_inventory(session: Session, layout: Layout) -> Inventory:
    """Look at everything that is ours, and at what stands where ours would. Loads the helpers onto the board."""
    session.run(HELPERS)
    calls = [f"t({layout.slot(slot)!r})" for slot in SLOTS] + [f"s({path!r})" for path in layout.single_files]
    lines = "".join(session.run("\n".join(calls[at : at + 8])) for at in range(0, len(calls), 8)).splitlines()
    found = {path: Found(size, sha) for path, size, sha in map(ast.literal_eval, lines)}
    inventory = Inventory(found, _active(found, layout))
    for name, kept in ((CONFIG, "config"), (MAIN, "main")):
        if layout.at_root(name) in found:
            setattr(inventory, kept, session.read(layout.at_root(name)))
    if (inventory.settings() or {}).get("watchdog_ms"):
        session.feed_watchdog()
    for slot in SLOTS:
        _take_manifest(session, layout.slot(slot), inventory)
    return inventory


def _active(found: dict[str, Found], layout: Layout) -> str | None:
    """The slot that `import boardpulse` leads to: boardpulse.py stands before boardpulse.mpy."""
    for slot in reversed(SLOTS):
        if layout.stub(slot) in found:
            return slot if layout.slot(slot) in found else None
    return None


def _take_manifest(session: Session, folder: str, inventory: Inventory) -> None:
    path = f"{folder}/{MANIFEST}"
    if path not in inventory.found:
        return
    data = session.read(path)
    try:
        shas = json.loads(data)
        inventory.ours.add(str(shas.get(MAIN)))
    except (ValueError, AttributeError):  # cut short
        return
    if not inventory.found[path].sha:  # the board has no hashlib: what was written stands in the manifest
        inventory.found[path] = Found(len(data), sha256(data))
        for name, sha in shas.items():
            one = inventory.found.get(f"{folder}/{name}")
            if one is not None:
                inventory.found[f"{folder}/{name}"] = Found(one.size, str(sha))
