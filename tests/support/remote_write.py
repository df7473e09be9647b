"""Remote write's other end: a decoder that shares nothing with our encoder, and a server that can misbehave."""

import http.server
import math
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import cramjam
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from host_bridge.core.records import KeptSeries, Value
from host_bridge.sinks.remote_write.outgoing import Outgoing
from shared_schema.messages import COUNTER, GAUGE, HISTOGRAM

TLS = Path(__file__).parent / "tls"
LOOPBACK = "127.0.0.1"
NOW_S = 1_800_000_000.0  # Fri, 15 Jan 2027 08:00:00 GMT
NOW_MS = 1_800_000_000_000

# prometheus.WriteRequest as the specification prints it: message, then (field, number, type, repeated).
_SCHEMA: dict[str, tuple[tuple[str, int, str, bool], ...]] = {
    "Label": (("name", 1, "STRING", False), ("value", 2, "STRING", False)),
    "Sample": (("value", 1, "DOUBLE", False), ("timestamp", 2, "INT64", False)),
    "TimeSeries": (("labels", 1, "Label", True), ("samples", 2, "Sample", True)),
    "WriteRequest": (("timeseries", 1, "TimeSeries", True),),
}

Labels = tuple[tuple[str, str], ...]
Point = tuple[int, float]


@cache
def write_request() -> Any:
    """Google's class for a WriteRequest."""
    package = "boardpulse.tests.prometheus"
    file = descriptor_pb2.FileDescriptorProto(name=f"{package}.proto", package=package, syntax="proto3")
    for message, fields in _SCHEMA.items():
        described = file.message_type.add(name=message)
        for name, number, kind, repeated in fields:
            one = described.field.add(name=name, number=number, label=3 if repeated else 1)
            if kind in _SCHEMA:
                one.type, one.type_name = one.TYPE_MESSAGE, f".{package}.{kind}"
            else:
                one.type = getattr(one, f"TYPE_{kind}")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{package}.WriteRequest"))


def decode(request: bytes) -> list[tuple[Labels, list[Point]]]:
    """The series of a request before compression, in their order, with labels and samples in theirs."""
    message = write_request()()
    message.ParseFromString(request)
    return [
        (
            tuple((label.name, label.value) for label in series.labels),
            [(sample.timestamp, sample.value) for sample in series.samples],
        )
        for series in message.timeseries
    ]


@dataclass(frozen=True)
class Reply:
    """What the server does with a request. hang_s: seconds before it answers; status 0: it hangs up instead."""

    status: int = 204
    text: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    hang_s: float = 0.0


TAKEN = Reply()


@dataclass(frozen=True)
class Request:
    """A request that came. `at`: time.monotonic()."""

    path: str
    headers: dict[str, str]
    series: list[tuple[Labels, list[Point]]]
    reply: Reply
    at: float

    def points(self) -> list[tuple[Labels, int, float]]:
        """Every sample."""
        return [(labels, *point) for labels, points in self.series for point in points]


class Receiver:
    """A server on a free port of loopback; `answer` decides from the decoded series. Use it with `with`."""

    def __init__(
        self, answer: Callable[[list[tuple[Labels, list[Point]]]], Reply] = lambda series: TAKEN, tls: bool = False
    ) -> None:
        self.answer = answer
        self.requests: list[Request] = []
        self.connections = 0
        self._released = threading.Event()
        self._server = http.server.ThreadingHTTPServer((LOOPBACK, 0), self._handler())
        self._server.daemon_threads = True
        self._server.block_on_close = False
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(TLS / "broker.pem", TLS / "broker.key")
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.url = f"http{'s' if tls else ''}://{LOOPBACK}:{self._server.server_address[1]}/api/v1/write"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> "Receiver":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._released.set()
        self._server.shutdown()
        self._thread.join(10)
        self._server.server_close()

    def taken(self) -> dict[Labels, list[Point]]:
        """What the server has, by series, in the order of times."""
        out: dict[Labels, list[Point]] = {}
        for request in list(self.requests):
            if request.reply.status // 100 == 2:
                for labels, points in request.series:
                    out.setdefault(labels, []).extend(points)
        return {labels: sorted(points) for labels, points in out.items()}

    def _handler(outer: "Receiver") -> type[http.server.BaseHTTPRequestHandler]:  # noqa: N805 - the handler has `self`
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                outer.connections += 1
                super().setup()

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                series = decode(bytes(cramjam.snappy.decompress_raw(body)))
                reply = outer.answer(series)
                headers = {name.lower(): value for name, value in self.headers.items()}
                outer.requests.append(Request(self.path, headers, series, reply, time.monotonic()))
                outer._released.wait(reply.hang_s)
                if reply.status == 0:
                    self.close_connection = True
                    return
                self._answer(reply)

            do_GET = do_POST  # noqa: N815 - http.server's name

            def _answer(self, reply: Reply) -> None:
                text = reply.text.encode()
                try:
                    self.send_response(reply.status)
                    for name, value in reply.headers.items():
                        self.send_header(name, value)
                    if reply.status != 204:
                        self.send_header("Content-Length", str(len(text)))
                    self.end_headers()
                    self.wfile.write(text)
                except OSError:  # the client has gone
                    self.close_connection = True

            def handle(self) -> None:
                try:
                    super().handle()
                except OSError:  # a client that is cut off, or a handshake that fails
                    self.close_connection = True

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        return Handler


class MemorySource:
    """Rows in memory, as an OutgoingSource."""

    def __init__(self, rows: Iterable[Outgoing] = (), max_rows: int = 1_000_000) -> None:
        self.rows = list(rows)
        self.max_rows = max_rows
        self.done: list[int] = []
        self.closed = False
        self._in_hand = 0

    def outgoing_batch(self, max_rows: int) -> Sequence[Outgoing]:
        """The first of them."""
        batch = self.rows[:max_rows]
        self._in_hand = len(batch)
        return batch

    def outgoing_done(self, up_to_id: int) -> None:
        """Gone."""
        self.done.append(up_to_id)
        before = len(self.rows)
        self.rows = [row for row in self.rows if row.id > up_to_id]
        self._in_hand -= before - len(self.rows)

    def outgoing_rows(self) -> int:
        """How many."""
        return len(self.rows)

    def outgoing_bytes(self) -> int:
        """A hundred each."""
        return 100 * len(self.rows)

    def outgoing_trim(self) -> Sequence[Outgoing]:
        """The oldest behind those in hand."""
        surplus = len(self.rows) - self.max_rows
        if surplus <= 0:
            return ()
        dropped = self.rows[self._in_hand : self._in_hand + surplus]
        self.rows = self.rows[: self._in_hand] + self.rows[self._in_hand + surplus :]
        return dropped

    def close(self) -> None:
        """The writer has ended."""
        self.closed = True


TEMPERATURE = KeptSeries("device_temperature_celsius", (("sensor_location", "cpu"),), GAUGE, -2)
ENERGY = KeptSeries("device_energy_joules_total", (), COUNTER, -3)
DURATION = KeptSeries("device_inference_duration_seconds", (("model", "m"),), HISTOGRAM, -6, (1_000, 250_000))


def row(
    row_id: int,
    times: Sequence[int],
    values: Sequence[Value],
    series: tuple[KeptSeries, ...] = (TEMPERATURE,),
    device_id: str = "pico-1",
) -> Outgoing:
    """A row of a board."""
    return Outgoing(row_id, device_id, "rp2", series, list(times), list(values))


def same(a: float, b: float) -> bool:
    """Equal, NaN to NaN."""
    return a == b or (math.isnan(a) and math.isnan(b))
