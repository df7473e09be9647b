"""What `spill_kill` takes for lost: pure counting over what a board wrote down and what lies in its files."""

import pytest

from boardpulse_tools.bench.spill_files import Left
from boardpulse_tools.bench.spill_kill import Boot, Story, is_cut, wrong

WRITTEN = Boot({seq: 100 + seq for seq in range(5)}, made=8)


def left(*seqs: int, dropped: int = 0) -> Left:
    return Left({seq: 100 + seq for seq in seqs}, 1, (dropped, 0, 0))


def test_a_story_has_the_records_of_each_boot_and_what_was_found_to_be_cut() -> None:
    """Half a line at the end, of a board that was killed, was not written down."""
    story = Story("boot 7 \nr 7 0 100 1\nr 7 1 101 4\nboot 8 7:1\ncut 7 1\nr 8 0 55 1\nr 8 1 5")
    assert story.boots == {7: Boot({0: 100, 1: 101}, 4, {1}), 8: Boot({0: 55}, 1)}
    assert story.last == (8, 0)
    assert story.found == {7: 1}


@pytest.mark.parametrize(
    ("there", "cut", "off"),
    [
        (left(0, 1, 2, 3, 4), False, 0),
        (left(0, 1, 2, 3), True, 1),  # the kill came while it was written
        (left(0, 1, 2, 3, dropped=1), False, 0),  # it was given up itself, and counted
        (left(2, 3, 4, dropped=2), False, 0),
        (left(2, 3, 4, dropped=1), False, 1),
        (left(2, 3, dropped=2), True, 1),
        (left(2, 3, 4, dropped=5), False, 0),  # three more in RAM were given up
        (left(2, 3, 4, dropped=6), False, 1),
    ],
)
def test_a_record_that_is_gone_was_counted_or_cut(there: Left, cut: bool, off: int) -> None:
    assert is_cut(WRITTEN, 4, there) is cut
    assert wrong(WRITTEN, there) == off


def test_a_number_that_never_reached_the_flash_was_given_up_in_ram() -> None:
    """A full spill has the outbox itself give up samples: those are counted, and were never written."""
    boot = Boot({0: 100, 3: 103, 4: 104}, made=5)
    assert wrong(boot, left(0, 3, 4, dropped=2)) == 0
    assert wrong(boot, left(0, 3, 4)) == 2


def test_a_record_that_was_found_to_be_cut_is_not_missed_again() -> None:
    assert wrong(Boot({0: 100, 1: 101}, 2, {1}), left(0)) == 0


def test_a_record_that_reads_otherwise_than_it_was_written_is_wrong() -> None:
    there = left(0, 1, 2, 3, 4)
    there.frames[2] = 0
    assert wrong(WRITTEN, there) == 1
