"""Sealing a frame for the line, and reading it back."""

import zlib

import pytest
from cobs import cobs

from shared_schema import framing
from shared_schema.errors import CrcError, FramingError

# Lengths around those at which COBS needs another code.
LENGTHS = [1, 2, 3, 245, 246, 248, 249, 250, 251, 252, 253, 254, 255, 256, 503, 504, 505, 506, 507, 508, 762, 8192]


def reference(frame: bytes) -> bytes:
    """The line form by the published library and zlib."""
    encoded: bytes = cobs.encode(frame + zlib.crc32(frame).to_bytes(4, "little"))
    return b"\0" + encoded + b"\0"


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("fill", [b"\0", b"\x01", b"\xff", b"\x00\x01", b"\x01" * 253 + b"\0", b"\x01" * 254 + b"\0"])
def test_encode_frame_equals_the_reference(length: int, fill: bytes) -> None:
    """Byte for byte what the published COBS makes of frame and CRC, whatever runs of zeros and others there are."""
    frame = (fill * (length // len(fill) + 1))[:length]
    assert framing.encode_frame(frame) == reference(frame)


@pytest.mark.parametrize("length", LENGTHS)
def test_room_is_enough_and_no_more(length: int) -> None:
    """room() is what a frame without zeros can take."""
    assert len(reference(b"\x01" * length)) <= framing.room(length) <= len(reference(b"\x01" * length)) + 1


def test_seal_leaves_the_rest_of_the_buffer() -> None:
    """In place, a frame takes room() bytes from LEAD before it on, and no other."""
    frame = b"\x85" + b"\x11" * 600
    buf = bytearray(b"\xaa" * 700)
    start = 10 + framing.LEAD
    buf[start : start + len(frame)] = frame
    end = framing.seal(buf, start, start + len(frame))
    assert bytes(buf[10:end]) == reference(frame)
    assert bytes(buf[:10]) == b"\xaa" * 10
    assert set(buf[10 + framing.room(len(frame)) :]) == {0xAA}


def test_crc_in_halves_equals_zlib() -> None:
    """The CRC for 32-bit boards, which is put together from 16-bit halves, is the usual one."""
    for frame in (b"", b"\0", b"\xff" * 300, bytes(range(256))):
        buf = bytearray(b"xy") + bytearray(frame) + bytearray(4)
        framing._append_crc_halves(buf, 2, 2 + len(frame))
        assert bytes(buf[-4:]) == zlib.crc32(frame).to_bytes(4, "little")


def test_unseal_finds_what_seal_made_and_nothing_else() -> None:
    """In place: the frame again, and 0 after any single changed bit or a cut."""
    for frame in (b"\x85\x00\x01", b"\0" * 20, bytes(range(256)) * 2, b"\xff" * 254):
        chunk = framing.encode_frame(frame)[1:-1]
        buf = bytearray(chunk) + bytearray(4)
        end = framing.unseal(buf, len(chunk))
        assert bytes(buf[:end]) == frame
        for cut in (0, 1, 5, len(chunk) - 1):
            assert framing.unseal(bytearray(chunk) + bytearray(4), cut) == 0
        for bit in range(0, len(chunk) * 8, 7):
            bad = bytearray(chunk) + bytearray(4)
            bad[bit >> 3] ^= 1 << (bit & 7)
            if bad[bit >> 3]:
                assert framing.unseal(bad, len(chunk)) == 0, bit


def test_decode_chunk_accepts_a_last_empty_code() -> None:
    """COBS encoders differ on a run of 254 bytes at the end: some add a code of one."""
    frame = next(
        f for n in range(100000) if (f := b"\x81" * 247 + b"%03d" % (n % 1000)) and 0 not in zlib.crc32(f).to_bytes(4)
    )
    plain = frame + zlib.crc32(frame).to_bytes(4, "little")
    assert len(plain) == 254
    assert framing.decode_chunk(b"\xff" + plain) == frame
    assert framing.decode_chunk(b"\xff" + plain + b"\x01") == frame


@pytest.mark.parametrize("chunk", ["", "01", "0681020304", "06820102 0304", "00", "0600000000", "03820000", "ff82"])
def test_decode_chunk_refuses_what_is_no_cobs(chunk: str) -> None:
    """Codes past the end, zeros inside, too few bytes: framing."""
    with pytest.raises(FramingError):
        framing.decode_chunk(bytes.fromhex(chunk))


@pytest.mark.parametrize("bit", range(32))
def test_decode_chunk_refuses_each_wrong_bit_of_the_crc(bit: int) -> None:
    """No bit of the CRC is left unread."""
    frame = bytes.fromhex("85051930390101a10101")
    wrong = zlib.crc32(frame) ^ 1 << bit
    with pytest.raises(CrcError):
        framing.decode_chunk(cobs.encode(frame + wrong.to_bytes(4, "little")))
