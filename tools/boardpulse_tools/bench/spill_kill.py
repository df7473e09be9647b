"""`kill -9` of a board while it spills to flash: at most the record that is being written is lost, and it starts again.

The firmware runs on MicroPython's unix port. It writes down each record before it writes it to the spill; what lies
there afterwards is read by spill_files.py.
"""

import os
import random
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from boardpulse_tools import boards
from boardpulse_tools.bench import spill_files
from boardpulse_tools.processes import Process, ProcessError, wait_until

START_S = 10.0
LONGEST_S = 0.4
QUOTA = 65536

# main.py: "boot <boot> <former boot>:<frames> …" with what it has found, then "r <boot> <seq> <CRC-32> <next>" before
# each record, next being the number that the next frame gets. Three frames of samples to an event, as fast as they can
# be made.
MAIN = """\
import sys
from binascii import crc32

import boardpulse
from boardpulse.spill import Spill
from boardpulse.outbox import EVENT, SAMPLES
from shared_schema.cbor import encode

bare = Spill._bare
log = open(sys.argv[1].rsplit("/", 1)[0] + "/written.txt", "a")


def note(text):
    log.write(text + "\\n")
    log.flush()


def noted(self, index):
    data = bare(self, index)
    note("r %d %d %d %d" % (node.boot, node.outbox.seq(index), crc32(data), node.outbox.next_seq))
    return data


Spill._bare = noted
node = boardpulse.start(sys.argv[1])
found = ["%d:%d" % (left.boot, left.frames) for left in node.spill.boots]
note("boot %d %s" % (node.boot, " ".join(found)))
i = 0
while True:
    i += 1
    box = node.outbox
    kind = EVENT if i % 4 == 0 else SAMPLES
    frame = [3, node.boot, box.next_seq, i, {1: 0, 2: 1, 3: "y" * (i % 50)}] if kind else None
    box.put(encode(frame or [2, node.boot, box.next_seq, i, node.declaration, 0, 1, i, "x" * (i % 70)]), kind)
    if i % 8 == 0:
        node.step()
"""


@dataclass
class Boot:
    """What a boot has written down: CRC-32 of its records by number, and how many frames it had made. `cut`: those of
    which we have found that they were being written when it was killed."""

    frames: dict[int, int] = field(default_factory=dict)
    made: int = 0
    cut: set[int] = field(default_factory=set)

    def gone(self, left: spill_files.Left) -> set[int]:
        """Numbers up to the last record that are not there."""
        return set(range(max(self.frames) + 1)) - left.frames.keys() - self.cut if self.frames else set()


class Story:
    """What a board has written down: its boots, and what it found when it started last."""

    def __init__(self, text: str) -> None:
        self.boots: dict[int, Boot] = {}
        self.last: tuple[int, int] | None = None  # (boot, seq) of the record that may be cut
        self.found: dict[int, int] = {}
        for line in text.splitlines():
            parts = line.split()
            if line.startswith("r ") and len(parts) == 5:
                number, seq, crc, made = map(int, parts[1:])
                self.last = number, seq
                boot = self.boots.setdefault(number, Boot())
                boot.frames[seq], boot.made = crc, made
            elif line.startswith("cut "):  # what we have found ourselves
                self.boots[int(parts[1])].cut.add(int(parts[2]))
            elif line.startswith("boot "):
                self.found = {int(boot): int(count) for boot, _, count in (one.partition(":") for one in parts[2:])}


def run(rounds: int, seed: int = 1, folder: Path | None = None) -> dict[str, int]:
    """Kill a board that many times while it spills. Counts: records that are not there though they were written, or
    that differ (`spill_corrupt`); starts that failed or found something else than is there (`spill_boot_failures`);
    and what was looked at."""
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="boardpulse-spill-") as name:
            return run(rounds, seed, Path(name))
    dice = random.Random(seed)  # noqa: S311  # when to kill is no secret
    master, slave = os.openpty()
    counts = {"spill_rounds": rounds, "spill_records": 0, "spill_cut": 0, "spill_corrupt": 0, "spill_boot_failures": 0}
    try:
        for number in range(rounds):
            _round(folder / f"board-{number // 10}", os.ttyname(slave), dice.random() * LONGEST_S, counts)
    finally:
        os.close(master)
        os.close(slave)
    return counts


def _round(folder: Path, port: str, seconds: float, counts: dict[str, int]) -> None:
    """One start, on what the rounds before have left; one kill; one look."""
    diary = folder / "written.txt"
    there = spill_files.read(folder / "spill")
    already = diary.stat().st_size if diary.exists() else 0
    with _board(folder, port) as board:
        try:
            wait_until(lambda: "boot " in _behind(diary, already), START_S, "start", board)
            time.sleep(seconds)
        except ProcessError:
            counts["spill_boot_failures"] += 1
            return
        alive = board.running
        board.kill()
    after = Story(_behind(diary, already))
    counts["spill_boot_failures"] += not alive or after.found != {boot: len(one.frames) for boot, one in there.items()}
    there = spill_files.read(folder / "spill")
    if after.last is not None and is_cut(after.boots[after.last[0]], after.last[1], there.get(after.last[0])):
        counts["spill_cut"] += 1
        with diary.open("a") as file:
            file.write(f"\ncut {after.last[0]} {after.last[1]}\n")
    for number, left in there.items():  # a boot of which nothing is left was given up whole when the quota was full
        counts["spill_records"] += len(left.frames)
        counts["spill_corrupt"] += wrong(Story(diary.read_text()).boots.get(number, Boot()), left)


def is_cut(boot: Boot, last: int, left: spill_files.Left | None) -> bool:
    """Whether the last record is neither there nor among the frames that were given up, which are counted."""
    gone = boot.gone(left or spill_files.Left())
    return last in gone and len(gone) > sum(left.dropped if left else ())


def wrong(boot: Boot, left: spill_files.Left) -> int:
    """Records that differ from what was written, and frames that are gone and not counted, or counted and not gone. Of
    the frames behind the last record, which were in RAM, some may have been given up and counted."""
    differing = sum(boot.frames.get(seq) != crc for seq, crc in left.frames.items())
    uncounted = len(boot.gone(left)) - sum(left.dropped)
    in_ram = boot.made - max(boot.frames, default=-1) - 1
    return differing + max(0, uncounted, -uncounted - in_ram)


def _behind(path: Path, offset: int) -> str:
    return path.read_bytes()[offset:].decode() if path.exists() else ""


def _board(folder: Path, port: str) -> Process:
    runs_on = boards.micropython()
    if runs_on is None:
        raise ProcessError("MicroPython's unix port is not installed")
    folder.mkdir(exist_ok=True)
    main = folder / "spilling.py"
    main.write_text(MAIN)
    config = {
        "device_id": "spilling",
        "board": "unix",
        "link": {"type": "uart", "path": port},
        "outbox_bytes": 2048,
        "interval_ms": 1000,
        "sensors": {"simulated": False, "temperature": False, "power": False, "frequency": False, "filesystem": False},
        "spill": {"path": str(folder / "spill"), "bytes": QUOTA, "segment_bytes": 2048},
    }
    return boards.board("spilling", folder, config, runs_on, main)
