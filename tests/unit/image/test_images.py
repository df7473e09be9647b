"""Every board's image loads, and an application finds in it all that the documentation promises."""

import contextlib
import os
import pty
import socket
import ssl
import subprocess
import threading
import tty
from pathlib import Path

import pytest

from boardpulse_tools.boards_schema import read_boards
from boardpulse_tools.image import Image, build_image
from shared_schema import framing
from shared_schema.cbor_reader import loads
from tests.support.components import require

ROOT = Path(__file__).parents[3]
FAKES = ROOT / "tests" / "fakes" / "ports"
BOARDS = {board.name: board.port for board in read_boards(ROOT / "boards")}

LOAD_ALL = """
import sys
sys.path[:] = {path!r}
for name in {names!r}:
    __import__(name)
print("loaded")
"""


def put(image: Image, folder: Path) -> Path:
    """Write an image's files as they lie on a board. Its lib folder."""
    for name, content in image.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder / "lib"


@pytest.mark.upy
@pytest.mark.parametrize("link", [None, "uart", "mqtt"])
@pytest.mark.parametrize("name", sorted(BOARDS))
def test_all_modules_of_an_image_load(name: str, link: str | None, tmp_path: Path) -> None:
    """On the unix port, with fakes of the chip's modules: whatever is loaded, at once or later, can be."""
    image = build_image(name, link=link, arch="x64")
    lib = put(image, tmp_path)
    names = [file[4:-4].replace("/", ".").removesuffix(".__init__") for file in image.files if file.endswith(".mpy")]
    path = [".frozen", str(lib), str(FAKES / BOARDS[name]), str(FAKES / "shared")]
    command = [str(require("micropython")), "-c", LOAD_ALL.format(path=path, names=["boardpulse", "board", *names])]
    run = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (run.stdout, run.stderr) == ("loaded\n", "")


@pytest.mark.upy
def test_an_application_finds_all_that_is_documented(tmp_path: Path) -> None:
    """Each function of the package, by position and by name; what it declared and logged is on the line."""
    lib = put(build_image("unix", arch="x64"), tmp_path)
    ours, theirs = pty.openpty()
    tty.setraw(ours)
    line = bytearray()
    reader = threading.Thread(target=read_all, args=(ours, line), daemon=True)
    reader.start()
    environment = os.environ | {"MICROPYPATH": f".frozen:{lib}"}
    command = [str(require("micropython")), str(Path(__file__).with_name("application.py")), os.ttyname(theirs)]
    run = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=30, check=False)
    os.close(theirs)
    reader.join(timeout=10)
    os.close(ours)
    assert run.stderr == ""
    assert run.stdout.splitlines() == [
        "refused ['device_id', 'link']",
        "started True",
        "step True",
        "nonsense False",
        "flushed False",
        "stopped False",
    ]
    said = repr([loads(data) for what, data in framing.Deframer().feed(bytes(line)) if what == framing.FRAME])  # type: ignore[arg-type]
    expected = (
        "soil_moisture",
        "level",
        "pumped",
        "drop",
        "gestures",
        "bed",
        "'pump'",
        "by name",
        "of the application",
    )
    assert [word for word in expected if word not in said] == []


def read_all(end: int, into: bytearray) -> None:
    """Keep what comes until the other end is closed: a line that nobody reads takes no more than 4 KB."""
    with contextlib.suppress(OSError):
        while piece := os.read(end, 4096):
            into += piece


class Server:
    """A TLS server with the tests' certificate; `heard` is what the first client that shook hands said."""

    def __init__(self) -> None:
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(str(TLS / "broker.pem"), str(TLS / "broker.key"))
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(10)
        self.heard: bytes | None = None
        self.thread = threading.Thread(target=self._serve)

    def _serve(self) -> None:
        connection, _ = self.listener.accept()
        connection.settimeout(5)
        with contextlib.suppress(OSError), self.context.wrap_socket(connection, server_side=True) as tls:
            self.heard = tls.recv(200)
        connection.close()
        self.listener.close()


TLS = ROOT / "tests" / "support" / "tls"
CONNECT = """
import sys, time, boardpulse
link = {{"type": "mqtt", "host": "127.0.0.1", "port": {port}, "user": "me", "password": "secret", "tls": {trusted!r}}}
boardpulse.start({{"device_id": "tls-1", "board": "unix", "link": link}})
for _ in range(100):
    time.sleep_ms(min(20, boardpulse.step()))
"""


@pytest.mark.upy
@pytest.mark.parametrize(("trusted", "heard"), [("broker.pem", True), ("other.pem", False)])
def test_a_linked_board_speaks_to_the_broker_that_it_trusts_only(trusted: str, heard: bool, tmp_path: Path) -> None:
    """The password goes to nobody else."""
    lib = put(build_image("unix", link="mqtt", arch="x64"), tmp_path)
    server = Server()
    server.thread.start()
    program = CONNECT.format(port=server.listener.getsockname()[1], trusted=str(TLS / trusted))
    environment = os.environ | {"MICROPYPATH": f".frozen:{lib}"}
    command = [str(require("micropython")), "-c", program]
    run = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=40, check=False)
    server.thread.join(timeout=15)
    assert run.returncode == 0, run.stderr
    assert (b"secret" in (server.heard or b"")) is heard
