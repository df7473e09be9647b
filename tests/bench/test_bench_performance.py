"""`boardpulse bench performance` with a bench that is really run, as a user runs it."""

import json
import subprocess
import sys
from pathlib import Path

from boardpulse_tools.bench.performance.goals import WHAT

LIMIT_S = 120


def test_one_bench_is_measured_stored_and_on_the_page_that_says_what_is_missing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "host_bridge", "bench", "performance"]
    options = ["--short", "--only", "uart", "--out", str(tmp_path / "docs")]
    answer = subprocess.run([*command, *options], capture_output=True, text=True, timeout=LIMIT_S, check=False)
    assert answer.returncode == 1, answer.stderr  # four benches were not run
    assert "uart …" in answer.stderr.splitlines()
    assert "Not met: cpu_vs_paho_single, " in answer.stdout
    report = json.loads((tmp_path / "docs" / "performance" / "uart.json").read_text())
    assert report["run"]["command"] == "boardpulse bench uart --short --json"
    page = (tmp_path / "docs" / "performance.md").read_text()
    assert "**This is the short form.**" in page
    assert f"| {report['results']['scenarios']['single']['frames']:,} |" in page
    elsewhere = [name for name in WHAT if not name.startswith("uart_")]
    assert page.count("**not met**: no value") == len(elsewhere)
