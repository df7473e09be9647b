"""Who the requests go to, what goes with them, and how long they may take."""

import socket
import ssl
import threading
import time
from pathlib import Path

import cramjam
import pytest

from host_bridge.options import RemoteWriteOptions
from host_bridge.sinks.remote_write.connection import MAX_TEXT_BYTES, Connection, SendError
from tests.support.remote_write import LOOPBACK, TAKEN, TLS, Receiver, Reply
from tests.support.waiting import until

EMPTY = bytes(cramjam.snappy.compress_raw(b""))


def connect(url: str, **options: object) -> Connection:
    """A connection of a bridge."""
    return Connection(RemoteWriteOptions(url, **options), "1")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "header"),
    [
        ({"username": "Aladdin", "password": "open sesame"}, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
        ({"username": "u", "password": "é"}, "Basic dTrDqQ=="),
        ({"bearer_token": "t0ken"}, "Bearer t0ken"),
    ],
)
def test_who_we_are_goes_with_each_request(options: dict[str, str], header: str) -> None:
    """RFC 7617 (with its own example) and RFC 6750; and the tenant, for Mimir."""
    with Receiver() as server:
        connection = connect(f"{server.url}?x=1", tenant="fleet", **options)
        assert connection.post(EMPTY).status == 204
        connection.close()
        (request,) = server.requests
        assert request.headers["authorization"] == header
        assert request.headers["x-scope-orgid"] == "fleet"
        assert request.path == "/api/v1/write?x=1"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_no_redirect_is_followed(status: int) -> None:
    """The password is for the server that was configured, and for nobody whom it names."""
    with Receiver() as other, Receiver() as server:
        server.answer = lambda series: Reply(status, headers={"Location": other.url})
        connection = connect(server.url, username="u", password="p")
        assert connection.post(EMPTY).status == status
        connection.close()
        assert other.requests == []


def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same: what is configured is where it goes."""
    with Receiver() as other, Receiver() as server:
        monkeypatch.setenv("http_proxy", other.url)
        connection = connect(server.url)
        assert connection.post(EMPTY).status == 204
        connection.close()
        assert other.requests == []


def test_tls_with_an_authority_of_one_s_own() -> None:
    """ca_file says whom to trust."""
    with Receiver(tls=True) as server:
        connection = connect(server.url, ca_file=str(TLS / "broker.pem"))
        assert connection.post(EMPTY).status == 204
        connection.close()


@pytest.mark.parametrize("ca_file", ["", str(TLS / "other.pem")])
def test_a_server_that_nobody_vouches_for_gets_nothing(ca_file: str) -> None:
    """No request, no password."""
    with Receiver(tls=True) as server:
        with pytest.raises(SendError, match="certificate"):
            connect(server.url, ca_file=ca_file, username="u", password="p").post(EMPTY)
        assert server.requests == []


def test_certificates_that_are_none_are_told_at_the_start(tmp_path: Path) -> None:
    """Not with the first request."""
    (tmp_path / "ca.pem").write_text("x")
    with pytest.raises(ssl.SSLError):
        connect("https://h/w", ca_file=str(tmp_path / "ca.pem"))


def test_a_connection_that_the_server_closed_meanwhile_is_no_failure() -> None:
    """Servers close what idles; the same request goes over a new one."""
    with Receiver() as server:
        connection = connect(server.url)
        server.answer = lambda series: Reply(204, headers={"Connection": "close"})
        assert connection.post(EMPTY).status == 204
        replies = [Reply(0)]
        server.answer = lambda series: TAKEN
        assert connection.post(EMPTY).status == 204
        server.answer = lambda series: replies.pop() if replies else TAKEN
        assert connection.post(EMPTY).status == 204
        connection.close()
        assert server.connections == 3


def test_a_new_connection_that_is_closed_is_a_failure() -> None:
    """Tried once: the writer has its pauses for that."""
    with Receiver(lambda series: Reply(0)) as server:
        with pytest.raises(SendError):
            connect(server.url).post(EMPTY)
        assert len(server.requests) == 1


def test_a_long_answer_is_read_only_in_part() -> None:
    """Whatever a server pours out, memory stays bounded; the next request gets its own answer."""
    with Receiver(lambda series: Reply(500, "x" * 1_000_000)) as server:
        connection = connect(server.url)
        assert connection.post(EMPTY).text == "x" * MAX_TEXT_BYTES
        server.answer = lambda series: TAKEN
        assert connection.post(EMPTY).status == 204
        connection.close()


class Dripping:
    """A server that answers one byte at a time, each in time for any timeout between bytes."""

    def __init__(self) -> None:
        self._socket = socket.create_server((LOOPBACK, 0))
        self.url = f"http://{LOOPBACK}:{self._socket.getsockname()[1]}/w"
        self.talking = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Dripping":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def _run(self) -> None:
        try:
            client, _ = self._socket.accept()
            with client:
                client.sendall(b"HTTP/1.1 200 OK\r\nX: ")
                self.talking.set()
                for _ in range(3000):
                    client.sendall(b"x")
                    time.sleep(0.02)
        except OSError:
            return


def test_the_timeout_is_of_the_whole_request() -> None:
    """Not of the pause between two bytes."""
    with Dripping() as server:
        before = time.monotonic()
        with pytest.raises(SendError, match=r"within 0\.4 s"):
            connect(server.url, timeout_s=0.4).post(EMPTY)
        assert 0.3 < time.monotonic() - before < 3


def test_abort_ends_a_request_from_another_thread_and_refuses_later_ones() -> None:
    """Stopping does not wait for a server."""
    errors: list[Exception] = []
    with Dripping() as server:
        connection = connect(server.url)

        def post() -> None:
            try:
                connection.post(EMPTY)
            except SendError as error:
                errors.append(error)

        thread = threading.Thread(target=post, daemon=True)
        thread.start()
        assert server.talking.wait(5)
        connection.abort()
        until(lambda: errors, 3)
        thread.join(3)
        with pytest.raises(SendError, match="stopping"):
            connection.post(EMPTY)


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("http://[::1]/w", ("::1", 80)), ("https://[::1]/w", ("::1", 443)), ("http://h:8428/w", ("h", 8428)),
        ("https://h/w", ("h", 443)),
    ],
)  # fmt: skip
def test_every_form_of_address_is_connected_to(
    url: str, place: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Host and port reach the socket as the URL has them, with the scheme's port where it has none."""
    asked: list[tuple[str, int]] = []

    def refuse(address: tuple[str, int], *_: object) -> socket.socket:
        asked.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", refuse)
    with pytest.raises(SendError):
        connect(url).post(EMPTY)
    assert asked == [place]
