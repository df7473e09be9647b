"""Reads [history] of bridge.toml."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from host_bridge.config_table import Table
from host_bridge.options import SYNC_CHOICES, HistoryOptions

FILE_NAME = "history.db"
MIN_BYTES = 1 << 20
MAX_BYTES = 1 << 50
MIN_DAYS = 1 / 24
MAX_DAYS = 36_500


def read_history(table: Table, folder: Path, environment: Mapping[str, str]) -> HistoryOptions | None:
    """[history], with relative paths from `folder`. None where it is turned off; its mistakes are told all the same."""
    enabled = table.flag("enabled", True)
    path = table.text("path", "", "the path of a file", r"[^\x00-\x1f]+")
    days = table.number("max_age_days", MIN_DAYS, MAX_DAYS)
    default = HistoryOptions(default_path(environment))
    options = HistoryOptions(
        path=folder / Path(path).expanduser() if path else default.path,
        sync=table.choice("sync", default.sync, SYNC_CHOICES),
        max_age_days=default.max_age_days if days is None else days,
        max_bytes=table.integer("max_bytes", default.max_bytes, MIN_BYTES, MAX_BYTES),
    )
    table.finish()
    return options if enabled else None


def default_path(environment: Mapping[str, str]) -> Path:
    """Where the file is if nobody says: in the folder that systemd gives the service, else in that of the user's state.

    STATE_DIRECTORY: systemd.exec(5), a list with colons between. XDG_STATE_HOME: XDG Base Directory Specification,
    which has relative paths ignored.
    """
    given = environment.get("STATE_DIRECTORY", "").partition(":")[0]
    if given:
        return Path(given, FILE_NAME)
    state = environment.get("XDG_STATE_HOME", "")
    home = environment.get("HOME", "") or os.path.expanduser("~")
    return (Path(state) if os.path.isabs(state) else Path(home, ".local", "state")) / "boardpulse" / FILE_NAME
