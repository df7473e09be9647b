"""From the command's options to its report."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from boardpulse_tools.bench.ingest import client_results, clients, results, rounds
from boardpulse_tools.bench.ingest import peers as others
from boardpulse_tools.bench.ingest.loads import Loads, Plan
from boardpulse_tools.bench.ingest.rounds import Tell
from boardpulse_tools.bench.ingest.subjects import DURABLE, Subject, own_subjects
from boardpulse_tools.bench.report import Report
from host_bridge.sources.mqtt_pause import FLEET_PAUSE_S, FLEET_PER_S

ROUNDS = 5
LONG = Plan()
SHORT = Plan(warm_up_s=0.5, window_s=1, latency_s=1, frames_flood=10_000, json_flood=3_000)

HOW = (
    "Each subject is a process of its own, new in each round, at a mosquitto of its own whose queues have no limit "
    "(max_queued_messages 0, max_inflight_messages 0, persistence false) and whose CPU is not counted. CPU is that of "
    "the subject, user and system, divided by the messages that it has counted itself."
)
LOAD = (
    "Steady stream: {devices:,} boards, {rate:,.0f} messages a second in bursts of 10 ms, ten metrics, {window:g} s "
    "behind {warm_up:g} s of warm-up. Batches have ten samples, a tenth of that time apart. Flood: {frames:,} frames "
    "or {json:,} objects as fast as the broker reads them, as of boards that were out of reach."
)
COMPACTION = (
    "Frames become columns of the history minutes after they came. What that takes, {apart:.1f} µs a message, was "
    "measured apart and is in the cost of the bridge with history."
)
PAUSES = (
    "From {per_s:,.0f} messages a second at QoS 0 on, the bridge reads what has come each {pause_ms:.0f} ms; its "
    "latencies contain that."
)
PAHO = "The paho subscribers have a callback that counts and does nothing else."
CLIENTS = (
    "The bridge's source without its core counts frames, and has each confirmed at once. Other libraries, {versions}, "
    "run as their own pages show; they confirm before the callback is called, the source after."
)
SHORT_NOTE = "Short form: it shows that everything works, and its numbers are not worth quoting."


def ingest_report(
    round_count: int, peers: bool, short: bool, tell: Tell = lambda _: None, other_clients: bool = False
) -> Report:
    """Measure, and judge. `tell` hears how far it is."""
    began, started = datetime.now(UTC), time.monotonic()
    subjects, missing, versions = own_subjects(), dict[str, str](), dict[str, str]()
    if peers:
        found, missing = others.available(others.cache_folder(), tell)
        subjects += found
    if other_clients:
        libraries = clients.available(others.cache_folder(), tell)
        subjects += libraries.subjects
        missing, versions = missing | libraries.missing, libraries.versions
    plan = SHORT if short else LONG
    measured = _measure(subjects, plan, round_count, tell)
    whole = {
        "date": began.isoformat(timespec="seconds"),
        "seconds": round(time.monotonic() - started, 1),
        "rounds": round_count,
        "form": "short" if short else "long",
        "plan": asdict(plan),
        "subjects": measured,
        "missing": missing,
    }
    said = [*_how(plan, short), *_compaction(measured), *troubles(measured, missing)]
    tables = results.tables(measured)
    if other_clients:
        whole |= {"versions": versions, "vs_source": client_results.ratios(measured)}
        tables.append(client_results.table(measured))
        said.append(CLIENTS.format(versions=", ".join(f"{name} {number}" for name, number in versions.items())))
    return Report(whole, results.goals(measured, peers), tables, said)


def _measure(subjects: list[Subject], plan: Plan, round_count: int, tell: Tell) -> dict[str, dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="boardpulse-bench-") as name:
        folder = Path(name)
        (folder / "loads").mkdir()
        loads = Loads(plan, folder / "loads")
        tell("making the loads")
        for subject in subjects:
            loads.make(subject)
        return results.results(rounds.run(subjects, loads, folder, round_count, tell))


def _how(plan: Plan, short: bool) -> list[str]:
    load = LOAD.format(
        devices=plan.devices,
        rate=plan.rate,
        window=plan.window_s,
        warm_up=plan.warm_up_s,
        frames=plan.frames_flood,
        json=plan.json_flood,
    )
    pauses = PAUSES.format(per_s=FLEET_PER_S, pause_ms=FLEET_PAUSE_S * 1000)
    return [HOW, load, pauses, PAHO, *([SHORT_NOTE] if short else [])]


def _compaction(found: Mapping[str, Mapping[str, Any]]) -> list[str]:
    apart = found[DURABLE].get("cpu_us_apart")
    return [] if apart is None else [COMPACTION.format(apart=apart["median"])]


def troubles(found: Mapping[str, Mapping[str, Any]], missing: Mapping[str, str]) -> list[str]:
    """What a reader must not overlook."""
    said = [f"Not measured: {name}: {why}" for name, why in missing.items()]
    for name, one in found.items():
        said += [f"{name} failed in {failure}" for failure in one["failures"]]
        if one.get("lost"):
            said.append(f"{name} lost {one['lost']:,} of {one['sent']:,} messages of the steady stream.")
        if one.get("flood_lost"):
            said.append(f"{name} lost {one['flood_lost']:,} of {one['flood_sent']:,} messages of the flood.")
        if one.get("wrong"):
            said.append(f"{name} refused or missed {one['wrong']:,} messages.")
        if one.get("rounds") and one["series_expected"] > one["series"]:
            said.append(f"{name} showed {one['series']:,} of {one['series_expected']:,} series.")
    return said
