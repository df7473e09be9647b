"""The numbers to reach, and the tables. A page on which every value has changed is the case that counts."""

from typing import Any

from boardpulse_tools.bench.report import NO_VALUE, Goal, Table

PEER_LIMITS = {"mqtt_exporter": 0.1, "mqtt2prometheus": 0.35, "prometheus_client": 0.08}
SCRAPE_120K_S = 0.5
INGEST_STALL_MS = 50
STATISTICS = ("median", "mean", "p95", "p99", "min", "max", "stdev")


def median(size: dict[str, Any] | None, name: str, of: str = "seconds") -> float | None:
    """Seconds of a scrape, or of another's, in the middle of the rounds; None where it was not measured."""
    found = None if size is None else size[of].get(name)
    return None if found is None else float(found["median"])


def ratio(size: dict[str, Any] | None, other: str, of: str = "seconds") -> float | None:
    """Our scrape of a page that has changed throughout ÷ another's of as many series."""
    ours, theirs = median(size, "all", of), median(size, other, of)
    return None if ours is None or not theirs else ours / theirs


def ratios(size: dict[str, Any]) -> dict[str, dict[str, float | None]]:
    """By whom we are divided: time, processor time, and time a line, since our page has more of them."""
    lines = size["prometheus_client_lines"] / size["lines"]
    found = {other: ratio(size, other) for other in PEER_LIMITS}
    return {
        other: {"seconds": value, "cpu_seconds": ratio(size, other, "cpu_seconds"), "seconds_per_line": value * lines}
        for other, value in found.items()
        if value is not None
    }


def gated(sizes: dict[int, dict[str, Any]]) -> dict[str, float | None]:
    """What `bench compare --baseline` holds a run to: processor time, of ours and of theirs in the round that other
    processes have disturbed least. The goal's time would not do: a busy machine alone makes it 0.10 to 0.51."""
    size = sizes.get(12_000)
    return {"scrape_12k_cpu_vs_prometheus_client": None if size is None else _least_cpu_ratio(size)}


def _least_cpu_ratio(size: dict[str, Any]) -> float | None:
    ours, theirs = (float(size["cpu_seconds"][name]["min"]) for name in ("all", "prometheus_client"))
    return ours / theirs if theirs else None


def goals(sizes: dict[int, dict[str, Any]], stall: dict[str, Any] | None) -> list[Goal]:
    """By the names of the table of goals. `sizes` by their number of series."""
    return [
        *(Goal(f"scrape_12k_vs_{name}", ratio(sizes.get(12_000), name), limit) for name, limit in PEER_LIMITS.items()),
        Goal("scrape_120k_s", median(sizes.get(120_000), "all"), SCRAPE_120K_S),
        Goal("ingest_stall_ms", None if stall is None else stall["scraped_ms"]["median"], INGEST_STALL_MS),
    ]


def tables(sizes: dict[int, dict[str, Any]], stall: dict[str, Any] | None) -> list[Table]:
    """For people: all statistics of each size, and the pauses of ingest."""
    out = [_size(series, size) for series, size in sizes.items()]
    rows = [
        (f"{series:,} ÷ {other}", *(NO_VALUE if one is None else f"{one:.3f}" for one in found.values()))
        for series, size in sizes.items()
        for other, found in ratios(size).items()
    ]
    columns = ("changed throughout", "time", "processor time", "time a line")
    out.append(Table("Our scrape ÷ that of others with as many series", columns, rows))
    if stall is not None:
        rows = [
            ("while the page is scraped", *_numbers(stall["scraped_ms"])),
            ("as long without a scrape", *_numbers(stall["quiet_ms"])),
        ]
        out.append(Table("Longest pause of ingest, milliseconds", ("", *STATISTICS), rows))
    return out


def _size(series: int, size: dict[str, Any]) -> Table:
    rows = []
    for name, seconds in size["seconds"].items():
        cpu = size["cpu_seconds"].get(name)
        milliseconds = {key: seconds[key] * 1000 for key in STATISTICS}
        shown = NO_VALUE if cpu is None else f"{cpu['median'] * 1000:.1f}"
        rows.append((name, f"{size['bytes'][name]:,}", *_numbers(milliseconds), shown))
    title = f"A scrape of {series:,} series ({size['lines']:,} lines), milliseconds"
    return Table(title, ("changed since the last", "bytes", *STATISTICS, "CPU, median"), rows)


def _numbers(values: dict[str, float]) -> list[str]:
    return [f"{values[key]:.1f}" for key in STATISTICS]
