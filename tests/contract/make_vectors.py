"""Writes shared_schema/vectors/*.json from tests/contract/sources, by encoders that are independent of shared_schema.

`python -m tests.contract.make_vectors [--check]`. The files are committed; tests/contract/test_known_bytes.py holds the
most important of them against bytes that were written by hand.
"""

import json
import sys
from pathlib import Path
from typing import Any

from tests.contract.sources import auth, compatibility, down_frames, invalid, limits, uart, up_frames

FOLDER = Path(__file__).parents[2] / "shared_schema" / "vectors"
ABOUT = {
    "up.json": "Frames that a board sends, byte for byte as a deterministic encoder writes them.",
    "limits.json": "The last frame within each limit; the first one beyond it is in invalid.json.",
    "down.json": "Frames that a bridge sends, byte for byte.",
    "topics.json": "Device ids with their MQTT shard and topics.",
    "uart.json": "Frames on a UART line, and what a receiver makes of a stream of bytes.",
    "auth.json": "Frames in a COSE_Mac0, good and refused. A receiver holds `key` for `device_id`.",
    "compatibility.json": "Frames that no encoder of this version writes and that every receiver accepts.",
    "invalid.json": "Frames that a receiver refuses, each with its reason.",
}


def documents() -> dict[str, dict[str, Any]]:
    """Each file's contents."""
    vectors = {
        "up.json": up_frames.vectors(),
        "limits.json": limits.within(),
        "down.json": down_frames.vectors(),
        "topics.json": down_frames.topics(),
        "auth.json": auth.vectors(),
        "compatibility.json": compatibility.vectors(),
        "invalid.json": invalid.vectors(),
    }
    out: dict[str, dict[str, Any]] = {name: {"about": ABOUT[name], "vectors": vectors[name]} for name in vectors}
    out["uart.json"] = {"about": ABOUT["uart.json"], "lines": uart.lines(), "streams": uart.streams()}
    return out


def render(document: dict[str, Any]) -> str:
    """JSON with a line a field, so that a person can read it and a diff shows what changed."""
    sections = [f'"about": {json.dumps(document["about"])}']
    for name, vectors in document.items():
        if name != "about":
            sections.append(f'"{name}": [\n' + ",\n".join(map(render_vector, vectors)) + "\n]")
    return "{\n" + ",\n".join(sections) + "\n}\n"


def render_vector(vector: dict[str, Any]) -> str:
    """One vector, its fields below each other."""
    fields = [f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}" for name, value in vector.items()]
    return " {" + ",\n  ".join(fields) + "}"


def stale() -> list[str]:
    """The files that differ from what their sources say, or that no source makes."""
    wanted = {name: render(document) for name, document in documents().items()}
    found = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json")}
    return sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))


def main(arguments: list[str]) -> int:
    """Write the files, or with --check say which are stale."""
    if "--check" in arguments:
        old = stale()
        print("\n".join(f"stale: {name}; run python -m tests.contract.make_vectors" for name in old) or "up to date")
        return 1 if old else 0
    for name, document in documents().items():
        (FOLDER / name).write_text(render(document), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
