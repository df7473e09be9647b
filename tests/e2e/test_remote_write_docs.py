"""docs/remote-write.md: its configurations are right, its commands do what it says. Only ports are others here."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from structlog import get_logger

from boardpulse_tools.components import which
from boardpulse_tools.network import LOOPBACK, free_port, listening
from boardpulse_tools.processes import Process, wait_until
from host_bridge.config import load
from host_bridge.sinks.remote_write.answer import REASONS
from host_bridge.sinks.remote_write.requests import MAX_BYTES, MAX_SAMPLES
from host_bridge.sinks.remote_write.writer import MAX_AHEAD_S, Pace, RemoteWriter
from tests.support.components import require
from tests.support.readme import shown_commands
from tests.support.remote_write import TEMPERATURE, MemorySource, row
from tests.support.waiting import until

PAGE = Path(__file__).parents[2] / "docs" / "remote-write.md"
COMMANDS = [shown.command for shown in shown_commands(PAGE)]
PORTS = ("9090", "8428", "9782")


def blocks(language: str) -> list[str]:
    """The page's blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


class Reader:
    """Somebody who follows the page in a folder, with free ports instead of those on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = {port: str(free_port()) for port in PORTS}
        programs = {str(Path(found).parent) for name in ("prometheus", "victoria-metrics") if (found := which(name))}
        path = [str(Path(sys.executable).parent), *sorted(programs), os.environ.get("PATH", "")]
        self.environment = {**os.environ, "PATH": os.pathsep.join(path)}

    def adapted(self, text: str) -> str:
        """With our ports."""
        for port, ours in self.ports.items():
            text = text.replace(f"{LOOPBACK}:{port}", f"{LOOPBACK}:{ours}")
        return text

    def write(self, name: str, text: str) -> Path:
        """A file as the page has it."""
        path = self.folder / name
        path.write_text(self.adapted(text))
        return path

    def run(self, program: str) -> str:
        """What the page's command with this program prints."""
        (command,) = [command for command in COMMANDS if command.startswith(program + " ")]
        answer = subprocess.run(
            ["sh", "-c", self.adapted(command)],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert answer.returncode == 0, answer.stdout + answer.stderr
        return answer.stdout

    def server(self, program: str) -> Process:
        """The page's command that runs until it is ended."""
        (command,) = [command for command in COMMANDS if command.startswith(program + " ")]
        shell = ["sh", "-c", f"cd '{self.folder}' && exec {self.adapted(command)}"]
        return Process(program, shell, self.folder / f"{program}.log", self.environment)

    def send(self, config: Path, values: list[int]) -> None:
        """What a bridge with this configuration sends: a temperature of each of the last minutes, all of them late."""
        options = load(config, self.environment).remote_write
        assert options is not None
        now_ms = int(time.time() * 1000)
        times = [now_ms - 60_000 * (len(values) - k) for k in range(len(values))]
        source = MemorySource([row(1, times, list(values), (TEMPERATURE,))])
        writer = RemoteWriter(options, source, time.time, get_logger(), pace=Pace(0.05, 0.05, 0.2))
        writer.start()
        until(lambda: not source.rows)
        assert writer.stats.sent == len(values)
        assert writer.stop(5)


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    """In an empty folder."""
    return Reader(tmp_path)


def test_prometheus_as_the_page_sets_it_up(reader: Reader) -> None:
    """Its configuration is valid, it starts, takes what is late, and the page's query shows it with the labels."""
    require("prometheus")
    require("promtool")
    reader.write("prometheus.yml", blocks("yaml")[0])
    reader.run("promtool check")
    config = reader.write("bridge.toml", blocks("toml")[0])
    assert reader.adapted("remote write (late) to http://127.0.0.1:9090/api/v1/write") in reader.run("boardpulse")
    with reader.server("prometheus") as process:
        wait_until(lambda: ready(reader, "9090", process), 30, "Prometheus", process)
        reader.send(config, [2150, 2160, 2170])
        shown = reader.run("promtool query")
    assert (reader.folder / "prometheus-data").is_dir()  # Debian's Prometheus writes to the system's folder otherwise
    assert re.findall(r"^(21\.[567]\d*) @", shown, re.MULTILINE) == ["21.5", "21.6", "21.7"]
    assert 'job="boardpulse"' in shown
    assert reader.adapted('instance="127.0.0.1:9782"') in shown


def test_victoria_metrics_as_the_page_sets_it_up(reader: Reader) -> None:
    """It starts and takes what is late."""
    require("victoria-metrics")
    config = reader.write("bridge.toml", blocks("toml")[1])
    with reader.server("victoria-metrics") as process:
        wait_until(lambda: ready(reader, "8428", process), 30, "VictoriaMetrics", process)
        reader.send(config, [2150, 2160])


def ready(reader: Reader, port: str, process: Process) -> bool:
    """Whether it takes connections."""
    return process.running and listening(LOOPBACK, int(reader.ports[port]))


def test_the_configuration_for_mimir_is_one(reader: Reader) -> None:
    """Every key that the page names there exists. Mimir itself was not run, and the page says so."""
    reader.write("mimir-password", "hunter2\n")
    options = load(reader.write("bridge.toml", blocks("toml")[2]), {"HOME": "/h"}).remote_write
    assert options is not None
    assert (options.tenant, options.password) == ("fleet", "hunter2")
    assert "never run against a Mimir" in PAGE.read_text()


def test_every_reason_and_limit_on_the_page_is_that_of_the_code() -> None:
    """A table that lacks a reason sends its reader to the source."""
    text = PAGE.read_text()
    table = text.partition("| `reason` |")[2].partition("\n\n")[0]
    assert set(re.findall(r"`(\w+)`", table)) >= set(REASONS)
    assert f"{MAX_SAMPLES:,} samples and {MAX_BYTES >> 20} MiB" in text
    assert f"after {Pace().first_s} s" in text
    assert f"at most {Pace().cap_s:.0f} s" in text
    assert f"more than {MAX_AHEAD_S:.0f} s ahead" in text
