"""Other MQTT client libraries with an empty callback, beside the bridge's own source without its core.

The libraries are installed into an environment of their own, as peers are; the bridge does not depend on them.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import distributions, version
from pathlib import Path

from boardpulse_tools.bench.ingest import client_floor, counting, source_floor
from boardpulse_tools.bench.ingest.peers import python_environment
from boardpulse_tools.bench.ingest.subjects import PAHO_QOS_0, PAHO_QOS_1, Running, Subject, starter, sum_of
from boardpulse_tools.network import free_port
from boardpulse_tools.processes import Process, ProcessError

GMQTT, PYMOSQUITTO = "gmqtt", "pymosquitto"
LIBRARIES = {GMQTT: "0.8.*", PYMOSQUITTO: "0.4.*"}
SOURCE, PAHO = "the bridge's source", "paho"
PROTOTYPE = "a source of pymosquitto"
QOS = (0, 1)
_LIBMOSQUITTO = "from pymosquitto.client import LIBMOSQ_VERSION as v; print(*v, sep='.')"
LIBMOSQUITTO = "libmosquitto"


@dataclass(frozen=True, slots=True)
class Found:
    """What can be measured, of which versions, and why the rest cannot."""

    subjects: list[Subject]
    versions: dict[str, str]
    missing: dict[str, str]


def named(client: str, qos: int) -> str:
    """The subject's name."""
    return (PAHO_QOS_0, PAHO_QOS_1)[qos] if client == PAHO else f"{client}, QoS {qos}"


def available(folder: Path, tell: Callable[[str], None] = lambda _: None) -> Found:
    """The bridge's source, and the libraries that can be had, installed below `folder` where they are not."""
    found = Found(
        [_subject(SOURCE, qos, [source_floor.__name__]) for qos in QOS], {"paho-mqtt": version("paho-mqtt")}, {}
    )
    for name, wanted in LIBRARIES.items():
        tell(f"looking for {name}")
        try:
            libraries = installed(folder, name, wanted)
            found.versions.update(_versions(libraries, name))
        except ProcessError as error:
            found.missing[name] = str(error)
            continue
        for qos in QOS:
            found.subjects.append(_subject(name, qos, [client_floor.__name__, name, str(libraries)], str(qos)))
            if name == PYMOSQUITTO:
                found.subjects.append(_subject(PROTOTYPE, qos, [source_floor.__name__], str(libraries)))
    return found


def installed(folder: Path, name: str, wanted: str) -> Path:
    """The folder of an environment below `folder` that has the library. ProcessError: not to be had."""
    python = f"python{sys.version_info.major}.{sys.version_info.minor}"
    home = folder / f"{name}-{python}"
    libraries = home / "lib" / python / "site-packages"
    python_environment(home, f"{name}=={wanted}", libraries / name / "__init__.py")
    return libraries


def _versions(libraries: Path, name: str) -> Mapping[str, str]:
    """Of the library, and of what it needs of the system. ProcessError when that is missing."""
    (own,) = (one.version for one in distributions(path=[str(libraries)]) if one.name == name)
    if name != PYMOSQUITTO:
        return {name: own}
    python = libraries.parents[2] / "bin" / "python"
    asked = subprocess.run([python, "-c", _LIBMOSQUITTO], capture_output=True, text=True, check=False)
    if asked.returncode:
        raise ProcessError("libmosquitto is missing. To get it: apt-get install libmosquitto1")
    return {name: own, LIBMOSQUITTO: asked.stdout.strip()}


def _subject(client: str, qos: int, program: list[str], *more: str) -> Subject:
    def make(folder: Path, broker_port: int) -> Running:
        port = free_port()
        command = [sys.executable, "-m", *program, str(broker_port), str(port), *more]
        process = Process(client, command, folder / "client.log")
        return Running(process, starter(process, port), port, lambda page: sum_of(page, counting.COUNTER))

    return Subject(named(client, qos), make, qos=qos)
