"""boardpulse.json: checked whole, every mistake told with its place and with what would be right."""

import json
from pathlib import Path
from typing import Any

import pytest

from boardpulse import compose, posix
from boardpulse.config import check, load, text
from shared_schema.errors import ConfigError

SENSORS = (("heap", 0, {}), ("temperature", 0, {}), ("filesystem", 30000, {"mount": text(8)}))
UART = {"device_id": "kiln-1", "board": "unix", "link": {"type": "uart", "path": "/dev/ttyS0"}}
MQTT = {"device_id": "kiln-1", "board": "unix", "link": {"type": "mqtt", "host": "broker"}}


def problems_of(raw: object) -> list[tuple[str, object, str]]:
    """What is wrong with a configuration."""
    with pytest.raises(ConfigError) as caught:
        check(raw, SENSORS)
    return caught.value.problems


def test_little_is_needed() -> None:
    """A device id, a board and a link; the rest has defaults."""
    settings = check(UART, SENSORS)
    assert (settings.device_id, settings.interval_ms, settings.batch, settings.outbox_bytes) == (
        "kiln-1",
        1000,
        1,
        16384,
    )
    assert settings.link["baudrate"] == 115200
    mqtt = check(MQTT, SENSORS).link
    assert (mqtt["port"], mqtt["keepalive_s"], mqtt["tls"], mqtt["ack"]) == (1883, 30, False, "broker")


def test_the_board_may_have_an_id_of_its_own() -> None:
    """A chip's unique id serves where the file gives none."""
    raw = {key: value for key, value in UART.items() if key != "device_id"}
    assert check(raw, SENSORS, "esp32-a1b2").device_id == "esp32-a1b2"
    assert check(UART, SENSORS, "esp32-a1b2").device_id == "kiln-1"


def test_everything_that_is_wrong_is_told_at_once() -> None:
    """Each problem with the key's path, its value, and what would be right."""
    raw = {
        "device_id": 'oven "1"',
        "link": {"type": "mqtt", "port": 70000, "hots": "x"},
        "interval_ms": 5,
        "batch": True,
        "log_level": "loud",
        "sensors": {"temprature": True, "heap": {"interval_ms": "1s"}, "filesystem": {"mount": 7}},
        "wifi": {"password": 12345},
        "interval": 1,
    }
    found = {path: (value, right) for path, value, right in problems_of(raw)}
    assert found["device_id"] == ('oven "1"', "1 to 64 of A-Z a-z 0-9 . _ : -")
    assert found["board"] == (None, "given; it is required")
    assert found["link.host"] == (None, "given; it is required")
    assert found["link.port"] == (70000, "an integer from 1 to 65535")
    assert found["link.hots"][1] == "left out: there is no such key. Did you mean host?"
    assert found["interval_ms"] == (5, "an integer from 10 to 86400000")
    assert found["batch"] == (True, "an integer from 1 to 1024")
    assert found["log_level"] == ("loud", "one of debug, info, warning, error, critical")
    assert found["sensors.temprature"][1] == "left out: this board has no such sensor. Did you mean temperature?"
    assert found["sensors.heap.interval_ms"] == ("1s", "an integer from 10 to 86400000")
    assert found["sensors.filesystem.mount"] == (7, "a text of 1 to 8 bytes")
    assert found["wifi.ssid"] == (None, "given; it is required")
    assert "wifi.password" in found
    assert "interval" in found
    assert len(found) == 14


def test_secrets_are_not_repeated() -> None:
    """Neither a wrong password nor the value of an unknown key, which may be a misspelt one, stands in a message."""
    raw = {**MQTT, "link": {**MQTT["link"], "password": ["hunter2"], "pasword": "hunter2"}}  # type: ignore[dict-item]
    with pytest.raises(ConfigError) as caught:
        check(raw, SENSORS)
    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in repr(caught.value.problems)
    assert "Did you mean password?" in str(caught.value)


@pytest.mark.parametrize(
    "wrong",
    [
        {"link": "mqtt://u:hunter2@host"},
        {"link": ["hunter2"]},
        {"link": {"type": ["hunter2"]}},
        {"wifi": "hunter2"},
        {"wifi": {"ssid": {"password": "hunter2"}}},
        {"sensors": {"wifi": {"password": "hunter2"}}},
        {"sensors": ["hunter2"]},
        {"application": {"password": "hunter2"}},
    ],
)
def test_a_secret_in_the_wrong_place_is_not_repeated(wrong: dict[str, Any]) -> None:
    """Where an object was expected, or of which none is known, the value is not shown."""
    assert "hunter2" not in repr(problems_of({**UART, **wrong}))


def test_texts_are_measured_in_bytes() -> None:
    """The wire's limits are: 64 characters of three bytes are too long for a field of 64."""
    assert problems_of({**UART, "application": "€" * 22})[0][0] == "application"
    assert problems_of({**UART, "application": "\ud800"})[0][0] == "application"
    assert check({**UART, "application": "€" * 21}, SENSORS).application == "€" * 21


@pytest.mark.parametrize("more", [{"tls": ""}, {"password": "x"}])
def test_what_would_be_ignored_silently_is_a_mistake(more: dict[str, Any]) -> None:
    """An empty tls would mean none; a password without a user is never sent."""
    assert problems_of({**MQTT, "link": {**MQTT["link"], **more}})  # type: ignore[dict-item]


def test_an_unknown_board_does_not_hide_the_other_mistakes() -> None:
    """All at once, also without a board's table of sensors."""
    with pytest.raises(ConfigError) as caught:
        compose.load({**UART, "board": "unxi", "interval_ms": 1, "nonsense": 2})
    assert sorted(path for path, _, _ in caught.value.problems) == ["board", "interval_ms", "nonsense"]


@pytest.mark.parametrize(
    ("link", "key"),
    [({"type": "uart"}, "link.path"), ({"type": "uart", "path": "/dev/ttyS0", "baudrate": 12345}, "link.baudrate")],
)
def test_a_board_checks_what_only_it_knows(link: dict[str, Any], key: str) -> None:
    """A port without a path, or a rate that no termios has."""
    with pytest.raises(ConfigError) as caught:
        compose.load({**UART, "link": link})
    assert [path for path, _, _ in caught.value.problems] == [key]


def test_a_sensor_that_cannot_be_made_costs_itself_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """An event names it; the others are sampled."""
    board: Any = compose.find_board("unix")

    def make(name: str, *rest: Any) -> Any:
        if name == "uptime":
            raise OSError("no such bus")
        return posix.make_sensor(name, *rest[:2])

    monkeypatch.setattr(board, "make_sensor", make)
    node = compose.load(UART, board)
    assert node.outbox.count == 1
    names = {slot.sensor.name for group in node.sampler.groups for slot in group.slots}
    assert "uptime" not in names
    assert {"loop_lag", "filesystem", "health"} <= names


def test_another_machines_board_is_a_mistake() -> None:
    """A board whose chip this is not says so, without a traceback."""
    with pytest.raises(ConfigError, match="board"):
        compose.load({**UART, "board": "_template"})


def test_labels_that_the_wire_does_not_carry_are_a_mistake() -> None:
    """A path is a label, of at most 128 bytes."""
    with pytest.raises(ConfigError):
        compose.load({**UART, "sensors": {"filesystem": {"paths": ["/" + "x" * 128]}}})


@pytest.mark.parametrize("link", [None, "uart", {}, {"type": "usb"}, {"type": []}])
def test_a_link_is_one_of_those_that_there_are(link: Any) -> None:
    """Anything else names them."""
    assert any(path.startswith("link") for path, _, _ in problems_of({**UART, "link": link}))


@pytest.mark.parametrize("raw", [None, [], "x", 1])
def test_a_configuration_is_an_object(raw: Any) -> None:
    """One problem, at the top."""
    assert problems_of(raw) == [("", raw, "one JSON object")]


def test_a_flush_interval_makes_batches() -> None:
    """0 sends each sample at once; otherwise as many are collected as fall into it. Both together contradict each
    other."""
    assert check({**UART, "flush_interval_ms": 0}, SENSORS).batch_of(1000) == 1
    assert check({**UART, "flush_interval_ms": 10000}, SENSORS).batch_of(1000) == 10
    assert check({**UART, "flush_interval_ms": 10000}, SENSORS).batch_of(30000) == 1
    assert check({**UART, "batch": 7}, SENSORS).batch_of(1000) == 7
    assert problems_of({**UART, "batch": 7, "flush_interval_ms": 10})[0][0] == "flush_interval_ms"


def test_a_sensor_is_on_off_or_adjusted() -> None:
    """true and an object are on; false is off."""
    sensors = {"heap": False, "temperature": True, "filesystem": {"mount": "/sd"}}
    settings = check({**UART, "sensors": sensors}, SENSORS)
    assert settings.sensors["heap"] is False
    assert settings.sensors["temperature"] == {}
    assert settings.sensors["filesystem"] == {"interval_ms": None, "batch": None, "mount": "/sd"}


@pytest.mark.parametrize("content", ["", "{", '{"device_id": "x"', "[" * 100000])
def test_a_file_that_is_cut_short_is_told(tmp_path: Path, content: str) -> None:
    """The message names the file."""
    path = tmp_path / "boardpulse.json"
    path.write_text(content)
    with pytest.raises(ConfigError, match=r"boardpulse\.json"):
        load(str(path))


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    """The message names the file."""
    with pytest.raises(ConfigError, match=r"none\.json"):
        load(str(tmp_path / "none.json"))


def test_a_file_is_what_it_holds(tmp_path: Path) -> None:
    """load() returns the JSON value."""
    path = tmp_path / "boardpulse.json"
    path.write_text(json.dumps(UART))
    assert load(str(path)) == UART
