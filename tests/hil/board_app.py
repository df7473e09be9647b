"""The application that runs on the board while it is tested. Linked into the image with the firmware, so that it may
read what the firmware keeps to itself: how many frames it has made, and how many of them are acknowledged.

What it tells goes over the line of the prompt as lines that begin with `hil:`.
"""

import gc
import sys

import boardpulse
from boardpulse.compat import const, sleep_ms, ticks_diff, ticks_ms

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from typing import Any

LINES = 6  # that it prints, spread over the stream
_RARELY = 10  # collecting garbage may take a tenth of the time


RESET = 1  # after so many frames by a soft reset, in the middle of it all
CTRL_C = 2  # goes on until it comes, and says bye
BYE = 3  # after so many frames with a bye


def run(config: "dict[str, Any]", frames: int, most_ms: int, end: int) -> None:
    """Stream, and end as `end` says, or after `most_ms` milliseconds."""
    node = boardpulse.start(config)
    if hasattr(gc, "threshold"):
        gc.threshold(-1)
    began = ticks_ms()
    try:
        _stream(node, frames, most_ms, began, end == CTRL_C)
    except KeyboardInterrupt:
        print("hil: interrupted")
    if end != RESET:
        node.end()
    outbox = node.outbox
    held = outbox.count
    first = outbox.seq(0) if held else outbox.next_seq
    print(f"\nhil: boot {node.boot} made {outbox.next_seq} acknowledged {first} in {_since(began)} ms")
    if end == RESET:
        sys.exit()


def _since(moment: int) -> int:
    return ticks_diff(ticks_ms(), moment)


def _stream(node: "Any", frames: int, most_ms: int, began: int, goes_on: bool) -> None:
    outbox = node.outbox
    said = 0
    collected = ticks_ms()
    pause = 0
    while (goes_on or outbox.next_seq < frames) and _since(began) < most_ms:
        if _since(collected) >= pause:  # the metric of the heap counts what is not collected yet
            before = ticks_ms()
            gc.collect()
            collected = ticks_ms()
            pause = ticks_diff(collected, before) * _RARELY
        wait = node.step()
        if said < LINES and outbox.next_seq * (LINES + 1) >= frames * (said + 1):
            said += 1
            _speak(said)
        sleep_ms(wait)


def _speak(number: int) -> None:
    """A line of the console, and once the traceback of an error."""
    print(f"hil: line {number}, and 100 °C")
    if number == 2:
        try:
            raise ValueError("hil: raised on purpose")
        except ValueError as error:
            sys.print_exception(error)  # type: ignore[attr-defined]
