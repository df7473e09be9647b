"""A board's configuration: what is on it, what is wanted over it, and the firmware's own verdict."""

from dataclasses import replace
from pathlib import Path

import pytest

from boardpulse_tools.boards import board_file
from boardpulse_tools.boards_schema import BoardFile, read_boards
from boardpulse_tools.flash import settings
from boardpulse_tools.flash.errors import SettingsError
from boardpulse_tools.flash.settings import Wanted, check, encoded, key_of, merged, read_whole, speaks_here

BOARDS = {board.name: board for board in read_boards(board_file("boards"))}
UNIX, PICO_W = BOARDS["unix"], BOARDS["rpi_pico_w"]
PRESENT = {
    "device_id": "kiln", "board": "rpi_pico_w", "interval_ms": 500, "wifi": {"ssid": "net", "password": "old"},
    "link": {"type": "mqtt", "host": "broker", "port": 1884, "user": "u", "password": "p"},
}  # fmt: skip


def test_what_is_on_the_board_stays_but_for_what_is_given() -> None:
    """A new id changes the id."""
    assert merged(PRESENT, Wanted(), PICO_W) == PRESENT
    assert merged(PRESENT, Wanted(device_id="tub"), PICO_W) == PRESENT | {"device_id": "tub"}


def test_a_new_broker_keeps_the_user() -> None:
    """The ordinary port is not written."""
    link = merged(PRESENT, Wanted(broker="other:1883"), PICO_W)["link"]
    assert link == {"type": "mqtt", "host": "other", "user": "u", "password": "p"}


def test_another_link_starts_afresh() -> None:
    """Options of one are wrong for the other."""
    assert merged(PRESENT, Wanted(link="uart"), PICO_W)["link"] == {"type": "uart"}


def test_a_board_that_was_told_nothing_gets_its_own_link() -> None:
    """As its board.toml says; on the unix port the line of the prompt."""
    assert merged(None, Wanted(), PICO_W)["link"] == {"type": "uart"}
    assert merged(None, Wanted(), UNIX)["link"] == {"type": "uart", "path": "repl"}


def test_secrets_go_where_they_belong_and_nowhere_without_need() -> None:
    """A Wi-Fi password in the environment makes no Wi-Fi."""
    wanted = Wanted(wifi_password="w", mqtt_password="m")
    config = merged(PRESENT, wanted, PICO_W)
    assert (config["wifi"]["password"], config["link"]["password"]) == ("w", "m")
    assert "wifi" not in merged(None, wanted, PICO_W)
    assert "'w'" not in repr(wanted)
    assert "'m'" not in repr(wanted)


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        (Wanted(link="mqtt"), "Which broker"),
        (Wanted(link="uart", broker="b"), "leave one"),
        (Wanted(broker="b:x"), "expected HOST:PORT"),
    ],
)
def test_contradictions_are_told(wanted: Wanted, says: str) -> None:
    """Before a board is asked."""
    with pytest.raises(SettingsError, match=says):
        merged(None, wanted, PICO_W)


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_every_boards_own_link_passes_its_check(board: BoardFile) -> None:
    """The firmware's checks run here for chips that this machine is not."""
    wanted = Wanted(broker="localhost") if board.default_link == "mqtt" else Wanted()
    config = merged(None, replace(wanted, device_id="kiln"), board)
    if board.name == "linux" and config["link"]["type"] == "uart":
        config["link"]["path"] = "/dev/ttyS0"
    check(config, None)


def test_the_firmware_says_what_it_would_refuse() -> None:
    """All of it at once; no secret is repeated."""
    config = PRESENT | {"interval_ms": 1, "sensors": {"nothing": True}, "wifi": {"ssid": "", "password": "hidden"}}
    with pytest.raises(SettingsError) as caught:
        check(config, None)
    text = str(caught.value)
    assert "interval_ms is 1; it should be an integer from 10" in text
    assert "sensors.nothing" in text
    assert "wifi.ssid" in text
    assert "hidden" not in text


def test_a_board_with_an_id_of_its_own_needs_none() -> None:
    """One without does."""
    config = {key: value for key, value in PRESENT.items() if key != "device_id"}
    check(config, "rp2-0")
    with pytest.raises(SettingsError, match="device_id is missing"):
        check(config, None)


def test_where_frames_come_over_the_prompts_line() -> None:
    """Not those of an MQTT link, nor of a UART that is named."""
    assert speaks_here({"link": {"type": "uart"}}, PICO_W)
    assert not speaks_here({"link": {"type": "uart", "id": 1}}, PICO_W)
    assert not speaks_here({"link": {"type": "mqtt", "host": "b"}}, PICO_W)
    assert speaks_here({"link": {"type": "uart", "path": "repl"}}, UNIX)
    assert not speaks_here({"link": {"type": "uart", "path": "/dev/ttyS0"}}, UNIX)


def test_a_file_that_is_no_configuration(tmp_path: Path) -> None:
    """Each way says what is wrong."""
    path = tmp_path / "c.json"
    for text, says in ((None, "cannot be read"), ("{", "is not JSON"), ("[]", "holds no JSON object")):
        if text is not None:
            path.write_text(text)
        with pytest.raises(SettingsError, match=says):
            read_whole(path)


def test_a_key_is_read_where_it_stands() -> None:
    """Not where it is in a file of the board's."""
    assert key_of({"key": "00" * 32}) == bytes(32)
    assert key_of({"key": {"file": "key"}}) is None
    assert key_of({}) is None


def test_what_is_written_is_small() -> None:
    """A flash of 64 KB has no room for spaces."""
    assert encoded({"a": [1, 2]}) == b'{"a":[1,2]}'
    assert settings.DEFAULT_BROKER_PORT == 1883
