"""Rows into requests of bounded size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from host_bridge.sinks.remote_write.outgoing import Outgoing
from host_bridge.sinks.remote_write.protobuf import SAMPLE_BYTES
from host_bridge.sinks.remote_write.samples import Names, Sample, samples_of

MAX_SAMPLES = 2_000  # as Prometheus' own max_samples_per_send
MAX_BYTES = 1 << 20  # before compression; receivers begin to refuse at some megabytes
SERIES_BYTES = 6  # tag and length of a series


@dataclass(slots=True)
class Request:
    """Samples that are sent together. finished: ids of rows none of whose samples come later."""

    samples: list[Sample] = field(default_factory=list)
    finished: list[int] = field(default_factory=list)


def requests(
    rows: Iterable[Outgoing], names: Names, max_samples: int = MAX_SAMPLES, max_bytes: int = MAX_BYTES
) -> Iterator[Request]:
    """Requests of at most so many samples and bytes, in the order of the rows; a row may need several."""
    request, series, size = Request(), set[bytes](), 0
    for row in rows:
        for sample in samples_of(row, names):
            more = SAMPLE_BYTES + (0 if sample[1] in series else len(sample[1]) + SERIES_BYTES)
            if request.samples and (len(request.samples) >= max_samples or size + more > max_bytes):
                yield request
                request, series, size = Request(), set(), 0
                more = SAMPLE_BYTES + len(sample[1]) + SERIES_BYTES
            request.samples.append(sample)
            series.add(sample[1])
            size += more
        request.finished.append(row.id)
    if request.finished:
        yield request
