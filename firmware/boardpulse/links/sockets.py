"""TCP and TLS connections as streams for links.mqtt. Nothing here blocks but the look-up of a name."""

import socket
from binascii import a2b_base64

from boardpulse.compat import MICROPYTHON, const

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from typing import Any

if MICROPYTHON:
    import select
else:
    import ssl

_TCP = const(6)
_NODELAY = const(1)
# A connection is on its way: EINPROGRESS of Linux, of macOS, and of lwIP.
_IN_PROGRESS = (115, 36, 119)


def open_socket(options: "dict[str, Any]") -> "MicroPythonSocket | HostSocket":
    """A connection to options["host"] and ["port"], with TLS if ["tls"] says so. OSError when it cannot even be
    begun."""
    kind = MicroPythonSocket if MICROPYTHON else HostSocket
    return kind(options["host"], options["port"], options["tls"])


def certificate(path: str) -> bytes:
    """The first certificate in a file, as DER: few boards' TLS reads PEM. OSError when there is none."""
    with open(path, "rb") as file:
        data = file.read()
    start = data.find(b"-----BEGIN CERTIFICATE-----")
    if start < 0:
        return data
    end = data.find(b"-----END", start)
    if end < 0:
        raise OSError("%s ends within a certificate" % path)
    return a2b_base64(data[start + 27 : end])


def _begin(host: str, port: int) -> "Any":
    """A socket that is connecting."""
    address = socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)[0]
    sock = socket.socket(address[0], socket.SOCK_STREAM)
    sock.setblocking(False)
    try:
        sock.setsockopt(_TCP, _NODELAY, 1)  # a frame shall leave at once, not when the one before was acknowledged
    except OSError:
        pass  # some ports have no such option; frames then travel a little later
    try:
        sock.connect(address[-1])
    except OSError as error:
        if error.errno not in _IN_PROGRESS:
            sock.close()
            raise
    return sock


class MicroPythonSocket:
    """A connection on MicroPython."""

    def __init__(self, host: str, port: int, tls: "bool | str") -> None:
        self._host = host
        self._tls = tls
        self._sock = _begin(host, port)
        self._stream: Any = None
        self._poll: Any = select.poll()
        self._poll.register(self._sock, select.POLLOUT)

    def _connected(self) -> bool:
        for ready in self._poll.ipoll(0):
            if ready[1] & (select.POLLERR | select.POLLHUP):
                raise OSError("the connection is refused")
            self._poll.unregister(self._sock)
            self._stream = self._wrap() if self._tls else self._sock
            return True
        return False

    def _wrap(self) -> "Any":
        import ssl

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        # Without a certificate there is nothing to check against: a board has no list of authorities.
        context.verify_mode = ssl.CERT_NONE
        if isinstance(self._tls, str):
            context.load_verify_locations(cadata=certificate(self._tls))
            context.verify_mode = ssl.CERT_REQUIRED  # MicroPython's default is to check nothing
        return context.wrap_socket(self._sock, server_hostname=self._host, do_handshake_on_connect=False)

    def write(self, buf: "bytearray | bytes", offset: int, length: int) -> "int | None":
        """Bytes that were taken; None while it is connecting, or full."""
        if self._stream is None and not self._connected():
            return None
        return self._stream.write(buf, offset, length)  # type: ignore[no-any-return]

    def readinto(self, buf: bytearray) -> "int | None":
        """Bytes that were read, 0 at the end; None for none."""
        return None if self._stream is None else self._stream.readinto(buf)

    def close(self) -> None:
        """Close the connection."""
        (self._stream or self._sock).close()


class HostSocket:
    """A connection on CPython."""

    def __init__(self, host: str, port: int, tls: "bool | str") -> None:
        self._sock: Any = _begin(host, port)
        self._shaken = not tls
        if tls:
            trusted = certificate(tls) if isinstance(tls, str) else None
            context = ssl.create_default_context(cadata=trusted)
            self._sock = context.wrap_socket(self._sock, server_hostname=host, do_handshake_on_connect=False)

    def write(self, buf: "bytearray | bytes", offset: int, length: int) -> "int | None":
        """Bytes that were taken; None while it is connecting, or full."""
        try:
            if not self._shaken:
                self._sock.do_handshake()
                self._shaken = True
            return self._sock.send(memoryview(buf)[offset : offset + length])  # type: ignore[no-any-return]
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None
        except OSError as error:
            if error.errno in (11, 107, 57):  # EAGAIN; ENOTCONN of Linux and macOS: still connecting
                return None
            raise

    def readinto(self, buf: bytearray) -> "int | None":
        """Bytes that were read, 0 at the end; None for none."""
        try:
            return self._sock.recv_into(buf) if self._shaken else None
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None
        except OSError as error:
            if error.errno in (107, 57):
                return None
            raise

    def close(self) -> None:
        """Close the connection."""
        self._sock.close()
