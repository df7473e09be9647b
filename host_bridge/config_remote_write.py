"""Reads [remote_write] of bridge.toml."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from host_bridge.config_table import HIDDEN, Table, without_password
from host_bridge.options import REMOTE_WRITE_MODES, RemoteWriteOptions

MAX_LABELS = 32
MAX_SPOOL_ROWS = 1_000_000_000
MIN_SPOOL_BYTES, MAX_SPOOL_BYTES = 1 << 20, 1 << 50  # as [history] max_bytes
URL_RIGHT = "http:// or https://, host, perhaps a port, and the path: http://127.0.0.1:9090/api/v1/write"
TENANT_RIGHT = "1 to 150 of A-Z a-z 0-9 ! - _ . * ' ( ) |, as Mimir has them"
# What we set ourselves, or what only a histogram's buckets have: a label of this name would make them another series.
OURS = ("device_id", "platform", "le", "quantile")

_LABEL = r"[A-Za-z_][A-Za-z0-9_]{0,127}"
_VALUE = r"[^\x00-\x1f]{1,1024}"


def read_remote_write(table: Table, has_history: bool) -> RemoteWriteOptions:
    """[remote_write], which is in the file. What is to be sent waits in the history store: it needs one."""
    default = RemoteWriteOptions("")
    late_after_s = table.number("late_after_seconds", 0, 86400)
    timeout_s = table.number("timeout_seconds", 0.1, 600)
    options = RemoteWriteOptions(
        url=_url(table),
        labels=_labels(table.table("labels")),
        username=table.text("username", "", "a user name; it has no colon (RFC 7617)", r"[^\x00-\x1f:]*"),
        password=table.secret("password"),
        bearer_token=_token(table),
        tenant=table.text("tenant", "", TENANT_RIGHT, r"[A-Za-z0-9!\-_.*'()|]{1,150}"),
        ca_file=table.file("ca_file"),
        mode=table.choice("mode", default.mode, REMOTE_WRITE_MODES),
        late_after_s=default.late_after_s if late_after_s is None else late_after_s,
        max_spool_rows=table.integer("max_spool_rows", default.max_spool_rows, 1, MAX_SPOOL_ROWS),
        timeout_s=default.timeout_s if timeout_s is None else timeout_s,
        max_spool_bytes=table.integer("max_spool_bytes", default.max_spool_bytes, MIN_SPOOL_BYTES, MAX_SPOOL_BYTES),
    )
    _check(table, options)
    if not has_history:
        table.wrong("url", options.safe_url, "a [history] that is enabled: samples wait there until they are sent")
    table.finish()
    return options


def _check(table: Table, options: RemoteWriteOptions) -> None:
    """What does not go together."""
    if options.password and not options.username:
        table.wrong("username", "(missing)", "the user whose password it is")
    if options.bearer_token and (options.username or options.password):
        table.wrong("bearer_token", HIDDEN, "either username and password or bearer_token, not both")
    if table.has("ca_file") and not options.url.startswith("https://"):
        table.wrong("ca_file", table.written("ca_file"), "only with a url that begins with https://")
    if table.has("late_after_seconds") and options.mode == "all":
        table.wrong("late_after_seconds", options.late_after_s, 'only with mode = "late"')


def _url(table: Table) -> str:
    if not table.has("url"):
        table.wrong("url", "(missing)", URL_RIGHT)
    url = table.text("url", "", URL_RIGHT, r"(?s).+")
    if url and (problem := _wrong_url(url)):
        table.wrong("url", without_password(url).partition("?")[0], problem)
    return url


def _wrong_url(url: str) -> str:
    """What would be right instead; empty where it is."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return URL_RIGHT
    if parts.username is not None or parts.password is not None:
        return f"{URL_RIGHT}; who we are goes into username and password_file"
    printable = re.fullmatch(r"[!-~]{1,2048}", url) and re.fullmatch(r"[A-Za-z0-9._:%-]{1,255}", parts.hostname or "")
    fits = printable and parts.scheme in ("http", "https") and len(parts.path) > 1 and not parts.fragment and port != 0
    return "" if fits else URL_RIGHT


def _token(table: Table) -> str:
    token = table.secret("bearer_token")
    if token and not re.fullmatch(r"[!-~]+", token):
        table.wrong("bearer_token", HIDDEN, "visible ASCII characters without blanks: it becomes a header")
        return ""
    return token


def _labels(table: Table) -> tuple[tuple[str, str], ...]:
    """Labels that every series gets, in the order of their names."""
    labels = []
    for name in table.names():
        value = table.text(name, "", "text that is not empty", _VALUE)
        if name in OURS or name.startswith("__") or not re.fullmatch(_LABEL, name):
            right = "a label name: letters, digits and _, not __ at its beginning; not one of " + ", ".join(OURS)
            table.wrong(name, value, right)
        labels.append((name, value))
    if len(labels) > MAX_LABELS:
        table.wrong(labels[MAX_LABELS][0], f"{len(labels)} labels", f"at most {MAX_LABELS} labels")
    return tuple(sorted(labels))
