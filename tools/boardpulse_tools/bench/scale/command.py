"""From the command's options to its report."""

from collections.abc import Callable

from boardpulse_tools.bench.report import Report
from boardpulse_tools.bench.scale import goals
from boardpulse_tools.bench.scale.measure import Form, measure

SECONDS_AN_HOUR = 3_600

HOW = (
    "Costs are processor time of the thread that runs the core, the engine and the renderer of the bridge in a process "
    "without sockets, thresholds on, history off; frames are made outside of what is timed. cost_growth: whole engine."
)
MEMORY = (
    "Memory is what the process of core, engine and renderer holds (resident), less that before the first device. "
    "bytes_per_device: with the page that it keeps drawn, the most at any time over the messages."
)
FLAT = (
    "Over the {messages:,} messages of {devices} devices {hours:.0f} hours passed for them and for the bridge, so that "
    "what is kept for a time was full by a quarter. memory_growth: memory in the end ÷ memory then."
)
START = (
    "Starts are of real bridges, until they answer over HTTP and know every device of the history. That has at least "
    "{frames:,} frames of all devices together, in columns where a bridge would have made columns of them by then."
)


def scale_report(form: Form, tell: Callable[[str], None] = lambda _: None) -> Report:
    """Measure in this form, and judge. `tell` hears how far it is."""
    results = measure(form, tell)
    devices, size = max(results["sizes"].items(), key=lambda item: int(item[0]))
    largest = size["memory"]
    flat = FLAT.format(
        messages=largest["messages"], devices=f"{int(devices):,}", hours=largest["passed_s"] / SECONDS_AN_HOUR
    )
    said = f"The {form.name} form: memory over {largest['messages']:,} messages, {form.rounds} rounds of costs."
    return Report(
        results=results,
        goals=goals.goals(results["sizes"]),
        tables=goals.tables(results),
        notes=[HOW, MEMORY, flat, START.format(frames=form.history_frames), said],
    )
