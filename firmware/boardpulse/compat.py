"""What differs between MicroPython and CPython, in one place: clocks, sleeping, tracebacks, randomness, const()."""

import sys
import time

TYPE_CHECKING = False
MICROPYTHON = sys.implementation.name == "micropython"

if TYPE_CHECKING or MICROPYTHON:
    from micropython import const as const
else:

    def const(value):
        """The value."""
        return value


if not MICROPYTHON:
    TICKS_MASK = (1 << 62) - 1

    def ticks_ms() -> int:
        """Milliseconds of a clock that never goes back."""
        return time.monotonic_ns() // 1000000

    def ticks_us() -> int:
        """Microseconds of a clock that never goes back."""
        return time.monotonic_ns() // 1000

    def ticks_diff(later: int, earlier: int) -> int:
        """later - earlier."""
        return later - earlier

    def sleep_ms(ms: int) -> None:
        """Let `ms` milliseconds pass."""
        time.sleep(ms / 1000)

else:
    from time import sleep_ms as sleep_ms  # type: ignore[attr-defined, no-redef]
    from time import ticks_diff as ticks_diff  # type: ignore[attr-defined, no-redef]
    from time import ticks_ms as ticks_ms  # type: ignore[attr-defined, no-redef]
    from time import ticks_us as ticks_us  # type: ignore[attr-defined, no-redef]

    TICKS_MASK = time.ticks_add(0, -1)  # type: ignore[attr-defined]


def error_text(error: BaseException) -> str:
    """An exception's class and message; the class alone where the message cannot be made."""
    try:
        return "%s: %s" % (type(error).__name__, error)
    except Exception:  # noqa: BLE001  # its own __str__ fails
        return type(error).__name__


def traceback_text(error: BaseException) -> str:
    """The traceback of an exception that was caught, as text."""
    if MICROPYTHON:
        import io

        out = io.StringIO()
        sys.print_exception(error, out)  # type: ignore[attr-defined]
        return out.getvalue()
    import traceback

    return "".join(traceback.format_exception(error))


def random_boot() -> int:
    """A boot id of 30 bits: it stays a small integer on a 32-bit MicroPython. Never 0."""
    try:
        from os import urandom

        data = urandom(4)
        number = data[0] << 24 | data[1] << 16 | data[2] << 8 | data[3]
    except (ImportError, AttributeError, OSError):
        import random

        number = random.getrandbits(30)  # it tells boots apart, and guards nothing
    return (number & 0x3FFFFFFF) or 1


def forget(*names: str) -> None:
    """Give back a board's heap that modules take which are seldom needed; an import brings them again. Nothing on a
    host."""
    for name in names if MICROPYTHON else ():
        package, _, last = name.rpartition(".")
        if sys.modules.pop(name, None) is not None and package:
            delattr(sys.modules[package], last)


def runtime() -> str:
    """The interpreter and its version, such as `micropython 1.29.0`."""
    version = sys.implementation.version
    return "%s %d.%d.%d" % (sys.implementation.name, version[0], version[1], version[2])
