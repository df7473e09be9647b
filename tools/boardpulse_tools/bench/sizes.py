"""Bytes on the wire for the recorded hour, in boardpulse's encoding and in others."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from boardpulse_tools.bench import own_encoding, peer_encodings, sparkplug
from boardpulse_tools.bench.report import NO_VALUE, Goal, Table
from boardpulse_tools.bench.trace import Samples, batches

BATCHES = (1, 10, 60)
LATER_SEQ = 1 << 16
UART_SINGLE_LIMIT = 60
BATCH_LIMIT = 1.75
BATCH60_LIMIT = 1.4

Encode = Callable[[Samples, int], bytes]


@dataclass(frozen=True, slots=True)
class Encoding:
    """A way to write samples as an MQTT payload. The functions also take the number of payloads before."""

    name: str
    single: Encode
    batch: Encode
    once: Callable[[Samples], bytes] | None = None


ENCODINGS = (
    Encoding("boardpulse", own_encoding.payload, own_encoding.payload, lambda first: own_encoding.hello(first.count)),
    Encoding(
        "json",
        lambda samples, _: peer_encodings.json_payload(samples),
        lambda samples, _: peer_encodings.json_payload(samples),
    ),
    Encoding(
        "senml_cbor",
        lambda samples, _: peer_encodings.senml_payload(samples),
        lambda samples, _: peer_encodings.senml_payload(samples),
    ),
    Encoding("sparkplug_b", sparkplug.data_payload, sparkplug.data_payload, sparkplug.birth_payload),
    Encoding("sparkplug_b_dataset", sparkplug.data_payload, sparkplug.dataset_payload, sparkplug.birth_payload),
)


def encoded(encoding: Encoding, trace: Samples, n: int, first_seq: int = 0) -> Iterator[tuple[Samples, bytes]]:
    """Each `n` samples of the trace with their payload; payloads are numbered from `first_seq`."""
    encode = encoding.single if n == 1 else encoding.batch
    for i, samples in enumerate(batches(trace, n)):
        yield samples, encode(samples, first_seq + i)


def measure(encoding: Encoding, trace: Samples) -> dict[str, float]:
    """Bytes of payload for one metric sample, by samples in a payload; and of what is sent once a connection."""
    sizes: dict[str, float] = {}
    for n in BATCHES:
        pairs = [(samples.values, len(payload)) for samples, payload in encoded(encoding, trace, n)]
        sizes[f"bytes_per_sample_{n}"] = sum(size for _, size in pairs) / sum(values for values, _ in pairs)
        sizes[f"payload_bytes_{n}_max"] = max(size for _, size in pairs)
    sizes["once_bytes"] = len(encoding.once(next(batches(trace, 1)))) if encoding.once else 0
    return sizes


def largest_on_uart(trace: Samples, first_seq: int = 0) -> int:
    """The largest frame of one sample of all metrics as it stands on a UART."""
    own = ENCODINGS[0]
    return max(len(own_encoding.on_uart(frame)) for _, frame in encoded(own, trace, 1, first_seq))


def measure_all(trace: Samples) -> dict[str, dict[str, float]]:
    """measure() of every encoding, by its name; ours also on a UART, with frames numbered from 0 and beyond 65,535."""
    sizes = {encoding.name: measure(encoding, trace) for encoding in ENCODINGS}
    sizes["boardpulse"]["uart_single_bytes_max"] = largest_on_uart(trace)
    sizes["boardpulse"]["uart_single_bytes_max_later"] = largest_on_uart(trace, LATER_SEQ)
    return sizes


def note(sizes: dict[str, dict[str, float]]) -> str:
    """What the goals do not say."""
    later = sizes["boardpulse"]["uart_single_bytes_max_later"]
    return (
        f"Frames are numbered from 0, as after a start. From number {LATER_SEQ:,} on ({LATER_SEQ // 3600} hours at "
        f"a frame a second) numbers take two bytes more: the largest frame of one sample is then {later:.0f} bytes."
    )


def goals(sizes: dict[str, dict[str, float]]) -> list[Goal]:
    """What boardpulse's encoding has to keep to."""
    own = sizes["boardpulse"]
    return [
        Goal("uart_single_bytes", own["uart_single_bytes_max"], UART_SINGLE_LIMIT),
        Goal("batch_bytes_per_sample", round(own["bytes_per_sample_10"], 4), BATCH_LIMIT),
        Goal("batch60_bytes_per_sample", round(own["bytes_per_sample_60"], 4), BATCH60_LIMIT),
    ]


def table(sizes: dict[str, dict[str, float]]) -> Table:
    """The sizes for people."""
    columns = ("encoding", "1 a payload", "10 a payload", "60 a payload", "times ours (60)", "once, bytes")
    ours = sizes["boardpulse"]["bytes_per_sample_60"]
    return Table(
        "Bytes of MQTT payload for one metric sample", columns, [_row(name, sizes[name], ours) for name in sizes]
    )


def _row(name: str, size: dict[str, float], ours: float) -> Sequence[str]:
    per_sample = [f"{size[f'bytes_per_sample_{n}']:.2f}" for n in BATCHES]
    once = f"{size['once_bytes']:.0f}" if size["once_bytes"] else NO_VALUE
    return (name, *per_sample, f"{size['bytes_per_sample_60'] / ours:.1f}", once)
