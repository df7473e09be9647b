"""A page that is drawn again and again is, at any time, the page that would be drawn at once."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.boards import Board, Bridge

Step = Callable[[Bridge, Board, int], object]
PORTS = ("/dev/ttyACM0", "/dev/ttyACM1")
DECLARATIONS = ([[1, "gc"], [3, "cpu"]], [[3, "cpu"]], [[3, "cpu"], [10, "0"], [1, "gc"]], [[10, "0"], [3, "cpu"]])


def said_hello(port: str, declaration: int, info: str, platform: str, ahead_ms: int) -> Step:
    """A hello; its clock is off by `ahead_ms`."""

    def step(b: Bridge, board: Board, number: int) -> object:
        board.platform, board.series, board.declaration = platform, DECLARATIONS[declaration], declaration
        wall_ms = round(b.now * 1000) + ahead_ms
        anchor = [wall_ms // 1000, wall_ms % 1000, 2, 20]
        return b.uart(board.hello(uptime=1000 * number, k5={1: info}, k6=anchor), port)

    return step


def sent_samples(*values: int | None) -> Step:
    """As many columns as the board has declared."""

    def step(b: Bridge, board: Board, number: int) -> object:
        return b.uart(board.samples(*values[: len(board.series)], uptime=1000 * number), b_port(b))

    return step


def sent_again(back: int, removed: int) -> Step:
    """A frame that may be late, come twice, leave a gap, or lack samples that the board has thinned out."""

    def step(b: Bridge, board: Board, number: int) -> object:
        columns = range(len(board.series))
        seq = max(0, board.seq - back)
        return b.uart(board.samples(*columns, uptime=1000 * number, seq=seq, group=32 * removed), b_port(b))

    return step


def said_of_an_earlier_boot(boot: int, uptime: int) -> Step:
    """A hello, or samples, of another boot than the present one."""

    def step(b: Bridge, board: Board, number: int) -> object:
        other = Board(board.device_id, boot, board.series, board.platform, declaration=board.declaration)
        if number % 2:
            return b.uart(other.hello(uptime=uptime), b_port(b))
        return b.uart(other.samples(*range(len(board.series)), uptime=uptime), b_port(b))

    return step


def b_port(b: Bridge) -> str:
    """Where the board is."""
    devices = b.fleet.devices()
    return devices[0].port if devices else PORTS[0]


VALUE = st.one_of(st.integers(-3, 3), st.none(), st.integers(0, 10**6), st.just(2**50), st.just(float("nan")))
STEPS = st.lists(
    st.one_of(
        st.builds(
            said_hello,
            st.sampled_from(PORTS),
            st.integers(0, len(DECLARATIONS) - 1),
            st.sampled_from(("1.0", "2.0")),
            st.sampled_from(("esp32", "rp2")),
            st.integers(-3, 3),
        ),
        st.builds(sent_samples, VALUE, VALUE, VALUE),
        st.builds(sent_again, st.integers(-3, 3), st.sampled_from((0, 0, 2))),
        st.builds(said_of_an_earlier_boot, st.integers(76, 78), st.sampled_from((0, 5000))),
        st.just(lambda b, board, number: b.uart(board.event(uptime=1000 * number), b_port(b))),
        st.just(lambda b, board, number: b.unplug(b_port(b))),
        st.integers(1, 300).map(lambda seconds: lambda b, board, number: b.time_passes(seconds)),
    ),
    max_size=16,
)


@settings(max_examples=300)
@given(STEPS, st.sets(st.integers(0, 15)))
def test_whatever_happened_between_two_pages(steps: list[Step], drawn_after: set[int]) -> None:
    """Lines that have gone are gone, none stands twice, none says what was."""
    often, once = Bridge(), Bridge()
    for b in (often, once):
        board, number = Board(), count(1)
        for at, step in enumerate(steps):
            step(b, board, next(number))
            if b is often and at in drawn_after:
                b.page()
    assert sorted(often.page().splitlines()) == sorted(once.page().splitlines())
