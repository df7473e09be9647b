"""How often something may be said."""

from host_bridge.core.ratelimit import RateLimit


def test_a_key_may_speak_so_often_a_minute() -> None:
    """Then it is silent until the minute is over."""
    limit = RateLimit(3)
    assert [limit.allow("a", second) for second in range(6)] == [True] * 3 + [False] * 3
    assert limit.allow("a", 60.0)


def test_keys_do_not_disturb_each_other() -> None:
    """One noisy device does not silence the rest."""
    limit = RateLimit(1)
    assert limit.allow("a", 0)
    assert not limit.allow("a", 1)
    assert limit.allow("b", 1)


def test_a_crowd_is_bounded_in_all() -> None:
    """A stranger who invents names cannot fill the log, and does not silence another crowd."""
    limit = RateLimit(6, max_keys=10)
    assert sum(limit.allow(key, 0, crowd="strangers") for key in range(1000)) == 60
    assert limit.allow("a", 0, crowd="neighbours")
    assert limit.allow("a", 61, crowd="strangers")


def test_memory_is_bounded() -> None:
    """A stranger who invents names cannot fill it."""
    limit = RateLimit(1, max_keys=10)
    for key in range(1000):
        limit.allow(key, 0)
    assert len(limit._windows) <= 10


def test_a_clock_that_jumps_back_opens_a_new_minute() -> None:
    """Better a line too many than silence for years."""
    limit = RateLimit(1)
    assert limit.allow("a", 1e9)
    assert limit.allow("a", 5)


def test_zero_is_silence() -> None:
    """The operator wants none."""
    assert not RateLimit(0).allow("a", 0)
