"""The stranger's bytes (tests/support/stranger_wire.py) against the vectors."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from tests.support.stranger_wire import Refused, column, decode, encode, from_line, seal, times, to_line, unseal

VECTORS = Path(__file__).parents[2] / "shared_schema" / "vectors"


def meant(name: str) -> list[dict[str, Any]]:
    """The vectors of a file."""
    found: list[dict[str, Any]] = json.loads((VECTORS / name).read_text(encoding="utf-8"))["vectors"]
    return found


def test_codec_against_the_vectors() -> None:
    """Frames up and down, their columns, lines and envelopes, byte for byte."""
    for vector in [*meant("down.json"), *(v for v in meant("up.json") if v["meaning"]["kind"] != "samples")]:
        assert encode(decode(bytes.fromhex(vector["hex"]))).hex() == vector["hex"], vector["name"]
    specials = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
    for vector in meant("up.json"):
        says = vector["meaning"]
        if says["kind"] == "samples":
            columns = [column([specials.get(str(value), value) for value in values]) for values in says["columns"]]
            head = [2, *(says[name] for name in ("boot", "seq", "uptime", "declaration"))]
            head.append(says["group"] + 32 * says.get("removed", 0))
            made = encode([*head, times(says["times"], says["interval_ms"]), *columns])
            assert made.hex() == vector["hex"], vector["name"]
    for vector in json.loads((VECTORS / "uart.json").read_text(encoding="utf-8"))["lines"]:
        frame, line = bytes.fromhex(vector["frame"]), bytes.fromhex(vector["line"])
        assert (to_line(frame), from_line(line[1:-1])) == (line, frame), vector["name"]


@pytest.mark.parametrize("vector", meant("auth.json"), ids=lambda vector: str(vector["name"]))
def test_envelopes_against_the_vectors(vector: dict[str, Any]) -> None:
    """Opened, and made anew; or refused."""
    key, data = bytes.fromhex(vector["key"]), bytes.fromhex(vector["hex"])
    if "payload" in vector:
        frame = bytes.fromhex(vector["payload"])
        assert unseal(key, vector["device_id"], data) == frame
        assert seal(key, vector["device_id"], frame, kid=vector["kid"] is not None) == data
    elif vector["name"] != "auth_payload_no_frame":  # of which only the frame is wrong
        with pytest.raises(Refused, match=vector["reason"]):
            decode(unseal(key, vector["device_id"], data))
