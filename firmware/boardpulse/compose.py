"""From a configuration and a board to a node. What was needed for it only is not kept."""

from boardpulse import config, events
from boardpulse.clock import Clock
from boardpulse.compat import TICKS_MASK, const, runtime, ticks_ms
from boardpulse.node import VERSION, Node
from boardpulse.outbox import Outbox
from boardpulse.sampler import Sampler
from shared_schema import framing

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from typing import Any

    from boardpulse.protocols import Link


def find_board(name: str) -> "Any":
    """The module of the board: `board.py` where it was copied onto one, else boards/<name>/board.py. ConfigError
    when there is none."""
    try:
        import board  # type: ignore[import-not-found]

        return board
    except ImportError:
        pass
    try:
        __import__("boards.%s.board" % name)
    except (ImportError, ValueError):
        from shared_schema.errors import ConfigError

        raise ConfigError([("board", name, "a folder of boards/, such as unix or linux")])
    import sys

    return sys.modules["boards.%s.board" % name]


def load(source: "str | dict[str, Any]", board: "Any" = None) -> Node:
    """The node that a configuration (a path, or what the file would hold) describes. ConfigError when it is wrong."""
    raw = config.load(source) if isinstance(source, str) else source
    if board is None:
        named = raw.get("board") if isinstance(raw, dict) else None
        board = find_board(named if isinstance(named, str) else "")
    settings = config.check(raw, board.SENSORS, board.device_id())
    return build(settings, board)


def build(settings: config.Settings, board: "Any") -> Node:
    """The node of checked settings on a board."""
    clock = Clock(ticks_ms, TICKS_MASK, board.wall_clock, board.CLOCK_SOURCE)
    link, outbox = _link(settings, board)
    sampler = Sampler()
    lag: Any = None
    health: Any = None
    sensor: Any = None
    for name, interval_ms, _ in board.SENSORS:
        options = settings.sensors.get(name, {})
        if options is False:
            continue
        if name == "health":
            from boardpulse.sensors.health import Health

            sensor = health = Health(sampler, link.name)
        else:
            sensor = board.make_sensor(name, options, clock)
            lag = sensor if name == "loop_lag" else lag
        if sensor is not None and len(sensor.series):
            interval_ms = options.get("interval_ms") or max(interval_ms, settings.interval_ms)
            sampler.add(sensor, interval_ms, options.get("batch") or settings.batch_of(interval_ms))
    node = Node(settings.device_id, board.PLATFORM, clock, outbox, sampler, link)
    node.lag = lag
    if health is not None:
        health.node = node
        node.health = health
    _describe(node, settings, board)
    return node


def _describe(node: Node, settings: config.Settings, board: "Any") -> None:
    node.info = {1: VERSION, 2: runtime(), 3: settings.board, 4: board.mcu()}
    if settings.application:
        node.info[5] = settings.application
    if settings.application_version:
        node.info[6] = settings.application_version
    node.interval_ms = settings.interval_ms
    node.batch = settings.batch_of(settings.interval_ms)
    node.log_level = events.severity_number(settings.log_level)
    node.reset = board.reset
    node.reset_cause = board.reset_cause()


def _link(settings: config.Settings, board: "Any") -> "tuple[Link, Outbox]":
    options = settings.link
    if options["type"] == "uart":
        from boardpulse.links.uart import LEAD, Uart

        return Uart(options, board.open_uart), Outbox(settings.outbox_bytes, framing.seal, LEAD)
    from boardpulse.links.mqtt import Mqtt

    return Mqtt(settings.device_id, options, board.open_socket), Outbox(settings.outbox_bytes)
