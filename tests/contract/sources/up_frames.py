"""up.json: what a board sends, byte for byte."""

# ruff: noqa: E501  # a table: one vector is one or two lines

from typing import Any

from tests.contract.sources import Vector, group, hello, samples, up, vector

SPAN: dict[str, Any] = {"name": "infer", "duration_us": 4210, "span_id": "0001020304050607"}
HISTOGRAM = {"name": "queue_wait", "type": 2, "unit": "seconds", "scale": -3, "bounds": [1, 10, 100]}


def hellos() -> list[Vector]:
    """Declarations from the least to the richest."""
    every_field = hello(
        [group(1000, 10, (1, "gc"), (3, "cpu"), 7), group(0, 1, 12)],
        boot=0x3FFFFFFF, seq=70000, uptime=86_400_000, declaration=7,
        info={"1": "0.1.0", "2": "micropython 1.29.0", "3": "ESP32-S3", "4": "esp32s3", "5": "kiln", "6": "2.4"},
        anchor=[1_767_225_600, 250, 2, 40], outbox=[69990, 10, 3600, 3, 2, 1, 25], sleep=[1, 60000], reset_cause=3,
        cadence_ms=10_000, max_down_bytes=512, ack_mode=1, wake_reason=1,
    )  # fmt: skip
    custom = [
        {"name": "kiln_door_open"},
        {"name": "firings", "type": 1, "help": "Firings that were begun."},
        {"name": "kiln_pressure", "unit": "pascals", "scale": 2, "labels": [["zone", "oben"], ["kiln", "Nº 2"]]},
        {"name": "drift", "type": 0, "scale": -12},
    ]
    return [
        vector("hello_minimal", "keys 0 to 4 only, one group of one series without labels",
               hello([group(1000, 1, 3)]), defaults={"cadence_ms": 1000}),
        vector("hello_full", "every field of version 1 but ended and given_up", every_field),
        vector("hello_no_groups", "a board that sends no metrics", hello([]), defaults={"cadence_ms": 60000}),
        vector("hello_irregular_group", "interval 0 has no part in the default cadence",
               hello([group(0, 1, 12), group(500, 4, 7), group(1000, 10, 3)]), defaults={"cadence_ms": 2000}),
        vector("hello_labels", "label values: none, one, several, an empty one, UTF-8",
               hello([group(1000, 1, (15, "person", "2"), (9, "0"), (15, "", "1"), (3, "Küche"), 11)]),
               defaults={"cadence_ms": 1000}),
        vector("hello_custom_metrics", "metrics that user code registered", hello([group(1000, 1, *custom)]),
               defaults={"cadence_ms": 1000}),
        vector("hello_histogram", "a custom histogram: 3 bounds, so 5 columns", hello([group(5000, 1, HISTOGRAM)]),
               defaults={"cadence_ms": 5000}),
        vector("hello_negative_bounds", "bounds may be negative",
               hello([group(5000, 1, HISTOGRAM | {"bounds": [-(2**53), -1, 0, 2**53]})]),
               defaults={"cadence_ms": 5000}),
        vector("hello_two_groups_many_keys", "keys of one, two and three bytes",
               hello([group(1000, 10, 1, 23, 24, 255), group(60000, 1, 256, 65535)]), defaults={"cadence_ms": 10000}),
        vector("hello_declaration_255", "the last declaration number before it wraps to 0",
               hello([group(1000, 1, 3)], declaration=255), defaults={"cadence_ms": 1000}),
        vector("hello_device_id_every_character", "64 characters, punctuation among them",
               hello([], device_id="A-Z.a_z:0-9" + "x" * 53, platform="rp2.pico_w:x-1"), defaults={"cadence_ms": 60000}),
        vector("hello_retained", "what MQTT keeps: encoded late in the boot, seq is that of the next reliable frame",
               hello([group(1000, 10, 3)], seq=4096, uptime=5_000_000_000), defaults={"cadence_ms": 10000}),
        vector("hello_deep_sleeper", "sleeps for an hour, woke by timer from a brownout",
               hello([group(0, 1, 3)], sleep=[2, 3_600_000], reset_cause=4, wake_reason=1, cadence_ms=3_600_000)),
        vector("hello_ended", "a boot that is over, sent by the next one: 12 of its frames are still held, from 7040 on",
               hello([group(1000, 10, 3)], seq=7000, uptime=7_000_000, anchor=[1_767_225_600, 250, 2, 40],
                     outbox=[7040, 12, 0, 3, 0, 0, 0], ended=True), defaults={"cadence_ms": 10000}),
        vector("hello_given_up", "of 9 numbers from 100 on, 101, 103, 104 and 108 were given up",
               hello([group(1000, 1, 3)], seq=109, uptime=200_000, outbox=[100, 5, 0, 4, 0, 0, 0],
                     given_up=[1, 1, 1, 2, 3, 1]), defaults={"cadence_ms": 1000}),
        vector("hello_all_zero_outbox", "the least numbers of every array",
               hello([], anchor=[0, 0, 0, 0], outbox=[0] * 7, sleep=[0, 0], ack_mode=0), defaults={"cadence_ms": 60000}),
    ]  # fmt: skip


def headers() -> list[Vector]:
    """Numbers where their encoding grows by a byte, or leaves the small integers of a 32-bit MicroPython."""
    out = []
    for seq in (23, 24, 255, 256, 65535, 65536, 2**30 - 1, 2**30, 2**32 - 1):
        out.append(vector(f"samples_seq_{seq}", "seq where its head changes", samples([[1]], seq=seq)))
    for uptime in (0, 23, 24, 65535, 65536, 2**24 - 1, 2**24, 2**30, 2**31, 2**32 - 1, 2**32, 2**48, 2**53 - 1):
        why = "an uptime where its head, or its half on a board, changes"
        out.append(vector(f"samples_uptime_{uptime}", why, samples([[1]], times=[uptime])))
    for boot in (1, 2**30 - 1, 2**30, 2**32 - 1):
        out.append(vector(f"bye_boot_{boot}", "a boot id at an edge", up("bye", boot=boot, reason=0)))
    return out


def metric_samples() -> list[Vector]:
    """Columns and times of every form."""
    nan, inf, minus = "NaN", "Infinity", "-Infinity"
    return [
        vector("samples_single", "one sample of one series", samples([[2150]])),
        vector("samples_single_of_three", "one sample of three series", samples([[131072], [2150], [-3]])),
        vector("samples_batch", "ten samples at regular times, deltas of one byte",
               samples([[2150, 2151, 2151, 2149, 2150, 2155, 2160, 2160, 2159, 2158]])),
        vector("samples_constant_columns", "a column of equal elements is one element: int, null, special",
               samples([[7] * 4, [None] * 4, [nan] * 4, [0] * 4, [inf] * 4, [minus] * 4])),
        vector("samples_residual_times", "late by 3 ms, then early by 3 ms",
               samples([[1, 2, 4]], times=[5000, 6003, 7000])),
        vector("samples_irregular_group", "interval 0: the gaps themselves",
               samples([[1, 2, 4]], times=[5000, 5001, 9000], interval_ms=0)),
        vector("samples_same_instant", "times may stand still", samples([[1, 2]], times=[5000, 5000])),
        vector("samples_irregular_at_once", "interval 0 and equal times are the plain count",
               samples([[1, 2, 3]], times=[8, 8, 8], interval_ms=0)),
        vector("samples_thinned", "two samples of five were removed: gaps of two intervals",
               samples([[1, 2, 4]], times=[5000, 7000, 9000], removed=2)),
        vector("samples_thinned_to_one", "a thousand samples of the last group were removed",
               samples([[1, 2]], times=[5000, 1005000], group=31, removed=1000)),
        vector("samples_nulls", "missing samples do not count for the differences",
               samples([[None, 100, None, None, 103, None], [5, None, 4, 4, None, 0]])),
        vector("samples_specials", "specials stand for themselves; differences go on behind them",
               samples([[10, nan, 12, inf, minus, 9], [nan, nan, 1, 1, 1, None], [inf, minus] * 3])),
        vector("samples_negative", "values and differences below zero, where heads change",
               samples([[-1, -24, -25, -256, -257, -65536, -65537, 0]])),
        vector("samples_differences_at_heads", "differences of 23, 24, 255, 256, 65535, 65536, and back",
               samples([[0, 23, 47, 302, 558, 66093, 131629, 66093, 557, 301]])),
        vector("samples_beyond_small_integers", "values beyond 2**30, a full swing of the allowed range",
               samples([[2**30, -(2**30), 2**31, 2**32, 0], [2**53, -(2**53), 2**53, 0, 1]])),
        vector("samples_histogram", "buckets 1, 10, 100, +Inf and the sum, as single and as batch",
               samples([[4, 4, 5], [2, 3, 3], [0, 0, 0], [1, 1, 2], [2412, 2425, 4990]])),
        vector("samples_second_declaration", "names the declaration and the group",
               samples([[1]], declaration=255, group=31)),
        vector("samples_23_elements", "the last array head of one byte", samples([[0]] * 16)),
        vector("samples_24_elements", "the first array head of two bytes", samples([[0]] * 17)),
        vector("samples_256_elements", "the first array head of three bytes", samples([[0]] * 249)),
        vector("samples_times_23", "24 samples: an array of 23", samples([[0] * 24], times=[i * 1001 for i in range(24)])),
        vector("samples_times_24", "25 samples: an array of 24", samples([[0] * 25], times=[i * 999 for i in range(25)])),
    ]  # fmt: skip


def events() -> list[Vector]:
    """Events, spans, byes and states."""
    fields = {"text": "ü", "n": -1, "yes": True, "no": False, "nothing": None, "big": 2**53, "": ""}
    full = up(
        "event", 7, 61000, type=4, severity=4, message="Über 85 °C", source="kiln", fields=fields,
        traceback="Traceback:\n  in f", repeats=12, command=3, code=2,
    )  # fmt: skip
    trace = 'Traceback (most recent call last):\n  File "main.py", line 3\nOSError: [Errno 5] EIO\n'
    crash = up("event", 0, 12, type=2, severity=4, message="OSError: [Errno 5] EIO", traceback=trace)
    full_span = up(
        "span", 8, 62000, **SPAN, parent_id="ffffffffffffffff", trace_id="00" * 16, status=2,
        attributes={"model": "person", "frames": 3},
    )  # fmt: skip
    return [
        vector("event_minimal", "an empty debug line", up("event", type=0, severity=0, message="")),
        vector("event_full", "every field; keys of different length in fields", full),
        vector("event_crash", "a crash of the run before, with its traceback", crash),
        vector("span_minimal", "the required fields", up("span", 8, 62000, **SPAN)),
        vector("span_full", "every field", full_span),
        vector("bye_stop", "a stop for good", up("bye", 9, 70000, reason=0)),
        vector("bye_light_sleep", "a wake-up at once", up("bye", 9, 70000, reason=1, wake_in_ms=0)),
        vector("bye_deep_sleep", "a wake-up in an hour", up("bye", 9, 70000, reason=2, wake_in_ms=3_600_000)),
        vector("bye_update", "reason 4, with a time that is not required", up("bye", 9, 70000, reason=4, wake_in_ms=1)),
        *[
            vector(f"state_{name}", "MQTT's state topic", {"kind": "state", "boot": 12345, "status": status})
            for status, name in enumerate(("link_lost", "connected", "closed"))
        ],
    ]


def vectors() -> list[Vector]:
    """Everything in up.json."""
    return hellos() + metric_samples() + headers() + events()
