"""What boardpulse decode says of a boot that is over, and of frames that were given up."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from host_bridge.cli import boardpulse

VECTORS = json.loads((Path(__file__).parents[3] / "shared_schema/vectors/up.json").read_text())
HEX = {vector["name"]: vector["hex"] for vector in VECTORS["vectors"]}


def decoded(name: str, *options: str) -> str:
    """What is printed of a frame of the vectors."""
    shown = CliRunner().invoke(boardpulse, ["decode", *options, HEX[name]])
    assert shown.exit_code == 0
    return shown.stdout


def test_a_boot_that_is_over_is_said_to_be() -> None:
    """Its hello comes from a later boot; one of the present boot says nothing of it."""
    assert json.loads(decoded("hello_ended", "--json"))["ended"] is True
    assert " ended=true" in decoded("hello_ended")
    assert "ended" not in decoded("hello_given_up")
    assert "ended" not in json.loads(decoded("hello_given_up", "--json"))


def test_numbers_that_were_given_up_are_named() -> None:
    """First and last of each run, counted from the first number that waits."""
    runs = [[101, 101], [103, 104], [108, 108]]
    assert json.loads(decoded("hello_given_up", "--json"))["given_up"] == runs
    assert " given_up=101,103-104,108" in decoded("hello_given_up")
    assert "given_up" not in decoded("hello_ended")


@pytest.mark.parametrize(
    ("given_up", "shown"),
    [((0, 2), [[7, 8]]), ((1, 0, 2, 3), [[10, 12]]), ((0, 0), []), ((3, 1, 0, 2), [[10, 10], [11, 12]])],
)
def test_empty_runs_are_none(given_up: tuple[int, ...], shown: list[list[int]]) -> None:
    """A board may begin with numbers that were given up, or repeat a turn."""
    from host_bridge.cli.describe import runs_given_up

    assert runs_given_up(7, given_up) == shown
