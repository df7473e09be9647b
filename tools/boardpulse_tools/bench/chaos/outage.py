"""An outage of half an hour in a board's time, after which what it took goes to other databases at its true time.

The board's clocks begin half an hour in the past. Its link is cut; its clocks hurry until they are ours; its link is
mended. For the bridge that is a board whose frames of half an hour come late. Its own file says when it took each.
"""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from typing import Any

from boardpulse_tools.bench.chaos.noise import Cut
from boardpulse_tools.bench.chaos.program import main_in_the_past
from boardpulse_tools.bench.chaos.rig import Rig
from boardpulse_tools.bench.chaos.run import Run
from boardpulse_tools.bench.chaos.servers import Server, both
from boardpulse_tools.bench.chaos.stored import METRIC
from boardpulse_tools.bench.chaos.tally import Count, Taken, compare
from boardpulse_tools.processes import ProcessError

OUTAGE_S = 1800
FACTOR, SHORT_FACTOR = 60, 120
INTERVAL_MS, BATCH = 1000, 10
BEFORE_SAMPLES, WAIT_S = 3, 30.0
LATE_S = 60
SPAN_S = OUTAGE_S + 3600


def measure(run: Run) -> dict[str, Any]:
    """Late samples that a database lacks, and by how many seconds the worst is dated wrongly; the worse database."""
    with ExitStack() as stack:
        servers = [stack.enter_context(server) for server in both(run.folder)]
        with ThreadPoolExecutor(len(servers)) as pool:
            outcomes = list(pool.map(lambda server: _with_server(run.inside(server.name), server), servers))
        found = {server.name: one for server, one in zip(servers, outcomes, strict=True)}
    return {
        "missing": sum(one["missing"] for one in found.values()),
        "time_error_s": max(one["time_error_s"] for one in found.values()),
        "servers": found,
    }


def _with_server(run: Run, server: Server) -> dict[str, Any]:
    cut = Cut()
    more = f'[remote_write]\nurl = "{server.write_url}"\nlate_after_seconds = {LATE_S}\n'
    factor = SHORT_FACTOR if run.short else FACTOR
    device = f"late-{server.name}"
    with Rig(run, mqtt=False, uarts=[cut], more=more) as rig:
        program = main_in_the_past(OUTAGE_S * 1000, factor)
        board = rig.uart_board(device, rig.cables[0], program=program, interval_ms=INTERVAL_MS, batch=BATCH)
        rig.wait_for_samples(BEFORE_SAMPLES, WAIT_S)
        cut.cut()
        run.say(f"an outage of {OUTAGE_S} s, {factor} times as fast")
        (board.folder / "hurry").touch()
        run.pause(OUTAGE_S / factor + 1)
        cut.mend()
        rig.settle()
        late = _late(board.diary().samples)
        _wait_for(run, server, device, len(late))
        rig.bridge.stop()
        own = rig.count(board)
    newer = {float(sample.number) for sample in board.diary().samples[len(late) :]}  # may have been sent, or not
    there = compare(late, [one for one in server.samples(METRIC, device, SPAN_S) if one[1] not in newer])
    return _as_numbers(late, there, own)


def _late(samples: list[Taken]) -> list[Taken]:
    """Those that came late for certain: remote write sends what is older than LATE_S when it is stored."""
    newest = samples[-1].at_ms
    return [sample for sample in samples if sample.at_ms < newest - 2 * LATE_S * 1000]


def _wait_for(run: Run, server: Server, device: str, count: int) -> None:
    """Until the database has as many samples, or goes without."""
    with suppress(ProcessError):  # what is missing is counted later
        run.wait(lambda: len(server.samples(METRIC, device, SPAN_S)) >= count, WAIT_S, "late samples")


def _as_numbers(late: list[Taken], there: Count, own: Count) -> dict[str, Any]:
    return {
        "late": len(late),
        "missing": there.lost,
        "wrong": there.wrong,
        "time_error_s": round(there.time_error_ms / 1000, 3),
        "history_lost": own.lost,
        "history_wrong": own.wrong,
        "history_time_error_s": round(own.time_error_ms / 1000, 3),
    }
