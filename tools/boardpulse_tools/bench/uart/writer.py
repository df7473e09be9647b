"""Boards that saturate their lines, a program: `python -m boardpulse_tools.bench.uart.writer LINES SECONDS BATCH`.

It prints the ports for the bridge as a JSON list, and waits. At `hello` each board says hello; at `go` it sends frames
of BATCH samples, on each line as fast as 921,600 baud are, and prints an Outcome as JSON. What a line does not take
when it is due is lost, as in a UART; the answers of the bridge are read and thrown away. It ends with its input.
"""

import json
import os
import sys
import time
import tty
from bisect import bisect_right
from contextlib import suppress
from dataclasses import asdict, dataclass

from boardpulse_tools.bench import fleet_load
from shared_schema.framing import encode_frame

BYTES_PER_S = 92_160  # 921,600 baud: a start bit, eight of data, a stop bit
TICK_S = 0.002
AHEAD_MS = 1_000  # uptime at the first byte
INTERVAL_MS = 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was sent on all lines. late_s: by how much bytes were written later than they were due, at worst; that is
    the writer's own doing. lost_bytes: what lines did not take."""

    frames: int
    bytes: int
    lost_bytes: int
    seconds: float
    late_s: float


class Line:
    """One board: what it will send, and how far it has."""

    def __init__(self, device: int, seconds: float, batch: int) -> None:
        self._end, self._port = os.openpty()  # the port's end stays open, so that ours does not fail without a reader
        tty.setraw(self._port)
        os.set_blocking(self._end, False)
        self.path = os.ttyname(self._port)
        self._device = device
        self._data, self._ends = self._frames(round(seconds * BYTES_PER_S), batch)
        self._at = 0
        self.lost = 0

    def _frames(self, length: int, batch: int) -> tuple[bytes, list[int]]:
        """All bytes that it will send, whole frames, and where each of them ends."""
        data = bytearray()
        ends: list[int] = []
        while len(data) < length:
            last_ms = AHEAD_MS + len(data) * 1000 // BYTES_PER_S
            seq, first_ms = len(ends), last_ms - (batch - 1) * INTERVAL_MS
            frame = (
                fleet_load.samples(self._device, seq, last_ms)
                if batch == 1
                else fleet_load.batch(self._device, seq, first_ms, batch)
            )
            data += encode_frame(frame)
            ends.append(len(data))
        return bytes(data), ends

    @property
    def done(self) -> bool:
        """Whether all of it was sent."""
        return self._at >= len(self._data)

    @property
    def frames(self) -> int:
        """How many frames were sent."""
        return bisect_right(self._ends, self._at)

    @property
    def sent(self) -> int:
        """How many bytes were sent, lost ones included."""
        return self._at

    def greet(self) -> None:
        """Say hello."""
        hello = fleet_load.hello(self._device, time.time(), INTERVAL_MS, cadence_ms=60_000)
        os.write(self._end, encode_frame(hello))

    def step(self, due: int) -> int:
        """Send what is due by now, and read what came; how many bytes were due that had not been sent."""
        due = min(due, len(self._data))
        behind = due - self._at
        taken = 0
        if behind:
            with suppress(BlockingIOError):
                taken = os.write(self._end, self._data[self._at : due])
        self.lost += behind - taken
        self._at = due
        self.drain()
        return behind

    def drain(self) -> None:
        """Take what the bridge has sent."""
        with suppress(BlockingIOError):
            while os.read(self._end, 65_536):
                pass


def send(lines: list[Line]) -> Outcome:
    """Send everything."""
    began = time.monotonic()
    worst = 0
    while not all(line.done for line in lines):
        due = int((time.monotonic() - began) * BYTES_PER_S)
        worst = max(worst, *(line.step(due) for line in lines))
        time.sleep(TICK_S)
    seconds = time.monotonic() - began
    sent, lost = sum(line.sent for line in lines), sum(line.lost for line in lines)
    return Outcome(sum(line.frames for line in lines), sent, lost, seconds, worst / BYTES_PER_S - TICK_S)


def main(count: int, seconds: float, batch: int) -> None:
    """Run it."""
    lines = [Line(device, seconds, batch) for device in range(count)]
    print(json.dumps([line.path for line in lines]), flush=True)
    for command in sys.stdin:
        if command == "hello\n":
            for line in lines:
                line.drain()
                line.greet()
        else:
            print(json.dumps(asdict(send(lines))), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))
