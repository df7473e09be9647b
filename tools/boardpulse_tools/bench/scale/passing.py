"""Time that passes as messages come: hours of a fleet in the minutes of a bench."""

import math
import random

from host_bridge.core.drift import WINDOW_MS

# Frames that are all equally late, and crystals that run true, would leave clocks next to nothing to keep.
MOST_DELAY_S = 0.05  # as of a network
CRYSTAL = 30e-6  # a board's uptime is faster or slower by so much at most,
WARMTH_S = 0.14  # and so far ahead or behind besides, in the course of a day: ±10 ppm by its temperature
LEAST_SPACING_S = 60.0  # a clock's hull takes a point a minute
FILLED_BY = 4  # windows are full when the 4th part of the messages was taken
MARGIN = 1.1  # and a little before that
_BEGAN_S = 1_750_000_000.0  # Unix
_DAY_S = 86_400.0
_UP_S = 1.0 + MOST_DELAY_S + 2 * WARMTH_S  # of every board at that moment: its hello says 1 s


class Passing:
    """`spacing_s` pass while each of `devices` boards sends once; and how boards' clocks run and how late their
    messages come, the same in each run."""

    def __init__(self, devices: int, spacing_s: float) -> None:
        self.spacing_s = spacing_s
        self._a_message_s = spacing_s / devices
        self._passed_s = 0.0
        self._random = random.Random(1)  # noqa: S311 - nobody is to be kept from guessing it
        self._faster = [self._random.uniform(-CRYSTAL, CRYSTAL) for _ in range(devices)]
        self._warmest = [self._random.uniform(0, 2 * math.pi) for _ in range(devices)]

    def monotonic(self) -> float:
        """Seconds that have passed."""
        return self._passed_s

    def wall(self) -> float:
        """Unix seconds."""
        return _BEGAN_S + self._passed_s

    def sent(self, device: int) -> int:
        """A message of this device comes now: its uptime in ms when it was sent."""
        self._passed_s += self._a_message_s
        sent_s = self._passed_s - self._random.random() * MOST_DELAY_S
        ahead_s = sent_s * self._faster[device] + WARMTH_S * math.sin(
            sent_s / _DAY_S * 2 * math.pi + self._warmest[device]
        )
        return int((_UP_S + sent_s + ahead_s) * 1000)


def spacing_s(devices: int, messages: int) -> float:
    """How far apart a board's messages have to be for the longest window to be full by FILLED_BY."""
    rounds = messages / devices / FILLED_BY
    return max(LEAST_SPACING_S, MARGIN * WINDOW_MS / 1000 / rounds)
