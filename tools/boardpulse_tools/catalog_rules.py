"""What makes a catalogue right as a whole: which fields a metric needs, how they fit together, what may stand but once.

Each check yields (place, what is wrong and what to do) and none raises, so that all mistakes are told at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from boardpulse_tools.catalog_fields import DERIVED_FIELDS, FIELDS, UNITS, Check, all_ints, is_int, suggestion

Table = dict[str, Any]
Problem = tuple[str, str]
Placed = tuple[int, str, str]

HISTOGRAM_ENDINGS = ("_bucket", "_count", "_sum")
ALWAYS = ("name", "section", "type", "unit", "help", "since", "known_as")
OF_A_BOARD = ("key", "scale")
NOT_OF_A_BRIDGE = ("key", "scale", "range", "bounds")


def tables(document: Table, name: str) -> list[Table]:
    """The tables [[name]] of a document; none where it is something else."""
    value = document.get(name, [])
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []


def check_document(document: Table) -> Iterator[Problem]:
    """The top level: known names, [[metric]] and [[derived]] as arrays of tables, retired keys as ints."""
    known = ("metric", "derived", "retired_keys")
    for name in document:
        if name not in known:
            yield name, f"is unknown here; use {', '.join(known)}{suggestion(name, known)}"
    for name in ("metric", "derived"):
        if name in document and tables(document, name) != document[name]:
            yield name, f"is no array of tables; write [[{name}]] before each"
    if not tables(document, "metric"):
        yield "metric", "there is none; write [[metric]] and its fields"
    if not all_ints(document.get("retired_keys", [])):
        yield "retired_keys", "is no list of whole numbers; list the keys of metrics that are gone"


def check_metric(metric: Table) -> Iterator[Problem]:
    """One metric by itself: every field, then what fields say of each other."""
    yield from _check_fields(metric, FIELDS)
    bridge = metric.get("origin") == "bridge"
    required = ALWAYS if bridge else (*ALWAYS, *OF_A_BOARD)
    for name in required:
        if name not in metric:
            yield (
                name,
                f"is missing; {'every metric has it' if name in ALWAYS else 'boards need it to send the metric'}",
            )
    for name in NOT_OF_A_BRIDGE:
        if bridge and name in metric:
            yield name, 'has no use where origin = "bridge"; remove it'
    yield from _check_type(metric, bridge)
    yield from _check_unit(metric)


def _check_fields(table: Table, known: dict[str, Check]) -> Iterator[Problem]:
    for name, value in table.items():
        if name in known:
            for message in known[name](value):
                yield name, message
        else:
            yield name, f"is an unknown field; use {', '.join(known)}{suggestion(name, known)}"


def _check_type(metric: Table, bridge: bool) -> Iterator[Problem]:
    kind = metric.get("type")
    if kind == "gauge" and not bridge and "range" not in metric:
        yield "range", "is missing; write the [least, greatest] value that a host may believe"
    if kind in ("counter", "histogram") and "range" in metric:
        yield "range", f"has no use: a {kind} runs from 0 to 2**53; remove it"
    if kind == "histogram" and bridge:
        yield "type", "a histogram cannot come from the bridge; use a gauge or a counter"
    elif kind == "histogram" and "bounds" not in metric:
        yield "bounds", "are missing; write the upper bounds of the buckets, without +Inf"
    if kind in ("gauge", "counter") and "bounds" in metric:
        yield "bounds", f"have no use: it is a {kind}; remove them or make it a histogram"


def _check_unit(metric: Table) -> Iterator[Problem]:
    name, unit = metric.get("name"), metric.get("unit")
    if not isinstance(name, str) or not isinstance(unit, str) or unit not in UNITS:
        return
    last = name.rsplit("_", 1)[-1]
    if unit and last != unit:
        yield "name", f"does not end in its unit; call it {name}_{unit}, or correct the unit"
    elif not unit and last in UNITS:
        yield "unit", f"is empty, but the name ends in {last}; write unit = {last!r}"


def check_derived(derived: Table) -> Iterator[Problem]:
    """One derived quantity by itself."""
    yield from _check_fields(derived, DERIVED_FIELDS)
    for name in DERIVED_FIELDS:
        if name not in derived:
            yield name, "is missing; write it"


def check_metrics(metrics: list[Table], document: Table) -> Iterator[Placed]:
    """All metrics together: no key and no exposed name twice, no retired key in use."""
    retired = document.get("retired_keys", [])
    keys: dict[int, object] = {}
    names: dict[str, object] = {}
    for index, metric in enumerate(metrics):
        key, name = metric.get("key"), metric.get("name")
        if isinstance(key, int) and is_int(key):
            if all_ints(retired) and key in retired:
                yield index, "key", f"{key} is retired and is never used again; take another"
            if key in keys:
                yield index, "key", f"{key} is the key of {keys[key]} already; take another"
            keys.setdefault(key, name)
        for family in _families(metric):
            if family in names:
                yield index, "name", f"{family} is exposed by {names[family]} already; choose another name"
            names.setdefault(family, name)


def _families(metric: Table) -> Iterator[str]:
    # OpenMetrics takes a counter's name without _total for the family's, so it must be free as well.
    if isinstance(metric.get("name"), str):
        yield from dict.fromkeys((metric["name"], *_series(metric)))


def _series(metric: Table) -> Iterator[str]:
    name, kind = metric.get("name"), metric.get("type")
    if kind == "histogram":
        yield from (f"{name}{ending}" for ending in HISTOGRAM_ENDINGS)
    else:
        yield f"{name}_total" if kind == "counter" else str(name)


def check_queries(derived: list[Table], metrics: list[Table]) -> Iterator[Placed]:
    """Every metric that a query names is exposed under that very name."""
    exposed = {series for metric in metrics for series in _series(metric)}
    for index, table in enumerate(derived):
        for word in re.findall(r"\bdevice_[a-z0-9_]+", str(table.get("query", ""))):
            if word not in exposed and word != "device_id":
                yield index, "query", f"{word} is not exposed{suggestion(word, exposed)}"
