"""Boards whose links are cut for longer than their outboxes hold: exactly what is counted as given up is missing.

Real firmware on MicroPython's unix port, a pseudo-terminal and a broker, a real bridge. What was made is what the
boards themselves wrote down; what arrived is what the bridge's ledger and its history say.
"""

import tempfile
from pathlib import Path
from typing import Any

from boardpulse_tools.bench.chaos.board import Board
from boardpulse_tools.bench.chaos.ledger import Ledger
from boardpulse_tools.bench.chaos.noise import Cut
from boardpulse_tools.bench.chaos.proxy import Proxy
from boardpulse_tools.bench.chaos.rig import Rig
from boardpulse_tools.bench.chaos.run import Run

OUTBOX_BYTES, OUTBOX_BYTES_BATCH = 4096, 1024  # some seconds at 20 samples a second, one by one and by tens
CUT_S, SHORT_CUT_S = 60.0, 12.0
KEEPALIVE_S = 5
BATCH = 10
WARM_UP, BACK_S = 20, 60.0
# Frames of other groups would be given up too, and none of the numbers that were written down would be missing.
ONLY_NUMBERS = dict.fromkeys(
    ("heap", "stack", "temperature", "power", "simulated", "loop_lag", "frequency", "health", "filesystem"),
    False,
)


def run(folder: Path | None = None, short: bool = True) -> dict[str, Any]:
    """One run; `overflow_miscounted` is by how many frames and samples the counts are wrong."""
    with tempfile.TemporaryDirectory(prefix="boardpulse-overflow-") as temporary:
        found = measure(Run(folder or Path(temporary), 1, short, lambda text: None))
    return {"overflow_miscounted": found["miscounted"], **found}


def measure(run: Run) -> dict[str, Any]:
    """The scenario of `bench chaos`."""
    cut_s = SHORT_CUT_S if run.short else CUT_S
    cuts = [Cut(), Cut()]
    with Rig(run, uarts=cuts, keepalive_s=KEEPALIVE_S) as rig:
        proxy = rig.proxy()
        lines: list[Cut | Proxy] = [*cuts, proxy]
        given = {"sensors": ONLY_NUMBERS}
        single, batch = (
            given | {"outbox_bytes": OUTBOX_BYTES},
            given | {"outbox_bytes": OUTBOX_BYTES_BATCH, "batch": BATCH},
        )
        link = {"keepalive_s": KEEPALIVE_S}
        rig.uart_board("uart-single", rig.cables[0], **single)
        rig.uart_board("uart-batch", rig.cables[1], **batch)
        rig.mqtt_board("mqtt-broker", proxy.port, link, **single)
        rig.mqtt_board("mqtt-bridge", proxy.port, link | {"ack": "bridge"}, **single)
        rig.mqtt_board("mqtt-batch", proxy.port, link | {"ack": "bridge"}, **batch)
        rig.wait_for_samples(WARM_UP, BACK_S)
        run.say(f"all links cut for {cut_s:g} s, outboxes of {OUTBOX_BYTES} and {OUTBOX_BYTES_BATCH} bytes")
        for line in lines:
            line.cut()
        run.pause(cut_s)
        for line in lines:
            line.mend()
        rig.wait_for_samples(WARM_UP, BACK_S)
        ledgers = rig.settle()
        rig.bridge.stop()
        boards = {board.device: _counted(rig, board, ledgers[board.device]) for board in rig.boards}
    return {"cut_s": cut_s, "miscounted": sum(one["miscounted"] for one in boards.values()), "devices": boards}


def _counted(rig: Rig, board: Board, ledger: Ledger) -> dict[str, Any]:
    """What a board made, what came of it, and by how much the counts differ from what is there."""
    count = rig.count(board)
    ends = board.diary().ends
    made, given_up = sum(end.next_seq for end in ends), sum(end.dropped for end in ends)
    arrived = ledger.received + ledger.recovered
    batch = BATCH if "batch" in board.device else 1
    # Each dropped frame was a full one: the last, which may be shorter, is never the one that goes. The board may have
    # given up more than is missing, as it cannot know that a frame came whose acknowledgement was lost.
    samples_off = abs(count.lost - ledger.dropped * batch - ledger.thinned)
    return {
        "made": made,
        "arrived": arrived,
        "given_up": given_up,
        "dropped": ledger.dropped,
        "lost": ledger.lost,
        "thinned": ledger.thinned,
        "samples_missing": count.lost,
        "miscounted": abs(made - arrived - ledger.dropped) + ledger.lost + samples_off + count.duplicated + count.wrong,
    }
