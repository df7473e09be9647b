"""When each of a stream of samples was first seen on a page that is read again and again."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class FirstSights:
    """Latencies of numbered samples. The first sample seen only begins the count: it may be older than the watching."""

    latencies_ms: list[float] = field(default_factory=list)
    missed: int = 0
    _last: int | None = None

    def see(self, number: int, sampled_at_s: float, now_s: float) -> bool:
        """The page, whose last byte came at `now_s`, shows this sample. Whether it is a new one.

        A sample that was replaced before any page showed it is counted as missed.
        """
        if number == self._last:
            return False
        if self._last is not None:
            self.missed += number - self._last - 1
            self.latencies_ms.append((now_s - sampled_at_s) * 1000)
        self._last = number
        return True
