"""The bridge's own code for envelopes on the vectors of auth.json."""

import json
from typing import Any

import pytest

from host_bridge.core.authentication import open_frame
from host_bridge.core.decode import decode
from host_bridge.core.envelope import Envelope, mac, seal
from shared_schema.errors import PeerError
from tests.contract.make_vectors import FOLDER

VECTORS = json.loads((FOLDER / "auth.json").read_text(encoding="utf-8"))["vectors"]
GOOD = [pytest.param(vector, id=vector["name"]) for vector in VECTORS if "reason" not in vector]
BAD = [pytest.param(vector, id=vector["name"]) for vector in VECTORS if "reason" in vector]


@pytest.mark.parametrize("vector", GOOD)
def test_opens(vector: dict[str, Any]) -> None:
    """Every good envelope gives its frame, in either direction; its tag is the one that the bridge computes."""
    key, device_id, payload = bytes.fromhex(vector["key"]), vector["device_id"], bytes.fromhex(vector["payload"])
    envelope = Envelope(bytes.fromhex(vector["hex"]))
    assert envelope.kid == vector["kid"]
    assert envelope.verify(key, device_id) == payload
    assert mac(key, device_id, payload).hex() == vector["tag"]


@pytest.mark.parametrize("vector", [one for one in GOOD if one.values[0]["kid"]])  # type: ignore[index, call-overload]
def test_seals(vector: dict[str, Any]) -> None:
    """What the bridge seals has a kid, and these bytes."""
    sealed = seal(bytes.fromhex(vector["key"]), vector["device_id"], bytes.fromhex(vector["payload"]))
    assert sealed.hex() == vector["hex"]


@pytest.mark.parametrize("vector", BAD)
def test_refuses(vector: dict[str, Any]) -> None:
    """Every other, on the device's topic, with its reason."""
    device_id = vector["device_id"]
    with pytest.raises(PeerError) as caught:
        decode(open_frame(bytes.fromhex(vector["hex"]), device_id, "", {device_id: bytes.fromhex(vector["key"])})[0])
    assert caught.value.reason == vector["reason"]
