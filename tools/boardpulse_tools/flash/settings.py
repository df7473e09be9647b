"""The board's configuration: what stands on it, what was asked for over it, checked by the firmware's own rules."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from boardpulse_tools.boards import board_file, package_folder
from boardpulse_tools.boards_schema import BoardFile
from boardpulse_tools.flash.errors import SettingsError

DEFAULT_BROKER_PORT = 1883
TIMEOUT_S = 20
# Read from the environment only, a file, or a prompt that shows nothing: a command line is in shell histories.
WIFI_VARIABLE, MQTT_VARIABLE, KEY_VARIABLE = "BOARDPULSE_WIFI_PASSWORD", "BOARDPULSE_MQTT_PASSWORD", "BOARDPULSE_KEY"

# Runs the firmware's start up to where the node would be built, in a process of its own. A chip's modules are stood in
# for: nothing of them is used before. The configuration comes on stdin, so that no secret is in a list of processes.
_CHECK = """
import importlib, json, sys, types
class Chip(types.ModuleType):
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Chip(name)
    def __call__(self, *arguments, **options):
        return Chip("called")
for name in ("machine", "network", "esp32", "pyb", "rp2", "stm", "micropython", "onewire", "ds18x20"):
    sys.modules.setdefault(name, Chip(name))
sys.modules["micropython"].const = lambda value: value
request = json.load(sys.stdin)
from boardpulse import compose
from shared_schema.errors import ConfigError
compose._id_of = lambda board: request["default_id"]
compose.build = lambda *arguments: None
compose.forget = lambda *names: None
problems = []
try:
    compose.load(request["config"], importlib.import_module("boards.%s.board" % request["config"]["board"]))
except ConfigError as error:
    problems = list(error.problems)
json.dump(problems, sys.stdout)
"""


@dataclass(frozen=True)
class Wanted:
    """What the command line asks for. None means: as it is. Secrets are not shown when it is printed."""

    device_id: str | None = None
    link: str | None = None
    broker: str | None = None
    mqtt_user: str | None = None
    wifi_ssid: str | None = None
    whole: Mapping[str, Any] | None = field(default=None, repr=False)
    wifi_password: str | None = field(default=None, repr=False)
    mqtt_password: str | None = field(default=None, repr=False)
    key: str | None = field(default=None, repr=False)


def merged(present: Mapping[str, Any] | None, wanted: Wanted, board: BoardFile) -> dict[str, Any]:
    """The configuration for the board: what is on it, and over it what is wanted."""
    config: dict[str, Any] = dict(wanted.whole if wanted.whole is not None else present or {})
    config["board"] = board.name
    if wanted.device_id is not None:
        config["device_id"] = wanted.device_id
    config["link"] = _link(config.get("link"), wanted, board)
    wifi = dict(config.get("wifi") or {})
    wifi |= {"ssid": wanted.wifi_ssid} if wanted.wifi_ssid is not None else {}
    wifi |= {"password": wanted.wifi_password} if wanted.wifi_password is not None and wifi else {}
    if wifi:
        config["wifi"] = wifi
    if wanted.key is not None:
        config["key"] = wanted.key
    return config


def _link(present: Any, wanted: Wanted, board: BoardFile) -> Any:
    kind = wanted.link or ("mqtt" if wanted.broker else None)
    if isinstance(present, dict) and kind in (None, present.get("type")):
        link = dict(present)
    elif present is not None and kind is None:
        return present  # wrong; the check says so
    else:
        link = {"type": kind or board.default_link}
    if link.get("type") == "mqtt":
        _set_broker(link, wanted)
    elif wanted.broker:
        raise SettingsError("--broker is for --link mqtt: leave one of --broker and --link uart out.")
    elif board.port == "unix" and link.get("type") == "uart" and not link.get("path"):
        link["path"] = "repl"
    return link


def _set_broker(link: dict[str, Any], wanted: Wanted) -> None:
    if wanted.broker is not None:
        host, _, port = wanted.broker.rpartition(":") if wanted.broker.count(":") else (wanted.broker, "", "")
        if not host or (port and not port.isdigit()):
            raise SettingsError(f"--broker {wanted.broker}: expected HOST:PORT, such as broker.local:1883")
        link["host"] = host
        if port and int(port) != DEFAULT_BROKER_PORT:
            link["port"] = int(port)
        else:
            link.pop("port", None)
    if wanted.mqtt_user is not None:
        link["user"] = wanted.mqtt_user
    if wanted.mqtt_password is not None and link.get("user") is not None:
        link["password"] = wanted.mqtt_password
    if "host" not in link:
        raise SettingsError("Which broker? Say it: --broker HOST:PORT")


def encoded(config: Mapping[str, Any]) -> bytes:
    """As it stands on the board: without spaces, keys in the order of the configuration."""
    return json.dumps(config, separators=(",", ":"), ensure_ascii=False).encode()


def check(config: Mapping[str, Any], default_id: str | None) -> None:
    """SettingsError with all that the firmware would refuse; secrets are not repeated."""
    program = [sys.executable, "-c", _CHECK]
    places = [str(package_folder("boardpulse").parent), str(package_folder("shared_schema").parent)]
    places.append(str(board_file("boards").parent))
    request = json.dumps({"config": config, "default_id": default_id})
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(places), "PYTHONDONTWRITEBYTECODE": "1"}
    run = subprocess.run(
        program, input=request, capture_output=True, text=True, env=environment, timeout=TIMEOUT_S, check=False
    )
    if run.returncode != 0:
        raise SettingsError(f"The configuration cannot be checked: {run.stderr.strip().splitlines()[-1]}")
    problems = json.loads(run.stdout)
    if problems:
        lines = [f"  {where} is {_json(value)}; it should be {right}" for where, value, right in problems]
        raise SettingsError("The board would refuse this configuration; nothing was written.\n" + "\n".join(lines))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False) if value is not None else "missing"


def read_whole(path: Path) -> dict[str, Any]:
    """A boardpulse.json. SettingsError when it is none."""
    try:
        raw = json.loads(path.read_text())
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise SettingsError(f"{path} is not JSON: {error}") from error
    if not isinstance(raw, dict):
        raise SettingsError(f"{path} holds no JSON object; docs/configuration-board.md shows one.")
    return raw


def key_of(config: Mapping[str, Any]) -> bytes | None:
    """The key that stands in a configuration that was checked; None without one, or where it is in a file."""
    key = config.get("key")
    return bytes.fromhex(key) if isinstance(key, str) and key else None


def speaks_here(config: Mapping[str, Any], board: BoardFile) -> bool:
    """Whether frames come on the line of the prompt, which is the one that we flash over."""
    link = config["link"]
    if not isinstance(link, dict) or link.get("type") != "uart":
        return False
    if board.port in ("unix", "linux"):
        return link.get("path") == "repl"
    return link.get("id") is None and link.get("tx") is None
