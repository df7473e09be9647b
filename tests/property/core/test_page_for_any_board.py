"""The page parses, and says what the board said, whatever a board is called and however hostile its labels are."""

import math
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from host_bridge.core.actions import Action
from host_bridge.core.columns import escape
from host_bridge.core.numerals import decimal
from host_bridge.settings import Limits, Settings
from tests.support.boards import Board, Bridge, custom

LABELS = st.text(max_size=30) | st.text(st.sampled_from('"\\\n,={} #\r\u2028\x00'), max_size=30)


def short(text: str) -> bool:
    """Whether it fits into a label on the wire."""
    return len(text.encode()) <= 128


@given(st.lists(LABELS.filter(short), min_size=1, max_size=5, unique=True), st.lists(LABELS, min_size=5, max_size=5))
def test_hostile_labels_and_help_texts(labels: list[str], texts: list[str]) -> None:
    """Quotes, newlines, backslashes, braces, nothing at all."""
    series = [custom(f"m{i}", labels=[["place", label]], help=texts[i]) for i, label in enumerate(labels)]
    b, board = Bridge(), Board(series=series)
    b.uart(board.hello())
    b.uart(board.samples(*range(len(labels))))
    for families in (parse_text(b.page()), parse_openmetrics(b.page(openmetrics=True) + "# EOF\n")):
        found = {sample.name: sample for family in families for sample in family.samples}
        for i, label in enumerate(labels):
            sample = found[f"device_m{i}"]
            assert sample.labels.get("place", "") == label
            assert sample.value == i


@given(LABELS | LABELS.map(lambda text: (text * 10_000)[:10_000]))
def test_escaping_is_undone_by_the_reference_parser(value: str) -> None:
    """Also of ten thousand characters."""
    (family,) = parse_text(f'x{{a="{escape(value)}"}} 1\n')
    assert family.samples[0].labels["a"] == value


@given(st.integers(-(1 << 60), 1 << 60), st.integers(-12, 12))
def test_numbers_are_exact(value: int, scale: int) -> None:
    """What stands on the page is value × 10^scale, to the last digit, without exponent."""
    text = decimal(value, scale)
    assert Decimal(text) == Decimal(value).scaleb(scale)
    assert "e" not in text.lower()
    assert not math.isnan(float(text))


@given(st.text(max_size=100) | st.sampled_from(["a" * 10_000, 'x"y', "x\ny", "../../etc", "boardpulse/#"]))
def test_any_topic(device_id: str) -> None:
    """A device id that breaks the rules is refused, and what is said about it is short."""
    b = Bridge()
    actions: list[Action] = b.mqtt(device_id, Board().samples(1, 2))
    if device_id:
        assert sum(len(repr(action)) for action in actions) < 1000
    assert len(b.fleet.devices()) == 0


@given(
    st.lists(
        st.tuples(
            st.integers(0, 3),
            st.one_of(
                st.binary(max_size=40),
                st.integers(0, 5).map(lambda n: Board(boot=n + 1).hello(uptime=n)),
                st.integers(0, 9).map(lambda n: Board(boot=n % 3 + 1).samples(n, n, seq=n, uptime=n)),
                st.integers(0, 9).map(lambda n: Board(boot=n % 3 + 1).bye(n % 3, 5, seq=n)),
                st.integers(0, 2).map(lambda n: Board(boot=n + 1).state(n)),
                st.integers(0, 9).map(lambda n: Board(boot=n % 3 + 1, declaration=1).samples(n, seq=n)),
            ),
            st.booleans(),
            st.floats(0, 40),
        ),
        max_size=40,
    )
)
def test_no_sequence_of_frames_breaks_the_bridge(steps: list[tuple[int, bytes, bool, float]]) -> None:
    """Valid and not, retained and not, on topics and ports, in any order: the page parses, the ledger does not fall."""
    b = Bridge(Settings(limits=Limits(max_devices=2, max_held_in_all=10)))
    expected = 0
    for way, frame, retained, pause in steps:
        if way == 0:
            b.uart(frame)
        elif way == 1:
            b.uart(frame, port="other")
        else:
            b.mqtt("board-1", frame, "state" if frame[:1] == b"\x83" else "up", retained=retained)
        b.after(pause)
        now = sum(device.ledger.expected for device in b.fleet.devices())
        assert now >= expected
        expected = now
    assert b.fleet.held_total <= 10
    assert b.fleet.tally.table_errors == {}
    list(parse_openmetrics(b.page(openmetrics=True) + "# EOF\n"))
