"""A capture as a source: what it holds arrives again, in the rhythm in which it came or faster."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from structlog import get_logger

from host_bridge.core.received import Received
from host_bridge.sources import capture_file
from host_bridge.sources.delivery import deliver_within

SOURCE = "replay"
PATIENCE_S = 60.0  # nothing is lost to a full queue, but a queue that stays full ends the replay
STOP_S = 1.0

log = get_logger(__name__)


class ReplaySource:
    """Plays a capture once. `speed` 1: as it was; 10: ten times as fast; 0: without waiting.

    Arrivals are dated now, spread as they were divided by `speed`: the bridge sees boards that are alive.
    """

    name = SOURCE

    def __init__(self, path: Path, speed: float = 1.0) -> None:
        self._path = path
        self._speed = speed
        self._deliver: Callable[[Received], bool] = lambda received: False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"replay {path.name}", daemon=True)
        self.played = 0
        self.error = ""
        self.when_finished: Callable[[], object] = lambda: None

    def start(self, deliver: Callable[[Received], bool]) -> None:
        """Begin to play."""
        self._deliver = deliver
        self._thread.start()

    def pause(self) -> None:
        """Play no more."""
        self._stopping.set()

    def stop(self) -> None:
        """Play no more."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(STOP_S)

    def send(self, port: str, device_id: str, frame: bytes) -> bool:
        """Boards of the past hear nothing."""
        return False

    def acknowledge(self, *tokens: object) -> None:
        """Nothing: a capture needs no acknowledgement."""

    def withhold(self, token: object) -> None:
        """Nothing, for the same reason."""

    def stall(self, stalled: bool) -> None:
        """Nothing, for the same reason."""

    def _run(self) -> None:
        try:
            with self._path.open(encoding="utf-8", errors="replace") as file:
                self._play(capture_file.read(file, str(self._path)))
        except (OSError, capture_file.CaptureError) as error:
            self.error = str(error)
            log.error("replay_failed", file=str(self._path), reason=self.error)
        finally:
            self.when_finished()

    def _play(self, entries: Iterator[Received]) -> None:
        began = time.time()
        first: float | None = None
        for entry in entries:
            first = entry.at if first is None else first
            due = began + (entry.at - first) / self._speed if self._speed > 0 else time.time()
            if self._stopping.wait(max(0.0, due - time.time())):
                return
            received = entry._replace(source=SOURCE, at=time.time(), token=None)
            if not deliver_within(self._deliver, received, PATIENCE_S, self._stopping):
                self.error = "" if self._stopping.is_set() else f"the queue was full for {PATIENCE_S:g} s"
                return
            self.played += 1
