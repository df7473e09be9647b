"""The history store of a running bridge: killed, without room, damaged. Real processes, real files, real limits."""

import contextlib
import itertools
import os
import resource
import signal
import sqlite3
import time
from collections import Counter
from pathlib import Path

import pytest

from host_bridge.sinks.history.query import History
from tests.e2e.test_outages import assert_nothing_lost
from tests.support.processes import MQTT, UART, Chain

UNLIMITED = resource.RLIM_INFINITY
FOREVER_MS = 1 << 52


def kept_times(chain: Chain, device: str) -> list[int]:
    """The times of all samples of a metric that every board has."""
    with contextlib.closing(History.open(chain.bridge.history)) as history:
        found = history.samples(device, "device_uptime_seconds", 0, FOREVER_MS)
    return [time_ms for series in found for time_ms in series.times]


def live(chain: Chain, device: str) -> float:
    """The board's uptime on the page."""
    return chain.values("device_uptime_seconds", device_id=device)[0]


def limit_files(chain: Chain, most: int) -> None:
    """Let the bridge's files grow to `most` bytes and no further: what a full disk does to them."""
    pid = chain.bridge.process.pid
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, UNLIMITED))


def test_a_bridge_that_is_killed_again_and_again_keeps_every_frame_once(tmp_path: Path, link: str) -> None:
    device = f"board-{link}"
    with Chain(tmp_path, [link]) as chain:
        chain.board(link)
        for _ in range(5):
            chain.wait(lambda: chain.arrived(device) > 0, "frames")
            time.sleep(0.7)
            chain.bridge.process.kill()
            chain.bridge.start()
        chain.wait_for_samples(device, 10)
        assert_nothing_lost(chain, device)
        seen = chain.arrived(device)
        times = kept_times(chain, device)
        assert max(Counter(times).values()) == 1
        assert len(times) >= seen - 2  # a hello's event or two is no sample
        steps = [later - earlier for earlier, later in itertools.pairwise(times)]
        assert max(steps) < 1000, steps


def test_a_full_disk_stops_acknowledgements_and_nothing_else(tmp_path: Path) -> None:
    """Live values go on over both links; once there is room, everything that was made meanwhile is kept."""
    devices = [f"board-{UART}", f"board-{MQTT}"]
    with Chain(tmp_path, [UART, MQTT]) as chain:
        for link in (UART, MQTT):
            chain.board(link)
        for device in devices:
            chain.wait_for_samples(device, 10)
        wal = Path(f"{chain.bridge.history}-wal")
        limit_files(chain, wal.stat().st_size)
        chain.wait(lambda: chain.values("boardpulse_history_available") == [0], "store without room")
        (said,) = chain.log("history_unavailable")
        assert said["advice"]
        time.sleep(4)  # the second session of the MQTT source has come
        counted = [chain.arrived(device) for device in devices]
        before = [live(chain, device) for device in devices]
        time.sleep(2)
        assert [live(chain, device) - was > 1 for device, was in zip(devices, before, strict=True)] == [True, True]
        assert [chain.arrived(device) for device in devices] == counted
        limit_files(chain, UNLIMITED)
        chain.wait(lambda: chain.values("boardpulse_history_available") == [1], "store with room again")
        for device in devices:
            chain.wait_for_samples(device, 80, 60)
            assert_nothing_lost(chain, device)
            times = kept_times(chain, device)
            steps = [later - earlier for earlier, later in itertools.pairwise(times)]
            assert max(Counter(times).values()) == 1
            assert max(steps) < 1000, steps


@pytest.mark.parametrize("wrong", ["garbage", "damaged", "newer", "another's"])
def test_a_history_that_cannot_be_used_is_left_alone_and_said(tmp_path: Path, wrong: str) -> None:
    """The bridge serves live values, acknowledges nothing, and changes no byte of the file. When it is moved away, it
    begins a new one by itself."""
    device = f"board-{UART}"
    with Chain(tmp_path, [UART]) as chain:
        chain.board(UART)
        chain.wait_for_samples(device, 10)
        chain.bridge.stop()
        path = chain.bridge.history
        content = spoil(path, wrong)
        chain.bridge.start()
        chain.wait(lambda: bool(chain.values("device_uptime_seconds", device_id=device)), "live values")
        assert chain.values("boardpulse_history_available") == [0]
        assert str(path) in chain.log("history_unavailable")[-1]["problem"]
        time.sleep(1)
        assert chain.arrived(device) == 0
        assert path.read_bytes() == content
        path.rename(path.with_suffix(".away"))
        for rest in ("-wal", "-shm"):
            Path(f"{path}{rest}").unlink(missing_ok=True)
        chain.wait(lambda: chain.arrived(device) >= 10, "frames that the board has kept", 60)
        assert_nothing_lost(chain, device)


def test_a_history_that_cannot_be_read_for_a_while_is_taken_up_by_itself(tmp_path: Path, link: str) -> None:
    """What was kept before counts: nothing is kept twice."""
    device = f"board-{link}"
    with Chain(tmp_path, [link]) as chain:
        chain.board(link)
        chain.wait_for_samples(device, 10)
        chain.bridge.process.kill()
        path = chain.bridge.history
        whole = path.read_bytes()
        away = {rest: Path(f"{path}{rest}") for rest in ("", "-wal", "-shm")}
        for one in away.values():
            one.rename(f"{one}.away")
        path.write_bytes(whole[:50])
        chain.bridge.start()
        chain.wait(lambda: bool(chain.values("device_uptime_seconds", device_id=device)), "live values")
        path.unlink()
        for one in away.values():
            Path(f"{one}.away").rename(one)
        chain.wait(lambda: chain.values("boardpulse_history_available") == [1], "store")
        chain.wait_for_samples(device, 40, 60)
        assert_nothing_lost(chain, device)
        times = kept_times(chain, device)
        assert max(Counter(times).values()) == 1
        assert max(later - earlier for earlier, later in itertools.pairwise(times)) < 1000


def test_a_boot_that_the_bridge_slept_through_is_explained_by_the_broker(tmp_path: Path) -> None:
    """A board starts, sends and starts again while no bridge is there: the frames of both boots are decoded."""
    device = f"board-{MQTT}"
    with Chain(tmp_path, [MQTT]) as chain:
        board = chain.board(MQTT)
        chain.wait_for_samples(device, 1)
        board.kill()
        before = chain.arrived(device)
        chain.bridge.stop()
        for _ in range(2):
            board = chain.board(MQTT)
            time.sleep(3)
            board.kill()
        chain.bridge.start()
        chain.wait(lambda: chain.arrived(device) >= before + 40, "frames of the boots that are over")
        assert chain.total("boardpulse_frames_rejected_total") == 0
        times = kept_times(chain, device)
        assert len(times) >= before + 35  # some are events
        assert max(Counter(times).values()) == 1


def spoil(path: Path, wrong: str) -> bytes:
    """Make the file unusable; its content then."""
    if wrong == "garbage":
        path.write_bytes(os.urandom(5000))
    elif wrong == "damaged":
        whole = bytearray(path.read_bytes())
        whole[5000:9000] = os.urandom(4000)
        path.write_bytes(whole)
    else:
        connection = sqlite3.connect(path)
        pragma = "user_version = 99" if wrong == "newer" else "application_id = 7"
        connection.execute(f"PRAGMA {pragma}")
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.close()
    return path.read_bytes()


def test_a_second_bridge_on_the_same_history_says_so_and_ends(tmp_path: Path) -> None:
    """Two would acknowledge what the other does not know."""
    from boardpulse_tools.bridge import Bridge

    with Chain(tmp_path, [UART]) as chain:
        other = Bridge(tmp_path / "other", more="", history=None)
        text = other.config.read_text().replace("enabled = false", f'path = "{chain.bridge.history}"')
        other.config.write_text(text)
        other.process.start()
        assert other.process.wait(10) == 1
        assert "used by another bridge" in other.process.output()
        os.kill(chain.bridge.process.pid, signal.SIGTERM)
