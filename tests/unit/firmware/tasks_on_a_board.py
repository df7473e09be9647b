"""Runs on MicroPython and on CPython: what becomes of exceptions in asyncio tasks, and what flush() waits for.

Prints a line for each promise kept, and ends with an exception at the first that is not.
"""

import asyncio
import sys

from boardpulse.clock import Clock
from boardpulse.compat import TICKS_MASK, ticks_ms
from boardpulse.links.uart import LEAD, Uart
from boardpulse.node import Node
from boardpulse.outbox import Outbox
from boardpulse.sampler import Sampler
from boardpulse.tasks import guard
from shared_schema import framing
from shared_schema.cbor_reader import loads
from shared_schema.commands import encode_ack
from shared_schema.parse import parse


class Line:
    """Takes everything, keeps it, and gives what a bridge would say."""

    def __init__(self):
        self.out = bytearray()
        self.coming = b""

    def write(self, buf, offset, length):
        """Take all."""
        self.out.extend(bytes(buf[offset : offset + length]))
        return length

    def readinto(self, buf):
        """Give what came."""
        n = min(len(buf), len(self.coming))
        buf[:n] = self.coming[:n]
        self.coming = self.coming[n:]
        return n or None

    def close(self):
        """Nothing to close."""


class Rig:
    """A node on a line."""

    def __init__(self, size=4096):
        self.line = Line()
        clock = Clock(ticks_ms, TICKS_MASK)
        self.node = Node("tasks", "unix", clock, Outbox(size, framing.seal, LEAD), Sampler(), Uart({}, self.open))

    def open(self, options):
        """The line."""
        return self.line

    def crashes(self):
        """(source, message, traceback) of the crashes that were sent."""
        found = []
        for what, frame in framing.Deframer().feed(bytes(self.line.out)):
            if what == framing.FRAME:
                message = parse(loads(frame))
                if message.kind == 3 and message.type == 2:
                    found.append((message.source, message.message, message.traceback))
        return found

    def acknowledge(self, following):
        """Have an ack on its way."""
        self.line.coming += framing.encode_frame(encode_ack(self.node.boot, following))


async def breaks(after_s):
    """A task of an application, with a mistake."""
    await asyncio.sleep(after_s)
    raise KeyError("of the application")


async def with_run(rig, work):
    """Have run() go on beside `work`."""
    running = asyncio.create_task(rig.node.run())
    await work()
    rig.node.stopped = True
    await running


def a_task_that_nobody_awaits_is_a_crash():
    """Created before and after run() began: each with its traceback, within a moment, and the loop lives."""
    rig = Rig()

    async def work():
        task = asyncio.create_task(breaks(0.01))
        await asyncio.sleep(0.1)
        del task
        task = asyncio.create_task(breaks(0))
        await asyncio.sleep(0.1)
        del task
        await asyncio.sleep(0.1)

    asyncio.run(with_run(rig, work))
    crashes = rig.crashes()
    assert [crash[0] for crash in crashes] == ["task"], crashes  # the same again is counted
    assert "breaks" in crashes[0][2], crashes
    assert "KeyError" in crashes[0][1]
    assert rig.node.task_errors == 2


def a_handler_of_the_application_is_called_too():
    """Set before run() began, and another after it: both the bridge and the application hear of it."""
    rig = Rig()
    heard = []

    async def work():
        await asyncio.sleep(0.05)
        task = asyncio.create_task(breaks(0))
        await asyncio.sleep(0.1)
        del task
        await asyncio.sleep(0.05)
        asyncio.get_event_loop().set_exception_handler(lambda loop, context: heard.append("second"))
        await asyncio.sleep(0.1)
        task = asyncio.create_task(breaks(0))
        await asyncio.sleep(0.1)
        del task
        await asyncio.sleep(0.05)

    async def main():
        asyncio.get_event_loop().set_exception_handler(lambda loop, context: heard.append("first"))
        await with_run(rig, work)

    asyncio.run(main())
    assert heard == ["first", "second"], heard
    assert rig.node.task_errors == 2
    assert len(rig.crashes()) == 1


def a_watched_task_names_itself():
    """boardpulse.watch(…, "pump"): the source is the name."""
    rig = Rig()

    async def work():
        task = asyncio.create_task(guard(rig.node, breaks(0), "pump"))
        await asyncio.sleep(0.1)
        await task

    asyncio.run(with_run(rig, work))
    assert [crash[0] for crash in rig.crashes()] == ["pump"]


def flush_waits_for_what_was_made():
    """True when it is acknowledged, whatever is made meanwhile; False when time is up or something was given up."""
    rig = Rig(1024)
    node = rig.node
    results = []

    async def main():
        node.log("info", "one")
        results.append(await node.flush(100))  # nobody answers
        node.step()
        rig.acknowledge(1)
        node.log("info", "two")
        node.step()
        rig.acknowledge(2)
        results.append(await node.flush(1000))
        node.log("info", "three")
        asking = asyncio.create_task(node.flush(1000))
        await asyncio.sleep(0.03)
        node.log("info", "four, made meanwhile")
        rig.acknowledge(3)
        results.append(await asking)
        asking = asyncio.create_task(node.flush(1000))
        await asyncio.sleep(0.03)
        for _ in range(12):
            node.log("info", "x" * 100)
        results.append(await asking)
        other = Rig(1024).node
        other.emit_all = lambda: other.outbox.give_up(0)  # no room for what was sampled
        results.append(await other.flush(100))

    asyncio.run(main())
    assert results == [False, True, True, False, False], results
    assert node.outbox.drops > 0


def main():
    """Every promise."""
    for promise in (
        a_task_that_nobody_awaits_is_a_crash,
        a_watched_task_names_itself,
        flush_waits_for_what_was_made,
        a_handler_of_the_application_is_called_too,
    ):
        promise()
        print(promise.__name__)


if __name__ == "__main__":
    main()
    print("kept on", sys.implementation.name)
