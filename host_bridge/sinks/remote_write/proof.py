"""Whether what is at the url takes remote write at all.

A wrong path can be answered with a 400 as well as a bad sample can. Before all that waits is dropped for it, a few
samples are sent one by one: where not one of them is taken, it is the url that is wrong, and everything is kept.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence

from host_bridge.sinks.remote_write.answer import CHECK_URL, Later, Refused, Taken, Verdict
from host_bridge.sinks.remote_write.outgoing import Outgoing
from host_bridge.sinks.remote_write.samples import Names, Sample, samples_of

TRIALS = 16  # series of which one sample is tried; others the next time


class Proof:
    """Holds from the first request that was taken, or refused in words that only remote write has, to the end."""

    def __init__(self, ask: Callable[[Sequence[Sample]], Verdict]) -> None:
        self._ask = ask
        self._proven = False

    def heard(self, verdict: Verdict) -> bool:
        """What was answered. Whether it is proven by now."""
        if isinstance(verdict, Taken) or (isinstance(verdict, Refused) and verdict.sure):
            self._proven = True
        return self._proven

    def believed(self, refused: Refused, waiting: Callable[[], Iterable[Sample]]) -> Refused | Later:
        """The refusal if it is about samples, else what to do about it. waiting: the samples that may be tried."""
        if refused.sure or self._proven:
            return refused
        for sample in waiting():
            verdict = self._ask([sample])
            if self.heard(verdict):
                return refused
            if isinstance(verdict, Later):
                return verdict
        return Later(refused.why, advice=CHECK_URL)


def trials(rows: Iterable[Outgoing], names: Names, until_ms: float) -> list[Sample]:
    """The oldest sample of each of some series, so that it does no harm that the server takes it before the others."""
    oldest: dict[bytes, Sample] = {}
    for row in rows:
        for sample in samples_of(row, names) if row.is_whole else ():
            if sample[0] <= until_ms and sample[0] < oldest.get(sample[1], (sample[0] + 1,))[0]:
                oldest[sample[1]] = sample
    return random.sample(list(oldest.values()), min(TRIALS, len(oldest)))
