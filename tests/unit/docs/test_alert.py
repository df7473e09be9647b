"""The alert that docs/reliability.md recommends, as Prometheus's own tool understands it."""

import json
import re
import subprocess
from pathlib import Path

from tests.support.components import require

PAGE = Path(__file__).parents[3] / "docs" / "reliability.md"
SERIES = {
    'device_frames_lost_total{device_id="lost"}': "5x30 6x120",
    'device_frames_lost_total{device_id="came-after-all"}': "5x30 4x120",
    'device_frames_lost_total{device_id="lost-and-came"}': "5x30 7x10 5x110",
    'device_frames_lost_total{device_id="as-before"}': "5x151",
    "boardpulse_history_available": "1x125 0x26",
    "boardpulse_history_damaged": "0x100 1x10 0x41",
}


def test_the_alert_tells_of_losses_and_of_nothing_else(tmp_path: Path) -> None:
    """device_frames_lost_total falls when a frame comes after all: no alert, and none any more where one was told."""
    found = re.search(r"```promql\n(.*?)\n```", PAGE.read_text(), re.DOTALL)
    assert found is not None
    rules = {"groups": [{"name": "boards", "rules": [{"alert": "Boards", "expr": found[1]}]}]}
    expected: dict[str, list[dict[str, str]]] = {
        "29m": [],
        "36m": [{"device_id": "lost"}, {"device_id": "lost-and-came"}],
        "60m": [{"device_id": "lost"}],
        "105m": [{}],
        "120m": [],
        "130m": [{}],
    }
    checks = [
        {"eval_time": at, "alertname": "Boards", "exp_alerts": [{"exp_labels": labels} for labels in firing]}
        for at, firing in expected.items()
    ]
    series = [{"series": name, "values": values} for name, values in SERIES.items()]
    (tmp_path / "rules.yml").write_text(json.dumps(rules))
    tests = [{"interval": "1m", "input_series": series, "alert_rule_test": checks}]
    file = tmp_path / "tests.yml"
    file.write_text(json.dumps({"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": tests}))
    done = subprocess.run([require("promtool"), "test", "rules", file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
