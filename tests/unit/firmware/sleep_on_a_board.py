"""Runs on MicroPython, 64 and 32 bit, and on CPython: what is kept over a sleep, and the arithmetic of waking, where
numbers outgrow 31 bits.

Prints a line for each promise kept, and ends with an exception at the first that is not.
"""

import sys

from boardpulse.backup_registers import BackupRegisters
from boardpulse.clock import Clock
from boardpulse.links.uart import LEAD, Uart
from boardpulse.links.wifi import Wifi
from boardpulse.node import Node
from boardpulse.outbox import Outbox
from boardpulse.retained import LENGTH, Retained, pack, unpack
from boardpulse.sampler import Sampler
from boardpulse.sleeping import Sleep
from boardpulse.watchdog import Watchdog
from shared_schema import framing

MASK_32 = (1 << 30) - 1
T_2040 = 2208988800  # beyond 31 bits
DAY_MS = 86400000


class Ticks:
    """A counter of milliseconds that wraps as a 32-bit board's does."""

    def __init__(self, start):
        self.now = start

    def __call__(self):
        return self.now

    def advance(self, ms):
        """Let time pass."""
        self.now = (self.now + ms) & MASK_32


class One:
    """A sensor."""

    name = "one"
    series = (1,)

    def read(self, into, at):
        """1"""
        into[at] = 1


class Deaf:
    """A line that takes all and brings nothing."""

    def write(self, buf, offset, length):
        """All of it."""
        return length

    def readinto(self, buf):
        """Nothing."""

    def close(self):
        """Nothing to close."""


class Board:
    """A fake board: bytes of memory, and ticks that go on while it sleeps."""

    def __init__(self, start=0):
        self.content = b"noise" * 10
        self.slept = []
        self.ticks = Ticks(start)
        self.node = self.start()

    def start(self):
        """A node, as after each start."""
        sampler = Sampler()
        sampler.enroll(One(), DAY_MS, 1)
        clock = Clock(self.ticks, MASK_32)
        return Node("b", "rp2", clock, Outbox(2048, framing.seal, LEAD), sampler, Uart({}, lambda options: Deaf()))

    def memory(self, data=None):
        """The fake of RTC().memory."""
        if data is not None:
            self.content = data
        return self.content

    def deepsleep(self, ms):
        """Note it."""
        self.slept.append(ms)

    def lightsleep(self, ms):
        """Let time pass."""
        self.slept.append(ms)
        self.ticks.advance(ms)


def retained_numbers_are_whole():
    """Up to the last bit of each."""
    for values in ([1, 2, 3, 4, 5, T_2040, 999, 7], [255, 65535, 65535, 65535, 0xFFFFFFFF, 0xFFFFFFFF, 65535, 65535]):
        packed = pack(values)
        assert len(packed) == LENGTH
        assert unpack(packed) == values
        assert unpack(packed + b"more") == values


def damaged_memory_is_nothing():
    """Each byte that is wrong, each length that is short."""
    packed = pack([1, 2, 3, 4, 5, T_2040, 999, 7])
    for at in range(LENGTH):
        wrong = bytearray(packed)
        wrong[at] ^= 0x40
        assert unpack(bytes(wrong)) == [0] * 8
        assert unpack(packed[:at]) == [0] * 8


def starts_and_drops_are_counted():
    """A deep sleep without an answer: the next boot tells it, and that it was a deep sleep."""
    board = Board()
    options = {"mode": "deep", "period_ms": DAY_MS, "awake_ms": 0}
    Sleep(board.node, options, board, Retained(board.memory)).cycle()
    hour_ms = 3600000  # an RP2 sleeps in such pieces, then starts anew
    assert board.slept[:23] == [hour_ms] * 23
    assert sum(board.slept) == DAY_MS + 1
    node = board.start()
    retained = Retained(board.memory)
    retained.restore(node)
    assert retained.boot_number == 2
    assert (node.outbox.next_seq, node.outbox.dropped, node.reset_cause) == (1, [1, 0, 0], 4)


def a_clock_is_kept():
    """Beyond 2038 too."""
    board = Board()
    board.node.clock.tell(T_2040, 999, 40)
    Retained(board.memory).keep(board.node, 20001)
    node = board.start()
    Retained(board.memory).restore(node)
    assert node.clock.anchor() == [T_2040 + 21, 0, 3, 40 + 1 + 1000]


def registers_are_a_memory():
    """Six of them, of 32 bits, signed where a port reads them so."""
    registers = dict.fromkeys(range(0, 24, 4), -1)
    memory = BackupRegisters(registers, sorted(registers))
    assert [Retained(memory).boot_number for _ in range(3)] == [1, 2, 3]


def light_sleep_keeps_time():
    """Seven days of it, over the wrap of the ticks: a sample a day, on the millisecond."""
    board = Board(MASK_32 - 1000)
    options = {"mode": "light", "period_ms": DAY_MS, "awake_ms": 0}
    sleep = Sleep(board.node, options, board)
    for _ in range(7):
        sleep.cycle()
    board.node.clock.update()
    assert sum(board.slept) == board.node.clock.uptime_ms() == 7 * DAY_MS
    assert board.node.outbox.next_seq == 7


def a_watchdog_knows_a_hang():
    """Within the deadline it is fed, after it it is not."""
    ticks = Ticks(MASK_32 - 100)
    fed = []
    dog = Watchdog(lambda: fed.append(1), 8000, 8000, ticks, lambda a, b: ((a - b + (1 << 29)) & MASK_32) - (1 << 29))
    ticks.advance(7999)
    dog.feed()
    ticks.advance(1)
    dog.feed()
    assert len(fed) == 2


def wifi_tries_again():
    """A radio that raises is asked once in its time."""

    class Broken:
        asked = 0

        def isconnected(self):
            return False

        def active(self, on):
            self.asked += 1
            raise OSError("Wifi Internal Error")

    wlan = Broken()
    wifi = Wifi(wlan, "nest", "secret")
    now = MASK_32 - 10000
    for _ in range(140):
        assert not wifi.ready(now)
        now = (now + 100) & MASK_32
    assert (wlan.asked, wifi.status, wifi.reconnects) == (1, -1, 0)


def main():
    """Keep every promise."""
    for promise in (
        retained_numbers_are_whole,
        damaged_memory_is_nothing,
        starts_and_drops_are_counted,
        a_clock_is_kept,
        registers_are_a_memory,
        light_sleep_keeps_time,
        a_watchdog_knows_a_hang,
        wifi_tries_again,
    ):
        promise()
        print(promise.__name__)


if __name__ == "__main__":
    main()
    print("kept on", sys.implementation.name)
