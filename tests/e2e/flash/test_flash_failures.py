"""What `boardpulse flash` says and leaves behind where a port, or the emulated board, is not as it should be."""

import json
import os
import select
import socket
import threading
import time
import tty
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
import serial
from click.testing import CliRunner
from mpremote.mip import do_mip

from boardpulse_tools.flash import flash as flashing
from boardpulse_tools.flash import transport
from boardpulse_tools.upy_board import UpyBoard
from host_bridge.cli import boardpulse
from shared_schema.framing import encode_frame
from tests.support.flashing import Changed, answers, board, flash, flashed, hello

ROOT = Path(__file__).parents[3]
FRESH = ("--id", "kiln", "--link", "uart")
FAKE_WATCHDOG = """
class WDT:
    def __init__(self, id=0, timeout=5000):
        if timeout > 8388:
            raise ValueError("timeout too long")
        self.say(str(timeout))
    def feed(self):
        self.say("fed")
    def say(self, text):
        with open("watchdog.log", "a") as log:
            log.write(text + "\\n")
"""
MPY = 0x6 | 3 << 8 | 2 << 10


@contextmanager
def as_socket(one: UpyBoard) -> Iterator[str]:
    """The board's port over TCP, as ser2net and simulators serve it: a URL."""
    with socket.create_server(("127.0.0.1", 0)) as server, serial.serial_for_url(one.port, timeout=0) as line:
        ended = threading.Event()

        def serve() -> None:
            with server.accept()[0] as client:
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                while not ended.is_set():
                    ready = select.select([client, line], [], [], 0.05)[0]
                    if client in ready:
                        line.write(client.recv(4096))
                    if line in ready:
                        client.sendall(line.read(4096))

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"socket://127.0.0.1:{server.getsockname()[1]}"
        ended.set()
        thread.join(5)


@pytest.mark.upy
def test_a_flash_that_is_too_small_is_left_as_it_is(tmp_path: Path) -> None:
    """It is seen before anything is written."""
    with board(tmp_path, flash="fat", flash_bytes=64 * 1024) as one:
        before = answers(one, "import os; print(os.statvfs('.')[3])")
        result = flash(one, *FRESH)
        assert result.exit_code == 5
        assert "The flash is too full" in result.output
        assert answers(one, "import os; print(os.statvfs('.')[3])") == before


@pytest.mark.upy
def test_a_flash_that_fills_up_on_the_way_keeps_what_runs(
    tmp_path: Path, changed: Changed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file system's own refusal, where it was thought that there was room; what was copied is removed."""
    with board(tmp_path, flash="fat", flash_bytes=160 * 1024) as one:
        flashed(one, "--id", "old", "--link", "uart")
        before = answers(one, "import os; print(os.statvfs('.')[3])")
        changed.files["lib/boards/_big.mpy"] = bytes(range(256)) * 240
        monkeypatch.setattr(flashing, "check_room", lambda plan: None)
        result = flash(one, "--id", "new")
        assert result.exit_code == 5
        assert "The flash is full" in result.output
        assert answers(one, "import os; print(os.statvfs('.')[3])") == before
        assert hello(one).device_id == "old"


@pytest.mark.upy
def test_the_version_that_runs_makes_room_if_told_to(tmp_path: Path, changed: Changed) -> None:
    """On a flash that holds one version and not two."""
    changed.files["lib/boards/_big.mpy"] = bytes(range(256)) * 400
    with board(tmp_path, flash="fat", flash_bytes=288 * 1024) as one:
        flashed(one, *FRESH)
        changed.files["lib/boards/_big.mpy"] = bytes(range(255, -1, -1)) * 400
        refused = flash(one)
        assert refused.exit_code == 5
        assert "--replace" in refused.output
        assert hello(one).device_id == "kiln"
        assert flashed(one, "--replace")["outcome"] == "flashed"


@pytest.mark.upy
def test_a_read_only_flash(tmp_path: Path) -> None:
    """As a board whose boot.py mounts it so."""
    with board(tmp_path, flash="fat", read_only=True, flash_bytes=512 * 1024) as one:
        result = flash(one, *FRESH)
        assert result.exit_code == 5
        assert "read-only" in result.output


@pytest.mark.upy
@pytest.mark.parametrize(
    ("identity", "says"),
    [
        (("micropython", (1, 23, 0), "fake board", MPY), "MicroPython 1.23.0, which is too old: 1.24 is needed"),
        (("circuitpython", (9, 1, 0), "fake board", MPY), "runs circuitpython 9.1.0, not MicroPython"),
        (("micropython", (1, 29, 0), "fake board", 0x5), "loads .mpy files of version 5"),
    ],
)
def test_a_board_that_does_not_fit(identity: tuple[str, tuple[int, ...], str, int], says: str, tmp_path: Path) -> None:
    """What it says of itself is faked; the answer is a sentence, and nothing is written."""
    with board(tmp_path, identity=identity) as one:
        result = flash(one, *FRESH)
        assert result.exit_code == 5
        assert says in result.output
        assert list(one.root.iterdir()) == []


@pytest.mark.upy
def test_a_configuration_that_the_firmware_would_refuse(tmp_path: Path) -> None:
    """Told by the firmware's own rules before anything is written; the secret in it is not repeated."""
    (tmp_path / "c.json").write_text('{"device_id": "no spaces", "link": {"type": "mqtt", "password": "hidden"}}')
    with board(tmp_path / "board") as one:
        result = flash(one, "--config", str(tmp_path / "c.json"), "--broker", "localhost")
        assert result.exit_code == 2
        assert 'device_id is "no spaces"; it should be 1 to 64' in result.output
        assert "link.user is missing" in result.output
        assert "hidden" not in result.output
        assert list(one.root.iterdir()) == []


@pytest.mark.upy
def test_a_busy_port_is_not_taken_away_from_its_owner(tmp_path: Path) -> None:
    """Here a second program that locked it, as a bridge does."""
    with board(tmp_path) as one, serial.serial_for_url(one.port, exclusive=True):
        result = flash(one, *FRESH)
        assert result.exit_code == 4
        assert "in use by another program" in result.output


def test_a_port_that_its_owner_is_about_to_give_back_is_waited_for() -> None:
    """A bridge that is just being stopped, say."""
    board_end, host_end = os.openpty()
    owner = serial.serial_for_url(os.ttyname(host_end), exclusive=True)
    soon = threading.Timer(0.2, owner.close)
    soon.start()
    transport.Line(os.ttyname(host_end)).serial.close()
    soon.join()
    os.close(board_end)
    os.close(host_end)


def test_a_port_that_is_not_there(tmp_path: Path) -> None:
    """And a URL where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        number = free.getsockname()[1]
    for port in (str(tmp_path / "ttyACM9"), f"socket://127.0.0.1:{number}"):
        result = flash(port, *FRESH)
        assert result.exit_code == 4
        assert port in result.output


def test_something_that_is_no_micropython(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A device that prints and does not listen."""
    monkeypatch.setattr(transport, "ANSWER_S", 0.3)
    monkeypatch.setattr(transport, "INTERRUPT_S", 0.3)
    ours, line = os.openpty()
    tty.setraw(line)
    os.write(ours, b"NMEA $GPGGA,1,2,3\r\n")
    try:
        result = flash(os.ttyname(line), *FRESH)
    finally:
        os.close(ours)
        os.close(line)
    assert result.exit_code == 4
    assert "does not answer as MicroPython does" in result.output


@pytest.mark.upy
def test_a_version_copied_by_hand_is_not_hidden(tmp_path: Path) -> None:
    """MicroPython would load lib/boardpulse instead of what is flashed."""
    with board(tmp_path) as one:
        (one.root / "lib" / "boardpulse").mkdir(parents=True)
        result = flash(one, *FRESH)
        assert result.exit_code == 5
        assert "would be loaded instead" in result.output


@pytest.mark.upy
def test_a_board_whose_configuration_was_broken_by_hand_waits_at_its_prompt(tmp_path: Path) -> None:
    """It does not start again and again, so that the next flash repairs it."""
    with board(tmp_path) as one:
        flashed(one, *FRESH)
        one.pull()
        (one.root / "boardpulse.last.json").unlink(missing_ok=True)
        (one.root / "boardpulse.json").write_text("{")
        resets = one.console.count(b"soft reboot")
        one.plug()
        time.sleep(1)
        assert one.console.count(b"soft reboot") == resets
        assert "no JSON object" in flashed(one, *FRESH)["notes"][0]


@pytest.mark.upy
def test_a_watchdog_is_fed_while_a_board_is_flashed(tmp_path: Path) -> None:
    """It cannot be stopped. Here a fake one in the place of the chip's, which knows at most 8388 ms."""
    with board(tmp_path) as one:
        flashed(one, *FRESH)
        (one.root / "machine.py").write_text(FAKE_WATCHDOG)
        config = json.loads((one.root / "boardpulse.json").read_text()) | {"watchdog_ms": 5000}
        (one.root / "boardpulse.json").write_text(json.dumps(config))
        assert flashed(one, "--id", "tub")["device_id"] == "tub"
        said = (one.root / "watchdog.log").read_text()
        assert said.startswith("8000\n")
        assert said.count("fed") > 3


@pytest.mark.upy
def test_a_board_with_a_key_must_seal_its_hello(tmp_path: Path) -> None:
    """The key comes from the environment, and is shown nowhere."""
    key = "0123456789abcdef" * 4
    with board(tmp_path) as one:
        result = flash(one, *FRESH, env={"BOARDPULSE_KEY": key})
        assert result.exit_code == 0, result.output
        assert "its hello came over this line" in result.output
        assert key not in result.output
        assert flash(one, env={"BOARDPULSE_KEY": "0" * 63}).exit_code == 2


@pytest.mark.upy
def test_over_a_socket(tmp_path: Path) -> None:
    """As for a board behind ser2net, or a simulated one."""
    with board(tmp_path) as one, as_socket(one) as url:
        result = flash(url, *FRESH)
        assert result.exit_code == 0, result.output
        assert "kiln: its hello came over this line." in result.output


@pytest.mark.upy
def test_a_frame_with_the_byte_of_ctrl_c_interrupts_nothing(tmp_path: Path) -> None:
    """On the line that the prompt shares with the frames; a Ctrl-C between frames ends the program."""
    with board(tmp_path) as one:
        flashed(one, *FRESH)
        with serial.serial_for_url(one.port, timeout=0.05) as line:
            line.write(encode_frame(b"\x83\x03\x03\x03\r\x03") * 3)
        assert hello(one).device_id == "kiln"
        with serial.serial_for_url(one.port, timeout=0.05) as line:
            line.write(b"\r\x03")
            until = time.monotonic() + 8
            seen = b""
            while b">>> " not in seen and time.monotonic() < until:
                seen += line.read(256)
        assert b">>> " in seen


@pytest.mark.upy
def test_mip_installs_from_the_local_package_json(tmp_path: Path) -> None:
    """mpremote's own `mip install`, over our faster line; what it installed is imported."""
    with board(tmp_path) as one:
        with transport.Session(one.port) as session:
            session.enter()
            state = SimpleNamespace(
                transport=session._line, did_action=lambda: None, ensure_raw_repl=lambda: None
            )  # what mpremote's main() hands its commands
            package = str(ROOT / "firmware" / "package.json")
            do_mip(state, Namespace(command=["install"], packages=[package], index=None, target=None, mpy=None))
        assert answers(one, "import boardpulse; print(boardpulse.__name__)") == "boardpulse"


def test_the_port_must_be_named_where_several_boards_may_be_meant() -> None:
    """Wrong usage is told as such."""
    result = CliRunner().invoke(boardpulse, ["flash", "/dev/a", "/dev/b"])
    assert result.exit_code == 2
    assert "--all" in result.output
