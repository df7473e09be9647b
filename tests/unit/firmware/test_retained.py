"""What survives a deep sleep: written with a checksum, and anything else is nothing."""

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardpulse.backup_registers import BackupRegisters
from boardpulse.retained import LENGTH, Retained, pack, unpack
from boardpulse.sensors.boot_number import BootNumber
from tests.fakes.firmware import Bench, Scripted

NOTHING = [0] * 8
T_2026 = 1767225600
HALVES = st.integers(0, 0xFFFF)
WORDS = st.integers(0, 0xFFFFFFFF)
VALUES = st.tuples(st.integers(0, 255), HALVES, HALVES, HALVES, WORDS, WORDS, HALVES, HALVES).map(list)


class Rtc:
    """A fake of the ESP32's RTC().memory: reading makes a copy; what is written replaces all that was there."""

    def __init__(self, content: bytes = b"") -> None:
        self.content = content

    def __call__(self, data: bytes | None = None) -> bytes | None:
        """Read, or write."""
        if data is None:
            return bytes(self.content)
        assert len(data) <= 2048
        self.content = bytes(data)
        return None


class Mem32(dict[int, int]):
    """A fake of machine.mem32: four aligned bytes an address, read as a signed number, as some ports do."""

    def __getitem__(self, address: int) -> int:
        assert address % 4 == 0
        value = super().__getitem__(address)
        return value - (1 << 32) if value >> 31 else value


def bench_of(**options: Any) -> Bench:
    """A node with one sensor, whose frames wait."""
    return Bench([(Scripted([[1]]), 1000, 1)], acks=False, **options)


@given(VALUES)
def test_what_is_packed_is_unpacked(values: list[int]) -> None:
    """All of it, in the bytes that even an RP2 has."""
    packed = pack(values)
    assert len(packed) == LENGTH <= 28
    assert unpack(packed) == values


@given(VALUES, st.integers(0, LENGTH * 8 - 1), st.integers(0, LENGTH - 1))
def test_one_wrong_bit_or_a_cut_is_nothing(values: list[int], bit: int, cut: int) -> None:
    """A power failure while it was written leaves no half truth."""
    packed = bytearray(pack(values))
    assert unpack(bytes(packed[:cut])) == NOTHING
    packed[bit // 8] ^= 1 << bit % 8
    assert unpack(bytes(packed)) == NOTHING


@given(st.binary(max_size=2048))
def test_foreign_content_is_nothing(content: bytes) -> None:
    """What memory holds when power comes, or what another program left."""
    assert unpack(content) == NOTHING


def test_an_empty_and_an_erased_memory_are_nothing() -> None:
    """The CRC-32 of some zeros is not zero."""
    assert [unpack(b""), unpack(bytes(2048)), unpack(b"\xff" * 2048)] == [NOTHING] * 3


def test_starts_are_counted_and_the_sensor_tells_them() -> None:
    """Also those that ended in no sleep: the count is written at the start."""
    memory = Rtc(random.Random(1).randbytes(2048))
    assert [Retained(memory).boot_number for _ in range(3)] == [1, 2, 3]
    into = [None]
    BootNumber(3).read(into, 0)  # type: ignore[arg-type]
    assert into == [3]


def test_what_an_application_keeps_behind_it_stays() -> None:
    """The ESP32's memory is written as a whole."""
    memory = Rtc(bytes(LENGTH) + b"mine")
    Retained(memory).keep(bench_of().node, 1000)
    assert memory.content[LENGTH:] == b"mine"


@pytest.mark.parametrize("platform", ["rp2", "esp32"])
def test_a_deep_sleep_is_told_where_the_chip_does_not_know_it(platform: str) -> None:
    """An RP2 wakes by a reset like any other; other chips know better than a memory."""
    memory = Rtc()
    Retained(memory).keep(bench_of().node, 1000)
    node = bench_of().node
    node.platform, node.reset_cause = platform, 2
    Retained(memory).restore(node)
    assert node.reset_cause == (4 if platform == "rp2" else 2)
    node.reset_cause = 3
    Retained(memory).restore(node)
    assert node.reset_cause == 3


def test_frames_that_were_not_acknowledged_are_told_as_dropped_by_the_next_boot() -> None:
    """They take up its first numbers, so that the ledger's sum is right; the boot after it tells nothing again."""
    memory = Rtc()
    first = bench_of()
    first.run(3000, 500)
    first.node.log("info", "unheard")
    waiting = first.node.outbox.count
    Retained(memory).keep(first.node, 60000)
    second = bench_of()
    Retained(memory).restore(second.node)
    second.step()
    hello, samples = second.frames()
    assert (hello.seq, samples.seq) == (waiting + 1, waiting)
    assert (hello.outbox[0], hello.outbox[1], hello.outbox[3:]) == (waiting, 1, (waiting - 1, 1, 0, 0))
    third = bench_of()
    Retained(memory).restore(third.node)
    assert third.node.outbox.dropped == [0, 0, 0]


def test_what_was_never_told_is_told_later() -> None:
    """Two wakings in vain: the third boot tells of both."""
    memory = Rtc()
    for _ in range(2):
        bench = bench_of()
        Retained(memory).restore(bench.node)
        bench.step()
        Retained(memory).keep(bench.node, 1000)
        assert bench.node.outbox.count == 0
    third = bench_of()
    Retained(memory).restore(third.node)
    assert third.node.outbox.dropped == [2, 0, 0]


def test_what_was_acknowledged_is_not_told() -> None:
    """Whoever acknowledged this boot's frames knows what it dropped before them."""
    memory = Rtc()
    bench = bench_of()
    bench.node.outbox.give_up(1)
    bench.step()
    bench.acknowledge(bench.node.outbox.next_seq)
    Retained(memory).keep(bench.node, 1000)
    after = bench_of()
    Retained(memory).restore(after.node)
    assert after.node.outbox.dropped == [0, 0, 0]


def test_more_than_memory_counts_is_the_most_that_it_counts() -> None:
    """Numbers are cut off, not wrapped around."""
    memory = Rtc()
    bench = bench_of()
    bench.node.outbox.dropped[0] = 70000
    bench.step()
    Retained(memory).keep(bench.node, 1000)
    after = bench_of()
    Retained(memory).restore(after.node)
    assert after.node.outbox.dropped == [65535, 0, 0]


@pytest.mark.parametrize(("sleep_ms", "kept"), [(30500, True), (60000, False)])
def test_a_clock_that_the_bridge_told_outlives_a_short_sleep(sleep_ms: int, kept: bool) -> None:
    """With the error that the sleep's own timer adds; after a long sleep the bridge's guess is better."""
    memory = Rtc()
    bench = bench_of()
    bench.node.clock.tell(T_2026, 600, 40)
    Retained(memory).keep(bench.node, sleep_ms)
    after = bench_of()
    Retained(memory).restore(after.node)
    assert after.node.clock.anchor() == ([T_2026 + 31, 100, 3, 40 + 1 + 1525] if kept else None)


def test_the_boards_own_clock_is_not_kept() -> None:
    """It goes on by itself, and is read at the next start."""
    memory = Rtc()
    bench = bench_of(wall=lambda: (T_2026, 0, 100))
    Retained(memory).keep(bench.node, 1000)
    after = bench_of()
    Retained(memory).restore(after.node)
    assert after.node.clock.anchor() is None


def test_registers_are_a_memory_too() -> None:
    """Of 32 bits each, wherever they are: an RP2's scratch registers have a gap."""
    registers = Mem32({0x4005800C + offset: 0xFFFFFFFF for offset in (0, 4, 8, 12, 20, 24)})
    memory = BackupRegisters(registers, sorted(registers))
    assert memory() == b"\xff" * LENGTH
    assert Retained(memory).boot_number == 1
    bench = bench_of()
    bench.step()
    Retained(memory).keep(bench.node, 1000)
    assert [Retained(memory).boot_number for _ in range(2)] == [3, 4]
