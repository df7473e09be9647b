"""Frames on a UART, or on any stream of bytes (SPEC.md section 13): sent as they come, again until acknowledged."""

from boardpulse.clock import add, diff
from boardpulse.compat import const
from boardpulse.down import receive
from shared_schema import framing

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from boardpulse.node import Node
    from boardpulse.outbox import Outbox
    from boardpulse.protocols import Stream

LEAD = framing.LEAD
_FIRST_BACKOFF_MS = const(1000)
_LAST_BACKOFF_MS = const(30000)
_BURST = const(8)  # frames that are sent again before an acknowledgement asks for more
_MOST_READS = const(16)  # in a step: a line that is never silent shall not stop the sampling
_BUSY_MS = const(2)
_WAITING_MS = const(10)
_IDLE_MS = const(50)
_CLOSED_MS = const(200)
_HELLO = const(0)
_AGAIN = const(1)
_NEW = const(2)


class Uart:
    """The link over a stream, which open_stream(options) opens, and opens again after an error.
    A stream has write(buf, offset, length) → bytes taken, None for none; readinto(buf) → bytes read, None or 0 for
    none; close(). None of them blocks. An OSError means that the stream is gone.
    """

    name = "uart"
    ack_mode = 1

    def __init__(
        self, options: "dict[str, Any]", open_stream: "Callable[[dict[str, Any]], Stream]", max_down: int = 256
    ) -> None:
        self.node: Node = None  # type: ignore[assignment]  # the node puts itself here
        self.errors = 0
        self.reconnects = 0
        self.options = options
        self.open_stream = open_stream
        self.stream: Any = None
        self._box: Outbox = None  # type: ignore[assignment]  # of the frame that is being written
        self._read = bytearray(32)
        self._chunk = bytearray(max_down + 8 + 4)  # codes and CRC; what unseal() needs behind it
        self._most = max_down + 8
        self.filled = 0
        self._source: bytes | bytearray = self._read
        self._at = self.left = 0
        self._what = _HELLO
        self._seq = self._moved = 0
        self.backoff_ms = _FIRST_BACKOFF_MS
        self.resend_at = 0
        self._budget = 0
        self.open_at = -1

    def step(self, now: int) -> int:
        """Read what came, write what may be written. Milliseconds until it wants to be called again."""
        if self.stream is None and not self._reopen(now):
            return _CLOSED_MS
        try:
            more = self._receive()
            self._time_out(now)
            while self._write():
                pass
        except OSError as error:
            from boardpulse.links.opening import lose

            lose(self, now, error)
            return _CLOSED_MS
        return _BUSY_MS if self.left or more else _WAITING_MS if self.node.held() else _IDLE_MS

    def acknowledged(self) -> None:
        """The bridge has committed frames: it is there, and may get more of those that are sent again."""
        self.backoff_ms = _FIRST_BACKOFF_MS
        self._budget = _BURST
        self.resend_at = add(self.node.clock.now, _FIRST_BACKOFF_MS)

    def fail(self) -> None:
        """Begin afresh after an error in this code: what was half written or half read is given up."""
        self.errors += 1
        self.left = self.filled = 0

    def close(self) -> None:
        """Let go of the stream."""
        if self.stream is not None:
            self.stream.close()
            self.stream = None

    def _reopen(self, now: int) -> bool:
        if self.open_at >= 0 and diff(now, self.open_at) < 0:
            return False
        from boardpulse.links.opening import reopen

        return reopen(self, now)

    def _time_out(self, now: int) -> None:
        """Have the frames that were sent and not acknowledged in time sent again, the oldest first."""
        if self.node.unanswered() == 0:
            self.resend_at = add(now, self.backoff_ms)
        elif diff(now, self.resend_at) >= 0:
            self.node.send_again()
            self._budget = _BURST
            self.backoff_ms = min(self.backoff_ms * 2, _LAST_BACKOFF_MS)
            self.resend_at = add(now, self.backoff_ms)

    def _write(self) -> bool:
        """Write what the stream takes of one frame. Whether it is worth going on."""
        outbox = self._box
        if self.left and self._what != _HELLO and self._moved != outbox.moved:
            self.left = 0  # it has moved in the outbox; the zero that begins the next frame ends what was written
        if not self.left:
            spill = self.node.spill
            outbox = self._box = self.node.outbox if spill is None else spill.turn()
            if not self._choose(outbox):
                return False
        taken = self.stream.write(self._source, self._at, self.left)
        if not taken:
            return False
        self._at += taken
        self.left -= taken
        if not self.left:
            self._written(outbox)
        return True

    def _choose(self, outbox: "Outbox") -> bool:
        if self.node.hello_due:
            self._what = _HELLO
            self._source = self.node.hello(True)
            self._at = 0
            self.left = len(self._source)
            return True
        new = outbox.pass_done()
        if outbox.again < outbox.until and self._budget:
            self._what = _AGAIN
            index = outbox.again
        elif new:
            self._what = _NEW
            index = outbox.sent
        else:
            return False
        self._source = outbox.buf
        self._at = outbox.offset(index)
        self.left = outbox.length(index)
        self._seq = outbox.seq(index)
        self._moved = outbox.moved
        return True

    def _written(self, outbox: "Outbox") -> None:
        if self._what == _HELLO:
            self._source = self._read  # a hello is long, and need not wait in the heap for the next
        elif self._what == _NEW:
            outbox.sent += 1
        elif self._what == _AGAIN:
            self._budget -= 1
            if outbox.again < outbox.until and outbox.seq(outbox.again) == self._seq:
                outbox.again += 1

    def _receive(self) -> bool:
        """Read what came, within reason. Whether there may be more."""
        buf = self._read
        reads = _MOST_READS
        while reads:
            n = self.stream.readinto(buf)
            if not n:
                return False
            i = 0
            while i < n:
                self._take(buf[i])
                i += 1
            reads -= 1
        return True

    def _take(self, byte: int) -> None:
        """Collect the bytes between two zeros; what is longer than a down frame may be is skipped."""
        filled = self.filled
        if byte == 0:
            self.filled = 0
            if filled > self._most:
                self.errors += 1
            elif filled > 6:
                self._open_chunk(filled)
        elif filled < self._most:
            self._chunk[filled] = byte
            self.filled = filled + 1
        else:
            self.filled = self._most + 1

    def _open_chunk(self, filled: int) -> None:
        """Hand on the frame in the chunk, if it is one."""
        end = framing.unseal(self._chunk, filled)
        if end == 0:
            self.errors += 1
            return
        if self.backoff_ms > _FIRST_BACKOFF_MS:  # the bridge is back
            self.backoff_ms = _FIRST_BACKOFF_MS
            self.resend_at = self.node.clock.now
        receive(self.node, self._chunk, 0, end)
