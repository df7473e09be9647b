"""The trace in boardpulse's own frames, by the encoders that the firmware uses."""

from itertools import pairwise

from boardpulse_tools.bench.trace import CATALOGUE_NAMES, INTERVAL_MS, Samples
from shared_schema import batches, encode
from shared_schema._generated import METRICS
from shared_schema.cbor import Writer
from shared_schema.framing import encode_frame
from shared_schema.messages import HELLO, MAX_FRAME_BYTES, WIRE_VERSION

# A boot id as the firmware draws it: 30 random bits. All but one in 16,384 of these take five bytes, as this one does.
BOOT = 0x2A5C_71E3
DECLARATION = 0
GROUP = 0


def payload(samples: Samples, seq: int) -> bytes:
    """A samples frame: what MQTT carries."""
    w = Writer(bytearray(MAX_FRAME_BYTES))
    encode.begin_samples(w, len(samples.columns), encode.boot_bytes(BOOT), seq)
    w.split_uint(samples.uptime_ms[0] >> 24, samples.uptime_ms[0] & 0xFFFFFF)
    w.uint(DECLARATION)
    w.uint(GROUP)
    batches.times(w, _gaps(samples.uptime_ms), samples.count, INTERVAL_MS)
    for column in samples.columns.values():
        batches.column(w, list(column), samples.count)
    return bytes(w.buf[: w.pos])


def on_uart(frame: bytes) -> bytes:
    """The frame as it stands on a UART: zeros, COBS and CRC included."""
    return encode_frame(frame)


def hello(batch: int) -> bytes:
    """The declaration of the ten metrics, sent once a connection."""
    keys = {metric[1]: metric[0] for metric in METRICS}
    series: list[object] = [keys[CATALOGUE_NAMES[column]] for column in CATALOGUE_NAMES]
    w = Writer(bytearray(MAX_FRAME_BYTES))
    body: dict[int, object] = {
        0: WIRE_VERSION,
        1: "board-1",
        2: "esp32",
        3: DECLARATION,
        4: [[INTERVAL_MS, batch, series]],
    }
    encode.body_frame(w, (HELLO, encode.boot_bytes(BOOT), 0), (0, 1500), body)
    return bytes(w.buf[: w.pos])


def _gaps(uptime_ms: tuple[int, ...]) -> list[int]:
    return [0, *(after - before for before, after in pairwise(uptime_ms))]
