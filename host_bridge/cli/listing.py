"""Descriptions of frames as text for people."""

from __future__ import annotations

import json
import time
from typing import Any

from host_bridge.cli.describe import Description
from host_bridge.sinks.logs import escaped

MAX_SHOWN = 12  # values of one series in a line

_FIRST = ("at", "port", "device_id", "channel", "retained", "kind")
_SEPARATE = ("groups", "series", "columns", "traceback")


def lines(description: Description) -> list[str]:
    """One frame: what it is in a line, its parts below."""
    first = " ".join(part for part in (_arrival(description), str(description["kind"]), _rest(description)) if part)
    return [escaped(first), *(f"    {escaped(line)}" for line in _below(description))]


def _arrival(description: Description) -> str:
    if "at" not in description:
        return ""
    at = float(description["at"])
    clock = time.strftime("%H:%M:%S", time.gmtime(at)) + f".{int(at % 1 * 1000):03d}"
    who = description.get("device_id") if "channel" in description else description.get("port")
    return f"{clock} {who}" + (" (retained)" if description.get("retained") else "")


def _rest(description: Description) -> str:
    named = set(_FIRST) - ({"device_id"} if "channel" not in description else set())
    named |= {"times_ms"} if len(description.get("times_ms", ())) == 1 else set()
    if "given_up" in description:
        description = description | {"given_up": _runs(description["given_up"])}
    pairs = [(key, value) for key, value in description.items() if key not in named and key not in _SEPARATE]
    return " ".join(f"{key}={_text(value)}" for key, value in pairs if value is not None and value not in ({}, []))


def _runs(runs: list[list[int]]) -> str:
    """Numbers as on a print dialog: 101,103-104."""
    shown = [str(first) if first == last else f"{first}-{last}" for first, last in runs[:MAX_SHOWN]]
    return ",".join(shown) + (f",… ({len(runs)} runs in all)" if len(runs) > MAX_SHOWN else "")


def _below(description: Description) -> list[str]:
    out = []
    for number, group in enumerate(description.get("groups", [])):
        every = f"every {group['interval_ms']} ms, {group['batch']} a frame"
        out.append(f"group {number}: {every}: {', '.join(group['series'])}")
    for series in description.get("series", []):
        if "values" in series:
            out.append(f"{series['metric']} = {_values(series['values'])}")
        else:
            last = [column[-1] for column in series["buckets"]]
            bounds, total = _values(series["bounds"]), _values(series["sum"][-1:])
            out.append(f"{series['metric']} buckets {_values(last)} at {bounds}, sum {total}")
    for number, column in enumerate(description.get("columns", [])):
        out.append(f"column {number} = {_values(column)}")
    out += str(description.get("traceback", "")).splitlines()
    return out


def _values(values: list[Any]) -> str:
    if values and all(value == values[0] for value in values) and len(values) > 1:
        return f"{_value(values[0])} ({len(values)} times)"
    shown = " ".join(_value(value) for value in values[:MAX_SHOWN])
    return shown + (f" … ({len(values)} in all)" if len(values) > MAX_SHOWN else "")


def _value(value: object) -> str:
    return "–" if value is None else str(value)


def _text(value: object) -> str:
    if isinstance(value, str) and value and not any(character in value for character in ' "=\n'):
        return value
    return json.dumps(value, ensure_ascii=False)
