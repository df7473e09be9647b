"""Where the vectors come from: what each frame means, and why it is there. make_vectors.py writes them out."""

from typing import Any

from tests.support import reference_wire as wire

Vector = dict[str, Any]

BOOT = 12345


def vector(name: str, why: str, meaning: wire.Meaning, **more: Any) -> Vector:
    """A frame that a sender writes exactly so, with its meaning."""
    return {"name": name, "why": why, "hex": wire.frame(meaning).hex(), **more, "meaning": meaning}


def up(kind: str | int, seq: int = 0, uptime: int = 0, boot: int = BOOT, **fields: Any) -> wire.Meaning:
    """The meaning of a frame that goes up."""
    return {"kind": kind, "boot": boot, "seq": seq, "uptime": uptime, **fields}


def hello(groups: list[Any], **fields: Any) -> wire.Meaning:
    """A hello with the required fields."""
    base: dict[str, Any] = {
        "wire": 1,
        "device_id": "esp32-kitchen",
        "platform": "esp32",
        "declaration": 0,
        "groups": groups,
    }
    return up("hello", **(base | fields))


def group(interval_ms: int, batch: int, *series: Any) -> dict[str, Any]:
    """A group; a series is given as a key, as (key, label, …), or as a custom metric."""
    return {"interval_ms": interval_ms, "batch": batch, "series": [one_series(given) for given in series]}


def one_series(given: Any) -> Any:
    """A series in the form of a meaning."""
    if isinstance(given, int):
        return {"key": given}
    return {"key": given[0], "labels": list(given[1:])} if isinstance(given, tuple) else given


def samples(
    columns: list[Any], times: list[int] | None = None, interval_ms: int = 1000, seq: int = 0, **fields: Any
) -> wire.Meaning:
    """A samples frame; without `times` the samples are one interval apart, from 5 s on."""
    at = times or [5000 + i * interval_ms for i in range(len(columns[0]))]
    base: dict[str, Any] = {"declaration": 0, "group": 0, "interval_ms": interval_ms, "times": at, "columns": columns}
    return up("samples", seq, at[0], **(base | fields))
