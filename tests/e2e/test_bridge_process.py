"""The bridge as a process, with frames that a test makes on a pseudo-terminal and a real broker."""

import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from boardpulse_tools import broker as brokers
from boardpulse_tools.bridge import Bridge
from boardpulse_tools.network import LOOPBACK, free_port
from boardpulse_tools.scrape import select, total
from shared_schema.cbor import encode
from shared_schema.cbor_reader import loads
from shared_schema.framing import FRAME, Deframer, encode_frame
from shared_schema.messages import topic
from tests.support.components import require
from tests.support.line import Board
from tests.support.publisher import Publisher
from tests.support.remote_write import Receiver, Reply
from tests.support.waiting import until

STOP_LIMIT_S = 2.0
BOOT = 4711
RANDOM = random.Random(4711)
THRESHOLD = '[[threshold]]\nname = "hot"\ncondition = "temperature_celsius > {limit}"\n'

Start = Callable[..., Bridge]


def hello(device_id: str) -> bytes:
    """One group: a temperature, each second."""
    return bytes(encode([1, BOOT, 0, 10, {0: 1, 1: device_id, 2: "rp2", 3: 0, 4: [[1000, 1, [[3, "cpu"]]]]}]))


def samples(seq: int, centi_celsius: int) -> bytes:
    """One temperature."""
    return bytes(encode([2, BOOT, seq, 1000 + 1000 * seq, 0, 0, 1, centi_celsius]))


@pytest.fixture
def board() -> Iterator[Board]:
    """A board on a line."""
    board = Board()
    yield board
    board.close()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[brokers.Broker]:
    """A mosquitto."""
    require("mosquitto")
    broker = brokers.started(lambda: brokers.mosquitto(tmp_path / "broker"))
    yield broker
    broker.stop()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts bridges, and waits until their ports are open; those that still run at the end are ended."""
    bridges: list[Bridge] = []

    def start(serial_ports: Sequence[str] = (), mqtt_port: int | None = None, more: str = "") -> Bridge:
        bridge = Bridge(tmp_path / f"bridge{len(bridges)}", serial_ports, mqtt_port, more=more)
        bridges.append(bridge)
        bridge.start()
        for port in serial_ports:
            until(lambda port=port: [line for line in log(bridge, "link_up") if line["port"] == port])
        return bridge

    yield start
    for bridge in bridges:
        bridge.stop()


def temperature(bridge: Bridge, device_id: str) -> list[float]:
    """What /metrics says of a board's temperature."""
    return list(select(bridge.page(), "device_temperature_celsius", device_id=device_id).values())


def log(bridge: Bridge, event: str) -> list[dict[str, Any]]:
    """The lines of the bridge's log with this event."""
    lines = [json.loads(line) for line in bridge.process.output().splitlines() if line.startswith("{")]
    return [line for line in lines if line["event"] == event]


def acks(board: Board) -> list[int]:
    """`next` of the acks that have come down the line."""
    os.set_blocking(board.fd, False)
    heard = Deframer().feed(board.read())
    frames = [loads(payload) for what, payload in heard if what == FRAME and isinstance(payload, bytes)]
    return [frame[2] for frame in frames if frame[0] == 8]


def test_a_frame_on_a_line_is_on_the_page_and_is_acknowledged(start: Start, board: Board) -> None:
    """The shortest way through everything, there and back."""
    bridge = start([board.path])
    board.write(encode_frame(hello("pico-1")) + encode_frame(samples(0, 2150)))
    until(lambda: temperature(bridge, "pico-1") == [21.5])
    labels = {"device_id": "pico-1", "platform": "rp2", "port": board.path}
    assert list(select(bridge.page(), "device_connection_status", **labels).values()) == [1]
    time.sleep(0.3)
    assert acks(board)[-1] == 1


def test_a_frame_on_mqtt_is_on_the_page(start: Start, broker: brokers.Broker) -> None:
    """Through a real broker, with the device named by the topic."""
    bridge = start(mqtt_port=broker.port)
    until(lambda: total(bridge.page(), "boardpulse_broker_connected") == 1)
    publisher = Publisher(broker.port)
    publisher.publish(topic("esp-1", "hello"), hello("esp-1"), retain=True)
    publisher.publish(topic("esp-1", "up"), samples(0, -525))
    until(lambda: temperature(bridge, "esp-1") == [-5.25])
    publisher.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_within_two_seconds_while_frames_pour_in(
    start: Start, board: Board, broker: brokers.Broker, number: signal.Signals
) -> None:
    """All that was taken is finished and acknowledged; exit code 0."""
    bridge = start([board.path], broker.port)
    until(lambda: total(bridge.page(), "boardpulse_broker_connected") == 1)
    publisher = Publisher(broker.port)
    publisher.publish(topic("esp-1", "hello"), hello("esp-1"), retain=True)
    board.write(encode_frame(hello("pico-1")))
    for seq in range(200):
        board.write(encode_frame(samples(seq, 2150)))
        publisher.publish(topic("esp-1", "up"), samples(seq, 2150), qos=1)
    bridge.process.signal(number)
    began = time.monotonic()
    assert bridge.process.wait(10) == 0
    assert time.monotonic() - began < STOP_LIMIT_S
    publisher.close()
    assert log(bridge, "bridge_stopped")[0]["drained"] is True
    assert log(bridge, "own_bug") == []


def test_every_frame_is_taken_across_restarts_under_load(start: Start, broker: brokers.Broker) -> None:
    """What one bridge has not acknowledged the next one gets: nothing between is lost.

    Each bridge logs an event a frame, so that the two logs together tell what was taken.
    """
    publisher = Publisher(broker.port)
    publisher.publish(topic("esp-1", "hello"), hello("esp-1"), retain=True)
    more = "[limits]\nlog_lines_per_minute = 100000\n"
    bridge = start(mqtt_port=broker.port, more=more)
    until(lambda: total(bridge.page(), "boardpulse_broker_connected") == 1)
    taken: set[str] = set()
    for seq in range(300):
        publisher.publish(topic("esp-1", "up"), bytes(encode([3, BOOT, seq, seq, {1: 0, 2: 1, 3: f"event {seq}"}])))
        if seq in (99, 199):
            bridge.process.signal(signal.SIGTERM)
            assert bridge.process.wait(5) == 0
            taken |= {line["message"] for line in log(bridge, "board_event")}
            bridge = start(mqtt_port=broker.port, more=more)
    until(lambda: len(taken | {line["message"] for line in log(bridge, "board_event")}) == 300)
    publisher.close()


def test_garbage_is_counted_and_the_next_good_frame_is_decoded(
    start: Start, board: Board, broker: brokers.Broker
) -> None:
    """On a line and on topics; nothing that a stranger sends ends or stops the bridge."""
    bridge = start([board.path], broker.port)
    until(lambda: total(bridge.page(), "boardpulse_broker_connected") == 1)
    board.write(encode_frame(hello("pico-1")))
    for junk in (b"\xff" * 3000, RANDOM.randbytes(3000), b"\0" * 100, b"\x0a\x85" + b"\xfe" * 60 + b"\0"):
        board.write(junk)
    damaged = bytearray(encode_frame(samples(0, 1)))
    damaged[4] ^= 1
    board.write(bytes(damaged) + encode_frame(b"\x9f\xff\xff\xff") + encode_frame(samples(0, 2150)))
    until(lambda: temperature(bridge, "pico-1") == [21.5])

    publisher = Publisher(broker.port)
    junk = RANDOM.randbytes(100)
    for name in ("boardpulse/v1/00/nobody/up", topic("esp-1", "up")):
        for payload in (
            b"\xff",
            b"",
            b"\x85\x01",
            RANDOM.randbytes(100),
            b"\x9a\xff\xff\xff\xff",
            b"\x81" * 5000,
            b"x" * 9000,
        ):
            publisher.publish(name, payload)
    publisher.publish(topic("esp-1", "hello"), hello("esp-2"))
    publisher.publish(topic("esp-1", "hello"), hello("esp-1"))
    publisher.publish(topic("esp-1", "up"), samples(0, 2150))
    until(lambda: temperature(bridge, "esp-1") == [21.5])
    publisher.close()
    page = bridge.page()
    rejected = "boardpulse_frames_rejected_total"
    assert total(page, rejected, source="serial", reason="crc") >= 1
    assert total(page, rejected, source="mqtt", reason="identity") >= 8
    assert total(page, rejected, source="mqtt", reason="too_long") >= 1
    assert total(page, rejected, source="mqtt", reason="cbor") >= 3
    assert total(page, "boardpulse_internal_errors_total") == 0


def test_a_broker_that_dies_is_visible_and_said_once(start: Start, board: Board, broker: brokers.Broker) -> None:
    """boardpulse_broker_connected 0, one line at the loss and one at the recovery, and the line goes on meanwhile."""
    bridge = start([board.path], broker.port)
    until(lambda: total(bridge.page(), "boardpulse_broker_connected") == 1)
    broker.process.kill()
    until(lambda: total(bridge.page(), "boardpulse_broker_connected") == 0)
    board.write(encode_frame(hello("pico-1")) + encode_frame(samples(0, 2150)))
    until(lambda: temperature(bridge, "pico-1") == [21.5])
    time.sleep(2)
    broker.process.start()
    until(lambda: total(bridge.page(), "boardpulse_broker_connected") == 1, timeout_s=15)
    down = [line for line in log(bridge, "link_down") if line["source"] == "mqtt"]
    up = [line for line in log(bridge, "link_up") if line["source"] == "mqtt"]
    assert (len(down), len(up)) == (1, 2)


def test_a_broker_that_is_down_at_the_start_is_visible(start: Start) -> None:
    """The bridge serves all the same."""
    bridge = start(mqtt_port=free_port())
    until(lambda: log(bridge, "link_down"))
    assert total(bridge.page(), "boardpulse_broker_connected") == 0
    assert json.loads(bridge.page("/healthz"))["status"] == "ok"


def test_a_mistyped_url_of_remote_write_is_said_with_what_to_do(start: Start, board: Board) -> None:
    """In /healthz and the log; what is to be sent waits."""
    with Receiver(lambda series: Reply(400, "no such thing here")) as server:
        bridge = start([board.path], more=f'[remote_write]\nurl = "{server.url}"\nmode = "all"\n')
        assert json.loads(bridge.page("/healthz"))["remote_write"] == "ok"
        board.write(encode_frame(hello("pico-1")) + encode_frame(samples(0, 2150)))
        until(lambda: log(bridge, "remote_write_failing"))
        told = json.loads(bridge.page("/healthz"))["remote_write"]
        assert f"{server.url}: HTTP 400 no such thing here; check [remote_write] url" in told
        page = bridge.page()
        assert (
            total(page, "boardpulse_remote_write_up")
            == total(page, "boardpulse_remote_write_samples_dropped_total")
            == 0
        )
        assert total(page, "boardpulse_remote_write_spool_bytes") > 0
        server.answer = lambda series: Reply()
        until(lambda: json.loads(bridge.page("/healthz"))["remote_write"] == "ok", timeout_s=15)


def test_a_board_that_is_unplugged_is_offline_at_once(start: Start, board: Board) -> None:
    """Without waiting for its cadence."""
    bridge = start([board.path])
    board.write(encode_frame(hello("pico-1")) + encode_frame(samples(0, 2150)))
    until(lambda: temperature(bridge, "pico-1") == [21.5])
    board.unplug()
    until(lambda: list(select(bridge.page(), "device_connection_status", device_id="pico-1").values()) == [0])
    assert temperature(bridge, "pico-1") == []


def test_sighup_takes_other_thresholds_and_keeps_the_old_on_a_mistake(start: Start, board: Board) -> None:
    """Without a restart, and without losing what is there."""
    bridge = start([board.path], more=THRESHOLD.format(limit=30))
    board.write(encode_frame(hello("pico-1")) + encode_frame(samples(0, 2150)))
    until(lambda: temperature(bridge, "pico-1") == [21.5])
    before = bridge.config.read_text()
    bridge.config.write_text(before.replace("> 30", "> 20"))
    bridge.process.signal(signal.SIGHUP)
    until(lambda: log(bridge, "thresholds_reloaded"))
    board.write(encode_frame(samples(1, 2160)))
    until(lambda: total(bridge.page(), "device_alert_state", alert="hot") == 1)
    bridge.config.write_text(before.replace("temperature", "temprature"))
    bridge.process.signal(signal.SIGHUP)
    (line,) = until(lambda: log(bridge, "reload_failed"))
    assert "did you mean temperature_celsius?" in line["problems"][0]
    assert total(bridge.page(), "device_alert_state", alert="hot") == 1


def test_console_text_becomes_log_lines_without_control_characters(start: Start, board: Board) -> None:
    """With the board that printed it, once it is known."""
    bridge = start([board.path])
    board.write(encode_frame(hello("pico-1")) + b"\x1b[31mhot!\x1b[0m\r\n")
    (line,) = until(lambda: log(bridge, "console"))
    assert line["device_id"] == "pico-1"
    assert line["line"] == "\\x1b[31mhot!\\x1b[0m"


def test_no_line_is_logged_a_frame(start: Start, board: Board) -> None:
    """A busy fleet must not fill a disk."""
    bridge = start([board.path])
    board.write(encode_frame(hello("pico-1")))
    until(lambda: log(bridge, "device_state"))
    before = len(bridge.process.output().splitlines())
    for seq in range(100):
        board.write(encode_frame(samples(seq, 2150)))
    until(lambda: total(bridge.page(), "device_frames_received_total", device_id="pico-1") == 100)
    assert len(bridge.process.output().splitlines()) == before


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command of boardpulse, to its end."""
    command = [sys.executable, "-m", "host_bridge", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=30, env=os.environ | environment, check=False
    )


def test_a_port_in_use_is_one_sentence_that_says_what_to_do() -> None:
    """And exit code 1; no traceback."""
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        ended = run("bridge", "--listen", f"{LOOPBACK}:{port}", "--serial", "/dev/nothing")
    assert ended.returncode == 1
    assert ended.stderr == (
        f"Error: {LOOPBACK}:{port} is in use, perhaps by another bridge: stop that one, "
        f"or choose another port: --listen {LOOPBACK}:{port + 1}\n"
    )


def test_a_configuration_with_mistakes_is_not_started(tmp_path: Path) -> None:
    """All of them are told."""
    path = tmp_path / "bridge.toml"
    path.write_text('[http]\nlisten = "x"\n[log]\nlevel = "x"\n')
    ended = run("bridge", "--config", str(path))
    assert ended.returncode == 1
    assert re.findall(r"^([a-z.]+) = ", ended.stderr, re.M) == ["http.listen", "log.level"]


def test_devices_lists_what_a_running_bridge_knows(start: Start, board: Board) -> None:
    """As a table, and as JSON for programs."""
    bridge = start([board.path])
    board.write(encode_frame(hello("pico-1")) + encode_frame(samples(0, 2150)))
    until(lambda: temperature(bridge, "pico-1") == [21.5])
    table = run("devices", "--url", bridge.url)
    assert re.search(rf"online +pico-1 +rp2 +{board.path} .*21\.5 °C", table.stdout)
    (device,) = json.loads(run("devices", "--url", bridge.url, "--json").stdout)["devices"]
    assert (device["device_id"], device["state"]) == ("pico-1", "online")


def test_a_capture_can_be_replayed_into_a_bridge(start: Start, broker: brokers.Broker, tmp_path: Path) -> None:
    """What was captured beside a bridge gives the same page again, without that bridge missing anything."""
    bridge = start(mqtt_port=broker.port)
    until(lambda: total(bridge.page(), "boardpulse_broker_connected") == 1)
    publisher = Publisher(broker.port)
    publisher.publish(topic("esp-1", "hello"), hello("esp-1"), retain=True)
    path = tmp_path / "x.cap"
    command = [sys.executable, "-m", "host_bridge", "capture", str(path), "--mqtt", f"mqtt://{LOOPBACK}:{broker.port}"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as capturing:
        until(lambda: path.exists() and "hex" in path.read_text())
        for seq in range(3):
            publisher.publish(topic("esp-1", "up"), samples(seq, 2150 + seq))
        until(lambda: path.read_text().count('"up", "retained": false') == 3)
        capturing.send_signal(signal.SIGINT)
        assert capturing.wait(10) == 0
    publisher.close()
    until(lambda: temperature(bridge, "esp-1") == [21.52])
    address = f"{LOOPBACK}:{free_port()}"
    command = [sys.executable, "-m", "host_bridge", "replay", str(path), "--speed", "0", "--listen", address]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as replaying:
        until(lambda: "esp-1" in run("devices", "--url", f"http://{address}").stdout, timeout_s=20, pause_s=0.2)
        replayed = json.loads(run("devices", "--url", f"http://{address}", "--json").stdout)["devices"]
        replaying.send_signal(signal.SIGTERM)
        assert replaying.wait(10) == 0
    assert [reading["value"] for reading in replayed[0]["readings"]] == [21.52]
