"""Frames in their envelopes, for a board that has a key (SPEC.md section 15). Loaded there only, and takes heap for
each frame."""

import hashlib
from binascii import unhexlify

from boardpulse.compat import const
from shared_schema.cbor import encode
from shared_schema.errors import ConfigError

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from boardpulse.node import Node

_FORM = b"\xd1\x84\x43\xa1\x01\x04"  # tag 17, an array of four, the protected header {1: 4}
_KEY_BYTES = const(32)
_FILE_BYTES = const(80)  # 64 digits and the end of their line
_MAX_DOWN = const(256)  # a frame that goes down, without its envelope
_KID = const(4)
_WARNING = const(2)
# Major types.
_UINT = const(0)
_BYTES = const(2)
_ARRAY = const(4)
_MAP = const(5)


def key_of(value: "str | dict[str, str]") -> bytes:
    """The key that a configuration has as digits, or in a file. ConfigError, which does not show them."""
    try:
        if isinstance(value, str):
            key = unhexlify(value)
        else:
            with open(value["file"], "rb") as file:
                key = unhexlify(file.read(_FILE_BYTES).strip())
    except (OSError, ValueError):
        key = b""
    if len(key) != _KEY_BYTES:
        raise ConfigError([("key", "(not shown)", "the path of a file with 64 hexadecimal digits")])
    return key


class Sealing:
    """Seals and opens envelopes with a board's key. `line` is shared_schema.framing's seal() where the link is a UART:
    envelopes then say whose they are. For an Outbox: `lead` bytes are spare before a frame, for the beginning of its
    envelope, which is at most `more` bytes longer than the frame. `down` is the longest envelope from the bridge.
    """

    def __init__(self, device_id: str, key: bytes, line: "Callable[[bytearray, int, int], int] | None" = None) -> None:
        self._id = device_id.encode("utf-8")
        name = _head(len(self._id)) + self._id
        self._prefix = _FORM + (b"\xa0" if line is None else b"\xa1\x04" + name)
        self._structure = b"\x84\x64MAC0" + _FORM[2:] + name
        self._inner = bytes([byte ^ 0x36 for byte in key]) + b"\x36" * _KEY_BYTES
        self._outer = bytes([byte ^ 0x5C for byte in key]) + b"\x5c" * _KEY_BYTES
        self._line = line
        self.lead = len(self._prefix) + 3
        self.more = self.lead + 9
        self.down = _MAX_DOWN + 20 + len(name)
        self._uptime = -1
        self._told = False

    def seal(self, buf: bytearray, start: int, end: int) -> int:
        """Turn the frame at buf[start:end] into its envelope, in place, from buf[start - lead] on, and this into its
        form on a UART. Where that ends."""
        head = _head(end - start)
        tag = self._tag(head, memoryview(buf)[start:end])
        at = start - self.lead
        head = self._prefix + head
        body = at + len(head)
        if body < start:
            buf[body : body + end - start] = buf[start:end]
            end += body - start
        buf[at:body] = head
        buf[end] = 0x48
        buf[end + 1 : end + 9] = tag
        end += 9
        return end if self._line is None else self._line(buf, at, end)

    def wrap(self, frame: bytes) -> bytes:
        """The envelope of a frame, not yet in its form on a UART."""
        head = _head(len(frame))
        return b"".join((self._prefix, head, frame, b"\x48", self._tag(head, frame)))

    def hello(self, item: "list[Any]") -> bytes:
        """The envelope of a hello. Its uptime is greater than the last one's: a bridge takes an equal one for a
        replay."""
        self._uptime = item[3] = max(item[3], self._uptime + 1)
        return self.wrap(encode(item))

    def receive(self, node: "Node", data: bytes) -> bytes:
        """The frame in an envelope from the bridge. Empty for what is none; that is counted, and told once."""
        frame = self.unwrap(data)
        if not frame:
            node.link.errors += 1
            if not self._told:
                self._told = True
                node.link_report(_WARNING, "refused what came without the right tag")
        return frame

    def unwrap(self, data: bytes) -> bytes:
        """The frame in an envelope of any well-formed encoding; empty when it has another form, or a wrong tag."""
        kid, label = self._id, _KID
        try:
            parts, _, at = _item(data, 1, _ARRAY)
            _, protected, at = _item(data, at, _BYTES)
            pairs, _, at = _item(data, at, _MAP)
            if pairs:
                label, _, at = _item(data, at, _UINT)
                _, kid, at = _item(data, at, _BYTES)
            length, frame, at = _item(data, at, _BYTES)
            _, tag, at = _item(data, at, _BYTES)
        except IndexError:
            return b""
        if data[0] != _FORM[0] or parts != 4 or protected != _FORM[3:] or pairs > 1 or at != len(data):
            return b""
        if label != _KID or kid != self._id or len(tag) != 8:
            return b""
        wrong = 0
        for one, other in zip(tag, self._tag(_head(length), frame)):  # in the same time, wherever they differ
            wrong |= one ^ other
        return b"" if wrong else frame

    def _tag(self, head: bytes, frame: "bytes | memoryview") -> bytes:
        """HMAC-SHA-256 by RFC 2104, cut. MicroPython's hashes cannot be copied, so that both halves of the key are
        hashed each time."""
        inner = hashlib.sha256(self._inner)
        inner.update(self._structure)
        inner.update(head)
        inner.update(frame)
        outer = hashlib.sha256(self._outer)
        outer.update(inner.digest())
        return outer.digest()[:8]


def _head(length: int) -> bytes:
    """What stands before a byte string."""
    if length < 24:
        return bytes((0x40 | length,))
    return bytes((0x58, length)) if length < 256 else bytes((0x59, length >> 8, length & 255))


def _item(data: bytes, at: int, kind: int) -> "tuple[int, bytes, int]":
    """(argument, a byte string's contents, where the next item begins) of the head at `at`, which is to be of a major
    type. IndexError for another, and where the data ends."""
    first = data[at]
    n = first & 31
    at += 1
    if first >> 5 != kind or n > 27:
        raise IndexError
    if n > 23:
        end = at + (1 << n - 24)
        n = 0
        while at < end:
            n = n << 8 | data[at]
            at += 1
    if kind != _BYTES:
        return n, b"", at
    if n > len(data) - at:
        raise IndexError
    return n, data[at : at + n], at + n
