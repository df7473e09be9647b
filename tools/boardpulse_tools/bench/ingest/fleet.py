"""The boards of the load: who they are, what they say at first, and the recorded hour as their frames.

Every device plays the trace from a row of its own, so that no two frames are alike. Times fit the rate at which the
frames are sent: a fleet that samples faster than its clocks run would have the bridge measure clocks, not take frames.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from boardpulse_tools.bench import trace
from boardpulse_tools.bench.trace import CATALOGUE_NAMES, Samples
from shared_schema import batches, encode
from shared_schema._generated import METRICS
from shared_schema.cbor import Writer
from shared_schema.messages import HELLO, MAX_FRAME_BYTES, WIRE_VERSION

UPTIME_MS = 86_400_000  # of every board when its first frame is made
METRICS_A_SAMPLE = len(CATALOGUE_NAMES)
ROW_STEP = 7  # rows of the trace between two devices
_FIRST_BOOT = 0x2A00_0000  # five bytes on the wire, as all but one in 16,384 of the ids that the firmware draws
_BOOTS_APART = 1 << 20
_DECLARATION = _GROUP = 0
_NTP, _UNCERTAINTY_MS = 2, 50


@dataclass(frozen=True)
class Fleet:
    """`devices` boards, of which one sends every 1/`rate` seconds, in turn, `batch` samples a frame."""

    devices: int
    rate: float
    batch: int = 1

    @property
    def interval_ms(self) -> int:
        """Between two samples of a device."""
        return round(self.devices * 1000 / self.rate / self.batch)

    def name(self, device: int) -> str:
        """A device's id."""
        return f"bench-{device:05d}"

    def hellos(self, boot: int, sent: int, unix_ms: int) -> Iterator[bytes]:
        """hello() of every device."""
        return (self.hello(device, boot, sent, unix_ms) for device in range(self.devices))

    def hello(self, device: int, boot: int, sent: int, unix_ms: int) -> bytes:
        """What a board says that has made `sent` frames of its boot and holds them: the clock of NTP, at `unix_ms`."""
        uptime = self.uptime_ms(sent * self.devices + device)
        anchor = [unix_ms // 1000, unix_ms % 1000, _NTP, _UNCERTAINTY_MS]
        keys = {metric[1]: metric[0] for metric in METRICS}
        series: list[object] = [keys[name] for name in CATALOGUE_NAMES.values()]
        body: dict[int, object] = {
            0: WIRE_VERSION,
            1: self.name(device),
            2: "esp32",
            3: _DECLARATION,
            4: [[self.interval_ms, self.batch, series]],
            6: anchor,
            7: [0, sent, 3600, 0, 0, 0, 0],
        }
        w = Writer(bytearray(MAX_FRAME_BYTES))
        encode.body_frame(w, (HELLO, _boot(device, boot), sent), _split(uptime), body)
        return bytes(w.buf[: w.pos])

    def uptime_ms(self, number: int) -> int:
        """A device's uptime when the frame of that number, over all devices, is sent."""
        return UPTIME_MS + round(number * 1000 / self.rate)

    def frames(self, boot: int, count: int) -> Iterator[tuple[int, bytes]]:
        """`count` times device and samples frame, in the order of sending, of the boards' `boot`th boot."""
        w = Writer(bytearray(MAX_FRAME_BYTES))
        before_ms = (self.batch - 1) * self.interval_ms
        heads = [_boot(device, boot) for device in range(self.devices)]
        for number in range(count):
            sent, device = divmod(number, self.devices)
            w.pos = 0
            encode.begin_samples(w, METRICS_A_SAMPLE, heads[device], sent)
            high, low = _split(self.uptime_ms(number) - before_ms)
            w.split_uint(high, low)
            w.uint(_DECLARATION)
            w.uint(_GROUP)
            w.raw(self._columns[self._row(sent, device)])
            yield device, bytes(w.buf[: w.pos])

    def samples(self, number: int) -> Samples:
        """What is in the frame of that number."""
        sent, device = divmod(number, self.devices)
        return self._pieces[self._row(sent, device)]

    def _row(self, sent: int, device: int) -> int:
        return (sent + device * ROW_STEP) % len(self._pieces)

    @cached_property
    def _pieces(self) -> list[Samples]:
        return list(trace.batches(trace.load(), self.batch))

    @cached_property
    def _columns(self) -> list[bytes]:
        """The end of the frame for each piece of the trace: the number of samples, and the columns."""
        gaps = [self.interval_ms] * self.batch
        encoded = []
        for piece in self._pieces:
            w = Writer(bytearray(MAX_FRAME_BYTES))
            columns = [list[int | float | None](column) for column in piece.columns.values()]
            if self.batch == 1:
                w.uint(1)
                for column in columns:
                    w.number(column[0])
            else:
                batches.write(w, columns, gaps, self.batch, self.interval_ms)
            encoded.append(bytes(w.buf[: w.pos]))
        return encoded


def _boot(device: int, boot: int) -> bytes:
    return encode.boot_bytes(_FIRST_BOOT + boot * _BOOTS_APART + device)


def _split(uptime_ms: int) -> tuple[int, int]:
    return uptime_ms >> 24, uptime_ms & 0xFFFFFF
