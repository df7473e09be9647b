"""What is made from the catalogue, as text: the module that both sides import, and the page for people."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from boardpulse_tools.catalog import Catalog, Metric

REGENERATE = "python -m boardpulse_tools.gen_schema"

_MODULE_HEAD = f'''"""The catalogue of metrics. Made from catalog.toml by `{REGENERATE}`; do not edit."""

# (key, exposed name, type: 0 gauge 1 counter 2 histogram, unit, scale, least, greatest, labels, help, bounds), by key
METRICS: "tuple[tuple[int, str, int, str, int, int, int, tuple[str, ...], str, tuple[int, ...]], ...]" = (
'''
_MODULE_MIDDLE = """)

# (exposed name, type, unit, labels, help): made by the bridge, never sent by a board
BRIDGE_METRICS: "tuple[tuple[str, int, str, tuple[str, ...], str], ...]" = (
"""

_PAGE_HEAD = f"""# Metrics

<!-- Made from shared_schema/catalog.toml by `{REGENERATE}`; do not edit. -->

Every metric that boardpulse exposes for a board, and what users of comparable systems call it. Each has the labels
`device_id` and `platform` before its own. *Key* is what a board sends for the name, *scale* the unit of the integers on
the wire (the value is the integer times it), *range* what a host believes: a value outside becomes missing and is
counted in `device_values_rejected_total`.
Counters count from the board's start, from 0 to 2⁵³, and so do the buckets of histograms.

What you have measured yourself needs no row here: a board declares custom metrics by itself.
"""
_QUERIES_HEAD = """
## From a query

What others measure as a metric of its own, and Prometheus works out:

| known as | query |
|---|---|
"""


def render_module(catalog: Catalog) -> str:
    """The text of shared_schema/_generated.py; MicroPython imports it too."""
    board = "".join(f"    {_board_row(metric)},\n" for metric in catalog.board)
    bridge = "".join(f"    {_bridge_row(metric)},\n" for metric in catalog.bridge)
    return f"{_MODULE_HEAD}{board}{_MODULE_MIDDLE}{bridge})\n"


def _board_row(m: Metric) -> str:
    fields = (m.key, m.exposed_name, m.type_number, m.unit, m.scale, m.low, m.high, m.labels, m.help, m.bounds)
    return _literal(fields)


def _bridge_row(m: Metric) -> str:
    return _literal((m.exposed_name, m.type_number, m.unit, m.labels, m.help))


def _literal(value: object) -> str:
    if isinstance(value, tuple):
        inner = ", ".join(_literal(element) for element in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return repr(value)


def render_page(catalog: Catalog) -> str:
    """The text of docs/metrics.md."""
    sections = dict.fromkeys(metric.section for metric in catalog.metrics)
    parts = [_PAGE_HEAD]
    for section in sections:
        parts.extend(_section(section, [m for m in catalog.metrics if m.section == section]))
    if catalog.derived:
        parts.append(_QUERIES_HEAD)
        parts.extend(f"| {_cell(d.known_as)} | `{_cell(d.query)}` |\n" for d in catalog.derived)
    return "".join(parts)


def _section(title: str, metrics: list[Metric]) -> Iterator[str]:
    yield f"\n## {title}\n\n"
    yield "| ours | known as | key | type | unit | labels | scale | range | what it is | since |\n"
    yield "|---|---|---:|---|---|---|---|---|---|---|\n"
    for metric in metrics:
        yield f"| {' | '.join(_cell(text) for text in _columns(metric))} |\n"
    for metric in metrics:
        if metric.bounds:
            bounds = ", ".join(_scaled(bound, metric.scale) for bound in metric.bounds)
            yield f"\nBuckets of `{metric.exposed_name}`, in {metric.unit or 'units'}: {bounds}, +Inf.\n"


def _columns(m: Metric) -> tuple[str, ...]:
    names = ", ".join(m.known_as)
    labels = ", ".join(f"`{label}`" for label in m.labels)
    key, scale, limits = "", "", ""
    if m.key is not None:
        key, scale, limits = str(m.key), _scaled(1, m.scale), _limits(m)
    return (f"`{m.exposed_name}`", names, key, m.type, m.unit, labels, scale, limits, m.help, m.since)


def _limits(m: Metric) -> str:
    if m.type != "gauge":
        return "≥ 0"
    return f"{_scaled(m.low, m.scale)} … {_scaled(m.high, m.scale)}"


def _scaled(value: int, scale: int) -> str:
    number = Decimal(value).scaleb(scale).normalize()
    return f"{number:,f}".replace(",", " ")


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
