"""What an answer means."""

import pytest

from host_bridge.sinks.remote_write.answer import Answer, Later, Refused, Taken, judge, retry_after_s
from tests.support.remote_write import NOW_S


@pytest.mark.parametrize("status", [200, 202, 204])
def test_2xx_is_yes(status: int) -> None:
    """Prometheus says 204, others 200."""
    assert judge(Answer(status, {}, ""), NOW_S) == Taken()


@pytest.mark.parametrize(
    ("status", "text", "reason"),
    [
        (500, "too old sample\n", "too_old"),
        (500, "out of bounds\n", "out_of_bounds"),
        (400, "out of bounds\n", "out_of_bounds"),
        (400, "out of order sample\n", "out_of_order"),
        (400, "duplicate sample for timestamp\n", "duplicate"),
        (400, "the sample has been rejected because its timestamp is too old (err-mimir-sample-timestamp-too-old)",
         "out_of_bounds"),
        (400, "… beyond the out-of-order time window (err-mimir-sample-too-old)", "too_old"),
        (400, "… out-of-order samples are not allowed (err-mimir-sample-out-of-order)", "out_of_order"),
        (400, "(err-mimir-sample-duplicate-timestamp)", "duplicate"),
        (400, "received a sample whose timestamp is too far in the future (err-mimir-too-far-in-future)", "future"),
        (400, "label name too long", "refused"),
        (409, "conflict", "refused"),
        (422, "", "refused"),
        (413, "request entity too large", "too_large"),
    ],
)  # fmt: skip
def test_what_will_never_be_taken_is_told_apart(status: int, text: str, reason: str) -> None:
    """By status and by what Prometheus 2.42 and Mimir write."""
    verdict = judge(Answer(status, {}, text), NOW_S)
    assert isinstance(verdict, Refused)
    assert verdict.reason == reason
    assert str(status) in verdict.why
    assert verdict.sure == (reason not in ("refused", "too_large"))


def test_words_of_mimir_that_are_not_known_are_about_samples_all_the_same() -> None:
    """Nobody else says err-mimir-."""
    verdict = judge(Answer(400, {}, "received a series with too many labels (err-mimir-max-label-names-per-series)"), 0)
    assert verdict == Refused("refused", verdict.why, sure=True)  # type: ignore[union-attr]


@pytest.mark.parametrize(("status", "says"), [(400, "url"), (404, "url"), (405, "url"), (401, "password")])
def test_what_is_about_the_configuration_says_what_to_do(status: int, says: str) -> None:
    """400: VictoriaMetrics says so of a path that it does not know."""
    verdict = judge(Answer(status, {}, 'unsupported path requested: "/api/v1/writ"'), NOW_S)
    assert isinstance(verdict, Later)
    assert says in verdict.advice


@pytest.mark.parametrize("status", [302, 401, 403, 404, 405, 408, 415, 429, 500, 502, 503, 504])
def test_what_may_be_taken_later_is_kept(status: int) -> None:
    """Errors of the server, and those of a configuration: no password that expires throws samples away."""
    verdict = judge(Answer(status, {"retry-after": "7"}, "remote write receiver needs to be enabled"), NOW_S)
    assert isinstance(verdict, Later)
    assert verdict.after_s == 7


def test_the_words_of_one_status_mean_nothing_with_another() -> None:
    """A gateway's page that happens to say so is no verdict on a sample."""
    assert isinstance(judge(Answer(503, {}, "too old sample"), NOW_S), Later)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("", 0), ("120", 120), (" 5 ", 5), ("-5", 0), ("soon", 0), ("1e3", 0), ("٣", 0), ("999999999", 3600),
        ("Fri, 15 Jan 2027 08:01:00 GMT", 60), ("Fri, 15 Jan 2027 07:59:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 3600), ("Fri, 99 Jan 2027 08:01:00 GMT", 0),
    ],
)  # fmt: skip
def test_retry_after(text: str, seconds: float) -> None:
    """Seconds or a date, at most an hour; what is neither is no wish."""
    assert retry_after_s(text, NOW_S) == seconds
