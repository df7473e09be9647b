"""A line that is opened, lost and opened again. Loaded for it, and then given back."""

from boardpulse.clock import add
from boardpulse.compat import const, forget

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from boardpulse.links.uart import Uart

_FIRST_BACKOFF_MS = const(1000)
_LAST_BACKOFF_MS = const(30000)
_INFO = const(1)
_WARNING = const(2)


def reopen(link: "Uart", now: int) -> bool:
    """Open the line. Whether it is open."""
    try:
        link.stream = link.open_stream(link.options)
    except OSError as error:
        lose(link, now, error)
        return False
    if link.open_at >= 0:
        link.reconnects += 1
        link.node.link_report(_INFO, "the line is open again")
    link.open_at = -1
    link.backoff_ms = _FIRST_BACKOFF_MS
    link.resend_at = now
    link.node.hello_due = True
    forget("boardpulse.links.opening")
    return True


def lose(link: "Uart", now: int, error: OSError) -> None:
    """Close the line, and wait before it is opened again: twice as long each time."""
    link.errors += 1
    if link.open_at < 0:
        link.backoff_ms = _FIRST_BACKOFF_MS
        link.node.link_report(_WARNING, "the line is lost: %s" % error)
    link.open_at = add(now, link.backoff_ms)
    link.backoff_ms = min(link.backoff_ms * 2, _LAST_BACKOFF_MS)
    link.left = link.filled = 0
    link.close()
