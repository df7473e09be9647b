"""Commands of the bridge (SPEC.md section 9): each is executed once, and answered with an event. Loaded when one
comes."""

from boardpulse import events
from boardpulse.compat import const
from shared_schema.cbor_reader import loads
from shared_schema.commands import Down, parse_down
from shared_schema.errors import PeerError

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from typing import Any

    from boardpulse.node import Node

_ACK = const(8)
_HELLO_REQUEST = const(9)
_SET = const(10)
_RESET = const(11)
_DONE = const(0)
_REFUSED = const(1)
_KEPT = const(8)
_LEAST_INTERVAL_MS = const(10)
_MIN_UNIX_S = 1704067200  # 2024-01-01: the bridge refuses an anchor before it
_MAX_UNIX_S = 1 << 39
_MAX_CELLS = const(4096)  # of a group's columns: a value takes up to 5 bytes of a frame, and a word of heap

MODES = ("soft", "hard", "boot loader")


class Commands:
    """What was executed in this boot."""

    def __init__(self) -> None:
        self._last = -1
        self._answers: list[tuple[int, int, str]] = []

    def receive(self, node: "Node", frame: bytes) -> None:
        """Execute the command in a frame. A frame that is none is counted as an error of the link."""
        item: object = None
        try:
            item = loads(frame)
            down = parse_down(item)
        except PeerError as error:
            node.link.errors += 1
            number = _number(item, node.boot)
            if number >= 0:
                self._answer_once(node, number, _REFUSED, str(error))
            return
        if down.boot is not None and down.boot != node.boot:
            return
        if down.kind == _ACK:
            node.take_ack(down.following)
        elif down.kind == _HELLO_REQUEST:
            node.ask_hello()
        elif down.kind == _SET or down.kind == _RESET:  # what a later version may send down is skipped
            self._command(node, down)

    def _command(self, node: "Node", down: Down) -> None:
        code, text = _REFUSED, ""
        if down.command > self._last:
            code, text = _set(node, down.fields) if down.kind == _SET else _reset(node, down.mode)
        self._answer_once(node, down.command, code, text)

    def _answer_once(self, node: "Node", number: int, code: int, text: str) -> None:
        """Answer a command; one that is not greater than the last as before."""
        if number > self._last:
            self._last = number
            self._answers.append((number, code, text))
            del self._answers[:-_KEPT]
        for command, code, text in self._answers:
            if command == number:
                return _answer(node, command, code, text)
        return _answer(node, number, _REFUSED, "older than the %d commands that are remembered" % _KEPT)


def _number(item: object, boot: int) -> int:
    """The number of a command for this boot of which the rest cannot be read; -1 for what is none."""
    if not isinstance(item, list) or len(item) < 3 or item[:2] not in ([_SET, boot], [_RESET, boot]):
        return -1
    return item[2] if type(item[2]) is int and 0 <= item[2] <= 1 << 53 else -1


def _answer(node: "Node", command: int, code: int, text: str) -> None:
    event = events.body(events.COMMAND, events.WARNING if code else events.INFO, text)
    event[8] = command
    event[9] = code
    events.write(node, event)


def _reset(node: "Node", mode: int) -> "tuple[int, str]":
    if node.reset is None:
        return _REFUSED, "this board cannot be reset from here"
    node.reset_mode = mode
    return _DONE, "reset, " + MODES[mode]


def _set(node: "Node", fields: "dict[int, Any]") -> "tuple[int, str]":
    """All or nothing: everything is checked first."""
    problem = _problem(node, fields)
    if problem:
        return _REFUSED, problem
    if 3 in fields:
        from boardpulse.limits import set_limits

        set_limits(node.sampler.groups, fields[3])
    if 4 in fields:
        unix_s, ms, uncertainty_ms = fields[4]
        node.clock.tell(unix_s, ms, uncertainty_ms)
        node.hello_due = True
    if 5 in fields:
        node.log_level = fields[5]
    if 1 in fields or 2 in fields:
        node.redeclare(fields.get(1, ()), fields.get(2, ()))
    return _DONE, "set"


def _problem(node: "Node", fields: "dict[int, Any]") -> str:
    """Why the fields cannot be set; empty when they can."""
    if 4 in fields and not _MIN_UNIX_S <= fields[4][0] <= _MAX_UNIX_S:
        return "%d s is no time from 2024 on" % fields[4][0]
    groups = node.sampler.groups
    for key in (1, 2, 3):
        for row in fields.get(key, ()):
            if row[0] >= len(groups):
                return "there is no group %d" % row[0]
            columns = len(groups[row[0]].columns)
            if key == 1 and row[1] < _LEAST_INTERVAL_MS:
                return "an interval of %d ms is below %d" % (row[1], _LEAST_INTERVAL_MS)
            if key == 2 and row[1] * columns > _MAX_CELLS:
                return "a batch of %d of %d columns is more than %d values" % (row[1], columns, _MAX_CELLS)
            if key == 3 and row[1] >= columns:
                return "group %d has no column %d" % (row[0], row[1])
    return ""
