"""The same series as labelled gauges of prometheus_client."""

import time

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from boardpulse_tools.bench.exposition.pages import Scrape
from boardpulse_tools.bench.fleet_load import COLUMNS, PLATFORM, device_id, exposed


class LabelledGauges:
    """A registry with the twelve series of each device, and nothing else."""

    def __init__(self, devices: int) -> None:
        self._devices = devices
        self._registry = CollectorRegistry()
        self._gauges = [self._gauge(column.metric.name, column.metric.help, column.metric.labels) for column in COLUMNS]
        self._children = [
            [gauge.labels(device_id(device), PLATFORM, *column.labels) for device in range(devices)]
            for gauge, column in zip(self._gauges, COLUMNS, strict=True)
        ]

    def _gauge(self, name: str, text: str, labels: tuple[str, ...]) -> Gauge:
        return Gauge(name, text, ("device_id", "platform", *labels), registry=self._registry)

    @property
    def lines(self) -> int:
        """Series of its page."""
        return sum(len(children) for children in self._children)

    def set_all(self, round_: int) -> None:
        """Give every series its value of a round; not a part of what is timed."""
        for children, column in zip(self._children, COLUMNS, strict=True):
            for device, child in enumerate(children):
                child.set(exposed(column, device, round_))

    def scrape(self) -> Scrape:
        """What generate_latest() takes, in this process and without HTTP."""
        cpu, began = time.thread_time(), time.monotonic()
        page = generate_latest(self._registry)
        return Scrape(time.monotonic() - began, time.thread_time() - cpu, began, page, packed=False)
