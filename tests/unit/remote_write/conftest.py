"""Writers that are stopped after their test."""

from collections.abc import Callable, Generator

import pytest
from structlog import get_logger

from host_bridge.options import RemoteWriteOptions
from host_bridge.sinks.remote_write.outgoing import OutgoingSource
from host_bridge.sinks.remote_write.writer import Pace, RemoteWriter
from tests.support.remote_write import NOW_S

Start = Callable[..., RemoteWriter]
QUICK = Pace(poll_s=0.02, first_s=0.01, cap_s=0.05)


@pytest.fixture
def start() -> Generator[Start]:
    """Starts a writer whose clock stands at NOW_S unless told otherwise; the test has to leave it able to stop."""
    writers: list[RemoteWriter] = []

    def begin(
        url: str,
        outbox: OutgoingSource,
        *,
        wall: Callable[[], float] = lambda: NOW_S,
        pace: Pace = QUICK,
        **options: object,
    ) -> RemoteWriter:
        settings = RemoteWriteOptions(url, **options)  # type: ignore[arg-type]
        writer = RemoteWriter(settings, outbox, wall, get_logger(), version="1.2.3", pace=pace)
        writers.append(writer)
        writer.start()
        return writer

    yield begin
    stopped = [writer.stop(5.0) for writer in writers]
    assert all(stopped)
