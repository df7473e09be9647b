"""Every limit of SPEC.md section 16 and of the field tables: the last frame within it, and the first one beyond."""

# ruff: noqa: E501  # a table: one vector is one or two lines

from typing import Any

from tests.contract.sources import Vector, group, hello, samples, up, vector
from tests.support import reference_wire as wire

METRIC = {"name": "m"}
TWO_COLUMNS_MORE = [{"name": f"h{i}", "type": 2, "bounds": list(range(32))} for i in range(30)]  # 34 columns each


def beyond(name: str, why: str, meaning: wire.Meaning, reason: str = "schema") -> Vector:
    """A frame that is refused, though it is encoded as it should be."""
    way = "down" if meaning["kind"] in ("ack", "hello?", "set", "reset") else "up"
    return {"name": name, "why": why, "reason": reason, "way": way, "hex": wire.frame(meaning).hex()}


def edges() -> list[tuple[str, str, wire.Meaning, wire.Meaning]]:
    """(name, limit, frame at it, frame beyond it), for limits beyond which the reason is `schema`."""
    return [*header_edges(), *hello_edges(), *custom_edges(), *body_edges(), *down_edges()]


def header_edges() -> list[tuple[str, str, wire.Meaning, wire.Meaning]]:
    """Header, samples, state. Frames at 2**32 - 1 and 2**53 - 1 stand in up.json."""

    def columns(n: int) -> list[list[int]]:
        return [[0]] * n

    return [
        ("samples_columns", "MAX_COLUMNS 1024", samples(columns(1024)), samples(columns(1025))),
        ("samples_count", "MAX_SAMPLES 1024, as a count", samples([[0] * 1024]), samples([[0] * 1025])),
        ("samples_times", "MAX_SAMPLES 1024, as times",
         samples([[0] * 1024], times=[0, *range(1, 1024)]), samples([[0] * 1025], times=[0, *range(1, 1025)])),
        ("samples_values", "MAX_FRAME_VALUES 65536", samples([[0] * 1024] * 64), samples([[0] * 1024] * 65)),
        ("samples_declaration", "declaration 0 to 255", samples([[1]], declaration=255), samples([[1]], declaration=256)),
        ("samples_removed", "group 31, 1023 samples removed: MAX_GROUPS 32, MAX_SAMPLES 1024",
         samples([[1]], group=31, removed=1023), samples([[1]], group=0, removed=1024)),
        ("boot", "boot up to 2**32 - 1", up("bye", boot=2**32 - 1, reason=0), up("bye", boot=2**32, reason=0)),
        ("seq", "seq up to 2**32 - 1", up("bye", 2**32 - 1, reason=0), up("bye", 2**32, reason=0)),
        ("uptime", "uptime up to 2**53 - 1", up("bye", 0, 2**53 - 1, reason=0), up("bye", 0, 2**53, reason=0)),
    ]  # fmt: skip


def hello_edges() -> list[tuple[str, str, wire.Meaning, wire.Meaning]]:
    """The fields of a hello."""

    def labels(n: int) -> wire.Meaning:
        return hello([group(1000, 1, (15, *["x"] * n))])

    def label(value: str) -> wire.Meaning:
        return hello([group(1000, 1, (3, value))])

    def of(**fields: Any) -> wire.Meaning:
        return hello([], **fields)

    numbers = [0] * 7
    return [
        ("groups", "MAX_GROUPS 32", hello([group(1, 1, 7)] * 32), hello([group(1, 1, 7)] * 33)),
        ("series", "MAX_SERIES_PER_GROUP 256", hello([group(1, 1, *[7] * 256)]), hello([group(1, 1, *[7] * 257)])),
        ("declared_columns", "MAX_COLUMNS 1024, which one group's histograms add up to",
         hello([group(1, 1, *TWO_COLUMNS_MORE, *[7] * 4)]), hello([group(1, 1, *TWO_COLUMNS_MORE, *[7] * 5)])),
        ("interval", "MAX_INTERVAL_MS, a day", hello([group(86_400_000, 1, 3)]), hello([group(86_400_001, 1, 3)])),
        ("batch", "MAX_SAMPLES 1024", hello([group(1000, 1024, 3)]), hello([group(1000, 1025, 3)])),
        ("labels_of_a_key", "MAX_LABELS 8", labels(8), labels(9)),
        ("label_ascii", "MAX_LABEL_BYTES 128", label("x" * 128), label("x" * 129)),
        ("label_utf8", "MAX_LABEL_BYTES 128 counts bytes, not characters", label("é" * 64), label("é" * 64 + "x")),
        ("metric_key", "keys 1 to 65535", hello([group(1000, 1, 65535)]), hello([group(1000, 1, 65536)])),
        ("platform", "32 characters", of(platform="p" * 32), of(platform="p" * 33)),
        ("declaration", "declaration 0 to 255", of(declaration=255), of(declaration=256)),
        ("wire_version", "1 to 65535", of(wire=65535), of(wire=65536)),
        ("cadence", "MAX_INTERVAL_MS × MAX_SAMPLES", of(cadence_ms=88_473_600_000), of(cadence_ms=88_473_600_001)),
        ("max_down_bytes", "at least 16", of(max_down_bytes=16), of(max_down_bytes=15)),
        ("ack_mode", "0 or 1", of(ack_mode=1), of(ack_mode=2)),
        ("info_text", "MAX_LABEL_BYTES 128", of(info={"1": "x" * 128}), of(info={"1": "x" * 129})),
        ("anchor_milliseconds", "up to 999", of(anchor=[1, 999, 1, 1]), of(anchor=[1, 1000, 1, 1])),
        ("anchor_seconds", "up to 2**40", of(anchor=[2**40, 0, 1, 1]), of(anchor=[2**40 + 1, 0, 1, 1])),
        ("outbox_number", "MAX_VALUE", of(outbox=[*numbers[:6], 2**53]), of(outbox=[*numbers[:6], 2**53 + 1])),
        ("given_up", "MAX_RUNS 1024", of(given_up=[1] * 1024), of(given_up=[1] * 1025)),
        ("sleep_period", "MAX_VALUE", of(sleep=[1, 2**53]), of(sleep=[1, 2**53 + 1])),
    ]  # fmt: skip


def custom_edges() -> list[tuple[str, str, wire.Meaning, wire.Meaning]]:
    """The fields of a custom metric."""

    def of(**fields: Any) -> wire.Meaning:
        return hello([group(1000, 1, METRIC | fields)])

    def bounds(n: int) -> wire.Meaning:
        return of(type=2, bounds=list(range(n)))

    def names(n: int) -> wire.Meaning:
        return of(labels=[[f"l{i}", ""] for i in range(n)])

    return [
        ("custom_name", "64 characters", of(name="a" * 64), of(name="a" * 65)),
        ("custom_type", "0 to 2", of(type=1), of(type=3)),
        ("custom_unit", "16 characters", of(unit="u" * 16), of(unit="u" * 17)),
        ("custom_scale_high", "up to 12", of(scale=12), of(scale=13)),
        ("custom_scale_low", "down to -12", of(scale=-12), of(scale=-13)),
        ("custom_labels", "MAX_LABELS 8", names(8), names(9)),
        ("custom_label_name", "32 characters", of(labels=[["l" * 32, "x"]]), of(labels=[["l" * 33, "x"]])),
        ("custom_label_value", "MAX_LABEL_BYTES 128", of(labels=[["l", "x" * 128]]), of(labels=[["l", "x" * 129]])),
        ("custom_help", "MAX_TEXT_BYTES 4096", of(help="h" * 4096), of(help="h" * 4097)),
        ("custom_bounds", "MAX_BOUNDS 32", bounds(32), bounds(33)),
        ("custom_bound_high", "MAX_VALUE", of(type=2, bounds=[2**53]), of(type=2, bounds=[2**53 + 1])),
        ("custom_bound_low", "MAX_VALUE", of(type=2, bounds=[-(2**53)]), of(type=2, bounds=[-(2**53) - 1])),
    ]


def body_edges() -> list[tuple[str, str, wire.Meaning, wire.Meaning]]:
    """Events, spans and byes."""

    def event(**fields: Any) -> wire.Meaning:
        return up("event", **(dict[str, Any](type=0, severity=0, message="") | fields))

    def span(**fields: Any) -> wire.Meaning:
        return up("span", **(dict[str, Any](name="n", duration_us=1, span_id="0001020304050607") | fields))

    many = {f"k{i:02}": i for i in range(33)}
    fewer = {key: many[key] for key in list(many)[:32]}
    return [
        ("event_message", "MAX_TEXT_BYTES 4096", event(message="m" * 4096), event(message="m" * 4097)),
        ("event_message_utf8", "MAX_TEXT_BYTES counts bytes", event(message="é" * 2048), event(message="é" * 2048 + "x")),
        ("event_traceback", "MAX_TEXT_BYTES 4096", event(traceback="t" * 4096), event(traceback="t" * 4097)),
        ("event_source", "MAX_LABEL_BYTES 128", event(source="s" * 128), event(source="s" * 129)),
        ("event_fields", "MAX_FIELDS 32", event(fields=fewer), event(fields=many)),
        ("event_field_name", "MAX_LABEL_BYTES 128", event(fields={"k" * 128: 1}), event(fields={"k" * 129: 1})),
        ("event_field_text", "MAX_TEXT_BYTES 4096", event(fields={"k": "v" * 4096}), event(fields={"k": "v" * 4097})),
        ("event_repeats", "at least 1", event(repeats=1), event(repeats=0)),
        ("event_command", "MAX_VALUE", event(command=2**53), event(command=2**53 + 1)),
        ("span_name", "MAX_LABEL_BYTES 128", span(name="n" * 128), span(name="n" * 129)),
        ("span_attributes", "MAX_FIELDS 32", span(attributes=fewer), span(attributes=many)),
        ("span_duration", "MAX_VALUE", span(duration_us=2**53), span(duration_us=2**53 + 1)),
        ("bye_wake_in", "MAX_VALUE", up("bye", reason=2, wake_in_ms=2**53), up("bye", reason=2, wake_in_ms=2**53 + 1)),
    ]  # fmt: skip


def down_edges() -> list[tuple[str, str, wire.Meaning, wire.Meaning]]:
    """Commands."""

    def of(**fields: Any) -> wire.Meaning:
        return {"kind": "set", "boot": 1, "command": 1, **fields}

    def reset(command: int, mode: int) -> wire.Meaning:
        return {"kind": "reset", "boot": 1, "command": command, "mode": mode}

    def ack(boot: int, following: int) -> wire.Meaning:
        return {"kind": "ack", "boot": boot, "next": following}

    day = 86_400_000
    return [
        ("ack_next", "up to 2**32", ack(1, 2**32), ack(1, 2**32 + 1)),
        ("ack_boot", "up to 2**32 - 1", ack(2**32 - 1, 0), ack(2**32, 0)),
        ("command", "MAX_VALUE", reset(2**53, 0), reset(2**53 + 1, 0)),
        ("reset_mode", "0 to 2", reset(1, 2), reset(1, 3)),
        ("set_interval", "MAX_INTERVAL_MS", of(intervals=[[0, day]]), of(intervals=[[0, day + 1]])),
        ("set_group", "MAX_GROUPS 32", of(intervals=[[31, 1]]), of(intervals=[[32, 1]])),
        ("set_intervals", "MAX_GROUPS 32", of(intervals=[[0, 1]] * 32), of(intervals=[[0, 1]] * 33)),
        ("set_batch", "MAX_SAMPLES 1024", of(batches=[[0, 1024]]), of(batches=[[0, 1025]])),
        ("set_batch_least", "at least 1", of(batches=[[0, 1]]), of(batches=[[0, 0]])),
        ("set_limit_column", "MAX_COLUMNS 1024", of(limits=[[0, 1023, 0, 0]]), of(limits=[[0, 1024, 0, 0]])),
        ("set_limit_high", "MAX_VALUE", of(limits=[[0, 0, 0, 2**53]]), of(limits=[[0, 0, 0, 2**53 + 1]])),
        ("set_limit_low", "MAX_VALUE", of(limits=[[0, 0, -(2**53), 0]]), of(limits=[[0, 0, -(2**53) - 1, 0]])),
        ("set_limits", "MAX_COLUMNS 1024", of(limits=[[0, 0, 0, 0]] * 1024), of(limits=[[0, 0, 0, 0]] * 1025)),
        ("set_milliseconds", "up to 999", of(time=[1, 999, 0]), of(time=[1, 1000, 0])),
        ("set_log_severity", "0 to 4", of(log_severity=4), of(log_severity=5)),
    ]


def frame_of(size: int) -> wire.Meaning:
    """An event whose frame has `size` bytes."""
    texts: dict[str, Any] = {"message": "m" * 4096, "traceback": ""}
    base = up("event", type=2, severity=4, **texts)
    missing = size - len(wire.frame(base | {"traceback": "x" * 256})) + 256
    return base | {"traceback": "t" * missing}


def within() -> list[Vector]:
    """limits.json: the last frame within each limit, in the order of SPEC.md."""
    out = []
    for name, limit, at, _ in edges():
        more = {} if at["kind"] != "hello" or "cadence_ms" in at else {"defaults": {"cadence_ms": cadence(at)}}
        out.append(vector(f"at_{name}", f"at the limit: {limit}", at, **more))
    out.append(vector("at_frame_bytes", "at the limit: MAX_FRAME_BYTES 8192", frame_of(8192)))
    return out


def cadence(meaning: wire.Meaning) -> int:
    """The default of hello key 10, as SPEC.md section 3 has it; a minute where nothing is regular."""
    regular = [g["interval_ms"] * g["batch"] for g in meaning["groups"] if g["interval_ms"]]
    return min(regular, default=60000)


def outside() -> list[Vector]:
    """The first frame beyond each limit, for invalid.json."""
    out = [beyond(f"beyond_{name}", f"beyond the limit: {limit}", frame) for name, limit, _, frame in edges()]
    out.append(beyond("beyond_frame_bytes", "beyond the limit: MAX_FRAME_BYTES 8192", frame_of(8193), "too_long"))
    return out
