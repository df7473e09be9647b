"""[history] of bridge.toml."""

import tomllib
from pathlib import Path

import pytest

from host_bridge.config import Config, parse
from host_bridge.config_history import default_path
from host_bridge.options import HistoryOptions
from shared_schema.errors import ConfigError

HOME = {"HOME": "/home/u"}


def history(text: str, variables: dict[str, str] | None = None) -> HistoryOptions | None:
    """What the file says of the store."""
    return parse(tomllib.loads(text), Path("/etc/boardpulse"), variables or HOME).history


def test_history_is_kept_unless_it_is_turned_off() -> None:
    """A bridge that acknowledges without having stored is an explicit choice."""
    assert history("") == HistoryOptions(Path("/home/u/.local/state/boardpulse/history.db"), "full", 30.0, 1 << 30)
    assert history("[history]\nenabled = false\nmax_age_days = 1") is None


def test_a_bare_config_keeps_none() -> None:
    """What tests build writes nothing on the machine."""
    assert Config().history is None


def test_every_key_is_taken() -> None:
    """Relative paths start from the folder of the file, and variables are put in."""
    text = '[history]\npath = "${DATA}/h.db"\nsync = "normal"\nmax_age_days = 0.5\nmax_bytes = 2000000'
    assert history(text, {"DATA": "data"}) == HistoryOptions(
        Path("/etc/boardpulse/data/h.db"), "normal", 0.5, 2_000_000
    )
    assert history(text, {"DATA": "/data"}) == HistoryOptions(Path("/data/h.db"), "normal", 0.5, 2_000_000)


@pytest.mark.parametrize(
    ("environment", "path"),
    [
        ({**HOME, "STATE_DIRECTORY": "/var/lib/boardpulse"}, "/var/lib/boardpulse/history.db"),
        ({**HOME, "STATE_DIRECTORY": "/var/lib/a:/var/lib/b", "XDG_STATE_HOME": "/x"}, "/var/lib/a/history.db"),
        ({**HOME, "XDG_STATE_HOME": "/x"}, "/x/boardpulse/history.db"),
        ({**HOME, "XDG_STATE_HOME": "relative"}, "/home/u/.local/state/boardpulse/history.db"),
        (HOME, "/home/u/.local/state/boardpulse/history.db"),
    ],
)
def test_the_default_place_is_that_of_systemd_else_that_of_the_user_s_state(
    environment: dict[str, str], path: str
) -> None:
    """As systemd.exec(5) and the XDG Base Directory Specification have it."""
    assert default_path(environment) == Path(path)


def test_mistakes_are_told_also_where_history_is_off() -> None:
    """All at once, with what would be right."""
    with pytest.raises(ConfigError) as caught:
        history(
            '[history]\nenabled = false\npath = 7\nsync = "fulll"\nmax_age_days = 0\nmax_bytes = "2 GB"\nmax_size = 1'
        )
    problems = {path: right for path, _, right in caught.value.problems}
    assert set(problems) == {f"history.{key}" for key in ("path", "sync", "max_age_days", "max_bytes", "max_size")}
    assert problems["history.sync"] == "one of full, normal; did you mean full?"
    assert problems["history.max_bytes"] == "a whole number from 1048576 to 1125899906842624"
