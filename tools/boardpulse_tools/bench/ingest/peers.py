"""The best-known peers, as their users run them, in folders of their own.

Both are sent the same ten numbers a message in JSON, and make ten gauges of them with a label for the device. They are
set up in their own favour: they subscribe to this topic alone, with QoS 0, without a limit on series, and log errors
only.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable, Sequence
from pathlib import Path

from boardpulse_tools.bench.ingest.loads import PEER_TOPIC
from boardpulse_tools.bench.ingest.subjects import Running, Subject, starter, sum_of
from boardpulse_tools.bench.trace import CATALOGUE_NAMES
from boardpulse_tools.components import checkout, which
from boardpulse_tools.network import LOOPBACK, free_port
from boardpulse_tools.processes import Process, ProcessError

MQTT_EXPORTER, MQTT2PROMETHEUS = "mqtt-exporter", "mqtt2prometheus"
MQTT_EXPORTER_VERSION = "1.12.*"
DEBIAN_PACKAGE = "prometheus-mqtt-exporter"  # mqtt2prometheus under the name that Debian gave it
INSTALL_TIMEOUT_S = 300
FILTER = f"{PEER_TOPIC}/+"


def cache_folder() -> Path:
    """Where peers are installed: in a checkout's build folder, else in the user's cache."""
    top = checkout()
    if (top / "pyproject.toml").exists():
        return top / "build" / "peers"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "boardpulse" / "peers"


def mqtt_exporter_program(folder: Path) -> Path:
    """Its command in an environment of its own below `folder`, made if it is not there. ProcessError: not to be had."""
    home = folder / f"mqtt-exporter-py{sys.version_info.major}.{sys.version_info.minor}"
    program = home / "bin" / "mqtt-exporter"
    python_environment(home, f"mqtt-exporter=={MQTT_EXPORTER_VERSION}", program)
    return program


def python_environment(home: Path, requirement: str, proof: Path) -> None:
    """An environment with what is required, in `home`; made unless the file `proof` is there. ProcessError: it cannot
    be had."""
    if proof.exists():
        return
    shutil.rmtree(home, ignore_errors=True)  # of an installation that was cut short
    try:
        venv.create(home, with_pip=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise ProcessError(f"no environment for {requirement}: {error}") from error
    pip = [str(home / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    _run([*pip, requirement], home)


def mqtt2prometheus_program(folder: Path) -> Path:
    """The program on PATH, else Debian's package unpacked below `folder`. ProcessError: not to be had."""
    found = which(DEBIAN_PACKAGE) or which(MQTT2PROMETHEUS)
    if found is not None:
        return Path(found)
    unpacked = folder / MQTT2PROMETHEUS
    program = unpacked / "usr" / "bin" / DEBIAN_PACKAGE
    if not program.exists():
        unpacked.mkdir(parents=True, exist_ok=True)
        for old in unpacked.glob("*.deb"):
            old.unlink()
        _run(["apt-get", "download", DEBIAN_PACKAGE], unpacked)
        for package in unpacked.glob("*.deb"):
            _run(["dpkg", "-x", str(package), str(unpacked)], unpacked)
    if not program.exists():
        raise ProcessError(f"Debian's {DEBIAN_PACKAGE} has no {program.name}")
    return program


def _run(command: Sequence[str], folder: Path) -> None:
    try:
        subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=INSTALL_TIMEOUT_S, check=True)
    except subprocess.CalledProcessError as error:
        raise ProcessError(f"{command[0]} ended with code {error.returncode}: {_last_line(error.stderr)}") from error
    except (OSError, subprocess.SubprocessError) as error:
        raise ProcessError(f"{command[0]}: {error}") from error


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or [""])[-1]


def mqtt_exporter(program: Path) -> Subject:
    """kpetremann/mqtt-exporter, in Python."""

    def make(folder: Path, broker_port: int) -> Running:
        port = free_port()
        settings = {
            "MQTT_ADDRESS": LOOPBACK,
            "MQTT_PORT": str(broker_port),
            "MQTT_TOPIC": FILTER,
            "PROMETHEUS_ADDRESS": LOOPBACK,
            "PROMETHEUS_PORT": str(port),
            "MAX_METRICS": "0",
            "LOG_LEVEL": "ERROR",
        }
        process = Process(MQTT_EXPORTER, [program], folder / "mqtt-exporter.log", os.environ | settings)
        return Running(process, starter(process, port), port, lambda page: sum_of(page, "mqtt_message_total{"))

    return Subject(MQTT_EXPORTER, make, json=True, topic=FILTER, prefix="mqtt_", probed=True)


def mqtt2prometheus(program: Path) -> Subject:
    """hikhvar/mqtt2prometheus, in Go."""

    def make(folder: Path, broker_port: int) -> Running:
        port = free_port()
        folder.mkdir(parents=True, exist_ok=True)
        config = folder / "mqtt2prometheus.yaml"
        config.write_text(_yaml(broker_port))
        where = ["-config", str(config), "-listen-address", LOOPBACK, "-listen-port", str(port)]
        process = Process(MQTT2PROMETHEUS, [program, *where, "-log-level", "error"], folder / "mqtt2prometheus.log")
        return Running(
            process, starter(process, port), port, lambda page: sum_of(page, 'received_messages{status="success"')
        )

    return Subject(MQTT2PROMETHEUS, make, json=True, topic=FILTER, prefix="device_", probed=True)


def _yaml(broker_port: int) -> str:
    lines = [
        "mqtt:",
        f"  server: tcp://{LOOPBACK}:{broker_port}",
        f"  topic_path: {FILTER}",
        f'  device_id_regex: "{PEER_TOPIC}/(?P<deviceid>.*)"',
        "  qos: 0",
        "cache:",
        "  timeout: 60m",
        "metrics:",
    ]
    for name in CATALOGUE_NAMES.values():
        lines += [f"  - prom_name: {name}", f"    mqtt_name: {name.removeprefix('device_')}", "    type: gauge"]
    return "\n".join(lines) + "\n"


PEERS: dict[str, tuple[Callable[[Path], Path], Callable[[Path], Subject]]] = {
    MQTT_EXPORTER: (mqtt_exporter_program, mqtt_exporter),
    MQTT2PROMETHEUS: (mqtt2prometheus_program, mqtt2prometheus),
}


def available(folder: Path, tell: Callable[[str], None] = lambda _: None) -> tuple[list[Subject], dict[str, str]]:
    """The peers that can be had, installed below `folder` where they are not, and why the others cannot."""
    subjects, missing = [], {}
    folder.mkdir(parents=True, exist_ok=True)
    for name, (program, subject) in PEERS.items():
        tell(f"looking for {name}")
        try:
            subjects.append(subject(program(folder)))
        except ProcessError as error:
            missing[name] = str(error)
    return subjects, missing
