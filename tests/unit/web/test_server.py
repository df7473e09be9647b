"""The HTTP server, over HTTP."""

import contextlib
import gzip
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from host_bridge.options import HttpOptions
from host_bridge.web import server as module
from host_bridge.web.server import MIN_GZIP_BYTES, HttpServer, wants_openmetrics, worth_compressing
from tests.support.waiting import until

PROMETHEUS = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)


class Pages:
    """What a bridge would show."""

    version = "0.1.0"

    def __init__(self) -> None:
        self.well = True
        self.slow = threading.Event()
        self.slow.set()

    def metrics(self, openmetrics: bool) -> list[bytes]:
        """Says which format was asked for."""
        self.slow.wait(5)
        return [b"# EOF\n"] if openmetrics else [b"up ", b"1\n"]

    def fleet(self) -> dict[str, Any]:
        """Nobody."""
        return {"now": 1_760_000_000.0, "history": "ok", "devices": []}

    def health(self) -> tuple[bool, dict[str, Any]]:
        """As it was set."""
        return self.well, {"queue_frames": 0}


@pytest.fixture
def pages() -> Pages:
    """The pages."""
    return Pages()


@pytest.fixture
def server(pages: Pages) -> Iterator[HttpServer]:
    """A server on a free port."""
    server = HttpServer(HttpOptions("127.0.0.1", 0), pages)
    server.start()
    yield server
    server.stop()


def get(
    server: HttpServer, path: str, method: str = "GET", **headers: str
) -> tuple[int, http.client.HTTPMessage, bytes]:
    """An answer: status, headers, body."""
    connection = http.client.HTTPConnection(*server.address, timeout=5)
    connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, answer.headers, body


def test_metrics_come_in_the_format_that_was_asked_for(server: HttpServer) -> None:
    """Text unless OpenMetrics is preferred, with the content type of each."""
    status, headers, body = get(server, "/metrics")
    assert (status, body) == (200, b"up 1\n")
    assert headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    _, headers, body = get(server, "/metrics", Accept=PROMETHEUS)
    assert body == b"# EOF\n"
    assert headers["Content-Type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert headers["Vary"] == "Accept, Accept-Encoding"


@pytest.mark.parametrize(
    ("accept", "openmetrics"),
    [
        ("", False),
        ("*/*", False),
        ("text/html, */*;q=0.8", False),
        (PROMETHEUS, True),
        ("application/openmetrics-text", True),
        ("application/openmetrics-text;q=0.4, text/plain;q=0.5", False),
        ("application/openmetrics-text;q=0", False),
        ("application/openmetrics-text;q=x", False),
        ("," * 10_000, False),
    ],
)
def test_the_format_follows_the_accept_header(accept: str, openmetrics: bool) -> None:
    """Quality values decide; nonsense means text."""
    assert wants_openmetrics(accept) is openmetrics


@pytest.mark.parametrize(
    ("size", "remote", "worth"),
    [
        (MIN_GZIP_BYTES, "10.0.0.7", True),
        (MIN_GZIP_BYTES - 1, "10.0.0.7", False),
        (MIN_GZIP_BYTES, "127.0.0.1", False),
        (MIN_GZIP_BYTES, "::1", False),
        (MIN_GZIP_BYTES, "fe80::1%eth0", True),
        (MIN_GZIP_BYTES, "", True),
    ],
)
def test_large_pages_are_compressed_over_a_network_only(size: int, remote: str, worth: bool) -> None:
    """Within one machine compressing costs ten times what it saves."""
    assert worth_compressing(size, remote) is worth


def test_a_compressed_page_is_the_same_page(server: HttpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its encoding in the header."""
    monkeypatch.setattr("host_bridge.web.server.worth_compressing", lambda size, remote: True)
    _, headers, body = get(server, "/metrics", Accept_Encoding="gzip")
    assert headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(body) == b"up 1\n"
    _, headers, body = get(server, "/metrics")
    assert (headers["Content-Encoding"], body) == (None, b"up 1\n")


@pytest.mark.parametrize(
    "path", ["/", "/metrics", "/api/devices", "/healthz", "/style.css", "/live.js", "/favicon.ico"]
)
def test_every_answer_has_the_security_headers(server: HttpServer, path: str) -> None:
    """No page of ours runs or frames what is not ours."""
    status, headers, body = get(server, path)
    assert status == 200
    assert body
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'")
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_devices_are_json(server: HttpServer) -> None:
    """For `boardpulse devices` and for programs."""
    status, headers, body = get(server, "/api/devices")
    assert headers["Content-Type"].startswith("application/json")
    assert json.loads(body)["devices"] == []
    assert status == 200


def test_health_tells_a_supervisor(server: HttpServer, pages: Pages) -> None:
    """503 is what restarts a container."""
    assert get(server, "/healthz")[0] == 200
    pages.well = False
    status, _, body = get(server, "/healthz")
    assert (status, json.loads(body)["status"]) == (503, "failing")


@pytest.mark.parametrize(("method", "path"), [("GET", "/nothing"), ("POST", "/metrics"), ("HEAD", "/metrics")])
def test_a_refusal_and_a_head_have_the_security_headers_too(server: HttpServer, method: str, path: str) -> None:
    """Every answer is every answer."""
    _, headers, _ = get(server, path, method)
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/nothing", 404), ("POST", "/metrics", 405), ("GET", "/../x", 404)]
)
def test_what_is_not_there_is_refused(server: HttpServer, method: str, path: str, status: int) -> None:
    """Quietly, with the right code."""
    assert get(server, path, method)[0] == status


def test_a_slow_page_does_not_stop_the_others(server: HttpServer, pages: Pages) -> None:
    """Health is answered while pages are being drawn."""
    pages.slow.clear()
    scrapes = [threading.Thread(target=get, args=(server, "/metrics")) for _ in range(8)]
    for scrape in scrapes:
        scrape.start()
    time.sleep(0.1)
    began = time.monotonic()
    assert get(server, "/healthz")[0] == 200
    assert time.monotonic() - began < 1
    pages.slow.set()
    for scrape in scrapes:
        scrape.join(5)


def test_connections_are_bounded_and_one_too_many_is_told(server: HttpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who opens connections and asks nothing leaves descriptors for the boards."""
    monkeypatch.setattr(module, "MAX_CONNECTIONS", 3)
    idle = [socket.create_connection(server.address) for _ in range(3)]
    for one in idle:
        one.sendall(b"GET /metrics HTT")
    until(lambda: get(server, "/healthz")[0] == 503)
    idle.pop().close()
    until(lambda: get(server, "/healthz")[0] == 200)
    for one in idle:
        one.close()


def test_a_connection_that_asks_nothing_ends(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one that sends a header letter by letter."""
    monkeypatch.setattr(module, "QUIET_S", 0.5)
    server = HttpServer(HttpOptions("127.0.0.1", 0), pages)
    server.start()
    slow = socket.create_connection(server.address)

    def hung_up() -> bool:
        try:
            slow.sendall(b"G")
        except ConnectionError:
            return True
        return False

    until(hung_up, timeout_s=5)
    slow.close()
    server.stop()


def test_a_client_that_reads_nothing_does_not_keep_its_answer_in_memory(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page of megabytes for each such client would add up."""
    monkeypatch.setattr(module, "SEND_S", 0.5)
    monkeypatch.setattr(pages, "metrics", lambda _openmetrics: bytes(50_000_000))
    server = HttpServer(HttpOptions("127.0.0.1", 0), pages)
    server.start()
    client = socket.create_connection(server.address)
    client.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
    time.sleep(1.5)
    received = 0
    with contextlib.suppress(ConnectionError):
        while data := client.recv(1 << 20):
            received += len(data)
    assert received < 50_000_000
    client.close()
    server.stop()


def test_a_port_in_use_is_known_at_once(server: HttpServer, pages: Pages) -> None:
    """Before anything else has started."""
    with pytest.raises(OSError, match="in use"):
        HttpServer(HttpOptions(*server.address), pages)


def test_stop_takes_under_a_second_with_clients_connected(pages: Pages) -> None:
    """Idle keep-alive connections hold up nothing."""
    server = HttpServer(HttpOptions("127.0.0.1", 0), pages)
    server.start()
    connection = http.client.HTTPConnection(*server.address, timeout=5)
    connection.request("GET", "/healthz")
    connection.getresponse().read()
    began = time.monotonic()
    server.stop()
    assert time.monotonic() - began < 1
    connection.close()
