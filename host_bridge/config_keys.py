"""Reads [keys] of bridge.toml: the keys of boards that authenticate their frames."""

from __future__ import annotations

import re

from host_bridge.config_table import HIDDEN, Table
from shared_schema.messages import is_identifier


def read_keys(table: Table) -> dict[str, bytes]:
    """[keys]: device id = 64 hexadecimal digits."""
    keys = {}
    for name in table.names():
        if isinstance(table.written(name), dict):
            table.wrong(name, "(table)", f'a text; in quotes where the device id has a dot: "{name}.…" = "…"')
            continue
        device_id = name.removesuffix("_file")
        secret = table.secret(device_id)
        if not is_identifier(device_id):
            table.wrong(name, HIDDEN, "a device id: 1 to 64 of A-Z a-z 0-9 . _ : -")
        elif secret and not re.fullmatch(r"[0-9a-fA-F]{64}", secret):
            table.wrong(name, HIDDEN, "32 bytes as 64 hexadecimal digits")
        elif secret:
            keys[device_id] = bytes.fromhex(secret)
    return keys
