"""Meanings, items and lines for Hypothesis."""

from typing import Any

from hypothesis import strategies as st

from shared_schema import messages as m
from tests.support import reference_wire as wire

IDENTIFIERS = st.text(st.sampled_from(m._ID_CHARACTERS), min_size=1, max_size=64)
WORDS = st.from_regex(r"[a-z][a-z0-9_]{0,15}", fullmatch=True)
LABELS = st.text(max_size=20)
COUNTS = st.integers(0, m.MAX_VALUE)
VALUES = st.integers(-m.MAX_VALUE, m.MAX_VALUE)
ENUMERATED = st.integers(0, 2**32 - 1)
CELLS = st.none() | VALUES | st.sampled_from(["NaN", "Infinity", "-Infinity"])
INTERVALS = st.integers(0, m.MAX_INTERVAL_MS)


def optional(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """A dict with any of these fields."""
    return st.fixed_dictionaries({}, optional=fields)


@st.composite
def customs(draw: st.DrawFn) -> dict[str, Any]:
    """A custom metric."""
    fields = draw(optional(unit=WORDS, scale=st.integers(-12, 12), help=LABELS))
    names = draw(
        st.lists(WORDS.filter(lambda name: name not in ("device_id", "platform", "le")), max_size=8, unique=True)
    )
    if names:
        fields["labels"] = [[name, draw(LABELS)] for name in names]
    if draw(st.booleans()):
        fields |= {"type": 2, "bounds": sorted(draw(st.sets(VALUES, min_size=1, max_size=32)))}
    else:
        fields |= draw(optional(type=st.integers(0, 1)))
    return {"name": draw(WORDS)} | fields


BUILT_IN = st.fixed_dictionaries(
    {"key": st.integers(1, 0xFFFF)}, optional={"labels": st.lists(LABELS, min_size=1, max_size=8)}
)
GROUPS = st.fixed_dictionaries(
    {
        "interval_ms": INTERVALS,
        "batch": st.integers(1, m.MAX_SAMPLES),
        "series": st.lists(BUILT_IN | customs(), min_size=1, max_size=6),
    }
)
ATTRIBUTES = st.dictionaries(LABELS, st.none() | st.booleans() | VALUES | LABELS, max_size=8)


def headed(kind: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[wire.Meaning]:
    """Meanings of a kind that goes up, with its required fields."""
    header = {
        "boot": st.integers(1, m.MAX_BOOT),
        "seq": st.integers(0, m.MAX_SEQ),
        "uptime": st.integers(0, m.MAX_UPTIME),
    }
    return st.fixed_dictionaries({"kind": st.just(kind), **header, **fields})


def with_options(
    base: st.SearchStrategy[wire.Meaning], **fields: st.SearchStrategy[Any]
) -> st.SearchStrategy[wire.Meaning]:
    """Meanings with any of the optional fields."""
    return st.builds(lambda required, more: required | more, base, optional(**fields))


HELLOS = with_options(
    headed(
        "hello",
        wire=st.integers(1, 0xFFFF),
        device_id=IDENTIFIERS,
        platform=st.text(st.sampled_from(m._ID_CHARACTERS), min_size=1, max_size=32),
        declaration=st.integers(0, 255),
        groups=st.lists(GROUPS, max_size=4),
    ),
    info=st.dictionaries(st.sampled_from("123456"), LABELS),
    anchor=st.tuples(st.integers(0, 2**40), st.integers(0, 999), ENUMERATED, COUNTS).map(list),
    outbox=st.lists(COUNTS, min_size=7, max_size=7),
    sleep=st.tuples(ENUMERATED, COUNTS).map(list),
    reset_cause=ENUMERATED,
    cadence_ms=st.integers(1, m.MAX_INTERVAL_MS),
    max_down_bytes=st.integers(16, m.MAX_VALUE),
    ack_mode=st.integers(0, 1),
    wake_reason=ENUMERATED,
    ended=st.booleans(),
    given_up=st.lists(st.integers(0, m.MAX_SEQ), min_size=2, max_size=20),
)
EVENTS = with_options(
    headed("event", type=ENUMERATED, severity=ENUMERATED, message=st.text(max_size=300)),
    source=LABELS,
    fields=ATTRIBUTES,
    traceback=LABELS,
    repeats=st.integers(1, m.MAX_VALUE),
    command=COUNTS,
    code=ENUMERATED,
)
SPANS = with_options(
    headed("span", name=LABELS, duration_us=COUNTS, span_id=st.binary(min_size=8, max_size=8).map(bytes.hex)),
    parent_id=st.binary(min_size=8, max_size=8).map(bytes.hex),
    trace_id=st.binary(min_size=16, max_size=16).map(bytes.hex),
    status=ENUMERATED,
    attributes=ATTRIBUTES,
)
BYES = headed("bye", reason=ENUMERATED, wake_in_ms=COUNTS)
STATES = st.fixed_dictionaries({"kind": st.just("state"), "boot": st.integers(1, m.MAX_BOOT), "status": ENUMERATED})


@st.composite
def samples(draw: st.DrawFn) -> wire.Meaning:
    """A samples frame of up to thirty samples of up to six columns."""
    n = draw(st.integers(1, 30))
    interval = draw(INTERVALS)
    header = draw(headed("samples", declaration=st.integers(0, 255), group=st.integers(0, 31)))
    header["uptime"] = draw(st.integers(0, 2**48))
    gaps = draw(st.just([interval] * (n - 1)) | st.lists(st.integers(0, 2**31), min_size=n - 1, max_size=n - 1))
    at = [header["uptime"]]
    for gap in gaps:
        at.append(at[-1] + gap)
    cells = st.lists(CELLS, min_size=n, max_size=n) | CELLS.map(lambda cell: [cell] * n)
    return header | {"interval_ms": interval, "times": at, "columns": draw(st.lists(cells, min_size=1, max_size=6))}


ROWS = st.integers(0, 31)
COMMANDS = {"boot": st.integers(1, m.MAX_BOOT), "command": COUNTS}
DOWN = (
    st.fixed_dictionaries({"kind": st.just("ack"), "boot": st.integers(1, m.MAX_BOOT), "next": st.integers(0, 2**32)})
    | st.fixed_dictionaries({"kind": st.just("hello?"), "boot": st.none() | st.integers(1, m.MAX_BOOT)})
    | st.fixed_dictionaries({"kind": st.just("reset"), **COMMANDS, "mode": st.integers(0, 2)})
    | with_options(
        st.fixed_dictionaries({"kind": st.just("set"), **COMMANDS}),
        intervals=st.lists(st.tuples(ROWS, INTERVALS).map(list), min_size=1, max_size=32),
        batches=st.lists(st.tuples(ROWS, st.integers(1, 1024)).map(list), min_size=1, max_size=32),
        limits=st.lists(
            st.tuples(ROWS, st.integers(0, 1023), st.none() | VALUES, st.none() | VALUES).map(list),
            min_size=1,
            max_size=9,
        ),
        time=st.tuples(st.integers(0, 2**40), st.integers(0, 999), COUNTS).map(list),
        log_severity=st.integers(0, 4),
    )
)
UP = HELLOS | EVENTS | SPANS | BYES | STATES | samples()
FRAMES = (UP | DOWN).map(wire.frame)

# Items of the data model that section 1 allows, without NaN, which equals nothing.
LEAVES = st.none() | st.booleans() | st.integers(-(2**64), 2**64 - 1) | st.text(max_size=20) | st.binary(max_size=20)
FLOATS = st.floats(allow_nan=False)
KEYS = st.integers(-(2**64), 2**64 - 1) | st.text(max_size=20)


def items(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Items that are nested a little."""
    return st.recursive(
        leaves, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(KEYS, inner, max_size=5), max_leaves=15
    )


# What stands on a line: frames, text, noise, and parts of frames.
NOISE = st.binary(max_size=80) | st.text(max_size=80).map(str.encode)
LINES = FRAMES.map(wire.line)
CUT_LINES = st.builds(lambda line, at: line[: at % len(line)], LINES, st.integers(0, 2**16))
STREAMS = st.lists(LINES | NOISE | CUT_LINES, max_size=6).map(b"".join)
