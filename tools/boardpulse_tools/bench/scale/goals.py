"""The numbers to reach, and the tables."""

from typing import Any

from boardpulse_tools.bench.report import Goal, Table

BYTES_PER_DEVICE = 4096
COST_GROWTH = 1.3
MEMORY_GROWTH = 1.01  # flat, but for what an allocator does


def goals(sizes: dict[str, Any]) -> list[Goal]:
    """Memory at the largest size, pages included, at its worst over the messages, and how it grew once everything that
    is kept for a time was full; cost there ÷ that at the smallest."""
    small, large = (sizes[name] for name in (min(sizes, key=int), max(sizes, key=int)))
    growth = large["engine_us"]["median"] / small["engine_us"]["median"]
    return [
        Goal("bytes_per_device", large["memory"]["most_bytes_per_device"], BYTES_PER_DEVICE),
        Goal("memory_growth", large["memory"]["memory_growth"], MEMORY_GROWTH),
        Goal("cost_growth", growth, COST_GROWTH),
    ]


def tables(results: dict[str, Any]) -> list[Table]:
    """How it grows, all statistics of the costs, memory while messages come, and where it is."""
    return [*growth_tables(results["sizes"]), curves(results["sizes"]), *_places(results["places"])]


def growth_tables(sizes: dict[str, Any]) -> list[Table]:
    """How it grows, and all statistics of the costs."""
    return [_growth(sizes), *(_statistics(sizes, name, title) for name, title in _COSTS)]


_COSTS = (
    ("handle_us", "Fleet.handle, microseconds of processor time a message"),
    ("engine_us", "The whole engine, microseconds of processor time a message"),
    ("draw_ms", "Drawing a page that has changed throughout, milliseconds of processor time"),
    ("sweep_ms", "A look at every device, which comes each ten seconds, milliseconds of processor time"),
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


def curves(sizes: dict[str, Any]) -> Table:
    """What the process holds after each quarter of the messages."""
    rows = []
    for devices, size in sizes.items():
        memory = size["memory"]
        looks = memory["rss_bytes"]
        quarters = [looks[len(looks) * quarter // 4 - 1] for quarter in (1, 2, 3, 4)]
        rows.append((
            f"{int(devices):,}",
            f"{memory['messages']:,}",
            f"{memory['passed_s'] / 3600:.1f}",
            *(f"{bytes_ / 2**20:,.2f}" for bytes_ in (looks[0], *quarters)),
            f"{memory['memory_growth']:.4f}",
        ))  # fmt: skip
    parts = ("a twentieth", "a quarter", "half", "three quarters", "all")
    title = "Memory of the process over the messages, MiB; and of the devices, all ÷ a quarter"
    return Table(title, ("devices", "messages", "hours", *parts, "growth"), rows)


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
