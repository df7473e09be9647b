"""The watchdog is fed as long as the node steps, and only so long."""

import pytest

from boardpulse.watchdog import Watchdog
from tests.fakes.firmware import PERIOD_32, Ticks


class Chip:
    """A fake of a chip's watchdog: `bitten` once `hardware_ms` pass without feed()."""

    def __init__(self, hardware_ms: int, deadline_ms: int, start: int = 0) -> None:
        self.ticks = Ticks(start)
        self.left_ms = self.hardware_ms = hardware_ms
        self.bitten = False
        self.dog = Watchdog(self.fed, deadline_ms, hardware_ms, self.ticks, diff)

    def fed(self) -> None:
        """Another period."""
        self.left_ms = self.hardware_ms

    def run(self, ms: int, timer_ms: int = 0, steps: bool = False) -> None:
        """Let time pass; with a timer that feeds every `timer_ms`, or a node that steps every 100 ms."""
        for passed in range(10, ms + 10, 10):
            self.ticks.advance(10)
            self.left_ms -= 10
            self.bitten = self.bitten or self.left_ms < 0
            if timer_ms and passed % timer_ms == 0:
                self.dog.feed()
            if steps and passed % 100 == 0:
                self.dog.step()


def diff(later: int, earlier: int) -> int:
    """time.ticks_diff of a 32-bit board."""
    half = PERIOD_32 // 2
    return ((later - earlier + half) & (PERIOD_32 - 1)) - half


def test_a_node_that_steps_is_not_reset() -> None:
    """Over the wrap of the ticks too."""
    chip = Chip(8000, 8000, start=PERIOD_32 - 5000)
    chip.run(60000, steps=True)
    assert not chip.bitten


def test_a_hang_is_reset_at_the_deadline() -> None:
    """What the configuration calls watchdog_ms."""
    chip = Chip(8000, 8000)
    chip.run(10000, steps=True)
    chip.run(7900)
    assert not chip.bitten
    chip.run(200)
    assert chip.bitten


@pytest.mark.parametrize("hardware_ms", [8300, 20000])
def test_a_timer_feeds_through_what_blocks_and_hides_no_hang(hardware_ms: int) -> None:
    """An RP2's watchdog waits 8.3 s at most; a deadline of 20 s is kept by feeding it meanwhile, and not after it."""
    chip = Chip(hardware_ms, 20000)
    chip.run(19000, timer_ms=1000)
    assert not chip.bitten
    chip.dog.step()
    chip.run(20000 + hardware_ms + 100, timer_ms=1000)
    assert chip.bitten


def test_the_longest_nap_is_half_of_what_the_chip_waits() -> None:
    """A light sleep is cut into such pieces."""
    assert Chip(8300, 20000).dog.nap_ms == 4150
