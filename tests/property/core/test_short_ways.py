"""Short ways through the core do what the long ones do: many samples at once, and watches that are left alone."""

from __future__ import annotations

from math import nan

from hypothesis import given, settings
from hypothesis import strategies as st

from host_bridge.core.actions import Alert
from host_bridge.settings import Settings, Threshold
from tests.support.boards import Board, Bridge, only

SERIES = [[3, "cpu"], [3, "board"], [14, "cpu"], [14, "board"]]  # temperatures, which are gauges, and energy, counted
RULES = (
    Threshold("hot", "device_temperature_celsius", warning_above=30, critical_above=40, clear_below=25),
    Threshold("long", "device_temperature_celsius", warning_above=30, for_s=3, labels=(("sensor_location", "cpu"),)),
    Threshold("spent", "device_energy_joules_total", warning_above=50),
)

TEMPERATURE = st.one_of(st.integers(0, 5000), st.sampled_from((2000, 3500, None, nan, 10**9, -(10**9))))
STEP = st.one_of(st.integers(0, 30_000), st.sampled_from((0, 0, None, -1, 2**53)))
SAMPLE = st.tuples(TEMPERATURE, TEMPERATURE, STEP, STEP)


def column(values: list[int | float | None]) -> list[int | float | None] | int | float | None:
    """As on the wire: one element where all are the same, else differences to the last integer before, and what is no
    integer as it is."""
    if len({repr(value) for value in values}) == 1:
        return values[0]
    out: list[int | float | None] = []
    before = 0
    for value in values:
        if type(value) is int:
            out.append(value - before)
            before = value
        else:
            out.append(value)
    return out


def rows(samples: list[tuple[int | float | None, ...]]) -> list[list[int | float | None]]:
    """The same with counters that have counted the steps; a None or a number that is no step stands for itself."""
    totals = [1000, 2000]
    out: list[list[int | float | None]] = []
    for gauge, other, *steps in samples:
        counted: list[int | float | None] = []
        for place, step in enumerate(steps):
            plain = type(step) is int and 0 <= step <= 30_000
            totals[place] += step if plain else 0  # type: ignore[assignment, operator]  # an int
            counted.append(totals[place] if plain else step)
        out.append([gauge, other, *counted])
    return out


@settings(max_examples=300)
@given(st.lists(SAMPLE, min_size=2, max_size=12), st.integers(0, 2))
def test_values_alerts_and_refusals_are_the_same(samples: list[tuple[int | float | None, ...]], before: int) -> None:
    """Whatever the samples are, also beyond ranges, missing, or falling where they may only rise. Alerts come in the
    order of time for each series; what order series have within a frame is left open."""
    table = rows(samples)
    before = min(before, len(table) - 2)  # that many come first by themselves, so that there is something to go on from
    alone, together = Bridge(Settings(thresholds=RULES)), Bridge(Settings(thresholds=RULES))
    alerts: dict[str, list[tuple[object, ...]]] = {}
    for name, b in (("alone", alone), ("together", together)):
        board = Board(series=SERIES)
        b.uart(board.hello())
        single = table if b is alone else table[:before]
        actions = [action for at, row in enumerate(single) for action in b.uart(board.samples(*row, uptime=1000 * at))]
        if b is together:
            columns = [column(list(values)) for values in zip(*table[before:], strict=True)]
            actions += b.uart(board.samples(*columns, uptime=1000 * before, n=len(table) - before))
        raised = sorted(only(actions, Alert), key=lambda one: (one.alert, one.labels))
        alerts[name] = [(one.alert, one.labels, one.before, one.after, one.value) for one in raised]
    assert alerts["together"] == alerts["alone"]
    for name in ("device_temperature_celsius", "device_energy_joules_total"):
        assert together.values(name) == alone.values(name)
    assert together.values("device_alert_state") == alone.values("device_alert_state")
    assert together.values("device_values_rejected_total") == alone.values("device_values_rejected_total")


@settings(max_examples=300)
@given(st.lists(st.one_of(SAMPLE, st.sampled_from(("hello", "again", "silence", "reload"))), min_size=2, max_size=16))
def test_watches_that_are_left_alone_would_have_had_nothing_to_do(steps: list[object]) -> None:
    """Between new declarations, new boots, silence and other rules."""
    alerts = []
    for looks_at_each in (False, True):
        b, board, raised = Bridge(Settings(thresholds=RULES[:2])), Board(series=SERIES), list[tuple[object, ...]]()
        b.uart(board.hello())
        for at, step in enumerate(steps, 1):
            if looks_at_each:
                for plan in b.fleet._router.devices["board-1"].boot.plans[board.declaration]:  # type: ignore[union-attr]
                    plan.calm = False
            if step == "hello":
                board.declaration += 1
                actions = b.uart(board.hello(uptime=1000 * at))
            elif step == "again":
                board = Board(series=SERIES, boot=board.boot + 1)
                actions = b.uart(board.hello())
            elif step == "silence":
                actions = b.time_passes(100_000)
            elif step == "reload":
                actions = list(b.fleet.reload(RULES[at % 2 : 2]))
            else:
                assert isinstance(step, tuple)
                actions = b.uart(board.samples(*step[:2], at, at, uptime=1000 * at))
            raised += [(one.alert, one.labels, one.before, one.after, one.value) for one in only(actions, Alert)]
        alerts.append((raised, b.values("device_alert_state")))
    assert alerts[0] == alerts[1]
