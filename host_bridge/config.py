"""bridge.toml → Config. All mistakes come at once, in one ConfigError."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from host_bridge.config_history import read_history
from host_bridge.config_keys import read_keys
from host_bridge.config_remote_write import read_remote_write
from host_bridge.config_table import Problem, Table, environment, without_password
from host_bridge.config_thresholds import read_thresholds
from host_bridge.options import (
    DEFAULT_BAUDRATE,
    DEFAULT_HTTP_PORT,
    DEFAULT_MQTT_PORT,
    DEFAULT_MQTTS_PORT,
    HistoryOptions,
    HttpOptions,
    LogOptions,
    MqttOptions,
    RemoteWriteOptions,
    SerialOptions,
)
from host_bridge.settings import Limits, Settings
from shared_schema.errors import ConfigError
from shared_schema.messages import SHARDS

MAX_FILE_BYTES = 1 << 20
LOG_LEVELS = ("debug", "info", "warning", "error", "critical")
LOG_FORMATS = ("auto", "json", "pretty")
DEFAULT_PORTS = ("/dev/ttyACM*", "/dev/ttyUSB*")  # what a board is called when it is plugged into a Linux machine

LISTEN_RIGHT = "an address and a port, such as 127.0.0.1:9782 or [::1]:9782; port 0 takes a free one"
URL_RIGHT = "mqtt://host, mqtt://host:port or mqtts://host:port"
PORTS_RIGHT = "device paths (/dev/ttyACM0), patterns of them (/dev/ttyACM*) or socket://host:port"
PORT_PATTERN = r"/[^\x00-\x1f]+|socket://[^\x00-\x1f/]+:\d{1,5}|COM\d+"


@dataclass(frozen=True, slots=True)
class Config:
    """All that a bridge is told. Without any source it takes the boards on DEFAULT_PORTS."""

    settings: Settings = field(default_factory=Settings)
    serial: SerialOptions = field(default_factory=SerialOptions)
    mqtt: MqttOptions | None = None
    http: HttpOptions = field(default_factory=HttpOptions)
    log: LogOptions = field(default_factory=LogOptions)
    history: HistoryOptions | None = None
    remote_write: RemoteWriteOptions | None = None


def load(path: Path, variables: Mapping[str, str] | None = None) -> Config:
    """The configuration in a file. ConfigError lists everything that is wrong with it."""
    return parse(read(path), path.parent, variables)


def read(path: Path) -> Mapping[str, object]:
    """The tables of a TOML file."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
        if len(content) > MAX_FILE_BYTES:
            raise ConfigError(
                [(str(path), f"{len(content)} bytes or more", f"a file of at most {MAX_FILE_BYTES} bytes")]
            )
        return tomllib.loads(content.decode())
    except OSError as error:
        raise ConfigError([(str(path), error.strerror, "a file that this user can read")]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError([(str(path), str(error), "TOML (https://toml.io), in UTF-8")]) from error


def parse(values: Mapping[str, object], folder: Path, variables: Mapping[str, str] | None = None) -> Config:
    """The configuration in the tables of a TOML file; relative paths start from `folder`."""
    problems: list[Problem] = []
    variables = environment() if variables is None else variables
    top = Table(values, "", problems, folder, variables)
    config = Config(
        settings=Settings(
            limits=_limits(top.table("limits")),
            thresholds=read_thresholds(top.tables("threshold")),
            keys=read_keys(top.table("keys")),
            send_time=_send_time(top.table("clock")),
        ),
        serial=_serial(top.table("serial")),
        mqtt=_mqtt(top.table("mqtt")) if top.has("mqtt") else None,
        http=_http(top.table("http")),
        log=_log(top.table("log")),
        history=(history := read_history(top.table("history"), folder, variables)),
        remote_write=read_remote_write(top.table("remote_write"), history is not None)
        if top.has("remote_write")
        else None,
    )
    top.table("mqtt")
    top.table("remote_write")
    top.finish()
    if problems:
        raise ConfigError(problems)
    return config


def _limits(table: Table) -> Limits:
    default = Limits()
    limits = Limits(
        max_devices=table.integer("max_devices", default.max_devices, 1, 1_000_000),
        max_series_per_device=table.integer("max_series_per_device", default.max_series_per_device, 1, 100_000),
        max_series=table.integer("max_series", default.max_series, 1, 10_000_000),
        queue_frames=table.integer("queue_frames", default.queue_frames, 16, 1_000_000),
        max_held_in_all=table.integer("max_held_in_all", default.max_held_in_all, 1, 1_000_000),
        console_lines_per_minute=table.integer(
            "console_lines_per_minute", default.console_lines_per_minute, 0, 1_000_000
        ),
        log_lines_per_minute=table.integer("log_lines_per_minute", default.log_lines_per_minute, 0, 1_000_000),
    )
    table.finish()
    return limits


def _serial(table: Table) -> SerialOptions:
    poll_s = table.number("poll_seconds", 0.1, 60)
    options = SerialOptions(
        ports=table.texts("ports", PORTS_RIGHT, PORT_PATTERN),
        baudrate=table.integer("baudrate", DEFAULT_BAUDRATE, 300, 10_000_000),
        poll_s=SerialOptions().poll_s if poll_s is None else poll_s,
    )
    table.finish()
    return options


def _mqtt(table: Table) -> MqttOptions:
    url = table.text("url", "mqtt://127.0.0.1", URL_RIGHT)
    try:
        host, port, tls = parse_mqtt_url(url)
    except ValueError as error:
        table.wrong("url", without_password(url), str(error))
        host, port, tls = "127.0.0.1", DEFAULT_MQTT_PORT, False
    options = MqttOptions(
        host=host,
        port=port,
        tls=tls,
        username=table.text("username", ""),
        password=table.secret("password"),
        client_id=table.text("client_id", "", "1 to 128 printable characters", r"[!-~]{1,128}"),
        keepalive_s=table.integer("keepalive_seconds", 30, 5, 3600),
        shards=_shards(table),
        ca_file=table.file("ca_file"),
        cert_file=table.file("cert_file"),
        key_file=table.file("key_file"),
    )
    _check_mqtt(table, options)
    table.finish()
    return options


def _check_mqtt(table: Table, options: MqttOptions) -> None:
    """What does not go together."""
    if options.password and not options.username:
        table.wrong("username", "(missing)", "a user name: MQTT takes no password without one")
    if options.key_file and not options.cert_file:
        table.wrong("cert_file", "(missing)", "the certificate that key_file belongs to")
    if not options.tls:
        for key in ("ca_file", "cert_file", "key_file"):
            if table.has(key):
                table.wrong(key, table.written(key), "only with a url that begins with mqtts://")


def _shards(table: Table) -> tuple[str, ...]:
    right = f"two hexadecimal digits from 00 to {SHARDS - 1:02x}"
    shards = table.texts("shards", right, r"[0-3][0-9a-f]")
    if len(set(shards)) < len(shards):
        table.wrong("shards", list(shards), "each shard once")
    return shards


def _http(table: Table) -> HttpOptions:
    listen = table.text("listen", f"127.0.0.1:{DEFAULT_HTTP_PORT}", LISTEN_RIGHT)
    try:
        options = parse_listen(listen)
    except ValueError as error:
        table.wrong("listen", listen, str(error))
        options = HttpOptions()
    table.finish()
    return options


def _send_time(table: Table) -> bool:
    on = table.flag("send_time", True)
    table.finish()
    return on


def _log(table: Table) -> LogOptions:
    options = LogOptions(table.choice("level", "info", LOG_LEVELS), table.choice("format", "auto", LOG_FORMATS))
    table.finish()
    return options


def parse_listen(text: str) -> HttpOptions:
    """host:port. ValueError says what would be right."""
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]") if host.startswith("[") else host
    if not colon or not host or not re.fullmatch(r"\d{1,5}", port) or int(port) > 65535 or not _is_host(host):
        raise ValueError(LISTEN_RIGHT)
    return HttpOptions(host, int(port))


def parse_mqtt_url(text: str) -> tuple[str, int, bool]:
    """Host, port, and whether it is TLS. ValueError says what would be right."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError(URL_RIGHT) from None
    if parts.username is not None or parts.password is not None:
        raise ValueError(f"{URL_RIGHT}; who we are goes into username and password_file")
    if parts.scheme not in ("mqtt", "mqtts") or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError(URL_RIGHT)
    if not parts.hostname or not _is_host(parts.hostname) or port == 0:
        raise ValueError(URL_RIGHT)
    tls = parts.scheme == "mqtts"
    return parts.hostname, port or (DEFAULT_MQTTS_PORT if tls else DEFAULT_MQTT_PORT), tls


def is_port(text: str) -> bool:
    """Whether `text` names a serial port, several, or the address of one."""
    return re.fullmatch(PORT_PATTERN, text) is not None


def _is_host(text: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9._:%-]{1,255}", text) is not None


def explain(error: ConfigError) -> str:
    """All problems for a person, a line each."""
    return "\n".join(f"{path} = {shown(value)}: expected {right}" for path, value, right in error.problems)


def shown(value: object) -> str:
    """A value as it stands in the file, or the note that stands for it; long ones are cut."""
    text = value if isinstance(value, str) and value.startswith("(") else repr(value)
    return text if len(text) <= 80 else text[:79] + "…"
