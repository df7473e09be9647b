"""Boards that sleep: firmware processes on the unix port, which end for a deep sleep and are started again, as a chip's
timer does; their memory is a file."""

import time
from pathlib import Path
from typing import Any

import pytest

from boardpulse_tools.bench import spill_files
from boardpulse_tools.processes import Process
from boardpulse_tools.scrape import total
from shared_schema.cbor_reader import loads
from shared_schema.framing import FRAME, Deframer
from shared_schema.parse import parse
from tests.support.processes import MQTT, SAME_EVERYWHERE, UART, Chain

PERIOD_MS = 1500
ASLEEP = 5  # the exit status of posix.deepsleep
DEVICE = "sleeper"
WAKE_S = 10.0
HELLO, SAMPLES, BYE = 1, 2, 5
BOOT_NUMBER = 160  # the catalogue's key
PARTS = ("received", "recovered", "lost", "dropped_on_device")


def sleeper(chain: Chain, folder: Path, monkeypatch: pytest.MonkeyPatch, link: str, mode: str, **more: Any) -> Process:
    """A board that is configured to sleep, with the program that every board has."""
    monkeypatch.setenv("BOARDPULSE_MEMORY", str(folder / "memory"))
    sleep = {"mode": mode, "period_ms": PERIOD_MS, "awake_ms": 1200}
    return chain.board(link, device_id=DEVICE, sleep=sleep, sensors=SAME_EVERYWHERE, **more)


def fall_asleep(board: Process) -> float:
    """Wait until it sleeps. For how many seconds."""
    assert board.wait(WAKE_S) == ASLEEP, board.last_lines()
    return int(board.output().split()[-2]) / 1000


def wake(board: Process, after_s: float) -> None:
    """The timer of the chip."""
    time.sleep(after_s)
    board.start()


def ledger(chain: Chain) -> dict[str, float]:
    """The bridge's account of the board."""
    page = chain.bridge.page()
    return {part: total(page, f"device_frames_{part}_total", device_id=DEVICE) for part in ("expected", *PARTS)}


def state(chain: Chain) -> list[str]:
    """The states that are 1."""
    page = chain.bridge.page()
    names = ("online", "late", "stale", "offline", "asleep", "stopped")
    return [name for name in names if total(page, "device_state", device_id=DEVICE, state=name)]


def spoken(line: bytes) -> list[Any]:
    """The messages on a line."""
    return [parse(loads(bytes(payload))) for what, payload in Deframer().feed(line) if what == FRAME]


@pytest.mark.parametrize("link", [UART, MQTT])
def test_a_deep_sleeper_is_asleep_and_not_offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, link: str) -> None:
    """Five wakings, each a boot of its own; a process that has ended is asleep to the bridge, and every frame of it is
    in the ledger."""
    with Chain(tmp_path, [link]) as chain:
        board = sleeper(chain, tmp_path, monkeypatch, link, "deep")
        slept_s = fall_asleep(board)
        for _ in range(4):
            chain.wait(lambda: state(chain) == ["asleep"], "state asleep")
            assert chain.total("device_connection_status", device_id=DEVICE) == 0
            wake(board, slept_s)
            slept_s = fall_asleep(board)
            assert 0 < slept_s * 1000 < PERIOD_MS
        chain.wait(lambda: state(chain) == ["asleep"], "state asleep")
        account = ledger(chain)
        assert account["expected"] == account["received"] >= 10
        assert account["lost"] == account["dropped_on_device"] == 0
        assert chain.total("device_boots_total", device_id=DEVICE, reset_cause="power_on") == 1
        assert chain.total("device_boots_total", device_id=DEVICE, reset_cause="deep_sleep") == 4


def test_each_waking_is_one_short_talk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """hello, which tells how it sleeps, one frame with all that it samples, bye: each boot counts itself."""
    with Chain(tmp_path, [UART]) as chain:
        board = sleeper(chain, tmp_path, monkeypatch, UART, "deep")
        for _ in range(2):
            wake(board, fall_asleep(board))
        fall_asleep(board)
        assert chain.cable is not None
        talk = spoken(bytes(chain.cable.from_board))
    assert [message.kind for message in talk] == [HELLO, SAMPLES, BYE] * 3
    assert len({message.boot for message in talk}) == 3
    hellos, samples, byes = talk[::3], talk[1::3], talk[2::3]
    assert {hello.sleep for hello in hellos} == {(2, PERIOD_MS)}
    assert [hello.reset_cause for hello in hellos] == [1, 4, 4]
    place = [series.key for series in hellos[0].groups[0].series].index(BOOT_NUMBER)
    assert [one.columns[place] for one in samples] == [1, 2, 3]
    assert {bye.reason for bye in byes} == {2}
    assert all(0 < bye.wake_in_ms <= PERIOD_MS for bye in byes)


def test_what_a_deep_sleeper_could_not_deliver_is_in_the_ledger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two wakings without a bridge: their frames are told as dropped by the boot that reaches one, once."""
    with Chain(tmp_path, [UART]) as chain:
        board = sleeper(chain, tmp_path, monkeypatch, UART, "deep")
        slept_s = fall_asleep(board)
        chain.wait(lambda: state(chain) == ["asleep"], "state asleep")
        frames = ledger(chain)["received"]
        chain.bridge.stop()
        for _ in range(2):
            wake(board, slept_s)
            slept_s = fall_asleep(board)
        chain.bridge.start()
        for _ in range(2):
            wake(board, slept_s)
            slept_s = fall_asleep(board)
        chain.wait(lambda: state(chain) == ["asleep"], "state asleep")
        account = ledger(chain)
        assert account["dropped_on_device"] == 2 * frames
        assert account["received"] == 3 * frames
        assert account["expected"] == 5 * frames
        assert account["lost"] == 0


@pytest.mark.parametrize("link", [UART, MQTT])
def test_a_deep_sleeper_that_spills_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, link: str) -> None:
    """Four wakings without a bridge, or broker, leave their frames on flash; one waking with it empties that, and ends
    with the bye."""
    flash = tmp_path / "flash"
    with Chain(tmp_path, [link]) as chain:
        board = sleeper(chain, tmp_path, monkeypatch, link, "deep", spill={"path": str(flash)})
        slept_s = fall_asleep(board)
        chain.wait(lambda: state(chain) == ["asleep"], "state asleep")
        away = chain.bridge if chain.broker is None else chain.broker
        away.stop()
        for _ in range(4):
            wake(board, slept_s)
            slept_s = fall_asleep(board)
        left = sum(len(boot.frames) for boot in spill_files.read(flash).values())
        assert left >= 8
        away.start()
        wake(board, slept_s)
        fall_asleep(board)
        assert not list(flash.iterdir())
        chain.wait(lambda: chain.arrived(DEVICE) == left + 4, "all frames", 40)
        chain.wait(lambda: state(chain) == ["asleep"], "state asleep")
        account = ledger(chain)
        assert account["lost"] == account["dropped_on_device"] == 0
        assert account["expected"] == left + 4


@pytest.mark.parametrize("link", [UART, MQTT])
def test_a_light_sleeper_goes_on_in_one_boot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, link: str) -> None:
    """It is asleep between its samples, and online while it sends them; nothing is lost."""
    with Chain(tmp_path, [link]) as chain:
        board = sleeper(chain, tmp_path, monkeypatch, link, "light")
        for _ in range(3):
            before = chain.arrived(DEVICE)
            chain.wait(lambda: chain.arrived(DEVICE) > before, "frames")  # noqa: B023  # used before it changes
            chain.wait(lambda: state(chain) == ["asleep"], "state asleep")
        assert board.running
        account = ledger(chain)
        assert account["lost"] == account["dropped_on_device"] == 0
        assert chain.total("device_boots_total", device_id=DEVICE) == 1
