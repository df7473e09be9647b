"""Whatever a frame says, it says the same after the other side has read it."""

import hashlib

from hypothesis import given

from tests.contract.run_vectors import both_ways
from tests.property.wire import strategies
from tests.support import reference_wire as wire


def there_and_back(meaning: wire.Meaning) -> None:
    """Read the reference's frame, compare its meaning, and encode it with our own encoders to the same bytes."""
    computed = {}
    if meaning["kind"] == "hello" and "cadence_ms" not in meaning:
        regular = [g["interval_ms"] * g["batch"] for g in meaning["groups"] if g["interval_ms"]]
        computed = {"cadence_ms": min(regular, default=60000)}
    both_ways({"hex": wire.frame(meaning).hex(), "meaning": meaning, "defaults": computed}, hashlib.sha256())


@given(strategies.HELLOS)
def test_hello(meaning: wire.Meaning) -> None:
    """Groups, labels, custom metrics and every optional field."""
    there_and_back(meaning)


@given(strategies.samples())
def test_samples(meaning: wire.Meaning) -> None:
    """Columns with nulls and specials, times regular or not."""
    there_and_back(meaning)


@given(strategies.EVENTS | strategies.SPANS | strategies.BYES | strategies.STATES)
def test_events_spans_byes_states(meaning: wire.Meaning) -> None:
    """Any text, any attributes, numbers of enumerations that nobody knows yet."""
    there_and_back(meaning)


@given(strategies.DOWN)
def test_down(meaning: wire.Meaning) -> None:
    """Acknowledgements and commands."""
    there_and_back(meaning)
