"""What is put on the board and started there: image, configuration, and the call."""

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from boardpulse_tools.boards_schema import BoardFile
from boardpulse_tools.image import build_image

HERE = Path(__file__).parent
LENDER = "rpi_pico"  # lends boards/_ports to a board that is unknown; its board.py is replaced
NOT_WIRED = ("ina219", "ina226", "ina260", "i2c_temperature", "ds18b20", "battery")
OUTBOX_BYTES = 4096
# What is loaded for good shall lie side by side in a small heap; board_app ends it once the node has started.
COMPACT = "import gc\ngc.collect()\nif hasattr(gc,'threshold'):\n gc.threshold(2048)\n"
SPARE_MS = 60_000  # in which the program may take longer than its samples, before it ends by itself


@functools.cache
def image(board: str | None, arch: str | None) -> Mapping[str, bytes]:
    """The firmware for a folder of boards/, or for a board that none is for, and our application. ImageError."""
    extra = {"hil_app.py": (HERE / "board_app.py").read_text()}
    if board is None:
        extra["board.py"] = (HERE / "generic_board.py").read_text()
    return build_image(board or LENDER, arch=arch, link="uart", without=NOT_WIRED, extra=extra).files


def prompt_link(board: BoardFile | None) -> dict[str, Any]:
    """The link over the line of the prompt."""
    return {"type": "uart"} | ({"path": "repl"} if board is not None and board.port == "unix" else {})


def second_link(board: BoardFile | None, given: Mapping[str, Any]) -> dict[str, Any]:
    """The link over a UART of its own: the one of wiring.md, or the first after that of the prompt."""
    if "path" in given or (board is not None and board.port == "unix"):
        return {"type": "uart", **given}
    return {"type": "uart", "id": 1 if board is None else 0, **given}


def call(lib: str, device_id: str, board: BoardFile | None, link: Mapping[str, Any], interval_ms: int, frames: int,
         end: int) -> str:  # fmt: skip
    """What starts it. `end` is one of board_app's: how it is to end."""
    config = {
        "device_id": device_id,
        "board": "generic" if board is None else board.name,
        "link": dict(link),
        "interval_ms": interval_ms,
        "outbox_bytes": OUTBOX_BYTES,
    }
    path = f"import sys\nif {lib!r} in sys.path:\n sys.path.remove({lib!r})\nsys.path.insert(0,{lib!r})\n"
    return (
        f"{path}{COMPACT}import hil_app\nhil_app.run({config!r},{frames},{SPARE_MS + 4 * frames * interval_ms},{end})\n"
    )
