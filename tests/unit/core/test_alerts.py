"""Thresholds of a fleet: alerts as actions and as series."""

from host_bridge.core.actions import Alert
from host_bridge.settings import Settings, Threshold
from tests.support.boards import TEMPERATURE, Board, Bridge, only

HOT = Threshold("hot", "device_temperature_celsius", warning_above=70, critical_above=85)


def bridge(*rules: Threshold) -> Bridge:
    """With these rules."""
    return Bridge(Settings(thresholds=rules))


def test_an_alert_says_everything_about_itself() -> None:
    """Who, what, where, when."""
    b, board = bridge(HOT), Board(series=[TEMPERATURE])
    b.uart(board.hello())
    (alert,) = only(b.uart(board.samples(9000, uptime=5000)), Alert)
    assert (alert.alert, alert.device_id, alert.platform) == ("hot", "board-1", "esp32")
    assert (alert.metric, alert.labels) == ("device_temperature_celsius", ("cpu",))
    assert (alert.before, alert.after, alert.value) == ("ok", "critical", 90.0)
    assert abs(alert.at - b.now) < 1e-6


def test_its_state_is_a_series() -> None:
    """0 in order, 1 warning, 2 critical."""
    b, board = bridge(HOT), Board(series=[TEMPERATURE, [3, "gpu,1"]])
    b.uart(board.hello())
    b.uart(board.samples(9000, 7500))
    assert b.values("device_alert_state") == {
        'alert="hot",series="cpu"': "2",
        'alert="hot",series="gpu\\\\,1"': "1",
    }
    assert b.device().alerts == (("hot", "cpu", "critical"), ("hot", "gpu\\,1", "warning"))


def test_silence_ends_alerts() -> None:
    """Nobody knows whether they still hold."""
    b, board = bridge(HOT), Board(series=[TEMPERATURE])
    b.uart(board.hello())
    b.uart(board.samples(9000))
    alerts = only(b.after(10), Alert)
    assert [(alert.before, alert.after, alert.value) for alert in alerts] == [("critical", "ok", None)]
    assert b.values("device_alert_state") == {'alert="hot",series="cpu"': "0"}


def test_a_series_that_goes_takes_its_alert_along() -> None:
    """The board no longer declares it."""
    b, board = bridge(HOT), Board(series=[TEMPERATURE])
    b.uart(board.hello())
    b.uart(board.samples(9000))
    board.series, board.declaration = [[1, "gc"]], 1
    alerts = only(b.uart(board.hello(uptime=1)), Alert)
    assert [(alert.before, alert.after) for alert in alerts] == [("critical", "ok")]
    assert b.values("device_alert_state") == {}


def test_rules_can_be_replaced_while_the_bridge_runs() -> None:
    """The old alerts end, the new ones begin with the next value."""
    b, board = bridge(HOT), Board(series=[TEMPERATURE])
    b.uart(board.hello())
    b.uart(board.samples(9000))
    warm = Threshold("warm", "device_temperature_celsius", warning_above=50)
    ended = only(list(b.fleet.reload((warm,))), Alert)
    assert [(alert.alert, alert.after) for alert in ended] == [("hot", "ok")]
    begun = only(b.uart(board.samples(9000, uptime=2000)), Alert)
    assert [(alert.alert, alert.after) for alert in begun] == [("warm", "warning")]
    assert b.values("device_alert_state") == {'alert="warm",series="cpu"': "1"}


def test_counters_and_custom_metrics_can_be_watched() -> None:
    """By the name that the page shows."""
    rule = Threshold("busy", "device_inference_requests_total", warning_above=100)
    b, board = bridge(rule), Board(series=[[15, "net", "1"]])
    b.uart(board.hello())
    assert len(only(b.uart(board.samples(101)), Alert)) == 1


def test_several_rules_may_watch_one_series() -> None:
    """Each for itself."""
    cold = Threshold("cold", "device_temperature_celsius", warning_below=5)
    b, board = bridge(HOT, cold), Board(series=[TEMPERATURE])
    b.uart(board.hello())
    assert [alert.alert for alert in only(b.uart(board.samples(100)), Alert)] == ["cold"]
    both = only(b.uart(board.samples(9000, uptime=2000)), Alert)
    assert {(alert.alert, alert.after) for alert in both} == {("hot", "critical"), ("cold", "ok")}


def test_durations_are_measured_by_the_boards_clock() -> None:
    """Ten samples that come at once, after an outage, were ten seconds long."""
    rule = Threshold("hot", "device_temperature_celsius", critical_above=85, for_s=5)
    b, board = bridge(rule), Board(series=[TEMPERATURE])
    b.uart(board.hello())
    assert len(only(b.uart(board.samples(9000, n=10)), Alert)) == 1
