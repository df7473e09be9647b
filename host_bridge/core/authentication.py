"""Who may speak for a device that has a key (SPEC.md section 15)."""

from __future__ import annotations

from collections.abc import Mapping

from host_bridge.core.envelope import TAG, Envelope
from shared_schema.errors import AuthError

_SEALED = bytes((TAG,))


def open_frame(data: bytes, supposed: str, keys: Mapping[str, bytes]) -> tuple[bytes, str]:
    """The bare frame, and the device that it is proven to be from (empty: nothing is proven, and nothing need be).

    `supposed` is the device that the topic names, or that the port is known for; empty if neither. AuthError otherwise.
    """
    if data[:1] != _SEALED:
        if supposed in keys:
            raise AuthError(f"{supposed} has a key, and this frame no tag")
        return data, ""
    envelope = Envelope(data)
    device_id = envelope.kid or supposed
    key = keys.get(device_id)
    if key is None:
        raise AuthError(f"no key for {device_id[:64] or 'a board that does not say its name'}")
    return envelope.verify(key, device_id), device_id
