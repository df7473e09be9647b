"""A sensor that failed, or works again. Loaded when the first one fails."""

from boardpulse.clock import add
from boardpulse.compat import const, error_text

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from boardpulse.group import Slot
    from boardpulse.node import Node
    from boardpulse.protocols import Row

_FIRST_RETRY_MS = const(1000)
_LAST_RETRY_MS = const(300000)


def judge(slot: "Slot", row: "Row", now: int, node: "Node", error: "Exception | None") -> None:
    """Decide about a reading: it raised `error`, took too long, gave what is no value, or is good after failures."""
    if error is not None:
        text = error_text(error)
    elif slot.took_us > slot.budget_us:
        text = "took %d ms, its budget is %d" % (slot.took_us // 1000, slot.budget_us // 1000)
    elif not slot.plausible(row):
        text = "returned what is no integer of up to 2**53, None, NaN or infinity"
    else:
        node.sensor_report(slot, None)
        slot.failures = 0
        return
    slot.blank(row)
    slot.errors += 1
    slot.failures += 1
    slot.wait_ms = _FIRST_RETRY_MS if slot.failures == 1 else min(slot.wait_ms * 2, _LAST_RETRY_MS)
    slot.retry_at = add(now, slot.wait_ms)
    if slot.failures == 1:
        node.sensor_report(slot, text)
