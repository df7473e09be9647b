"""Takes what waits, sends it, and forgets it once the server has it: on a thread of its own."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cramjam
from structlog.typing import FilteringBoundLogger

from host_bridge.options import RemoteWriteOptions
from host_bridge.sinks.remote_write.answer import FUTURE, SPOOL_FULL, UNREADABLE, Later, Refused, Taken, Verdict, judge
from host_bridge.sinks.remote_write.connection import Connection, SendError
from host_bridge.sinks.remote_write.outgoing import Outgoing, OutgoingSource
from host_bridge.sinks.remote_write.proof import Proof, trials
from host_bridge.sinks.remote_write.protobuf import encode_request
from host_bridge.sinks.remote_write.reporter import Reporter
from host_bridge.sinks.remote_write.requests import requests
from host_bridge.sinks.remote_write.samples import Names, Sample, samples_of
from host_bridge.sinks.remote_write.settle import settle
from host_bridge.sinks.remote_write.stats import Stats
from shared_schema.messages import MIN_ANCHOR_UNIX_S

BATCH_ROWS = 256  # frames that are taken from the store at once
TRIM_EVERY_S = 10.0
MAX_AHEAD_S = 5.0  # a sample that is further ahead has a wrong date; the core lets clocks be 2 s ahead


@dataclass(frozen=True, slots=True)
class Pace:
    """How long to wait: between looks at an empty spool; after failures from first to cap, doubling, with jitter."""

    poll_s: float = 1.0
    first_s: float = 0.5
    cap_s: float = 60.0

    def delay_s(self, failures: int, chance: float) -> float:
        """After so many failures in a row; `chance` from 0 to 1 makes it between half and all of the step."""
        step = min(self.cap_s, self.first_s * 2.0 ** min(failures - 1, 30))
        return step * (0.5 + chance / 2)


class _Stopping(BaseException):
    """stop() was called: ends the thread, through whatever it does."""


class RemoteWriter:
    """Sends what `outbox` keeps. `wall`: Unix seconds; nothing that is dated later than it is ever sent."""

    def __init__(
        self,
        options: RemoteWriteOptions,
        outbox: OutgoingSource,
        wall: Callable[[], float],
        log: FilteringBoundLogger,
        *,
        version: str = "unknown",
        pace: Pace = Pace(),
        chance: Callable[[], float] = random.random,
    ) -> None:
        """OSError or ValueError when the certificates in the options cannot be used."""
        self._outbox, self._wall, self._log = outbox, wall, log
        self._pace, self._chance = pace, chance
        self.stats = Stats(wall)
        self._reporter = Reporter(log, options.safe_url)
        self._names = Names(options.labels)
        self._proof = Proof(self._ask)
        self._connection = Connection(options, version)
        self._stopping = threading.Event()
        self._awake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="remote write", daemon=True)

    def start(self) -> None:
        """Begin to send; a server that is down is tried again for ever."""
        self._thread.start()

    @property
    def state(self) -> str:
        """ok, or what the server answers and what can be done about it. For any thread."""
        return self._reporter.trouble or "ok"

    def wake(self) -> None:
        """There is something new to send: look at once. From any thread."""
        self._awake.set()

    def stop(self, timeout_s: float) -> bool:
        """End, also in the middle of a request; what is not sent stays where it waits. Whether it ended in time."""
        self._stopping.set()
        self._awake.set()
        self._connection.abort()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        failures = 0
        try:
            while True:
                try:
                    pause_s = 0.0 if self._turn() else self._pace.poll_s
                    failures = 0
                except Exception:  # noqa: BLE001 - of the store, or a bug: neither may end this thread
                    failures += 1
                    pause_s = self._pace.delay_s(failures, self._chance())
                    self._log.exception("remote_write_failed", again_in_s=round(pause_s, 1))
                self._rest(pause_s)
        except _Stopping:
            pass
        finally:
            self._connection.close()
            self._outbox.close()

    def _rest(self, seconds: float) -> None:
        """Wait for something to send."""
        self._awake.wait(seconds)
        self._awake.clear()
        self._pause(0)

    def _pause(self, seconds: float) -> None:
        """Wait, whatever comes."""
        if self._stopping.wait(seconds):
            raise _Stopping

    def _turn(self) -> bool:
        """Send what has waited longest; False when nothing waits, or it is not known what is late."""
        rows = self._outbox.outgoing_batch(BATCH_ROWS)
        self._trim()
        self._reporter.flush()
        if not rows:
            self.stats.waiting(0, 0, None)
        elif self._wall() >= MIN_ANCHOR_UNIX_S:
            self._send(rows)
            return True
        return False  # this machine has just started and has no time yet: to it, all dates are ahead

    def _send(self, rows: Sequence[Outgoing]) -> None:
        oldest = {row.id: min(row.times, default=0) for row in rows}  # of the rows that are not yet sent
        self._count(min(oldest.values()))
        for request in requests(self._in_order(rows), self._names):
            settle(request.samples, self._deliver, self._drop)
            for row_id in request.finished:
                del oldest[row_id]
            done = [row.id for row in rows if row.id < min(oldest, default=row.id + 1)]
            if done:
                self._outbox.outgoing_done(done[-1])
            self._count(min(oldest.values(), default=None))

    def _count(self, oldest_ms: int | None) -> None:
        self.stats.waiting(self._outbox.outgoing_rows(), self._outbox.outgoing_bytes(), oldest_ms)

    def _in_order(self, rows: Sequence[Outgoing]) -> list[Outgoing]:
        """As they came, but last those that have to wait for their date."""
        now_ms = self._wall() * 1000
        return sorted(map(self._readable, rows), key=lambda row: max(row.times, default=0) > now_ms)

    def _readable(self, row: Outgoing) -> Outgoing:
        """The row; what does not fit together is counted, and nothing is left of it."""
        if row.is_whole:
            return row
        self.stats.count_dropped(UNREADABLE, len(row.times))
        self._reporter.dropped(UNREADABLE, len(row.times), f"row {row.id} of {row.device_id}")
        return Outgoing(row.id, row.device_id, row.platform, (), [], [])

    def _deliver(self, samples: Sequence[Sample]) -> Refused | None:
        """Send until the server has said yes (None) or never."""
        newest_ms = max(sample[0] for sample in samples)
        failures = 0
        while True:
            self._pause(0)
            ahead_s = newest_ms / 1000 - self._wall()
            if ahead_s > MAX_AHEAD_S:
                return Refused(FUTURE, f"dated {ahead_s:.0f} s ahead")
            if ahead_s > 0:
                self._pause(ahead_s)
                continue
            verdict = self._ask(samples)
            self._proof.heard(verdict)
            if isinstance(verdict, Refused):
                verdict = self._proof.believed(verdict, self._trials)
            if isinstance(verdict, Taken):
                self.stats.count_sent(len(samples))
                self._reporter.works()
                return None
            if isinstance(verdict, Refused):
                self.stats.answered()
                self._reporter.works()
                return verdict
            failures += 1
            self.stats.count_retry()
            delay_s = max(verdict.after_s, self._pace.delay_s(failures, self._chance()))
            self._reporter.fails(verdict.why, delay_s, verdict.advice)
            self._outlast(delay_s)

    def _outlast(self, seconds: float) -> None:
        """Wait for a server that fails, and keep what waits within its bound meanwhile."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._trim()
            self._pause(min(left, TRIM_EVERY_S))

    def _trim(self) -> None:
        while rows := self._outbox.outgoing_trim():
            samples = sum(1 for row in map(self._readable, rows) for _ in samples_of(row, self._names))
            self.stats.count_dropped(SPOOL_FULL, samples)
            self._reporter.dropped(SPOOL_FULL, samples, f"frames of {rows[-1].device_id}")
            self._pause(0)

    def _trials(self) -> Sequence[Sample]:
        return trials(self._outbox.outgoing_batch(BATCH_ROWS), self._names, self._wall() * 1000)

    def _ask(self, samples: Sequence[Sample]) -> Verdict:
        self._pause(0)
        body = bytes(cramjam.snappy.compress_raw(encode_request(samples)))
        try:
            return judge(self._connection.post(body), self._wall())
        except SendError as error:
            return Later(str(error))

    def _drop(self, samples: Sequence[Sample], refused: Refused) -> None:
        self.stats.count_dropped(refused.reason, len(samples))
        self._reporter.dropped(refused.reason, len(samples), refused.why)
