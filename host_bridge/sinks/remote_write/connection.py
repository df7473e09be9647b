"""One HTTP connection to the server, with a bound on everything that it may do."""

from __future__ import annotations

import base64
import http.client
import socket
import ssl
import threading
from urllib.parse import urlsplit

from host_bridge.options import RemoteWriteOptions
from host_bridge.sinks.remote_write.answer import Answer

MAX_TEXT_BYTES = 4096  # of an answer's body; what is longer is not about our samples


class SendError(Exception):
    """No answer came. The text says why."""


class Connection:
    """POSTs to options.url, on one thread, and keeps the connection between requests. abort() is for any thread.

    It follows no redirect: what goes with a request, a password above all, is for the configured server alone.
    """

    def __init__(self, options: RemoteWriteOptions, version: str) -> None:
        """OSError or ValueError when the certificates cannot be used."""
        parts = urlsplit(options.url)
        self._host, self._port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        self._target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._timeout_s = options.timeout_s
        self._headers = request_headers(options, version)
        self._tls = ssl.create_default_context(cafile=options.ca_file or None) if parts.scheme == "https" else None
        self._link: http.client.HTTPConnection | None = None
        self._lock = threading.Lock()  # of the next two
        self._socket: socket.socket | None = None
        self._aborted = False

    def post(self, body: bytes) -> Answer:
        """The answer to a request. SendError when there is none within the time that the options give it."""
        overdue = threading.Event()
        timer = threading.Timer(self._timeout_s, self._expire, (overdue,))
        timer.daemon = True
        timer.start()
        try:
            answer = self._post_again_if_stale(body, overdue)
            if self._aborted or overdue.is_set():  # http.client takes headers that were cut off for whole ones
                raise OSError("cut off")
            return answer
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            late = f"no answer within {self._timeout_s:g} s: " if overdue.is_set() else ""
            raise SendError(late + (str(error) or type(error).__name__)) from error
        finally:
            timer.cancel()

    def abort(self) -> None:
        """End the request in hand, and refuse later ones."""
        with self._lock:
            self._aborted = True
        self._cut()

    def close(self) -> None:
        """Close the connection; post() opens another one."""
        with self._lock:
            self._socket = None
        if self._link is not None:
            self._link.close()
            self._link = None

    def _post_again_if_stale(self, body: bytes, overdue: threading.Event) -> Answer:
        """A server closes a connection that idles whenever it likes: that is no failure, and a new one shows it."""
        kept = self._link is not None
        try:
            return self._post(body)
        except (ConnectionError, http.client.BadStatusLine):
            if not kept or self._aborted or overdue.is_set():
                raise
            self.close()
            return self._post(body)

    def _post(self, body: bytes) -> Answer:
        link = self._link or self._open()
        link.request("POST", self._target, body, self._headers)
        response = link.getresponse()
        text = response.read(MAX_TEXT_BYTES).decode(errors="replace")
        answer = Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, text)
        if not response.isclosed() or response.will_close:
            self.close()
        return answer

    def _open(self) -> http.client.HTTPConnection:
        if self._tls is not None:
            link: http.client.HTTPConnection = http.client.HTTPSConnection(
                self._host, self._port, timeout=self._timeout_s, context=self._tls
            )
        else:
            link = http.client.HTTPConnection(self._host, self._port, timeout=self._timeout_s)
        link.connect()
        with self._lock:
            if self._aborted:
                link.close()
                raise SendError("stopping")
            self._link, self._socket = link, link.sock
        return link

    def _expire(self, overdue: threading.Event) -> None:
        overdue.set()
        self._cut()

    def _cut(self) -> None:
        """Wake the thread that waits for the server."""
        with self._lock:
            if self._socket is not None:
                try:
                    # Not that of SSLSocket, which would forget its keys while the other thread uses them.
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
                except OSError:  # it is closed already
                    return


def request_headers(options: RemoteWriteOptions, version: str) -> dict[str, str]:
    """Those of remote write 1.0, and who we are."""
    headers = {
        "Content-Encoding": "snappy",
        "Content-Type": "application/x-protobuf",
        "User-Agent": f"boardpulse/{version}",
        "X-Prometheus-Remote-Write-Version": "0.1.0",
    }
    if options.bearer_token:
        headers["Authorization"] = f"Bearer {options.bearer_token}"
    elif options.username:
        pair = base64.b64encode(f"{options.username}:{options.password}".encode()).decode()
        headers["Authorization"] = f"Basic {pair}"
    if options.tenant:
        headers["X-Scope-OrgID"] = options.tenant
    return headers
