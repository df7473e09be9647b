"""What the shell is told: ports, broker, addresses, logs. Plain values, already checked; cheap to import."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

DEFAULT_BAUDRATE = 115200
DEFAULT_MQTT_PORT = 1883
DEFAULT_MQTTS_PORT = 8883
DEFAULT_HTTP_PORT = 9782
SYNC_CHOICES = ("full", "normal")
REMOTE_WRITE_MODES = ("late", "all")


@dataclass(frozen=True, slots=True)
class SerialOptions:
    """`ports`: device paths, shell patterns of them (/dev/ttyACM*), or socket://host:port."""

    ports: tuple[str, ...] = ()
    baudrate: int = DEFAULT_BAUDRATE
    poll_s: float = 1.0  # how often a new port is looked for


@dataclass(frozen=True, slots=True)
class MqttOptions:
    """A broker. Without `shards` the bridge takes the whole fleet."""

    host: str
    port: int = DEFAULT_MQTT_PORT
    username: str = ""
    password: str = field(default="", repr=False)
    client_id: str = ""  # empty: boardpulse.bridge.<host name>, so that the broker knows this bridge again
    clean_session: bool = False  # True for a guest that wants nothing kept while it is away
    keepalive_s: int = 30
    shards: tuple[str, ...] = ()
    tls: bool = False
    ca_file: str = ""  # empty: the system's authorities
    cert_file: str = ""
    key_file: str = ""
    unanswered_s: float = 10.0  # see sources/mqtt.py

    @property
    def url(self) -> str:
        """The broker as `port` of what it delivers and as people write it, without user and password."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'mqtts' if self.tls else 'mqtt'}://{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class HttpOptions:
    """Where /metrics and the page are served. Loopback unless told otherwise: the page needs no password."""

    host: str = "127.0.0.1"
    port: int = DEFAULT_HTTP_PORT


@dataclass(frozen=True, slots=True)
class LogOptions:
    """level: debug, info, warning, error, critical. format: json, pretty, or auto (pretty on a terminal)."""

    level: str = "info"
    format: str = "auto"


@dataclass(frozen=True, slots=True)
class HistoryOptions:
    """The history store, an SQLite file. What exceeds an age or the size is deleted, oldest first.

    sync: "full" has each commit on the disk before it is acknowledged, "normal" with the operating system.
    """

    path: Path
    sync: str = "full"
    max_age_days: float = 30.0
    max_bytes: int = 1 << 30


@dataclass(frozen=True, slots=True)
class RemoteWriteOptions:
    """A Prometheus, or what speaks its remote write 1.0. docs/remote-write.md has the meaning of each.

    mode: "late" sends samples that are `late_after_s` old when they are committed, "all" every sample.
    """

    url: str
    labels: tuple[tuple[str, str], ...] = ()  # of every series, as the scrape gives them: job, instance
    username: str = ""
    password: str = field(default="", repr=False)
    bearer_token: str = field(default="", repr=False)
    tenant: str = ""  # X-Scope-OrgID, for Mimir
    ca_file: str = ""  # empty: the system's authorities
    mode: str = "late"
    late_after_s: float = 60.0
    max_spool_rows: int = 1_000_000  # frames that wait to be sent; beyond it the oldest are dropped and counted
    timeout_s: float = 30.0  # of one request
    max_spool_bytes: int = 256 << 20  # of the history's file; a day of ten boards with 30 values a second each

    @property
    def safe_url(self) -> str:
        """For logs and labels: without the query, in which some servers take a token."""
        return self.url.partition("?")[0]
