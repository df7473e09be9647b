"""The landing page: a table of the boards. Everything that a board sent is escaped."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from html import escape

from host_bridge.web.devices import Json

LABELS = ("State", "Device", "Platform", "Port", "Firmware", "Runtime")
NUMBERS = ("Last heard", "Heap free", "Temperature", "Power", "Received", "Lost")
COLUMNS = LABELS + NUMBERS
STATES = frozenset(("unknown", "online", "late", "stale", "offline", "asleep", "stopped"))
MAX_CELL = 48  # characters; longer ones are cut, with the whole text as the cell's title
NOTHING = "–"

EMPTY = """<p class="empty">No board has been heard yet. Plug one in, or start one that publishes to the broker;
it appears here within two seconds. <code>boardpulse demo</code> brings two.</p>"""

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="/favicon.ico" type="image/svg+xml">
<link rel="stylesheet" href="/style.css">
<noscript><meta http-equiv="refresh" content="5"></noscript>
<script src="/live.js" defer></script>
</head>
<body>
<header>
<h1>boardpulse</h1>
<nav><a href="/metrics">/metrics</a> <a href="/api/devices">/api/devices</a></nav>
</header>
<main id="live">
{warning}<p class="summary">{summary}</p>
{table}
</main>
<footer>
boardpulse {version} · as of <time>{now}</time> · <span id="connection">refreshed every two seconds</span>
</footer>
</body>
</html>
"""


def render(fleet: Json, version: str) -> str:
    """The page for what fleet_json() gave."""
    now: float = fleet["now"]
    devices: list[Json] = fleet["devices"]
    online = sum(1 for device in devices if device["state"] in ("online", "late"))
    noun = "board" if len(devices) == 1 else "boards"
    return PAGE.format(
        title=f"{online}/{len(devices)} online · boardpulse",
        warning=_warning(str(fleet["history"])),
        summary=f"{len(devices)} {noun}, {online} online" if devices else "",
        table=table(devices, now) if devices else EMPTY,
        version=escape(version),
        now=time.strftime("%H:%M:%S UTC", time.gmtime(now)),
    )


def table(devices: Iterable[Json], now: float) -> str:
    """The table of the boards."""
    head = "".join(f'<th scope="col"{_numeric(column)}>{column}</th>' for column in COLUMNS)
    rows = "\n".join(row(device, now) for device in devices)
    return f'<div class="scroll"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table></div>'


def row(device: Json, now: float) -> str:
    """One board."""
    state = str(device["state"])
    cells = "".join(_cell(name, text) for name, text in zip(COLUMNS[1:], texts(device, now), strict=True))
    known = state if state in STATES else "unknown"
    return f'<tr><td><span class="state {known}">{known}</span>{_alerts(device)}</td>{cells}</tr>'


def texts(device: Json, now: float) -> list[str]:
    """The cells after the state, as plain text."""
    info, frames, last_seen = device["info"], device["frames"], device["last_seen"]
    return [
        str(device["device_id"]),
        str(device["platform"]),
        str(device["port"]),
        info.get("firmware_version") or NOTHING,
        info.get("runtime") or NOTHING,
        "never" if last_seen is None else age(now - last_seen),
        shown(device, "device_memory_free_bytes", "memory_type", ("gc", "system"), size),
        shown(device, "device_temperature_celsius", "sensor_location", (), lambda value: f"{value:.1f} °C"),
        shown(device, "device_power_watts", "component", ("board", "total"), lambda value: f"{value:.3f} W"),
        f"{frames['received'] + frames['recovered']:,}",
        f"{frames['lost'] + frames['dropped_on_device']:,}",
    ]


def shown(device: Json, metric: str, label: str, preferred: tuple[str, ...], text: Callable[[float], str]) -> str:
    """The value of a metric, of the first preferred label value that there is, else of any. A simulated one says so."""
    found: dict[str, float] = {}
    for one in device["readings"]:
        if one["metric"] == metric and isinstance(one["value"], float):
            found.setdefault(one["labels"].get(label, ""), one["value"])
    where = next((value for value in (*preferred, *found) if value in found), None)
    if where is None:
        return NOTHING
    return text(found[where]) + (" (simulated)" if where == "simulated" else "")


def age(seconds: float) -> str:
    """How long ago, in one unit."""
    for limit, divisor, name in ((60, 1, "s"), (3600, 60, "min"), (172_800, 3600, "h")):
        if seconds < limit:
            return f"{max(0, int(seconds / divisor))} {name} ago"
    return f"{int(seconds / 86400)} d ago"


def size(count: float) -> str:
    """Bytes in one unit."""
    for name in ("B", "KiB", "MiB", "GiB"):
        if abs(count) < 1024:
            return f"{count:.0f} {name}" if name == "B" else f"{count:.1f} {name}"
        count /= 1024
    return f"{count:.1f} TiB"


def _warning(history: str) -> str:
    if history in ("ok", "off"):
        return ""
    why = f"Nothing is kept at present: {history}. Boards and broker hold what they have; it comes when this is over."
    return f'<p class="warning" role="alert">{escape(why)}</p>\n'


def _alerts(device: Json) -> str:
    return "".join(
        f' <span class="alert {escape(str(alert["severity"]))}" title="{escape(str(alert["series"]))}">'
        f"{escape(str(alert['alert']))}</span>"
        for alert in device["alerts"]
    )


def _cell(column: str, text: str) -> str:
    title = f' title="{escape(text)}"' if len(text) > MAX_CELL else ""
    cut = text if len(text) <= MAX_CELL else text[: MAX_CELL - 1] + "…"
    return f"<td{_numeric(column)}{title}>{escape(cut)}</td>"


def _numeric(column: str) -> str:
    return ' class="number"' if column in NUMBERS else ""
