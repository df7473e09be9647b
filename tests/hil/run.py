"""The run over one board: look at it, deploy, have it stream, take everything away, and compare."""

import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any

from boardpulse_tools.boards_schema import BoardFile
from boardpulse_tools.flash.errors import BoardError, FlashError
from boardpulse_tools.flash.flash import all_boards
from boardpulse_tools.flash.probe import Facts, identify, probe
from boardpulse_tools.image import ImageError
from boardpulse_tools.processes import ProcessError
from tests.hil import judge, program
from tests.hil.listener import Listener
from tests.hil.place import Flash, Memory, Place
from tests.hil.report import FAIL, PASS, SKIP, Report, Row
from tests.hil.streams import Streams
from tests.hil.target import Abilities, Target

CHECKS = (
    "answers", "modules of the firmware", "MicroPython", "known board", "has network", "has Pin", "has ADC",
    "frames on the prompt's line", "writable flash", "deployed", "hello", "stream", "ledger", "memory", "console lines",
    "console traceback", "sensors", "soft reset", "Ctrl-C", "ledger after the reset", "frames on SECOND_PORT",
    "left as found",
)  # fmt: skip
GENERIC = "generic"


class GaveUpError(Exception):
    """The run took too long."""


FAILURES = (FlashError, ImageError, ProcessError, OSError, HTTPException, GaveUpError)


@dataclass(frozen=True)
class Options:
    """What is to be run. `second_link` is what the configuration says of the UART that SECOND_PORT is wired to."""

    port: str
    second_port: str = ""
    second_link: Mapping[str, Any] = field(default_factory=dict)
    frames: int = 100
    interval_ms: int = 100
    board: str | None = None
    in_memory: bool = False


class Run:
    """Fills `report`, and `say`s what it does before it does it."""

    def __init__(self, options: Options, say: Callable[[str], None]) -> None:
        self.report = Report(options.port)
        self._options = options
        self._say = say
        self._board: BoardFile | None = None
        self._place: Place = Memory()
        self._image: Mapping[str, bytes] = {}
        self._deployed = False
        self._not_reached = "not reached"

    def run(self) -> int:
        """Do it. The exit code: 0 when nothing failed, that of the flash tool's error, else 1."""
        began = time.monotonic()
        code = 0
        try:
            with Target(self._options.port) as target:
                self._test(target)
        except FAILURES as error:
            code = getattr(error, "exit_code", 1)
            self._ended_by(str(error))
        self._complete()
        self.report.seconds = round(time.monotonic() - began, 1)
        return code or (0 if self.report.passed else 1)

    def _test(self, target: Target) -> None:
        self._say(f"{target.port}: stopping what runs there; main.py runs again at the end.")
        began = time.monotonic()
        target.enter()
        self.report.add(Row("answers", PASS, f"raw REPL after {time.monotonic() - began:.1f} s"))
        abilities = target.abilities()
        self.report.add(judge.firmware_modules(abilities.lacks), *judge.peripherals(abilities.lacks))
        self.report.add(judge.prompt_line(abilities.lacks))
        facts = None if "getcwd" in abilities.lacks else self._introduce(target, abilities)
        if facts is None or judge.lacks_of_firmware(abilities.lacks):
            self._not_reached = "the firmware cannot run on this MicroPython"
            return
        no_line = self._no_second_line(abilities)
        if judge.lacks_of_prompt(abilities.lacks) and no_line:
            self._not_reached = "frames cannot share the prompt's line"
            self.report.add(Row("frames on SECOND_PORT", SKIP, "", no_line))
            return
        self._on_the_board(target, abilities, facts)

    def _on_the_board(self, target: Target, abilities: Abilities, facts: Facts) -> None:
        """All that writes to it."""
        self._image = program.image(self._board.name if self._board else None, facts.arch)
        before = target.listing(facts.root)
        self._choose_place(target, facts)
        try:
            self._stream(target, abilities)
        except FAILURES:
            self._take_away_if_possible(target)
            raise
        self._take_away(target)
        self.report.add(judge.left(before, target.listing(facts.root), self._place.survives_reset))

    def _introduce(self, target: Target, abilities: Abilities) -> Facts:
        """Who it is. A board without a flash looks for modules nowhere: our folder is one place for all."""
        target.run(f"import sys\nsys.path.append({Memory.lib!r})")
        facts = probe(target)
        self.report.machine, self.report.micropython = facts.machine, facts.version_text
        version = f"{facts.version_text}, {facts.arch or 'bytecode only'}, {abilities.free_bytes} bytes of heap free"
        self.report.add(Row("MicroPython", PASS, version, "1.24 or newer"))
        if self._options.board == GENERIC:
            self.report.add(
                Row("known board", SKIP, facts.machine, "what every MicroPython has is tested, as was asked for")
            )
            return facts
        try:
            self._board = identify(facts, all_boards(), self._options.board)
        except BoardError as error:
            if self._options.board is not None:
                raise
            self.report.add(Row("known board", SKIP, facts.machine, f"what every MicroPython has is tested. {error}"))
        else:
            self.report.board = self._board.name
            self.report.add(Row("known board", PASS, self._board.name, facts.machine))
        return facts

    def _choose_place(self, target: Target, facts: Facts) -> None:
        flash = Flash(facts)
        if self._options.in_memory:
            reason = "it is not to be touched"
        else:
            self._say(f"{target.port}: trying to write {flash.root}; nothing else on the flash is touched.")
            reason = flash.refuses(target, self._image)
        if reason:
            self.report.add(Row("writable flash", SKIP, "", f"{reason}; a RAM file system takes its place"))
            return
        self._place = flash
        self.report.add(Row("writable flash", PASS, f"{facts.free_blocks * facts.block_bytes} bytes free", flash.root))

    def _stream(self, target: Target, abilities: Abilities) -> None:
        with tempfile.TemporaryDirectory(prefix="hil-") as folder:
            second, interval_ms = self._options.second_port, self._options.interval_ms
            with Listener(Path(folder), target, second) as listener:

                def start(device_id: str, link: Mapping[str, Any], frames: int, end: int) -> None:
                    self._deploy(target)
                    call = program.call(self._place.lib, device_id, self._board, link, interval_ms, frames, end)
                    listener.start(call)

                streams = Streams(listener, start, self._options.frames, interval_ms, self.report.add)
                if judge.lacks_of_prompt(abilities.lacks):
                    self._not_reached = "frames cannot share the prompt's line"
                else:
                    streams.over_prompt(program.prompt_link(self._board))
                self.report.add(self._over_second_port(streams, abilities))

    def _link_of_second(self) -> dict[str, Any]:
        return program.second_link(self._board, self._options.second_link)

    def _no_second_line(self, abilities: Abilities) -> str:
        """Why frames are not tried over a UART of their own; empty where they are."""
        if not self._options.second_port:
            return "no SECOND_PORT was given"
        if "UART" in abilities.lacks and "path" not in self._link_of_second():
            return f"the board has no UART of its own: {abilities.lacks['UART']}"
        return ""

    def _over_second_port(self, streams: Streams, abilities: Abilities) -> Row:
        reason = self._no_second_line(abilities)
        if reason:
            return Row("frames on SECOND_PORT", SKIP, "", reason)
        return streams.over_second_port(self._link_of_second(), self._options.second_port)

    def _deploy(self, target: Target) -> None:
        """Bring the board to where the program can be started: reset, and with the image on it."""
        target.enter()
        if self._deployed and self._place.survives_reset:
            return
        files = self._place.files(self._image)
        size = sum(map(len, files.values()))
        if not self._deployed:
            self._say(f"{target.port}: writing {len(files)} files, {size} bytes, to {self._place}.")
        began = time.monotonic()
        self._place.write(target, self._image)
        took_s = time.monotonic() - began
        if not self._deployed:
            self._deployed = True
            self.report.wrote = str(self._place)
            self.report.add(
                Row("deployed", PASS, f"{len(files)} files, {size} bytes in {took_s:.1f} s", str(self._place))
            )

    def _take_away(self, target: Target) -> None:
        target.enter()
        self._place.remove(target)

    def _take_away_if_possible(self, target: Target) -> None:
        try:
            self._take_away(target)
        except FAILURES:
            if self._place.survives_reset:
                reason = f"{self._place.root} may still be there: the next run removes it"
                self.report.add(Row("left as found", FAIL, "", reason))

    def _ended_by(self, error: str) -> None:
        """Tell where it ended: at the first check that has no row."""
        reached = {row.check for row in self.report.rows}
        self.report.add(Row(next((check for check in CHECKS if check not in reached), "run"), FAIL, "", error))

    def _complete(self) -> None:
        """A row for each check, in the order of CHECKS."""
        found = {row.check: row for row in self.report.rows}
        self.report.rows = [found.pop(check, Row(check, SKIP, "", self._not_reached)) for check in CHECKS] + list(
            found.values()
        )
