"""A picture for each curve of growth, as SVG: the same numbers make the same file.

matplotlib makes a folder for itself when it is imported, so that only who draws imports it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from boardpulse_tools.bench.exposition import goals as exposition
from boardpulse_tools.bench.performance.stored import Reports
from boardpulse_tools.bench.scale import goals as scale

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INCHES = (6.0, 4.4)
# Nothing is drawn behind a picture, so that each colour has to stand out from white as well as from near-black.
INK, LIMIT = "#7a7a7a", "#d9463e"
COLOURS = ("#2f7fe0", "#c9730f", "#2c9455", "#a06be0", "#b8860b", "#d0558f")
OURS = {"all": "every value changed", "some": "a tenth changed", "none": "nothing changed"}
THEIRS = {
    "prometheus_client": "prometheus_client",
    "mqtt_exporter": "mqtt-exporter",
    "mqtt2prometheus": "mqtt2prometheus",
}

Points = Mapping[int, float]  # by devices
Summaries = Mapping[int, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Plot:
    """A picture below `section` of the page, drawn from the report of `bench`."""

    file: str
    title: str
    bench: str
    section: str
    draw: Callable[[Axes, Mapping[str, Any]], None]


def draw_all(reports: Reports, folder: Path) -> list[Plot]:
    """Draw those of which there is a report into the folder, and say which."""
    import matplotlib

    folder.mkdir(parents=True, exist_ok=True)
    drawn = [plot for plot in PLOTS if plot.bench in reports]
    for plot in drawn:
        with matplotlib.rc_context():
            _set_up()
            _save(plot, reports[plot.bench]["results"], folder / plot.file)
    return drawn


def _set_up() -> None:
    """The same for everybody, whatever their matplotlibrc says."""
    import matplotlib

    matplotlib.rcdefaults()
    matplotlib.rc("svg", hashsalt="boardpulse", fonttype="none")  # text stays text
    matplotlib.rc("font", size=11)
    matplotlib.rc("text", color=INK)
    matplotlib.rc("xtick", color=INK)
    matplotlib.rc("ytick", color=INK)
    matplotlib.rc("axes", labelcolor=INK, edgecolor=INK)
    matplotlib.rc("axes.spines", top=False, right=False)
    matplotlib.rc("grid", color=INK, alpha=0.3)


def _save(plot: Plot, results: Mapping[str, Any], path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=INCHES, layout="constrained")
    axes = figure.add_subplot()
    axes.set_xscale("log")
    plot.draw(axes, results)
    axes.set_title(plot.title, loc="left", fontsize=12)
    _label(axes, plot.bench, results)
    figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    figure.savefig(path, format="svg", transparent=True, metadata={"Date": None, "Creator": None})


def _label(axes: Axes, bench: str, results: Mapping[str, Any]) -> None:
    """Devices below, plain numbers on the left, and who is who outside, where no line is."""
    from matplotlib.ticker import FuncFormatter, NullLocator

    axes.set_xlabel("devices, each with 12 series")
    axes.set_xticks(_devices(bench, results))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axes.grid(axis="y")


def _devices(bench: str, results: Mapping[str, Any]) -> list[int]:
    if bench == "exposition":
        return [size["devices"] for size in results["sizes"].values()]
    return [int(devices) for devices in results["sizes"]]


def _cost(axes: Axes, results: Mapping[str, Any]) -> None:
    sizes = results["sizes"]
    engine = _by_devices(sizes, lambda size: size["engine_us"])
    _spread(axes, engine, COLOURS[0], "the whole engine (median, least, most)")
    _spread(axes, _by_devices(sizes, lambda size: size["handle_us"]), COLOURS[1], "the core alone")
    few, many = min(engine), max(engine)
    said = f"limit at {many:,}: {scale.COST_GROWTH:g} × that at {few:,}"
    _limit(axes, scale.COST_GROWTH * engine[few]["median"], said)
    axes.set_ylim(bottom=0)


def _memory(axes: Axes, results: Mapping[str, Any]) -> None:
    places = {
        "most_bytes_per_device": "with its part of the page, at most",
        "page_bytes_per_device": "with its part of the page, at first",
        "fleet_bytes_per_device": "without the page",
    }
    for (name, label), colour in zip(places.items(), COLOURS, strict=False):
        found = {int(devices): size["memory"][name] for devices, size in results["sizes"].items()}
        _line(axes, found, colour, label)
    _limit(axes, scale.BYTES_PER_DEVICE, f"limit at 10,000: {scale.BYTES_PER_DEVICE:,}")
    axes.set_ylim(bottom=0)


def _scrape(axes: Axes, results: Mapping[str, Any]) -> None:
    sizes: Sequence[Mapping[str, Any]] = list(results["sizes"].values())
    for (name, label), colour in zip((OURS | THEIRS).items(), COLOURS, strict=True):
        found = {size["devices"]: size["seconds"][name]["median"] for size in sizes if name in size["seconds"]}
        if found:
            _line(axes, found, colour, label, "-" if name in OURS else ":")
    _limit(axes, exposition.SCRAPE_120K_S, f"limit at 10,000: {exposition.SCRAPE_120K_S:g} s")
    _logarithmic(axes)


def _start(axes: Axes, results: Mapping[str, Any]) -> None:
    sizes = results["sizes"]
    _spread(
        axes,
        _by_devices(sizes, lambda size: size["start"]["seconds"]),
        COLOURS[0],
        "until it answers (median, least, most)",
    )
    _spread(axes, _by_devices(sizes, lambda size: size["start"]["cpu_seconds"]), COLOURS[1], "processor time")
    _logarithmic(axes)


def _logarithmic(axes: Axes) -> None:
    axes.set_yscale("log")
    from matplotlib.ticker import LogLocator

    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))


def _by_devices(sizes: Mapping[str, Any], of: Callable[[Mapping[str, Any]], Mapping[str, float]]) -> Summaries:
    return {int(devices): of(size) for devices, size in sizes.items()}


def _spread(axes: Axes, found: Summaries, colour: str, label: str) -> None:
    """Medians, with the least and the most."""
    medians = [one["median"] for one in found.values()]
    low = [one["median"] - one["min"] for one in found.values()]
    high = [one["max"] - one["median"] for one in found.values()]
    axes.errorbar(list(found), medians, yerr=(low, high), color=colour, marker="o", capsize=3, label=label)


def _line(axes: Axes, found: Points, colour: str, label: str, style: str = "-") -> None:
    axes.plot(list(found), list(found.values()), color=colour, marker="o", linestyle=style, label=label)


def _limit(axes: Axes, value: float, label: str) -> None:
    axes.axhline(value, color=LIMIT, linestyle="--", linewidth=1.2, label=label)


PLOTS = (
    Plot("performance-cost.svg", "CPU of a message, microseconds", "scale", "scale", _cost),
    Plot("performance-memory.svg", "Memory of a device, bytes", "scale", "scale", _memory),
    Plot("performance-scrape.svg", "A scrape, seconds", "exposition", "scale", _scrape),
    Plot("performance-start.svg", "A start with all devices in the history, seconds", "scale", "scale", _start),
)
