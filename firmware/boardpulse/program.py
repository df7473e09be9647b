"""The start of a board that has no application of its own."""

from boardpulse import last_good
from boardpulse.compat import MICROPYTHON, forget
from shared_schema.errors import ConfigError


def begin(path: str) -> int:
    """Start with a configuration, or say what is wrong with it. An exit status: 0, or 2 for a wrong configuration."""
    if not MICROPYTHON:
        _interrupt_on_terminate()
    try:
        last_good.start(path)
    except ConfigError as error:
        print("%s:" % path)
        for where, value, right in error.problems:
            if where in ("", path):
                print("  it should be %s" % right)
            else:
                print("  %s is %r; it should be %s" % (where, value, right))
        return 2
    forget("boardpulse.program", "boardpulse.last_good")
    return 0


def _interrupt_on_terminate() -> None:
    """Have SIGTERM end the program as Ctrl-C does."""
    import signal

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
