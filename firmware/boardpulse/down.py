"""Frames from the bridge (SPEC.md section 9). Acknowledgements come all the time, are read where they stand, and take
no heap; for a command commands.py is loaded."""

from boardpulse.compat import const

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from boardpulse.node import Node

_ACK = const(8)
_HELLO_REQUEST = const(9)


def receive(node: "Node", buf: "bytes | bytearray", start: int, end: int) -> None:
    """Take a down frame that stands in buf[start:end]."""
    if node.sealing is not None:
        buf = node.sealing.receive(node, bytes(buf[start:end]))
        start, end = 0, len(buf)
        if not buf:
            return
    if end - start > 2 and buf[start] == 0x83 and buf[start + 1] == _ACK:
        if node.spill is None:
            node.take_ack(following(node.boot_bytes, buf, start + 2, end))
        else:
            node.spill.take(buf, start + 2, end)
        return
    if end - start > 2 and buf[start] == 0x82 and buf[start + 1] == _HELLO_REQUEST:
        node.ask_hello()
        return
    if node.commands is None:
        from boardpulse.commands import Commands

        node.commands = Commands()
    node.commands.receive(node, bytes(buf[start:end]))


def following(boot: bytes, buf: "bytes | bytearray", pos: int, end: int) -> int:
    """`next` of an ack whose boot begins at `pos`, if it is `boot`; -1 for any other."""
    for byte in boot:
        if pos >= end or buf[pos] != byte:
            return -1
        pos += 1
    if pos >= end or buf[pos] > 0x1B or (buf[pos] > 23 and pos + 1 + (1 << (buf[pos] - 24)) != end):
        return -1
    value = buf[pos] if buf[pos] < 24 else 0
    while pos + 1 < end:
        pos += 1
        value = value << 8 | buf[pos]
    return value
