"""Which sources go onto a board."""

import json
from pathlib import Path

from boardpulse_tools.boards import board_file, package_folder
from boardpulse_tools.boards_schema import shared_modules

LINK_MODULES = {
    "uart": ("boardpulse/links/uart.py", "boardpulse/links/repl.py"),
    "mqtt": (
        "boardpulse/links/mqtt.py",
        "boardpulse/links/mqtt_client.py",
        "boardpulse/links/mqtt_outgoing.py",
    ),
}


def board_sources(board: str, link: str | None = None) -> dict[str, str]:
    """Module path below lib/ → source, of everything that a board of this name runs."""
    skipped = {name for other, names in LINK_MODULES.items() if link and other != link for name in names}
    paths = {name: path for name, path in package_paths().items() if name not in skipped}
    paths["board.py"] = board_file(f"boards/{board}/board.py")
    for shared in sorted(shared_modules(paths["board.py"])):
        paths[f"boards/_ports/{shared.name}"] = shared
    return {name: path.read_text() for name, path in paths.items()}


def package_paths() -> dict[str, Path]:
    """All modules of the firmware and of what it needs of the schema, by their place below lib/."""
    listed = json.loads(board_file("firmware/package.json").read_text())["urls"]
    paths = {name: package_folder(name.split("/")[0]) / name.partition("/")[2] for name, _ in listed}
    firmware = package_folder("boardpulse")
    return paths | {f"boardpulse/{path.relative_to(firmware).as_posix()}": path for path in firmware.rglob("*.py")}


def main_source() -> str:
    """main.py of a board without an application of its own."""
    return board_file("firmware/main.py").read_text()
