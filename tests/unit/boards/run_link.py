"""Runs on CPython and on MicroPython, before the fakes of a port: a board's links, and a whole node on it. Prints JSON.

run_link.py <folder of boards/> <chip> <UART>
"""

import gc
import json
import sys
import time

import hardware

MICROPYTHON = sys.implementation.name == "micropython"
hardware.chip = sys.argv[2]
if not MICROPYTHON:  # what every MicroPython has, and CPython has not
    time.ticks_us = lambda: time.monotonic_ns() // 1000
    time.ticks_ms = lambda: time.monotonic_ns() // 1000000
    time.ticks_diff = lambda later, earlier: later - earlier
    gc.mem_free = lambda: 90000
    gc.mem_alloc = lambda: 12000

import machine  # noqa: E402

import boardpulse  # noqa: E402
from boardpulse import chips  # noqa: E402
from boards._ports import common, running  # noqa: E402
from shared_schema.cbor_reader import loads  # noqa: E402
from shared_schema.framing import FRAME, Deframer  # noqa: E402
from shared_schema.parse import parse  # noqa: E402

LINK = {"type": "uart", "path": "", "id": None, "baudrate": 115200, "tx": None, "rx": None, "wifi": {}}
STEPS = 400


class Sys:
    """sys of a board."""

    class implementation:
        """With what it runs on."""

        _machine = "a board with " + hardware.chip.upper()


class Os:
    """os of a board."""

    def listdir(self, path):
        """STM32's root."""
        return ["flash"] if path == "/" else []

    def statvfs(self, path):
        """96 KiB, half of it free."""
        return (512, 512, 192, 96, 96, 0, 0, 0, 0, 255)


class Time:
    """time of a board: whole seconds, since 2000."""

    def time(self):
        """An int, as on every port of these."""
        return 823315200

    def gmtime(self, seconds):
        """Of 0 only."""
        return (2000, 1, 1, 0, 0, 0, 5, 1)


def changed(**options):
    """A link with other options than LINK."""
    link = dict(LINK)
    link.update(options)
    return link


def stream(board, uart):
    """How long writes of a long frame wait, and what comes out at the other end and in."""
    port = board.open_uart(changed(id=uart))
    line = hardware.Line.made[-1]
    frame = bytes([number * 7 & 255 for number in range(3000)])
    at = calls = refused = took = 0
    longest = together = most_together = 0.0
    while at < len(frame):
        before = line.waited_ms
        taken = port.write(frame, at, len(frame) - at)
        longest = max(longest, line.waited_ms - before)
        calls += 1
        if taken:
            at += taken
            together += line.waited_ms - before
            most_together = max(most_together, together)
        else:
            refused += 1
            line.pass_ms(2)  # links.uart asks again so soon
            took += 2
            together = 0.0
    nothing = port.readinto(bytearray(8))
    line.incoming += b"\x00ack\x00"
    buf = bytearray(3)
    first, rest = port.readinto(buf), port.readinto(bytearray(32))
    port.close()
    return {
        "number": line.number, "settings": line.settings, "same": bytes(line.sent) == frame, "longest_ms": longest,
        "together_ms": most_together, "refused": refused, "nothing": nothing, "first": first, "rest": rest,
        "open": line.is_open, "line_ms": len(frame) * 10000 / 115200, "took_ms": took + line.waited_ms,
    }  # fmt: skip


def refusal(board, **options):
    """The OSError of a UART that cannot be opened."""
    try:
        board.open_uart(changed(**options))
    except OSError as error:
        return str(error)
    return ""


def frames(line):
    """What was sent."""
    found = Deframer().feed(bytes(line.sent))
    return [parse(loads(payload)) for what, payload in found if what == FRAME]


def node(name, board, uart):
    """What a node says of itself and measures when it runs on the board for a while."""
    link = {"type": "uart", "id": uart}
    config = {"board": name, "link": link, "interval_ms": 20, "sensors": {"filesystem": False}}
    if hasattr(board, "join"):
        config["wifi"] = {"ssid": "plant", "password": "secret"}
    started = boardpulse.start(config, board)
    for _ in range(STEPS):
        started.step()
        for line in hardware.Line.made:
            line.pass_ms(1)
        time.sleep(0.001)
    said = frames(hardware.Line.made[-1])
    hello = next(one for one in said if one.kind == 1)
    return {
        "device_id": hello.device_id, "platform": hello.platform, "info": [hello.info[key] for key in (3, 4)],
        "reset_cause": hello.reset_cause, "anchor": list(hello.anchor or ()), "groups": len(hello.groups),
        "samples": len([one for one in said if one.kind == 2]),
        "sensors": sorted([slot.sensor.name for group in started.sampler.groups for slot in group.slots]),
        "events": [one.message for one in said if one.kind == 3],
    }  # fmt: skip


def main(name, uart):
    """Say everything."""
    common.os = Os()
    running.time = Time()
    chips.sys = common.sys = Sys
    if hardware.chip == "stm32l476rg":  # a build of one's own: MicroPython's has the REPL's UART only
        machine.UARTS[hardware.chip] = (2, uart)
    board = getattr(__import__("boards.%s.board" % name), name).board
    module = sys.modules["boards._ports." + board.PLATFORM]
    if hasattr(module, "os"):
        module.os = common.os
    said = {
        "stream": stream(board, uart),
        "refusal": refusal(board, id=14),
        "problems": {
            "path": board.check_link(changed(id=uart, path="/dev/ttyS0")),
            "pins": board.check_link(changed(id=uart, tx=4, rx=5)),
            "wifi": board.check_link(changed(wifi={"ssid": "plant"})),
            "repl": board.check_link(LINK),
            "mqtt": board.check_link({"type": "mqtt", "host": "broker", "wifi": {}}),
            "mqtt_wifi": board.check_link({"type": "mqtt", "host": "broker", "wifi": {"ssid": "plant"}}),
        },
        "node": node(name, board, uart),
    }
    print(json.dumps(said))


main(sys.argv[1], int(sys.argv[3]))
