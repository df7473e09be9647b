"""invalid.json: frames that a receiver refuses, each with its reason."""

# ruff: noqa: E501  # a table: one vector is one or two lines

from typing import Any

from tests.contract.sources import Vector, limits
from tests.support.reference_cbor import Raw, Tagged, dumps, raw

H = [1, 12345, 0, 0]  # a hello's header
ID = {0: 1, 1: "esp32-kitchen", 2: "esp32", 3: 0}
S = [2, 12345, 0, 5000, 0, 0]  # a samples frame up to its group
E = [3, 12345, 0, 0]
P = [4, 12345, 0, 0]
B = [5, 12345, 0, 0]
SPAN = {1: "n", 2: 1, 3: b"\0" * 8}
EVENT = {1: 0, 2: 0, 3: ""}
NESTED_9 = raw("81" * 6 + "80")  # seven arrays, which stand in a map in a frame


def refused(name: str, why: str, item: Any, reason: str = "schema", way: str = "up") -> Vector:
    """A vector of one item."""
    data = item if isinstance(item, bytes) else dumps(item)
    return {"name": name, "why": why, "reason": reason, "way": way, "hex": data.hex()}


def cbor() -> list[Vector]:
    """What section 1 refuses, and what is no CBOR at all."""

    def bad(name: str, why: str, item: Any) -> Vector:
        return refused("cbor_" + name, why, item, "cbor")

    whole = dumps([*B, {1: 0}])
    return [
        bad("nothing", "no bytes", b""),
        bad("cut", "ends within the array", whole[:-1]),
        bad("cut_in_head", "ends within a head", bytes.fromhex("8519")),
        bad("cut_in_text", "a text longer than the frame", bytes.fromhex("8505193039000063616263a1016361")),
        bad("trailing_byte", "a byte after the item", whole + b"\0"),
        bad("two_items", "a second frame after the first", whole + whole),
        bad("array_indefinite", "indefinite length", raw("9f05 193039 00 00 a10100 ff")),
        bad("map_indefinite", "indefinite length", [*B, raw("bf0100ff")]),
        bad("text_indefinite", "indefinite length", [*E, {1: 0, 2: 0, 3: raw("7f6161ff")}]),
        bad("bytes_indefinite", "indefinite length", [*P, SPAN | {3: raw("5f44 00000000 44 00000000 ff")}]),
        bad("break", "a break without a beginning", raw("ff")),
        bad("reserved_head", "additional information 28", raw("811c")),
        bad("reserved_simple_head", "major type 7 with 29", raw("81fd")),
        bad("simple_in_two_bytes", "a simple value below 32 in two bytes", [*B, {1: 0, 9: raw("f816")}]),
        bad("array_of_2_64", "announces more elements than there are bytes", raw("9bffffffffffffffff")),
        bad("array_of_2_32", "announces more elements than there are bytes", raw("9affffffff01")),
        bad("map_of_2_31", "announces more pairs than there are bytes", raw("85051930390000ba7fffffff0100")),
        bad("text_of_2_63", "announces more bytes than there are", raw("817b8000000000000000")),
        bad("duplicate_key", "a key twice in the body", [*B, raw("a201000101")]),
        bad("duplicate_key_other_head", "the same key with a longer head", [*B, raw("a20100180101")]),
        bad("duplicate_text_key", "a key twice in the fields", [*E, EVENT | {5: raw("a2616101616102")}]),
        bad("duplicate_unknown_key", "a key twice, though nobody knows it", [*B, raw("a30100186301186302")]),
        bad("key_boolean", "a boolean as key, which is not 1", [*B, raw("a1f500")]),
        bad("key_boolean_beside_1", "a boolean as key beside 1", [*B, raw("a20100f500")]),
        bad("key_float", "a float as key, which is not 1", [*B, raw("a1f93c0000")]),
        bad("key_null", "null as key", [*B, raw("a20100f600")]),
        bad("key_bytes", "a byte string as key", [*B, raw("a20100410100")]),
        bad("key_array", "an array as key", [*B, raw("a20100810100")]),
        bad("key_map", "a map as key", [*B, raw("a20100a000")]),
        bad("key_undefined", "undefined as key", [*B, raw("a20100f700")]),
        bad("text_no_utf8", "a lone continuation byte", [*E, {1: 0, 2: 0, 3: raw("6180")}]),
        bad("text_cut_utf8", "half a character", [*E, {1: 0, 2: 0, 3: raw("61c3")}]),
        bad("text_overlong", "NUL in two bytes", [*E, {1: 0, 2: 0, 3: raw("62c080")}]),
        bad("text_overlong_slash", "a slash in three bytes", [*E, {1: 0, 2: 0, 3: raw("63e080af")}]),
        bad("text_surrogate", "a surrogate", [*E, {1: 0, 2: 0, 3: raw("63eda080")}]),
        bad("text_beyond_unicode", "U+110000", [*E, {1: 0, 2: 0, 3: raw("64f4908080")}]),
        bad("text_fe", "a byte that no UTF-8 has", [*E, {1: 0, 2: 0, 3: raw("61fe")}]),
        bad("tag_epoch", "a tag in a frame", [*E, EVENT | {5: {"t": Tagged(1, 0)}}]),
        bad("tag_bignum", "a bignum for a number", [2, 12345, 0, Tagged(2, b"\1"), 0, 0, 1, 1]),
        bad("tag_self_described", "tag 55799 before the frame", Tagged(55799, [*B, {1: 0}])),
        bad("tag_regexp", "tag 35, which some libraries compile", [*E, EVENT | {5: {"t": Tagged(35, "(a+)+$")}}]),
        bad("depth_9", "nine arrays", raw("81" * 8 + "8100")),
        bad("depth_9_empty", "the ninth array is empty", raw("81" * 8 + "80")),
        bad("depth_9_in_body", "nested too deep under a key that nobody knows", [*B, {1: 0, 99: NESTED_9}]),
        bad("depth_9_maps", "the ninth is a map", [*B, {1: 0, 99: raw("81" * 6 + "a0")}]),
        bad("depth_1000", "a bomb for recursive decoders", b"\x81" * 1000 + b"\0"),
    ]  # fmt: skip


def frames() -> list[Vector]:
    """What is no frame, and headers."""

    def bad(name: str, why: str, item: Any, way: str = "up") -> Vector:
        return refused("frame_" + name, why, item, way=way)

    down = "down"
    return [
        bad("number", "no array", 1), bad("map", "no array", {0: 1}), bad("text", "no array", "hello"),
        bad("empty", "an empty array", []), bad("empty_down", "an empty array", [], down),
        bad("kind_0", "kind 0", [0, 12345, 0, 0, {}]), bad("kind_24", "kind 24", [24, 12345, 0, 0, {}]),
        bad("kind_negative", "kind -1", [-1, 12345, 0, 0, {}]), bad("kind_text", "a text", ["2", 12345, 0, 0]),
        bad("kind_true", "true is not 1", [True, 12345, 0, 0, ID | {4: []}]),
        bad("kind_array", "an array", [[2], 12345, 0, 0]), bad("kind_null", "null", [None, 1]),
        bad("kind_24_down", "kind 24", [24, 12345], down), bad("kind_0_down", "kind 0", [0, 12345], down),
        bad("ack_up", "a frame that goes down", [8, 12345, 4]),
        bad("reserved_down_kind_up", "kind 12 goes down", [12, 12345, 4, 0]),
        bad("samples_down", "a frame that goes up", [*S, 1, 7], down),
        bad("state_down", "a frame that goes up", [16, 12345, 1], down),
        bad("reserved_up_kind_down", "kind 17 goes up", [17, 12345, 0, 0], down),
        bad("header_short", "no uptime", [5, 12345, 0]), bad("header_only", "no body", [5, 12345, 0, 0]),
        bad("unknown_kind_header_short", "a kind of the future has a header too", [6, 12345, 0]),
        bad("unknown_kind_boot_0", "a kind of the future has a header too", [17, 0, 0, 0]),
        bad("boot_0", "boot ids begin at 1", [5, 0, 0, 0, {1: 0}]),
        bad("boot_negative", "negative", [5, -1, 0, 0, {1: 0}]), bad("boot_null", "null", [5, None, 0, 0, {1: 0}]),
        bad("boot_true", "true is not 1", [5, True, 0, 0, {1: 0}]), bad("boot_text", "a text", [5, "1", 0, 0, {1: 0}]),
        bad("seq_negative", "negative", [5, 1, -1, 0, {1: 0}]), bad("seq_false", "no integer", [5, 1, False, 0, {1: 0}]),
        bad("uptime_negative", "negative", [5, 1, 0, -1, {1: 0}]),
        bad("uptime_float", "a float", [5, 1, 0, raw("f93c00"), {1: 0}]),
        bad("uptime_2_64", "64 bits", [5, 1, 0, 2**64 - 1, {1: 0}]),
        bad("body_array", "an array for the map", [5, 1, 0, 0, [1, 0]]), bad("body_null", "null", [5, 1, 0, 0, None]),
        bad("state_short", "no status", [16, 12345]), bad("state_boot_null", "null", [16, None, 1]),
        bad("state_status_text", "a text", [16, 12345, "on"]), bad("state_status_negative", "negative", [16, 12345, -1]),
    ]  # fmt: skip


def hellos() -> list[Vector]:
    """Bodies of hello."""

    def bad(name: str, why: str, fields: dict[int, Any], reason: str = "schema", without: int = -1) -> Vector:
        body = {key: value for key, value in (ID | {4: []} | fields).items() if key != without}
        return refused("hello_" + name, why, [*H, body], reason)

    def metric(name: str, why: str, fields: dict[int, Any]) -> Vector:
        return bad("custom_" + name, why, {4: [[1000, 1, [fields]]]})

    def series(name: str, why: str, one: Any) -> Vector:
        return bad("series_" + name, why, {4: [[1000, 1, [one]]]})

    def device(name: str, why: str, text: Any) -> Vector:
        return bad("device_id_" + name, why, {1: text}, "identity")

    optional = {5: "info", 6: "anchor", 7: "outbox", 8: "sleep", 9: "reset_cause", 10: "cadence", 11: "max_down_bytes",
                12: "ack_mode", 13: "wake_reason", 14: "ended", 15: "given_up"}  # fmt: skip
    return [
        bad("lacks_wire", "a required key is missing", {}, without=0),
        bad("lacks_device_id", "a required key is missing", {}, "identity", without=1),
        bad("lacks_platform", "a required key is missing", {}, without=2),
        bad("lacks_declaration", "a required key is missing", {}, without=3),
        bad("lacks_groups", "a required key is missing", {}, without=4),
        *[bad(f"null_{name}", "null is not the same as absent", {key: None}) for key, name in optional.items()],
        bad("wire_0", "versions begin at 1", {0: 0}), bad("wire_true", "true is not 1", {0: True}),
        device("empty", "empty", ""), device("65", "65 characters", "x" * 65), device("1000", "very long", "x" * 1000),
        device("quote", "a quotation mark", 'kit"chen'), device("newline", "a line break", "kitchen\n"),
        device("blank", "a blank", "kitchen 1"), device("slash", "a slash, which parts topics", "a/b"),
        device("wildcard", "MQTT's wildcard", "a+"), device("hash", "MQTT's wildcard", "#"),
        device("nul", "a NUL", "a\0"), device("umlaut", "not ASCII", "küche"), device("number", "a number", 7),
        device("bytes", "a byte string", b"kitchen"), device("null", "null", None),
        bad("platform_empty", "empty", {2: ""}), bad("platform_blank", "a blank", {2: "esp 32"}),
        bad("platform_number", "a number", {2: 32}),
        bad("groups_map", "a map", {4: {}}), bad("group_short", "no series", {4: [[1000, 1]]}),
        bad("group_number", "no array", {4: [3]}), bad("group_no_series", "an empty group", {4: [[1000, 1, []]]}),
        bad("group_interval_negative", "negative", {4: [[-1, 1, [3]]]}),
        bad("group_interval_true", "a boolean", {4: [[True, 1, [3]]]}), bad("group_batch_0", "0", {4: [[1000, 0, [3]]]}),
        bad("group_trailing_17", "more than MAX_TRAILING elements", {4: [[1000, 1, [3], *[0] * 17]]}),
        series("key_0", "keys begin at 1", 0), series("key_negative", "negative", -3), series("key_text", "a text", "temp"),
        series("key_true", "a boolean", True), series("null", "null", None), series("empty_array", "no key", []),
        series("label_number", "a label value is text", [3, 1]), series("label_null", "null", [15, None, "1"]),
        series("bytes", "a byte string", b"\3"),
        bad("info_list", "no map", {5: ["0.1"]}), bad("info_number", "a number for a text", {5: {1: 2}}),
        bad("anchor_short", "three numbers", {6: [1, 0, 1]}), bad("anchor_negative", "negative", {6: [-1, 0, 1, 0]}),
        bad("anchor_float", "a float", {6: [raw("f93c00"), 0, 1, 0]}), bad("anchor_map", "a map", {6: {}}),
        bad("outbox_short", "six numbers", {7: [0] * 6}), bad("outbox_negative", "negative", {7: [0, -1, 0, 0, 0, 0, 0]}),
        bad("sleep_short", "one number", {8: [1]}), bad("cadence_0", "0", {10: 0}),
        bad("reset_cause_text", "a text", {9: "wdt"}), bad("ack_mode_true", "a boolean", {12: True}),
        bad("ended_1", "1 is not true", {14: 1}), bad("ended_text", "a text", {14: "yes"}),
        bad("given_up_empty", "no number", {15: []}), bad("given_up_negative", "negative", {15: [1, -1]}),
        metric("no_name", "a required key is missing", {2: 0}), metric("name_empty", "empty", {1: ""}),
        metric("name_capital", "a capital letter", {1: "Temp"}), metric("name_digit", "begins with a digit", {1: "2nd"}),
        metric("name_underscore", "begins with _", {1: "_x"}), metric("name_dash", "a dash", {1: "a-b"}),
        metric("name_quote", "a quotation mark", {1: 'a"b'}), metric("name_umlaut", "not ASCII", {1: "höhe"}),
        metric("name_newline", "ends with a line break", {1: "a\n"}), metric("name_bytes", "bytes", {1: b"a"}),
        metric("unit_empty", "empty", {1: "a", 3: ""}), metric("unit_null", "null", {1: "a", 3: None}),
        metric("unit_capital", "a capital letter", {1: "a", 3: "W"}), metric("scale_text", "a text", {1: "a", 4: "1"}),
        metric("type_true", "a boolean", {1: "a", 2: True}), metric("help_number", "a number", {1: "a", 6: 1}),
        metric("label_device_id", "reserved", {1: "a", 5: [["device_id", "x"]]}),
        metric("label_platform", "reserved", {1: "a", 5: [["platform", "x"]]}),
        metric("label_le", "reserved", {1: "a", 5: [["le", "x"]]}),
        metric("label_underscores", "reserved", {1: "a", 5: [["__name__", "x"]]}),
        metric("label_twice", "one name twice", {1: "a", 5: [["l", "x"], ["l", "y"]]}),
        metric("label_short", "no value", {1: "a", 5: [["l"]]}), metric("label_text", "no array", {1: "a", 5: ["l"]}),
        metric("labels_map", "a map", {1: "a", 5: {"l": "x"}}),
        metric("histogram_without_bounds", "no bounds", {1: "a", 2: 2}),
        metric("histogram_empty_bounds", "no bounds", {1: "a", 2: 2, 7: []}),
        metric("gauge_with_bounds", "only a histogram has bounds", {1: "a", 7: [1]}),
        metric("bounds_equal", "not strictly increasing", {1: "a", 2: 2, 7: [1, 1]}),
        metric("bounds_decrease", "not increasing", {1: "a", 2: 2, 7: [2, 1]}),
        metric("bounds_infinity", "+Inf is not written", {1: "a", 2: 2, 7: [1, raw("f97c00")]}),
    ]  # fmt: skip


def samples() -> list[Vector]:
    """Samples frames."""

    def bad(name: str, why: str, *rest: Any) -> Vector:
        return refused("samples_" + name, why, [*S, *rest])

    half = Raw(b"\xf9\x3c\x00")
    return [
        bad("no_times", "ends after the group"), bad("no_columns", "no column", 1),
        bad("times_0", "no sample", 0, 7), bad("times_negative", "negative", -1, 7), bad("times_null", "null", None, 7),
        bad("times_true", "a boolean", True, 7), bad("times_text", "a text", "1", 7), bad("times_float", "a float", half, 7),
        bad("times_map", "a map", {}, 7), bad("times_hold_null", "null among the times", [None], 7),
        bad("times_hold_true", "a boolean among the times", [True], 7), bad("times_hold_float", "a float", [half], 7),
        bad("times_backwards", "1001 ms before the interval is up: time decreases", [-1001], 7),
        bad("times_backwards_later", "the third sample is before the second", [0, -2000], 7),
        bad("times_beyond_max", "a sample beyond MAX_VALUE", [2**53], 7),
        bad("column_short", "1 element, 2 samples", 2, [1]), bad("column_long", "3 elements, 2 samples", 2, [1, 1, 1]),
        bad("column_empty", "an empty array", 1, []), bad("column_long_for_times", "3 elements", [0], [1, 1, 1]),
        bad("second_column_short", "the first is well", 2, [1, 1], [1]),
        bad("column_text", "a text", 1, "7"), bad("column_true", "a boolean", 1, True), bad("column_bytes", "bytes", 1, b"7"),
        bad("column_map", "a map", 1, {}), bad("column_undefined", "undefined", 1, raw("f7")),
        bad("column_holds_text", "a text among the values", 2, [1, "2"]),
        bad("column_holds_true", "a boolean among the values", 2, [1, True]),
        bad("column_holds_array", "an array among the values", 2, [1, [2]]),
        refused("samples_declaration_null", "null", [2, 12345, 0, 0, None, 0, 1, 7]),
        refused("samples_declaration_negative", "negative", [2, 12345, 0, 0, -1, 0, 1, 7]),
        refused("samples_group_true", "a boolean", [2, 12345, 0, 0, 0, True, 1, 7]),
    ]  # fmt: skip


def bodies() -> list[Vector]:
    """Events, spans, byes."""

    def event(name: str, why: str, fields: dict[int, Any], without: int = 0) -> Vector:
        return refused("event_" + name, why, [*E, {k: v for k, v in (EVENT | fields).items() if k != without}])

    def span(name: str, why: str, fields: dict[int, Any], without: int = 0) -> Vector:
        return refused("span_" + name, why, [*P, {k: v for k, v in (SPAN | fields).items() if k != without}])

    def bye(name: str, why: str, fields: dict[int, Any]) -> Vector:
        return refused("bye_" + name, why, [*B, fields])

    half = Raw(b"\xf9\x3c\x00")
    return [
        event("no_type", "required", {}, 1), event("no_severity", "required", {}, 2), event("no_message", "required", {}, 3),
        event("type_true", "a boolean", {1: True}), event("message_bytes", "bytes", {3: b"x"}),
        event("message_null", "null", {3: None}), event("source_null", "null is not the same as absent", {4: None}),
        event("fields_list", "no map", {5: []}), event("fields_key_number", "a key is text", {5: {1: 2}}),
        event("fields_float", "a float", {5: {"a": half}}), event("fields_nan", "a special", {5: {"a": float("nan")}}),
        event("fields_array", "an array", {5: {"a": [1]}}), event("fields_bytes", "bytes", {5: {"a": b"1"}}),
        event("repeats_text", "a text", {7: "2"}), event("command_null", "null is not the same as absent", {8: None}),
        event("code_negative", "negative", {9: -1}),
        span("no_name", "required", {}, 1), span("no_duration", "required", {}, 2), span("no_id", "required", {}, 3),
        span("id_7_bytes", "seven bytes", {3: b"\0" * 7}), span("id_9_bytes", "nine bytes", {3: b"\0" * 9}),
        span("id_text", "a text of 8 characters", {3: "01234567"}), span("parent_16_bytes", "16", {4: b"\0" * 16}),
        span("parent_null", "null is not the same as absent", {4: None}), span("trace_8_bytes", "8", {5: b"\0" * 8}),
        span("duration_negative", "negative", {2: -1}), span("attributes_array", "no map", {7: []}),
        bye("no_reason", "required", {2: 1}), bye("reason_true", "a boolean", {1: True}),
        bye("reason_negative", "negative", {1: -1}), bye("light_sleep_without_wake_up", "required", {1: 1}),
        bye("deep_sleep_without_wake_up", "required", {1: 2}), bye("wake_negative", "negative", {1: 2, 2: -1}),
        bye("wake_null", "null is not the same as absent", {1: 0, 2: None}),
    ]  # fmt: skip


def down() -> list[Vector]:
    """Commands."""

    def bad(name: str, why: str, item: Any) -> Vector:
        return refused(name, why, item, way="down")

    def set_(name: str, why: str, fields: Any) -> Vector:
        return bad("set_" + name, why, [10, 12345, 1, fields])

    return [
        bad("ack_short", "no next", [8, 12345]), bad("ack_negative", "negative", [8, 12345, -1]),
        bad("ack_null", "null", [8, 12345, None]), bad("ack_anybody", "only hello? may be for anybody", [8, None, 1]),
        bad("ack_boot_0", "boot ids begin at 1", [8, 0, 1]), bad("ack_true", "a boolean", [8, 12345, True]),
        bad("hello_request_short", "no boot", [9]), bad("hello_request_boot_0", "boot ids begin at 1", [9, 0]),
        bad("hello_request_false", "false is not null", [9, False]),
        bad("set_short", "no fields", [10, 12345, 1]), set_("array", "no map", []), set_("null", "no map", None),
        bad("set_anybody", "only hello? may be for anybody", [10, None, 1, {}]),
        bad("set_command_negative", "negative", [10, 12345, -1, {}]),
        set_("intervals_empty", "no row", {1: []}), set_("intervals_flat", "no rows", {1: [0, 1000]}),
        set_("intervals_row_short", "no interval", {1: [[0]]}), set_("intervals_null", "null", {1: None}),
        set_("batches_text", "a text", {2: [[0, "10"]]}), set_("limits_row_short", "no high", {3: [[0, 0, 1]]}),
        set_("limits_float", "a float", {3: [[0, 0, raw("f93c00"), None]]}), set_("limits_empty", "no row", {3: []}),
        set_("time_short", "two numbers", {4: [1, 0]}), set_("time_negative", "negative", {4: [-1, 0, 0]}),
        set_("log_severity_true", "a boolean", {5: True}), set_("second_row_bad", "all or nothing", {1: [[0, 1], [0, -1]]}),
        bad("reset_short", "no mode", [11, 12345, 1]), bad("reset_mode_true", "a boolean", [11, 12345, 1, True]),
        bad("reset_anybody", "only hello? may be for anybody", [11, None, 1, 0]),
        bad("unknown_down_kind_short", "a kind of the future has a boot too", [12]),
        bad("unknown_down_kind_boot_0", "a kind of the future has a boot too", [15, 0]),
    ]  # fmt: skip


def vectors() -> list[Vector]:
    """Everything in invalid.json."""
    return cbor() + frames() + hellos() + samples() + bodies() + down() + limits.outside()
