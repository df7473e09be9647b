"""Boards that spill to flash: firmware processes on the unix port, whose bridge is away, and that are killed; they tell
the next bridge everything that they had written."""

import random
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from boardpulse_tools.bench import spill_files
from boardpulse_tools.bench.chaos.stored import kept_numbers
from boardpulse_tools.processes import Process
from host_bridge.sinks.history.query import History
from tests.support.processes import MQTT, SAME_EVERYWHERE, UART, Chain

DEVICE = "spiller"
PARTS = ("received", "recovered", "lost", "dropped_on_device")
SMALL_OUTBOX = 1024  # about fifteen frames
# Writes "boot seq number" down before the firmware has the sample. No number comes twice.
PROGRAM = """\
import sys

import boardpulse


class Numbers:
    name = "numbers"
    series = [{1: "spilled_number"}]

    def __init__(self):
        self.n = 0
        self.log = open(sys.argv[1].rsplit("/", 1)[0] + "/taken.txt", "a")

    def read(self, into, at):
        self.n += 1
        into[at] = number = node.boot * 1048576 + self.n
        self.log.write("%d %d %d\\n" % (node.boot, node.outbox.next_seq, number))
        self.log.flush()


node = boardpulse.start(sys.argv[1])
node.add_sensor(Numbers())
node.loop()
"""


def spiller(chain: Chain, folder: Path, link: str, **more: Any) -> Process:
    """A board with so small an outbox that it spills within a second."""
    spill = {"path": str(folder / "flash"), "bytes": 1 << 20, "segment_bytes": 1024}
    quiet = dict.fromkeys(("health", "loop_lag", "uptime", "filesystem"), False)
    return chain.board(
        link,
        PROGRAM,
        device_id=DEVICE,
        interval_ms=20,
        outbox_bytes=SMALL_OUTBOX,
        spill=spill,
        sensors=SAME_EVERYWHERE | quiet,
        **more,
    )


def ledger(chain: Chain) -> dict[str, float]:
    """The bridge's account of the board."""
    return {part: chain.total(f"device_frames_{part}_total", device_id=DEVICE) for part in ("expected", *PARTS)}


def adds_up(chain: Chain) -> bool:
    """expected = received + recovered + lost + dropped, but for a frame that is on its way."""
    account = ledger(chain)
    return 0 <= account["expected"] - sum(account[part] for part in PARTS) <= 1


def written(folder: Path) -> dict[int, set[int]]:
    """What is whole on the board's flash: numbers by boot."""
    return {boot: set(left.frames) for boot, left in spill_files.read(folder / "flash").items()}


def written_samples(folder: Path) -> set[tuple[int, int]]:
    """The samples among them: an event may have taken the number for which a sample had been written down."""
    return {(boot, seq) for boot, left in spill_files.read(folder / "flash").items() for seq in left.samples}


def taken(folder: Path) -> dict[tuple[int, int], int]:
    """What the board wrote down before the firmware had it: the sample's number by boot and frame."""
    lines = (folder / DEVICE / "taken.txt").read_text().splitlines()
    return {(int(boot), int(seq)): int(number) for boot, seq, number in map(str.split, lines)}


def stored(chain: Chain) -> Counter[int]:
    """How often each number is in the bridge's history."""
    return Counter(
        int(number or 0) for _, number in kept_numbers(chain.bridge.history, DEVICE, "device_spilled_number")
    )


@pytest.mark.parametrize("link", [UART, MQTT])
def test_what_a_board_spilled_while_nobody_was_there_arrives(tmp_path: Path, link: str) -> None:
    """The bridge, or the broker, is away for much longer than the outbox lasts: nothing is lost or dropped, the flash
    is empty afterwards."""
    with Chain(tmp_path, [link]) as chain:
        board = spiller(chain, tmp_path, link)
        chain.wait_for_samples(DEVICE, 10)
        _away(chain, link)
        chain.wait(lambda: len(list((tmp_path / "flash").glob("*.b?"))) >= 6, "spilled frames")
        _back(chain, link)
        chain.wait(lambda: not any((tmp_path / "flash").iterdir()), "empty flash", 60)
        chain.wait(lambda: adds_up(chain), "ledger that adds up")
        assert ledger(chain)["lost"] == ledger(chain)["dropped_on_device"] == 0
        assert board.running


@pytest.mark.parametrize("link", [UART, MQTT])
def test_what_a_killed_board_had_spilled_arrives_exactly_once(tmp_path: Path, link: str) -> None:
    """Four boots are killed at random moments while they spill; the fifth delivers what is whole on flash, each boot
    under its own id, and then its own; the ledger adds up, and nothing is on flash any more."""
    dice = random.Random(7)
    with Chain(tmp_path, [link]) as chain:
        board = spiller(chain, tmp_path, link)
        chain.wait_for_samples(DEVICE, 10)
        _away(chain, link)
        there: dict[int, set[int]] = {}
        samples: set[tuple[int, int]] = set()
        for _ in range(4):
            files = len(list((tmp_path / "flash").glob("*.b?")))
            chain.wait(lambda: len(list((tmp_path / "flash").glob("*.b?"))) > files + 1, "more files")  # noqa: B023
            time.sleep(dice.random() / 2)
            board.kill()
            for boot, numbers in written(tmp_path).items():
                there[boot] = there.get(boot, set()) | numbers
            samples |= written_samples(tmp_path)
            board.start()
        assert len(there) == 4
        _back(chain, link)
        chain.wait(lambda: not any((tmp_path / "flash").iterdir()), "empty flash", 90)
        chain.wait(lambda: chain.arrived(DEVICE) >= sum(map(len, there.values())), "all frames", 60)
        chain.wait(lambda: adds_up(chain), "ledger that adds up")
        assert ledger(chain)["dropped_on_device"] == 0
        numbers = taken(tmp_path)
        wanted = {numbers[frame] for frame in samples & numbers.keys()}
        assert wanted
        chain.wait(lambda: wanted <= stored(chain).keys(), "history")
        kept = stored(chain)
        assert kept.keys() <= set(taken(tmp_path).values())
        assert set(kept.values()) == {1}


def _away(chain: Chain, link: str) -> None:
    if link == UART:
        chain.bridge.process.kill()
    else:
        assert chain.broker is not None
        chain.broker.stop()


def _back(chain: Chain, link: str) -> None:
    if link == UART:
        chain.bridge.start()
    else:
        assert chain.broker is not None
        chain.broker.start()


# An exception in a task that nobody awaits, one in a watched coroutine, one that ends the program.
TASK = """\
import asyncio
import sys

import boardpulse


async def fail():
    raise ValueError("in a task")


async def main():
    asyncio.create_task(boardpulse.run())
    await asyncio.sleep(0.1)
    asyncio.create_task(fail())
    await asyncio.sleep(60)


boardpulse.start(sys.argv[1])
asyncio.run(main())
"""
WATCHED = """\
import asyncio
import sys

import boardpulse


async def fail():
    raise ValueError("in a watched coroutine")


boardpulse.start(sys.argv[1])
asyncio.run(boardpulse.watch(fail(), "fail"))
"""
PROGRAM_ENDS = """\
import sys

import boardpulse

boardpulse.start(sys.argv[1])
try:
    raise ValueError("at the top of main.py")
except Exception as error:
    boardpulse.crash(error)
    raise
"""
WELL = """\
import sys

import boardpulse

sys.exit(boardpulse.main(sys.argv[1]))
"""


@pytest.mark.parametrize("program", [TASK, WATCHED, PROGRAM_ENDS])
def test_a_crash_that_nobody_heard_is_told_after_the_restart(tmp_path: Path, program: str) -> None:
    """The bridge is away when the program crashes; the process is killed at once. The next start, with another program,
    tells of it under the former boot's id, once, and the file is gone."""
    with Chain(tmp_path, [UART]) as chain:
        _away(chain, UART)
        board = chain.board(UART, program, device_id=DEVICE, sensors=SAME_EVERYWHERE)
        crashes = tmp_path / DEVICE / "boardpulse.crash"
        chain.wait(lambda: len(spill_files.read(crashes)) == 1, "crash on flash")
        (boot,) = spill_files.read(crashes)
        board.kill()
        (tmp_path / DEVICE / "main.py").write_text(WELL)
        _back(chain, UART)
        for _ in range(2):
            board.start()
            chain.wait_for_samples(DEVICE, 5)
            chain.wait(lambda: not any(crashes.iterdir()), "crash that is done with")
            board.kill()
        with closing(History.open(chain.bridge.history)) as history:
            events = [event for event in history.events(DEVICE) if event.type == "crash"]
        assert [(event.boot, "ValueError" in event.traceback) for event in events] == [(boot, True)]
