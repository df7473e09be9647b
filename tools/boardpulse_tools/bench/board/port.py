"""A MicroPython behind a serial port, real or emulated. It reads the firmware from this machine over the line: nothing
is written to the board."""

import io
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

from mpremote.transport import TransportError
from mpremote.transport_serial import SerialTransport
from serial import SerialException

from boardpulse_tools.bench.board.interpreters import Interpreter, Output, Part, parsed, unpacked, with_loop
from boardpulse_tools.processes import ProcessError

ATTEMPTS, ENTER_S = 8, 1
_WHO = "(sys.maxsize > 1 << 32, sys.implementation._machine, sys.implementation.version)"
_START = "import gc, sys; sys.path[:] = ['/remote/lib', '/remote', '.frozen']"


class Port(Interpreter):
    """`name` is what the board says of itself. It is reset softly before each program and after it, and then runs its
    main.py again. ProcessError when nothing like MicroPython answers."""

    def __init__(self, port: str) -> None:
        self.port = port
        with tempfile.TemporaryDirectory() as name, self._board(Path(name)) as board:
            wide, machine, version = board.eval(_WHO)
        self.bits = 64 if wide else 32
        self.name = f"{machine}, MicroPython {'.'.join(map(str, version[:3]))}"

    def run(self, flash: Mapping[str, bytes], parts: Sequence[Part]) -> Output:
        """On the board, from its raw REPL."""
        said = b""
        folder = tempfile.TemporaryDirectory(prefix="boardpulse-bench-")
        with folder as name, self._board(unpacked(flash, Path(name))) as board:
            for part in parts:
                code = with_loop(part)
                for _ in range(part.times):
                    said += board.exec(code)
                    board.exec("gc.collect()")
        return parsed(said.decode())

    @contextmanager
    def _board(self, folder: Path) -> Iterator[SerialTransport]:
        """The board in its raw REPL, with the folder as /remote."""
        try:
            board = SerialTransport(self.port)
            try:
                _enter(board)
                board.mount_local(str(folder))
                board.exec(_START)
                yield board
            finally:
                if board.in_raw_repl:
                    board.umount_local()
                    board.exit_raw_repl()
                    board.serial.write(b"\x04")
                board.close()
        except (TransportError, SerialException) as error:
            raise ProcessError(f"the board at {self.port}: {error}") from error


def _enter(board: SerialTransport) -> None:
    """Stop what runs, and get the raw REPL; again where the board is just starting and does not listen yet."""
    for attempt in range(ATTEMPTS):
        try:
            with redirect_stdout(io.StringIO()):  # mpremote prints what it cannot use
                board.enter_raw_repl(soft_reset=True, timeout_overall=ENTER_S)
            return
        except TransportError:
            if attempt == ATTEMPTS - 1:
                raise
