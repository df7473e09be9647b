"""A program that takes frames for `bench scale`: `python -m boardpulse_tools.bench.scale.cost DEVICES`.

Each line of its input is a number of messages; each line of its output what they cost, as JSON: seconds of processor
time of Fleet.handle alone, of the whole engine, of a sweep, and of drawing the page. It ends with its input.
"""

import json
import sys

from boardpulse_tools.bench.scale.fleet import MadeFleet


def main(devices: int) -> None:
    """Serve until the input ends."""
    made = MadeFleet(devices)
    made.greet()
    made.run(devices)
    made.draw()
    taken = devices
    for line in sys.stdin:
        messages = int(line)
        handle_s = made.handle(made.frames(messages))
        made.draw()
        engine_s = made.take(made.frames(messages))
        draw_s, page_bytes = made.draw()
        taken += 2 * messages
        made.check(taken)
        answer = {"handle_s": handle_s, "engine_s": engine_s, "sweep_s": made.sweep(), "draw_s": draw_s}
        print(json.dumps({**answer, "page_bytes": page_bytes}), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
