"""What a server's answer means for the samples of the request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

# Why a sample was dropped, as it is counted.
TOO_OLD = "too_old"
OUT_OF_ORDER = "out_of_order"
OUT_OF_BOUNDS = "out_of_bounds"
DUPLICATE = "duplicate"
FUTURE = "future"
TOO_LARGE = "too_large"
REFUSED = "refused"
SPOOL_FULL = "spool_full"  # more waited than max_spool_rows or max_spool_bytes
UNREADABLE = "unreadable"  # a row that is not what the store wrote
REASONS = (TOO_OLD, OUT_OF_ORDER, OUT_OF_BOUNDS, DUPLICATE, FUTURE, TOO_LARGE, REFUSED, SPOOL_FULL, UNREADABLE)

# What servers write, in the order in which it is looked for. Prometheus: storage/interface.go, where "too old sample"
# and, in 2.42, "out of bounds" also come with status 500. Mimir: "About Grafana Mimir runtime errors", err-mimir-….
_TEXTS = (
    ("too old sample", TOO_OLD),
    ("err-mimir-sample-too-old", TOO_OLD),
    ("out of bounds", OUT_OF_BOUNDS),
    ("err-mimir-sample-timestamp-too-old", OUT_OF_BOUNDS),
    ("out of order sample", OUT_OF_ORDER),
    ("err-mimir-sample-out-of-order", OUT_OF_ORDER),
    ("duplicate sample for timestamp", DUPLICATE),
    ("err-mimir-sample-duplicate-timestamp", DUPLICATE),
    ("err-mimir-too-far-in-future", FUTURE),
    ("err-mimir-", REFUSED),
)
# With 400 too: VictoriaMetrics 1.79, about a path that it does not know.
_ABOUT_PATH = "unsupported path requested"
# 4xx that may be about what is in the request. Others (401, 403, 404, …) are about the configuration here or there, and
# nothing that waits is thrown away because of a password that expired.
_ABOUT_SAMPLES = {400: REFUSED, 409: REFUSED, 413: TOO_LARGE, 422: REFUSED}
MAX_RETRY_AFTER_S = 3600.0


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers with their names in small letters, and the beginning of the body."""

    status: int
    headers: Mapping[str, str]
    text: str


@dataclass(frozen=True, slots=True)
class Taken:
    """All samples of the request are with the server."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The request will never be taken as it is: at least one of its samples is bad."""

    reason: str  # of REASONS
    why: str = ""
    sure: bool = True  # False: by its status alone, which another program at a mistyped url might give as well


@dataclass(frozen=True, slots=True)
class Later:
    """Try the same again, not before so many seconds."""

    why: str
    after_s: float = 0.0
    advice: str = ""  # what whoever configured it can do


CHECK_URL = "check [remote_write] url, and that the server takes remote write there: docs/remote-write.md"
CHECK_WHO = "check username and password, or bearer_token, of [remote_write]"
_ADVICE = {401: CHECK_WHO, 403: CHECK_WHO, **dict.fromkeys((301, 302, 307, 308, 400, 404, 405, 415), CHECK_URL)}

Verdict = Taken | Refused | Later


def judge(answer: Answer, now: float) -> Verdict:
    """The meaning of an answer. `now`: Unix seconds, for a Retry-After that is a date."""
    if 200 <= answer.status < 300:
        return Taken()
    why = f"HTTP {answer.status} {answer.text.strip()[:200]}".rstrip()
    text = answer.text.lower()
    if (answer.status in _ABOUT_SAMPLES or answer.status == 500) and _ABOUT_PATH not in text:
        said = next((reason for part, reason in _TEXTS if part in text), "")
        reason = said or _ABOUT_SAMPLES.get(answer.status, "")
        if reason:
            return Refused(reason, why, sure=bool(said))
    after_s = retry_after_s(answer.headers.get("retry-after", ""), now)
    return Later(why, after_s, _ADVICE.get(answer.status, ""))


def retry_after_s(text: str, now: float) -> float:
    """Seconds of a Retry-After (RFC 9110 section 10.2.3), at most an hour; 0 for what is none."""
    text = text.strip()
    if text.isascii() and text.isdecimal():
        return min(float(text), MAX_RETRY_AFTER_S)
    try:
        until = parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return 0.0
    return min(max(until - now, 0.0), MAX_RETRY_AFTER_S)
