"""The numbers and names of SPEC.md: kinds, enumerations, limits, device ids and topics. For hosts, tests and tools.

Board code repeats the few that it needs as `_NAME = const(...)`, which cost no heap; a test holds them against these.
"""

import binascii

from shared_schema.errors import IdentityError

WIRE_VERSION = 1

HELLO = 1
SAMPLES = 2
EVENT = 3
SPAN = 4
BYE = 5
ACK = 8
HELLO_REQUEST = 9
SET = 10
RESET = 11
STATE = 16
RELIABLE_KINDS = (2, 3, 4, 5, 6, 7)
UP_KINDS = (1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23)
DOWN_KINDS = (8, 9, 10, 11, 12, 13, 14, 15)
MAX_KIND = 23

GAUGE = 0
COUNTER = 1
HISTOGRAM = 2
METRIC_TYPES = ("gauge", "counter", "histogram")

# Position is the number on the wire; a number beyond the end is read as the first (SPEC.md section 18).
EVENT_TYPES = ("log", "alarm", "crash", "sensor", "command", "link", "outbox")
SEVERITIES = ("debug", "info", "warning", "error", "critical")
RESET_CAUSES = ("unknown", "power_on", "hard", "watchdog", "deep_sleep", "soft", "brownout", "panic")
WAKE_REASONS = ("unknown", "timer", "pin", "touch", "ulp", "radio")
BYE_REASONS = ("stop", "light_sleep", "deep_sleep", "reset", "update")
ANCHOR_SOURCES = ("unknown", "rtc", "ntp", "bridge", "gnss", "os")
SPAN_STATUSES = ("unset", "ok", "error")
INFO_NAMES = {1: "firmware_version", 2: "runtime", 3: "board", 4: "mcu", 5: "application", 6: "application_version"}

LINK_LOST = 0
LINK_CONNECTED = 1
LINK_CLOSED = 2

MAX_DEPTH = 8
MAX_FRAME_BYTES = 8192
MAX_GROUPS = 32
MAX_SERIES_PER_GROUP = 256
MAX_COLUMNS = 1024
MAX_SAMPLES = 1024
MAX_FRAME_VALUES = 65536
MAX_BOUNDS = 32
MAX_LABELS = 8
MAX_LABEL_BYTES = 128
MAX_TEXT_BYTES = 4096
MAX_FIELDS = 32
MAX_TRAILING = 16  # elements of a later version behind those of an array inside a frame
MAX_INTERVAL_MS = 86400000
MAX_VALUE = 1 << 53
MAX_UPTIME = (1 << 53) - 1
MAX_BOOT = (1 << 32) - 1
MAX_SEQ = (1 << 32) - 1
MAX_CONSOLE_LINE = 1024
SEQ_WINDOW = 4096
MAX_RUNS = 1024
MAX_HELD_FRAMES = 64
MAX_CLOCK_AHEAD_S = 2
MAX_CLOCK_BEHIND_S = 31622400  # 366 days: no outbox and no broker keeps a hello for so long
MIN_ANCHOR_UNIX_S = 1704067200  # 2024-01-01: a clock before it was never set

MAX_DEVICE_ID = 64
MAX_PLATFORM = 32
SHARDS = 64
TOPIC_ROOT = "boardpulse/v1"
_ID_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-"


def is_identifier(text: object, longest: int = MAX_DEVICE_ID) -> bool:
    """Whether `text` may be a device id (or, with its own `longest`, a platform)."""
    if not isinstance(text, str) or not 0 < len(text) <= longest:
        return False
    return all(character in _ID_CHARACTERS for character in text)


def check_device_id(text: object) -> str:
    """`text`, if it may be a device id; else IdentityError, which quotes at most its beginning."""
    if isinstance(text, str) and is_identifier(text):
        return text
    shown = repr(text)
    if len(shown) > 40:
        shown = shown[:40] + "…"
    raise IdentityError("device id %s: 1 to 64 of A-Z a-z 0-9 . _ : - are allowed" % shown)


def shard(device_id: str) -> str:
    """Two hex digits that divide a fleet among bridges."""
    return "%02x" % (binascii.crc32(device_id.encode("utf-8")) % SHARDS)


def topic(device_id: str, suffix: str) -> str:
    """A board's MQTT topic; `suffix` is up, hello, state or down."""
    return "%s/%s/%s/%s" % (TOPIC_ROOT, shard(device_id), device_id, suffix)
