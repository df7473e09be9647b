"""The demo's status: one line that is written again and again on a terminal, plain lines elsewhere."""

import http.client
import shutil
from dataclasses import dataclass
from typing import TextIO

from boardpulse_tools.bridge import Bridge
from boardpulse_tools.scrape import total

# Where lines stay (a file, a pipe), one is written when something changed, and otherwise this often.
PLAIN_EVERY_S = 10.0
_CLEAR = "\r\x1b[K"


@dataclass(frozen=True, slots=True)
class Status:
    """What the bridge says of its boards."""

    online: int
    frames: int
    rejected: int


def status_of(page: str) -> Status:
    """The status that a /metrics page tells."""
    return Status(
        online=round(total(page, "device_connection_status")),
        frames=round(total(page, "boardpulse_frames_received_total")),
        rejected=round(total(page, "boardpulse_frames_rejected_total")),
    )


def read_status(bridge: Bridge) -> Status | None:
    """The bridge's present status; None when it does not answer."""
    try:
        return status_of(bridge.page())
    except (OSError, http.client.HTTPException):
        return None


def sentence(status: Status | None, up_s: float) -> str:
    """The status for people."""
    minutes, seconds = divmod(int(up_s), 60)
    up = f"up {minutes}:{seconds:02d}"
    if status is None:
        return f"the bridge does not answer · {up}"
    boards = f"{status.online} board{'' if status.online == 1 else 's'} online"
    return f"{boards} · {status.frames} frames received · {status.rejected} rejected · {up}"


class StatusLine:
    """Writes the status to a stream, and other lines above it."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._live = out.isatty()
        self._shown = ""
        self._plain_at = -PLAIN_EVERY_S
        self._online: int | None = None

    def show(self, status: Status | None, up_s: float) -> None:
        """Write the status, if this stream is due for it."""
        text = sentence(status, up_s)
        online = None if status is None else status.online
        if self._live:
            self._shown = text[: shutil.get_terminal_size().columns - 1]
            self._out.write(_CLEAR + self._shown)
        elif online != self._online or up_s - self._plain_at >= PLAIN_EVERY_S:
            self._plain_at = up_s
            self._out.write(text + "\n")
        self._online = online
        self._out.flush()

    def say(self, text: str) -> None:
        """Write a line that stays."""
        self._out.write(f"{_CLEAR}{text}\n{self._shown}" if self._live else text + "\n")
        self._out.flush()

    def end(self) -> None:
        """Leave the last status where it stands, and begin a new line."""
        if self._live:
            self._out.write("\n")
            self._out.flush()
