"""auth.json: frames in a COSE_Mac0 (SPEC.md section 15), computed with Python's hashlib."""

# ruff: noqa: E501  # a table: one vector is one or two lines

import hashlib
import hmac
from typing import Any

from tests.contract.sources import BOOT, Vector, group, hello, samples, up
from tests.support import reference_wire as wire
from tests.support.reference_cbor import Tagged, dumps

KEY = bytes(range(32))
OTHER_KEY = bytes(range(1, 33))
DEVICE = "esp32-kitchen"
PROTECTED = bytes.fromhex("a10104")


def tag(payload: bytes, key: bytes = KEY, device_id: str = DEVICE) -> bytes:
    """HMAC 256/64 over the MAC_structure of RFC 9052 §6.3."""
    structure = dumps(["MAC0", PROTECTED, device_id.encode(), payload])
    return hmac.new(key, structure, hashlib.sha256).digest()[:8]


def envelope(payload: bytes, mac: bytes, kid: Any = None, protected: bytes = PROTECTED, number: int = 17) -> bytes:
    """The frame as it travels."""
    return dumps(Tagged(number, [protected, {} if kid is None else {4: kid}, payload, mac]))


def good(name: str, why: str, meaning: wire.Meaning, kid: bytes | None = None, way: str = "up") -> Vector:
    """An authenticated frame."""
    payload = wire.frame(meaning)
    out: Vector = {"name": name, "why": why, "way": way, "key": KEY.hex(), "device_id": DEVICE}
    out |= {"hex": envelope(payload, tag(payload), kid).hex(), "kid": kid.decode() if kid else None}
    return out | {"payload": payload.hex(), "tag": tag(payload).hex(), "meaning": meaning}


def bad(name: str, why: str, frame: bytes, device_id: str = DEVICE, reason: str = "auth") -> Vector:
    """A frame that a receiver with the key refuses."""
    out = {"name": name, "why": why, "way": "up", "key": KEY.hex(), "device_id": device_id, "reason": reason}
    return out | {"hex": frame.hex()}


def vectors() -> list[Vector]:
    """Everything in auth.json."""
    ack = {"kind": "ack", "boot": BOOT, "next": 4}
    reset = {"kind": "reset", "boot": BOOT, "command": 1, "mode": 0}
    kid = DEVICE.encode()
    payload = wire.frame(samples([[2150]]))
    mac = tag(payload)
    other = wire.frame(samples([[2151]]))
    flipped = bytes([mac[0] ^ 1]) + mac[1:]
    return [
        good("auth_hello", "kid names the device where the transport does not", hello([group(1000, 1, 3)]), kid)
        | {"defaults": {"cadence_ms": 1000}},
        good("auth_samples", "MQTT's topic names the device: no kid", samples([[2150]])),
        good("auth_samples_with_kid", "kid may stand there", samples([[2150]]), kid),
        good("auth_long_payload", "a payload with a head of three bytes", up("event", type=0, severity=1, message="m" * 300)),
        good("auth_ack", "down", ack, way="down"),
        good("auth_reset", "down", reset, kid, way="down"),
        bad("auth_missing", "a bare frame of a device that has a key", payload),
        bad("auth_tag_flipped", "one bit of the tag differs", envelope(payload, flipped)),
        bad("auth_tag_of_other_payload", "another frame under the tag", envelope(other, mac)),
        bad("auth_wrong_key", "made with another key", envelope(payload, tag(payload, OTHER_KEY))),
        bad("auth_other_device", "made for another device: its id is part of what the tag covers",
            envelope(payload, tag(payload, device_id="esp32-cellar"))),
        bad("auth_kid_of_other_device", "names a device that is not the transport's", envelope(payload, mac, b"esp32-cellar"),
            reason="identity"),
        bad("auth_tag_7_bytes", "cut too short", envelope(payload, mac[:7]), reason="schema"),
        bad("auth_tag_full", "HMAC 256/256, not cut", envelope(payload, hmac.new(
            KEY, dumps(["MAC0", PROTECTED, kid, payload]), hashlib.sha256).digest()), reason="schema"),
        bad("auth_algorithm_5", "names another algorithm", envelope(payload, mac, protected=bytes.fromhex("a10105")), reason="schema"),
        bad("auth_tag_18", "COSE_Sign1's tag", envelope(payload, mac, number=18), reason="cbor"),
        bad("auth_no_array", "a text under the tag", dumps(Tagged(17, "x")), reason="schema"),
        bad("auth_three_elements", "no tag in it", dumps(Tagged(17, [PROTECTED, {}, payload])), reason="schema"),
        bad("auth_payload_null", "detached content", dumps(Tagged(17, [PROTECTED, {}, None, mac])), reason="schema"),
        bad("auth_trailing_byte", "a byte after the item", envelope(payload, mac) + b"\0", reason="cbor"),
        bad("auth_twice", "an envelope in an envelope", envelope(envelope(payload, mac), tag(envelope(payload, mac))),
            reason="cbor"),
        bad("auth_payload_no_frame", "authentic, but not a frame", envelope(b"\x80", tag(b"\x80")), reason="schema"),
    ]  # fmt: skip
