"""An outage of half an hour in a board's time, after which what it took goes to other databases at its true time.

The board's clocks begin half an hour in the past. Its link is cut; its clocks hurry until they are ours; its link is
mended. For the bridge that is a board whose frames of half an hour come late. Its own file says when it took each.
"""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from typing import Any

from boardpulse_tools.bench.backfill import ExpectedSeries, backfill_gaps
from boardpulse_tools.bench.chaos.noise import Cut
from boardpulse_tools.bench.chaos.program import main_in_the_past
from boardpulse_tools.bench.chaos.rig import Rig
from boardpulse_tools.bench.chaos.run import Run
from boardpulse_tools.bench.chaos.stored import METRICS
from boardpulse_tools.bench.chaos.tally import Taken
from boardpulse_tools.metric_servers import MetricServer, both
from boardpulse_tools.processes import ProcessError

OUTAGE_S = 1800
FACTOR, SHORT_FACTOR = 60, 120
INTERVAL_MS, BATCH = 1000, 10
BEFORE_SAMPLES, WAIT_S = 3, 30.0
LATE_S = 60


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


def _with_server(run: Run, server: MetricServer) -> dict[str, Any]:
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
        missing, error_s = _compare(run, server, expected(device, late))
        rig.bridge.stop()
        own = rig.count(board)
    return {
        "late": len(late),
        "missing": missing,
        "time_error_s": round(error_s, 3),
        "history_lost": own.lost,
        "history_wrong": own.wrong,
        "history_time_error_s": round(own.time_error_ms / 1000, 3),
    }


def _late(samples: list[Taken]) -> list[Taken]:
    """Those that came late for certain: remote write sends what is older than LATE_S when it is stored."""
    newest = samples[-1].at_ms
    return [sample for sample in samples if sample.at_ms < newest - 2 * LATE_S * 1000]


def expected(device: str, taken: list[Taken]) -> list[ExpectedSeries]:
    """Both series of the running number."""
    times, numbers = [sample.at_ms / 1000 for sample in taken], [float(sample.number) for sample in taken]
    return [ExpectedSeries(metric, {"device_id": device}, times, numbers) for metric in METRICS]


def _compare(run: Run, server: MetricServer, wanted: list[ExpectedSeries]) -> tuple[int, float]:
    """(missing, time error in seconds), when everything is there or has had its time to come."""

    def complete() -> bool:
        with suppress(OSError):  # asked again a moment later
            server.settle()
        return backfill_gaps(server.url, wanted)[0] == 0

    with suppress(ProcessError):
        run.wait(complete, WAIT_S, "late samples")
    return backfill_gaps(server.url, wanted)
