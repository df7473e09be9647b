"""An application's own metrics, and its models."""

import math
from typing import Any

import pytest

import boardpulse
from boardpulse.custom import Counter, Gauge, Histogram
from boardpulse.recorder import DURATION_BOUNDS_US, model
from boardpulse.sensors.health import Health
from shared_schema._generated import METRICS
from tests.fakes.firmware import Bench, Scripted

HELLO, SAMPLES = 1, 2


def bench_of() -> Bench:
    """A node with one sensor, its hello read."""
    bench = Bench([(Scripted([[1]]), 1000, 1)])
    bench.step()
    bench.frames()
    return bench


def last_columns(bench: Bench) -> list[Any]:
    """The columns of the samples frame of the next second."""
    bench.run(1000, 100)
    columns: list[Any] = bench.frames(SAMPLES)[-1].columns
    return columns


def test_a_metric_is_declared_before_it_is_sent() -> None:
    """Registering one sends a hello with the next declaration; frames with its column name that."""
    bench = bench_of()
    gauge = bench.node.metric("soil_moisture", 0, "ratio", -3, {"bed": "east"}, "How wet it is.")
    gauge.set(0.417)
    bench.run(1000, 100)
    frames = bench.frames(HELLO, SAMPLES)
    custom = frames[0].groups[0].series[-1].custom
    assert (custom.name, custom.unit, custom.scale, custom.labels) == ("soil_moisture", "ratio", -3, (("bed", "east"),))
    assert [(f.declaration, f.columns) for f in frames[1:]] == [(1, [1, 417])]


def test_the_same_metric_again_is_the_same() -> None:
    """Two calls with equal arguments give one series; another label gives another."""
    node = bench_of().node
    one = node.metric("shots", 1, "", 0, {"gate": "1"})
    assert node.metric("shots", 1, "", 0, {"gate": "1"}) is one
    assert node.metric("shots", 1, "", 0, {"gate": "2"}) is not one
    assert node.declaration == 2


@pytest.mark.parametrize(
    ("scale", "value", "sent"),
    [
        (0, 7, 7),
        (0, -7.5, -8),
        (-2, 21.57, 2157),
        (-2, 21, 2100),
        (3, 48_600, 49),
        (0, math.inf, math.inf),
        (-3, -math.inf, -math.inf),
        (0, None, None),
        (0, 1 << 53, 1 << 53),
        (0, (1 << 53) + 1, None),
        (-12, 1e9, None),
    ],
)
def test_gauges_are_scaled_to_integers(scale: int, value: Any, sent: Any) -> None:
    """Floats are rounded to the scale, specials travel as they are, what is beyond 2**53 is missing."""
    row: list[Any] = [0]
    gauge = Gauge(scale)
    gauge.set(value)
    gauge.fill(row, 0)
    assert row == [sent]


def test_nan_travels_as_nan() -> None:
    """A gauge that the application knows to be undefined says so."""
    row: list[Any] = [0]
    gauge = Gauge(-2)
    gauge.set(math.nan)
    gauge.fill(row, 0)
    assert math.isnan(row[0])


@pytest.mark.parametrize("value", ["1", [1], b"1"])
def test_a_gauge_takes_numbers_only(value: Any) -> None:
    """The mistake shows where it is made, in the application."""
    with pytest.raises(TypeError):
        Gauge(0).set(value)


@pytest.mark.parametrize("step", [-1, math.nan, math.inf])
def test_a_counter_only_grows(step: float) -> None:
    """It refuses what would make it shrink or break."""
    counter = Counter(0)
    counter.inc(2)
    with pytest.raises(ValueError):
        counter.inc(step)
    row: list[Any] = [None]
    counter.fill(row, 0)
    assert row == [2]


def test_a_histogram_counts_into_its_buckets() -> None:
    """A bound belongs to its bucket; the sum is in the scale."""
    histogram = Histogram(-3, [10, 100])
    for value in (0.005, 0.01, 0.05, 7):
        histogram.observe(value)
    row: list[Any] = [None] * 4
    histogram.fill(row, 0)
    assert row == [2, 1, 1, 5 + 10 + 50 + 7000]


@pytest.mark.parametrize(
    "arguments",
    [
        ("Bad", 0),
        ("", 0),
        ("a" * 65, 0),
        ("x", 0, "°C"),
        ("x", 0, "", 13),
        ("x", 0, "", 0, {"device_id": "y"}),
        ("x", 0, "", 0, {"le": "y"}),
        ("x", 0, "", 0, {"a": "y" * 129}),
        ("x", 0, "", 0, {f"l{i}": "" for i in range(9)}),
        ("x", 2, "", 0, None, "", []),
        ("x", 2, "", 0, None, "", [1, 1]),
        ("x", 2, "", 0, None, "", [0.1, 0.2]),
        ("x", 2, "", 0, None, "", list(range(33))),
        ("x", 0, "", 0.5),
        ("x", 0, "", 0, None, ["help"]),
        ("x", 0, "", 0, None, "\ud800"),
    ],
)
def test_a_declaration_that_the_bridge_would_refuse_is_refused_here(arguments: tuple[Any, ...]) -> None:
    """ValueError says what is wrong, and the node is as before."""
    bench = bench_of()
    with pytest.raises(ValueError):
        bench.node.metric(*arguments)
    assert last_columns(bench) == [1]


def test_the_number_of_custom_metrics_is_limited() -> None:
    """The 65th is refused; 64 of them still fit a hello."""
    bench = bench_of()
    for i in range(64):
        bench.node.metric(f"metric_{i}", 0)
    with pytest.raises(ValueError, match="64"):
        bench.node.metric("one_more", 0)
    assert len(last_columns(bench)) == 65


def hello_of(bench: Bench) -> Any:
    """The board's present hello."""
    bench.node.hello_due = True
    bench.step()
    return bench.frames(HELLO)[-1]


@pytest.mark.parametrize(
    "declaration",
    [(2, "", 0, None, "", list(range(32))), (0, "", 0, {f"l{i}": "v" * 128 for i in range(8)}, "h" * 256)],
)
def test_metrics_that_would_silence_the_board_are_refused(declaration: tuple[Any, ...]) -> None:
    """More columns than a group may have, or a hello that no frame can hold: ValueError, and all is as before."""
    bench = bench_of()

    def declare_all() -> None:
        for i in range(64):
            bench.node.metric(f"m{i}", *declaration)

    with pytest.raises(ValueError, match=r"more than 1024 columns|8192|too long"):
        declare_all()
    declared = hello_of(bench).groups[0].series
    assert 0 < len(declared) - 1 < 64
    assert len(last_columns(bench)) == 1 + (len(declared) - 1) * (34 if declaration[0] == 2 else 1)


@pytest.mark.parametrize("name", ["m" * 129, "€" * 43])
def test_a_model_whose_name_no_label_holds_is_refused(name: str) -> None:
    """ValueError, and the other series go on."""
    bench = bench_of()
    with pytest.raises(ValueError, match="label"):
        model(bench.node, name)
    assert last_columns(bench) == [1]


def test_a_total_beyond_2_to_the_53_costs_itself_only() -> None:
    """It is missing; the other metrics go on."""
    bench = bench_of()
    bench.node.metric("huge", 1).inc(1 << 53)
    bench.node.metric("huge", 1).inc(1)
    bench.node.metric("fine", 1).inc(3)
    assert last_columns(bench) == [1, None, 3]


def test_bools_are_numbers_on_every_interpreter() -> None:
    """True is 1."""
    row: list[Any] = [0]
    gauge = Gauge(0)
    gauge.set(True)
    gauge.fill(row, 0)
    assert row == [1]
    assert row[0] is not True


def test_sensors_that_come_later_are_in_the_nodes_health() -> None:
    """An added sensor, a model and the custom metrics have error counts too; equal names get a number."""
    bench = bench_of()
    health = Health(bench.node.sampler, "uart")
    health.node = bench.node
    bench.node.add_sensor(health)
    bench.node.health = health
    bench.node.add_sensor(Scripted([OSError("x")], name="late"))
    model(bench.node, "m", "1")
    model(bench.node, "m", "2")
    bench.node.metric("own", 0)
    hello = hello_of(bench)
    names = [s.labels[0] for g in hello.groups for s in g.series if s.key == 164]
    assert names == ["scripted", "late", "model m", "model m_2", "custom"]
    last_columns(bench)
    columns = last_columns(bench)
    late = [s.labels[0] if s.key == 164 else None for s in hello.groups[0].series].index("late")
    assert columns[late] == 1
    with pytest.raises(ValueError, match="label"):
        bench.node.add_sensor(Scripted([[1]], ((3, "x" * 200),)))
    assert [s.labels[0] for s in hello_of(bench).groups[0].series if s.key == 164] == names


def test_inferences_are_counted_and_timed() -> None:
    """Requests, errors, timeouts, tokens and latency, by model and version."""
    bench = bench_of()
    recorder = model(bench.node, "gestures", "3")
    assert model(bench.node, "gestures", "3") is recorder
    for _ in range(3):
        with recorder:
            recorder.tokens(input=5, output=2)
    with pytest.raises(KeyError), recorder:
        raise KeyError
    with recorder:
        recorder.timeout()
    recorder.queue(4)
    columns = last_columns(bench)
    assert columns[1:7] == [5, 1, 1, 4, 15, 6]
    assert sum(columns[7:-1]) == 3


def test_the_recorders_buckets_are_the_catalogues() -> None:
    """A board and a bridge mean the same bounds."""
    bounds = {name: metric[-1] for metric in METRICS for name in [metric[1]]}
    assert tuple(DURATION_BOUNDS_US) == bounds["device_inference_duration_seconds"]


def test_the_module_speaks_to_the_node_that_was_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """gauge(), counter(), histogram(), inference() and log() are the node's; before start() they say what is
    missing."""
    monkeypatch.setattr(boardpulse, "_node", None)
    with pytest.raises(RuntimeError, match="start"):
        boardpulse.gauge("x")
    bench = bench_of()
    monkeypatch.setattr(boardpulse, "_node", bench.node)
    boardpulse.gauge("a").set(1.5)
    boardpulse.counter("b").inc()
    boardpulse.histogram("c", [1, 2]).observe(1.5)
    with boardpulse.inference("m"):
        boardpulse.log("info", "hi")
    assert last_columns(bench)[1:8] == [1500, 1, 0, 1, 0, 1500, 1]
