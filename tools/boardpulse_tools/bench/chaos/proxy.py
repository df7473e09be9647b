"""TCP between a board and its broker that can stall, as a radio link out of reach does: nothing is lost or closed, and
nothing arrives, until it is mended."""

import contextlib
import selectors
import socket
import threading
from types import TracebackType
from typing import Self

from boardpulse_tools.network import LOOPBACK

READ_BYTES = 4096
TICK_S = 0.05
SEND_S = 2.0


class Proxy:
    """Carries connections from `port` to `target`, both on loopback, from `with` to its end."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server((LOOPBACK, 0))
        self.port: int = self._listener.getsockname()[1]
        self._stalled = threading.Event()
        self._ending = threading.Event()
        self._peers: dict[socket.socket, socket.socket] = {}
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._carry, name="proxy", daemon=True)

    def cut(self) -> None:
        """Let nothing through: what is sent waits, as what TCP sends again and again does."""
        self._stalled.set()

    def mend(self) -> None:
        """Let through what waited, and all that follows."""
        self._stalled.clear()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._ending.set()
        self._thread.join()
        self._selector.close()
        for end in (self._listener, *self._peers):
            end.close()

    def _carry(self) -> None:
        while not self._ending.is_set():
            if self._stalled.is_set():
                self._ending.wait(TICK_S)
                continue
            for key, _ in self._selector.select(TICK_S):
                if key.fileobj is self._listener:
                    self._join()
                elif (end := key.fileobj) in self._peers:
                    self._pass_on(end)

    def _join(self) -> None:
        board, _ = self._listener.accept()
        try:
            broker = socket.create_connection((LOOPBACK, self._target), SEND_S)
        except OSError:  # the broker is not there: the board sees its connection closed
            board.close()
            return
        board.settimeout(SEND_S)
        for end, peer in ((board, broker), (broker, board)):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._peers[end] = peer
            self._selector.register(end, selectors.EVENT_READ)

    def _pass_on(self, end: socket.socket) -> None:
        data = b""
        with contextlib.suppress(OSError):
            data = end.recv(READ_BYTES)
            self._peers[end].sendall(data)
            if data:
                return
        self._part(end, self._peers[end])

    def _part(self, *ends: socket.socket) -> None:
        for end in ends:
            self._selector.unregister(end)
            del self._peers[end]
            end.close()
