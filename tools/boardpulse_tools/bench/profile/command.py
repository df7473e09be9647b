"""From the command's options to its report."""

from __future__ import annotations

from collections.abc import Callable

from boardpulse_tools.bench.profile.measure import Form, measure
from boardpulse_tools.bench.profile.results import tables
from boardpulse_tools.bench.report import Report

HOW = (
    "Core, engine and renderer of the bridge in one process and thread, without sockets: {devices:,} boards of twelve "
    "series, thresholds on; {messages:,} messages a run, a sample each, and pages before each of which all boards have "
    "sent. {rounds} rounds, in each of which every load runs without cProfile and then with it. Frames are made "
    "outside of what is measured; sources, and the HTTP server, are not in it."
)
DISTORTED = (
    "cProfile makes calls look dearer than they are; by how much in all, the first table says. Shares are of each "
    "function's own time on the clock. What C does, and Python's library, counts for the function of the bridge that "
    "calls it. {rest} is the bench's own loop, and what no function of the bridge has called."
)
KEPT = (
    "History on: QoS 1, a commit for each turn of the engine, which here has 256 messages, before their "
    "acknowledgement. In a bridge another thread commits, and minutes later it makes columns of the frames: that is "
    "not in it."
)
MEMORY = (
    "Memory is looked at in a process of its own, after three frames of each board: what Python holds for them beyond "
    "what it holds for none, by tracemalloc, and by a walk over the objects, of which sys.getsizeof tells the size. "
    "A kind is a class of the bridge, or what an object of it holds; what several hold is counted for the nearest."
)


def profile_report(form: Form, tell: Callable[[str], None] = lambda _: None) -> Report:
    """Measure in this form. There is nothing to reach: goals are those of other benches. `tell` hears how far it is."""
    results = measure(form, tell)
    shown = {"devices": form.devices, "messages": form.messages, "rounds": form.rounds, "rest": "“rest”"}
    notes = [HOW.format(**shown), DISTORTED.format(**shown), KEPT, MEMORY]
    missing = sorted({module for load in results["loads"].values() for module in load["without_part"]})
    if missing:
        notes.append(f"No part has been named for {', '.join(missing)}: they are in the rest.")
    return Report(results=results, goals=(), tables=tables(results), notes=notes)
