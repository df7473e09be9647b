"""Long answers in blocks."""

from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_bridge.options import HttpOptions
from host_bridge.web.blocks import BLOCK_BYTES, in_blocks
from host_bridge.web.server import HttpServer

LONG = [b"%07d\n" % i * 500 for i in range(1_000)]  # 4 MB: more than a socket takes at once


class Pages:
    """A page of several megabytes."""

    version = "0.1.0"

    def metrics(self, openmetrics: bool) -> list[bytes]:
        """The page."""
        return LONG

    def fleet(self) -> dict[str, Any]:
        """Nobody."""
        return {"now": 1_760_000_000.0, "history": "ok", "devices": []}

    def health(self) -> tuple[bool, dict[str, Any]]:
        """Well."""
        return True, {}


@pytest.fixture
def connection() -> Iterator[HTTPConnection]:
    """To a server that has the page."""
    server = HttpServer(HttpOptions("127.0.0.1", 0), Pages())
    server.start()
    connection = HTTPConnection(*server.address, timeout=10)
    try:
        yield connection
    finally:
        connection.close()
        server.stop()


@given(st.lists(st.binary(max_size=3).map(lambda piece: piece * 20_000), max_size=20))
def test_blocks_are_the_same_bytes_and_neither_small_nor_all_in_one(pieces: list[bytes]) -> None:
    """Only the last may be smaller than BLOCK_BYTES; none is longer than that and a piece."""
    blocks = list(in_blocks(pieces))
    assert b"".join(blocks) == b"".join(pieces)
    assert all(len(block) >= BLOCK_BYTES for block in blocks[:-1])
    assert all(len(block) < BLOCK_BYTES + 60_000 for block in blocks)


def test_a_page_of_megabytes_arrives_whole_and_the_connection_goes_on(connection: HTTPConnection) -> None:
    """Its length is in the header, so that a scrape that was cut off is known to be; then the next page comes."""
    for _ in range(2):
        connection.request("GET", "/metrics")
        answer = connection.getresponse()
        assert int(answer.headers["Content-Length"]) == sum(map(len, LONG))
        assert answer.read() == b"".join(LONG)


def test_the_head_of_a_long_page_comes_alone(connection: HTTPConnection) -> None:
    """A HEAD is answered with the length, without the page, and the connection goes on."""
    connection.request("HEAD", "/metrics")
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (200, b"")
    connection.request("GET", "/healthz")
    assert connection.getresponse().status == 200
