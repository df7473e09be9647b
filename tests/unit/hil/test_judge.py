"""What makes a check of `make hil` fail."""

from typing import Any

import pytest

from shared_schema.framing import encode_frame
from tests.hil import judge
from tests.hil.board_app import LINES
from tests.hil.report import FAIL, PASS, SKIP, Report, Row
from tests.hil.witness import Boot, Witness
from tests.support.boards import Board

LEDGER = {"expected": 40, "received": 40, "recovered": 0, "lost": 0, "dropped_on_device": 0, "repeated": 0}
LINES_SAID = [f"hil: line {number}, and 100 °C" for number in range(1, LINES + 1)]
TRACEBACK = ["Traceback (most recent call last):", '  File "x"', "ValueError: hil: raised on purpose"]


def boot(number: int = 7, came: int = 40, **fields: Any) -> Boot:
    """A boot of which so many frames came."""
    return Boot(number, seqs=set(range(came)), **{"made": 40, "acknowledged": 39, "took_ms": 4000, **fields})


def test_a_ledger_that_adds_up_passes() -> None:
    """Frames that were never acknowledged may be missing when the plug is pulled."""
    assert judge.plugged(boot(), LEDGER).result == PASS
    fewer = {**LEDGER, "expected": 39, "received": 39}
    assert judge.plugged(boot(came=39), fewer).result == PASS


@pytest.mark.parametrize(
    ("ledger", "fields"),
    [
        ({"received": 38, "expected": 38}, {"came": 38}),  # one that was acknowledged is missing
        ({"received": 41, "expected": 41}, {"came": 41}),  # more than were made
        ({"received": 39, "lost": 1}, {"came": 39}),
        ({"expected": 41}, {}),  # one is neither received nor lost
        ({}, {"came": 39}),  # the bridge counts one that was not on the line
        ({}, {"acknowledged": 0}),
    ],
)
def test_a_ledger_that_does_not_add_up_fails(ledger: dict[str, int], fields: dict[str, Any]) -> None:
    """Each of these is a fault."""
    assert judge.plugged(boot(**fields), {**LEDGER, **ledger}).result == FAIL


@pytest.mark.parametrize(
    ("made", "changed", "result"),
    [
        (10, {}, PASS),
        (11, {}, FAIL),  # one of the second boot is missing
        (9, {}, FAIL),  # one came twice
        (10, {"lost": 1, "expected": 51}, FAIL),
        (10, {"expected": 51}, FAIL),
    ],
)
def test_after_the_reset_received_is_made(made: int, changed: dict[str, int], result: str) -> None:
    """Exactly: no frame less, none more, none lost."""
    ledger = {**LEDGER, "expected": 50, "received": 50, **changed}
    assert judge.after_reset(boot(), boot(8, made=made), LEDGER, ledger).result == result


def test_memory_that_grows_fails() -> None:
    """By one block of 16 bytes every ten frames; garbage that comes and goes does not count, nor what loads first."""
    stays = [9000] * 5 + [8000 + (i % 4) * 160 for i in range(40)]
    assert judge.memory(stays).result == PASS
    grows = [8000 + i // 10 * 16 for i in range(60)]
    assert judge.memory(grows).result == FAIL
    assert judge.memory([8000] * 5).result == FAIL


@pytest.mark.parametrize(
    ("lines", "results"),
    [
        (LINES_SAID + TRACEBACK, [PASS, PASS]),
        (LINES_SAID[:-1] + TRACEBACK, [FAIL, PASS]),
        (LINES_SAID + LINES_SAID[:1] + TRACEBACK, [FAIL, PASS]),
        (LINES_SAID + TRACEBACK[:2], [PASS, FAIL]),
        ([], [FAIL, FAIL]),
    ],
)
def test_console_lines_come_whole_and_once(lines: list[str], results: list[str]) -> None:
    """A line that is missing or comes twice, and a traceback without its end, fail."""
    assert [row.result for row in judge.console(lines)] == results


def test_a_reset_needs_another_boot() -> None:
    """The same boot id again is no reset, nor is one that the bridge did not see."""
    first, second = boot(7, hello=object()), boot(8, hello=object())
    assert judge.reset(first, second, 2).result == PASS
    assert judge.reset(first, boot(7, hello=object()), 2).result == FAIL
    assert judge.reset(first, second, 1).result == FAIL
    assert judge.reset(first, None, 1).result == FAIL


def test_what_a_board_lacks_is_skipped_with_the_reason() -> None:
    """And what it has passes."""
    rows = {row.check: row for row in judge.peripherals({"ADC": "ImportError: no ADC"})}
    assert (rows["has ADC"].result, rows["has Pin"].result) == (SKIP, PASS)
    assert "no ADC" in rows["has ADC"].why
    row = judge.prompt_line({"poll": "OSError: 22"})
    assert row.result == SKIP
    assert "select.poll of sys.stdin" in row.why
    assert judge.prompt_line({}).result == PASS


def test_the_flash_is_as_it_was() -> None:
    """A file more, or one of another size, is told."""
    before = [("/main.py", 10)]
    assert judge.left(before, [("/main.py", 10)], wrote=True).result == PASS
    assert judge.left(before, [("/main.py", 11)], wrote=True).result == FAIL


def test_a_witness_counts_each_frame_once_and_reads_the_heap() -> None:
    """From the bytes of the line: frames, frames again, a column of the hello, and the board's own account."""
    one = Board(series=[[2, "gc"], [1, "gc"]])
    frames = [one.hello(), one.samples(500, 900), one.samples(500, 901), one.bye()]
    witness = Witness()
    for frame in (*frames, frames[1]):
        witness.feed(encode_frame(frame))
    witness.feed(f"hil: boot {one.boot} made 3 acknowledged 2 in 100 ms\r\n".encode())
    seen = witness.last
    assert seen is not None
    assert (seen.seqs, seen.again, seen.bye) == ({0, 1, 2}, 1, True)
    assert seen.used_bytes == [500, 500]
    assert seen.declared == seen.delivered == {"device_memory_used_bytes{gc}", "device_memory_free_bytes{gc}"}
    assert (seen.made, seen.acknowledged, seen.took_ms) == (3, 2, 100)


@pytest.mark.parametrize(
    ("results", "passes"),
    [
        ({"ledger": SKIP, "answers": PASS}, False),
        ({"ledger": PASS, "answers": SKIP}, True),
        ({"ledger": SKIP, "frames on SECOND_PORT": PASS}, True),
        ({"ledger": PASS, "memory": FAIL}, False),
        ({}, False),
    ],
)
def test_a_report_passes_only_when_frames_were_checked(results: dict[str, str], passes: bool) -> None:
    """Rows that are skipped show nothing, and one that failed is enough."""
    assert Report("/dev/x", [Row(*row) for row in results.items()]).passed is passes


def test_a_table_keeps_to_the_terminal() -> None:
    """What is long goes on in the next line."""
    report = Report("/dev/x", [Row("ledger", PASS, "1" * 90, "a limit"), Row("memory", SKIP, "", "why " * 30)])
    table = report.as_table(width=90).splitlines()
    assert table[-1].startswith("1 passed, 0 failed, 1 skipped")
    assert max(map(len, table)) <= 90
    assert "".join(table).count("1" * 20) >= 3
