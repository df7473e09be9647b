"""What differs between MicroPython and CPython, in one place: clocks, sleeping, tracebacks, randomness, const()."""

import sys
import time

MICROPYTHON = sys.implementation.name == "micropython"

if MICROPYTHON:
    from time import sleep_ms, ticks_diff, ticks_ms, ticks_us

    from micropython import const

    TICKS_MASK = time.ticks_add(0, -1)  # type: ignore[attr-defined]  # MicroPython's time has it
else:
    TICKS_MASK = (1 << 62) - 1

    def const(value):  # type: ignore[no-untyped-def, no-redef]  # a constant is the value itself
        """The value."""
        return value

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

        number = random.getrandbits(30)  # noqa: S311  # tells boots apart, guards nothing
    return (number & 0x3FFFFFFF) or 1


def runtime() -> str:
    """The interpreter and its version, such as `micropython 1.29.0`."""
    version = sys.implementation.version
    return "%s %d.%d.%d" % (sys.implementation.name, version[0], version[1], version[2])
