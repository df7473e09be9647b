"""The metric catalogue as data: `parse` makes a `Catalog` of catalog.toml, or says everything that is wrong with it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from boardpulse_tools import catalog_rules as rules
from boardpulse_tools.catalog_fields import MAX_VALUE, TYPE_NAMES


class CatalogError(Exception):
    """The catalogue has mistakes; `problems` has one line for each, with its place and what to do."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Metric:
    """One metric. `key` is None, and `scale`, `low` and `high` say nothing, where the bridge makes it."""

    name: str
    section: str
    type: str
    unit: str
    help: str
    since: str
    known_as: tuple[str, ...]
    labels: tuple[str, ...] = ()
    key: int | None = None
    scale: int = 0
    low: int = 0
    high: int = MAX_VALUE
    bounds: tuple[int, ...] = ()

    @property
    def type_number(self) -> int:
        """The type as SPEC.md writes it in a custom metric: 0 gauge, 1 counter, 2 histogram."""
        return TYPE_NAMES.index(self.type)

    @property
    def exposed_name(self) -> str:
        """The name on /metrics."""
        return self.name + "_total" if self.type == "counter" else self.name


@dataclass(frozen=True)
class Derived:
    """What users know by a name of its own, and get from a PromQL query."""

    known_as: str
    query: str


@dataclass(frozen=True)
class Catalog:
    """All metrics in the order of the file."""

    metrics: tuple[Metric, ...]
    derived: tuple[Derived, ...] = ()

    @property
    def board(self) -> list[Metric]:
        """What boards send, by key."""
        return sorted((m for m in self.metrics if m.key is not None), key=lambda m: m.key or 0)

    @property
    def bridge(self) -> list[Metric]:
        """What the bridge makes, in the order of the file."""
        return [m for m in self.metrics if m.key is None]


def parse(text: str, source: str = "catalog.toml") -> Catalog:
    """The catalogue in `text`; raises CatalogError with all its mistakes, `source` standing before the line numbers."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CatalogError([f"{source}: is no TOML: {error}"]) from error
    problems = list(_problems(document, text, source))
    if problems:
        raise CatalogError(problems)
    metrics = tuple(_metric(table) for table in document["metric"])
    derived = tuple(Derived(d["known_as"], d["query"].strip()) for d in document.get("derived", ()))
    return Catalog(metrics, derived)


def _problems(document: dict[str, Any], text: str, source: str) -> Iterator[str]:
    metrics = rules.tables(document, "metric")
    derived = rules.tables(document, "derived")
    lines = {name: _header_lines(text, name) for name in ("metric", "derived")}
    for place, message in rules.check_document(document):
        yield f"{source}: {place}: {message}"
    for kind, tables, check in (("metric", metrics, rules.check_metric), ("derived", derived, rules.check_derived)):
        for index, table in enumerate(tables):
            for place, message in check(table):
                yield f"{_where(source, lines[kind], index, table)}: {place}: {message}"
    for index, place, message in rules.check_metrics(metrics, document):
        yield f"{_where(source, lines['metric'], index, metrics[index])}: {place}: {message}"
    for index, place, message in rules.check_queries(derived, metrics):
        yield f"{_where(source, lines['derived'], index, derived[index])}: {place}: {message}"


def _header_lines(text: str, name: str) -> list[int]:
    header = re.compile(rf"\s*\[\[\s*{name}\s*\]\]")
    return [number for number, line in enumerate(text.splitlines(), 1) if header.match(line)]


def _where(source: str, lines: list[int], index: int, table: dict[str, Any]) -> str:
    number = f":{lines[index]}" if index < len(lines) else ""
    label = table.get("name", table.get("known_as"))
    return f"{source}{number}: {label if isinstance(label, str) else f'entry {index + 1}'}"


def _metric(table: dict[str, Any]) -> Metric:
    low, high = table.get("range", (0, MAX_VALUE))
    plain = {name: table[name] for name in ("name", "section", "type", "unit", "help", "since")}
    return Metric(
        **plain,
        known_as=tuple(table["known_as"]),
        labels=tuple(table.get("labels", ())),
        key=table.get("key"),
        scale=table.get("scale", 0),
        low=low,
        high=high,
        bounds=tuple(table.get("bounds", ())),
    )
