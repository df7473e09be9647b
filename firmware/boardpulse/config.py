"""A board's configuration: one JSON file, checked whole. Loaded at the start and not needed after it."""

from boardpulse.events import SEVERITIES
from shared_schema.errors import ConfigError
from shared_schema.messages import MAX_INTERVAL_MS, MAX_SAMPLES, is_identifier

TYPE_CHECKING = 0
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Problems = list[tuple[str, object, str]]
    Check = Callable[[object], str]

# What stands here may be a secret, or hold one where an object was expected.
SECRETS = ("password", "key", "wifi", "link")
HIDDEN = "(not shown)"
_SHOWN = 60


class Settings:
    """A checked configuration; each key of docs/configuration-board.md as an attribute, defaults filled in."""

    def __init__(self, values: "dict[str, Any]") -> None:
        self.device_id: str = values["device_id"]
        self.board: str = values["board"]
        self.link: dict[str, Any] = values["link"]
        self.interval_ms: int = values["interval_ms"]
        self.batch: int = values["batch"]
        self.flush_interval_ms: int | None = values["flush_interval_ms"]
        self.outbox_bytes: int = values["outbox_bytes"]
        self.outbox_hours: float = values["outbox_hours"]
        self.log_level: str = values["log_level"]
        self.sensors: dict[str, Any] = values["sensors"]
        self.application: str = values["application"]
        self.application_version: str = values["application_version"]
        self.wifi: dict[str, Any] = values["wifi"]
        self.sleep: dict[str, Any] = values["sleep"]
        self.spill: dict[str, Any] | None = values["spill"]
        self.watchdog_ms: int = values["watchdog_ms"]
        self.key: str | dict[str, str] = values["key"]

    def batch_of(self, interval_ms: int) -> int:
        """Samples to a frame for a sensor with this interval and no batch of its own."""
        if self.flush_interval_ms is None:
            return self.batch
        return min(MAX_SAMPLES, max(1, self.flush_interval_ms // interval_ms))


def integer(low: int, high: int) -> "Check":
    """A check for an integer in low … high."""
    return lambda value: "" if type(value) is int and low <= value <= high else "an integer from %d to %d" % (low, high)


def text(longest: int) -> "Check":
    """A check for a text of at most `longest` bytes that is not empty."""
    return lambda value: "" if 0 < size_of(value) <= longest else "a text of 1 to %d bytes" % longest


def size_of(value: object) -> int:
    """Bytes of a text in UTF-8; 0 for what is none, or has half of a surrogate pair."""
    try:
        return len(value.encode("utf-8")) if isinstance(value, str) else 0
    except ValueError:
        return 0


def one_of(*choices: str) -> "Check":
    """A check for one of some texts."""
    return lambda value: "" if value in choices else "one of " + ", ".join(choices)


def boolean(value: object) -> str:
    """A check for true or false."""
    return "" if value is True or value is False else "true or false"


def identifier(value: object) -> str:
    """A check for a device id."""
    return "" if is_identifier(value) else "1 to 64 of A-Z a-z 0-9 . _ : -"


def anything_of(kind: type, what: str) -> "Check":
    """A check for a JSON type only; what is in it is checked on its own."""
    return lambda value: "" if isinstance(value, kind) else what


def tls(value: object) -> str:
    """A check for the link's tls: on, off, or the path of a CA's certificate."""
    path = isinstance(value, str) and value != ""
    return "" if path or isinstance(value, bool) else "true, false, or the path of the certificate to trust"


def hours(value: object) -> str:
    """A check for a time that an outbox is to hold."""
    right = isinstance(value, (int, float)) and value is not True and 0.01 <= value <= 8784
    return "" if right else "a number from 0.01 to 8784"


def secret(value: object) -> str:
    """A check for a board's key; what is in its file is looked at by sealing.py."""
    if isinstance(value, dict):
        right = len(value) == 1 and size_of(value.get("file")) > 0
    else:
        right = isinstance(value, str) and len(value) == 64 and not value.strip("0123456789abcdefABCDEF")
    return "" if right else '64 hexadecimal digits, or {"file": the path of a file with them}'


# key: (check, default); without a default the key is required
_INTERVAL = integer(10, MAX_INTERVAL_MS)
_BATCH = integer(1, MAX_SAMPLES)
_TOP: "dict[str, Any]" = {
    "device_id": (identifier,),
    "board": (text(32),),
    "link": (anything_of(dict, "an object with a type"),),
    "interval_ms": (_INTERVAL, 1000),
    "batch": (_BATCH, 1),
    "flush_interval_ms": (integer(0, MAX_INTERVAL_MS), None),
    "outbox_bytes": (integer(1024, 1 << 24), 16384),
    "outbox_hours": (hours, 0),
    "log_level": (one_of(*SEVERITIES), "debug"),
    "sensors": (anything_of(dict, "an object, sensor name to options"), {}),
    "application": (text(64), ""),
    "application_version": (text(64), ""),
    "wifi": (anything_of(dict, "an object with ssid and password"), {}),
    "sleep": (anything_of(dict, "an object with mode and period_ms"), {}),
    "spill": (anything_of(dict, "an object, such as {}"), None),
    "watchdog_ms": (integer(1000, MAX_INTERVAL_MS), 0),
    "key": (secret, ""),
}
_SLEEP = {
    "mode": (one_of("deep", "light"),),
    "period_ms": (integer(1000, MAX_INTERVAL_MS),),
    "awake_ms": (integer(100, 600000), 10000),
}
_SPILL = {
    "path": (text(128), "spill"),
    "bytes": (integer(8192, 1 << 30), 65536),
    "segment_bytes": (integer(512, 65536), 4096),
}
_WIFI = {"ssid": (text(32),), "password": (text(64), "")}
_LINKS: "dict[str, dict[str, Any]]" = {
    "uart": {
        "type": (text(16),),
        "path": (text(256), ""),
        "id": (integer(0, 15), None),
        "baudrate": (integer(1200, 4000000), 115200),
        "tx": (integer(0, 255), None),
        "rx": (integer(0, 255), None),
    },
    "mqtt": {
        "type": (text(16),),
        "host": (text(255),),
        "port": (integer(1, 65535), 1883),
        "user": (text(128), None),
        "password": (text(256), None),
        "keepalive_s": (integer(5, 3600), 30),
        "tls": (tls, False),
        "ack": (one_of("broker", "bridge"), "broker"),
    },
}


def load(path: str) -> object:
    """What the JSON file holds. ConfigError when it is not there or is no JSON."""
    import json

    try:
        with open(path) as file:
            return json.load(file)
    except OSError as error:
        raise ConfigError([(path, "", "a file that can be read: %s" % error)])
    except (ValueError, RuntimeError, MemoryError) as error:  # the latter two: thousands of brackets
        raise ConfigError([(path, "", "one whole JSON object: %s" % error)])


def shown(key: str, value: object) -> object:
    """A value for a message: no secret, nothing that may hold one, nothing long."""
    if key in SECRETS or (isinstance(value, (dict, list)) and value):
        return HIDDEN
    return value[:_SHOWN] if isinstance(value, str) else value


def check(raw: object, sensors: "tuple[tuple[Any, ...], ...] | None", default_id: "str | None" = None) -> Settings:
    """The settings in `raw`. `sensors` are the board's, as (name, …, checks of options), None where there is no such
    board. ConfigError lists everything that is wrong."""
    if not isinstance(raw, dict):
        raise ConfigError([("", shown("", raw), "one JSON object")])
    problems: Problems = []
    if default_id is not None and "device_id" not in raw:
        raw = dict(raw)
        raw["device_id"] = default_id
    values = section("", raw, _TOP, problems)
    if "batch" in raw and raw.get("flush_interval_ms") is not None:
        problems.append(
            ("flush_interval_ms", raw["flush_interval_ms"], "left out where batch is given: each determines the other")
        )
    if "outbox_bytes" in raw and raw.get("outbox_hours") is not None:
        problems.append(
            ("outbox_hours", raw["outbox_hours"], "left out where outbox_bytes is given: each determines the other")
        )
    values["link"] = _link(raw.get("link"), problems)
    if raw.get("wifi"):
        values["wifi"] = section("wifi.", raw["wifi"], _WIFI, problems)
    if raw.get("sleep"):
        values["sleep"] = section("sleep.", raw["sleep"], _SLEEP, problems)
    if isinstance(raw.get("spill"), dict):
        values["spill"] = spill = section("spill.", raw["spill"], _SPILL, problems)
        if not problems and spill["segment_bytes"] * 2 > spill["bytes"]:
            problems.append(("spill.segment_bytes", spill["segment_bytes"], "at most half of bytes"))
    if sensors is None:
        problems.append(("board", shown("", raw.get("board")), "a folder of boards/, such as unix or linux"))
    else:
        values["sensors"] = _sensors(raw.get("sensors", {}), sensors, problems)
    if problems:
        raise ConfigError(problems)
    return Settings(values)


def section(path: str, raw: object, table: "dict[str, Any]", problems: "Problems") -> "dict[str, Any]":
    """The values of one object by its table, defaults filled in; adds what is wrong to `problems`, keys in the
    table's order."""
    values: dict[str, Any] = {}
    if not isinstance(raw, dict):
        return values
    for key in sorted(table):
        rule = table[key]
        if key in raw and not (raw[key] is None and len(rule) > 1):
            wrong = rule[0](raw[key])
            if wrong:
                problems.append((path + key, shown(key, raw[key]), wrong))
            values[key] = raw[key]
        elif len(rule) > 1:
            values[key] = rule[1]
        else:
            problems.append((path + key, None, "given; it is required"))
    for key in sorted(raw):
        if key not in table:
            problems.append((path + key, HIDDEN, "left out: there is no such key" + suggestion(key, table)))
    return values


def _link(raw: object, problems: "Problems") -> "dict[str, Any]":
    if not isinstance(raw, dict):
        return {}
    kind = raw.get("type")
    if not isinstance(kind, str) or kind not in _LINKS:
        problems.append(("link.type", shown("", kind), "one of " + ", ".join(sorted(_LINKS))))
        return {}
    if raw.get("password") is not None and raw.get("user") is None and kind == "mqtt":
        problems.append(("link.user", None, "given where there is a password"))
    return section("link.", raw, _LINKS[kind], problems)


def _sensors(raw: object, known: "tuple[tuple[Any, ...], ...]", problems: "Problems") -> "dict[str, Any]":
    """Options by sensor: False for one that is off, otherwise an object."""
    out: dict[str, Any] = {}
    options: dict[str, Any] = {one[0]: one[-1] for one in known}
    given: dict[str, Any] = raw if isinstance(raw, dict) else {}
    for name in sorted(given):
        path = "sensors." + name
        value = given[name]
        if name not in options:
            problems.append((path, HIDDEN, "left out: this board has no such sensor" + suggestion(name, options)))
        elif value is False or value is True:
            out[name] = {} if value else False
        elif isinstance(value, dict):
            table: dict[str, Any] = {"interval_ms": (_INTERVAL, None), "batch": (_BATCH, None)}
            for option in options[name]:
                table[option] = (options[name][option], None)
            out[name] = section(path + ".", value, table, problems)
        else:
            problems.append((path, shown(name, value), "true, false or an object"))
    return out


def suggestion(word: str, known: "dict[str, Any]") -> str:
    """Which of the known words was probably meant, as the end of a message."""
    best, least = "", 3
    for candidate in sorted(known):
        distance = _distance(word, candidate)
        if distance < least:
            best, least = candidate, distance
    return ". Did you mean %s?" % best if best else ""


def _distance(a: str, b: str) -> int:
    """Levenshtein's edit distance."""
    row = list(range(len(b) + 1))
    for i in range(len(a)):
        last = row
        row = [i + 1]
        for j in range(len(b)):
            row.append(min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] != b[j])))
    return row[-1]
