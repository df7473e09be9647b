"""The ledger of each device, as /metrics shows it, and whether it adds up."""

from dataclasses import dataclass

from boardpulse_tools.scrape import total

PARTS = ("received", "recovered", "lost", "dropped_on_device")


@dataclass(frozen=True, slots=True)
class Ledger:
    """Reliable frames of a device, over its boots."""

    expected: int
    received: int
    recovered: int
    lost: int
    dropped: int
    thinned: int  # samples, of frames that arrived

    @property
    def accounted(self) -> int:
        """Frames of which it is known what became of them."""
        return self.received + self.recovered + self.lost + self.dropped

    def mismatch(self, made: int) -> int:
        """By how many frames it differs: in itself, or from the number that the board says it made."""
        return max(abs(self.expected - self.accounted), abs(self.accounted - made))


def ledger(page: str, device: str) -> Ledger:
    """The ledger of one device on a page."""
    names = (*(f"device_frames_{part}_total" for part in ("expected", *PARTS)), "device_samples_thinned_total")
    return Ledger(*(int(total(page, name, device_id=device)) for name in names))
