"""A bridge and the stranger's boards on it."""

import math
from pathlib import Path
from typing import Any

from boardpulse_tools import broker as brokers
from boardpulse_tools.bridge import Bridge
from boardpulse_tools.scrape import select, total
from tests.support.components import require
from tests.support.processes import MQTT, UART
from tests.support.stranger import Board, MqttBoard, UartBoard
from tests.support.waiting import until

KEY, OTHER_KEY = bytes(range(32)), bytes(range(32, 64))
KEYS = f'[keys]\nkiln-1 = "{KEY.hex()}"\nkiln-2 = "{OTHER_KEY.hex()}"\n'
QUIET = "[clock]\nsend_time = false\n"  # an answer would be one more frame in the ledger
KILN = [
    [1000, 3, [3, [1, "gc"], [14, "supply"]]],
    [0, 1, [
        {1: "door_open"}, {1: "firings", 2: 1}, {1: "pressure", 3: "pascals", 4: 2, 5: [["zone", "oben"]]},
        {1: "queue_wait", 2: 2, 3: "seconds", 4: -3, 7: [1, 10, 100]},
    ]],
]  # fmt: skip


class Rig:
    """A bridge, perhaps a broker, and boards of one device on one link."""

    def __init__(self, folder: Path, link: str, key: bytes) -> None:
        self.link, self.key = link, key
        self.client: MqttBoard | None = None
        self.broker: brokers.Broker | None = None
        if link == MQTT:
            require("mosquitto")
            self.broker = brokers.started(lambda: brokers.mosquitto(folder / "broker"))
        self.line = UartBoard("", []) if link == UART else None
        ports = [self.line.path] if self.line else []
        more = (KEYS if key else "") + QUIET
        self.bridge = Bridge(folder, ports, self.broker.port if self.broker else None, more=more)

    def start(self) -> None:
        """Start the bridge, and wait until it listens to the link."""
        before = self.bridge.process.output().count("link_up") if self.link == UART else 0
        self.bridge.start()
        if self.link == UART:
            until(lambda: self.bridge.process.output().count("link_up") > before)
        else:
            until(lambda: total(self.bridge.page(), "boardpulse_broker_connected") == 1)

    def board(self, more: dict[int, Any]) -> Board:
        """A board that has said hello. It takes the place of the one before it."""
        self.leave()
        if self.broker:
            self.client = MqttBoard("kiln-1", KILN, self.key, more, port=self.broker.port)
            return self.client
        board = UartBoard("kiln-1", KILN, self.key, more, line=self.line.line if self.line else None)
        board.hello()
        return board

    def value(self, name: str, **labels: str) -> float:
        """The sum of a metric's values; NaN when there are none."""
        found = select(self.bridge.page(), f"device_{name}", device_id="kiln-1", platform="stranger", **labels)
        return sum(found.values()) if found else math.nan

    def state(self) -> str:
        """The device's state."""
        rows = select(self.bridge.page(), "device_state", device_id="kiln-1")
        return next((dict(labels)["state"] for (_, labels), value in rows.items() if value), "")

    def ledger(self, expected: int) -> tuple[float, ...]:
        """received, recovered, lost, dropped on the device, once so many are expected: the sum of them."""
        until(lambda: self.value("frames_expected_total") == expected)
        names = ("received", "recovered", "lost", "dropped_on_device")
        found = tuple(self.value(f"frames_{name}_total") for name in names)
        assert sum(found) == expected, found
        return found

    def rejected(self) -> dict[str, float]:
        """How many frames were refused, by reason."""
        rows = select(self.bridge.page(), "boardpulse_frames_rejected_total")
        return {dict(labels)["reason"]: value for (_, labels), value in rows.items() if value}

    def close(self) -> None:
        """End everything."""
        self.bridge.stop()
        self.leave()
        if self.line:
            self.line.close()
        if self.broker:
            self.broker.stop()

    def leave(self) -> None:
        """Take the last board off the broker; what is on a line does not leave it."""
        if self.client:
            self.client.close()
            self.client = None
