"""More than the machine bears, and sinks that do not come back: real processes, real brokers, real locks."""

import signal
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from boardpulse_tools import broker as brokers
from boardpulse_tools.bench.ingest.broker import unlimited
from boardpulse_tools.bench.ingest.usage import peak_bytes
from boardpulse_tools.broker import Broker
from tests.support.overload import DEVICES, Overload, Watch
from tests.support.remote_write import Receiver, Reply
from tests.support.waiting import until

FLOOD = 40_000
QUEUE = 10_000  # the default of [limits] queue_frames
MEMORY_MIB = 160  # the queue, the store's queue and 2,400 series above a bridge that rests
RATE = 300  # frames a second of the fleet: more than mosquitto sends ahead, in every tenth of a second
SECONDS = 4
HELD_S = 2.5  # longer than it takes until a disk is said not to answer
MOMENT_S = 2
STORE = ("host_bridge.sinks.history", "Store", "commit")
ENGINE = ("host_bridge.engine", "Engine", "step")


def test_more_than_the_machine_bears_waits_in_the_broker_and_is_kept_once(tmp_path: Path) -> None:
    """QoS 1, from a broker that sends ahead without limit. The queue is full, and nothing is lost, nothing twice; the
    page is there all the time; memory is bounded; and then a fresh value is visible at once."""
    with Overload(tmp_path, unlimited) as rig:
        file = rig.fleet(FLOOD, 2000, qos=1)
        with Watch(rig) as watch:
            with rig.sending(file, 0):
                until(lambda: watch.seen[-1]["boardpulse_queue_full_total"] > 0)
            until(lambda: rig.ledger()["expected"] == FLOOD, 60)
            until(lambda: watch.seen[-1]["boardpulse_history_queue_records"] < 100)
            assert max(watch.scrapes_s) < 1, sorted(watch.scrapes_s)[-5:]
            assert watch.most("boardpulse_queue_frames") <= QUEUE + 1
            until(lambda: watch.ages_s[-1] < 1)
            assert watch.failed == ""
        assert peak_bytes(rig.bridge.process.pid) < MEMORY_MIB << 20
        found = rig.ledger()
        assert found["received"] + found["recovered"] == found["expected"] == FLOOD
        assert (found["lost"], found["repeated"], found["too_old"]) == (0, 0, 0)
        until(lambda: rig.total("boardpulse_history_queue_records") == 0)
        assert rig.kept() == [FLOOD // DEVICES] * DEVICES


def test_what_comes_with_qos_0_and_finds_no_room_is_dropped_and_counted(tmp_path: Path) -> None:
    """Once by the source, and once by the ledger of each board: the two agree. The connection stays."""
    limits = "[limits]\nqueue_frames = 1000\n"
    frames = 30 * DEVICES
    with Overload(tmp_path, unlimited, history=None, more=limits, hangs=ENGINE) as rig:
        file = rig.fleet(frames + DEVICES, 2000, qos=0)
        with Watch(rig, qos=0) as watch, rig.held():
            rig.sender.send(file, 0, frames, 0)
            until(lambda: rig.total("boardpulse_frames_dropped_total", source="mqtt") >= frames - 1500)
        assert watch.failed == ""
        assert max(watch.scrapes_s) < 1, sorted(watch.scrapes_s)[-5:]
        until(lambda: rig.total("boardpulse_queue_frames") == 0)
        rig.sender.send(file, frames, DEVICES, 0)
        rig.nothing_held(file.count, 2000)
        found = settled(rig, file.count)
        assert found["lost"] > frames - 1500
        dropped = rig.total("boardpulse_frames_dropped_total", source="mqtt")
        assert found["lost"] <= dropped <= found["lost"] + 30  # those of the watched board are among them
        assert "link_down" not in rig.bridge.process.output()


def test_what_the_broker_drops_while_the_bridge_has_no_time_is_counted_as_lost(tmp_path: Path) -> None:
    """With QoS 0 mosquitto keeps what its limit allows for a subscriber that does not read, and forgets the rest."""
    frames = 150 * DEVICES
    with Overload(tmp_path, forgetful, history=None) as rig:
        file = rig.fleet(frames + DEVICES, 2000, qos=0, batch=10)
        rig.bridge.process.signal(signal.SIGSTOP)
        rig.sender.send(file, 0, frames, 0)
        rig.bridge.process.signal(signal.SIGCONT)
        until(lambda: rig.ledger()["received"] > 0 and rig.total("boardpulse_queue_frames") == 0)
        rig.sender.send(file, frames, DEVICES, 0)
        rig.nothing_held(file.count, 2000, batch=10)
        assert settled(rig, file.count)["lost"] > 0
        with Watch(rig) as watch:
            until(lambda: len(watch.ages_s) > 20)
        watch.assert_page_lives()


def forgetful(folder: Path) -> Broker:
    """mosquitto, not started, with a limit of a hundred messages."""
    broker = brokers.mosquitto(folder)
    config = folder / "mosquitto.conf"
    config.write_text(config.read_text().replace("max_queued_messages 10000", "max_queued_messages 100"))
    return broker


def settled(rig: Overload, made: int) -> dict[str, float]:
    """The ledger, once each frame that was made came or is known to be lost; AssertionError when it does not add up."""
    until(lambda: (found := rig.ledger())["received"] + found["lost"] == found["expected"] == made)
    found = rig.ledger()
    assert (found["recovered"], found["dropped_on_device"], found["repeated"]) == (0, 0, 0)
    return found


@pytest.mark.parametrize("how", ["hangs", "locked"])
def test_a_disk_that_does_not_answer_slows_nothing_down(tmp_path: Path, how: str) -> None:
    """Whether a commit just does not come back, or another program holds the file: boards' values go on to be visible
    within a second, it is said, and afterwards every frame is kept once."""
    with Overload(tmp_path, hangs=STORE if how == "hangs" else None) as rig:
        file = rig.fleet(RATE * SECONDS, RATE, qos=1)
        with Watch(rig) as watch:
            with rig.sending(file, RATE), rig.held() if how == "hangs" else locked(rig):
                time.sleep(HELD_S)
                health = str(rig.health()["history"])
                assert rig.total("boardpulse_history_queue_records") < 1000  # what the broker sends ahead
            until(lambda: rig.ledger()["expected"] == file.count, 20)
        watch.assert_page_lives()
        assert watch.most("boardpulse_queue_frames") < 1000
        assert 2 < watch.most("boardpulse_history_waiting_seconds") < HELD_S + 2
        event = "history_slow" if how == "hangs" else "history_unavailable"
        assert event in rig.bridge.process.output()
        assert ("has not answered" if how == "hangs" else "locked") in health
        until(lambda: rig.health()["history"] == "ok")
        found = rig.ledger()
        assert found["received"] + found["recovered"] == found["expected"] == file.count
        assert found["lost"] == 0
        until(lambda: rig.total("boardpulse_history_queue_records") == 0)
        assert rig.kept() == [file.count // DEVICES] * DEVICES


@contextmanager
def locked(rig: Overload) -> Iterator[None]:
    """Another program writes to the history, and takes its time."""
    with closing(sqlite3.connect(rig.bridge.history, isolation_level=None, timeout=5)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


def test_a_remote_write_that_is_never_answered_slows_nothing_down(tmp_path: Path) -> None:
    """All samples are to go out to a server that takes requests and says nothing: they wait, and it is said."""
    with Receiver(lambda series: Reply(hang_s=1000)) as server:
        more = f'[remote_write]\nurl = "{server.url}"\nmode = "all"\ntimeout_seconds = 1\n'
        with Overload(tmp_path, more=more) as rig:
            file = rig.fleet(RATE * MOMENT_S, RATE, qos=1)
            with Watch(rig) as watch:
                with rig.sending(file, RATE):
                    until(lambda: server.connections > 0)
                until(lambda: rig.ledger()["received"] == file.count, 5)
            watch.assert_page_lives()
            assert watch.most("boardpulse_queue_frames") < 1000
            assert watch.most("boardpulse_history_waiting_seconds") < 1
            until(lambda: rig.health()["remote_write"] != "ok")
            assert rig.total("boardpulse_remote_write_samples_total") == 0
            until(lambda: rig.total("boardpulse_history_queue_records") == 0)
            assert rig.kept() == [file.count // DEVICES] * DEVICES


def test_scrapers_that_read_nothing_slow_nothing_down(tmp_path: Path) -> None:
    """Thirty of them, each with a page on its way."""
    with Overload(tmp_path) as rig, ExitStack() as stuck:
        file = rig.fleet(RATE * MOMENT_S, RATE, qos=1)
        with Watch(rig) as watch:
            with rig.sending(file, RATE):
                for _ in range(30):
                    client = stuck.enter_context(socket.socket())
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                    client.connect((rig.bridge.host, rig.bridge.port))
                    client.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            until(lambda: rig.ledger()["received"] == file.count, 5)
        watch.assert_page_lives()
        assert watch.most("boardpulse_queue_frames") < 1000
        assert watch.most("boardpulse_history_waiting_seconds") < 1
