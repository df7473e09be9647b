"""The made fleet of the benches, and the packets that carry it."""

from itertools import pairwise

import pytest

from boardpulse_tools.bench import fleet_load
from boardpulse_tools.bench.mqtt_load import packet, publication, take_packet
from host_bridge.core.decode import decode
from shared_schema.columns import expand
from shared_schema.hello import Hello
from shared_schema.parse import Samples


def test_every_value_changes_from_round_to_round_and_keeps_to_its_range() -> None:
    """A page of which all values have changed has really no line of before; no value is refused."""
    for column in fleet_load.COLUMNS:
        for device in (0, 1, 9_999):
            values = [column.value(device, round_) for round_ in range(500)]
            assert all(before != after for before, after in pairwise(values))
            assert column.metric.least <= min(values)
            assert max(values) <= column.metric.greatest


def test_counters_only_rise() -> None:
    for column in fleet_load.COLUMNS:
        if column.metric.type:
            values = [column.value(7, round_) for round_ in range(100)]
            assert values == sorted(values)


def test_a_device_declares_the_twelve_and_sends_them() -> None:
    hello = decode(fleet_load.hello(3, 1_800_000_000.25))
    assert isinstance(hello, Hello)
    assert (hello.device_id, len(hello.groups[0].series)) == (fleet_load.device_id(3), 12)
    frame = decode(fleet_load.samples(3, 5, 123_456))
    assert isinstance(frame, Samples)
    assert (frame.boot, frame.seq, frame.uptime, frame.n) == (hello.boot, 5, 123_456, 1)
    assert frame.columns == [column.value(3, 5) for column in fleet_load.COLUMNS]


def test_a_batch_has_the_values_of_its_rounds() -> None:
    """But for what stays the same within a frame, as on boards."""
    frame = decode(fleet_load.batch(3, 2, 1_000, 10))
    assert isinstance(frame, Samples)
    assert (frame.seq, frame.n) == (2, 10)
    for column, sent in zip(fleet_load.COLUMNS, frame.columns, strict=True):
        rounds = [20] * 10 if column.still else range(20, 30)
        assert list(expand(sent, 10)) == [column.value(3, round_) for round_ in rounds]
        assert isinstance(sent, int) == column.still


@pytest.mark.parametrize(("share", "size"), [(1.0, 100), (0.1, 10), (0.0, 0)])
def test_a_share_of_the_devices_changes(share: float, size: int) -> None:
    assert len(fleet_load.changed_devices(100, share, 3)) == size


def test_another_tenth_of_the_devices_changes_in_the_next_round() -> None:
    rounds = [set(fleet_load.changed_devices(100, 0.1, number)) for number in range(10)]
    assert set().union(*rounds) == set(range(100))


@pytest.mark.parametrize("length", [0, 1, 127, 128, 16_383, 16_384, 70_000])
def test_packets_come_out_as_they_went_in(length: int) -> None:
    """Whole, one after another, and none before its last byte is there."""
    body = bytes(length % 251 for _ in range(length))
    one = packet(0x30, body)
    inbox = bytearray(one[:-1]) if one[:-1] else bytearray()
    assert take_packet(inbox) is None
    inbox += one[-1:] + publication("a/b", b"next")
    assert take_packet(inbox) == (0x30, body)
    assert take_packet(inbox) == (0x30, b"\x00\x03a/bnext")
    assert take_packet(inbox) is None
