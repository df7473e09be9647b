"""What `boardpulse bench chaos` counts with: diaries, ledgers, noise, goals, and a connection that stalls."""

import random
import socket
import threading
from pathlib import Path

import pytest

from boardpulse_tools.bench.chaos.goals import LIMITS, goals
from boardpulse_tools.bench.chaos.ledger import Ledger, ledger
from boardpulse_tools.bench.chaos.noise import Cut, Noise
from boardpulse_tools.bench.chaos.proxy import Proxy
from boardpulse_tools.bench.chaos.run import HaltedError, Run
from boardpulse_tools.bench.chaos.tally import Count, End, Taken, compare, diary
from boardpulse_tools.network import LOOPBACK
from boardpulse_tools.processes import ProcessError

TAKEN = [Taken(7, seq, seq + 1, seq * 50, 1000 + seq * 50) for seq in range(4)]
PROMISED = {
    "lost": 0,
    "duplicated": 0,
    "ledger_mismatch": 0,
    "broker_lost": 0,
    "overflow_miscounted": 0,
    "noise_wrong_values": 0,
    "noise_lost": 0,
    "spill_corrupt": 0,
    "spill_boot_failures": 0,
    "backfill_missing": 0,
    "backfill_time_error_s": 1,
    "history_samples_per_s": 50_000,
    "history_bytes_per_sample": 32,
    "history_day_query_ms": 50,
}


def test_a_diary_is_read_to_its_last_whole_line() -> None:
    """A board that is killed may leave half a line: that sample was not written down."""
    found = diary("s 7 0 1 0 1000\ns 7 1 2 50 1050\ne 7 3 0 1 2 0\ns 8 0 3 0")
    assert found.samples == TAKEN[:2]
    assert found.ends == [End(boot=7, next_seq=3, held=0, dropped=3)]
    assert diary("").samples == []


def test_what_was_kept_as_it_was_taken_counts_as_that() -> None:
    kept = [(sample.at_ms + 3, sample.number) for sample in TAKEN]
    assert compare(TAKEN, kept) == Count(taken=4, kept=4, time_error_ms=3)


def test_lost_repeated_and_wrong_samples_are_told_apart() -> None:
    """Number 1 twice, 2 missing, 3 at another time, 4 as it was, 9 and a missing value that no board took."""
    kept = [(1000, 1), (1000, 1), (9999, 3), (1150, 4), (1200, 9), (1250, None)]
    found = compare(TAKEN, kept)
    assert (found.lost, found.duplicated, found.wrong) == (1, 1, 3)


def test_counts_of_boards_add_up() -> None:
    total = Count(4, 3, 1, 0, 0, 2.0) + Count(4, 5, 0, 1, 1, 1.0)
    assert total == Count(taken=8, kept=8, lost=1, duplicated=1, wrong=1, time_error_ms=2.0)


def test_a_ledger_differs_from_itself_or_from_the_board() -> None:
    page = "\n".join(
        f'device_frames_{part}_total{{device_id="one",platform="unix"}} {count}'
        for part, count in (("expected", 10), ("received", 6), ("recovered", 2), ("lost", 1), ("dropped_on_device", 1))
    )
    page += '\ndevice_samples_thinned_total{device_id="one",platform="unix"} 7'
    found = ledger(page, "one")
    assert found == Ledger(expected=10, received=6, recovered=2, lost=1, dropped=1, thinned=7)
    assert found.mismatch(10) == 0
    assert found.mismatch(12) == 2
    assert Ledger(expected=10, received=6, recovered=0, lost=0, dropped=0, thinned=0).mismatch(6) == 4


def test_noise_hits_as_often_as_it_is_told_and_as_the_seed_says() -> None:
    """In 10⁶ bytes at 1e-4 about 800 bits, 100 bytes, 100 bytes: within five standard deviations."""
    data = bytes(1000)
    noise, again = (Noise(random.Random(5)) for _ in range(2))
    heard = [noise(data, True) for _ in range(1000)]
    assert heard == [again(data, False) for _ in range(1000)]
    assert abs(noise.flipped - 800) < 5 * 800**0.5
    assert abs(noise.dropped - 100) < 5 * 100**0.5
    assert abs(noise.doubled - 100) < 5 * 100**0.5
    assert sum(map(len, heard)) == 1_000_000 + noise.doubled - noise.dropped
    assert 0 < sum(byte.bit_count() for chunk in heard for byte in chunk) <= noise.flipped + noise.doubled


def test_noise_that_is_off_changes_nothing() -> None:
    noise = Noise(random.Random(5), bit_error=0.5, on=False)
    assert noise(b"whole", True) == b"whole"


def test_a_cut_line_carries_nothing_until_it_is_mended() -> None:
    line = Cut()
    line.cut()
    assert line(b"gone", True) == b""
    line.mend()
    assert line(b"there", False) == b"there"


def test_a_stalled_connection_holds_what_is_sent_until_it_is_mended() -> None:
    with socket.create_server((LOOPBACK, 0)) as server, Proxy(server.getsockname()[1]) as proxy:
        server.settimeout(5)
        with socket.create_connection((LOOPBACK, proxy.port), 5) as board:
            broker, _ = server.accept()
            with broker:
                broker.settimeout(0.3)
                board.sendall(b"first")
                assert broker.recv(100) == b"first"
                proxy.cut()
                threading.Event().wait(0.2)  # a look at the connections that was under way is over
                board.sendall(b"held")
                with pytest.raises(TimeoutError):
                    broker.recv(100)
                proxy.mend()
                broker.settimeout(5)
                assert broker.recv(100) == b"held"
                broker.sendall(b"answer")
                assert board.recv(100) == b"answer"
                broker.close()
                assert board.recv(100) == b""


def test_a_connection_to_a_broker_that_is_not_there_is_closed() -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        port = server.getsockname()[1]
    with Proxy(port) as proxy, socket.create_connection((LOOPBACK, proxy.port), 5) as board:
        assert board.recv(100) == b""


def _run(folder: Path) -> Run:
    return Run(folder, 1, True, lambda text: None)


def test_a_run_that_is_halted_waits_no_longer(tmp_path: Path) -> None:
    run = _run(tmp_path)
    run.halt.set()
    with pytest.raises(HaltedError):
        run.pause(60)
    with pytest.raises(HaltedError):
        run.wait(lambda: False, 60, "end")


def test_a_wait_says_what_did_not_come(tmp_path: Path) -> None:
    with pytest.raises(ProcessError, match=r"no frame after 0\.1 s"):
        _run(tmp_path).wait(lambda: False, 0.1, "frame")


def test_the_same_seed_repeats_a_scenarios_moments(tmp_path: Path) -> None:
    run = _run(tmp_path)
    assert run.inside("kill").chance("a").random() == run.inside("kill").chance("a").random()
    assert run.inside("kill").chance("a").random() != run.inside("noise").chance("a").random()


def test_the_goals_are_those_that_were_promised() -> None:
    """Each promised number with its limit; the three of the store's speed and size the way round that they are."""
    assert {limit.name: limit.most for limit in LIMITS} == PROMISED
    assert [limit.name for limit in LIMITS if limit.at_least] == ["history_samples_per_s"]


def test_goals_are_judged_over_the_scenarios_that_ran() -> None:
    """What was not chosen is no goal; what was chosen and has no outcome is one that is not met."""
    results = {"kill": {"lost": 0, "duplicated": 0, "mismatch": 2}}
    judged = {goal.name: goal.met for goal in goals(results, frozenset({"kill", "noise"}))}
    assert judged["lost"]
    assert not judged["duplicated"]
    assert not judged["noise_lost"]
    assert "broker_lost" not in judged
    only = {goal.name: goal.value for goal in goals(results, frozenset({"kill"}))}
    assert only == {"lost": 0, "duplicated": 0, "ledger_mismatch": 2}
