"""compatibility.json: what no encoder of this version writes, and every receiver accepts."""

# ruff: noqa: E501  # a table: one vector is one or two lines

from typing import Any

from tests.contract.sources import BOOT, Vector, group, hello, samples, up
from tests.support import reference_wire as wire
from tests.support.reference_cbor import dumps, raw, wide

NAN32, NAN64, INF32 = raw("fa7fc00000"), raw("fb7ff8000000000000"), raw("fa7f800000")
MINUS_INF64, NAN_PAYLOAD = raw("fbfff0000000000000"), raw("f97e01")
HEAD = [2, BOOT, 0, 5000, 0, 0]


def accepted(name: str, why: str, item: Any, meaning: wire.Meaning, skipped: int = 0, **more: Any) -> Vector:
    """A frame with its meaning, and how many of its parts a receiver of this version skips."""
    data = item if isinstance(item, bytes) else dumps(item)
    return {"name": name, "why": why, "hex": data.hex(), "skipped": skipped, **more, "meaning": meaning}


def future() -> list[Vector]:
    """What a later version of the protocol may add."""
    small = hello([group(1000, 1, 3)])
    body = wire.item(small)[4]
    cadence: dict[str, Any] = {"defaults": {"cadence_ms": 1000}}

    def hello_with(name: str, why: str, fields: dict[Any, Any], skipped: int = 0, *tail: Any, **says: Any) -> Vector:
        item = [1, BOOT, 0, 0, body | fields, *tail]
        return accepted("hello_" + name, why, item, small | says, skipped, **cadence)

    event = up("event", 3, 9, type=0, severity=1, message="m")
    event_body = wire.item(event)[4]
    unknown = [
        accepted(f"kind_{kind}", "a kind of the future that goes up", [kind, BOOT, 3, 9, {1: [1.5]}, "x", None],
                 up(kind, 3, 9), 1)
        for kind in (6, 7, 17, 23)
    ]  # fmt: skip
    commands = [
        accepted(f"kind_{kind}_down", "a kind of the future that goes down", [kind, BOOT, {1: 1}, None],
                 {"kind": kind, "boot": BOOT}, 1)
        for kind in (12, 15)
    ]  # fmt: skip
    return [
        *unknown,
        accepted("kind_6_header_only", "nothing behind the header", [6, BOOT, 3, 9], up(6, 3, 9), 1),
        *commands,
        hello_with("unknown_keys", "keys that a later version may define, of any type", {16: [1], 24: {}, 65536: None}, 3),
        hello_with("unknown_negative_key", "-1 sorts behind 24", {24: 0, -1: 0}, 2),
        hello_with("unknown_text_key", "a text key is one that nobody knows", {"x": 0}, 1),
        hello_with("unknown_key_with_specials", "any item may stand there", {99: [1.5, NAN64, b"x", raw("f7"), True]}, 1),
        hello_with("unknown_key_at_depth_8", "as deep as is allowed", {99: raw("81" * 5 + "80")}, 1),
        hello_with("trailing_elements", "elements behind the map", {}, 2, 1, [2]),
        hello_with("wire_2", "a later version of the protocol", {0: 2}, wire=2),
        hello_with("reset_cause_99", "an enumeration's number of the future", {9: 99}, reset_cause=99),
        hello_with("wake_reason_99", "an enumeration's number of the future", {13: 99}, wake_reason=99),
        hello_with("ended_false", "the default, written out", {14: False}, ended=False),
        hello_with("anchor_source_99", "an enumeration's number of the future", {6: [1, 2, 99, 4]}, anchor=[1, 2, 99, 4]),
        hello_with("sleep_mode_3", "an enumeration's number of the future", {8: [3, 1000]}, sleep=[3, 1000]),
        hello_with("anchor_trailing", "a fifth number", {6: [1, 2, 3, 4, 5]}, anchor=[1, 2, 3, 4]),
        hello_with("outbox_trailing", "an eighth element", {7: [1] * 7 + [None]}, outbox=[1] * 7),
        hello_with("sleep_trailing", "a third element", {8: [1, 2, 3]}, sleep=[1, 2]),
        hello_with("info_unknown", "an info of the future, which is no text", {5: {1: "a", 7: 8}}, info={"1": "a"}),
        hello_with("group_trailing", "a fourth element", {4: [[1000, 1, [3], {1: 2}]]}),
        hello_with("group_trailing_16", "MAX_TRAILING elements", {4: [[1000, 1, [3], *[0] * 16]]}),
        hello_with("custom_unknown_key", "a field of the future",
                   {4: [[1000, 1, [{1: "m", 8: [1]}]]]}, groups=[group(1000, 1, {"name": "m"})]),
        hello_with("custom_label_trailing", "a label with a third element",
                   {4: [[1000, 1, [{1: "m", 5: [["l", "v", 1]]}]]]},
                   groups=[group(1000, 1, {"name": "m", "labels": [["l", "v"]]})]),
        hello_with("unknown_metric_key", "a catalogue key of the future",
                   {4: [[1000, 1, [60000, [60001, "x"]]]]}, groups=[group(1000, 1, 60000, (60001, "x"))]),
        accepted("event_unknown_key", "a field of the future", [3, BOOT, 3, 9, event_body | {10: 1}], event, 1),
        accepted("event_type_99", "an enumeration's number of the future", [3, BOOT, 3, 9, event_body | {1: 99}],
                 event | {"type": 99}),
        accepted("event_severity_9", "an enumeration's number of the future", [3, BOOT, 3, 9, event_body | {2: 9}],
                 event | {"severity": 9}),
        accepted("event_trailing", "an element behind the map", [3, BOOT, 3, 9, event_body, 1], event, 1),
        accepted("span_unknown_key", "a field of the future", [4, BOOT, 3, 9, {1: "n", 2: 1, 3: b"\0" * 8, 8: 0}],
                 up("span", 3, 9, name="n", duration_us=1, span_id="00" * 8), 1),
        accepted("bye_reason_9", "an enumeration's number of the future", [5, BOOT, 3, 9, {1: 9}], up("bye", 3, 9, reason=9)),
        accepted("state_trailing", "an element behind the status", [16, BOOT, 1, "x"],
                 {"kind": "state", "boot": BOOT, "status": 1}, 1),
        accepted("state_status_9", "an enumeration's number of the future", [16, BOOT, 9],
                 {"kind": "state", "boot": BOOT, "status": 9}),
        accepted("ack_trailing", "an element behind next", [8, BOOT, 5, 6], {"kind": "ack", "boot": BOOT, "next": 5}, 1),
        accepted("hello_request_trailing", "an element behind the boot", [9, None, 1], {"kind": "hello?", "boot": None}, 1),
        accepted("set_unknown_key", "a field of the future", [10, BOOT, 1, {5: 1, 6: 0}],
                 {"kind": "set", "boot": BOOT, "command": 1, "log_severity": 1}, 1),
        accepted("set_rows_trailing", "elements behind the known ones", [10, BOOT, 1, {
            1: [[0, 1, 2]], 2: [[0, 1, 2]], 3: [[0, 0, 1, 2, 3]], 4: [1, 2, 3, 4]}],
                 {"kind": "set", "boot": BOOT, "command": 1, "intervals": [[0, 1]], "batches": [[0, 1]],
                  "limits": [[0, 0, 1, 2]], "time": [1, 2, 3]}),
        accepted("reset_trailing", "an element behind the mode", [11, BOOT, 1, 0, 0],
                 {"kind": "reset", "boot": BOOT, "command": 1, "mode": 0}, 1),
    ]  # fmt: skip


def columns() -> list[Vector]:
    """Samples frames that an encoder should have written shorter, or that carry more than was declared."""

    def of(name: str, why: str, rest: list[Any], meaning: wire.Meaning, skipped: int = 0, **more: Any) -> Vector:
        return accepted("samples_" + name, why, [*HEAD, *rest], meaning, skipped, **more)

    return [
        of("surplus_columns", "two columns more than the group declares", [1, 7, 8, 9, [None]],
           samples([[7], [8]]), 2, declared_columns=2),
        of("one_sample_as_array", "an array of one", [1, [7], [None]], samples([[7], [None]])),
        of("times_empty", "no time but the first", [[], 7], samples([[7]])),
        of("times_regular_as_array", "equidistant times as an array", [[0, 0], [7, 1, 1]], samples([[7, 8, 9]])),
        of("constant_as_array", "equal elements as an array", [3, [7, 0, 0], [None] * 3], samples([[7] * 3, [None] * 3])),
        of("specials_single", "specials as single-precision floats", [2, NAN32, INF32],
           samples([["NaN"] * 2, ["Infinity"] * 2])),
        of("specials_double", "specials as double-precision floats", [2, NAN64, MINUS_INF64],
           samples([["NaN"] * 2, ["-Infinity"] * 2])),
        of("nan_payload", "a NaN that carries bits is a NaN", [1, NAN_PAYLOAD], samples([["NaN"]])),
        of("finite_float", "a finite float makes one value missing, not the frame invalid",
           [4, [1, raw("f93e00"), 1, raw("fb3ff8000000000000")], raw("f90000")],
           samples([[1, None, 2, None], [None] * 4]), refused_values=6),
        of("beyond_max_value", "a value beyond MAX_VALUE is missing; differences go on behind it",
           [3, [2**53, 1, -1], -(2**53) - 1], samples([[2**53, None, 2**53], [None] * 3]), refused_values=4),
        of("beyond_64_bits", "the sum of two differences needs more than 64 bits",
           [3, [2**63, 2**63, -(2**64)]], samples([[None, None, 0]]), refused_values=2),
    ]  # fmt: skip


def heads() -> list[Vector]:
    """Heads that are longer than need be: not deterministic, but the same item."""
    small = hello([group(1000, 1, 3)])
    body = wire.item(small)[4]
    text = raw("79 000d 65737033322d6b69746368656e")
    cadence: dict[str, Any] = {"defaults": {"cadence_ms": 1000}}
    bye = up("bye", 3, 9, reason=0)
    map_1 = raw("b8 01 01 00")
    return [
        *[
            accepted(f"kind_in_{1 << info - 24}_bytes", "a longer head than need be",
                     [wide(5, info), BOOT, 3, 9, {1: 0}], bye)
            for info in (24, 25, 26, 27)
        ],
        accepted("boot_in_8_bytes", "a longer head than need be", [5, wide(BOOT, 27), 3, 9, {1: 0}], bye),
        accepted("array_head_in_2_bytes", "98 05", b"\x98\x05" + dumps([5, BOOT, 3, 9, {1: 0}])[1:], bye),
        accepted("array_head_in_3_bytes", "99 00 05", b"\x99\x00\x05" + dumps([5, BOOT, 3, 9, {1: 0}])[1:], bye),
        accepted("array_head_in_9_bytes", "9b and eight bytes",
                 b"\x9b" + (5).to_bytes(8, "big") + dumps([5, BOOT, 3, 9, {1: 0}])[1:], bye),
        accepted("map_head_in_2_bytes", "b8 01", [5, BOOT, 3, 9, map_1], bye),
        accepted("map_key_in_2_bytes", "18 01", [5, BOOT, 3, 9, raw("a1180100")], bye),
        accepted("map_not_sorted", "keys in any order", [1, BOOT, 0, 0, unsorted(body)], small, **cadence),
        accepted("text_head_in_3_bytes", "79 000d", [1, BOOT, 0, 0, body | {1: text}], small, **cadence),
        accepted("negative_in_2_bytes", "38 04", [*HEAD, 1, wide(4, 24, 1)], samples([[-5]])),
        accepted("negative_in_9_bytes", "3b and eight bytes", [*HEAD, 1, wide(4, 27, 1)], samples([[-5]])),
        accepted("bytes_head_in_3_bytes", "59 0008",
                 [4, BOOT, 3, 9, {1: "n", 2: 1, 3: raw("59 0008 0001020304050607")}],
                 up("span", 3, 9, name="n", duration_us=1, span_id="0001020304050607")),
        accepted("ack_in_wide_heads", "9a 00000003, 1b …",
                 b"\x9a\0\0\0\x03" + dumps(wide(8, 27)) + dumps(wide(BOOT, 26)) + dumps(wide(5, 25)),
                 {"kind": "ack", "boot": BOOT, "next": 5}),
    ]  # fmt: skip


def unsorted(body: dict[int, Any]) -> Any:
    """The map with its keys in falling order."""
    pairs = b"".join(dumps(key) + dumps(body[key]) for key in sorted(body, reverse=True))
    return raw((bytes([0xA0 | len(body)]) + pairs).hex())


def vectors() -> list[Vector]:
    """Everything in compatibility.json."""
    return future() + columns() + heads()
