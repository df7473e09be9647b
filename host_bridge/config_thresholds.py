"""[[threshold]]: a rule as fields, or as a condition that people can read aloud."""

from __future__ import annotations

import math
import re
from dataclasses import replace

from host_bridge.config_table import Table, suggestion
from host_bridge.core.catalogue import BY_KEY
from host_bridge.settings import Threshold
from shared_schema import messages as m

MAX_THRESHOLDS = 1000  # each new series is compared with those of its metric
MAX_FOR_S = 7 * 86400
SEVERITIES = ("warning", "critical")
LIMITS = ("warning_above", "critical_above", "warning_below", "critical_below")

_NAME = r"[A-Za-z_][A-Za-z0-9_]{0,63}"
_NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
_CONDITION = re.compile(rf"\s*(?P<metric>{_NAME})\s*(?P<operator>[<>]=?|==|!=)\s*(?P<limit>{_NUMBER})"
                        rf"(?:\s+for\s+(?P<for>{_NUMBER})\s*(?P<unit>ms|s|m|h))?\s*\Z")  # fmt: skip
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_CONDITION_RIGHT = 'a condition such as "temperature_celsius > 85" or "power_watts < 0.5 for 60s", with > or <'

# Exposed name → label names, of what has one value to compare.
_KNOWN = {metric.name: metric.labels for metric in BY_KEY.values() if metric.type != m.HISTOGRAM}


def read_thresholds(tables: list[Table]) -> tuple[Threshold, ...]:
    """The rules of the file; their names differ."""
    rules: list[Threshold] = []
    for table in tables[:MAX_THRESHOLDS]:
        rule = read_threshold(table)
        if rule.name and rule.name in [other.name for other in rules]:
            table.wrong("name", rule.name, "a name that no other threshold has: set `name`")
        rules.append(rule)
        table.finish()
    if len(tables) > MAX_THRESHOLDS:
        tables[MAX_THRESHOLDS].wrong("name", f"{len(tables)} thresholds", f"at most {MAX_THRESHOLDS} thresholds")
    return tuple(rules)


def read_threshold(table: Table) -> Threshold:
    """One rule. What is wrong in it is noted in the table."""
    condition = read_condition(table)
    fields = {key: table.number(key, -math.inf, math.inf) for key in LIMITS}
    if condition is not None:
        fields = _join(table, fields, condition)
    metric = read_metric(table, condition)
    for_s = table.number("for_seconds", 0, MAX_FOR_S)
    rule = Threshold(
        name=table.text("name", metric.removeprefix("device_"), "a name of letters, digits and _", _NAME),
        metric=metric,
        for_s=for_s if for_s is not None else (condition.for_s if condition else 0.0),
        clear_below=table.number("clear_below", -math.inf, math.inf),
        clear_above=table.number("clear_above", -math.inf, math.inf),
        labels=read_labels(table, metric),
        devices=table.text(
            "devices", "*", 'a pattern of device ids, such as "pico-*"', r"[A-Za-z0-9._:\-*?\[\]!]{1,128}"
        ),
        **fields,
    )
    check_limits(table, rule)
    return rule


def read_condition(table: Table) -> Threshold | None:
    """`condition` with its `severity`, as a rule with one limit."""
    text = table.text("condition", "")
    severity = table.choice("severity", "warning", SEVERITIES)
    if not text:
        if table.has("severity"):
            table.wrong(
                "severity", severity, "only beside `condition`; write warning_above, critical_below … otherwise"
            )
        return None
    match = _CONDITION.match(text)
    if match is None or match["operator"] not in (">", "<"):
        table.wrong("condition", text, _CONDITION_RIGHT)
        return None
    limit = {f"{severity}_{'above' if match['operator'] == '>' else 'below'}": float(match["limit"])}
    for_s = float(match["for"]) * _SECONDS[match["unit"]] if match["for"] else 0.0
    return replace(Threshold(name="", metric=match["metric"], for_s=for_s), **limit)  # type: ignore[arg-type]


def _join(table: Table, fields: dict[str, float | None], condition: Threshold) -> dict[str, float | None]:
    """The limits of the fields and of the condition; the same limit twice is a mistake."""
    out = dict(fields)
    for key in LIMITS:
        limit: float | None = getattr(condition, key)
        if limit is None:
            continue
        if fields[key] is not None:
            table.wrong(key, fields[key], "either `condition` or this, not both")
        out[key] = limit
    if condition.for_s and table.has("for_seconds"):
        table.wrong("for_seconds", condition.for_s, "either `for` in the condition or this, not both")
    return out


def read_metric(table: Table, condition: Threshold | None) -> str:
    """The exposed name of the metric, from `metric` or the condition; it may be written without device_."""
    custom = table.flag("custom", False)
    key = "condition" if condition is not None and not table.has("metric") else "metric"
    written = table.text("metric", "", "the name of a metric, such as temperature_celsius", _NAME)
    if condition is not None and written:
        table.wrong("metric", written, "either `condition` or `metric`, not both")
    written = condition.metric if condition is not None else written
    if not written:
        if not table.has("metric") and not table.has("condition"):
            table.wrong("metric", "(missing)", "the name of a metric, such as temperature_celsius, or a `condition`")
        return ""
    name = written if written.startswith("device_") else f"device_{written}"
    if not custom and name not in _KNOWN:
        known = [one.removeprefix("device_") for one in _KNOWN]
        hint = suggestion(name.removeprefix("device_"), known)
        table.wrong(
            key, written, f"a metric of docs/metrics.md with one value{hint}; a board's own needs custom = true"
        )
    return name


def read_labels(table: Table, metric: str) -> tuple[tuple[str, str], ...]:
    """Label names with patterns of their values."""
    labels = table.table("labels")
    known = _KNOWN.get(metric)
    out = []
    for name in labels.names():
        value = labels.text(name, "*", 'a pattern of the label\'s value, such as "cpu" or "disk*"')
        if known is not None and name not in known:
            right = f"a label of {metric}: {', '.join(known) or 'it has none'}{suggestion(name, known)}"
            labels.wrong(name, value, right)
        out.append((name, value))
    return tuple(out)


def check_limits(table: Table, rule: Threshold) -> None:
    """Limits that contradict each other."""
    if all(getattr(rule, key) is None for key in LIMITS):
        if not any(table.has(key) for key in ("condition", *LIMITS)):
            table.wrong("warning_above", "(missing)", f"one limit at least: {', '.join(LIMITS)}, or a `condition`")
        return
    _ordered(table, rule, "warning_above", "critical_above")
    _ordered(table, rule, "critical_below", "warning_below")
    for low in ("warning_below", "critical_below"):
        for high in ("warning_above", "critical_above"):
            _ordered(table, rule, low, high)
    for high in ("warning_above", "critical_above"):
        _ordered(table, rule, "clear_below", high, equal=True)
    for low in ("warning_below", "critical_below"):
        _ordered(table, rule, low, "clear_above", equal=True)
    if rule.clear_below is not None and rule.warning_above is None and rule.critical_above is None:
        table.wrong("clear_below", rule.clear_below, "only beside warning_above or critical_above")
    if rule.clear_above is not None and rule.warning_below is None and rule.critical_below is None:
        table.wrong("clear_above", rule.clear_above, "only beside warning_below or critical_below")


def _ordered(table: Table, rule: Threshold, lower: str, higher: str, *, equal: bool = False) -> None:
    low: float | None = getattr(rule, lower)
    high: float | None = getattr(rule, higher)
    if low is None or high is None or low < high or (equal and low == high):
        return
    table.wrong(lower, low, f"{'at most' if equal else 'less than'} {higher}, which is {high:g}")
