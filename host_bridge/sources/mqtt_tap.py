"""A broker's socket, as paho sees it without the messages.

paho takes three system calls and some hundred lines for each message that comes. Nearly all that comes is messages, so
they are taken out of the stream here, many with one call, and confirmed many with one call; everything else, which is
what a client library is for, goes through as if nobody was between: connecting, TLS, subscribing, publishing, pings.
One thread owns the Tap and its client.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from typing import Any, NamedTuple

import paho.mqtt.client as paho

from shared_schema.messages import MAX_FRAME_BYTES

CHUNK = 65_536  # bytes that are read at once
MAX_CHUNKS = 16  # before what came is taken; a TLS record is a quarter of a chunk at most
MAX_TOPIC = 65_535  # bytes, by MQTT
# Of a longer message the topic is of interest alone, and it never stands in memory as a whole. The broker may send up
# to 256 MB.
MAX_KEPT = MAX_FRAME_BYTES + MAX_TOPIC + 4
_PUBLISH = 3
_PUBACK = b"\x40\x02"
_WOULD_BLOCK = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Message(NamedTuple):
    """A PUBLISH. `size` is that of its payload, which is empty when it is longer than MAX_FRAME_BYTES. `mid`: 0 with
    QoS 0."""

    topic: bytes
    payload: bytes
    size: int
    qos: int
    dup: bool
    retain: bool
    mid: int


class TappedClient(paho.Client):
    """paho's client, whose socket is a Tap."""

    @property
    def tap(self) -> Tap | None:
        """Of the present connection."""
        found: Any = self.socket()
        return found if isinstance(found, Tap) else None

    def _create_socket(self) -> Any:
        return Tap(super()._create_socket())


class Tap:
    """Between a socket and paho. fill() reads, packets() gives what was read, confirm() and flush() write."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._tls = isinstance(inner, ssl.SSLSocket)
        self._buf = b""
        self._at = 0
        self._skip = 0  # bytes still to come of a message that is too long
        self._for_paho = bytearray()
        self._end: OSError | bool = False  # True: the other side has closed; an error: what broke
        self._confirms = bytearray()
        self._begun = b""  # confirmations of which a part was written: nothing may come between

    # paho's side

    def fileno(self) -> int:
        """For select()."""
        return int(self._inner.fileno())

    def setblocking(self, blocking: bool) -> None:
        """As a socket's."""
        self._inner.setblocking(blocking)

    def close(self) -> None:
        """As a socket's."""
        self._inner.close()

    def recv(self, size: int) -> bytes:
        """Of the packets that are paho's; BlockingIOError when there is none."""
        if self._for_paho:
            out = bytes(self._for_paho[:size])
            del self._for_paho[:size]
            return out
        if isinstance(self._end, OSError):
            raise self._end
        if self._end:
            return b""
        raise BlockingIOError

    def send(self, data: bytes) -> int:
        """As a socket's; never into the middle of a confirmation."""
        if self._begun and not self._write_begun():
            raise BlockingIOError
        return int(self._inner.send(data))

    # Our side

    def pending(self) -> bool:
        """Whether there is something to read that select() does not know of."""
        return self._tls and self._inner.pending() > 0

    def fill(self) -> bool:
        """Read what is there, without waiting, up to MAX_CHUNKS times CHUNK. An end is what paho finds. Whether there
        may be more."""
        for _ in range(MAX_CHUNKS):
            try:
                chunk = self._inner.recv(CHUNK)
            except _WOULD_BLOCK:
                return False
            except OSError as error:
                self._end = error
                return False
            if not chunk:
                self._end = True
                return False
            skipped = min(self._skip, len(chunk))
            self._skip -= skipped
            self._buf = self._buf[self._at :] + chunk[skipped:]
            self._at = 0
            if not self._tls:
                return len(chunk) == CHUNK
        return True

    def packets(self) -> Iterator[Message | None]:
        """What was read: each message; None for each packet that is paho's, which is to read it before the next, and
        for the end."""
        while (found := self._next()) is not None:
            head, body, stop = found
            message = self._message(head, body, stop) if head >> 4 == _PUBLISH else None
            if stop > len(self._buf):
                if not self._begins_too_long(message, body, stop):
                    break
            elif message is None:
                self._for_paho += self._buf[self._at : stop]
            self._skip = max(0, stop - len(self._buf))
            self._at = min(stop, len(self._buf))
            yield message
        if self._end:
            yield None

    def _next(self) -> tuple[int, int, int] | None:
        """First byte, beginning of the body and end of the packet that is next; None as long as these are not here."""
        buf, at = self._buf, self._at + 1
        length = shift = 0
        while at < len(buf):
            byte = buf[at]
            at += 1
            length |= (byte & 127) << shift
            if byte < 128:
                stop = at + length
                return (buf[self._at], at, stop) if stop <= len(buf) or len(buf) - at >= MAX_TOPIC + 4 else None
            shift += 7
            if shift == 28:
                self._broken("a packet whose length breaks MQTT")
                break
        return None

    def _message(self, head: int, at: int, stop: int) -> Message | None:
        """A PUBLISH; None for one that paho is to judge: with QoS 2, which nobody asked for, or malformed."""
        buf, qos = self._buf, head >> 1 & 3
        text = at + 2
        at = text + (buf[at] << 8 | buf[at + 1]) if stop >= text else stop + 1
        start = at + 2 if qos else at
        if qos > 1 or start > stop:
            return None
        mid = buf[at] << 8 | buf[at + 1] if qos else 0
        size = stop - start
        payload = buf[start:stop] if size <= MAX_FRAME_BYTES else b""
        return Message(buf[text:at], payload, size, qos, head & 8 > 0, head & 1 > 0, mid)

    def _begins_too_long(self, message: Message | None, body: int, stop: int) -> bool:
        """Whether a packet that is not all here is a message of which the rest is to be passed over."""
        if stop - body <= MAX_KEPT:
            return False
        if message is None:
            self._broken(f"a packet of {stop - body} bytes that nobody asked for")
        return message is not None

    def _broken(self, what: str) -> None:
        self._buf, self._at = b"", 0
        self._end = ConnectionError("the broker sent " + what)

    def confirm(self, mid: int) -> None:
        """Have a message of QoS 1 confirmed by the next flush()."""
        self._confirms += _PUBACK + mid.to_bytes(2, "big")

    @property
    def wants_write(self) -> bool:
        """Whether confirmations wait."""
        return bool(self._confirms or self._begun)

    def flush(self) -> None:
        """Write confirmations, as far as the socket takes them. Not while paho has written a part of a packet."""
        if self._begun and not self._write_begun():
            return
        if self._confirms:
            self._begun, self._confirms = bytes(self._confirms), bytearray()
            self._write_begun()

    def _write_begun(self) -> bool:
        """Whether all of it could be written. What breaks is found by the next read."""
        try:
            self._begun = self._begun[self._inner.send(self._begun) :]
        except _WOULD_BLOCK:
            return False
        except OSError as error:
            self._end = error
            self._begun = b""
        return not self._begun
