"""The board of a chaos run: the real firmware with a sensor that writes each sample down before the firmware has it."""

# main.py. Samples are "s <boot> <seq> <number> <uptime_ms> <unix_ms>"; the end is "e <boot> <next_seq> <held>
# <dropped_samples> <dropped_events> <dropped_crashes>". MicroPython's unix port writes without a buffer of its own.
MAIN = """\
import os
import sys
import time

import boardpulse
from boardpulse.compat import sleep_ms

FOLDER = sys.argv[1].rsplit("/", 1)[0]


class Numbers:
    name = "numbers"
    series = [{1: "chaos_number"}, {1: "chaos", 2: 1}]
    budget_ms = 60000  # a disk that is busy must not make a sample missing that was written down already

    def __init__(self):
        self.number = 0
        self.file = open(FOLDER + "/taken.txt", "a")

    def note(self, *parts):
        self.file.write(" ".join([str(part) for part in parts]) + "\\n")
        self.file.flush()

    def read(self, into, at):
        self.number += 1
        uptime = node.clock.uptime_ms()
        self.note("s", node.boot, node.outbox.next_seq, self.number, uptime, time.time_ns() // 1000000)
        into[at] = into[at + 1] = self.number


def told_to_stop():
    try:
        os.stat(FOLDER + "/stop")
        return True
    except OSError:
        return False


numbers = Numbers()
node = boardpulse.start(sys.argv[1])
node.add_sensor(numbers)
while not told_to_stop():
    sleep_ms(node.step())
node.end(int(sys.argv[2]) if len(sys.argv) > 2 else 60000)
numbers.note("e", node.boot, node.outbox.next_seq, node.outbox.count, *node.outbox.dropped)
"""

# Put before MAIN: the board's clocks begin `behind_ms` in the past. While the file `hurry` is there they run `factor`
# times as fast as ours, until they have caught up; from then on they are ours.
FASTER = """\
import os
import sys
import time as real


class Time:
    behind_ms = {behind_ms}
    factor = {factor}

    def __init__(self):
        self._hurry = sys.argv[1].rsplit("/", 1)[0] + "/hurry"
        self._last = real.time_ns()
        self._behind_ns = self.behind_ms * 1000000
        self._hurries = False
        self._epoch = self._last

    def __getattr__(self, name):
        return getattr(real, name)

    def time_ns(self):
        now = real.time_ns()
        if self._hurries:
            self._behind_ns = max(0, self._behind_ns - (now - self._last) * (self.factor - 1))
            self._hurries = self._behind_ns > 0
        elif self._behind_ns:
            try:
                os.stat(self._hurry)
                self._hurries = True
            except OSError:
                pass
        self._last = now
        return now - self._behind_ns

    def time(self):
        return self.time_ns() // 1000000000

    def ticks_ms(self):
        return self.time_ns() // 1000000

    def ticks_us(self):
        return self.time_ns() // 1000

    def ticks_diff(self, later, earlier):
        return later - earlier

    def ticks_add(self, ticks, more):
        return (ticks + more) & ((1 << 62) - 1)

    def sleep_ms(self, ms):
        real.sleep_ms(max(1, ms // self.factor) if self._hurries else ms)


sys.modules["time"] = Time()
"""


def main_program() -> str:
    """main.py of a board in our time."""
    return MAIN


def main_in_the_past(behind_ms: int, factor: int) -> str:
    """main.py of a board that lives `behind_ms` in the past until it is let hurry, `factor` times as fast."""
    return FASTER.format(behind_ms=behind_ms, factor=factor) + MAIN
