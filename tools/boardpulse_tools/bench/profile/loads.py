"""What is profiled: messages through engine and core, and pages on which everything has changed, in this process."""

from __future__ import annotations

import time
from collections.abc import Sequence
from cProfile import Profile
from pathlib import Path
from typing import NamedTuple, Protocol

from boardpulse_tools.bench.scale.fleet import MadeFleet
from host_bridge.core.actions import Action
from host_bridge.core.records import Record
from host_bridge.engine import Engine
from host_bridge.sinks.history import Store


class Took(NamedTuple):
    """Seconds of the thread's processor time, and seconds on the clock: more, where something waits for a disk."""

    cpu_s: float
    elapsed_s: float


class Load(Protocol):
    """Something to do again and again. `units`: messages or pages of one run."""

    units: int

    def run(self, profile: Profile | None) -> Took:
        """Do it once; only what is measured stands in `profile`."""

    def check(self) -> None:
        """RuntimeError unless all of it was really done."""


class Messages:
    """`units` frames of `batch` samples, of all boards in turn, as MQTT hands them to the engine; they are made
    before."""

    def __init__(self, devices: int, messages: int, batch: int = 1) -> None:
        self.units = messages
        self._made = _filled(MadeFleet(devices, batch=batch))
        self._taken = devices

    def run(self, profile: Profile | None) -> Took:
        """Hand them over."""
        received = self._made.frames(self.units)
        self._taken += self.units
        with _Watch(profile) as watch:
            self._made.take(received)
        self._made.draw()  # as a Prometheus does: what waits to be drawn shall not pile up
        return watch.took

    def check(self) -> None:
        """Each was counted as received, once."""
        self._made.check(self._taken)


class KeptMessages:
    """The same at QoS 1, with history on: committed to a store in `folder` before they are acknowledged.

    The store has no thread of its own here: the profile is of one. What it makes of its journal later is not in it.
    """

    def __init__(self, devices: int, messages: int, folder: Path) -> None:
        self.units = messages
        made = MadeFleet(devices, keep=True)
        self._store = Store.open(folder / "history.db")
        self._keeper = _Committing(self._store)
        self._keeper.engine = made.engine = Engine(
            made.fleet, log=lambda line: None, catch_up=made.exposition.catch_up, keeper=self._keeper
        )
        self._made = _filled(made)
        self._taken = devices

    def run(self, profile: Profile | None) -> Took:
        """Hand them over."""
        received = [one._replace(token=number) for number, one in enumerate(self._made.frames(self.units))]
        self._taken += self.units
        with _Watch(profile) as watch:
            self._made.take(received)
        self._made.draw()
        return watch.took

    def check(self) -> None:
        """Each was counted, and is in the store; each that was to be acknowledged was, but not before."""
        self._made.check(self._taken)
        released = self._taken - self._made.devices
        if (self._store.journal_rows, self._keeper.released) != (self._taken, released):
            raise RuntimeError(
                f"{self._store.journal_rows} of {self._taken} frames are in the store, "
                f"{self._keeper.released} of {released} were released"
            )

    def close(self) -> None:
        """Give the file back."""
        self._store.close()


class Pages:
    """`units` pages; before each, every board has sent, so that no value is as it was."""

    def __init__(self, devices: int, pages: int) -> None:
        self.units = pages
        self._made = _filled(MadeFleet(devices))
        self._taken = devices
        self.page_bytes = 0

    def run(self, profile: Profile | None) -> Took:
        """Draw them."""
        cpu_s = elapsed_s = 0.0
        for _ in range(self.units):
            self._made.take(self._made.frames(self._made.devices))
            self._taken += self._made.devices
            with _Watch(profile) as watch:
                _, self.page_bytes = self._made.draw()
            cpu_s += watch.took.cpu_s
            elapsed_s += watch.took.elapsed_s
        return Took(cpu_s, elapsed_s)

    def check(self) -> None:
        """The frames between the pages have come."""
        self._made.check(self._taken)


def _filled(made: MadeFleet) -> MadeFleet:
    """Every board has said hello, sent once, and is on the page."""
    made.greet()
    made.run(made.devices)
    made.draw()
    return made


class _Committing:
    """A keeper that commits at once, in the engine's thread."""

    ready = True
    engine: Engine

    def __init__(self, store: Store) -> None:
        self._store = store
        self.released = 0

    def submit(self, records: Sequence[Record], actions: Sequence[Action]) -> bool:
        """Commit, and let the actions be carried out."""
        self._store.commit(records)
        self.engine.release(actions)
        self.released += len(actions)
        return True


class _Watch:
    """Measures what runs in it, with cProfile where there is one."""

    took = Took(0.0, 0.0)

    def __init__(self, profile: Profile | None) -> None:
        self._profile = profile

    def __enter__(self) -> _Watch:
        self._began = Took(time.thread_time(), time.perf_counter())
        if self._profile is not None:
            # What C does is the function's that calls it: counted call by call, it would look dearer than it is.
            self._profile.enable(builtins=False)
        return self

    def __exit__(self, *_: object) -> None:
        if self._profile is not None:
            self._profile.disable()
        began = self._began
        self.took = Took(time.thread_time() - began.cpu_s, time.perf_counter() - began.elapsed_s)
