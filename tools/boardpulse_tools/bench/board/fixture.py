"""What a measured board is made of: its image, and a program that lies as bench_board.py beside the firmware.

The program uses the firmware as an application does. Nothing in it takes heap while cycles are counted.
"""

from functools import cache

from boardpulse_tools.bench.board.streams import STREAMS
from boardpulse_tools.image import build_image

# The classic ESP32: the chip that most boards have, with both links. Bytecode runs on every chip and interpreter.
BOARD = "esp32_generic"

PROGRAM = '''
import gc
import sys
import time

MASK = (1 << 30) - 1
HALF = 1 << 29
AGE_STEP_MS = 100000000
AGE_STEPS = 20  # 2 * 10**9 ms: an uptime beyond 2**30 and below 2**31

marks = [0] * 8


def mark(n):
    """Note how much heap is taken. Itself it takes none, once it has been called."""
    marks[n] = gc.mem_alloc()


class Now:
    """What the firmware takes for time: ticks in ms and us of a 32-bit board, which wrap at 2**30."""

    ms = us = total_s = 0


def passed(before, more):
    return before + more if before <= MASK - more else before - MASK + more - 1


def pass_ms(ms, us):
    Now.ms = passed(Now.ms, ms)
    Now.us = passed(Now.us, us)
    Now.total_s += ms // 1000


def ticks_ms():
    return Now.ms


def ticks_us():
    return Now.us


def ticks_add(ticks, more):
    return (ticks + more) & MASK


def ticks_diff(later, earlier):
    return ((later - earlier + HALF) & MASK) - HALF


def control_time(ms_to_wrap):
    """Have modules that are imported from now on see these ticks. They wrap `ms_to_wrap` after grow_old()."""
    class Time:
        pass

    fake = Time()
    for name in dir(time):
        setattr(fake, name, getattr(time, name))
    fake.ticks_ms = ticks_ms
    fake.ticks_us = ticks_us
    fake.ticks_add = ticks_add
    if sys.maxsize > MASK * 4:  # on 32 bits MicroPython's own has this period, and takes no heap
        fake.ticks_diff = ticks_diff
    sys.modules["time"] = fake
    Now.ms = (MASK - ms_to_wrap - AGE_STEPS * AGE_STEP_MS) & MASK


def grow_old(step):
    """Let 23 days pass."""
    for _ in range(AGE_STEPS):
        pass_ms(AGE_STEP_MS, 1000300)
        step()


class Wave:
    """A power and a voltage that change with every sample."""

    name = "own"
    series = ((4, "bench"), (5, "bench"))

    def __init__(self):
        self.n = 0

    def read(self, into, at):
        self.n = (self.n + 37) % 1000
        into[at] = 100000000 + self.n * 1000
        into[at + 1] = 3300 - self.n


class Fixed:
    """Columns that hold what they are told."""

    name = "own"

    def __init__(self, series, values):
        self.series = series
        self.values = values

    def read(self, into, at):
        for value in self.values:
            into[at] = value
            at += 1


def centi_celsius():
    return 4216


class Board:
    """What boards/<name>/board.py is to the firmware, with these sensors, over `stream`. Those of the firmware are
    made by board.py, which is part of the image."""

    PLATFORM = "esp32"
    CLOCK_SOURCE = 1

    def __init__(self, names, stream, own=None, unix_s=0):
        self.SENSORS = tuple([(name, 10000 if name == "health" else 0, {}) for name in names])
        self.stream = stream
        self.own = own
        self.unix_s = unix_s

    def make_sensor(self, name, options, clock, device_id):
        if name == "own":
            return self.own
        import board

        return board.make_sensor(name, options, clock, device_id)

    def open_uart(self, options):
        return self.stream

    open_socket = open_uart

    def wall_clock(self):
        """A clock that goes with the ticks; one that was never set for unix_s 0."""
        return (self.unix_s + Now.total_s, 0, 1000) if self.unix_s else (0, 0, 0)

    def device_id(self):
        return "esp32-0123456789ab"

    def mcu(self):
        return "ESP32"

    def reset_cause(self):
        return 1

    def reset(self, mode):
        pass
'''

SENSORS = ("heap", "temperature", "uptime", "loop_lag", "health")
MINIMAL_SENSORS = ("heap", "temperature")
_OF_THE_NODE = {"health", "boot_number"}  # made by the firmware itself

_BOARD = """
def make_sensor(name, options, clock, device_id):
"""
_MAKE = {
    "heap": """
    if name == "heap":
        from boardpulse.sensors.heap import Heap

        return Heap()
""",
    "temperature": """
    if name == "temperature":
        from boardpulse.sensors.temperature import Temperature
        from bench_board import centi_celsius

        return Temperature(centi_celsius)
""",
    "uptime": """
    if name == "uptime":
        from boardpulse.sensors.uptime import Uptime

        return Uptime(clock)
""",
    "loop_lag": """
    if name == "loop_lag":
        from boardpulse.sensors.loop_lag import LoopLag

        return LoopLag()
""",
}


@cache
def flash(
    sensors: tuple[str, ...] = SENSORS, link: str | None = None, arch: str | None = None, probe: str = ""
) -> dict[str, bytes]:
    """The files of a board with these sensors: its image, and the program above. `probe` is the source of a module
    bench_probe that is linked with the firmware, and sees its insides."""
    extra = {"board.py": _BOARD + "".join(_MAKE[name] for name in sensors if name in _MAKE) + "    return None\n"}
    if probe:
        extra["bench_probe.py"] = probe
    image = build_image(BOARD, arch=arch, link=link, without=_OF_THE_NODE - set(sensors), extra=extra)
    return {**image.files, "bench_board.py": PROGRAM.encode(), "bench_streams.py": STREAMS.encode()}
