"""Frames that go down (SPEC.md section 9): written by the bridge, read by a board. encode_* give the whole frame."""

from shared_schema import messages as m
from shared_schema.cbor import encode
from shared_schema.check import integer, mapping, sequence, shown
from shared_schema.errors import SchemaError


def encode_ack(boot: int, following: int) -> bytes:
    """Every reliable frame of `boot` with seq < following is committed."""
    return encode([m.ACK, boot, following])


def encode_hello_request(boot: "int | None" = None) -> bytes:
    """Ask for a hello; None asks whoever is there."""
    return encode([m.HELLO_REQUEST, boot])


def encode_set(boot: int, command: int, fields: dict[int, object]) -> bytes:
    """Change intervals (1), batches (2), limits (3), time (4) or log severity (5)."""
    return encode([m.SET, boot, command, fields])


def encode_reset(boot: int, command: int, mode: int) -> bytes:
    """Restart the board: 0 soft, 1 hard, 2 boot loader."""
    return encode([m.RESET, boot, command, mode])


class Down:
    """A command for a board. boot is None in a hello? for whoever is there; the other fields depend on `kind`:
    ack: following; set: command, fields; reset: command, mode."""

    def __init__(self, kind: int, boot: "int | None") -> None:
        self.kind = kind
        self.boot = boot
        self.following = 0
        self.command = 0
        self.mode = 0
        self.fields: dict[int, object] = {}
        self.skipped = 0


_LENGTHS = {m.ACK: 3, m.HELLO_REQUEST: 2, m.SET: 4, m.RESET: 4}


def parse_down(item: object) -> Down:
    """The command in a decoded frame that went down; of a kind that a later version may define, its kind and boot.
    SchemaError names the field that is wrong."""
    if not isinstance(item, list) or not item or type(item[0]) is not int or item[0] not in m.DOWN_KINDS:
        raise SchemaError("%s is no frame that goes down" % shown(item))
    kind = item[0]
    length = _LENGTHS.get(kind, 2)
    if len(item) < length:
        raise SchemaError("a frame of kind %d has %d elements, not %d" % (kind, len(item), length))
    anybody = kind == m.HELLO_REQUEST and item[1] is None
    down = Down(kind, None if anybody else integer(item[1], "boot", 1, m.MAX_BOOT))
    if kind not in _LENGTHS:
        down.skipped = 1
        return down
    down.skipped = len(item) - length
    if kind == m.ACK:
        down.following = integer(item[2], "next", 0, m.MAX_SEQ + 1)
    elif kind != m.HELLO_REQUEST:
        down.command = integer(item[2], "command", 0, m.MAX_VALUE)
        if kind == m.SET:
            down.fields = _set_fields(item[3], down)
        else:
            down.mode = integer(item[3], "mode", 0, 2)
    return down


def _set_fields(value: object, down: Down) -> dict[int, object]:
    out: dict[int, object] = {}
    pairs = mapping(value, "set", 32)
    for key in pairs:
        if key == 1:
            out[1] = _rows(pairs[key], "intervals", ((0, m.MAX_GROUPS - 1), (0, m.MAX_INTERVAL_MS)))
        elif key == 2:
            out[2] = _rows(pairs[key], "batches", ((0, m.MAX_GROUPS - 1), (1, m.MAX_SAMPLES)))
        elif key == 3:
            out[3] = _limits(pairs[key])
        elif key == 4:
            out[4] = _row(pairs[key], "time", ((0, 1 << 40), (0, 999), (0, m.MAX_VALUE)))
        elif key == 5:
            out[5] = integer(pairs[key], "log severity", 0, 4)
        else:
            down.skipped += 1
    return out


def _row(value: object, what: str, ranges: "tuple[tuple[int, int], ...]") -> list[int]:
    parts = sequence(value, what, len(ranges), len(ranges) + m.MAX_TRAILING)
    return [integer(parts[i], what, ranges[i][0], ranges[i][1]) for i in range(len(ranges))]


def _rows(value: object, what: str, ranges: "tuple[tuple[int, int], ...]") -> list[list[int]]:
    return [_row(row, what, ranges) for row in sequence(value, what, 1, m.MAX_GROUPS)]


def _limits(value: object) -> "list[list[int | None]]":
    out: list[list[int | None]] = []
    for row in sequence(value, "limits", 1, m.MAX_COLUMNS):
        parts = sequence(row, "limits", 4, 4 + m.MAX_TRAILING)
        limit: list[int | None] = [
            integer(parts[0], "limits", 0, m.MAX_GROUPS - 1),
            integer(parts[1], "limits", 0, m.MAX_COLUMNS - 1),
        ]
        for bound in parts[2:4]:
            limit.append(None if bound is None else integer(bound, "limits", -m.MAX_VALUE, m.MAX_VALUE))
        out.append(limit)
    return out
