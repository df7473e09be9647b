"""What arrived, kept in a file: exactly once, and at its true time (decision 0008)."""

from host_bridge.sinks.history.errors import StoreError, StoreInUseError, StoreUnavailableError
from host_bridge.sinks.history.store import Store
from host_bridge.sinks.history.writer import StoreWriter

__all__ = ["Store", "StoreError", "StoreInUseError", "StoreUnavailableError", "StoreWriter"]
