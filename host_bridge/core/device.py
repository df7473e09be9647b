"""What the bridge knows of one device, and of each of its boots."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from host_bridge.core import liveness
from host_bridge.core.clock import Clock
from host_bridge.core.columns import label_text
from host_bridge.core.ledger import Counts, Ledger
from host_bridge.core.plan import Plan
from host_bridge.core.records import HelloRecord
from host_bridge.core.rows import Drawable, Row
from host_bridge.core.sequence import Sequence
from host_bridge.core.series import Block, CounterSeries, HistogramSeries, Series
from host_bridge.core.tally import Reasons, Tally
from shared_schema.hello import Hello

MAX_BOOTS = 4  # the present one and three whose late frames may still come; more only in a reset loop
NEVER = float("-inf")
MAX_OVER = 16  # boots that are forgotten but for their numbers: what they had sent may come again
MAX_DECLARATIONS = 8  # of one boot: the present one and those that frames still in an outbox may name


class Status(Drawable):
    """What the bridge says about a device (status.py).

    anew    more has changed than a frame changes that is as expected
    closed  it is to go; the device has another one
    """

    __slots__ = ("anew", "closed")

    def __init__(self) -> None:
        super().__init__()
        self.anew = True
        self.closed = False

    def rows(self) -> Iterable[Row]:
        """All that may be on the page."""
        raise NotImplementedError


AT_ONCE = float("-inf")


class Boot:
    """One run of a board, from its start to its end."""

    __slots__ = (
        "acks",
        "asked",
        "asked_at",
        "bases",
        "clock",
        "declaration",
        "dropped_before",
        "gap_since",
        "hello_uptime",
        "id",
        "kept",
        "marks",
        "plans",
        "report",
        "retained",
        "sequence",
        "superseded_at",
        "unacknowledged",
        "undeclared_frames",
    )

    def __init__(self, boot: int, sequence: Sequence) -> None:
        self.id = boot
        self.sequence = sequence
        self.dropped_before = (0, 0, 0)  # what the board had dropped before this bridge counted for it
        # (first, dropped, given up, when to believe it)
        self.report: tuple[int, tuple[int, int, int], tuple[int, ...], float] | None = None
        self.asked = 0  # times that hello? was sent about a gap
        self.gap_since: float | None = None
        self.asked_at = NEVER
        self.clock = Clock()
        self.plans: dict[int, list[Plan]] = {}  # by declaration
        self.declaration = -1
        self.hello_uptime = -1
        self.acks = False
        self.kept = False  # the store knows of it
        self.unacknowledged = 0
        self.retained = True  # known from a retained hello only
        self.superseded_at: float | None = None
        self.marks: dict[Series, int | tuple[int, ...]] = {}  # counters as they stood when another boot followed
        self.bases: dict[Series, int | tuple[int, ...]] = {}  # and what the boots before this one had counted
        self.undeclared_frames: dict[int, bytes] = {}  # hellos by declaration, as long as the store has not got them

    def declare(self, number: int, plans: list[Plan]) -> None:
        """Remember the plans of a declaration and make it the present one."""
        self.plans.pop(number, None)
        self.plans[number] = plans
        self.declaration = number
        self._forget_plans()

    def explain(self, number: int, plans: list[Plan]) -> None:
        """The same for a boot that is not, or no longer, the present one."""
        self.plans[number] = plans
        self._forget_plans()

    def undeclared(self, device_id: str) -> list[HelloRecord]:
        """The hellos that the store has not got. It has them from now on."""
        frames, self.undeclared_frames = self.undeclared_frames, {}
        return [HelloRecord(device_id, self.id, number, frame) for number, frame in frames.items()]

    def _forget_plans(self) -> None:
        while len(self.plans) > MAX_DECLARATIONS:
            del self.plans[next(iter(self.plans))]


class Device:
    """A board by its device id. `heard_at` is in the time of `now`, `last_seen` in that of arrivals."""

    __slots__ = (
        "alert_block",
        "anchors_refused",
        "blocks",
        "boot",
        "boots",
        "by_topic",
        "bye_boot",
        "bye_seq",
        "cadence_s",
        "causes",
        "counted",
        "device_id",
        "events",
        "fields_skipped",
        "heard_at",
        "held",
        "info",
        "kept_at",
        "labels",
        "last_seen",
        "ledger",
        "look_at",
        "over",
        "platform",
        "port",
        "refused",
        "rejected",
        "samples_clamped",
        "series",
        "source",
        "state",
        "status",
        "time_at",
        "time_tries",
        "version",
        "wake_by",
        "weight",
    )

    def __init__(self, hello: Hello, source: str, port: str, by_topic: bool, tally: Tally) -> None:
        self.device_id = hello.device_id
        self.platform = hello.platform
        self.labels = device_labels(hello.device_id, hello.platform)
        self.source = source
        self.port = port
        self.by_topic = by_topic
        self.info: dict[int, str] = {}
        self.cadence_s = 60.0
        self.boot: Boot | None = None
        self.boots: dict[int, Boot] = {}
        self.ledger = Ledger()
        self.over: dict[int, Sequence] = {}  # of boots that are forgotten, which the ledger has closed; oldest first
        self.state = liveness.UNKNOWN
        self.heard_at = 0.0  # 0.0: never
        self.look_at = AT_ONCE  # by when time may have changed something (timers.py)
        self.kept_at = 0.0  # when the store was last given what is known of it
        self.last_seen = 0.0
        self.wake_by = 0.0
        self.time_at = 0.0  # when it may be told the time again (time_down.py)
        self.time_tries = 0  # since it last had the right time
        self.bye_boot = 0
        self.bye_seq = -1
        self.series: list[Series] = []
        self.counted: list[CounterSeries | HistogramSeries] = []  # those of them whose totals are kept
        self.blocks: list[Block] = []
        self.alert_block = Block([])
        self.status: Status | None = None
        self.version = 0  # odd while several things about its boots change together (change())
        self.held = 0
        self.fields_skipped = 0
        self.anchors_refused = 0  # of boots that are forgotten
        self.samples_clamped = 0  # likewise
        self.refused = Reasons(tally.series)
        self.rejected = Reasons(tally.values)
        self.events: dict[tuple[int, int], int] = {}  # (type, severity) → events
        self.causes: dict[int, int] = {}  # reset cause → boots

    @contextmanager
    def change(self) -> Iterator[None]:
        """Around what changes boots and ledger, for other threads that read both; not one within another. What is
        said about the device is to be marked afterwards."""
        self.version += 1
        try:
            yield
        finally:
            self.version += 1

    def counts(self) -> Counts:
        """The ledger as it stands."""
        return self.ledger.counts([boot.sequence for boot in list(self.boots.values())])

    @property
    def shown(self) -> bool:
        """Whether its values are on the page."""
        return self.state in liveness.SHOWN

    @property
    def topic_id(self) -> str:
        """The device id that commands are addressed to; empty where the port alone leads to the device."""
        return self.device_id if self.by_topic else ""

    def enter(self, boot: Boot, now: float) -> None:
        """Make `boot` the present one. Counters go on from where they stood."""
        before = self.boot
        if before is boot:
            return
        if before is not None:
            before.superseded_at = now
            before.marks = {series: _last(series) for series in self.counted}
            before.bases = {series: _base(series) for series in self.counted}
            before.declaration = -1
        for series in self.counted:
            _rebase(series, boot.marks.get(series))
        boot.superseded_at = None
        boot.marks, boot.bases = {}, {}
        self.boot = boot
        self.boots.pop(boot.id, None)
        self.boots[boot.id] = boot  # the present one stands last, the one to be forgotten first
        self._forget_surplus(boot)

    def _forget_surplus(self, latest: Boot) -> None:
        """Forget the oldest boots, if there are more than MAX_BOOTS; first those that the store does not know:
        their hellos are not confirmed either, and come again before their frames."""
        while len(self.boots) > MAX_BOOTS:
            others = [boot for boot in self.boots.values() if boot is not latest and boot is not self.boot]
            self.forget(next((boot for boot in others if not boot.kept), others[0]).id)

    def remember(self, boot: Boot, now: float) -> None:
        """Take up a boot that is over already."""
        boot.superseded_at = now
        present = None if self.boot is None else self.boots.pop(self.boot.id, None)
        self.boots[boot.id] = boot
        if present is not None:
            self.boots[present.id] = present
        self._forget_surplus(boot)

    def arrange(self, oldest: list[int]) -> None:
        """The boots of these numbers were before the others, but for the present one."""
        rest = [number for number in self.boots if number not in oldest]
        present = None if self.boot is None else self.boot.id
        order = sorted([*oldest, *rest], key=lambda number: number == present)
        self.boots = {number: self.boots[number] for number in order}
        if self.boot is not None:
            self._forget_surplus(self.boot)

    def forget(self, boot_id: int) -> None:
        """Close the ledger of an earlier boot."""
        boot = self.boots.pop(boot_id)
        self.ledger.close(boot.sequence)
        self.over[boot_id] = boot.sequence
        while len(self.over) > MAX_OVER:
            del self.over[next(iter(self.over))]
        self.anchors_refused += boot.clock.refused
        self.samples_clamped += boot.clock.clamped

    def reopen(self, boot_id: int) -> Sequence | None:
        """The numbers of a boot that was forgotten and comes back; the ledger has them no longer."""
        sequence = self.over.pop(boot_id, None)
        if sequence is not None:
            self.ledger.reopen(sequence)
        return sequence


def device_labels(device_id: str, platform: str) -> str:
    """The labels that stand first in every series of a device."""
    return label_text(("device_id", "platform"), (device_id, platform)).removeprefix(",")


def _last(series: CounterSeries | HistogramSeries) -> int | tuple[int, ...]:
    return series.lasts if isinstance(series, HistogramSeries) else series.last


def _base(series: CounterSeries | HistogramSeries) -> int | tuple[int, ...]:
    return series.bases if isinstance(series, HistogramSeries) else series.base


def _rebase(series: CounterSeries | HistogramSeries, mark: int | tuple[int, ...] | None) -> None:
    """Continue from the present total; `mark` is what the boot that begins, or goes on, had counted already."""
    if isinstance(series, HistogramSeries):
        start = mark if isinstance(mark, tuple) else (0,) * len(series.lasts)
        series.bases = tuple(base + last - s for base, last, s in zip(series.bases, series.lasts, start, strict=True))
        series.lasts = start
    else:
        begin = mark if isinstance(mark, int) else 0
        series.base += series.last - begin
        series.last = begin
