"""Deleting by age while the host's clock is wrong: what is good stays."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from host_bridge.core.actions import LogLine
from host_bridge.core.records import KeptGroup, SamplesRecord
from host_bridge.sinks.history import Store
from host_bridge.sinks.history.upkeep import RETENTION_S, Upkeep
from tests.unit.history.kit import EPOCH_MS, FRAMES, frame, group, kept

DAY_S = 86_400
MAX_AGE_S = 30 * DAY_S
YEARS_S = 10 * 365 * DAY_S


class Host:
    """Upkeep of a store on a machine whose running time and wall clock are the test's."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.ran_s, self.right_s, self.wrong_by_s = 0.0, EPOCH_MS / 1000, 0.0
        self.lines: list[LogLine] = []
        self.desk: KeptGroup = group("desk", FRAMES)
        self.begin()

    def begin(self) -> None:
        self.store = Store.open(self.path, sync="normal")
        self.upkeep = Upkeep(
            self.store, MAX_AGE_S, 1 << 50, lambda: self.ran_s, lambda: self.wall_s, log=self.lines.append
        )

    def restart(self, off_s: float = 0.0) -> None:
        self.store.close()
        self.right_s += off_s
        self.begin()

    @property
    def wall_s(self) -> float:
        return self.right_s + self.wrong_by_s

    def run(self, seconds: float, step_s: float = RETENTION_S) -> None:
        """Let so much time pass, with all upkeep that comes due."""
        for _ in range(max(1, int(seconds / step_s))):
            self.ran_s += step_s
            self.right_s += step_s
            while self.upkeep.step() == 0.0:
                pass

    def keep(self, value: int) -> None:
        """A sample of this moment, by the host's clock, in a chunk."""
        at = self.wall_s
        self.store.commit([SamplesRecord(self.desk, 1, value, [int(at * 1000)], [value], at)])
        for later_s in (0, 3600):
            while self.store.compact(int((at + later_s) * 1000)):
                pass

    def kept(self) -> list[int]:
        return kept(self.path)

    def events(self) -> list[str]:
        return [line.event for line in self.lines]


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    made = Host(tmp_path / "history.db")
    made.run(RETENTION_S)
    yield made
    made.store.close()


@pytest.mark.parametrize("restarted", [False, True])
def test_a_clock_that_leaps_ten_years_ahead_deletes_nothing_that_is_young(host: Host, restarted: bool) -> None:
    """By the clock before. What that one would have deleted still goes, and when the clock is right again all goes on;
    what was kept meanwhile stands under its wrong date."""
    host.keep(1)
    host.run(20 * DAY_S, DAY_S / 4)
    host.keep(2)
    host.wrong_by_s = YEARS_S
    if restarted:
        host.restart()
    host.run(RETENTION_S)
    assert host.kept() == [1, 2]
    host.keep(3)
    if restarted:
        host.restart()  # what the store has of the wrong time now does not make it right
    host.run(6 * DAY_S, DAY_S / 4)
    assert host.kept() == [1, 2, 3]
    host.wrong_by_s = 0.0
    host.run(RETENTION_S)
    assert host.events().count("history_clock_doubted") == (2 if restarted else 1)
    assert host.events()[-1] == "history_clock_believed"
    host.run(5 * DAY_S, DAY_S / 4)
    assert host.kept() == [2, 3]
    host.run(20 * DAY_S, DAY_S / 4)
    assert host.kept() == [3]


def test_retention_goes_on_by_the_clock_before_while_a_leap_is_doubted(host: Host) -> None:
    """The time that has passed since is known."""
    host.keep(1)
    host.run(28 * DAY_S, DAY_S / 4)
    host.wrong_by_s = YEARS_S
    host.run(DAY_S, DAY_S / 4)
    assert host.kept() == [1]
    host.run(2 * DAY_S, DAY_S / 4)
    assert host.kept() == []


def test_a_leap_that_lasts_is_believed(host: Host) -> None:
    """After a week of running, over restarts too: a bridge that was off for a year deletes what is too old then."""
    host.keep(1)
    host.restart(365 * DAY_S)
    host.keep(2)
    for _ in range(6):
        host.run(DAY_S, DAY_S / 4)
        host.restart()
    assert host.kept() == [1, 2]
    host.run(1.5 * DAY_S, DAY_S / 4)
    assert host.kept() == [2]


def test_a_short_time_off_is_no_leap(host: Host) -> None:
    """A bridge that was off for less than a day goes on at once, and nothing is said."""
    host.keep(1)
    host.run(29.5 * DAY_S, DAY_S / 4)
    host.restart(0.9 * DAY_S)
    host.run(RETENTION_S)
    assert host.kept() == []
    assert host.events() == []


def test_a_clock_that_falls_back_deletes_nothing_then_or_when_it_is_right_again(host: Host) -> None:
    """As with an empty battery, until the network tells the time."""
    host.keep(1)
    host.run(20 * DAY_S, DAY_S / 4)
    host.wrong_by_s = -YEARS_S
    host.run(20 * DAY_S, DAY_S / 4)  # it is believed meanwhile
    assert host.kept() == [1]
    host.wrong_by_s = 0.0
    host.run(RETENTION_S)
    assert host.kept() == [1]
    host.run(8 * DAY_S, DAY_S / 4)
    assert host.kept() == []


def test_an_older_file_is_as_young_as_its_newest_sample(tmp_path: Path) -> None:
    """A bridge that is updated while the clock is wrong does not delete either."""
    from host_bridge.sinks.history.schema import STEPS

    path = tmp_path / "history.db"
    with closing(Store.open(path, sync="normal", steps=STEPS[:1])) as store:
        store.commit([frame(group(), 7)])
        while store.compact(EPOCH_MS) or store.compact(EPOCH_MS + 3_600_000):
            pass
    host = Host(path)
    host.wrong_by_s = YEARS_S
    host.run(RETENTION_S)
    assert host.kept() == [7]
    host.store.close()
