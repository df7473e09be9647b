"""The page in a real browser."""

import itertools
import subprocess
import time
from dataclasses import replace
from typing import Any

from host_bridge.options import HttpOptions
from host_bridge.web.devices import fleet_json
from host_bridge.web.server import HttpServer
from tests.support.components import require
from tests.unit.web.test_page import HOSTILE, VIEW

BROWSED_MS = 9000


class Pages:
    """Each time that it is asked, the board has another name."""

    version = "0.1.0"

    def __init__(self) -> None:
        self.rounds = itertools.count(1)

    def metrics(self, openmetrics: bool) -> list[bytes]:
        """Not of interest here."""
        return []

    def fleet(self) -> dict[str, Any]:
        """One board, and one that means harm."""
        hostile = replace(VIEW, device_id=HOSTILE, info={"runtime": HOSTILE})
        return fleet_json([(replace(VIEW, device_id=f"round-{next(self.rounds)}"), []), (hostile, [])], time.time())

    def health(self) -> tuple[bool, dict[str, Any]]:
        """Well."""
        return True, {}


def test_the_page_renews_itself_and_runs_nothing_that_a_board_sent() -> None:
    """Within its content security policy, without an error in the browser's console."""
    server = HttpServer(HttpOptions("127.0.0.1", 0), Pages())
    server.start()
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--dump-dom"]
    command = [str(require("chromium")), *options, f"--virtual-time-budget={BROWSED_MS}", server.url]
    browsed = subprocess.run(command, capture_output=True, text=True, timeout=90, check=True)
    server.stop()
    assert "round-1<" not in browsed.stdout
    assert "round-4<" in browsed.stdout or "round-5<" in browsed.stdout
    assert browsed.stdout.count("<script") == 1
    assert "CONSOLE" not in browsed.stderr
