"""Authentication of frames: COSE_Mac0 with HMAC 256/64 (RFC 9052; SPEC.md section 15)."""

from __future__ import annotations

import hashlib
import hmac

from host_bridge.core.decode import loads
from shared_schema import messages as m
from shared_schema.cbor import encode
from shared_schema.errors import AuthError, SchemaError, TooLongError

TAG = 0xD1  # the first byte of tag 17 in its shortest form
_PROTECTED = bytes.fromhex("a10104")  # {1: 4}: algorithm HMAC 256/64
_KID = 4
_TAG_BYTES = 8


class Envelope:
    """A sealed frame: `payload` is the frame, `kid` the device that it claims to be from, None if it says nothing."""

    __slots__ = ("kid", "payload", "tag")

    def __init__(self, data: bytes) -> None:
        if len(data) > m.MAX_FRAME_BYTES:
            raise TooLongError(f"a frame of {len(data)} bytes, more than {m.MAX_FRAME_BYTES}")
        item = loads(data[1:])
        if not isinstance(item, list) or len(item) != 4:
            raise SchemaError("a COSE_Mac0 is an array of 4")
        protected, header, payload, tag = item
        if protected != _PROTECTED or not isinstance(header, dict) or not header.keys() <= {_KID}:
            raise SchemaError("a COSE_Mac0 here has the protected header {1: 4} and a map of a kid at most")
        if not isinstance(payload, bytes) or not isinstance(tag, bytes) or len(tag) != _TAG_BYTES:
            raise SchemaError("payload or tag of a COSE_Mac0 is no byte string of the right length")
        self.payload, self.tag = payload, tag
        kid = header.get(_KID, b"")
        if not isinstance(kid, bytes):
            raise SchemaError("the kid of a COSE_Mac0 is no byte string")
        self.kid = kid.decode("utf-8", "replace") if header else None

    def verify(self, key: bytes, device_id: str) -> bytes:
        """The frame inside, when `key` made its tag for `device_id`; AuthError otherwise."""
        if not hmac.compare_digest(self.tag, mac(key, device_id, self.payload)):
            raise AuthError(f"{device_id}: the frame's tag is wrong")
        return self.payload


def mac(key: bytes, device_id: str, payload: bytes) -> bytes:
    """HMAC-SHA-256 over the MAC_structure, cut to 8 bytes."""
    structure = encode(["MAC0", _PROTECTED, device_id.encode(), payload], m.MAX_FRAME_BYTES + 256)
    return hmac.new(key, structure, hashlib.sha256).digest()[:_TAG_BYTES]


def seal(key: bytes, device_id: str, frame: bytes) -> bytes:
    """`frame` in its envelope, with kid."""
    body = [_PROTECTED, {_KID: device_id.encode()}, frame, mac(key, device_id, frame)]
    return bytes((TAG,)) + encode(body, m.MAX_FRAME_BYTES + 256)
