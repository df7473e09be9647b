"""A serial cable made of two pseudo-terminals."""

import os
import select
import time
from pathlib import Path

import pytest
import serial

from boardpulse_tools.cable import Cable

EVERY_BYTE = bytes(range(256))


def read(port: serial.Serial, count: int) -> bytes:
    data = bytearray()
    deadline = time.monotonic() + 5
    while len(data) < count and time.monotonic() < deadline:
        data += port.read(count - len(data))
    return bytes(data)


def open_port(path: str) -> serial.Serial:
    return serial.Serial(path, 115200, timeout=0.2, exclusive=True)


def test_every_byte_value_arrives_unchanged_both_ways() -> None:
    with Cable() as cable, open_port(cable.board_port) as board, open_port(cable.bridge_port) as bridge:
        board.write(EVERY_BYTE * 8)
        assert read(bridge, 2048) == EVERY_BYTE * 8
        bridge.write(EVERY_BYTE)
        assert read(board, 256) == EVERY_BYTE


def test_what_either_side_sent_is_recorded_when_asked_for() -> None:
    with Cable(record=True) as cable, open_port(cable.board_port) as board, open_port(cable.bridge_port) as bridge:
        board.write(b"up")
        assert read(bridge, 2) == b"up"
        bridge.write(b"down")
        assert read(board, 4) == b"down"
        assert (bytes(cable.from_board), bytes(cable.from_bridge)) == (b"up", b"down")


def test_noise_reaches_the_bridge_only() -> None:
    with Cable() as cable, open_port(cable.board_port) as board, open_port(cable.bridge_port) as bridge:
        cable.add_noise(b"\x00\xff noise")
        assert read(bridge, 8) == b"\x00\xff noise"
        assert not select.select([board.fileno()], [], [], 0.1)[0]


def test_a_side_that_comes_back_is_connected_again() -> None:
    with Cable() as cable, open_port(cable.board_port) as board:
        with open_port(cable.bridge_port):
            pass
        with open_port(cable.bridge_port) as bridge:
            board.write(b"again")
            assert read(bridge, 5) == b"again"


def test_what_nobody_reads_is_lost_and_holds_up_nobody() -> None:
    with Cable() as cable, open_port(cable.board_port) as board:
        began = time.monotonic()
        for _ in range(64):
            board.write(bytes(1024))
        assert time.monotonic() - began < 5


def test_a_cable_that_was_pulled_leaves_no_port() -> None:
    cable = Cable()
    paths = (cable.board_port, cable.bridge_port)
    cable.close()
    cable.close()
    assert not any(Path(path).exists() and _opens(path) for path in paths)


def _opens(path: str) -> bool:
    try:
        os.close(os.open(path, os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


@pytest.mark.parametrize("count", [1, 3])
def test_cables_do_not_share_ports(count: int) -> None:
    cables = [Cable() for _ in range(count)]
    try:
        assert len({path for cable in cables for path in (cable.board_port, cable.bridge_port)}) == 2 * count
    finally:
        for cable in cables:
            cable.close()
