"""What each field of the catalogue may hold. A check yields what is wrong with a value and what to do; none raises.

Names follow Prometheus' conventions (prometheus.io/docs/practices/naming) and OpenMetrics.
"""

from __future__ import annotations

import difflib
import itertools
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

Check = Callable[[Any], Iterator[str]]

TYPE_NAMES = ("gauge", "counter", "histogram")
UNITS = ("", "amperes", "bytes", "celsius", "dbm", "hertz", "joules", "ratio", "seconds", "volts", "watts")
MAX_VALUE = 2**53  # exact in the float64 of Prometheus; SPEC.md, section 16
MAX_KEY = 65535
MAX_SCALE = 12
MAX_BOUNDS = 32
MAX_LABELS = 8
MAX_HELP = 110  # one sentence, read at a glance in a dashboard
NAME = re.compile(r"device(_[a-z][a-z0-9]*)+")
LABEL = re.compile(r"[a-z][a-z0-9_]{0,31}")
RESERVED_LABELS = ("device_id", "platform", "le", "quantile", "job", "instance")
RESERVED_ENDINGS = ("_total", "_bucket", "_count", "_sum", "_created", "_gauge", "_counter", "_histogram", "_summary")
NO_BASE_UNITS = {
    "ratio": ("percent", "percentage", "permille"),
    "seconds": ("ms", "us", "milliseconds", "microseconds", "minutes", "hours", "days"),
    "bytes": ("kb", "mb", "kilobytes", "megabytes", "bits"),
    "watts": ("mw", "milliwatts", "kilowatts"),
    "volts": ("mv", "millivolts"),
    "amperes": ("ma", "milliamperes"),
    "hertz": ("mhz", "megahertz"),
    "celsius": ("fahrenheit", "kelvin"),
    "joules": ("wh", "mwh"),
}
BASE_UNIT = {word: unit for unit, words in NO_BASE_UNITS.items() for word in words}


def suggestion(word: object, known: Iterable[str]) -> str:
    """'; did you mean …?' where one of `known` is close to `word`, otherwise nothing."""
    close = difflib.get_close_matches(str(word), [k for k in known if k], 1)
    return f"; did you mean {close[0]!r}?" if close else ""


def is_int(value: object) -> bool:
    """Whether TOML meant an integer; bool is a subclass of int in Python."""
    return isinstance(value, int) and not isinstance(value, bool)


def all_ints(value: object) -> bool:
    """Whether it is a list of nothing but integers."""
    return isinstance(value, list) and all(is_int(v) for v in value)


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(v, str) and v.strip() for v in value)


def _key(value: Any) -> Iterator[str]:
    if not is_int(value) or not 1 <= value <= MAX_KEY:
        yield f"{value!r} is no key; take an unused whole number from 1 to {MAX_KEY}"


def _name(value: Any) -> Iterator[str]:
    if not isinstance(value, str) or not NAME.fullmatch(value):
        yield f"{value!r} is no metric name; write device_ and lower-case words with underscores between them"
        return
    for ending in RESERVED_ENDINGS:
        if value.endswith(ending):
            hint = "leave it off, counters get it by themselves" if ending == "_total" else "choose another last word"
            yield f"ends in {ending}, which Prometheus reserves; {hint}"
    for word in value.split("_"):
        if word in BASE_UNIT:
            yield f"has {word!r}, no base unit; use {BASE_UNIT[word]!r} and put the power of ten into scale"


def _choice(options: Iterable[str]) -> Callable[[Any], Iterator[str]]:
    allowed = tuple(options)

    def check(value: Any) -> Iterator[str]:
        if not isinstance(value, str) or value not in allowed:
            yield f"{value!r} is none of {', '.join(repr(option) for option in allowed)}{suggestion(value, allowed)}"

    return check


def _scale(value: Any) -> Iterator[str]:
    if not is_int(value) or abs(value) > MAX_SCALE:
        yield f"{value!r} is no decimal exponent; write a whole number from -{MAX_SCALE} to {MAX_SCALE}"


def _range(value: Any) -> Iterator[str]:
    if not all_ints(value) or len(value) != 2:
        yield f"{value!r} is no range; write [least, greatest] as whole numbers in the scale"
    elif not -MAX_VALUE <= value[0] < value[1] <= MAX_VALUE:
        yield f"{value!r} is empty or passes 2**53; the first number must be the lesser, both within +-{MAX_VALUE}"


def _labels(value: Any) -> Iterator[str]:
    if not _texts(value) or len(value) > MAX_LABELS:
        yield f"{value!r} is no list of at most {MAX_LABELS} label names"
        return
    for label in value:
        if not LABEL.fullmatch(label):
            yield f"{label!r} is no label name; write at most 32 lower-case letters, digits and underscores"
        elif label in RESERVED_LABELS:
            yield f"{label!r} is given by the bridge or by Prometheus; choose another name"
    if len(set(value)) != len(value):
        yield f"{value!r} has a name twice; remove one"


def _help(value: Any) -> Iterator[str]:
    if not isinstance(value, str) or not value.strip() or "\n" in value:
        yield "is empty or has a line break; write one sentence"
        return
    if not value.endswith("."):
        yield "does not end with a period; write one full sentence"
    if len(value) > MAX_HELP:
        yield f"has {len(value)} characters; say it in {MAX_HELP}"


def _bounds(value: Any) -> Iterator[str]:
    if not all_ints(value) or not 1 <= len(value) <= MAX_BOUNDS:
        yield f"{value!r} is no list of 1 to {MAX_BOUNDS} whole numbers"
        return
    for before, after in itertools.pairwise(value):
        if after <= before:
            yield f"{after} follows {before}; write the bounds in increasing order, each once"
    if max(abs(v) for v in value) > MAX_VALUE:
        yield f"pass 2**53; stay within +-{MAX_VALUE}"


def _text(value: Any) -> Iterator[str]:
    if not isinstance(value, str) or not value.strip():
        yield f"{value!r} is no text; write one"


def _since(value: Any) -> Iterator[str]:
    if not isinstance(value, str) or not re.fullmatch(r"\d+\.\d+", value):
        yield f'{value!r} is no version; write the release that brings the metric, like "0.1"'


def _known_as(value: Any) -> Iterator[str]:
    if not _texts(value) or not value:
        yield f"{value!r} is no list of texts; name what users of comparable systems call it, at least one"


FIELDS: dict[str, Check] = {
    "key": _key, "name": _name, "section": _text, "origin": _choice(("board", "bridge")), "type": _choice(TYPE_NAMES),
    "unit": _choice(UNITS), "scale": _scale, "range": _range, "labels": _labels, "bounds": _bounds, "help": _help,
    "since": _since, "known_as": _known_as,
}  # fmt: skip
DERIVED_FIELDS: dict[str, Check] = {"known_as": _text, "query": _text}
