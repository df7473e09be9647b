"""The real bridge, and between it and the board a line that we hold: it stays open all the time, because many boards
reset when their port is closed, and we see every byte that the bridge gets."""

import json
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from boardpulse_tools.bridge import Bridge
from boardpulse_tools.network import LOOPBACK
from boardpulse_tools.scrape import select, total
from tests.hil.target import INTERRUPT, Target
from tests.hil.witness import Witness

CONNECT_S = 10.0
LOOK_S = 0.2  # between two looks at the bridge's page
READ_BYTES = 4096
LEDGER = ("expected", "received", "recovered", "lost", "dropped_on_device", "repeated")


class Listener:
    """Use it with `with`; then pump() carries bytes while it waits for something."""

    def __init__(self, folder: Path, target: Target, second_port: str = "") -> None:
        self.witness = Witness()
        self._target = target
        self._server = socket.create_server((LOOPBACK, 0))
        self._server.settimeout(CONNECT_S)
        self.port = f"socket://{LOOPBACK}:{self._server.getsockname()[1]}"
        self.bridge = Bridge(folder, [self.port, *([second_port] if second_port else [])])
        self._line: socket.socket | None = None

    def __enter__(self) -> Self:
        try:
            self.bridge.start()
            self._line, _ = self._server.accept()
        except BaseException:
            self.__exit__()
            raise
        self._line.settimeout(0)
        return self

    def __exit__(self, *_: object) -> None:
        self.bridge.stop()
        self._server.close()
        if self._line is not None:
            self._line.close()

    def start(self, code: str) -> None:
        """Start a program on the board. What the bridge said to an earlier one is not told to it."""
        self._from_bridge()
        self._target.begin(code)

    def interrupt(self) -> None:
        """Ctrl-C, as a person at a terminal types it."""
        self._target.send(INTERRUPT)

    def pump(self, until: Callable[[], bool], timeout_s: float) -> bool:
        """Carry bytes both ways until something holds, or the time is over. Whether it holds."""
        end = time.monotonic() + timeout_s
        while not until():
            if time.monotonic() > end:
                return False
            data = self._target.received()
            self.witness.feed(data)
            if data and self._line is not None:
                self._line.settimeout(CONNECT_S)
                self._line.sendall(data)
                self._line.settimeout(0)
            down = self._from_bridge()
            if down:
                self._target.send(down)
        return True

    def look(self, what: Callable[[str], bool]) -> Callable[[], bool]:
        """For pump(): whether something holds of the bridge's page, which is looked at now and then."""
        next_look = 0.0

        def holds() -> bool:
            nonlocal next_look
            if time.monotonic() < next_look:
                return False
            next_look = time.monotonic() + LOOK_S
            return what(self.bridge.page())

        return holds

    def ledger(self, device_id: str) -> dict[str, int]:
        """The bridge's counters of a device."""
        page = self.bridge.page()
        return {name: int(total(page, f"device_frames_{name}_total", device_id=device_id)) for name in LEDGER}

    def boots(self, device_id: str) -> int:
        """How many starts of the device the bridge has seen."""
        return int(total(self.bridge.page(), "device_boots_total", device_id=device_id))

    def state(self, device_id: str) -> str:
        """The state that the bridge shows it in; empty for none."""
        shown = select(self.bridge.page(), "device_state", device_id=device_id)
        return "".join(dict(labels)["state"] for (_, labels), value in shown.items() if value == 1)

    def console(self) -> list[str]:
        """The console lines among the bridge's log events."""
        return [str(event.get("line", "")) for event in self._log() if event.get("event") == "console"]

    def _log(self) -> list[dict[str, Any]]:
        lines = [line for line in self.bridge.process.output().splitlines() if line.startswith("{")]
        return [json.loads(line) for line in lines if line.endswith("}")]

    def _from_bridge(self) -> bytes:
        try:
            return self._line.recv(READ_BYTES) if self._line is not None else b""
        except BlockingIOError:
            return b""
