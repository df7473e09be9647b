"""The bridge with one source more, which measures how soon the engine takes a frame. Run as a program:

    python -m boardpulse_tools.bench.exposition.probed_bridge CONFIG OUT

It ends as the bridge does; OUT then has a pair of float64 for each frame: when it was due on the monotonic clock, and
how many seconds later the engine had taken it.
"""

import array
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import cbor2

from host_bridge.app import Bridge, run
from host_bridge.cli.options import load_config
from host_bridge.core.received import FRAME, Received
from host_bridge.sinks import logs
from shared_schema.messages import HELLO, SAMPLES, WIRE_VERSION

PERIOD_S = 0.002
BOOT = 0x2800_0000
DEVICE = "probe"


class Probe:
    """A source that delivers a frame each PERIOD_S, as a board on a line of its own would.

    The engine gives a frame's token back once it has taken it. The token is the time at which the frame was due, not
    that at which this thread came to deliver it: what holds the sources' threads up is a pause of ingest, too.
    """

    name = "probe"

    def __init__(self) -> None:
        self.taken = array.array("d")
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="probe", daemon=True)
        self._deliver: Callable[[Received], bool] = lambda received: False

    def start(self, deliver: Callable[[Received], bool]) -> None:
        """Begin."""
        self._deliver = deliver
        self._thread.start()

    def pause(self) -> None:
        """Deliver no more."""
        self._stopping.set()

    def stop(self) -> None:
        """Deliver no more."""
        self._stopping.set()
        self._thread.join()

    def send(self, port: str, device_id: str, frame: bytes) -> bool:
        """Nobody listens."""
        return False

    def acknowledge(self, *tokens: object) -> None:
        """The engine has taken the frames that were due at `tokens`."""
        for token in tokens:
            if isinstance(token, float):
                self.taken.extend((token, time.monotonic() - token))

    def withhold(self, token: object) -> None:
        """Never: its declaration comes first."""

    def stall(self, stalled: bool) -> None:
        """Never: nothing is kept here."""

    def _run(self) -> None:
        self._submit(cbor2.dumps(_hello()), None)
        began = time.monotonic()
        for number in range(sys.maxsize):
            due = began + number * PERIOD_S
            if self._stopping.wait(max(0.0, due - time.monotonic())):
                return
            frame = [SAMPLES, BOOT, number, 1_000 + number * round(PERIOD_S * 1000), 0, 0, 1, number]
            self._submit(cbor2.dumps(frame), due)

    def _submit(self, frame: bytes, token: float | None) -> None:
        self._deliver(Received(self.name, DEVICE, time.time(), FRAME, frame, token=token))


def _hello() -> list[object]:
    body = {
        0: WIRE_VERSION,
        1: DEVICE,
        2: "bench",
        3: 0,
        4: [[60_000, 1, [11]]],
        6: [int(time.time()), 0, 2, 20],
        12: 0,
    }
    return [HELLO, BOOT, 0, 0, body]


def main(config_path: str, out: str) -> None:
    """Run until SIGTERM, then write what was measured."""
    config = load_config(Path(config_path))
    writer = logs.configure(config.log)
    probe = Probe()
    try:
        run(Bridge(config, probe))
    finally:
        writer.close()
        with Path(out).open("wb") as file:
            probe.taken.tofile(file)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
