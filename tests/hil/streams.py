"""The board at work: it streams and is reset in the middle of it, streams again until Ctrl-C, and once more over
a UART of its own."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from tests.hil import judge
from tests.hil.board_app import BYE, CTRL_C, RESET
from tests.hil.listener import Listener
from tests.hil.report import Row
from tests.hil.witness import Boot

HELLO_S = 20.0
LEAST_FRAME_S = 0.5  # a board may have several groups, and a slow line
QUIET_S = 1.0  # after a traceback: a program that fell speaks no more
TRACEBACK = "Traceback (most recent call last):"
SETTLE_S = 5.0
DEVICE, SECOND_DEVICE = "hil", "hil-2"

# Starts the program on the board, deployed anew where need be: (device, link, frames, end).
Start = Callable[[str, Mapping[str, Any], int, int], None]


class Streams:
    """`add` takes the rows as they come."""

    def __init__(
        self, listener: Listener, start: Start, frames: int, interval_ms: int, add: Callable[..., None]
    ) -> None:
        self._listener = listener
        self._witness = listener.witness
        self._start = start
        self._frames = frames
        self._patience_s = HELLO_S + frames * max(LEAST_FRAME_S, 2 * interval_ms / 1000)
        self._add = add

    def over_prompt(self, link: Mapping[str, Any]) -> bool:
        """Both runs over the line of the prompt. Whether there was a hello."""
        first = self._first(link)
        if first is None:
            return False
        before = self._listener.ledger(DEVICE)
        self._add(judge.plugged(first, before), judge.memory(first.used_bytes))
        self._add(*judge.console(self._console()), judge.sensors(first))
        self._second(link, first, before)
        return True

    def _first(self, link: Mapping[str, Any]) -> Boot | None:
        began = time.monotonic()
        self._start(DEVICE, link, self._frames, RESET)
        boot = self._hello(None)
        self._add(judge.hello(boot, time.monotonic() - began, self._witness.console))
        if boot is None:
            return None
        self._listener.pump(lambda: boot.made is not None, self._patience_s)
        self._settle(boot)
        self._add(judge.stream(boot, self._frames))
        return boot

    def _second(self, link: Mapping[str, Any], first: Boot, before: Mapping[str, int]) -> None:
        frames = max(10, self._frames // 4)
        self._start(DEVICE, link, frames, CTRL_C)
        second = self._hello(first)
        self._listener.pump(self._listener.look(lambda _: self._listener.boots(DEVICE) > 1), SETTLE_S)
        self._add(judge.reset(first, second, self._listener.boots(DEVICE)))
        if second is None:
            return
        self._listener.pump(lambda: len(second.seqs) >= frames, self._patience_s)
        self._listener.interrupt()
        self._listener.pump(lambda: second.made is not None, SETTLE_S)
        self._settle(second)
        self._listener.pump(self._listener.look(lambda _: self._listener.state(DEVICE) == "stopped"), SETTLE_S)
        self._add(judge.bye(second, self._listener.state(DEVICE)))
        self._add(judge.after_reset(first, second, before, self._listener.ledger(DEVICE)))

    def over_second_port(self, link: Mapping[str, Any], port: str) -> Row:
        """A run whose frames the bridge gets from SECOND_PORT, and only the console over the prompt."""
        known = set(self._witness.boots)
        frames = max(10, self._frames // 4)
        self._start(SECOND_DEVICE, link, frames, BYE)

        def arrived() -> int:
            ledger = self._listener.ledger(SECOND_DEVICE)
            return ledger["received"] + ledger["recovered"]

        def boot() -> Boot | None:
            return next((one for number, one in self._witness.boots.items() if number not in known), None)

        self._listener.pump(lambda: boot() is not None, self._patience_s)
        ended = boot() or Boot(0)
        self._listener.pump(self._listener.look(lambda _: arrived() >= (ended.made or 0)), SETTLE_S)
        here = link.get("path") or f"the board's UART {link.get('id')}"
        where = f"{here} to {port}"
        return judge.second_line(ended, self._listener.ledger(SECOND_DEVICE), frames, where)

    def _hello(self, other: Boot | None) -> Boot | None:
        """Wait for the hello of a boot that is not `other`."""

        def boot() -> Boot | None:
            last = self._witness.last
            return last if last is not None and last is not other and last.hello is not None else None

        printed = len(self._witness.console)
        fell: list[float] = []

        def over() -> bool:
            if not fell and any(TRACEBACK in line for line in self._witness.console[printed:]):
                fell.append(time.monotonic())
            return boot() is not None or (bool(fell) and time.monotonic() > fell[0] + QUIET_S)

        self._listener.pump(over, HELLO_S)
        return boot()

    def _settle(self, boot: Boot) -> None:
        """Wait until the bridge has counted what came over the line."""

        def counted() -> bool:
            ledger = self._listener.ledger(DEVICE)
            here = sum(len(one.seqs) for one in self._witness.boots.values())
            return ledger["received"] + ledger["recovered"] >= here

        self._listener.pump(self._listener.look(lambda _: counted()), SETTLE_S)

    def _console(self) -> list[str]:
        """The lines that are log events by now; the last one gets a moment."""

        def ended(_page: str) -> bool:
            return any("hil: boot" in line for line in self._listener.console())

        self._listener.pump(self._listener.look(ended), SETTLE_S)
        return self._listener.console()
