"""The serial source on real pseudo-terminals."""

import os
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from host_bridge.core.received import BAD, FRAME, LINK_DOWN, LINK_UP, TEXT
from host_bridge.options import SerialOptions
from host_bridge.sources.serial import SerialSource, expand
from host_bridge.sources.serial_port import MAX_QUEUED_DOWN
from shared_schema.cbor import encode
from shared_schema.cbor_reader import loads
from shared_schema.framing import encode_frame
from tests.support.line import Board
from tests.support.waiting import until
from tests.unit.sources.conftest import Inbox

BYE = bytes(encode([5, 77, 0, 1000, {1: 0}]))


@pytest.fixture
def opened(inbox: Inbox) -> Iterator[Callable[..., SerialSource]]:
    """Starts a source that delivers to the inbox."""
    sources: list[SerialSource] = []

    def start(*ports: str) -> SerialSource:
        source = SerialSource(SerialOptions(ports=ports, poll_s=0.05))
        source.start(inbox)
        sources.append(source)
        return source

    yield start
    for source in sources:
        source.stop()


def test_a_frame_on_the_line_is_delivered_with_its_port(opened, board: Board, inbox: Inbox) -> None:
    """What a board frames arrives as the bare frame."""
    opened(board.path)
    until(lambda: inbox.of(LINK_UP))
    board.write(encode_frame(BYE))
    (received,) = until(lambda: inbox.of(FRAME))
    assert (received.source, received.port, received.payload) == ("serial", board.path, BYE)


def test_a_frame_arrives_within_milliseconds(opened, board: Board, inbox: Inbox) -> None:
    """Reading waits for no more bytes than there are."""
    opened(board.path)
    until(lambda: inbox.of(LINK_UP))
    delays = []
    for number in range(20):
        sent = time.time()
        board.write(encode_frame(BYE))
        until(lambda wanted=number + 1: len(inbox.of(FRAME)) == wanted, pause_s=0.001)
        delays.append(inbox.of(FRAME)[-1].at - sent)
    assert sorted(delays)[10] < 0.02


def test_console_text_and_garbage_between_frames_harm_nothing(opened, board: Board, inbox: Inbox) -> None:
    """Text becomes lines, garbage a reason, and the next good frame is decoded."""
    opened(board.path)
    until(lambda: inbox.of(LINK_UP))
    board.write(
        b"Traceback (most recent call last):\r\n\x00" + b"\x09\x82\xff\xfe\xfd\xfc\xfb\xfa" * 3 + encode_frame(BYE)
    )
    until(lambda: inbox.of(FRAME))
    assert inbox.payloads(TEXT) == ["Traceback (most recent call last):"]
    assert inbox.payloads(BAD) == ["framing"]


def test_a_prompt_without_a_newline_is_a_line_after_silence(opened, board: Board, inbox: Inbox) -> None:
    """A REPL's prompt does not wait for ever."""
    opened(board.path)
    until(lambda: inbox.of(LINK_UP))
    board.write(b">>> ")
    assert until(lambda: inbox.payloads(TEXT)) == [">>> "]


def test_a_down_frame_stands_between_zeros(opened, board: Board, inbox: Inbox) -> None:
    """What the bridge says to a board is framed as what the board says."""
    source = opened(board.path)
    until(lambda: inbox.of(LINK_UP))
    assert source.send(board.path, "", b"\x82\x09\xf6")
    assert board.read() == encode_frame(b"\x82\x09\xf6")


def test_a_board_that_reads_nothing_blocks_nobody(opened, board: Board, inbox: Inbox) -> None:
    """send() refuses once the port's queue is full, and never waits."""
    source = opened(board.path)
    until(lambda: inbox.of(LINK_UP))
    began = time.monotonic()
    taken = [source.send(board.path, "", b"\x82" * 200) for _ in range(1000)]
    assert time.monotonic() - began < 1
    assert taken[:MAX_QUEUED_DOWN] == [True] * MAX_QUEUED_DOWN
    assert taken[-1] is False
    board.write(encode_frame(BYE))
    until(lambda: inbox.of(FRAME))


def test_the_second_opener_of_a_port_is_told_so(opened, board: Board, inbox: Inbox) -> None:
    """Two readers would each get half of the bytes."""
    opened(board.path)
    until(lambda: inbox.of(LINK_UP))
    opened(board.path)
    (down,) = until(lambda: inbox.of(LINK_DOWN))
    assert down.payload == "another program has this port open: close it"


def test_a_board_can_be_plugged_in_out_and_in_again(opened, inbox: Inbox, tmp_path: Path) -> None:
    """A pattern finds ports that come later; one that went is opened again when it is back."""
    opened(f"{tmp_path}/ttyACM*")
    link = tmp_path / "ttyACM0"
    for round_number in (1, 2):
        board = Board()
        link.symlink_to(board.path)
        until(lambda wanted=round_number: len(inbox.of(LINK_UP)) == wanted)
        board.write(encode_frame(BYE))
        until(lambda wanted=round_number: len(inbox.of(FRAME)) == wanted)
        link.unlink()
        board.close()
        until(lambda wanted=round_number: len(inbox.of(LINK_DOWN)) == wanted)
    assert {received.port for received in inbox.all} == {str(link)}


def test_a_port_that_is_not_there_yet_is_said_once(opened, inbox: Inbox, tmp_path: Path) -> None:
    """A port named in full and missing is a mistake as often as a board that comes later."""
    opened(str(tmp_path / "ttyUSB7"))
    time.sleep(0.3)
    assert inbox.payloads(LINK_DOWN) == ["no such port yet: waiting for it"]


def test_a_port_that_two_patterns_name_is_opened_once(tmp_path: Path, board: Board) -> None:
    """A link in /dev/serial/by-id and the device itself are one port."""
    for name in ("a", "b"):
        (tmp_path / name).symlink_to(board.path)
    assert expand([f"{tmp_path}/a", f"{tmp_path}/*", board.path]) == [f"{tmp_path}/a"]


def test_stop_sends_what_is_queued_and_takes_under_a_second(opened, board: Board, inbox: Inbox) -> None:
    """The last acknowledgements reach the board."""
    source = opened(board.path)
    until(lambda: inbox.of(LINK_UP))
    source.pause()
    for _ in range(10):
        source.send(board.path, "", b"\x82\x09\xf6")
    began = time.monotonic()
    source.stop()
    assert time.monotonic() - began < 1
    os.set_blocking(board.fd, False)
    assert board.read() == encode_frame(b"\x82\x09\xf6") * 10


def test_a_board_behind_a_socket_is_a_port_too(opened, inbox: Inbox) -> None:
    """socket://: frames both ways, and a new connection when the old one ends."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        path = f"socket://127.0.0.1:{server.getsockname()[1]}"
        source = opened(path)
        for round_number in (1, 2):
            board, _ = server.accept()
            with board:
                until(lambda wanted=round_number: len(inbox.of(LINK_UP)) == wanted)
                board.sendall(encode_frame(BYE) * 100)
                until(lambda wanted=round_number: len(inbox.of(FRAME)) == 100 * wanted)
                source.send(path, "", b"\x82\x09\xf6")
                assert board.recv(100) == encode_frame(b"\x82\x09\xf6")
            until(lambda wanted=round_number: len(inbox.of(LINK_DOWN)) == wanted)


def test_many_ports_are_read_at_once(opened, inbox: Inbox) -> None:
    """Each board's frames come under its own port, in order."""
    boards = [Board() for _ in range(20)]
    opened(*[board.path for board in boards])
    until(lambda: len(inbox.of(LINK_UP)) == len(boards))
    for seq in range(50):
        for board in boards:
            board.write(encode_frame(bytes(encode([5, 77, seq, 1000, {1: 0}]))))
    until(lambda: len(inbox.of(FRAME)) == 50 * len(boards))
    for board in boards:
        mine = [loads(bytes(one.payload)) for one in inbox.of(FRAME) if one.port == board.path]
        assert [frame[2] for frame in mine] == list(range(50))
        board.close()
