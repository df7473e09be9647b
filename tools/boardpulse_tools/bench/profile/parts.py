"""Which part of the bridge a module is. This is the one place for it: a module that is new, or renamed, is told here.

FUNCTIONS  what of a module belongs to another part than the rest of it, by qualified name
MODULES    every other function; a folder, with a slash behind it, stands for all modules in it that are not named
PARTS      all parts, in the order in which they are shown
"""

from __future__ import annotations

from collections.abc import Mapping

REST = "rest"

LOOP = "the engine's loop"
WAY = "a frame's way through the core"
CBOR = "frames into samples: CBOR"
CHECKS = "frames into samples: checks"
VALUES = "values"
THRESHOLDS = "thresholds"
LEDGER = "ledger and sequence"
CLOCK = "clock"
STATES = "states of boards, timers"
BOARDS = "who a board is, and what it declares"
RECORDS = "records for the store"
STORE = "the store: rows, SQLite"
COMMIT = "the store: commit, with its wait for the disk"
SAID = "page: what there is to say about boards"
LINES = "page: lines"
PAGE = "page: put together"
NUMBERS = "numbers as text"

FUNCTIONS: Mapping[str, Mapping[str, str]] = {
    "host_bridge/core/decode.py": {"_read": CBOR},
    "host_bridge/sinks/history/database.py": {"Database.transaction": COMMIT},
}

MODULES: Mapping[str, str] = {
    "host_bridge/engine.py": LOOP,
    "host_bridge/host_clock.py": LOOP,
    **dict.fromkeys(
        (
            "host_bridge/core/fleet.py",
            "host_bridge/core/router.py",
            "host_bridge/core/ingest.py",
            "host_bridge/core/received.py",
            "host_bridge/core/context.py",
            "host_bridge/core/actions.py",
            "host_bridge/core/held.py",
            "host_bridge/core/tally.py",
            "host_bridge/core/twins.py",
            "host_bridge/core/ratelimit.py",
            "host_bridge/core/authentication.py",
            "host_bridge/core/envelope.py",
        ),
        WAY,
    ),
    "host_bridge/core/decode.py": CHECKS,
    "shared_schema/": CHECKS,
    "host_bridge/core/values.py": VALUES,
    "host_bridge/core/plan.py": VALUES,
    "host_bridge/core/series.py": VALUES,
    "host_bridge/core/rows.py": VALUES,
    "host_bridge/core/thresholds.py": THRESHOLDS,
    "host_bridge/core/alerts.py": THRESHOLDS,
    "host_bridge/core/sequence.py": LEDGER,
    "host_bridge/core/ledger.py": LEDGER,
    "host_bridge/core/clock.py": CLOCK,
    "host_bridge/core/anchors.py": CLOCK,
    "host_bridge/core/drift.py": CLOCK,
    "host_bridge/core/line.py": CLOCK,
    "host_bridge/core/time_down.py": CLOCK,
    "host_bridge/core/presence.py": STATES,
    "host_bridge/core/liveness.py": STATES,
    "host_bridge/core/timers.py": STATES,
    "host_bridge/core/device.py": BOARDS,
    "host_bridge/core/registration.py": BOARDS,
    "host_bridge/core/declaration.py": BOARDS,
    "host_bridge/core/registry.py": BOARDS,
    "host_bridge/core/columns.py": BOARDS,
    "host_bridge/core/naming.py": BOARDS,
    "host_bridge/core/catalogue.py": BOARDS,
    "host_bridge/core/restore.py": BOARDS,
    "host_bridge/core/keeping.py": RECORDS,
    "host_bridge/core/kept_values.py": RECORDS,
    "host_bridge/core/records.py": RECORDS,
    "host_bridge/core/snapshot.py": RECORDS,
    "host_bridge/sinks/history/": STORE,
    "host_bridge/core/status.py": SAID,
    "host_bridge/core/view.py": SAID,
    "host_bridge/sinks/table.py": LINES,
    "host_bridge/sinks/exposition.py": PAGE,
    "host_bridge/core/numerals.py": NUMBERS,
}

PARTS = (LOOP, WAY, CBOR, CHECKS, VALUES, THRESHOLDS, LEDGER, CLOCK, STATES, BOARDS, RECORDS, STORE, COMMIT, SAID,
         LINES, PAGE, NUMBERS, REST)  # fmt: skip


def part_of(module: str, function: str) -> str | None:
    """The part of a function, by its module's path in the checkout and its qualified name. None: nobody has said."""
    named = FUNCTIONS.get(module, {}).get(function)
    if named is not None:
        return named
    while module:
        if module in MODULES:
            return MODULES[module]
        module = module[: module.rstrip("/").rfind("/") + 1]
    return None
