"""kill -9, at any moment: what was released is in the file, once; what was not may be or not, but never twice."""

import contextlib
import json
import random
import subprocess
import sys
import time
from pathlib import Path

from host_bridge.core.records import BootRecord, DeviceRecord
from host_bridge.sinks.history import Store
from tests.unit.history.kit import FRAMES, TEMPERATURE, frame, group, kept

ROOT = Path(__file__).parents[3]
ROUNDS = 25

# Goes on where the state in the store says, as the core does, and prints the number of each frame that is released.
# Compaction has small budgets and much to do, so that kills meet it too.
CHILD = """
import itertools, os, pathlib, sys, time
from host_bridge.core.actions import Acknowledge
from host_bridge.core.records import BootRecord, DeviceRecord
from host_bridge.sinks.history import Store, StoreWriter
from tests.unit.history.kit import frame, group
store = Store.open(pathlib.Path(sys.argv[1]))
known = [boot for device in store.load() for boot in device.boots]
first = int(known[0].state) if known else 0
print("from", first, flush=True)
def release(actions):
    os.write(1, b"".join(b"%d\\n" % action.token for action in actions))
writer = StoreWriter(store, release=release, log=lambda line: print("log", line, flush=True))
writer.start()
desk = group()
for number in itertools.count(first):
    states = [BootRecord("desk", 1, b"%d" % (number + 1)), DeviceRecord("desk", "esp32", b"", (1,))]
    while not writer.submit([frame(desk, number), *states], [Acknowledge("serial", number)]):
        time.sleep(0.001)
"""


def round_of(path: Path, seconds: float) -> tuple[int, list[int]]:
    """Where a process went on that was killed after so long, and what it released."""
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(path)], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    with child:
        assert child.stdout is not None
        began = child.stdout.readline().split()
        time.sleep(seconds)
        child.kill()
        rest = child.stdout.read()
    whole = rest[: rest.rfind("\n") + 1]
    return int(began[1]), [json.loads(line) for line in whole.splitlines()]


def test_what_was_released_before_a_kill_is_there_once(tmp_path: Path) -> None:
    """Over many kills of one file: no frame is missing, none is twice, and the next start simply works."""
    path = tmp_path / "history.db"
    dice = random.Random(25)
    released = 0
    for _ in range(ROUNDS):
        first, numbers = round_of(path, dice.uniform(0.0, 0.15))
        assert numbers == list(range(first, first + len(numbers)))
        assert first >= released, "what was released is not in the store"
        released = first + len(numbers)
    with contextlib.closing(Store.open(path)) as store:
        (device,) = store.load()
        stored = int(device.boots[0].state)
        store.commit([frame(group(), stored), BootRecord("desk", 1, b""), DeviceRecord("desk", "esp32", b"", (1,))])
    assert stored >= released > 100
    for name in (TEMPERATURE.name, FRAMES.name):
        assert kept(path, metric=name) == list(range(stored + 1))
