"""Moments as people write and read them. All are Unix milliseconds within."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import click

UNITS_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
RIGHT = (
    "a time ago (90s, 15m, 2h, 7d, 1h30m), a date or time (2026-05-01, 2026-05-01T12:00:00Z; local without a zone), "
    "or now"
)
MAX_DIGITS = 12
_PART = rf"(\d{{1,{MAX_DIGITS}}})(ms|[smhdw])"
_FIRST_MS, _LAST_MS = -62_104_060_800_000, 253_370_764_799_999  # the years 2 to 9998: datetime shows them in any zone


def read_moment(_ctx: click.Context, _parameter: click.Parameter, text: str) -> int:
    """The value of an option."""
    try:
        return parse(text, present_ms())
    except ValueError as error:
        raise click.BadParameter(f"{text!r}: expected {error}") from error


def present_ms() -> int:
    """Now."""
    return milliseconds(datetime.now(UTC))


def parse(text: str, now_ms: int) -> int:
    """The moment that `text` means at `now_ms`. ValueError says what would be right."""
    text = text.strip()
    if text == "now":
        return now_ms
    if re.fullmatch(rf"(?:{_PART})+", text):
        ago = sum(int(number) * UNITS_MS[unit] for number, unit in re.findall(_PART, text))
        return max(_FIRST_MS, now_ms - ago)
    try:
        return milliseconds(datetime.fromisoformat(text).astimezone(UTC))
    except (ValueError, OverflowError, OSError):
        raise ValueError(RIGHT) from None


def milliseconds(moment: datetime) -> int:
    """Unix milliseconds of a moment with a zone, exactly."""
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000 + since.microseconds // 1_000


def rfc3339(at_ms: int) -> str:
    """For programs: UTC with milliseconds."""
    return _moment(at_ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def local(at_ms: int) -> str:
    """For people: local time with milliseconds and the zone's offset."""
    return _moment(at_ms).astimezone().isoformat(" ", "milliseconds")


def _moment(at_ms: int) -> datetime:
    seconds, rest = divmod(min(max(at_ms, _FIRST_MS), _LAST_MS), 1000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest * 1000)
