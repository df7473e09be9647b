"""Frames from the bridge (SPEC.md section 9). Acknowledgements come all the time, are read where they stand, and take
no heap; for a command commands.py is loaded."""

from boardpulse.compat import const
from boardpulse.down import following, take_ack, take_hello_request

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from boardpulse.node import Node

_ACK = const(8)
_HELLO_REQUEST = const(9)


def receive(node: "Node", buf: bytearray, start: int, end: int) -> None:
    """Take a down frame that stands in buf[start:end]."""
    kind = buf[start + 1] if end - start > 2 else 0
    if kind == _ACK and buf[start] == 0x83:
        take_ack(node, following(node.boot_bytes, buf, start + 2, end))
    elif kind == _HELLO_REQUEST and buf[start] == 0x82:
        take_hello_request(node)
    else:
        if node.commands is None:
            from boardpulse.commands import Commands

            node.commands = Commands()
        node.commands.receive(node, bytes(buf[start:end]))
