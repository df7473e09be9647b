"""The HTTP server, over HTTP."""

import gzip
import http.client
import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from host_bridge.options import HttpOptions
from host_bridge.web.server import MIN_GZIP_BYTES, HttpServer, wants_openmetrics, worth_compressing

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

    def metrics(self, openmetrics: bool) -> bytes:
        """Says which format was asked for."""
        self.slow.wait(5)
        return b"# EOF\n" if openmetrics else b"up 1\n"

    def fleet(self) -> dict[str, Any]:
        """Nobody."""
        return {"now": 1_760_000_000.0, "devices": []}

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
