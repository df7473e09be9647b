"""The load of `bench ingest`: frames that the bridge's own decoder reads, objects of the same numbers, packets."""

import json
from array import array
from itertools import pairwise
from pathlib import Path

import cbor2
import pytest

from boardpulse_tools.bench import trace
from boardpulse_tools.bench.ingest import packets, publisher
from boardpulse_tools.bench.ingest.fleet import UPTIME_MS, Fleet
from boardpulse_tools.bench.ingest.loads import FLOOD, PACED, Loads, Plan, as_json
from boardpulse_tools.bench.ingest.packets import PacketFile
from boardpulse_tools.bench.ingest.publisher import BURST_S, Schedule
from boardpulse_tools.bench.ingest.subjects import TEN, boardpulse, paho
from boardpulse_tools.bench.mqtt_load import take_packet
from boardpulse_tools.bench.trace import CATALOGUE_NAMES
from host_bridge.core.decode import decode
from shared_schema.hello import Hello
from shared_schema.parse import Samples

NOW_MS = 1_790_000_000_000


def decoded(frame: bytes) -> Samples:
    message = decode(frame)
    assert isinstance(message, Samples)
    return message


@pytest.mark.parametrize("batch", [1, TEN])
def test_frames_carry_the_trace_as_the_bridge_reads_it(batch: int) -> None:
    """Every value of the first and of a later frame, whole numbers and differences alike."""
    fleet = Fleet(3, 3, batch)
    for number, (_, frame) in enumerate(fleet.frames(PACED, 8)):
        item = cbor2.loads(frame)
        expected = [list(column) for column in fleet.samples(number).columns.values()]
        columns = [column if isinstance(column, list) else [column] for column in item[7:]]
        whole = [_summed(column) if len(column) > 1 else column * batch for column in columns]
        assert whole == expected
        assert decoded(frame).group == 0


def _summed(deltas: list[int]) -> list[int]:
    values = [deltas[0]]
    for delta in deltas[1:]:
        values.append(values[-1] + delta)
    return values


def test_each_device_counts_its_frames_without_a_gap_under_a_boot_of_its_own() -> None:
    fleet = Fleet(4, 4)
    frames = [(device, decoded(frame)) for device, frame in fleet.frames(PACED, 12)]
    for device in range(4):
        own = [frame for sender, frame in frames if sender == device]
        assert [frame.seq for frame in own] == [0, 1, 2]
        assert len({frame.boot for frame in own}) == 1
    assert len({frame.boot for _, frame in frames}) == 4
    assert {frame.boot for _, frame in frames}.isdisjoint(decoded(frame).boot for _, frame in fleet.frames(FLOOD, 4))


@pytest.mark.parametrize("batch", [1, TEN])
def test_the_times_of_samples_fit_the_rate_of_sending(batch: int) -> None:
    """The last sample of a frame is of when it is sent, and samples are as far apart as the hello declares."""
    fleet = Fleet(100, 1000, batch)
    ((_, first), *_) = fleet.frames(PACED, 1)
    frame = decoded(first)
    hello = decode(fleet.hello(0, PACED, 0, NOW_MS))
    assert isinstance(hello, Hello)
    assert hello.groups[0].interval_ms * batch == 100
    assert cbor2.loads(first)[6] == batch  # as many samples, and the declared interval between all of them
    assert frame.uptime + (batch - 1) * hello.groups[0].interval_ms == UPTIME_MS
    assert hello.uptime == UPTIME_MS


def test_the_flood_is_of_boards_that_hold_what_they_made_while_they_were_out_of_reach() -> None:
    hello = decode(Fleet(10, 10).hello(3, FLOOD, 50, NOW_MS))
    assert isinstance(hello, Hello)
    assert hello.seq == 50
    assert hello.outbox is not None
    assert hello.outbox[:2] == (0, 50)
    assert hello.uptime == UPTIME_MS + 50_300
    assert hello.anchor == (NOW_MS // 1000, 0, 2, 50)


def test_objects_have_the_numbers_of_the_frame_in_base_units() -> None:
    fleet = Fleet(2, 2)
    found = json.loads(as_json(fleet, 0))
    columns = trace.load().columns
    assert found["temperature_celsius"] == columns["temperature_centicelsius"][0] / 100
    assert found["memory_free_bytes"] == columns["heap_free_bytes"][0]
    assert found["loop_lag_seconds"] == pytest.approx(columns["loop_lag_microseconds"][0] / 1e6)
    assert list(found) == [name.removeprefix("device_") for name in CATALOGUE_NAMES.values()]


@pytest.mark.parametrize(("qos", "number", "identifier"), [(0, 7, b""), (1, 0, b"\x00\x01"), (1, 65_535, b"\x00\x01")])
def test_a_publish_packet_has_an_identifier_that_is_never_zero(qos: int, number: int, identifier: bytes) -> None:
    packet = packets.publish("a/b", b"x" * 200, qos, number)
    found = take_packet(bytearray(packet))
    assert found == (0x30 | qos << 1, b"\x00\x03a/b" + identifier + b"x" * 200)


def test_a_retained_packet_says_so() -> None:
    assert packets.publish("a", b"", qos=1, retain=True)[0] == 0x33


def test_a_file_gives_any_part_of_its_packets_back(tmp_path: Path) -> None:
    all_of_them = [bytes([number]) * (number + 1) for number in range(10)]
    file = PacketFile.write(tmp_path / "packets", all_of_them)
    assert file.count == 10
    for first, count in ((0, 10), (3, 4), (9, 1)):
        data, ends = publisher.part(file.path, first, count)
        cuts = [0, *ends]
        assert [bytes(data[a:b]) for a, b in pairwise(cuts)] == all_of_them[first : first + count]


def test_more_packets_than_there_are_is_an_error(tmp_path: Path) -> None:
    file = PacketFile.write(tmp_path / "packets", [b"a", b"b"])
    with pytest.raises(ValueError, match="has 2 packets, not 1 \\+ 2"):
        publisher.part(file.path, 1, 2)


def test_a_schedule_sends_a_burst_at_a_time_and_never_more_than_there_is() -> None:
    schedule = Schedule(25, 1000)
    assert [schedule.due(elapsed) for elapsed in (0, 0.0099, 0.0101, 0.021, 5)] == [10, 10, 20, 25, 25]
    assert schedule.wait(0.004) == pytest.approx(BURST_S - 0.004)
    assert schedule.late_s(10, 0.0105) == pytest.approx(0.0005)


def test_without_a_rate_everything_is_due_at_once() -> None:
    assert Schedule(25, 0).due(0) == 25
    assert Schedule(25, 0).late_s(0, 9) == 0


def test_a_load_is_made_once_and_has_what_the_plan_says(tmp_path: Path) -> None:
    """Subjects that are sent the same share a file; another QoS, batch or boot is another one."""
    plan = Plan(devices=5, rate=50, warm_up_s=1, window_s=2, latency_s=1, frames_flood=30, json_flood=10)
    loads = Loads(plan, tmp_path)
    assert loads.paced(boardpulse("a")) is loads.paced(paho("b", 0))
    assert loads.paced(boardpulse("a")).count == plan.paced == 200
    assert loads.flood(boardpulse("a")).count == 30
    kinds = [boardpulse("a"), boardpulse("b", batch=TEN), paho("c", 1)]
    files = [made(kind).path for kind in kinds for made in (loads.paced, loads.flood)]
    assert len(set(files)) == len(files)


def test_every_board_says_hello_retained(tmp_path: Path) -> None:
    plan = Plan(devices=5, rate=50, frames_flood=30)
    hellos = Loads(plan, tmp_path).hellos(boardpulse("a"), FLOOD)
    assert hellos is not None
    data, ends = publisher.part(hellos.path, 0, 5)
    for start, end in pairwise([0, *ends]):
        found = take_packet(bytearray(data[start:end]))
        assert found is not None
        assert found[0] == 0x33
        assert b"/hello" in found[1]
    assert ends.typecode == array("I").typecode
