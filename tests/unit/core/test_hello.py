"""hello: identity, ports, boots, declarations."""

import pytest

from host_bridge.core.actions import Send, StateChange
from host_bridge.settings import Limits, Settings
from shared_schema import messages as m
from tests.support.boards import T0, Board, Bridge, acknowledged, custom, logged, only, refused, sent


def test_a_device_is_known_by_its_hello() -> None:
    """Who it is, where it is, what it runs."""
    b = Bridge()
    actions = b.uart(Board().hello(k5={1: "0.1.0", 3: "ESP32_GENERIC"}, k9=3))
    device = b.device()
    assert (device.device_id, device.platform, device.port, device.state) == (
        "board-1",
        "esp32",
        "/dev/ttyACM0",
        "online",
    )
    assert device.info == {"firmware_version": "0.1.0", "board": "ESP32_GENERIC"}
    assert [(change.before, change.after) for change in only(actions, StateChange)] == [("unknown", "online")]


def test_a_retained_hello_is_no_sign_of_life() -> None:
    """A board is never announced as online before it was heard: nothing of it is on the page."""
    b, board = Bridge(), Board()
    b.mqtt(board, board.hello(), "hello", retained=True)
    assert b.device().state == "unknown"
    assert b.device().last_seen is None
    assert b.page() == ""


def test_but_it_explains_the_frames_that_follow() -> None:
    """A restarted bridge decodes the first frame that it sees."""
    b, board = Bridge(), Board(seq=500)
    b.mqtt(board, board.hello(), "hello", retained=True)
    board.seq = 9000
    actions = b.mqtt(board, board.samples(2150, 40000))
    assert b.value("device_temperature_celsius") == "21.50"
    assert b.device().state == "online"
    assert sent(actions) == [[m.HELLO_REQUEST, board.boot]]  # what it holds and what it dropped is not known yet
    assert (b.ledger().expected, b.ledger().lost) == (1, 0)


def test_topic_and_hello_must_agree() -> None:
    """Otherwise one board could speak for another."""
    b = Bridge()
    actions = b.mqtt("board-2", Board("board-1").hello(), "hello")
    assert refused(actions) == ["identity"]
    assert len(acknowledged(actions)) == 1
    assert b.fleet.devices() == []


@pytest.mark.parametrize("device_id", ['a"b', "a\nb", "a b", "ü", "x" * 10_000, "a/b", "#"])
def test_a_topic_that_names_no_device_is_refused(device_id: str) -> None:
    """And what is said about it is short."""
    b = Bridge()
    actions = b.mqtt(device_id, Board().samples(1, 2))
    assert refused(actions) == ["identity"]
    assert all(len(str(action)) < 400 for action in actions)


def test_a_port_belongs_to_the_board_that_said_hello_there_last() -> None:
    """Another board was plugged in: the first one is offline."""
    b, one, two = Bridge(), Board("one", boot=1), Board("two", boot=2)
    b.uart(one.hello())
    b.uart(two.hello())
    assert (b.device("one").state, b.device("two").state) == ("offline", "online")
    b.uart(two.samples(2150, 40000))
    assert b.ledger("two").received == 1


def test_a_board_that_says_hello_elsewhere_has_moved() -> None:
    """Commands and the port label follow; the port that it left may close."""
    b, board = Bridge(), Board()
    b.uart(board.hello(), port="/dev/ttyACM0")
    b.uart(board.hello(), port="/dev/ttyACM1")
    assert b.device().port == "/dev/ttyACM1"
    b.unplug("/dev/ttyACM0")
    assert b.device().state == "online"
    assert b.values("device_connection_status") == {'port="/dev/ttyACM1"': "1"}
    b.uart(board.samples(2150, 40000), port="/dev/ttyACM1")
    (ack,) = only(b.after(0.2), Send)
    assert (ack.source, ack.port, ack.device_id) == ("serial", "/dev/ttyACM1", "")


def test_a_retained_hello_does_not_move_a_board() -> None:
    """It was on MQTT once; it is on the cable now."""
    b, board = Bridge(), Board()
    b.uart(board.hello(uptime=5000))
    b.mqtt(board, board.hello(uptime=10), "hello", retained=True)
    assert (b.device().source, b.device().port) == ("serial", "/dev/ttyACM0")


def test_a_repeated_hello_changes_nothing() -> None:
    """It may be sent at will."""
    b, board = Bridge(), Board()
    b.uart(board.hello())
    b.uart(board.samples(2150, 40000))
    before = b.page()
    b.uart(board.hello(uptime=1000))
    assert b.page() == before


def test_a_new_declaration_keeps_the_series_that_stay() -> None:
    """Temperature goes on, the heap goes, power comes."""
    b, board = Bridge(), Board()
    b.uart(board.hello())
    b.uart(board.samples(2150, 40000))
    board.series, board.declaration = [[3, "cpu"], [4, "board"]], 1
    b.uart(board.hello(uptime=2000))
    assert b.value("device_temperature_celsius") == "21.50"
    assert b.value("device_memory_free_bytes") is None
    b.uart(board.samples(2200, 1500, uptime=3000))
    assert (b.value("device_temperature_celsius"), b.value("device_power_watts")) == ("22.00", "1.500")
    assert b.device().series == 2


def test_a_frame_of_the_former_declaration_is_counted_and_not_shown() -> None:
    """It was in the outbox when the groups changed."""
    b, board = Bridge(), Board()
    b.uart(board.hello())
    late = board.samples(9900, 1, uptime=1000)
    board.series, board.declaration = [[3, "cpu"]], 1
    b.uart(board.hello(uptime=2000))
    b.uart(board.samples(2200, uptime=3000))
    b.uart(late)
    assert b.value("device_temperature_celsius") == "22.00"
    assert (b.ledger().recovered, b.ledger().balanced) == (1, True)


def test_a_new_platform_changes_the_labels_of_every_series() -> None:
    """The board was flashed anew under its old name."""
    b, board = Bridge(), Board()
    b.uart(board.hello())
    b.uart(board.samples(2150, 40000))
    new = Board(boot=78, platform="rp2")
    b.uart(new.hello())
    b.uart(new.samples(2200, 41000))
    page = b.page()
    assert 'platform="esp32"' not in page
    assert 'device_temperature_celsius{device_id="board-1",platform="rp2",sensor_location="cpu"} 22.00\n' in page
    assert 'device_state{device_id="board-1",platform="rp2",state="online"} 1\n' in page


def test_devices_beyond_the_limit_are_refused_counted_and_said() -> None:
    """The others are not disturbed."""
    b = Bridge(Settings(limits=Limits(max_devices=2)))
    for i in range(5):
        actions = b.mqtt(f"board-{i}", Board(f"board-{i}").hello(), "hello")
    assert len(b.fleet.devices()) == 2
    assert b.fleet.tally.devices_refused == 3
    assert logged(actions) == ["device_refused"]
    assert len(acknowledged(actions)) == 1


def test_starts_are_counted_by_cause() -> None:
    """A watchdog that bites shows."""
    b = Bridge()
    b.uart(Board(boot=1).hello(uptime=100_000, k9=1))  # running for long: the bridge started, not the board
    b.uart(Board(boot=2).hello(uptime=500, k9=3))
    b.uart(Board(boot=3).hello(uptime=500, k9=3))
    assert b.values("device_boots_total") == {'reset_cause="power_on"': "0", 'reset_cause="watchdog"': "2"}


def test_unknown_fields_are_skipped_and_counted() -> None:
    """A board of a later version."""
    b = Bridge()
    b.uart(Board().hello(k99="new", k77=[1, 2], k0=2))
    assert b.value("device_fields_skipped_total") == "2"


def test_a_clock_that_cannot_be_right_is_said() -> None:
    """Counted, and used for nothing."""
    b = Bridge()
    actions = b.uart(Board().hello(k6=[946_684_800, 0, 1, 1000]))
    assert "clock_refused" in logged(actions)
    assert b.value("device_clock_anchors_refused_total") == "1"
    assert b.values("device_clock_source") == {'source="arrival"': "1"}


def test_a_clock_that_is_right_is_used() -> None:
    """And the page says so."""
    b = Bridge()
    b.uart(Board().hello(uptime=1000, k6=[int(T0), 0, 2, 20]))
    assert b.values("device_clock_source") == {'source="ntp"': "1"}


def test_series_that_cannot_be_exposed_are_refused_alone() -> None:
    """Their columns are skipped, the rest of the frame is used."""
    board = Board(
        series=[
            [3, "cpu"],
            9999,
            [1, "gc", "too", "many"],
            custom("cars_total"),
            custom("temperature", unit="celsius"),
            [3, "cpu"],
            custom("water", unit="liters"),
        ]
    )
    b = Bridge()
    actions = b.uart(board.hello())
    assert "series_refused" in logged(actions)
    b.uart(board.samples(2150, 1, 2, 3, 4, 5, 6))
    assert b.value("device_temperature_celsius") == "21.50"
    assert b.value("device_water_liters") == "6"
    assert b.value("device_series_refused_total") == "5"
    assert {reason: n for reason, n in b.fleet.tally.series.items() if n} == {
        "unknown": 1,
        "labels": 1,
        "name": 1,
        "conflict": 1,
        "repeated": 1,
    }


def test_the_first_declaration_of_a_custom_metric_wins() -> None:
    """Another board's metric of that name is refused if it has another type, unit or labels; a like one is not."""
    b = Bridge()
    b.uart(Board("a", series=[custom("level", unit="meters", labels=[["tank", "1"]])]).hello(), port="1")
    b.uart(Board("b", series=[custom("level_meters")]).hello(), port="2")
    b.uart(Board("c", series=[custom("level", unit="meters")]).hello(), port="3")
    b.uart(Board("d", series=[custom("level", unit="meters", scale=-2, labels=[["tank", "2"]])]).hello(), port="4")
    assert b.fleet.tally.series["conflict"] == 2
    assert [b.device(name).series for name in "abcd"] == [1, 0, 0, 1]


def test_names_that_would_collide_on_the_page_are_refused() -> None:
    """A histogram takes _bucket, _sum and _count; a counter its name without _total."""
    b = Bridge()
    series = [custom("x", 2, bounds=[1]), custom("x_count"), custom("x_sum"), custom("y", 1), custom("y")]
    b.uart(Board(series=series).hello())
    assert b.fleet.tally.series["conflict"] == 3


def test_a_name_is_free_again_when_nobody_declares_it() -> None:
    """A mistake in one board's program is not for ever."""
    b, board = Bridge(), Board(series=[custom("level", unit="meters")])
    b.uart(board.hello())
    board.series, board.declaration = [custom("level_meters", 1)], 1
    b.uart(board.hello(uptime=1))
    board.series, board.declaration = [custom("level_meters", labels=[["a", "b"]])], 2
    b.uart(board.hello(uptime=2))
    assert b.fleet.tally.series["conflict"] == 0


def test_series_are_capped_for_each_device_and_in_all() -> None:
    """What is beyond is refused and counted; a histogram weighs what Prometheus makes of it."""
    limits = Limits(max_series_per_device=3, max_series=5)
    b = Bridge(Settings(limits=limits))
    many = [custom(f"m{i}") for i in range(5)]
    b.uart(Board("a", series=many).hello(), port="1")
    assert (b.device("a").series, b.fleet.tally.series["device_limit"]) == (3, 2)
    b.uart(Board("b", series=many).hello(), port="2")
    assert (b.device("b").series, b.fleet.tally.series["total_limit"]) == (2, 3)
    b.uart(Board("c", series=[custom("h", 2, bounds=[1])]).hello(), port="3")
    assert b.device("c").series == 0
    assert b.fleet.series_total == 5


def test_what_a_device_no_longer_declares_frees_its_place() -> None:
    """Caps count what there is."""
    b, board = Bridge(Settings(limits=Limits(max_series=4))), Board(series=[custom(f"m{i}") for i in range(3)])
    b.uart(board.hello())
    board.series, board.declaration = [custom("one")], 1
    b.uart(board.hello(uptime=1))
    assert b.fleet.series_total == 1


def test_a_board_without_groups_is_a_board() -> None:
    """It may send events only; its cadence is a minute then."""
    b, board = Bridge(), Board(series=[])
    b.uart(board.hello())
    b.uart(board.event())
    assert (b.device().cadence_s, b.ledger().received) == (60.0, 1)


def test_the_order_in_which_labels_are_declared_does_not_matter() -> None:
    """One series, in whichever order a board names its labels, and never twice on the page."""
    b = Bridge()
    one, other = [["side", "left"], ["bed", "7"]], [["bed", "7"], ["side", "left"]]
    board = Board(series=[custom("soil", labels=one), custom("soil", labels=other)])
    b.mqtt(board, board.hello(), "hello")
    b.mqtt(board, board.samples(1, 2))
    assert b.values("device_soil") == {'bed="7",side="left"': "1"}
    assert b.fleet.readings("board-1")[0].labels == (("bed", "7"), ("side", "left"))
    assert b.fleet.tally.series["repeated"] == 1
