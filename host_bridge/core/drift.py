"""How fast a board's uptime runs: the lower envelope of arrival - uptime, since delay only ever adds."""

from __future__ import annotations

WINDOW_MS = 6 * 3_600_000  # what is older says nothing of the crystal as it is now
MAX_VERTICES = 32
MAX_DRIFT = 0.06  # a sleep timer on an RC oscillator is wrong by a twentieth (esp-idf issue 6687); more is no clock
QUARTZ = 5e-4  # what is more than a crystal's must be plain: every point between lies on the edge
LONG_MS = 600_000  # over which jitter of milliseconds is a few parts in a million
PLAIN_MS = 240_000  # is enough when the clocks have parted by PLAIN_RISE_MS
PLAIN_RISE_MS = 1000.0


class Envelope:
    """The lower convex hull of points (uptime, arrival - uptime), both in ms, with uptimes that rise.

    Each point enters and leaves once: O(1) amortised. A late frame lies above the hull and changes nothing; an outage
    is one long edge. Dropping vertices on the left leaves the hull of what is right of them.
    """

    __slots__ = ("gaps", "xs", "ys")

    def __init__(self) -> None:
        self.xs: list[float] = []
        self.ys: list[float] = []
        self.gaps: list[float] = []  # how far points lie above the edge that ends at the vertex

    def add(self, x: float, y: float) -> None:
        """A point; one that is not right of all others is left out."""
        xs, ys, gaps = self.xs, self.ys, self.gaps
        if xs and x <= xs[-1]:
            return
        left = []
        while len(xs) > 1 and (ys[-1] - ys[-2]) * (x - xs[-1]) >= (y - ys[-1]) * (xs[-1] - xs[-2]):
            left.append((xs.pop(), ys.pop(), gaps.pop()))
        slope = (y - ys[-1]) / (x - xs[-1]) if xs else 0.0
        gaps.append(max((gap + b - ys[-1] - slope * (a - xs[-1]) for a, b, gap in left), default=0.0))
        xs.append(x)
        ys.append(y)
        while len(xs) > MAX_VERTICES or xs[0] < x - WINDOW_MS:
            del xs[0], ys[0], gaps[0]

    def edge(self) -> tuple[float, float, float, float] | None:
        """The longest edge, of as long ones the latest, that may be a crystal's drift: x, y of both ends."""
        xs, ys = self.xs, self.ys
        best, longest = 0, 0.0
        for i in range(1, len(xs)):
            dx, dy = xs[i] - xs[i - 1], abs(ys[i] - ys[i - 1])
            if dx >= longest and _believable(dx, dy, self.gaps[i]):
                best, longest = i, dx
        return None if best == 0 else (xs[best - 1], ys[best - 1], xs[best], ys[best])

    def origin(self, slope: float) -> float:
        """Where the line of this slope that touches the hull from below stands at uptime 0."""
        return min(y - slope * x for x, y in zip(self.xs, self.ys, strict=True))

    def shift(self, ms: float) -> None:
        """Arrivals are dated `ms` later from now on."""
        self.ys = [y + ms for y in self.ys]

    def clear(self) -> None:
        """Forget all."""
        self.xs, self.ys, self.gaps = [], [], []


def _believable(dx: float, dy: float, gap: float) -> bool:
    if dy <= dx * QUARTZ:
        return dx >= LONG_MS
    return dy <= dx * MAX_DRIFT and dx >= PLAIN_MS and dy >= PLAIN_RISE_MS and gap <= dy / 4
