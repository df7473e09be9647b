"""The publisher, a program: `python -m boardpulse_tools.bench.ingest.publisher PORT FILE FIRST COUNT RATE`.

Sends COUNT packets of the file, from number FIRST on, to the broker on PORT: RATE a second in bursts of BURST_S, or
with RATE 0 as fast as the broker reads. Ends when the broker has answered, and prints an Outcome as JSON. It writes
bytes that were made before and does nothing else, so that it is never what a subject waits for: `late_ms` shows it.
"""

from __future__ import annotations

import json
import select
import socket
import sys
import time
from array import array
from dataclasses import asdict, dataclass
from pathlib import Path

from boardpulse_tools.bench.ingest import packets
from boardpulse_tools.network import LOOPBACK

BURST_S = 0.01
ANSWER_S = 60.0
CHUNK = 65_536  # bytes for one call of the system


@dataclass(frozen=True, slots=True)
class Outcome:
    """`began` on the monotonic clock, `seconds` until the last packet was written, `late_ms`: the latest burst."""

    count: int
    began: float
    seconds: float
    late_ms: float


@dataclass(frozen=True, slots=True)
class Schedule:
    """How many of `count` packets are to be sent by when: a burst every BURST_S, or without a rate all at once."""

    count: int
    rate: float

    def due(self, elapsed_s: float) -> int:
        """How many should have been sent by then."""
        if not self.rate:
            return self.count
        return min(self.count, round((int(elapsed_s / BURST_S) + 1) * BURST_S * self.rate))

    def wait(self, elapsed_s: float) -> float:
        """Seconds until more are due."""
        return (int(elapsed_s / BURST_S) + 1) * BURST_S - elapsed_s if self.rate else ANSWER_S

    def late_s(self, sent: int, elapsed_s: float) -> float:
        """By how much what comes behind the first `sent` is late, when it is sent now."""
        return max(0.0, elapsed_s - sent / self.rate) if self.rate else 0.0


class Link:
    """The connection. It counts what the broker answers, and never waits for it while there is something to send."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection((LOOPBACK, port), timeout=ANSWER_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(packets.connect("boardpulse-bench"))
        if self._socket.recv(len(packets.CONNACK)) != packets.CONNACK:
            raise ConnectionError("the broker refuses the publisher")
        self._socket.setblocking(False)
        self._answered = 0

    def turn(self, pending: memoryview, wait_s: float) -> int:
        """Wait until something can be done, and do it. Bytes of `pending` that were sent."""
        readable, writable, _ = select.select([self._socket], [self._socket] if pending else [], [], wait_s)
        if readable:
            received = self._socket.recv(CHUNK)
            if not received:
                raise ConnectionError("the broker closed the publisher's connection")
            self._answered += len(received)
        return self._socket.send(pending) if writable else 0

    def finish(self, answers: int) -> None:
        """Wait for so many bytes of answers, and for that to a last question: then the broker has read everything."""
        self._socket.send(packets.PINGREQ)
        until = time.monotonic() + ANSWER_S
        while self._answered < answers + len(packets.PINGRESP):
            if time.monotonic() > until:
                raise TimeoutError(f"the broker answered with {self._answered} of {answers} bytes")
            self.turn(memoryview(b""), 1.0)
        self._socket.send(packets.DISCONNECT)
        self._socket.close()


def send(link: Link, data: memoryview, ends: array[int], schedule: Schedule) -> Outcome:
    """Send the packets of `data`, which end at `ends`."""
    began = time.monotonic()
    late_s = 0.0
    at = due = 0
    while at < len(data):
        elapsed = time.monotonic() - began
        if (now_due := schedule.due(elapsed)) > due:
            late_s = max(late_s, schedule.late_s(due, elapsed))
            due = now_due
        at += link.turn(data[at : min(ends[due - 1], at + CHUNK)], schedule.wait(elapsed))
    seconds = time.monotonic() - began
    link.finish(packets.answers(data[0], schedule.count))
    return Outcome(schedule.count, began, seconds, round(late_s * 1000, 3))


def part(path: Path, first: int, count: int) -> tuple[memoryview, array[int]]:
    """`count` packets of a file from number `first` on, and where each ends. ValueError when it has not so many."""
    ends = array("I")
    ends.frombytes(packets.ends_of(path).read_bytes())
    if not 0 < count <= len(ends) - first:
        raise ValueError(f"{path} has {len(ends)} packets, not {first} + {count}")
    start = ends[first - 1] if first else 0
    wanted = ends[first : first + count]
    data = memoryview(path.read_bytes())[start : wanted[-1]]
    return data, array("I", (end - start for end in wanted))


def main() -> None:
    """Send what the arguments say."""
    port, path, first, count, rate = sys.argv[1:]
    data, ends = part(Path(path), int(first), int(count))
    outcome = send(Link(int(port)), data, ends, Schedule(int(count), float(rate)))
    print(json.dumps(asdict(outcome)))


if __name__ == "__main__":
    main()
