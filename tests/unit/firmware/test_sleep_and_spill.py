"""A sleeper whose flash holds frames: what it sends while it is awake, and what the bridge's own core makes of it."""

from pathlib import Path
from typing import Any

import pytest

from boardpulse.outbox import EVENT, Outbox
from boardpulse.sleeping import Sleep
from boardpulse.spill import Spill
from shared_schema import framing
from shared_schema.cbor import encode
from shared_schema.cbor_reader import loads
from tests.fakes.firmware import Bench, Scripted
from tests.support.boards import Bridge, sent

HELLO, BYE = 1, 5
PERIOD_MS = 60000


class Sleeper:
    """One boot of a board that sleeps and spills, on a line to a bridge that answers until `answers_until_ms`."""

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        folder: Path,
        bridge: Bridge,
        mode: str = "deep",
        awake_ms: int = 8000,
        answers_until_ms: int = 1 << 20,
        samples: bool = True,
    ) -> None:
        self.bench = Bench([(Scripted([[1]]), PERIOD_MS, 1)] if samples else [], acks=False)
        self.node = node = self.bench.node
        node.spill = Spill(node, Outbox(8, framing.seal, node.outbox._lead, 0, 16), str(folder), 1 << 20, 4096)
        node.outbox._eviction = node.spill  # type: ignore[assignment]
        self.bridge = bridge
        self.answers_until_ms = answers_until_ms
        self.slept: list[int] = []
        self.said: list[tuple[int, int, int]] = []  # (kind, boot, seq) in their order
        self.said_at: list[int] = []
        monkeypatch.setattr("boardpulse.sleeping.sleep_ms", self.wait)
        options = {"mode": mode, "period_ms": PERIOD_MS, "awake_ms": awake_ms}
        node.sleep = self.sleep = Sleep(node, options, self)

    def put(self, count: int) -> None:
        """That many events, as an application makes them."""
        box = self.node.outbox
        for _ in range(count):
            box.put(encode([3, self.node.boot, box.next_seq, 0, {1: 0, 2: 1, 3: "y" * 60}]), EVENT)

    def leave(self, count: int) -> int:
        """End with that many events on flash. The boot."""
        self.put(count)
        assert self.node.spill is not None
        assert self.node.spill.keep()
        return self.node.boot

    def wait(self, ms: int) -> None:
        """Time passes; what was said reaches the bridge, which answers."""
        self.bench.ticks.advance(ms)
        actions: list[Any] = []
        for frame in self.bench.raw_frames():
            item = loads(frame)
            if item[0] != HELLO:
                self.said.append(tuple(item[:3]))
                self.said_at.append(self.node.clock.uptime_ms())
            if self.node.clock.uptime_ms() < self.answers_until_ms:
                actions += self.bridge.uart(frame)
        actions += self.bridge.after(ms / 1000)
        if self.node.clock.uptime_ms() < self.answers_until_ms:
            for answer in sent(actions):
                self.bench.say(encode(answer))

    def deepsleep(self, ms: int) -> None:
        """Notes it; a board would start anew."""
        self.slept.append(ms)

    def lightsleep(self, ms: int) -> None:
        """Notes it, and lets time pass."""
        self.slept.append(ms)
        self.bench.ticks.advance(ms)

    @property
    def state(self) -> str:
        """What the bridge says of it."""
        return self.bridge.device("bench").state


def test_a_waking_goes_on_until_the_flash_is_empty(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What a former boot left goes out in one waking, however little RAM holds; the bye is behind it, once."""
    bridge = Bridge()
    former = Sleeper(monkeypatch, tmp_path, bridge).leave(300)
    board = Sleeper(monkeypatch, tmp_path, bridge)
    board.sleep.cycle()
    assert {seq for _, boot, seq in board.said if boot == former} == set(range(300))
    assert not list(tmp_path.iterdir())
    assert board.said[-1] == (BYE, board.node.boot, 1)
    assert [kind for kind, _, _ in board.said].count(BYE) == 1
    assert board.slept
    assert board.state == "asleep"


def test_a_board_with_nothing_but_its_flash_sends_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """RAM holds no frame, as where all sensors are off."""
    bridge = Bridge()
    Sleeper(monkeypatch, tmp_path, bridge).leave(20)
    board = Sleeper(monkeypatch, tmp_path, bridge, samples=False)
    board.sleep.cycle()
    assert not list(tmp_path.iterdir())
    assert board.said[-1] == (BYE, board.node.boot, 0)
    assert board.state == "asleep"


@pytest.mark.parametrize("own", [False, True], ids=["former boots", "this boot"])
def test_where_nobody_answers_the_bye_is_said_at_half_time(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, own: bool
) -> None:
    """Flash or not; nothing of a former boot is behind it, and all is kept."""
    bridge = Bridge()
    board = Sleeper(monkeypatch, tmp_path, bridge, answers_until_ms=0)
    if own:
        board.leave(50)
    else:
        Sleeper(monkeypatch, tmp_path, bridge).leave(50)
        board = Sleeper(monkeypatch, tmp_path, bridge, answers_until_ms=0)
    board.sleep.cycle()
    first = [kind for kind, _, _ in board.said].index(BYE)
    assert board.said_at[first] in range(4000, 4200)
    assert {boot for _, boot, _ in board.said[first:]} == {board.node.boot}
    again = Sleeper(monkeypatch, tmp_path, bridge)
    again.sleep.cycle()
    assert len({seq for _, _, seq in again.said}) >= 50
    assert bridge.ledger("bench").lost == 0
    assert not list(tmp_path.iterdir())


def test_acknowledgements_that_end_bring_the_bye(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An eighth of the time after the last one, when half of it is over."""
    bridge = Bridge()
    Sleeper(monkeypatch, tmp_path, bridge).leave(3000)
    board = Sleeper(monkeypatch, tmp_path, bridge, awake_ms=3000, answers_until_ms=1700)
    board.sleep.cycle()
    first = [kind for kind, _, _ in board.said].index(BYE)
    assert board.said_at[first] in range(2000, 2200)


def test_a_flash_that_takes_longer_goes_on_in_the_next_waking(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The bye is said in time, and the bridge takes the board for asleep; no frame is lost on the way."""
    bridge = Bridge()
    former = Sleeper(monkeypatch, tmp_path, bridge).leave(1500)
    found: set[int] = set()
    wakings = 0
    while list(tmp_path.iterdir()):
        board = Sleeper(monkeypatch, tmp_path, bridge, awake_ms=600)
        board.sleep.cycle()
        assert board.slept
        assert board.node.clock.uptime_ms() <= 700
        assert board.said[-1][:2] == (BYE, board.node.boot)
        assert board.state == "asleep"
        found |= {seq for _, boot, seq in board.said if boot == former}
        wakings += 1
        bridge.after(PERIOD_MS / 1000)
        assert wakings < 20
    assert wakings > 1
    assert found == set(range(1500))


def test_a_light_sleeper_takes_its_flash_up_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What was silent for a bye is not silent for good."""
    bridge = Bridge()
    Sleeper(monkeypatch, tmp_path, bridge).leave(40)
    board = Sleeper(monkeypatch, tmp_path, bridge, mode="light", answers_until_ms=0)
    board.sleep.cycle()
    assert list(tmp_path.iterdir())
    board.answers_until_ms = 1 << 20
    board.sleep.cycle()
    assert not list(tmp_path.iterdir())
    assert board.state == "asleep"
