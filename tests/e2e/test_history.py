"""What boards sent, asked for at the command line: samples from the store's file, the ledger from the bridge."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support.processes import LINKS, SAME_EVERYWHERE, Chain

FREE = "device_memory_free_bytes"


def ask(*words: str) -> subprocess.CompletedProcess[str]:
    """A command of boardpulse, to its end."""
    command = [sys.executable, "-m", "host_bridge", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def history(chain: Chain, *words: str) -> Any:
    """What `boardpulse history` says in JSON."""
    answer = ask("history", *words, "--config", str(chain.bridge.config), "--json")
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


def samples(chain: Chain, device: str, metric: str, *words: str) -> list[dict[str, Any]]:
    """The samples of the metric's only series."""
    (series,) = history(chain, device, metric, *words)["series"]
    found: list[dict[str, Any]] = series["samples"]
    return found


def ledger(chain: Chain) -> dict[str, Any]:
    """What `boardpulse ledger` says in JSON; it adds up."""
    answer = ask("ledger", "--url", chain.bridge.url, "--json")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    told: dict[str, Any] = json.loads(answer.stdout)
    return told


def test_what_boards_sent_is_in_the_history_once_and_the_ledger_adds_up(tmp_path: Path) -> None:
    """While the bridge runs, after it was killed, and when it runs again."""
    with Chain(tmp_path) as chain:
        for link in LINKS:
            chain.board(link, sensors=SAME_EVERYWHERE)
            chain.wait_for_samples(f"board-{link}", 20)
        assert [row["device_id"] for row in history(chain)] == [f"board-{link}" for link in sorted(LINKS)]
        chain.bridge.process.kill()
        before = {link: samples(chain, f"board-{link}", FREE) for link in LINKS}
        chain.bridge.start()
        for link in LINKS:
            device = f"board-{link}"
            chain.wait_for_samples(device, 20)
            after = samples(chain, device, FREE)
            assert after[: len(before[link])] == before[link]
            times = [sample["time"] for sample in after]
            assert times == sorted(set(times))
            assert len(after) > len(before[link]) >= 10
        told = ledger(chain)
        assert [row["lost"] for row in told["devices"]] == [0, 0]
