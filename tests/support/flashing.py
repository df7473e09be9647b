"""Boards to flash: emulated ones, the command in this process, and what comes on their line afterwards."""

import functools
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import serial
from click.testing import CliRunner, Result

from boardpulse_tools.flash import flash as flashing
from boardpulse_tools.image import Image, build_image
from boardpulse_tools.upy_board import UpyBoard
from host_bridge.cli import boardpulse
from shared_schema.cbor_reader import loads
from shared_schema.commands import encode_hello_request
from shared_schema.framing import FRAME, Deframer, encode_frame
from shared_schema.parse import parse
from tests.support.components import require

HELLO_S = 8.0
# A board whose flash is of the size of a small STM32's, formatted as theirs are.
SMALL = {"flash": "fat", "flash_bytes": 160 * 1024}
SENSORS = {"simulated": False, "temperature": False, "power": False, "frequency": False}


@functools.cache
def image(board: str, arch: str | None, link: str | None) -> Image:
    """The real image; built once for all tests."""
    return build_image(board, arch=arch, link=link)


class Changed:
    """Stands where build_image is called: the real image, with some files put over it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.files: dict[str, bytes] = {}
        monkeypatch.setattr(flashing, "build_image", self)

    def __call__(self, board: str, *, arch: str | None = None, link: str | None = None) -> Image:
        return Image({**image(board, arch, link).files, **self.files})


@contextmanager
def board(folder: Path, **options: Any) -> Iterator[UpyBoard]:
    """An emulated board that is switched on."""
    require("micropython")
    with UpyBoard(folder, **options) as one:
        yield one


def flash(
    one: UpyBoard | str, *arguments: str, timeout: float = HELLO_S, env: Mapping[str, str] | None = None
) -> Result:
    """`boardpulse flash` of this port."""
    port = one if isinstance(one, str) else one.port
    return CliRunner().invoke(boardpulse, ["flash", port, "--timeout", str(timeout), *arguments], env=env)


def flashed(one: UpyBoard, *arguments: str) -> dict[str, Any]:
    """The same, which must succeed: its JSON."""
    result = flash(one, "--json", *arguments)
    assert result.exit_code == 0, result.output
    return dict(json.loads(result.stdout))


def hello(one: UpyBoard, timeout_s: float = HELLO_S) -> Any:
    """The answer of the board to the question who it is."""
    deframer, until = Deframer(), time.monotonic() + timeout_s
    with serial.serial_for_url(one.port, timeout=0.05) as line:
        asked = 0.0
        while time.monotonic() < until:
            if time.monotonic() > asked + 1:
                asked = time.monotonic()
                line.write(encode_frame(encode_hello_request()))
            for what, payload in deframer.feed(line.read(512)):
                if what == FRAME and isinstance(payload, bytes):
                    message: Any = parse(loads(payload))
                    if message.kind == 1:
                        return message
    raise AssertionError(f"no hello after {timeout_s:g} s: {bytes(one.console[-500:])!r}")


def answers(one: UpyBoard, code: str) -> str:
    """What a line of code prints at the board's prompt."""
    from boardpulse_tools.flash.transport import Session

    with Session(one.port) as session:
        session.enter()
        return session.run(code).strip()
