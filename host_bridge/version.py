"""The version of this boardpulse."""

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed


def version() -> str:
    """As installed; "unknown" in a checkout that was not."""
    try:
        return installed("boardpulse")
    except PackageNotFoundError:
        return "unknown"
