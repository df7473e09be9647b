"""The bytes of boardpulse's frames, written from shared_schema/SPEC.md and its vectors alone: see stranger.py."""

import hashlib
import hmac
import zlib
from itertools import pairwise
from typing import Any

SPECIALS = {"nan": b"\xf9\x7e\x00", "inf": b"\xf9\x7c\x00", "-inf": b"\xf9\xfc\x00"}
SIMPLE = {20: False, 21: True, 22: None}
PROTECTED = bytes.fromhex("a10104")
MAX_DEPTH = 8


class Refused(Exception):
    """A down frame that is of no use. The reason is a word of section 17."""


# Sections 1 and 4: CBOR, columns and times


def _head(major: int, n: int) -> bytes:
    size = next(size for size in (0, 1, 2, 4, 8) if n < (1 << 8 * size if size else 24))
    return bytes([major << 5 | (23 + size.bit_length() if size else n)]) + n.to_bytes(8, "big")[8 - size :]


def encode(item: Any) -> bytes:
    """Deterministic CBOR."""
    if item is None or isinstance(item, bool):
        return b"\xf6" if item is None else b"\xf5" if item else b"\xf4"
    if isinstance(item, int):
        return _head(0, item) if item >= 0 else _head(1, -1 - item)
    if isinstance(item, float):
        return SPECIALS[str(item)]
    if isinstance(item, bytes):
        return _head(2, len(item)) + item
    if isinstance(item, str):
        return _head(3, len(item.encode())) + item.encode()
    if isinstance(item, dict):
        return _head(5, len(item)) + b"".join(k + v for k, v in sorted((encode(k), encode(v)) for k, v in item.items()))
    return _head(4, len(item)) + b"".join(map(encode, item))


def decode(data: bytes) -> Any:
    """One item with definite lengths, its heads as long as they like. Down frames hold no floats, so none is taken."""
    item, end = _item(data, 0, 0)
    if end != len(data):
        raise Refused("cbor")
    return item


def _item(data: bytes, at: int, depth: int) -> tuple[Any, int]:
    major, n = (data[at] >> 5, data[at] & 31) if at < len(data) else (7, 31)
    size = 1 << n - 24 if 24 <= n <= 27 and major < 6 else 0
    at += 1 + size
    if at > len(data) or major == 6 or (n > 23 and not size) or (major == 7 and n not in SIMPLE):
        raise Refused("cbor")
    if major == 7:
        return SIMPLE[n], at
    n = int.from_bytes(data[at - size : at], "big") if size else n
    if major < 2:
        return (-1 - n if major else n), at
    if n > len(data) - at or (major > 3 and depth == MAX_DEPTH):
        raise Refused("cbor")
    if major < 4:
        try:
            return (data[at : at + n] if major == 2 else data[at : at + n].decode()), at + n
        except UnicodeDecodeError:
            raise Refused("cbor") from None
    items = []
    for _ in range(n if major == 4 else 2 * n):
        item, at = _item(data, at, depth + 1)
        items.append(item)
    if major == 4:
        return items, at
    keys = items[::2]
    if any(isinstance(key, bool) or not isinstance(key, int | str) for key in keys) or len(set(keys)) < n:
        raise Refused("cbor")
    return dict(zip(keys, items[1::2], strict=True)), at


def column(values: list[Any]) -> Any:
    """A column of a samples frame."""
    if len({repr(value) for value in values}) == 1:
        return values[0]
    out, last = [], 0
    for value in values:
        out.append(value - last if isinstance(value, int) else value)
        last = value if isinstance(value, int) else last
    return out


def times(instants: list[int], interval_ms: int) -> Any:
    """The times of a samples frame."""
    gaps = [b - a - interval_ms for a, b in pairwise(instants)]
    return gaps if any(gaps) else len(instants)


# Sections 13 and 15: the line and the envelope


def to_line(frame: bytes) -> bytes:
    """A frame on a UART."""
    out, blocks = b"", (frame + zlib.crc32(frame).to_bytes(4, "little")).split(b"\0")
    for block in blocks:
        full, rest = divmod(len(block), 254)
        out += b"".join(b"\xff" + block[254 * i : 254 * i + 254] for i in range(full))
        if rest or not full or block is not blocks[-1]:
            out += bytes([rest + 1]) + block[254 * full :]
    return b"\0" + out + b"\0"


def from_line(chunk: bytes) -> bytes:
    """The frame between two zeros."""
    out, at = b"", 0
    while at < len(chunk):
        code = chunk[at]
        if at + code > len(chunk):
            raise Refused("framing")
        out += chunk[at + 1 : at + code] + b"\0" * (code < 255 and at + code < len(chunk))
        at += code
    if len(out) < 6:
        raise Refused("framing")
    if zlib.crc32(out[:-4]).to_bytes(4, "little") != out[-4:]:
        raise Refused("crc")
    return out[:-4]


def _tag(key: bytes, device_id: str, payload: bytes) -> bytes:
    return hmac.digest(key, encode(["MAC0", PROTECTED, device_id.encode(), payload]), hashlib.sha256)[:8]


def seal(key: bytes, device_id: str, payload: bytes, *, kid: bool = True) -> bytes:
    """A frame in its COSE_Mac0."""
    named = {4: device_id.encode()} if kid else {}
    return b"\xd1" + encode([PROTECTED, named, payload, _tag(key, device_id, payload)])


def unseal(key: bytes, device_id: str, data: bytes) -> bytes:
    """The frame in an envelope; without a key, the frame itself."""
    sealed = data[:1] == b"\xd1"
    item = decode(data[sealed:])
    if sealed != bool(key):
        raise Refused("auth")
    if not sealed:
        return data
    if not isinstance(item, list) or len(item) != 4 or item[0] != PROTECTED or not isinstance(item[1], dict):
        raise Refused("schema")
    if not isinstance(item[2], bytes) or not isinstance(item[3], bytes) or len(item[3]) != 8:
        raise Refused("schema")
    if item[1].get(4, device_id.encode()) != device_id.encode():
        raise Refused("identity")
    if not hmac.compare_digest(item[3], _tag(key, device_id, item[2])):
        raise Refused("auth")
    return item[2]
