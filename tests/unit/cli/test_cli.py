"""The command line, as a user meets it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from host_bridge.cli import COMMANDS, Lazy, boardpulse, exit_codes, load
from host_bridge.cli.options import PASSWORD_VARIABLE, USERNAME_VARIABLE, with_http_and_log, with_sources
from host_bridge.config import DEFAULT_PORTS, Config
from host_bridge.core.received import BAD, FRAME, LINK_UP, TEXT, Received
from host_bridge.options import HttpOptions, MqttOptions
from host_bridge.sources.capture_file import CaptureWriter
from shared_schema.cbor import encode
from shared_schema.framing import encode_frame

HELLO = bytes(
    encode([1, 77, 0, 10, {0: 1, 1: "pico-1", 2: "rp2", 3: 0, 4: [[1000, 3, [[3, "cpu"], {1: "soil", 4: -1}]]]}])
)
SAMPLES = bytes(encode([2, 77, 0, 5000, 0, 0, 3, [2150, 5, -10], None]))
HEAVY = ("aiohttp", "paho", "prometheus_client", "serial", "rich", "structlog", "asyncio")


def run(*arguments: str, stdin: bytes | None = None) -> Result:
    """The command in this process."""
    return CliRunner().invoke(boardpulse, arguments, input=stdin, prog_name="boardpulse")


def loaded_by(*arguments: str) -> set[str]:
    """Which of the heavy libraries a command loads."""
    code = f"""
import sys
from host_bridge.__main__ import main
sys.argv[1:] = {arguments!r}
try:
    main()
except SystemExit:
    print(*[name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)
    return set(result.stderr.split())


def test_help_names_every_command_and_the_exit_codes() -> None:
    """Scripts depend on them."""
    shown = run("--help")
    assert shown.exit_code == exit_codes.OK
    for name, lazy in COMMANDS.items():
        assert name in shown.output
        assert lazy.help.split()[0] in shown.output
    assert "3 no bridge" in shown.output


def test_help_loads_no_library() -> None:
    """A command line that thinks for half a second is not liked."""
    assert loaded_by("--help") == set()
    assert loaded_by("check-config", "bridge.example.toml") == set()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str) -> None:
    """The table points to commands that exist."""
    shown = run(name, "--help")
    assert shown.exit_code == 0, shown.output
    assert shown.output.startswith(f"Usage: boardpulse {name}")


def test_a_command_of_a_package_that_is_missing_says_what_to_install() -> None:
    """Not a traceback."""
    with pytest.raises(Exception, match="pip install boardpulse"):
        load("demo", Lazy("no_such_package.demo:demo", ""))


def test_version_is_that_of_the_package() -> None:
    """As `pip show` says."""
    assert run("--version").output.startswith("boardpulse ")


def test_an_unknown_command_is_wrong_usage() -> None:
    """Exit code 2, as everywhere."""
    assert run("brigde").exit_code == exit_codes.USAGE


def test_check_config_tells_all_mistakes(tmp_path: Path) -> None:
    """One line each, and exit code 1."""
    path = tmp_path / "bridge.toml"
    path.write_text('[http]\nlisten = "9782"\n[log]\nlevle = "info"\n')
    shown = run("check-config", str(path))
    assert shown.exit_code == exit_codes.FAILED
    address, key = shown.stdout.splitlines()
    assert address.startswith("http.listen = '9782': expected an address and a port, such as 127.0.0.1:9782")
    assert key == "log.levle = (text): expected no such key; did you mean level?"
    assert "2 mistakes" in shown.stderr


def test_check_config_says_what_a_right_file_does() -> None:
    """Sources, thresholds and address, in one line."""
    shown = run("check-config", "bridge.example.toml")
    assert shown.exit_code == exit_codes.OK
    assert "/dev/ttyACM*" in shown.output
    assert "3 thresholds" in shown.output
    assert "history in " in shown.output


def test_check_config_as_json(tmp_path: Path) -> None:
    """For editors and CI."""
    path = tmp_path / "bridge.toml"
    path.write_text("[limits]\nmax_series = 0\n")
    shown = run("check-config", "--json", str(path))
    (problem,) = json.loads(shown.stdout)["problems"]
    assert (problem["path"], problem["value"]) == ("limits.max_series", "0")


def test_decode_takes_hex_in_any_spelling() -> None:
    """As people copy it out of logs, code and analysers."""
    spelled = [SAMPLES.hex(), SAMPLES.hex(" ").upper(), "0x" + SAMPLES.hex(":"), SAMPLES.hex(",")]
    shown = {run("decode", "--json", HELLO.hex(), one).stdout for one in spelled}
    assert len(shown) == 1


def test_decode_names_columns_by_the_hello_before_them() -> None:
    """Values in their units, under the names of /metrics."""
    _, samples = map(json.loads, run("decode", "--json", HELLO.hex(), SAMPLES.hex()).stdout.splitlines())
    assert samples["times_ms"] == [5000, 6000, 7000]
    assert samples["series"] == [
        {"metric": 'device_temperature_celsius{sensor_location="cpu"}', "values": [21.5, 21.55, 21.45]},
        {"metric": "device_soil", "values": [None, None, None]},
    ]


def test_decode_tells_how_many_samples_thinning_removed() -> None:
    """Of a frame that lacks some."""
    thinned = encode([2, 77, 1, 1000, 0, 32 * 7, 1, 2000])
    (shown,) = map(json.loads, run("decode", "--json", thinned.hex()).stdout.splitlines())
    assert (shown["group"], shown["samples"], shown["removed"]) == (0, 1, 7)
    assert "removed" in run("decode", thinned.hex()).stdout


def test_decode_without_a_hello_shows_the_columns() -> None:
    """And says why they have no names."""
    shown = run("decode", SAMPLES.hex())
    assert "column 0 = 2150 2155 2145" in shown.output
    assert "no hello seen" in shown.output


def test_decode_takes_a_line_as_it_was_recorded(tmp_path: Path) -> None:
    """Frames between zeros, console text between frames, and damage."""
    path = tmp_path / "line.bin"
    damaged = bytearray(encode_frame(SAMPLES))
    damaged[5] ^= 0x40
    path.write_bytes(encode_frame(HELLO) + b"boot: ok\r\n" + bytes(damaged) + encode_frame(SAMPLES))
    shown = run("decode", "--json", str(path))
    assert [json.loads(line)["kind"] for line in shown.stdout.splitlines()] == [
        "hello",
        "console",
        "refused",
        "samples",
    ]
    assert shown.exit_code == exit_codes.FAILED


def test_decode_reads_standard_input() -> None:
    """Binary or hexadecimal, a frame a line."""
    for given in (SAMPLES, f"{HELLO.hex()}\n{SAMPLES.hex()}\n".encode()):
        shown = run("decode", "--json", stdin=given)
        assert shown.exit_code == 0, shown.output
        assert json.loads(shown.stdout.splitlines()[-1])["kind"] == "samples"


def test_decode_shows_frames_that_go_down() -> None:
    """What the bridge said to a board is as readable."""
    kinds = [[8, 77, 5], [9, None], [10, 77, 1, {1: [[0, 500]]}], [11, 77, 2, 0]]
    shown = run("decode", "--json", *[bytes(encode(frame)).hex() for frame in kinds])
    assert [json.loads(line)["kind"] for line in shown.stdout.splitlines()] == ["ack", "hello?", "set", "reset"]


def test_decode_of_what_is_no_frame_says_why() -> None:
    """With a reason of the protocol, and exit code 1."""
    shown = run("decode", "--json", "8501")
    assert (shown.exit_code, json.loads(shown.stdout)["reason"]) == (exit_codes.FAILED, "cbor")


@pytest.mark.parametrize("arguments", [("decode",), ("decode", "00"), ("decode", "0000")])
def test_decode_of_nothing_says_so(arguments: tuple[str, ...]) -> None:
    """Silence would look like success."""
    shown = run(*arguments)
    assert (shown.exit_code, shown.stdout) == (exit_codes.FAILED, "")
    assert "no frame in it" in shown.stderr


def test_decode_of_neither_hex_nor_file_says_so() -> None:
    """In one sentence."""
    shown = run("decode", "no such thing" * 100)
    assert shown.exit_code == exit_codes.FAILED
    assert "neither hexadecimal digits nor a file" in shown.stderr
    assert len(shown.stderr) < 200


@pytest.fixture
def captured(tmp_path: Path) -> Path:
    """A capture with everything in it."""
    writer = CaptureWriter(tmp_path / "x.cap", 1.0, "test")
    for entry in (
        Received("serial", "/dev/ttyACM0", 1.0, LINK_UP, "opened"),
        Received("serial", "/dev/ttyACM0", 1.0, FRAME, HELLO),
        Received("serial", "/dev/ttyACM0", 1.0, TEXT, "\x1b[31mred"),
        Received("serial", "/dev/ttyACM0", 1.0, BAD, "crc"),
        Received("serial", "/dev/ttyACM0", 1.1, FRAME, SAMPLES),
    ):
        writer.write(entry)
    writer.close()
    return tmp_path / "x.cap"


def test_decode_and_replay_show_a_capture_alike(captured: Path) -> None:
    """Names come from the hello in it; no escape sequence reaches the terminal."""
    decoded = run("decode", str(captured))
    replayed = run("replay", "--print", "--speed", "0", str(captured))
    assert decoded.stdout == replayed.stdout
    assert 'device_temperature_celsius{sensor_location="cpu"} = 21.5 21.55 21.45' in decoded.output
    assert "\x1b" not in decoded.output


def test_a_capture_with_a_broken_line_names_it(captured: Path) -> None:
    """File and line."""
    captured.write_text(captured.read_text() + "{broken}\n")
    shown = run("replay", "--print", "--speed", "0", str(captured))
    assert shown.exit_code == exit_codes.FAILED
    assert "x.cap, line 7" in shown.stderr


def test_devices_without_a_bridge_says_what_to_do(free_port: int) -> None:
    """Exit code 3, and the command that starts one."""
    shown = run("devices", "--url", f"http://127.0.0.1:{free_port}")
    assert shown.exit_code == exit_codes.NO_BRIDGE
    assert "boardpulse bridge" in shown.stderr


@pytest.mark.parametrize("url", ["file:///etc/passwd", "127.0.0.1:9782", "ftp://x"])
def test_devices_asks_over_http_only(url: str) -> None:
    """No other scheme is opened."""
    assert run("devices", "--url", url).exit_code == exit_codes.NO_BRIDGE


def test_sources_of_the_command_line_replace_those_of_the_file() -> None:
    """Somebody who names one port means that port."""
    configured = Config(mqtt=MqttOptions("broker", username="u", password="p"))
    by_serial = with_sources(configured, ("/dev/ttyUSB0",), 9600, None)
    assert (by_serial.serial.ports, by_serial.serial.baudrate, by_serial.mqtt) == (("/dev/ttyUSB0",), 9600, None)
    by_mqtt = with_sources(configured, (), None, "mqtts://other")
    assert by_mqtt.mqtt == MqttOptions("other", 8883, "u", "p", tls=True)
    assert with_sources(Config(), (), None, None).serial.ports == DEFAULT_PORTS
    assert with_sources(configured, (), None, None).serial.ports == ()


def test_user_and_password_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A password on a command line is read by everybody on the machine."""
    monkeypatch.setenv(USERNAME_VARIABLE, "u")
    monkeypatch.setenv(PASSWORD_VARIABLE, "hunter2")
    mqtt = with_sources(Config(), (), None, "mqtt://b").mqtt
    assert mqtt is not None
    assert (mqtt.username, mqtt.password) == ("u", "hunter2")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("bridge", "--listen", "9782"), "127.0.0.1:9782"),
        (("bridge", "--serial", "ttyACM0"), "/dev/ttyACM0"),
        (("bridge", "--mqtt", "mqtt://u:hunter2@b"), PASSWORD_VARIABLE),
        (("bridge", "--log-format", "xml"), "'json'"),
        (("replay", "--json", __file__), "--print"),
    ],
)
def test_wrong_usage_says_what_would_be_right(arguments: tuple[str, ...], says: str) -> None:
    """Exit code 2; secrets are not repeated."""
    shown = run(*arguments)
    assert shown.exit_code == exit_codes.USAGE
    assert says in shown.stderr
    assert "hunter2" not in shown.stderr


def test_the_command_line_has_the_last_word_on_pages_and_logs() -> None:
    """Over the file."""
    config = with_http_and_log(Config(http=HttpOptions("::1", 1)), "0.0.0.0:80", "debug", None)
    assert (config.http, config.log.level, config.log.format) == (HttpOptions("0.0.0.0", 80), "debug", "auto")
