"""One subject in one round: a broker and a subject that are new, a fleet that begins, a steady stream, then a flood."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from boardpulse_tools.bench.ingest import broker as brokers
from boardpulse_tools.bench.ingest import usage
from boardpulse_tools.bench.ingest.fleet import METRICS_A_SAMPLE
from boardpulse_tools.bench.ingest.loads import FLOOD, PACED, PEER_TOPIC, Loads
from boardpulse_tools.bench.ingest.packets import PacketFile
from boardpulse_tools.bench.ingest.probe import Probe, latencies_ms
from boardpulse_tools.bench.ingest.sending import Sender
from boardpulse_tools.bench.ingest.subjects import Running, Subject
from boardpulse_tools.broker import started
from boardpulse_tools.processes import wait_until

SUBSCRIBE_TIMEOUT_S = 20.0
REST_TIMEOUT_S = 120.0
PATIENCE_S = 5.0  # with a subject that rests and has not taken everything
LOOK_S = 0.5
MIB = 2**20


@dataclass(frozen=True, slots=True)
class Cost:
    """A stream's price. `sent` and `taken` are messages, `busy_s` is from the first message to rest."""

    sent: int
    taken: int
    cpu_s: float
    busy_s: float
    late_ms: float  # the publisher's latest burst

    @property
    def cpu_us(self) -> float | None:
        """Microseconds of processor time for a message that was taken; None when none was."""
        return self.cpu_s / self.taken * 1e6 if self.taken else None

    @property
    def per_s(self) -> float:
        """Messages taken in a second."""
        return self.taken / self.busy_s

    @property
    def lost(self) -> int:
        """Messages that were sent and not taken."""
        return self.sent - self.taken


@dataclass(frozen=True, slots=True)
class Turn:
    """What came out.

    series    of the ten metrics, on the page
    wrong     messages that the subject refused, or believes to have missed
    apart_us  what a message costs besides
    peak_mib  when the steady stream was over; flood_peak_mib: in the end
    unseen    values of the probe that were replaced before a page showed them
    """

    paced: Cost
    flood: Cost
    peak_mib: float
    flood_peak_mib: float
    series: int
    series_expected: int
    wrong: int
    apart_us: float
    latencies_ms: list[float]
    unseen: int

    @property
    def cpu_us(self) -> float | None:
        """Microseconds of processor time for a message of the steady stream, all in all; None when none was taken."""
        return None if self.paced.cpu_us is None else self.paced.cpu_us + self.apart_us


def take(subject: Subject, loads: Loads, folder: Path) -> Turn:
    """Run it. ProcessError or OSError when something does not start, fails, or does not come to rest."""
    with ExitStack() as stack:
        broker = started(lambda: brokers.unlimited(folder / "broker"))
        stack.callback(broker.stop)
        running = subject.make(folder / "subject", broker.port)
        stack.callback(running.process.kill)  # there is nothing that it should save
        running.start()
        wait_until(
            lambda: brokers.has_subscriber(broker, subject.topic),
            SUBSCRIBE_TIMEOUT_S,
            f"subscription of {subject.name}",
            running.process,
        )
        return _Streams(subject, loads, running, Sender(broker.port, folder)).run()


class _Streams:
    """The streams of one turn."""

    def __init__(self, subject: Subject, loads: Loads, running: Running, sender: Sender) -> None:
        self._subject = subject
        self._loads = loads
        self._running = running
        self._sender = sender

    def run(self) -> Turn:
        plan = self._loads.plan
        steady = self._loads.paced(self._subject)
        self._greet(PACED)
        self._sender.send(steady, 0, plan.warm_up, plan.rate)
        self._rest()  # so that none of the warm-up is counted with what follows
        paced = self._measure(steady, plan.warm_up, plan.window, plan.rate)
        page = self._running.page()
        peak = self._peak_mib()
        latencies, unseen = self._latencies(steady, plan.warm_up + plan.window)
        self._greet(FLOOD)
        flood = self._loads.flood(self._subject)
        flooded = self._measure(flood, 0, flood.count, 0)
        wrong = int(self._running.wrong(self._running.page()))
        series = self._subject.series(page)
        expected = plan.devices * METRICS_A_SAMPLE if self._subject.prefix else 0
        return Turn(
            paced, flooded, peak, self._peak_mib(), series, expected, wrong, self._subject.apart(), latencies, unseen
        )

    def _peak_mib(self) -> float:
        return usage.peak_bytes(self._running.process.pid) / MIB

    def _greet(self, boot: int) -> None:
        hellos = self._loads.hellos(self._subject, boot)
        if hellos is not None:
            self._sender.send(hellos, 0, hellos.count, 0)
            self._rest()

    def _rest(self) -> float:
        return usage.at_rest(self._running.process.pid, REST_TIMEOUT_S)

    def _measure(self, file: PacketFile, first: int, count: int, rate: float) -> Cost:
        """Send, and wait until all is done. The page is read before and behind what is measured."""
        pid = self._running.process.pid
        before = self._taken()
        self._rest()
        used_before = usage.cpu_s(pid)
        outcome = self._sender.send(file, first, count, rate)
        while True:
            rested, used = self._rest(), usage.cpu_s(pid)
            taken = self._taken() - before
            if taken >= count or not self._goes_on(taken + before):
                return Cost(count, taken, used - used_before, rested - outcome.began, outcome.late_ms)

    def _taken(self) -> int:
        return int(self._running.taken(self._running.page()))

    def _goes_on(self, taken: int) -> bool:
        """Whether there is more to come behind a pause: a bridge that was overloaded connects anew."""
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            time.sleep(LOOK_S)
            if self._taken() > taken:
                return True
        return False

    def _latencies(self, file: PacketFile, first: int) -> tuple[list[float], int]:
        """While the rest of the steady stream is sent; none where the subject knows nothing of the probe."""
        count = file.count - first
        if not self._subject.probed or not count:
            return [], 0
        with (
            Probe(self._sender.port, self._subject.qos, PEER_TOPIC if self._subject.json else ""),
            self._sender.sending(file, first, count, self._loads.plan.rate) as stream,
        ):
            prefix = self._subject.prefix if self._subject.json else ""
            sights = latencies_ms(self._running.http_port, lambda: stream.running, prefix)
        return sights.latencies_ms, sights.missed
