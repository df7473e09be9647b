"""Boards on serial ports: finds the ports that the configuration names, also those that are plugged in later."""

from __future__ import annotations

import glob
import os
import threading
import time
from collections.abc import Callable, Iterable

from structlog import get_logger

from host_bridge.core.received import LINK_DOWN, Received
from host_bridge.options import SerialOptions
from host_bridge.sources.delivery import deliver_link
from host_bridge.sources.serial_port import SOURCE, SerialPort, present

MAX_PORTS = 256  # each has a thread and a file descriptor; select() ends at 1024 of those
STOP_S = 1.0

log = get_logger(__name__)


class SerialSource:
    """All serial ports. One thread looks for new ones, and each port has its own."""

    name = SOURCE

    def __init__(self, options: SerialOptions) -> None:
        self._options = options
        self._ports: dict[str, SerialPort] = {}
        self._said_too_many = False
        self._stopping = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="serial watcher", daemon=True)
        self._deliver: Callable[[Received], bool] = lambda received: False

    def start(self, deliver: Callable[[Received], bool]) -> None:
        """Open what is there now, and watch for the rest."""
        self._deliver = deliver
        for pattern in self._options.ports:
            if not expand([pattern]) and not glob.has_magic(pattern):
                missing = Received(SOURCE, pattern, time.time(), LINK_DOWN, "no such port yet: waiting for it")
                deliver_link(deliver, missing, self._stopping)
        self._reconcile()
        self._watcher.start()

    def pause(self) -> None:
        """Read no more, so that the engine can finish what it has; down frames still go out."""
        self._stopping.set()
        for port in self._ports.values():
            port.pause()

    def stop(self) -> None:
        """Close all ports, once what is to go down has gone."""
        self._stopping.set()
        ports = list(self._ports.values())
        for port in ports:
            port.stop()
        until = time.monotonic() + STOP_S
        for port in ports:
            port.join(max(0.0, until - time.monotonic()))
        if self._watcher.is_alive():
            self._watcher.join(max(0.0, until - time.monotonic()))

    def send(self, port: str, device_id: str, frame: bytes) -> bool:
        """Queue a frame for the board on `port`; False when it cannot be taken."""
        target = self._ports.get(port)
        return target is not None and target.send(frame)

    def acknowledge(self, *tokens: object) -> None:
        """Nothing: on a line the board waits for an `ack` frame, which comes through send()."""

    def withhold(self, token: object) -> None:
        """Nothing: the board waits anyway."""

    def stall(self, stalled: bool) -> None:
        """Nothing: the board sends again what is not acknowledged."""

    def _watch(self) -> None:
        while not self._stopping.wait(self._options.poll_s):
            self._reconcile()

    def _reconcile(self) -> None:
        """A port that is new, came back, or whose thread ended for whatever reason gets a new thread."""
        ports = {path: port for path, port in self._ports.items() if port.is_alive()}
        added = [path for path in expand(self._options.ports) if path not in ports]
        if len(ports) + len(added) > MAX_PORTS:
            self._say_too_many(len(ports) + len(added))
            added = added[: MAX_PORTS - len(ports)]
        for path in added:
            ports[path] = SerialPort(path, self._options.baudrate, self._deliver)
            ports[path].start()
        self._ports = ports

    def _say_too_many(self, count: int) -> None:
        if not self._said_too_many:
            log.error("too_many_ports", ports=count, limit=MAX_PORTS, advice="name fewer ports in serial.ports")
        self._said_too_many = True


def expand(patterns: Iterable[str]) -> list[str]:
    """The ports that are there, each once even where two patterns or a link in /dev/serial/by-id name it too."""
    found: dict[str, str] = {}
    for pattern in patterns:
        paths = sorted(glob.glob(pattern)) if glob.has_magic(pattern) and "://" not in pattern else [pattern]
        for path in paths:
            if present(path):
                found.setdefault(os.path.realpath(path) if "://" not in path else path, path)
    return list(found.values())
