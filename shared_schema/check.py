"""Checks of what a peer sent: each returns the value, typed, or raises SchemaError naming the field."""

from shared_schema.errors import CborError, SchemaError


def shown(value: object) -> str:
    """`value` for a message, cut short: a peer decides how long it is."""
    text = repr(value)
    return text if len(text) <= 40 else text[:40] + "…"


def integer(value: object, what: str, low: int, high: int) -> int:
    """An integer in low … high. true and false are none."""
    if type(value) is not int or not low <= value <= high:
        raise SchemaError("%s is %s, not an integer in %d … %d" % (what, shown(value), low, high))
    return value


def boolean(value: object, what: str) -> bool:
    """true or false."""
    if not isinstance(value, bool):
        raise SchemaError("%s is %s, not true or false" % (what, shown(value)))
    return value


def enumerated(value: object, what: str) -> int:
    """A number of an enumeration, of this version or a later one."""
    return integer(value, what, 0, 0xFFFFFFFF)


def text(value: object, what: str, longest: int) -> str:
    """Text of at most `longest` bytes of UTF-8."""
    if not isinstance(value, str) or len(value) > longest or len(value.encode("utf-8")) > longest:
        raise SchemaError("%s is %s, not a text of at most %d bytes" % (what, shown(value), longest))
    return value


def octets(value: object, what: str, length: int) -> bytes:
    """A byte string of exactly `length` bytes."""
    if not isinstance(value, bytes) or len(value) != length:
        raise SchemaError("%s is %s, not %d bytes" % (what, shown(value), length))
    return value


def sequence(value: object, what: str, shortest: int, longest: int) -> list[object]:
    """An array of shortest … longest elements."""
    if not isinstance(value, (list, tuple)) or not shortest <= len(value) <= longest:
        raise SchemaError("%s is %s, not an array of %d to %d" % (what, shown(value), shortest, longest))
    return list(value)


def mapping(value: object, what: str, longest: int) -> dict[object, object]:
    """A map of at most `longest` pairs."""
    if not isinstance(value, dict) or len(value) > longest:
        raise SchemaError("%s is %s, not a map of at most %d" % (what, shown(value), longest))
    for key in value:
        if type(key) is not int and type(key) is not str:
            raise CborError("%s has the key %s, neither an integer nor text" % (what, shown(key)))
    return value


def word(value: object, what: str, longest: int) -> str:
    """A name of a-z, 0-9 and _, beginning with a letter."""
    name = text(value, what, longest)
    ok = name[:1] >= "a" and name[:1] <= "z"
    for character in name:
        if not ("a" <= character <= "z" or "0" <= character <= "9" or character == "_"):
            ok = False
    if not ok:
        raise SchemaError("%s is %s: only a-z, 0-9 and _ are allowed, a letter first" % (what, shown(value)))
    return name
