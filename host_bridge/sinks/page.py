"""The whole of /metrics: the boards' series, then the bridge's own."""

from __future__ import annotations

import time

from host_bridge.sinks.exposition import Exposition
from host_bridge.sinks.self_metrics import SelfMetrics


class Page:
    """Joins both parts. Any thread may call render()."""

    def __init__(self, exposition: Exposition, self_metrics: SelfMetrics) -> None:
        self._exposition = exposition
        self._self_metrics = self_metrics

    def render(self, openmetrics: bool = False) -> bytes:
        """One valid page: the boards' part ends without `# EOF`, which the bridge's own part brings."""
        begun = time.perf_counter()
        boards = self._exposition.render(openmetrics)
        self._self_metrics.scraped(time.perf_counter() - begun)
        return boards + self._self_metrics.render(openmetrics)
