"""From an item to a message: defaults, messages of errors, limits before memory. The vectors go frame by frame."""

import pytest

from shared_schema.cbor_reader import loads
from shared_schema.commands import parse_down
from shared_schema.errors import CborError, IdentityError, PeerError, SchemaError
from shared_schema.frame import Unknown
from shared_schema.hello import Hello
from shared_schema.parse import Event, Samples, parse

BODY = {0: 1, 1: "esp32-kitchen", 2: "esp32", 3: 0, 4: [[1000, 10, [3]], [250, 4, [7]]]}


def hello(**changes: object) -> Hello:
    """A hello with fields k0, k1 … changed."""
    message = parse([1, 7, 0, 0, BODY | {int(key[1:]): value for key, value in changes.items()}])
    assert isinstance(message, Hello)
    return message


def group(*series: object) -> Hello:
    """A hello with one group of these series."""
    return hello(k4=[[1000, 1, list(series)]])


def test_default_cadence_is_the_quickest_group() -> None:
    """The smallest interval × batch; irregular groups have no part in it; a minute without any regular one."""
    assert hello().cadence_ms == 1000
    assert hello(k4=[[0, 1, [3]], [5000, 2, [7]]]).cadence_ms == 10000
    assert hello(k4=[[0, 1, [3]]]).cadence_ms == 60000
    assert hello(k10=5).cadence_ms == 5


def test_optional_fields_have_their_defaults() -> None:
    """What was not sent is None, empty or the default of SPEC.md."""
    message = hello()
    assert (message.anchor, message.outbox, message.sleep, message.ack_mode) == (None, None, None, None)
    assert (message.info, message.reset_cause, message.wake_reason, message.max_down_bytes) == ({}, 0, 0, 256)


@pytest.mark.parametrize("key", range(5, 14))
def test_null_is_not_absent(key: int) -> None:
    """An optional field is there with a value, or it is not there."""
    with pytest.raises(SchemaError, match=f"field {key} "):
        hello(**{f"k{key}": None})


def test_columns_of_a_series() -> None:
    """A histogram of b bounds takes b + 2 columns, everything else one."""
    series = group(3, {1: "a"}, {1: "h", 2: 2, 7: [1, 2, 3]}).groups[0].series
    assert [one.custom.columns for one in series if one.custom] == [1, 5]


def test_histograms_add_up_to_the_limit_of_columns() -> None:
    """256 series are allowed and so are 32 bounds, but a group whose frames could never be sent is refused."""
    histogram = {1: "h", 2: 2, 7: list(range(32))}
    group(*[histogram] * 30, *[3] * 4)
    with pytest.raises(SchemaError, match="1025 columns"):
        group(*[histogram] * 30, *[3] * 5)


@pytest.mark.parametrize("value", [True, 1.0, None, "1", [1], b"\1", -1, 2**40])
def test_an_integer_is_an_integer(value: object) -> None:
    """Booleans and whole floats are none."""
    with pytest.raises(SchemaError, match="declaration"):
        hello(k3=value)


def test_errors_name_the_field_and_cut_the_value() -> None:
    """A message names what was wrong, and is short though the value is not."""
    with pytest.raises(SchemaError, match="platform") as caught:
        hello(k2="x" * 5000)
    assert len(str(caught.value)) < 120
    with pytest.raises(IdentityError) as identity:
        hello(k1="x" * 5000)
    assert len(str(identity.value)) < 160


@pytest.mark.parametrize("key", [True, 1.0, b"\1", None, (1,)])
def test_odd_keys_never_pass_for_fields(key: object) -> None:
    """Readers that let odd map keys through give no way around: True is not field 1."""
    for item in ([5, 7, 0, 0, {key: 0}], [3, 7, 0, 0, {1: 0, 2: 0, 3: "", 5: {key: 1}}]):
        with pytest.raises(CborError, match="key"):
            parse(item)


@pytest.mark.parametrize("kind", [6, 7, 17, 23])
def test_kinds_of_the_future_have_a_header(kind: int) -> None:
    """An unknown kind is read as far as its header, so that it can be counted and acknowledged."""
    message = parse([kind, 7, 4, 99, "anything"])
    assert isinstance(message, Unknown)
    assert (message.boot, message.seq, message.uptime, message.skipped) == (7, 4, 99, 1)


def test_booleans_are_allowed_as_fields_of_an_event() -> None:
    """Everywhere else they are refused."""
    message = parse([3, 7, 0, 0, {1: 0, 2: 0, 3: "", 5: {"a": True, "b": None, "c": -1, "d": "x"}}])
    assert isinstance(message, Event)
    assert message.fields == {"a": True, "b": None, "c": -1, "d": "x"}


def test_limits_of_samples_are_checked_on_the_header() -> None:
    """A frame that says 2**60 samples is refused by its count; no column is expanded."""
    with pytest.raises(SchemaError, match="number of samples"):
        parse([2, 7, 0, 0, 0, 0, 2**60, 1])
    message = parse([2, 7, 0, 0, 0, 0, 1024, 1])
    assert isinstance(message, Samples)
    assert message.columns == [1]


@pytest.mark.parametrize("item", [None, 1, "x", b"x", {}, [], [[]], [1.0, 1, 0, 0], [True, 1, 0, 0]])
def test_what_is_no_frame(item: object) -> None:
    """Anything that is no array with a kind is refused, up and down."""
    for read in (parse, parse_down):
        with pytest.raises(PeerError):
            read(item)


def test_down_kinds_of_the_future() -> None:
    """A command of a later version is no error: it has a kind and a boot."""
    down = parse_down([12, 7, "anything"])
    assert (down.kind, down.boot, down.skipped) == (12, 7, 1)


def test_set_is_all_or_nothing() -> None:
    """One wrong row refuses the whole set."""
    with pytest.raises(SchemaError, match="intervals"):
        parse_down([10, 7, 1, {5: 1, 1: [[0, 1000], [0, -1]]}])


def test_set_ignores_what_a_later_version_adds() -> None:
    """Unknown keys are counted, elements behind the known ones are left out."""
    down = parse_down(loads(bytes.fromhex("840a0701a2018183000a0508f6")))
    assert down.fields == {1: [[0, 10]]}
    assert down.skipped == 1
