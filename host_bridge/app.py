"""A bridge: its parts, put together, started and stopped."""

from __future__ import annotations

import errno
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Protocol

from structlog import get_logger

from host_bridge import config as configuration
from host_bridge.config import Config
from host_bridge.core.actions import Action, LogLine
from host_bridge.core.fleet import Fleet
from host_bridge.core.received import FRAME, Received, Source
from host_bridge.core.records import KeptDevice
from host_bridge.engine import Engine
from host_bridge.options import HttpOptions
from host_bridge.sinks.exposition import Exposition
from host_bridge.sinks.history import StoreInUseError
from host_bridge.sinks.logs import write_line
from host_bridge.sinks.page import Page
from host_bridge.sinks.self_metrics import SelfMetrics
from host_bridge.sinks.storage_metrics import StorageMetrics
from host_bridge.sources.mqtt import MqttSource
from host_bridge.sources.serial import SerialSource
from host_bridge.storage import Storage
from host_bridge.version import version
from host_bridge.web.devices import Json, fleet_json
from host_bridge.web.server import HttpServer
from shared_schema.errors import BoardpulseError, ConfigError

# Together with the server's part less than the two seconds that SIGTERM may take.
DRAIN_S = 0.7
COMMIT_S = 0.3
GOODBYE_S = 0.6
DEFAULT = f"{HttpOptions().host}:{HttpOptions().port}"

log = get_logger("boardpulse")


class StartError(BoardpulseError):
    """The bridge cannot start. The message says why and what to do."""


class PausableSource(Source, Protocol):
    """A source that can stop taking while it still sends."""

    def pause(self) -> None: ...


class Bridge:
    """Sources → engine → pages. Construction takes the HTTP port and opens nothing else."""

    def __init__(self, config: Config, *sources: PausableSource) -> None:
        self.config = config
        self.version = version()
        self._fleet = Fleet(replace(config.settings, keep=config.history is not None))
        self._storage = _storage(config, self)
        self._mqtt = None if config.mqtt is None else _mqtt_source(config, self._given_up)
        self._sources = _sources(config, self._mqtt, sources)
        exposition = Exposition(self._fleet.dirty)
        limits = config.settings.limits
        self._engine = Engine(
            self._fleet,
            self._sources,
            log=write_line,
            queue_frames=limits.queue_frames,
            log_lines_per_minute=limits.log_lines_per_minute,
            catch_up=exposition.catch_up,
            keeper=self._storage,
        )
        self._self_metrics = SelfMetrics(self._engine, self._fleet, self.version)
        for source in self._sources:
            self._self_metrics.source_dropped(source.name, 0)
        if self._storage is not None:
            self._self_metrics.registry.register(StorageMetrics(self._storage))
        self._page = Page(exposition, self._self_metrics)
        self._http = _server(config.http, self)

    @property
    def url(self) -> str:
        """Where the page is."""
        return self._http.url

    def start(self) -> None:
        """Start everything; boards are taken from now on."""
        if self._storage is not None:
            self._storage.start(self._engine.call)
        self._engine.start()
        self._http.start()
        for source in self._sources:
            source.start(self._deliver_of(source))
        mqtt = self.config.mqtt
        broker = {} if mqtt is None else {"mqtt": mqtt.url}
        log.info("bridge_started", url=self.url, serial=list(self.config.serial.ports), **broker, version=self.version)

    def stop(self) -> None:
        """Take no more, finish what has come, acknowledge it, leave."""
        for source in self._sources:
            source.pause()
        drained = self._engine.stop(DRAIN_S)
        if self._storage is not None:
            drained = self._storage.stop(COMMIT_S) and drained
        leaving = [threading.Thread(target=source.stop, daemon=True) for source in self._sources]
        for thread in leaving:
            thread.start()
        until = time.monotonic() + GOODBYE_S
        for thread in leaving:
            thread.join(max(0.0, until - time.monotonic()))
        self._http.stop()
        if not drained:
            log.warning("bridge_stopped_early", frames=self._engine.queue_depth, advice="they will be sent again")
        log.info("bridge_stopped", drained=drained)

    def release(self, actions: Sequence[Action]) -> None:
        """What waited for a commit that has succeeded."""
        self._engine.release(actions)

    def restore(self, kept: list[KeptDevice], seen_after: float) -> Sequence[Action]:
        """What the store knows, before anything is taken; boards that were seen last before a time are forgotten."""
        told = self._fleet.restore(kept, time.monotonic(), time.time(), seen_after)
        for line in told:
            if isinstance(line, LogLine):
                write_line(line)
        return ()

    def reload(self, path: Path) -> None:
        """Take the thresholds of the file. With a mistake in it those of before stay."""
        try:
            thresholds = configuration.load(path).settings.thresholds
        except ConfigError as error:
            log.error("reload_failed", file=str(path), problems=configuration.explain(error).splitlines())
            return
        self._engine.reload(thresholds)
        log.info("thresholds_reloaded", file=str(path), thresholds=len(thresholds))

    def _deliver_of(self, source: PausableSource) -> Callable[[Received], bool]:
        """What the source delivers to. A line cannot be held back as a broker can: what is refused is dropped."""
        if source.name != SerialSource.name:
            return self._engine.submit

        def deliver(received: Received) -> bool:
            taken = self._engine.submit(received)
            if not taken and received.what == FRAME:
                self._self_metrics.source_dropped(source.name)
            return taken

        return deliver

    def _given_up(self) -> None:
        """A message that no broker sends again found the queue full."""
        self._self_metrics.source_dropped(MqttSource.name)

    # What the HTTP server shows (web.server.Pages).

    def metrics(self, openmetrics: bool) -> list[bytes]:
        """The page for Prometheus, in pieces."""
        if self._mqtt is not None and self.config.mqtt is not None:
            self._self_metrics.broker_connected(self.config.mqtt.url, self._mqtt.connected)
        return self._page.pieces(openmetrics)

    def fleet(self) -> Json:
        """All boards with their present values."""
        views = self._fleet.devices()
        rows = [(view, self._fleet.readings(view.device_id)) for view in views]
        return fleet_json(rows, time.time(), "off" if self._storage is None else self._storage.state)

    def health(self) -> tuple[bool, Json]:
        """Whether the engine works; a broker that is down is not the bridge's illness."""
        details: Json = {"version": self.version, "queue_frames": self._engine.queue_depth}
        if self._mqtt is not None:
            details["broker_connected"] = self._mqtt.connected
        if self._storage is not None:
            details["history"] = self._storage.state
            if self._storage.damage:
                details["history_damage"] = self._storage.damage
            if self._storage.remote is not None:
                details["remote_write"] = self._storage.remote.state
        return self._engine.healthy, details


def _sources(config: Config, mqtt: MqttSource | None, others: tuple[PausableSource, ...]) -> tuple[PausableSource, ...]:
    serial = (SerialSource(config.serial),) if config.serial.ports else ()
    return (*serial, *(() if mqtt is None else (mqtt,)), *others)


def _mqtt_source(config: Config, dropped: Callable[[], None]) -> MqttSource:
    assert config.mqtt is not None  # noqa: S101 - the caller's contract
    try:
        return MqttSource(config.mqtt, dropped)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise StartError(f"The certificates in [mqtt] cannot be used: {error}") from error


def _storage(config: Config, bridge: Bridge) -> Storage | None:
    if config.history is None:
        return None
    try:
        return Storage(
            config.history,
            config.remote_write,
            release=bridge.release,
            write=write_line,
            version=bridge.version,
            restore=bridge.restore,
        )
    except StoreInUseError as error:
        raise StartError(str(error)) from error
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise StartError(f"The certificates in [remote_write] cannot be used: {error}") from error


def _server(options: HttpOptions, bridge: Bridge) -> HttpServer:
    try:
        return HttpServer(options, bridge)
    except OSError as error:
        address = f"{options.host}:{options.port}"
        raise StartError(_why_not(error, address, options)) from error


def _why_not(error: OSError, address: str, options: HttpOptions) -> str:
    if error.errno == errno.EADDRINUSE:
        other = f"{options.host}:{options.port + 1}"
        return (
            f"{address} is in use, perhaps by another bridge: stop that one, or choose another port: --listen {other}"
        )
    if error.errno == errno.EACCES:
        return f"{address} is for privileged users: choose a port from 1024 on, such as --listen {DEFAULT}"
    return f"{address} is no address of this machine ({error.strerror}): choose another, such as --listen {DEFAULT}"


def run(bridge: Bridge, path: Path | None = None, ended: threading.Event | None = None) -> None:
    """Run until SIGINT or SIGTERM, or until `ended` is set; SIGHUP reads the thresholds in `path` again."""
    ended = ended or threading.Event()
    wake = threading.Event()
    reloads: list[None] = []

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()
        wake.set()

    def reload(_number: int, _frame: FrameType | None) -> None:
        reloads.append(None)
        wake.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    before[signal.SIGHUP] = signal.signal(signal.SIGHUP, reload)
    try:
        bridge.start()
        while not ended.is_set():
            wake.wait(0.5)
            wake.clear()
            if reloads:
                reloads.clear()
                if path is not None:
                    bridge.reload(path)
    finally:
        bridge.stop()
        for number, handler in before.items():
            signal.signal(number, handler)
