"""The whole of /metrics: the boards' series, then the bridge's own."""

from __future__ import annotations

import time

from host_bridge.sinks.exposition import Exposition
from host_bridge.sinks.self_metrics import SelfMetrics


class Page:
    """Joins both parts. Any thread may ask for it."""

    def __init__(self, exposition: Exposition, self_metrics: SelfMetrics) -> None:
        self._exposition = exposition
        self._self_metrics = self_metrics

    def pieces(self, openmetrics: bool = False) -> list[bytes]:
        """One valid page: the boards' part ends without `# EOF`, which the bridge's own part brings."""
        begun = time.perf_counter()
        pieces = self._exposition.pieces(openmetrics)
        self._self_metrics.scraped(time.perf_counter() - begun)
        pieces.append(self._self_metrics.render(openmetrics))
        return pieces
