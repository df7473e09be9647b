"""Sleeping between samples: deep, after which the board starts anew, or light, after which it goes on."""

from boardpulse.clock import diff
from boardpulse.compat import const, sleep_ms
from boardpulse.outbox import EVENT
from shared_schema.cbor import encode
from shared_schema.errors import ConfigError

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from boardpulse.node import Node
    from boardpulse.retained import Retained

_POLL_MS = const(20)
_LONGEST_NAP_MS = const(3600000)  # the timer that wakes an RP2 counts 32 bits of microseconds: 71 minutes


class Sleep:
    """Sleeps as `options` say: mode, period_ms, awake_ms. board.deepsleep(ms) or board.lightsleep(ms) does it, once the
    line is idle; the latter may return the milliseconds that the ticks did not count. `declared` is for hello."""

    def __init__(
        self, node: "Node", options: "dict[str, Any]", board: "Any", retained: "Retained | None" = None
    ) -> None:
        mode = options["mode"]
        if not hasattr(board, mode + "sleep"):
            raise ConfigError([("sleep.mode", mode, "another: this board cannot sleep so")])
        self._node = node
        self._board = board
        self._retained = retained
        self._deep = mode == "deep"
        self._period_ms: int = options["period_ms"]
        self._awake_ms: int = options["awake_ms"]
        self._waiting = self._heard = 0
        self.declared = [2 if self._deep else 1, self._period_ms]

    def cycle(self) -> None:
        """Sample; if there is something to send, send it, wait for the acknowledgement and say bye; sleep until the
        next sample. Nothing that fails keeps the board awake for longer than awake_ms."""
        node = self._node
        self._guarded(self._sample)
        if node.held():
            self._guarded(self._send)
        node.clock.update()
        if self._deep or node.link.name != "uart":  # a radio sleeps too, and its connection ends
            node.link.close()
        ms = self._next_ms(False)
        if not self._deep:
            self._nap(ms)
            return
        if node.spill is not None:
            node.spill.keep()
        if self._retained is not None:
            self._retained.keep(node, ms)
        if node.platform == "rp2" or (node.watchdog is not None and node.platform != "esp32"):
            self._nap(ms)  # an RP2's deep sleep is no more than that; STM32's watchdog would end one
            ms = 1
        self._board.deepsleep(ms)

    def _guarded(self, part: "Callable[[], None]") -> None:
        try:
            part()
        except Exception as error:  # noqa: BLE001  # a board that cannot fall asleep empties its battery
            self._node.crash("sleep", error)

    def _sample(self) -> None:
        """What is due; all groups before a deep sleep, and in frames, since no memory keeps samples over it."""
        node = self._node
        node.clock.update()
        if self._deep:
            for group in node.sampler.groups:
                group.due = node.clock.now
        node.sampler.step(node)
        if self._deep:
            node.emit_all()

    def _send(self) -> None:
        """Until all is acknowledged, the bye too; for awake_ms at most. The bye is the last frame: one behind it would
        withdraw it. Where acknowledgements do not come it is said when half of the time is over."""
        node = self._node
        outbox = node.outbox
        start = node.clock.now
        said = -1  # the number after the bye's
        passed = self._heard = 0
        if node.spill is not None:
            node.spill.silent = False
        while passed < self._awake_ms:
            if (
                not self._from_flash(passed)
                and said != outbox.next_seq
                and (not outbox.count or (said < 0 and passed * 2 >= self._awake_ms))
            ):
                bye = {1: self.declared[0], 2: self._next_ms(True)}
                outbox.put(encode([5, node.boot, outbox.next_seq, node.clock.uptime_ms(), bye]), EVENT)
                said = outbox.next_seq
            wait = node.step()
            if said == outbox.next_seq and not outbox.count:
                break
            sleep_ms(min(wait, _POLL_MS))
            passed = diff(node.clock.now, start)
        sleep_ms(_POLL_MS)  # a byte that comes while they fall asleep keeps STM32 and RP2 from waking
        node.step()

    def _from_flash(self, passed: int) -> bool:
        """Whether frames on flash go before the bye. They do for half of the time, and for as long as acknowledgements
        come; then flash is silent, since a frame of a former boot would withdraw the bye too."""
        spill = self._node.spill
        if spill is None or spill.silent:
            return False
        waiting = spill.held() + spill.box.count
        if waiting < self._waiting:
            self._heard = passed
        self._waiting = waiting
        if waiting and passed * 2 >= self._awake_ms:
            spill.silent = max(passed - self._heard, passed - self._awake_ms * 3 // 4) * 8 >= self._awake_ms
        return waiting > 0 and not spill.silent

    def _next_ms(self, frame: bool) -> int:
        """Milliseconds until the next sample, or the next frame. A deep sleeper wakes in step with its boot."""
        node = self._node
        if self._deep:
            return self._period_ms - node.clock.uptime_ms() % self._period_ms
        wait = self._period_ms
        for group in node.sampler.groups:
            due = diff(group.due, node.clock.now)
            if frame:
                due += group.interval_ms * (group.batch - 1 - group.n)
            wait = min(wait, due) if group.number else due
        return max(1, wait)

    def _nap(self, ms: int) -> None:
        """Sleep lightly, in pieces that are short enough for a watchdog."""
        node = self._node
        watchdog = node.watchdog
        while ms > 0:
            nap = min(ms, _LONGEST_NAP_MS)
            if watchdog is not None:
                watchdog.step()
                nap = min(nap, watchdog.nap_ms)
            node.clock.skip(self._board.lightsleep(nap) or 0)
            ms -= nap
        node._slept_ms = -1  # the sleep is no lag of the loop
