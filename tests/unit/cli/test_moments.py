"""Moments as people write and read them."""

import time
from collections.abc import Iterator
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_bridge.cli.moments import local, milliseconds, parse, rfc3339

NOW = 1_760_000_000_123  # 2025-10-09T08:53:20.123Z


@pytest.fixture
def _berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The local zone is that of Berlin."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")  # POSIX's way to write it, which needs no zone files
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("now", NOW),
        ("0s", NOW),
        ("250ms", NOW - 250),
        ("90s", NOW - 90_000),
        ("15m", NOW - 900_000),
        ("2h", NOW - 7_200_000),
        ("1h30m", NOW - 5_400_000),
        ("7d", NOW - 604_800_000),
        ("2w", NOW - 1_209_600_000),
        ("2025-10-09T08:53:20.123Z", NOW),
        ("2025-10-09 10:53:20.123+02:00", NOW),
        (" 20251009T085320.123456Z ", NOW),
        ("1970-01-01T00:00:00Z", 0),
        ("1969-12-31T23:59:59.999Z", -1),
    ],
)
def test_a_moment_is_a_time_ago_or_iso_8601(text: str, ms: int) -> None:
    """To the millisecond."""
    assert parse(text, NOW) == ms


@pytest.mark.usefixtures("_berlin")
def test_without_a_zone_it_is_local_time() -> None:
    """As people read it off the clock, in summer and in winter; a date is its midnight."""
    assert parse("2025-10-09T10:53:20.123", NOW) == NOW
    assert rfc3339(parse("2025-07-01", NOW)) == "2025-06-30T22:00:00.000Z"
    assert rfc3339(parse("2025-12-01", NOW)) == "2025-11-30T23:00:00.000Z"


@pytest.mark.usefixtures("_berlin")
def test_people_read_local_time_with_its_zone() -> None:
    """The hour that comes twice in autumn is told apart."""
    assert local(NOW) == "2025-10-09 10:53:20.123+02:00"
    summer, winter = (parse(text, NOW) for text in ("2025-10-26T00:30:00Z", "2025-10-26T01:30:00Z"))
    assert (local(summer), local(winter)) == ("2025-10-26 02:30:00.000+02:00", "2025-10-26 02:30:00.000+01:00")


@pytest.mark.parametrize(
    "text", ["", "s", "5", "-5m", "5 m", "2h 30m", "5y", "1.5h", "tomorrow", "2025-13-01", "25:00", "9" * 30 + "h"]
)
def test_what_is_no_moment_is_refused_with_what_would_be_right(text: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(ValueError, match="a time ago"):
        parse(text, NOW)


def test_a_time_before_all_times_is_the_first() -> None:
    """Somebody asks for all."""
    assert rfc3339(parse("999999999999w", NOW)) == "0002-01-01T00:00:00.000Z"


@given(st.integers(-(2**53), 2**53))
def test_any_number_in_a_file_can_be_shown(at_ms: int) -> None:
    """Also one that a board without a clock has brought about."""
    assert rfc3339(at_ms).endswith("Z")
    assert local(at_ms)


@given(st.integers(-(10**12), 10**13))
def test_what_is_shown_to_programs_is_read_again(at_ms: int) -> None:
    """RFC 3339 in UTC, by us and by others."""
    assert parse(rfc3339(at_ms), NOW) == at_ms
    assert milliseconds(datetime.fromisoformat(rfc3339(at_ms))) == at_ms
