"""From a configuration and a board to a node. What was needed for it only is not kept."""

import gc
import os
import sys

from boardpulse import config, events
from boardpulse.clock import Clock
from boardpulse.compat import TICKS_MASK, const, error_text, forget, runtime, ticks_ms
from boardpulse.declaration import problem
from boardpulse.node import VERSION, Node
from boardpulse.outbox import Outbox
from boardpulse.sampler import Sampler
from shared_schema.errors import ConfigError

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from typing import Any

    from boardpulse.protocols import Link
    from boardpulse.sealing import Sealing


def find_board(name: object) -> "Any":
    """The module of the board: `board.py` where it was copied onto one, else boards/<name>/board.py; None when there
    is none."""
    try:
        import board  # type: ignore[import-not-found]

        return board
    except ImportError:
        pass
    try:
        __import__("boards.%s.board" % name)
    except (ImportError, ValueError):
        return None
    return sys.modules["boards.%s.board" % name]


def load(source: "str | dict[str, Any]", board: "Any" = None) -> Node:
    """The node that a configuration (a path, or what the file would hold) describes. ConfigError when it is wrong."""
    raw = config.load(source) if isinstance(source, str) else source
    if board is None and isinstance(raw, dict):
        board = find_board(raw.get("board"))
    settings = config.check(raw, None) if board is None else config.check(raw, board.SENSORS, _id_of(board))
    settings.link["wifi"] = settings.wifi
    problems = board.check_link(settings.link) if hasattr(board, "check_link") else ()
    if problems:
        raise ConfigError(problems)
    try:
        node = build(settings, board, source if isinstance(source, str) else "")
    except MemoryError:
        raise ConfigError([("outbox_bytes", settings.outbox_bytes, "less, or else batch: the memory does not hold it")])
    # What the start took and is no longer needed shall not lie between what stays.
    forget("board", "boards._ports.common", "boards._ports.radio")
    forget("boards._ports.esp32", "boards._ports.rp2", "boards._ports.stm32")
    forget("boardpulse.sizing", "boardpulse.crash_file")
    forget("boardpulse.compose", "boardpulse.config", "boardpulse.declaration", "boardpulse.events", "boardpulse.chips")
    gc.collect()
    return node


def _id_of(board: "Any") -> "str | None":
    try:
        return board.device_id()  # type: ignore[no-any-return]
    except ImportError as error:  # a chip's module
        raise ConfigError([("board", "", "the board that this is: %s" % error)])


def build(settings: config.Settings, board: "Any", path: str = "") -> Node:
    """The node of checked settings on a board, which stand in a file at `path`."""
    clock = Clock(ticks_ms, TICKS_MASK, board.wall_clock, board.CLOCK_SOURCE)
    if settings.wifi and hasattr(board, "join"):
        board.join(settings.wifi)
    link, outbox, sealing = _link(settings, board)
    retained = _retained(board)
    sampler = Sampler()
    found: dict[str, Any] = {}
    failed: list[tuple[str, str]] = []
    for name, interval_ms, _ in board.SENSORS:
        options = settings.sensors.get(name, {})
        if options is False:
            continue
        try:
            sensor = _made(name, options, board, (clock, settings.device_id, sampler, link.name, retained))
        except Exception as error:  # noqa: BLE001  # a driver that cannot even be made must not stop the board
            failed.append((name, error_text(error)))
            continue
        if sensor is not None and len(sensor.series):
            found[name] = sensor
            interval_ms = options.get("interval_ms") or max(interval_ms, settings.interval_ms)
            if settings.sleep:
                interval_ms = settings.sleep["period_ms"]  # all in one frame, whenever it is awake
            sampler.enroll(sensor, interval_ms, options.get("batch") or settings.batch_of(interval_ms))
    outbox, seconds = _sized(outbox, settings, sampler)
    node = Node(settings.device_id, board.PLATFORM, clock, outbox, sampler, link)
    node.sealing = sealing
    _prepare_spill(node, settings.spill)  # before any frame is made: it may draw another boot id
    if path:
        _prepare_crashes(node, path)
    _describe(node, settings, board)
    _introduce(node, found, failed)
    if settings.outbox_hours and seconds < settings.outbox_hours * 3600 - 1:
        text = "the outbox holds %.1f h, not %s: the heap has no room for more"
        events.write(node, events.body(6, events.WARNING, text % (seconds / 3600, settings.outbox_hours)))
    _prepare_sleep(node, settings, board, retained)
    return node


def _sized(outbox: Outbox, settings: config.Settings, sampler: Sampler) -> "tuple[Outbox, int]":
    if not settings.outbox_hours:
        return outbox, 0
    from boardpulse.sizing import sized

    return sized(outbox, settings.outbox_hours, sampler.groups)


def _made(name: str, options: "Any", board: "Any", given: "Any") -> "Any":
    clock, device_id, sampler, link, retained = given
    if name == "health":
        from boardpulse.sensors.health import Health

        return Health(sampler, link)
    if name == "boot_number":
        return _boot_number(retained)
    return board.make_sensor(name, options, clock, device_id)


def _boot_number(retained: "Any") -> "Any":
    if retained is None:
        return None
    from boardpulse.sensors.boot_number import BootNumber

    return BootNumber(retained.boot_number)


def _retained(board: "Any") -> "Any":
    """The memory that survives a reset, where there is one; that counts this start."""
    memory = board.memory() if hasattr(board, "memory") else None
    if memory is None:
        return None
    from boardpulse.retained import Retained

    return Retained(memory)


def _prepare_spill(node: Node, options: "dict[str, Any] | None") -> None:
    if options is not None:
        from boardpulse.spill import Spill

        spill = Spill(node, _block(node), options["path"], options["bytes"], options["segment_bytes"])
        node.spill = spill
        node.outbox._eviction = spill  # type: ignore[assignment]


def _prepare_crashes(node: Node, path: str) -> None:
    """Crashes are written next to the configuration; what a former boot wrote there is sent."""
    stem = path[:-5] if path.endswith(".json") else path
    for copy in (".last", ".new"):
        if stem.endswith(copy):
            stem = stem[: -len(copy)]
    node.crash_folder = stem + ".crash"
    try:
        left = os.listdir(node.crash_folder)
    except OSError:
        return
    if left and node.spill is None:
        from boardpulse.former import Former

        node.spill = Former(node, _block(node), node.crash_folder)
    elif left and node.spill is not None:
        from boardpulse.crash_file import adopt

        adopt(node.spill, node.crash_folder)


def _block(node: Node) -> Outbox:
    """For frames that come from flash; it gets its memory with the first."""
    outbox = node.outbox
    return Outbox(8, outbox._seal, outbox._lead, outbox._more, 16)


def _prepare_sleep(node: Node, settings: config.Settings, board: "Any", retained: "Any") -> None:
    if retained is not None:
        retained.restore(node)
    if settings.sleep:
        from boardpulse.sleeping import Sleep

        node.sleep = Sleep(node, settings.sleep, board, retained)
    if settings.watchdog_ms:  # last: from here on the board must step
        node.watchdog = board.watchdog(settings.watchdog_ms) if hasattr(board, "watchdog") else None


def _introduce(node: Node, found: "dict[str, Any]", failed: "list[tuple[str, str]]") -> None:
    """Give the node the sensors that it speaks to; tell of those that could not be made."""
    node.lag = found.get("loop_lag")
    node.health = found.get("health")
    if node.health is not None:
        node.health.node = node
    wrong = problem(node)
    if wrong:
        raise ConfigError([("sensors", "", "fewer: " + wrong)])
    for name, text in failed:
        events.write(node, events.body(events.SENSOR, events.WARNING, text, name))


def _describe(node: Node, settings: config.Settings, board: "Any") -> None:
    node.info = {1: VERSION, 2: runtime(), 3: settings.board, 4: board.mcu()}
    if settings.application:
        node.info[5] = settings.application
    if settings.application_version:
        node.info[6] = settings.application_version
    node.interval_ms = settings.sleep.get("period_ms", settings.interval_ms)
    node.batch = settings.batch_of(node.interval_ms)
    node.log_level = events.severity_number(settings.log_level)
    node.reset = board.reset
    node.reset_cause = board.reset_cause()
    if hasattr(board, "wake_reason"):
        node.wake_reason = board.wake_reason()


def _link(settings: config.Settings, board: "Any") -> "tuple[Link, Outbox, Sealing | None]":
    try:
        return _made_link(settings, board)
    except ImportError:
        kind = settings.link["type"]
        raise ConfigError([("link.type", kind, "another, or flash the board again for a link of type %s" % kind)])


def _made_link(settings: config.Settings, board: "Any") -> "tuple[Link, Outbox, Sealing | None]":
    options = settings.link
    size = 8 if settings.outbox_hours else settings.outbox_bytes
    if options["type"] == "uart":
        from boardpulse.links.uart import LEAD, Uart
        from shared_schema.framing import seal

        own = _sealing(settings, seal)
        if own is None:
            return Uart(options, board.open_uart), Outbox(size, seal, LEAD), None
        return Uart(options, board.open_uart, own.down), Outbox(size, own.seal, LEAD + own.lead, own.more), own
    from boardpulse.links.mqtt import Mqtt

    own = _sealing(settings, None)
    if own is None:
        return Mqtt(settings.device_id, options, board.open_socket), Outbox(size), None
    link = Mqtt(settings.device_id, options, board.open_socket, own.down)
    return link, Outbox(size, own.seal, own.lead, own.more), own


def _sealing(settings: config.Settings, line: "Any") -> "Sealing | None":
    if not settings.key:
        return None
    try:
        from boardpulse.sealing import Sealing, key_of
    except ImportError:  # a port without hashlib
        raise ConfigError([("key", config.HIDDEN, "left out: this board cannot authenticate")])
    return Sealing(settings.device_id, key_of(settings.key), line)
