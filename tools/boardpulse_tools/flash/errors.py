"""What can go wrong, as sentences that say what to do, and what the process then ends with."""

FAILED = 1
USAGE = 2  # the command line or the configuration is wrong; nothing was written
NO_PORT = 4  # the port cannot be used: none, busy, not allowed, pulled out, no answer
UNFIT = 5  # the board cannot take it: no MicroPython, too old, unknown, full, read-only
ROLLED_BACK = 6  # the new version did not start, and what was there before is back


class FlashError(Exception):
    """The message is for the person who holds the board."""

    def __init__(self, message: str, exit_code: int = FAILED) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class PortError(FlashError):
    """The port cannot be used, or is lost."""

    def __init__(self, message: str) -> None:
        super().__init__(message, NO_PORT)


class BoardError(FlashError):
    """The board cannot take what we have."""

    def __init__(self, message: str) -> None:
        super().__init__(message, UNFIT)


class SettingsError(FlashError):
    """What the board was to be told is wrong."""

    def __init__(self, message: str) -> None:
        super().__init__(message, USAGE)


class SilentError(FlashError):
    """The new version did not speak."""


class ScriptError(FlashError):
    """A command failed on the board; `errno` is that of an OSError, 0 for another exception."""

    def __init__(self, message: str, errno: int = 0) -> None:
        super().__init__(message, UNFIT)
        self.errno = errno
