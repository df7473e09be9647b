"""down.json: what a bridge sends, byte for byte; topics.json: where MQTT carries it."""

import zlib
from typing import Any

from tests.contract.sources import BOOT, Vector, vector

FULL = {
    "intervals": [[0, 1000], [31, 86_400_000], [1, 0]],
    "batches": [[0, 10], [1, 1024]],
    "limits": [[0, 0, None, 8500], [0, 1023, -40, None], [2, 1, -(2**53), 2**53], [0, 2, None, None]],
    "time": [1_767_225_600, 999, 40],
    "log_severity": 3,
}


def set_frame(command: int, **fields: Any) -> dict[str, Any]:
    """The meaning of a set."""
    return {"kind": "set", "boot": BOOT, "command": command, **fields}


def vectors() -> list[Vector]:
    """Everything in down.json."""
    acks = [
        vector(f"ack_{following}", "frames below this seq are committed",
               {"kind": "ack", "boot": BOOT, "next": following})
        for following in (0, 1, 23, 24, 255, 256, 65535, 65536, 2**30, 2**32 - 1, 2**32)
    ]  # fmt: skip
    sets = [vector(f"set_{name}", "one field of a set", set_frame(1, **{name: FULL[name]})) for name in FULL]
    return [
        *acks,
        vector("ack_boot_2_32", "the greatest boot id", {"kind": "ack", "boot": 2**32 - 1, "next": 5}),
        vector("hello_request", "asks one boot for its declaration", {"kind": "hello?", "boot": BOOT}),
        vector("hello_request_anybody", "asks whoever is there", {"kind": "hello?", "boot": None}),
        *sets,
        vector("set_full", "every field", set_frame(2**53, **FULL)),
        vector("set_nothing", "an empty set: it is answered, and changes nothing", set_frame(0)),
        vector("set_log_debug", "the least log severity", set_frame(2, log_severity=0)),
        *[
            vector(f"reset_{name}", "a restart", {"kind": "reset", "boot": BOOT, "command": 9, "mode": mode})
            for mode, name in enumerate(("soft", "hard", "boot_loader"))
        ],
    ]


def topics() -> list[Vector]:
    """Device ids with their shard and topics."""
    ids = ["esp32-kitchen", "a", "A", "pico:28:cd:c1:00:00:01", "x" * 64, "board-01", "board-02", "_", "0", "-.:_"]
    return [topic_vector(device_id) for device_id in ids]


def topic_vector(device_id: str) -> Vector:
    """One device's topics, straight from the text of SPEC.md section 14."""
    shard = f"{zlib.crc32(device_id.encode()) % 64:02x}"
    out = {"name": f"topics_of_{device_id[:24]}", "device_id": device_id, "shard": shard}
    suffixes = ("up", "hello", "state", "down")
    return out | {suffix: f"boardpulse/v1/{shard}/{device_id}/{suffix}" for suffix in suffixes}
