"""`boardpulse history`, asked about a store that a bridge's core could have written."""

import csv
import io
import json
import math
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from host_bridge.cli import boardpulse, exit_codes
from host_bridge.cli.moments import local, rfc3339
from host_bridge.core.records import EventRecord, KeptGroup, KeptSeries, SamplesRecord, Value
from host_bridge.sinks.history import Store
from shared_schema.messages import COUNTER, GAUGE, HISTOGRAM

T0 = 1_760_000_000_000  # 2025-10-09T08:53:20Z
CPU = KeptSeries("device_temperature_celsius", (("sensor_location", "cpu"),), GAUGE, -2)
AIR = KeptSeries("device_temperature_celsius", (("sensor_location", "air"),), GAUGE, -2)
REQUESTS = KeptSeries("device_inference_requests_total", (("model", 'a"b'), ("model_version", "2")), COUNTER, 0)
LATENCY = KeptSeries("device_inference_duration_seconds", (("model", "m"),), HISTOGRAM, -6, (100, 1_500_000))
SIZE = KeptSeries("device_filesystem_size_bytes", (), GAUGE, 3)
KILN = KeptGroup("kiln-1", "rp2", (CPU, AIR, REQUESTS, LATENCY))
OVEN = KeptGroup("oven", "esp32", (SIZE,))
CRASH = EventRecord(
    "kiln-1",
    7,
    5,
    T0 + 4000,
    "crash",
    "critical",
    'it, "broke"',
    "main",
    {"code": 7},
    "Traceback:\n  x.py\nE: \x1b[31m",
    1,
)
LINE = EventRecord("kiln-1", 7, 6, T0 + 5000, "log", "warning", "hot", "", {}, "", 3)


def frame(group: KeptGroup, first: int, *columns: list[Value]) -> SamplesRecord:
    """A frame of samples, 1 s apart from `first` s on."""
    times = [T0 + 1000 * (first + i) for i in range(len(columns[0]))]
    return SamplesRecord(group, 7, first, times, [value for column in columns for value in column], T0 / 1000)


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    """A history with two boards; the store is open, as that of a bridge that runs."""
    store = Store.open(tmp_path / "history.db")
    cpu: list[Value] = [2150, math.nan, None, -5]
    latency: list[list[Value]] = [[1, 2, None, 2], [0, 3, None, 3], [0, 1, None, 1], [50, 2_000_001, None, 2_000_001]]
    store.commit(
        [
            frame(KILN, 0, cpu, [0, math.inf, -math.inf, 1], [1, 2, 3, 2**53], *latency),
            frame(OVEN, 10, [4, 5]),
            CRASH,
            LINE,
        ]
    )
    yield tmp_path / "history.db"
    store.close()


def run(path: Path, *words: str, since: str = rfc3339(T0 - 1)) -> Result:
    """The command in this process."""
    times = ("--since", since) if since else ()
    return CliRunner().invoke(boardpulse, ["history", *words, *times, "--path", str(path)], prog_name="boardpulse")


def rows(result: Result) -> list[dict[str, str]]:
    """What was printed as CSV."""
    assert result.exit_code == 0, result.output
    return list(csv.DictReader(io.StringIO(result.stdout)))


def at(second: int) -> str:
    """The time of a sample, as programs get it."""
    return rfc3339(T0 + 1000 * second)


def test_a_table_has_local_times_and_exact_values(path: Path) -> None:
    """A block for each series; what is missing is a dash; nothing but text in a pipe."""
    result = run(path, "kiln-1", "device_temperature_celsius")
    assert result.stdout.splitlines() == [
        'device_temperature_celsius{sensor_location="air"}',
        f"{'time':29}  value",
        f"{local(T0)}   0.00",
        f"{local(T0 + 1000)}   +Inf",
        f"{local(T0 + 2000)}   -Inf",
        f"{local(T0 + 3000)}   0.01",
        "",
        'device_temperature_celsius{sensor_location="cpu"}',
        f"{'time':29}  value",
        f"{local(T0)}  21.50",
        f"{local(T0 + 1000)}    NaN",
        f"{local(T0 + 2000)}      –",
        f"{local(T0 + 3000)}  -0.05",
    ]


def test_csv_has_a_row_a_sample(path: Path) -> None:
    """With a column for each label; missing is empty, NaN is text."""
    found = rows(run(path, "kiln-1", "temperature_celsius", "--label", "sensor_location=cpu", "--format", "csv"))
    fixed = {"device_id": "kiln-1", "metric": "device_temperature_celsius", "sensor_location": "cpu"}
    values = ("21.50", "NaN", "", "-0.05")
    assert found == [{"time": at(i), **fixed, "value": value} for i, value in enumerate(values)]


def test_json_has_what_json_lacks_as_text(path: Path) -> None:
    """And everything else as it was sent."""
    told = json.loads(run(path, "kiln-1", "temperature_celsius", "--until", at(2), "--json").stdout)
    air, cpu = ({"labels": {"sensor_location": place}, "type": "gauge"} for place in ("air", "cpu"))
    assert told == {
        "device_id": "kiln-1",
        "metric": "device_temperature_celsius",
        "since": rfc3339(T0 - 1),
        "until": at(2),
        "series": [
            {**air, "samples": [{"time": at(i), "value": value} for i, value in enumerate((0.0, "+Inf", "-Inf"))]},
            {**cpu, "samples": [{"time": at(i), "value": value} for i, value in enumerate((21.5, "NaN", None))]},
        ],
    }


def test_no_digit_is_lost(path: Path) -> None:
    """Neither of a counter beyond what a float can hold nor of a scale."""
    printed = run(path, "kiln-1", "inference_requests_total", "--json").stdout
    assert '"value": 9007199254740992}' in printed
    assert json.loads(printed)["series"][0]["labels"] == {"model": 'a"b', "model_version": "2"}
    assert [row["value"] for row in rows(run(path, "oven", "filesystem_size_bytes", "--format", "csv"))] == [
        "4000",
        "5000",
    ]


def test_a_histogram_is_its_buckets_sum_and_count(path: Path) -> None:
    """Cumulative, as on /metrics."""
    found = rows(run(path, "kiln-1", "inference_duration_seconds", "--format", "csv"))
    columns = ("le=0.0001", "le=1.5", "le=+Inf", "sum", "count")
    assert [tuple(row[column] for column in columns) for row in found] == [
        ("1", "1", "1", "0.000050", "1"),
        ("2", "5", "6", "2.000001", "6"),
        ("", "", "", "", ""),
        ("2", "5", "6", "2.000001", "6"),
    ]
    (series,) = json.loads(run(path, "kiln-1", "inference_duration_seconds", "--json").stdout)["series"]
    assert (series["type"], series["le"]) == ("histogram", ["0.0001", "1.5", "+Inf"])
    assert series["samples"][1] == {"time": at(1), "buckets": [2, 5, 6], "sum": 2.000001, "count": 6}
    assert series["samples"][2] == {"time": at(2), "buckets": [None] * 3, "sum": None, "count": None}
    assert "2.000001" in run(path, "kiln-1", "inference_duration_seconds").stdout


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """A board whose labels have the names of our columns, and texts that a spreadsheet would reckon."""
    path = tmp_path / "odd.db"
    labels = tuple((name, f"of {name}") for name in ("label_value", "metric", "sum", "time", "value"))
    series = KeptSeries("device_odd", (("cmd", "=cmd|' /C calc'!A0"), *labels), GAUGE, 0)
    messages = ("=1+1", "+1+1", "-2+3", "@SUM(A1)", "'=1", "\t=1", "＝1", "-40", "+1.5e3", "-Inf", "a=b", "'tis", "")
    events = [EventRecord("odd", 1, n, T0 + n, "log", "info", text, "", {}, "", 0) for n, text in enumerate(messages)]
    store = Store.open(path)
    store.commit([SamplesRecord(KeptGroup("odd", "", (series,)), 1, 1, [T0], [-5], T0 / 1000), *events])
    store.close()
    return path


def test_no_two_columns_of_csv_have_one_name(odd: Path) -> None:
    """A label named as one of our columns has label_ before its name, whatever else there is."""
    result = run(odd, "odd", "odd", "--format", "csv")
    head = result.stdout.splitlines()[0].split(",")
    assert head == ["time", "device_id", "metric", "cmd", "label_label_value", "label_metric", "label_sum",
                    "label_time", "label_value", "value"]  # fmt: skip
    (found,) = rows(result)
    assert (found["time"], found["metric"], found["value"]) == (at(0), "device_odd", "-5")
    assert (found["label_time"], found["label_value"], found["label_label_value"]) == (
        "of time", "of value", "of label_value",
    )  # fmt: skip


def test_csv_has_no_cell_that_a_spreadsheet_would_reckon(odd: Path) -> None:
    """Such text begins with an apostrophe; numbers and other text are as they were, and no two become the same."""
    (found,) = rows(run(odd, "odd", "odd", "--format", "csv"))
    assert found["cmd"] == "'=cmd|' /C calc'!A0"
    told = [event["message"] for event in rows(run(odd, "odd", "--events", "--format", "csv"))]
    assert told == [
        "'=1+1", "'+1+1", "'-2+3", "'@SUM(A1)", "''=1", "\\x09=1", "'＝1", "-40", "+1.5e3", "-Inf", "a=b", "'tis", "",
    ]  # fmt: skip


def test_both_ends_of_the_time_are_included(path: Path) -> None:
    """To the millisecond."""
    found = rows(run(path, "kiln-1", "inference_requests_total", "--until", at(2), "--format", "csv", since=at(1)))
    assert [row["value"] for row in found] == ["2", "3"]


def test_a_limit_takes_the_newest(path: Path) -> None:
    """Of each series."""
    found = rows(run(path, "kiln-1", "temperature_celsius", "--limit", "1", "--format", "csv"))
    assert [(row["sensor_location"], row["value"]) for row in found] == [("air", "0.01"), ("cpu", "-0.05")]


def test_without_a_metric_the_series_are_listed(path: Path) -> None:
    """With what there is of each."""
    table = run(path, "kiln-1", since="").stdout.splitlines()
    assert table[0].split() == ["metric", "type", "samples", "first", "last"]
    assert table[1].split("  ")[0] == 'device_inference_duration_seconds{model="m"}'
    told = json.loads(run(path, "oven", "--json", since="").stdout)
    assert told == [{"metric": SIZE.name, "labels": {}, "type": "gauge", "samples": 2, "first": at(10), "last": at(11)}]
    found = rows(run(path, "kiln-1", "--format", "csv", since=""))
    assert [(row["metric"], row["labels"]) for row in found][-1] == (CPU.name, '{"sensor_location": "cpu"}')


def test_without_a_board_the_boards_are_listed(path: Path) -> None:
    """With platform, number of series, first and last sample."""
    told = json.loads(run(path, "--json", since="").stdout)
    assert told == [
        {"device_id": "kiln-1", "platform": "rp2", "series": 4, "first": at(0), "last": at(3)},
        {"device_id": "oven", "platform": "esp32", "series": 1, "first": at(10), "last": at(11)},
    ]
    table = run(path, since="").stdout
    assert f"kiln-1     rp2            4  {local(T0)}  {local(T0 + 3000)}" in table


def test_a_store_without_boards_says_so(tmp_path: Path) -> None:
    """A head without rows would look like a fault."""
    Store.open(tmp_path / "history.db").close()
    assert run(tmp_path / "history.db", since="").stdout == "No board has been heard yet.\n"
    assert json.loads(run(tmp_path / "history.db", "--json", since="").stdout) == []


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("kiln-2",), "There is no board kiln-2; did you mean kiln-1?"),
        (("kiln-1", "temprature_celsius"), "did you mean device_temperature_celsius?"),
        (("kiln-1", "temperature_celsius", "--label", "sensor_location=cpi"), '_celsius{sensor_location="cpu"}'),
        (("kiln-1", "temperature_celsius", "--label", "x=y"), 'temperature_celsius{x="y"}'),
    ],
)  # fmt: skip
def test_what_does_not_exist_is_told_with_close_names(path: Path, words: tuple[str, ...], says: str) -> None:
    """Exit code 1."""
    result = run(path, *words)
    assert (result.exit_code, result.stdout) == (exit_codes.FAILED, "")
    assert says in result.stderr


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_an_empty_time_is_told_with_that_of_what_exists(path: Path, form: str) -> None:
    """On stderr: what is piped on stays what it was asked for."""
    result = run(path, "kiln-1", "temperature_celsius", "--until", at(100), "--format", form, since=at(99))
    assert result.exit_code == exit_codes.OK
    assert result.stderr == (
        f"kiln-1 has no sample of device_temperature_celsius from {local(T0 + 99_000)} to {local(T0 + 100_000)}; "
        f"there are some from {local(T0)} to {local(T0 + 3000)}.\n"
    )
    empty = {"table": "", "csv": "time,device_id,metric,value\n"}
    assert result.stdout == empty[form] if form in empty else json.loads(result.stdout)["series"] == []


def test_events_are_shown_with_their_traceback(path: Path) -> None:
    """No escape sequence of a board reaches the terminal."""
    assert run(path, "kiln-1", "--events").stdout.splitlines() == [
        f'{local(T0 + 4000)} critical crash [main]: it, "broke" code=7',
        "    Traceback:",
        "      x.py",
        "    E: \\x1b[31m",
        f"{local(T0 + 5000)} warning log: hot (3 times)",
    ]


def test_events_as_csv_and_json_have_all_of_them(path: Path) -> None:
    """Each as one row, or one object."""
    told = json.loads(run(path, "kiln-1", "--events", "--json").stdout)["events"]
    first = {
        "time": at(4), "device_id": "kiln-1", "severity": "critical", "type": "crash", "source": "main",
        "message": 'it, "broke"', "fields": {"code": 7}, "traceback": CRASH.traceback, "repeats": 1, "boot": 7,
        "seq": 5,
    }  # fmt: skip
    assert told[0] == first
    assert len(told) == 2
    (crash, _) = rows(run(path, "kiln-1", "--events", "--format", "csv"))
    assert crash["traceback"] == CRASH.traceback.replace("\x1b", "\\x1b")
    (last,) = rows(run(path, "kiln-1", "--events", "--format", "csv", "--limit", "1"))
    assert (last["message"], last["fields"], last["repeats"]) == ("hot", "{}", "3")


def test_a_board_without_events_in_that_time_says_so(path: Path) -> None:
    """With the time of those that exist."""
    assert f"there are some from {local(T0 + 4000)}" in run(path, "kiln-1", "--events", since="1s").stderr
    assert "and none at any other time" in run(path, "oven", "--events").stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--events",), "--events goes with a DEVICE"),
        (("kiln-1", "x", "--events"), "without a METRIC"),
        (("kiln-1", "--label", "a=b"), "--label goes with a METRIC"),
        (("kiln-1", "x", "--label", "a"), "expected name=value"),
        (("kiln-1", "x", "--until", "2w"), "is after --until"),
        (("kiln-1", "x", "--until", "yesterday"), "expected a time ago"),
        (("--config", "bridge.toml"), "either --path or --config"),
    ],
)
def test_wrong_usage_says_what_would_be_right(path: Path, words: tuple[str, ...], says: str) -> None:
    """Exit code 2."""
    result = run(path, *words, since="1w")
    assert result.exit_code == exit_codes.USAGE, result.output
    assert says in " ".join(result.stderr.split())


def test_a_file_that_is_none_is_told_in_a_sentence(tmp_path: Path) -> None:
    """Missing, or something else; it is left as it is."""
    missing = run(tmp_path / "history.db")
    assert (missing.exit_code, missing.stderr.startswith("Error: ")) == (exit_codes.FAILED, True)
    assert "does not exist" in missing.stderr
    assert not list(tmp_path.iterdir())
    (tmp_path / "other.db").write_bytes(b"something else" * 100)
    assert "is no history" in run(tmp_path / "other.db").stderr


def test_the_configuration_says_where_the_file_is(path: Path) -> None:
    """Or that there is none."""
    config = path.with_name("bridge.toml")
    command = ["history", "--config", str(config)]
    config.write_text('[history]\npath = "history.db"\n')
    assert "kiln-1" in CliRunner().invoke(boardpulse, command).stdout
    config.write_text("[history]\nenabled = false\n")
    assert "turns history off" in CliRunner().invoke(boardpulse, command).stderr


def test_the_default_file_is_that_of_a_bridge_without_configuration(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As systemd's or the user's environment says."""
    monkeypatch.setenv("STATE_DIRECTORY", str(path.parent))
    assert "kiln-1" in CliRunner().invoke(boardpulse, ["history"]).stdout


def test_it_reads_while_a_bridge_writes(tmp_path: Path) -> None:
    """Each answer has every frame up to one moment, and none twice."""
    store = Store.open(tmp_path / "history.db", sync="normal")
    store.commit([frame(OVEN, 0, [0])])
    ended = threading.Event()

    def write() -> None:
        number = 1
        while not ended.is_set():
            store.commit([frame(OVEN, number, [number])])
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(10):
            values = [
                value_of(sample) for sample in samples_of(run(tmp_path / "history.db", "oven", SIZE.name, "--json"))
            ]
            assert values == [1000 * i for i in range(len(values))]
    finally:
        ended.set()
        writer.join()
        store.close()
    assert len(values) > 1


def samples_of(result: Result) -> list[dict[str, Any]]:
    """The samples of the only series."""
    (series,) = json.loads(result.stdout)["series"]
    samples: list[dict[str, Any]] = series["samples"]
    return samples


def value_of(sample: dict[str, Any]) -> int:
    """What it was."""
    return int(sample["value"])
