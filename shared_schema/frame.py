"""The header that every frame from a board has (SPEC.md section 2)."""

from shared_schema import messages as m
from shared_schema.check import integer, mapping
from shared_schema.errors import SchemaError


class Up:
    """A frame that goes up. `skipped` counts the fields in it that this version does not know."""

    __slots__ = ("boot", "kind", "seq", "skipped", "uptime")

    def __init__(self, item: list[object]) -> None:
        if len(item) < 4:
            raise SchemaError("a frame of kind %r has %d elements: the header alone takes 4" % (item[0], len(item)))
        self.kind = integer(item[0], "kind", 1, m.MAX_KIND)
        self.boot = integer(item[1], "boot", 1, m.MAX_BOOT)
        self.seq = integer(item[2], "seq", 0, m.MAX_SEQ)
        self.uptime = integer(item[3], "uptime", 0, m.MAX_UPTIME)
        self.skipped = 0

    def body(
        self, item: list[object], required: "tuple[int, ...]", optional: "tuple[int, ...]"
    ) -> dict[object, object]:
        """The map behind the header, no optional field of it null; counts unknown keys and elements behind the map."""
        if len(item) < 5:
            raise SchemaError("a frame of kind %d has no map behind its header" % self.kind)
        body = mapping(item[4], "what stands behind the header", m.MAX_FRAME_BYTES)
        for key in optional:
            if key in body and body[key] is None:
                raise SchemaError("field %d of a frame of kind %d is null" % (key, self.kind))
        self.skipped = len(item) - 5 + sum([1 for key in body if key not in required and key not in optional])
        return body


class Unknown(Up):
    """A frame of a kind that a later version may define: its header is read, the rest skipped."""

    def __init__(self, item: list[object]) -> None:
        Up.__init__(self, item)
        self.skipped = 1
