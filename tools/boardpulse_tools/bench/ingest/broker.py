"""mosquitto as the bench wants it: nothing dropped, nothing on the disk, and a log that says who has subscribed."""

from __future__ import annotations

from pathlib import Path

from boardpulse_tools.broker import Broker
from boardpulse_tools.components import MOSQUITTO, find
from boardpulse_tools.network import LOOPBACK, free_port
from boardpulse_tools.processes import Process, ProcessError

# Without limits on its queues mosquitto holds what a slow subscriber has not read yet; by default it drops messages
# beyond 1,000. Persistence off: what mosquitto writes to the disk is no subscriber's cost, and takes a core from it.
_CONFIG = """\
listener {port} {host}
allow_anonymous true
persistence false
max_queued_messages 0
max_inflight_messages 0
log_dest stderr
log_type error
log_type warning
log_type subscribe
"""


def unlimited(folder: Path) -> Broker:
    """mosquitto, not started. ProcessError when this machine has none."""
    program = find(MOSQUITTO)
    if program is None:
        raise ProcessError(f"mosquitto is missing. To get it: {MOSQUITTO.how_to_get}")
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "mosquitto.conf"
    config.write_text(_CONFIG.format(port=port, host=LOOPBACK))
    return Broker("mosquitto", Process("mosquitto", [program, "-c", config], folder / "mosquitto.log"), port)


def has_subscriber(broker: Broker, topic_filter: str) -> bool:
    """Whether somebody has subscribed to this filter."""
    return any(line.endswith(f" {topic_filter}") for line in broker.process.output().splitlines())
