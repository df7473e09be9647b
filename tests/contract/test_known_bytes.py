"""Vectors against bytes written by hand from SPEC.md and RFC 8949, so that no encoder has the last word."""

import json
import zlib

import pytest

from tests.contract.make_vectors import FOLDER
from tests.contract.run_vectors import hmac_sha256

# 19 3039 is the boot id 12345.
FRAMES = {
    "hello_minimal": """
        85                                          an array of five
        01 193039 00 00                             hello, boot, seq 0, uptime 0
        a5                                          a map of five
        00 01                                       wire: 1
        01 6d 65737033322d6b69746368656e            device_id: esp32-kitchen
        02 65 6573703332                            platform: esp32
        03 00                                       declaration: 0
        04 81 83 1903e8 01 81 03                    groups: one of [1000, 1, [3]]""",
    "samples_single": """
        88
        02 193039 00 191388                         samples, boot, seq 0, uptime 5000
        00 00 01                                    declaration 0, group 0, one sample
        190866                                      2150: 21.50 °C""",
    "samples_batch": """
        88 02 193039 00 191388 00 00 0a             ten samples
        8a 190866 01 00 21 01 05 05 00 20 20        2150, then differences 1, 0, -2, 1, 5, 5, 0, -1, -1""",
    "samples_constant_columns": """
        8d 02 193039 00 191388 00 00 04
        07 f6 f97e00 00 f97c00 f9fc00               7, null, NaN, 0, Infinity, -Infinity, four times each""",
    "samples_residual_times": """
        88 02 193039 00 191388 00 00
        82 03 22                                    3 ms over the interval, then 3 ms under it
        83 01 01 02                                 1, 2, 4""",
    "samples_nulls": """
        89 02 193039 00 191388 00 00 06
        86 f6 1864 f6 f6 03 f6                      null, 100, null, null, 103, null
        86 05 f6 20 00 f6 23                        5, null, 4, 4, null, 0""",
    "samples_uptime_4294967296": "88 02 193039 00 1b0000000100000000 00 00 01 01",
    "samples_seq_4294967295": "88 02 193039 1affffffff 191388 00 00 01 01",
    "samples_histogram": """
        8c 02 193039 00 191388 00 00 03
        83 04 00 01  83 02 01 00  00  83 01 00 01   four buckets: 4 4 5, 2 3 3, 0 0 0, 1 1 2
        83 19096c 0d 190a05                         the sum: 2412, 2425, 4990""",
    "event_minimal": "85 03 193039 00 00 a3 01 00 02 00 03 60",
    "span_minimal": """
        85 04 193039 08 19f230
        a3 01 65 696e666572                         name: infer
        02 191072                                   duration_us: 4210
        03 48 0001020304050607                      span_id""",
    "bye_deep_sleep": "85 05 193039 09 1a00011170 a2 01 02 02 1a0036ee80",
    "state_link_lost": "83 10 193039 00",
    "ack_65536": "83 08 193039 1a00010000",
    "ack_4294967296": "83 08 193039 1b0000000100000000",
    "hello_request": "82 09 193039",
    "hello_request_anybody": "82 09 f6",
    "set_intervals": "84 0a 193039 01 a1 01 83 82 00 1903e8 82 181f 1a05265c00 82 01 00",
    "set_limits": """
        84 0a 193039 01 a1 03 84
        84 00 00 f6 192134   84 00 1903ff 3827 f6
        84 02 01 3b001fffffffffffff 1b0020000000000000   84 00 02 f6 f6""",
    "reset_hard": "84 0b 193039 09 01",
}


def by_name(file: str, section: str = "vectors") -> dict[str, dict[str, str]]:
    """The vectors of a file."""
    vectors = json.loads((FOLDER / file).read_text(encoding="utf-8"))[section]
    return {vector["name"]: vector for vector in vectors}


def hex_of(text: str) -> bytes:
    """The bytes of a listing: what stands before two blanks and a comment, line by line."""
    out = b""
    for line in text.strip().splitlines():
        for part in line.strip().split("  "):
            try:
                out += bytes.fromhex(part)
            except ValueError:
                break
    return out


@pytest.mark.parametrize("name", FRAMES)
def test_frame_is_what_the_spec_says(name: str) -> None:
    """The vector has the bytes that a person reads out of SPEC.md."""
    vectors = by_name("up.json") | by_name("down.json")
    assert vectors[name]["hex"] == hex_of(FRAMES[name]).hex()


def test_hello_on_the_line() -> None:
    """COBS by hand: each code is the distance to the next zero, which it replaces."""
    frame = hex_of(FRAMES["hello_minimal"])
    assert zlib.crc32(b"123456789") == 0xCBF43926  # the check value that CRC catalogues give for IEEE 802.3
    crc = zlib.crc32(frame).to_bytes(4, "little")
    assert 0 not in crc
    expected = (
        bytes.fromhex("00  06 8501193039  01  02 a5  19 01016d") + b"esp32-kitchen" + bytes.fromhex("0265") + b"esp32"
        + bytes.fromhex("03  0e 0481831903e8018103") + crc + b"\0"
    )  # fmt: skip
    assert by_name("uart.json", "lines")["uart_hello_minimal"]["line"] == expected.hex()


def test_auth_tag() -> None:
    """The MAC_structure by hand, and an HMAC that RFC 4231's first test case proves."""
    first = "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
    assert hmac_sha256(b"\x0b" * 20, b"Hi There").hex() == first
    payload = hex_of(FRAMES["samples_single"])
    assert len(payload) == 15
    structure = bytes.fromhex("84 64 4d414330 43 a10104 4d") + b"esp32-kitchen" + bytes.fromhex("4f") + payload
    tag = hmac_sha256(bytes(range(32)), structure)[:8]
    vector = by_name("auth.json")["auth_samples"]
    assert vector["hex"] == (bytes.fromhex("d1 84 43 a10104 a0 4f") + payload + b"\x48" + tag).hex()
