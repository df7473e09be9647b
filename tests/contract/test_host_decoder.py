"""The bridge reads frames with cbor2 for speed: it accepts and refuses what shared_schema's own reader does."""

import json
from typing import Any

import pytest

from host_bridge.core.decode import decode
from shared_schema.columns import offsets
from shared_schema.errors import PeerError
from shared_schema.parse import Samples
from tests.contract.make_vectors import FOLDER
from tests.contract.run_vectors import is_down


def vectors(*files: str) -> list[Any]:
    """Frames that go up, as parameters."""
    found = []
    for file in files:
        for vector in json.loads((FOLDER / file).read_text(encoding="utf-8"))["vectors"]:
            if not is_down(vector):
                found.append(pytest.param(vector, id=vector["name"]))
    return found


def verdict(vector: dict[str, Any]) -> str | None:
    """The reason for which the bridge refuses a frame, None when it accepts it."""
    interval_ms = vector.get("meaning", {}).get("interval_ms", 1000)
    try:
        message = decode(bytes.fromhex(vector["hex"]))
        if isinstance(message, Samples):
            offsets(message.times, interval_ms)  # type: ignore[arg-type]  # as decode() leaves it
    except PeerError as error:
        return error.reason
    return None


@pytest.mark.parametrize("vector", vectors("up.json", "limits.json", "compatibility.json"))
def test_accepts(vector: dict[str, Any]) -> None:
    """Every valid frame, deterministic or not."""
    assert verdict(vector) is None


@pytest.mark.parametrize("vector", vectors("invalid.json"))
def test_refuses(vector: dict[str, Any]) -> None:
    """Every invalid frame, with its reason."""
    assert verdict(vector) == vector["reason"]
