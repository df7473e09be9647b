"""Wi-Fi: connects, comes back, waits longer each time, and nothing raises."""

import itertools
from typing import Any

import pytest

from boardpulse.links.wifi import Wifi
from tests.fakes.firmware import PERIOD_32

IDLE, CONNECTING, GOT_IP, NO_AP, WRONG_PASSWORD = 1000, 1001, 1010, 201, 202


class Wlan:
    """A fake of network.WLAN on an ESP32. It takes 3 s to connect to a network that is there; connect() while it is
    at it, or connected, raises; before active(True) everything does. A network that is gone is looked for until
    disconnect(), as the port's own reconnecting does."""

    def __init__(self, active: bool = False) -> None:
        self.is_active = active
        self.there = True
        self.trying = False
        self.connected = False
        self.broken = False
        self.now = 0
        self.arrives = 0
        self.log: list[tuple[Any, ...]] = []

    def step(self, now: int) -> None:
        """Time passes."""
        self.now = now
        if self.connected and not self.there:
            self.connected, self.trying = False, True
        if self.trying and self.there and self.arrives <= now:
            self.connected, self.trying = True, False

    def active(self, on: bool) -> None:
        """Switch the radio on."""
        if self.broken:
            raise RuntimeError("Wifi Unknown Error 0x0101")
        self.is_active = on

    def isconnected(self) -> bool:
        """With an address."""
        return self.connected

    def status(self) -> int:
        """The port's numbers."""
        if not self.there:
            return NO_AP
        return GOT_IP if self.connected else CONNECTING if self.trying else IDLE

    def disconnect(self) -> None:
        """End what it is at."""
        if not self.is_active:
            raise OSError("Wifi Not Started")
        self.trying = self.connected = False

    def connect(self, *login: str) -> None:
        """Begin to connect."""
        if not self.is_active or self.trying or self.connected:
            raise OSError("Wifi Internal Error")
        self.log.append((self.now, *login))
        self.trying = True
        self.arrives = self.now + 3000


def run(wifi: Wifi, wlan: Wlan, start: int, ms: int, every_ms: int = 200) -> list[int]:
    """Ask again and again for `ms`, from `start`. When it was ready."""
    ready = []
    for now in range(start, start + ms, every_ms):
        wlan.step(now)
        if wifi.ready(now & (PERIOD_32 - 1)):
            ready.append(now)
    return ready


@pytest.mark.parametrize("start", [0, PERIOD_32 - 1000, (PERIOD_32 >> 1) - 1000])
def test_it_connects_once_and_stays(start: int) -> None:
    """One connect(), whatever the ticks are at; it is ready when there is an address."""
    wlan = Wlan()
    wifi = Wifi(wlan, "nest", "secret")
    ready = run(wifi, wlan, start, 60000)
    assert ready[0] == start + 3000
    assert len(ready) == (60000 - 3000) // 200
    assert wlan.log == [(start, "nest", "secret")]
    assert (wifi.reconnects, wifi.status) == (0, 0)


def test_an_open_network_has_no_password() -> None:
    """An empty one would be refused by some ports."""
    wlan = Wlan()
    run(Wifi(wlan, "nest"), wlan, 0, 1000)
    assert wlan.log == [(0, "nest")]


def test_a_connection_from_before_a_soft_reset_is_taken() -> None:
    """The radio does not know that the program has started anew."""
    wlan = Wlan(active=True)
    wlan.connected = True
    wifi = Wifi(wlan, "nest", "secret")
    assert wifi.ready(5)
    assert wlan.log == []


def test_a_radio_that_is_at_it_already_is_asked_anew() -> None:
    """A second connect() without disconnect() raises on an ESP32."""
    wlan = Wlan(active=True)
    wlan.trying, wlan.arrives = True, 10**9
    assert run(Wifi(wlan, "nest", "secret"), wlan, 0, 10000)[0] == 3000


def test_a_lost_network_is_joined_again_and_counted() -> None:
    """By itself within a second, or by us."""
    wlan = Wlan()
    wifi = Wifi(wlan, "nest", "secret")
    run(wifi, wlan, 0, 10000)
    wlan.there = False
    assert run(wifi, wlan, 10000, 10000) == []
    wlan.there = True
    assert run(wifi, wlan, 20000, 10000)
    assert wifi.reconnects == 1


def test_tries_become_rarer_and_stay_a_minute_apart() -> None:
    """A password that is wrong is not tried for ever at full speed; `status` tells why."""
    wlan = Wlan()
    wlan.there = False
    wifi = Wifi(wlan, "nest", "secret")
    assert run(wifi, wlan, 0, 280000) == []
    begun = [now for now, *_ in wlan.log]
    assert [b - a for a, b in itertools.pairwise(begun)] == [15000, 30000, 60000, 60000, 60000]
    assert wifi.status == NO_AP
    assert wifi.reconnects == 0


def test_a_radio_that_fails_raises_nothing_and_is_tried_again() -> None:
    """Not at each call."""
    wlan = Wlan()
    wlan.broken = True
    wifi = Wifi(wlan, "nest", "secret")
    assert run(wifi, wlan, 0, 14000) == []
    assert wifi.status == -1
    wlan.broken = False
    assert run(wifi, wlan, 14000, 20000)[0] == 18000
