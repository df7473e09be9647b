"""Device ids, shards and topics."""

import pytest

from shared_schema import messages as m
from shared_schema.errors import IdentityError


@pytest.mark.parametrize("device_id", ["a", "A-Z.a_z:0-9", "x" * 64, "pico:28:cd:c1:00:00:01"])
def test_good_device_ids(device_id: str) -> None:
    """1 to 64 of the allowed characters."""
    assert m.check_device_id(device_id) == device_id


@pytest.mark.parametrize(
    "device_id", ["", "x" * 65, "a b", "a/b", "a+", "#", 'a"', "a\n", "a\0", "ü", "٣", None, 7, b"a", ["a"]]
)
def test_bad_device_ids(device_id: object) -> None:
    """Everything else, digits of other scripts included."""
    with pytest.raises(IdentityError):
        m.check_device_id(device_id)


def test_a_very_long_device_id_is_cut_in_the_message() -> None:
    """What a peer sends does not fill a log."""
    with pytest.raises(IdentityError) as caught:
        m.check_device_id("x" * 10000)
    assert len(str(caught.value)) < 160


def test_shards_are_spread() -> None:
    """A fleet of a thousand uses all 64 shards."""
    assert len({m.shard(f"board-{i:04}") for i in range(1000)}) == m.SHARDS


def test_topic() -> None:
    """The example that SPEC.md's rule gives for CRC-32("esp32-kitchen") = 0x27e1999a."""
    assert m.topic("esp32-kitchen", "up") == "boardpulse/v1/1a/esp32-kitchen/up"
