"""bridge.toml: what it means, and that every mistake in it is told at once."""

import re
import tomllib
from pathlib import Path

import pytest

from host_bridge.config import Config, explain, load, parse, parse_listen, parse_mqtt_url
from host_bridge.options import HistoryOptions, HttpOptions, LogOptions, MqttOptions, RemoteWriteOptions, SerialOptions
from host_bridge.settings import Limits, Settings, Threshold
from shared_schema.errors import ConfigError

EXAMPLE = Path(__file__).parents[3] / "bridge.example.toml"


def config(text: str, variables: dict[str, str] | None = None, folder: Path = Path()) -> Config:
    """The configuration in `text`."""
    return parse(tomllib.loads(text), folder, variables or {})


def problems(
    text: str, variables: dict[str, str] | None = None, folder: Path = Path()
) -> dict[str, tuple[object, str]]:
    """What is wrong with `text`, by path."""
    with pytest.raises(ConfigError) as caught:
        config(text, variables, folder)
    return {path: (value, right) for path, value, right in caught.value.problems}


def test_an_empty_file_means_the_defaults() -> None:
    """Nothing has to be configured."""
    history = HistoryOptions(Path("/home/u/.local/state/boardpulse/history.db"))
    expected = Config(Settings(), SerialOptions(), None, HttpOptions("127.0.0.1", 9782), LogOptions(), history)
    assert config("", {"HOME": "/home/u"}) == expected


def test_the_example_is_valid() -> None:
    """What we hand out works."""
    example = load(EXAMPLE, {})
    assert [rule.name for rule in example.settings.thresholds] == ["overheating", "low_memory", "battery_nearly_empty"]
    assert example.mqtt == MqttOptions("127.0.0.1", 1883)


def test_the_comments_of_the_example_are_the_defaults() -> None:
    """Each `# key = value` in a table whose default is a number or a word says what the code does without it."""
    text = EXAMPLE.read_text()
    for key, default in {
        **{name: getattr(Limits(), name) for name in Limits.__dataclass_fields__},
        "baudrate": SerialOptions().baudrate,
        "poll_seconds": SerialOptions().poll_s,
        "keepalive_seconds": MqttOptions("x").keepalive_s,
        "level": LogOptions().level,
        "format": LogOptions().format,
        "listen": "127.0.0.1:9782",
        "sync": HistoryOptions(Path()).sync,
        "max_age_days": HistoryOptions(Path()).max_age_days,
        "max_bytes": HistoryOptions(Path()).max_bytes,
        "mode": RemoteWriteOptions("").mode,
        "late_after_seconds": RemoteWriteOptions("").late_after_s,
        "max_spool_rows": RemoteWriteOptions("").max_spool_rows,
        "max_spool_bytes": RemoteWriteOptions("").max_spool_bytes,
        "timeout_seconds": RemoteWriteOptions("").timeout_s,
    }.items():
        (written,) = re.findall(rf"^# {key} = (\S+)", text, re.M)
        assert tomllib.loads(f"x = {written}")["x"] == default, key


def test_the_example_names_every_key() -> None:
    """A key that the example lacks cannot be found by a user."""
    everything = problems(
        "[mqtt]\nx=1\n[serial]\nx=1\n[http]\nx=1\n[log]\nx=1\n[limits]\nx=1\n[history]\nx=1\n[remote_write]\nx=1\n[[threshold]]\nx=1\nmetric='uptime_seconds'\nwarning_above=1"
    )
    text = EXAMPLE.read_text()
    for _, right in everything.values():
        for key in right.partition("known here: ")[2].split(", "):
            assert re.search(rf"\b{key}\b", text), key


def test_all_mistakes_are_told_at_once_with_path_value_and_what_would_be_right() -> None:
    """A user mends a file in one go."""
    found = problems("""
        [serial]
        ports = ["ttyACM0", 7]
        baudrate = "fast"
        [mqtt]
        url = "http://broker"
        keepalive_seconds = 1
        shards = ["40"]
        [http]
        listen = "9782"
        [log]
        level = "inof"
        [limits]
        max_devices = true
    """)
    assert set(found) == {
        "serial.ports[0]", "serial.ports[1]", "serial.baudrate", "mqtt.url", "mqtt.keepalive_seconds", "mqtt.shards[0]",
        "http.listen", "log.level", "limits.max_devices",
    }  # fmt: skip
    assert found["serial.baudrate"] == ("fast", "a whole number from 300 to 10000000")
    assert found["log.level"] == ("inof", "one of debug, info, warning, error, critical; did you mean info?")
    assert "mqtts://" in found["mqtt.url"][1]


@pytest.mark.parametrize(
    ("text", "path", "hint"),
    [
        ("[seriel]\nports = []", "seriel", "did you mean serial?"),
        ("[serial]\nbaud_rate = 9600", "serial.baud_rate", "did you mean baudrate?"),
        (
            "[[threshold]]\nmetric = 'uptime_seconds'\nwarning_abov = 1",
            "threshold[0].warning_abov",
            "did you mean warning_above?",
        ),
        ("[log]\ncolour = 1", "log.colour", "known here: level, format"),
    ],
)
def test_an_unknown_key_is_a_mistake_with_a_suggestion(text: str, path: str, hint: str) -> None:
    """A misspelt key that is ignored is found when it is too late."""
    assert hint in problems(text)[path][1]


def test_a_secret_comes_from_the_environment_or_a_file(tmp_path: Path) -> None:
    """Both ways end in the same password, without the file's newline."""
    (tmp_path / "password").write_text("hunter2\n")
    by_file = config('[mqtt]\nusername = "u"\npassword_file = "password"', folder=tmp_path)
    by_variable = config('[mqtt]\nusername = "u"\npassword = "${PASSWORD}"', {"PASSWORD": "hunter2"})
    assert by_file.mqtt is not None
    assert by_variable.mqtt is not None
    assert by_file.mqtt.password == by_variable.mqtt.password == "hunter2"
    assert "hunter2" not in repr(by_file)


@pytest.mark.parametrize(
    "text",
    [
        '[mqtt]\npassword = "hunter2"',
        '[mqtt]\nusername = "u"\npassword = "hunter2"\npassword_file = "password"',
        '[mqtt]\npasword = "hunter2"',
        '[mqtt]\nurl = "mqtt://u:hunter2@broker"',
        '[mqtt]\nusername = "u"\npassword = ["hunter2"]',
        '[mqtt]\nusername = "u"\npassword = "hunter2${MISSING}"',
        '[keys]\n"pico-1" = "hunter2"',
    ],
)
def test_a_secret_is_never_shown_in_a_message(text: str, tmp_path: Path) -> None:
    """Not where it is misplaced, misspelt or of a wrong type."""
    (tmp_path / "password").write_text("hunter2\n")
    with pytest.raises(ConfigError) as caught:
        config(text, folder=tmp_path)
    assert "hunter2" not in explain(caught.value)
    assert "hunter2" not in str(caught.value)


def test_variables_are_put_into_any_text() -> None:
    """A missing one is a mistake, and $${ is ${ itself."""
    text = '[mqtt]\nurl = "mqtt://${BROKER}:1884"\nclient_id = "$${x}"'
    options = config(text, {"BROKER": "10.0.0.7"}).mqtt
    assert options is not None
    assert (options.host, options.port, options.client_id) == ("10.0.0.7", 1884, "${x}")
    assert problems(text)["mqtt.url"] == (
        "mqtt://${BROKER}:1884",
        "a variable that is set in the environment of the bridge",
    )


def test_a_file_that_cannot_be_read_is_a_mistake_of_the_configuration(tmp_path: Path) -> None:
    """Not a traceback at the start."""
    found = problems('[mqtt]\nurl = "mqtts://b"\nca_file = "missing.pem"', folder=tmp_path)
    assert "No such file" in found["mqtt.ca_file"][1]


def test_tls_options_without_tls_are_a_mistake(tmp_path: Path) -> None:
    """Somebody who gives a CA believes that the line is encrypted."""
    (tmp_path / "ca.pem").write_text("x")
    assert "mqtts://" in problems('[mqtt]\nca_file = "ca.pem"', folder=tmp_path)["mqtt.ca_file"][1]


def test_a_condition_is_a_threshold() -> None:
    """Both spellings of a rule give the same."""
    rules = config("""
        [[threshold]]
        name = "hot"
        condition = "temperature_celsius > 85 for 2m"
        severity = "critical"
        [[threshold]]
        name = "warm"
        metric = "device_temperature_celsius"
        warning_above = 70
        clear_below = 65
        labels = { sensor_location = "cpu" }
        devices = "pico-*"
    """).settings.thresholds
    assert rules == (
        Threshold("hot", "device_temperature_celsius", critical_above=85.0, for_s=120.0),
        Threshold(
            "warm",
            "device_temperature_celsius",
            warning_above=70.0,
            clear_below=65.0,
            labels=(("sensor_location", "cpu"),),
            devices="pico-*",
        ),
    )


@pytest.mark.parametrize(
    ("rule", "path", "right"),
    [
        ("condition = 'temperature_celsius >= 85'", "condition", "with > or <"),
        ("condition = 'hot'", "condition", "such as"),
        ("condition = 'temprature_celsius > 85'", "condition", "did you mean temperature_celsius?"),
        ("metric = 'soil_moisture'\nwarning_above = 1", "metric", "custom = true"),
        ("metric = 'inference_duration_seconds'\nwarning_above = 1", "metric", "with one value"),
        ("metric = 'uptime_seconds'", "warning_above", "one limit at least"),
        ("warning_above = 1", "metric", "or a `condition`"),
        ("metric = 'power_watts'\nwarning_above = 5\ncritical_above = 3", "warning_above", "less than critical_above"),
        ("metric = 'power_watts'\nwarning_below = 5\nwarning_above = 3", "warning_below", "less than warning_above"),
        ("metric = 'power_watts'\nwarning_above = 5\nclear_below = 6", "clear_below", "at most warning_above"),
        ("metric = 'power_watts'\nwarning_above = 5\nclear_above = 4", "clear_above", "only beside"),
        ("metric = 'power_watts'\nwarning_above = nan", "warning_above", "finite"),
        ("metric = 'power_watts'\nwarning_above = 5\nseverity = 'critical'", "severity", "only beside `condition`"),
        (
            "metric = 'power_watts'\nwarning_above = 5\nlabels = {core = '0'}",
            "labels.core",
            "a label of device_power_watts",
        ),
        ("condition = 'power_watts > 5'\nwarning_above = 6", "warning_above", "not both"),
    ],
)
def test_a_threshold_that_makes_no_sense_is_a_mistake(rule: str, path: str, right: str) -> None:
    """Each contradiction is named where it stands."""
    found = problems(f"[[threshold]]\n{rule}")
    assert list(found) == [f"threshold[0].{path}"]
    assert right in found[f"threshold[0].{path}"][1]


def test_two_thresholds_of_one_name_are_a_mistake() -> None:
    """device_alert_state could not tell them apart."""
    found = problems("[[threshold]]\ncondition='power_watts > 5'\n[[threshold]]\ncondition='power_watts > 7'")
    assert list(found) == ["threshold[1].name"]


def test_a_board_s_own_metric_is_taken_when_it_is_called_so() -> None:
    """The bridge cannot know what boards will declare."""
    (rule,) = config("[[threshold]]\nmetric='soil_ratio'\ncustom=true\nwarning_below=0.2").settings.thresholds
    assert rule.metric == "device_soil_ratio"


def test_keys_of_boards_are_32_bytes() -> None:
    """As hexadecimal digits, from the file or the environment."""
    good = config(f'[keys]\n"pico-1" = "{"ab" * 32}"')
    assert good.settings.keys == {"pico-1": b"\xab" * 32}
    assert "64 hexadecimal digits" in problems('[keys]\n"pico-1" = "abcd"')["keys.pico-1"][1]


@pytest.mark.parametrize("text", ["", "9782", "localhost:", ":9782", "localhost:65536", "a b:1", "host:-1", "[::1]"])
def test_an_address_that_is_none_is_refused(text: str) -> None:
    """With what would be right."""
    with pytest.raises(ValueError, match=r"127\.0\.0\.1:9782"):
        parse_listen(text)


def test_addresses_of_both_kinds_are_taken() -> None:
    """IPv6 in brackets."""
    assert parse_listen("[::1]:9782") == HttpOptions("::1", 9782)
    assert parse_listen("localhost:0") == HttpOptions("localhost", 0)


@pytest.mark.parametrize(
    "text", ["", "broker", "mqtt://", "mqtt://b:0", "mqtt://b:99999", "mqtt://b/topic", "mqtt://u:p@b", "ws://b"]
)
def test_a_broker_that_is_none_is_refused(text: str) -> None:
    """With what would be right."""
    with pytest.raises(ValueError, match="mqtt://host"):
        parse_mqtt_url(text)


def test_a_broker_has_a_default_port() -> None:
    """Another one with TLS."""
    assert parse_mqtt_url("mqtt://b") == ("b", 1883, False)
    assert parse_mqtt_url("mqtts://[::1]") == ("::1", 8883, True)


def test_a_file_that_is_no_toml_is_told_with_the_place(tmp_path: Path) -> None:
    """Line and column come from the reader."""
    path = tmp_path / "bridge.toml"
    path.write_text("[serial\n")
    with pytest.raises(ConfigError, match="line 1"):
        load(path)


def test_a_file_that_is_missing_is_told() -> None:
    """Not a traceback."""
    with pytest.raises(ConfigError, match="a file that this user can read"):
        load(Path("/nonexistent/bridge.toml"))


def test_a_device_id_with_a_dot_needs_quotes() -> None:
    """TOML takes it for a table otherwise; the message says what to do, and shows no key."""
    found = problems(f'[keys]\npico.1 = "{"ab" * 32}"')
    assert found["keys.pico"][0] == "(table)"
    assert 'in quotes where the device id has a dot: "pico.' in found["keys.pico"][1]
    assert "abab" not in str(found)


def test_a_mistake_is_shown_as_it_stands_in_the_file() -> None:
    """Also when there are two in one value, and keys that are known are named once."""
    assert problems('[mqtt]\nca_file = "no.pem"')["mqtt.ca_file"][0] == "no.pem"
    assert problems("[zzz]")["zzz"][1].count("mqtt") == 1
