"""The numbers to reach, and the tables."""

from typing import Any

from boardpulse_tools.bench.report import Goal, Table

BYTES_PER_DEVICE = 4096
COST_GROWTH = 1.3


def goals(sizes: dict[str, Any]) -> list[Goal]:
    """Memory at the largest size, pages included, at its worst over the messages; cost there ÷ that at the smallest."""
    small, large = (sizes[name] for name in (min(sizes, key=int), max(sizes, key=int)))
    growth = large["engine_us"]["median"] / small["engine_us"]["median"]
    return [
        Goal("bytes_per_device", large["memory"]["most_bytes_per_device"], BYTES_PER_DEVICE),
        Goal("cost_growth", growth, COST_GROWTH),
    ]


def tables(results: dict[str, Any]) -> list[Table]:
    """How it grows, all statistics of the costs, and where the memory is."""
    return [*growth_tables(results["sizes"]), *_places(results["places"])]


def growth_tables(sizes: dict[str, Any]) -> list[Table]:
    """How it grows, and all statistics of the costs."""
    return [_growth(sizes), *(_statistics(sizes, name, title) for name, title in _COSTS)]


_COSTS = (
    ("handle_us", "Fleet.handle, microseconds of processor time a message"),
    ("engine_us", "The whole engine, microseconds of processor time a message"),
    ("draw_ms", "Drawing a page that has changed throughout, milliseconds of processor time"),
    ("sweep_ms", "The look at every device that comes each second, milliseconds of processor time"),
)
_STATISTICS = ("median", "mean", "p95", "p99", "min", "max", "stdev")


def _growth(sizes: dict[str, Any]) -> Table:
    columns = ("devices", "µs a message", "draw ms", "sweep ms", "B a device", "with its page", "at most",
               "B a message", "start s", "start CPU s")  # fmt: skip
    return Table("How it grows", columns, [_row(int(name), size) for name, size in sizes.items()])


def _row(devices: int, size: dict[str, Any]) -> tuple[str, ...]:
    memory, start = size["memory"], size["start"]
    return (
        f"{devices:,}",
        *(f"{size[name]['median']:.2f}" for name in ("engine_us", "draw_ms", "sweep_ms")),
        *(f"{memory[name]:,.0f}" for name in _MEMORY),
        f"{memory['growth_bytes_per_message']:.4f}",
        *(f"{start[name]['median']:.2f}" for name in ("seconds", "cpu_seconds")),
    )


_MEMORY = ("fleet_bytes_per_device", "page_bytes_per_device", "most_bytes_per_device")


def _statistics(sizes: dict[str, Any], name: str, title: str) -> Table:
    rows = [(devices, *(f"{size[name][key]:.2f}" for key in _STATISTICS)) for devices, size in sizes.items()]
    return Table(title, ("devices", *_STATISTICS), rows)


def _places(places: dict[str, Any]) -> list[Table]:
    titles = {"fleet": "Python's memory of a device by place", "page": "The same once its page was drawn"}
    return [
        Table(
            f"{title}: {places[name]['bytes']:,.0f} bytes in all",
            ("place", "bytes", "blocks"),
            [(one["place"], f"{one['bytes']:.0f}", f"{one['blocks']:.1f}") for one in places[name]["top"]],
        )
        for name, title in titles.items()
    ]
