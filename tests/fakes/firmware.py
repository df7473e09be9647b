"""A node in a test's hand: ticks that the test turns, sensors that do as told, a line whose other end is a list."""

from collections.abc import Sequence
from typing import Any

from boardpulse.clock import Clock
from boardpulse.links.uart import LEAD, Uart
from boardpulse.node import Node
from boardpulse.outbox import Outbox
from boardpulse.sampler import Sampler
from shared_schema import framing
from shared_schema.cbor_reader import loads
from shared_schema.commands import encode_ack
from shared_schema.framing import FRAME, Deframer, encode_frame
from shared_schema.parse import parse

PERIOD_32 = 1 << 30


class Ticks:
    """time.ticks_ms of a board whose counter wraps at `period`, standing at `start` until advance()."""

    def __init__(self, start: int = 0, period: int = PERIOD_32) -> None:
        self.now = start % period
        self.mask = period - 1

    def __call__(self) -> int:
        return self.now

    def advance(self, ms: int) -> None:
        """Let `ms` milliseconds pass."""
        self.now = (self.now + ms) & self.mask


class Scripted:
    """A sensor that returns the next of `readings` (each a list, one value a column); an exception in it is raised.
    The last one stays."""

    def __init__(self, readings: Sequence[Any], series: Sequence[Any] = (3,), name: str = "scripted") -> None:
        self.name = name
        self.series = series
        self.readings = list(readings)
        self.reads = 0

    def read(self, into: list[Any], at: int) -> None:
        """The next reading."""
        reading = self.readings.pop(0) if len(self.readings) > 1 else self.readings[0]
        self.reads += 1
        if isinstance(reading, BaseException):
            raise reading
        into[at : at + len(reading)] = reading


class Line:
    """A stream in memory. `mouth` is how many bytes a write takes at most, `room` how many it takes before it is
    full."""

    def __init__(self, mouth: int = 1 << 20) -> None:
        self.mouth = mouth
        self.room = 1 << 30
        self.written = bytearray()
        self.incoming = bytearray()
        self.broken = False
        self.closed = False

    def write(self, buf: bytes | bytearray, offset: int, length: int) -> int | None:
        """Take what fits."""
        if self.broken:
            raise OSError("gone")
        taken = min(length, self.mouth, self.room)
        self.room -= taken
        self.written += buf[offset : offset + taken]
        return taken or None

    def readinto(self, buf: bytearray) -> int | None:
        """Give what came."""
        if self.broken:
            raise OSError("gone")
        n = min(len(buf), len(self.incoming))
        buf[:n] = self.incoming[:n]
        del self.incoming[:n]
        return n or None

    def close(self) -> None:
        """Remember it."""
        self.closed = True


class Bench:
    """A node on a Line, and the bridge's view of it. With `acks` each frame counts as acknowledged after the step
    that sent it."""

    def __init__(
        self,
        sensors: Sequence[tuple[Any, int, int]] = (),
        outbox_bytes: int = 8192,
        ticks: Ticks | None = None,
        wall: Any = None,
        mouth: int = 1 << 20,
        acks: bool = True,
    ) -> None:
        self.acks = acks
        self.ticks = ticks or Ticks()
        self.line = Line(mouth)
        self.opened = 0
        sampler = Sampler()
        for sensor, interval_ms, batch in sensors:
            sampler.enroll(sensor, interval_ms, batch)
        clock = Clock(self.ticks, self.ticks.mask, wall)
        self.node = Node("bench", "unix", clock, Outbox(outbox_bytes, framing.seal, LEAD), sampler, Uart({}, self.open))
        self._deframer = Deframer()

    def open(self, options: dict[str, Any]) -> Line:
        """What the link opens its stream with."""
        self.opened += 1
        if self.line.broken:
            raise OSError("gone")
        return self.line

    def step(self, ms: int = 0) -> None:
        """Let time pass, and have the node do what is due."""
        self.ticks.advance(ms)
        self.node.step()
        outbox = self.node.outbox
        if self.acks and outbox.sent:
            outbox.acknowledge_below(outbox.seq(outbox.sent - 1) + 1)

    def run(self, ms: int, every_ms: int = 50) -> None:
        """Step through `ms` milliseconds."""
        for _ in range(ms // every_ms):
            self.step(every_ms)

    def raw_frames(self) -> list[bytes]:
        """The frames that were written since the last call. Anything else on the line is an error of the test."""
        out = []
        found = self._deframer.feed(bytes(self.line.written))
        self.line.written.clear()
        for what, payload in found:
            assert what == FRAME, (what, payload)
            assert isinstance(payload, bytes)
            out.append(payload)
        return out

    def frames(self, *kinds: int) -> list[Any]:
        """The messages that were written since the last call, those of `kinds` if any are named."""
        messages = [parse(loads(frame)) for frame in self.raw_frames()]
        return [message for message in messages if not kinds or message.kind in kinds]

    def say(self, frame: bytes) -> None:
        """Send a frame down."""
        self.line.incoming += encode_frame(frame)

    def acknowledge(self, following: int) -> None:
        """Send an ack down, and have it read."""
        self.say(encode_ack(self.node.boot, following))
        self.step()
