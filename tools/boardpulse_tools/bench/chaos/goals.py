"""What the counts have to keep to, and how they are shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from boardpulse_tools.bench.report import NO_VALUE, Goal, Table

Results = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Limit:
    """A goal: the sum of these counts, each (scenario, key), may be at most `most`, or is to be at least that."""

    name: str
    counts: tuple[tuple[str, str], ...]
    most: float = 0
    at_least: bool = False

    def goal(self, results: Results, chosen: frozenset[str]) -> Goal:
        """The goal with its value, over the scenarios that were chosen; none where one of them has no outcome."""
        values = [results.get(name, {}).get(key) for name, key in self.counts if name in chosen]
        known = [value for value in values if value is not None]
        return Goal(self.name, sum(known) if len(known) == len(values) else None, self.most, self.at_least)


_STREAMS = ("kill", "broker", "noise")

LIMITS = (
    Limit("lost", (("kill", "lost"),)),
    Limit("duplicated", tuple((name, "duplicated") for name in _STREAMS)),
    Limit("ledger_mismatch", tuple((name, "mismatch") for name in _STREAMS)),
    Limit("broker_lost", (("broker", "lost"),)),
    Limit("overflow_miscounted", (("overflow", "miscounted"),)),
    Limit("noise_wrong_values", (("noise", "wrong"),)),
    Limit("noise_lost", (("noise", "lost"),)),
    Limit("spill_corrupt", (("spill", "spill_corrupt"),)),
    Limit("spill_boot_failures", (("spill", "spill_boot_failures"),)),
    Limit("backfill_missing", (("backfill", "missing"),)),
    Limit("backfill_time_error_s", (("backfill", "time_error_s"),), most=1),
    Limit("history_samples_per_s", (("history", "history_samples_per_s"),), most=50_000, at_least=True),
    Limit("history_bytes_per_sample", (("history", "history_bytes_per_sample"),), most=32),
    Limit("history_day_query_ms", (("history", "history_day_query_ms"),), most=50),
)


def goals(results: Results, chosen: frozenset[str]) -> list[Goal]:
    """The goals of the scenarios that were chosen, met or not."""
    return [limit.goal(results, chosen) for limit in LIMITS if any(name in chosen for name, _ in limit.counts)]


def tables(results: Results) -> list[Table]:
    """What was counted, for people."""
    inside = {name: results.get(name, {}) for name in ("backfill", "overflow")}
    shown = [
        _table(
            "Samples as boards wrote them down and as history has them; frames by which ledgers differ",
            ("scenario", "taken", "kept", "lost", "duplicated", "wrong", "mismatch", "time_error_ms"),
            {name: results[name] for name in _STREAMS if name in results},
        ),
        _table(
            "Beyond the outbox: frames, and samples that are missing",
            ("board", "made", "arrived", "given_up", "dropped", "lost", "thinned", "samples_missing", "miscounted"),
            inside["overflow"].get("devices", {}),
        ),
        _table(
            "Samples that came late, and as remote write brought them to a database",
            ("server", "late", "missing", "time_error_s"),
            inside["backfill"].get("servers", {}),
        ),
        _table(
            "Kills of a board while it spills, and the records in its flash",
            ("scenario", "spill_rounds", "spill_records", "spill_cut", "spill_corrupt", "spill_boot_failures"),
            {name: results[name] for name in ("spill",) if name in results},
        ),
    ]
    return [table for table in shown if table.rows]


def _table(title: str, columns: tuple[str, ...], rows: Mapping[str, Mapping[str, Any]]) -> Table:
    return Table(title, columns, [(name, *_cells(one, columns[1:])) for name, one in rows.items()])


def _cells(numbers: Mapping[str, Any], names: tuple[str, ...]) -> list[str]:
    values = [numbers.get(name) for name in names]
    return [
        NO_VALUE if value is None else f"{value:,.3g}" if isinstance(value, float) else f"{value:,}" for value in values
    ]
