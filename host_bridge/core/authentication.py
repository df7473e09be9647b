"""Who may speak for a device that has a key (SPEC.md section 15)."""

from __future__ import annotations

from collections.abc import Mapping

from host_bridge.core.decode import decode
from host_bridge.core.envelope import TAG, Envelope
from shared_schema.errors import AuthError, IdentityError

_SEALED = bytes((TAG,))


def open_frame(data: bytes, named: str, known: str, keys: Mapping[str, bytes]) -> tuple[bytes, str]:
    """The bare frame, and the device that it is proven to be from (empty: nothing is proven, and nothing need be).

    `named` is the device that the topic names, `known` the one that the port is known for; empty if there is none.
    AuthError otherwise, IdentityError for a kid that is not the topic's device, or what decode() says of no frame.
    """
    supposed = named or known
    if data[:1] != _SEALED:
        if supposed in keys:
            decode(data)
            raise AuthError(f"{supposed} has a key, and this frame no tag")
        return data, ""
    envelope = Envelope(data)
    if named and envelope.kid is not None and envelope.kid != named:
        raise IdentityError(f"a kid {envelope.kid[:64]} on the topic of {named[:64]}")
    device_id = supposed if envelope.kid is None else envelope.kid
    key = keys.get(device_id)
    if key is None:
        raise AuthError(f"no key for {device_id[:64] or 'a board that does not say its name'}")
    return envelope.verify(key, device_id), device_id
