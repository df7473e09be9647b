"""`boardpulse demo`: a bridge, a broker and two boards on this machine, until Ctrl-C."""

import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

import click

from boardpulse_tools import boards
from boardpulse_tools import broker as brokers
from boardpulse_tools.bridge import Bridge
from boardpulse_tools.cable import Cable
from boardpulse_tools.demo_status import StatusLine, read_status
from boardpulse_tools.network import LOOPBACK, can_bind, free_port
from boardpulse_tools.processes import ProcessError
from boardpulse_tools.supervise import Supervised
from host_bridge.config import parse_listen
from host_bridge.options import DEFAULT_HTTP_PORT

TICK_S = 0.2
STATUS_EVERY_S = 1.0
UART_BOARD, MQTT_BOARD = "demo-uart", "demo-mqtt"
INTERPRETERS: dict[str, Callable[[], boards.Interpreter | None]] = {
    "auto": boards.interpreter,
    "micropython": boards.micropython,
    "cpython": boards.cpython,
}


@click.command()
@click.option("--listen", default=f"{LOOPBACK}:{DEFAULT_HTTP_PORT}", show_default=True, metavar="HOST:PORT")
@click.option("--seconds", type=click.FloatRange(min=0.1), help="End by itself after this time.")
@click.option(
    "--interpreter",
    "wanted",
    type=click.Choice(sorted(INTERPRETERS)),
    default="auto",
    help="What the boards run on; auto: MicroPython where there is one for this machine.",
)
def demo(listen: str, seconds: float | None, wanted: str) -> None:
    """Start the bridge with a broker and two boards, one on a UART, one on MQTT; Ctrl-C ends it."""
    host, port = _address(listen)
    runs_on = INTERPRETERS[wanted]()
    if runs_on is None:
        raise click.ClickException("There is no MicroPython here. To get it: pip install 'boardpulse[demo]'")
    try:
        with _until_signalled() as ended, ExitStack() as stack:
            children, bridge = _start(host, port, runs_on, stack)
            _watch(children, bridge, seconds, ended)
    except ProcessError as error:
        raise click.ClickException(str(error)) from error
    click.echo("Ended: all processes are stopped.")


def _address(listen: str) -> tuple[str, int]:
    try:
        options = parse_listen(listen)
    except ValueError as error:
        raise click.UsageError(f"--listen {listen}: expected {error}") from error
    if not can_bind(options.host, options.port):
        raise click.ClickException(
            f"{listen} is taken, perhaps by another demo or bridge. End that one, or choose another address: "
            f"boardpulse demo --listen {LOOPBACK}:{DEFAULT_HTTP_PORT + 1}"
        )
    return options.host, options.port or free_port()


@contextmanager
def _until_signalled() -> Iterator[threading.Event]:
    """An event that Ctrl-C, a request to end, and the end of the terminal set, so that everything is ended in order."""
    ended = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield ended
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _start(host: str, port: int, runs_on: boards.Interpreter, stack: ExitStack) -> tuple[list[Supervised], Bridge]:
    """Start everything; the stack stops it again, boards first. Says what runs and where to look."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="boardpulse-demo-")))
    broker = brokers.started(lambda: brokers.embedded(folder))
    stack.callback(broker.stop)
    cable = stack.enter_context(Cable())
    bridge = Bridge(folder, [cable.bridge_port], broker.port, host, port)
    stack.callback(bridge.stop)
    bridge.start()
    links = {
        UART_BOARD: {"type": "uart", "path": cable.board_port},
        MQTT_BOARD: {"type": "mqtt", "host": LOOPBACK, "port": broker.port},
    }
    processes = [broker.process, bridge.process]
    for name, link in links.items():
        config = {"device_id": name, "board": "unix", "link": link, "application": "demo"}
        process = boards.board(name, folder / name, config, runs_on)
        stack.callback(process.stop)
        processes.append(process.start())
    _say_where(bridge, broker, cable, runs_on)
    now = time.monotonic()
    return [Supervised(process, click.echo, now) for process in processes], bridge


def _say_where(bridge: Bridge, broker: brokers.Broker, cable: Cable, runs_on: boards.Interpreter) -> None:
    click.echo(f"Broker:  {broker.kind} on {LOOPBACK}:{broker.port}")
    click.echo(f"Boards:  {UART_BOARD} on the UART {cable.bridge_port}, {MQTT_BOARD} on MQTT")
    if runs_on.is_micropython:
        click.echo(f"         Both run the firmware as it is, on {runs_on}.")
    else:
        why = "There is no MicroPython here" if boards.micropython() is None else "As asked"
        click.echo(f"         {why}: both run the same firmware under {runs_on}.")
    click.echo(f"Page:    {bridge.url}")
    click.echo(f"Metrics: {bridge.url}metrics")
    click.echo(f"History: boardpulse history --path {bridge.history}")
    click.echo("Ctrl-C ends it.")


def _watch(children: list[Supervised], bridge: Bridge, seconds: float | None, ended: threading.Event) -> None:
    """Look after the children, and tell how they do, until the time is over or somebody ends us."""
    line = StatusLine(sys.stdout)
    for child in children:
        child.say = line.say
    began = time.monotonic()
    told_at = began - STATUS_EVERY_S
    while not ended.wait(TICK_S):
        now = time.monotonic()
        if seconds is not None and now - began >= seconds:
            break
        for child in children:
            child.tick(now)
        if now - told_at >= STATUS_EVERY_S:
            told_at = now
            line.show(read_status(bridge), now - began)
    line.end()
