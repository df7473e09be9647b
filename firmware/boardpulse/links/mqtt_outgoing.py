"""What a board sends to its broker, packet by packet: in which order, with which packet ids, out of one buffer."""

from boardpulse.compat import const
from boardpulse.links import mqtt_client as packets
from shared_schema.encode import state
from shared_schema.messages import topic

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from boardpulse.node import Node
    from boardpulse.outbox import Outbox
    from boardpulse.protocols import Stream

_WINDOW = const(16)  # frames that wait for their PUBACK: as many as paho's and mosquitto's default queue takes
_TX = const(512)
_CONNECTED = const(1)  # statuses of the state topic
_CLOSED = const(2)

# What the packet that is being written is.
_CONTROL = const(0)
_AGAIN = const(1)
_NEW = const(2)


def state_of(node: "Node", status: int) -> bytes:
    """A frame of the state topic, as it travels."""
    frame = state(node.boot_bytes, status)
    return frame if node.sealing is None else node.sealing.wrap(frame)


class Outgoing:
    """Control packets from `queue` first, then what the node has: hello, state, frames again, new frames."""

    def __init__(self, device_id: str) -> None:
        self.queue: list[bytes] = []
        self.state_due = False
        self._topics = {name: packets.field(topic(device_id, name)) for name in ("up", "hello", "state")}
        self._tx = bytearray(_TX)
        self._at = self._end = 0
        self._box: Outbox = None  # type: ignore[assignment]  # of the frame that is being written
        self._what = _CONTROL
        self._seq = 0
        self._pid = 0

    def busy(self) -> bool:
        """Whether a packet is half written."""
        return self._at < self._end

    def drop(self) -> None:
        """The connection is gone, and with it what was half written."""
        self._at = self._end = 0

    def write(self, stream: "Stream", node: "Node", up: bool) -> bool:
        """Write what the stream takes of one packet: control packets only, unless the connection is `up`. Whether it
        is worth going on."""
        if self._at == self._end and not self._choose(node, up):
            return False
        taken = stream.write(self._tx, self._at, self._end - self._at)
        if not taken:
            return False
        self._at += taken
        if self._at == self._end:
            self._written(self._box)
        return True

    def say_goodbye(self, stream: "Stream", node: "Node") -> None:
        """Write state 2 and DISCONNECT, as far as the stream takes them."""
        self._load(*self._publish_state(node, _CLOSED))
        self._finish(stream)
        self._load(packets.DISCONNECT, b"")
        self._finish(stream)

    def next_pid(self) -> int:
        """1 … 65535, round and round. A number is free again long before its turn: at most _WINDOW frames are on
        their way."""
        self._pid = self._pid % 65535 + 1
        return self._pid

    def _finish(self, stream: "Stream") -> None:
        while self._at < self._end:
            taken = stream.write(self._tx, self._at, self._end - self._at)
            if not taken:
                return
            self._at += taken

    def _choose(self, node: "Node", up: bool) -> bool:
        """Load the next packet, if there is one to send."""
        outbox = self._box = node.outbox if node.spill is None else node.spill.turn()
        self._what = _CONTROL
        new = outbox.pass_done()
        if self.queue:
            self._load(self.queue.pop(0), b"")
        elif not up:
            return False
        elif node.hello_due:
            self._load_hello(node)
        elif outbox.again < outbox.until:
            self._load_frame(outbox, outbox.again, _AGAIN)
        elif new and outbox.sent < _WINDOW:
            self._load_frame(outbox, outbox.sent, _NEW)
        else:
            return False
        return True

    def _load(self, head: bytes, payload: "bytes | memoryview") -> None:
        """Put one packet into the buffer, which grows to the largest that was ever needed."""
        start = len(head)
        self._end = start + len(payload)
        if self._end > len(self._tx):
            self._tx = bytearray(self._end + 64)
        self._tx[:start] = head
        self._tx[start : self._end] = payload
        self._at = 0

    def _load_hello(self, node: "Node") -> None:
        """The retained hello; and one among the frames, which waits with them in the broker for a bridge that is away:
        the retained one may be another boot's by then."""
        frame = node.hello()
        self._load(packets.publish(self._topics["hello"], len(frame), self.next_pid(), True), frame)
        if node.sealing is not None:  # the same one again would be a replay
            frame = node.hello()
        if self.state_due:
            self.state_due = False
            head, state = self._publish_state(node, _CONNECTED)
            self.queue.append(head + state)
        self.queue.append(packets.publish(self._topics["up"], len(frame), self.next_pid()) + frame)

    def _load_frame(self, outbox: "Outbox", index: int, what: int) -> None:
        at = outbox.offset(index)
        length = outbox.length(index)
        if what == _NEW:
            outbox.set_pid(index, self.next_pid())
        self._what = what
        self._seq = outbox.seq(index)
        head = packets.publish(self._topics["up"], length, outbox.pid(index), False, what == _AGAIN)
        self._load(head, memoryview(outbox.buf)[at : at + length])

    def _publish_state(self, node: "Node", status: int) -> "tuple[bytes, bytes]":
        frame = state_of(node, status)
        return packets.publish(self._topics["state"], len(frame), self.next_pid(), True), frame

    def _written(self, outbox: "Outbox") -> None:
        if self._what == _NEW and outbox.sent < outbox.count and outbox.seq(outbox.sent) == self._seq:
            outbox.sent += 1
        elif self._what == _AGAIN and outbox.again < outbox.until and outbox.seq(outbox.again) == self._seq:
            outbox.again += 1
