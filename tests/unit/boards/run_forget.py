"""Runs on CPython before the fakes of a port: starts a node on a board, forgets what was needed for that, and prints
the modules whose functions something still refers to.

    run_forget.py <folder of boards/> <chip>
"""

import gc
import json
import sys
import time
import weakref
from typing import Any

import hardware

hardware.chip = sys.argv[2]
time.ticks_us = time.ticks_ms = lambda: 0  # type: ignore[attr-defined]
time.ticks_diff = lambda later, earlier: later - earlier  # type: ignore[attr-defined]
gc.mem_free = gc.mem_alloc = lambda: 0  # type: ignore[attr-defined]

import boardpulse  # noqa: E402
from boardpulse import chips  # noqa: E402
from boards._ports import running  # noqa: E402


class Sys:
    """sys of a board."""

    class implementation:  # noqa: N801  # as sys names it
        """With what it runs on."""

        _machine = "RP2040"


def start(name: str) -> Any:
    """The node, with all sensors that can be wired."""
    from boards._ports import common  # in here, so that nothing keeps it

    board = getattr(__import__(f"boards.{name}.board"), name).board
    wired = {"ina219": {"address": 64}, "ds18b20": {"pin": 4}, "battery": {"pin": 26}}
    config = {"board": name, "link": {"type": "uart", "id": 2}, "sensors": {"filesystem": False, **wired}}
    if hasattr(board, "join"):
        config["wifi"] = {"ssid": "plant"}
    hardware.SoftI2C.devices = {64: {}}
    common.sys = chips.sys = Sys
    running.time.time = lambda: 0
    return boardpulse.start(config, board)


def forget(names: list[str]) -> dict[str, list[Any]]:
    """Take these modules out of reach; weak references to the functions of each."""
    functions = {}
    for name in names:
        module = sys.modules.pop(name)
        functions[name] = [weakref.ref(one) for one in vars(module).values() if getattr(one, "__module__", "") == name]
        assert functions[name], name
        package, _, last = name.rpartition(".")
        delattr(sys.modules[package], last)
    return functions


node = start(sys.argv[1])
assert {slot.sensor.name for group in node.sampler.groups for slot in group.slots} >= {"battery", "ina219", "ds18b20"}
parts = ("radio", "common", "esp32", "stm32", "rp2")
needed = [f"boards.{sys.argv[1]}.board", *(f"boards._ports.{part}" for part in parts)]
functions = forget([name for name in needed if name in sys.modules])
gc.collect()
print(json.dumps([name for name, kept in functions.items() if any(one() is not None for one in kept)]))
