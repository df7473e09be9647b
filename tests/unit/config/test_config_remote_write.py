"""[remote_write] of bridge.toml."""

import re
import tomllib
from pathlib import Path

import pytest

from host_bridge.cli.check_config import summary
from host_bridge.config import Config, explain, parse
from host_bridge.options import RemoteWriteOptions
from shared_schema.errors import ConfigError

URL = "http://127.0.0.1:9090/api/v1/write"
EXAMPLE = Path(__file__).parents[3] / "bridge.example.toml"


def remote_write(
    text: str, variables: dict[str, str] | None = None, folder: Path = Path()
) -> RemoteWriteOptions | None:
    """What the table says."""
    return parse(tomllib.loads(f"[remote_write]\n{text}"), folder, {"HOME": "/h"} | (variables or {})).remote_write


def problems(text: str, folder: Path = Path()) -> dict[str, tuple[object, str]]:
    """What is wrong in the table, by path."""
    with pytest.raises(ConfigError) as caught:
        remote_write(text, folder=folder)
    return {path: (value, right) for path, value, right in caught.value.problems}


def test_nothing_is_sent_unless_it_is_asked_for() -> None:
    """Neither without a file nor with one that does not name a server."""
    assert Config().remote_write is None
    assert parse({}, Path(), {"HOME": "/h"}).remote_write is None


def test_a_url_is_enough() -> None:
    """Everything else has a default."""
    assert remote_write(f'url = "{URL}"') == RemoteWriteOptions(URL, mode="late", late_after_s=60.0, timeout_s=30.0)


def test_every_key_is_taken(tmp_path: Path) -> None:
    """Labels in the order of their names, secrets from file or environment."""
    (tmp_path / "ca.pem").write_text("x")
    (tmp_path / "secret").write_text("hunter2\n")
    options = remote_write(
        """
        url = "https://${HOST}/api/v1/push?x=1"
        labels = { job = "boardpulse", instance = "${HOST}:9782", Site = "north" }
        username = "u"
        password_file = "secret"
        tenant = "fleet-1"
        ca_file = "ca.pem"
        mode = "late"
        late_after_seconds = 5
        max_spool_rows = 10
        max_spool_bytes = 2000000
        timeout_seconds = 2.5
        """,
        {"HOST": "mimir"},
        tmp_path,
    )
    assert options == RemoteWriteOptions(
        "https://mimir/api/v1/push?x=1",
        (("Site", "north"), ("instance", "mimir:9782"), ("job", "boardpulse")),
        "u", "hunter2", "", "fleet-1", str(tmp_path / "ca.pem"), "late", 5.0, 10, 2.5, 2_000_000,
    )  # fmt: skip
    by_token = remote_write(f'url = "{URL}"\nbearer_token = "${{T}}"', {"T": "hunter2"})
    assert by_token is not None
    assert by_token.bearer_token == "hunter2"
    assert "hunter2" not in repr(options) + repr(by_token)


@pytest.mark.parametrize(
    "url",
    [
        "", "prometheus", "http://", "http://p:9090", "http://p:9090/", "ftp://p/write", "http://p:0/w", "http://p:99999/w",
        "http://u:hunter2@p/w", "http://p/w#x", "http://p/a b", "http://p q/w", "http://[::1/w",
    ],
)  # fmt: skip
def test_a_url_that_is_none_is_refused(url: str) -> None:
    """With what would be right, and without what may be a password."""
    value, right = problems(f'url = "{url}"')["remote_write.url"]
    assert "/api/v1/write" in right
    assert "hunter2" not in str(value)


def test_ipv6_and_queries_are_taken() -> None:
    """The query is the server's business, and not shown."""
    options = remote_write('url = "http://[::1]:8428/api/v1/write?token=hunter2"')
    assert options is not None
    assert options.safe_url == "http://[::1]:8428/api/v1/write"


def test_all_mistakes_are_told_at_once() -> None:
    """A user mends a file in one go."""
    found = problems("""
        labels = { device_id = "x", __name__ = "y", "a-b" = "z", empty = "", number = 7 }
        username = "a:b"
        bearer_token = "two words"
        tenant = "a b"
        ca_file = "missing.pem"
        mode = "lat"
        late_after_seconds = -1
        max_spool_rows = 0
        max_spool_bytes = 1000000
        timeout_seconds = 0
        ur = "x"
    """)
    keys = (
        "url", "labels.device_id", "labels.__name__", "labels.a-b", "labels.empty", "labels.number", "username",
        "bearer_token", "tenant", "ca_file", "mode", "late_after_seconds", "max_spool_rows", "max_spool_bytes",
        "timeout_seconds", "ur",
    )  # fmt: skip
    assert set(found) == {f"remote_write.{key}" for key in keys}
    assert "did you mean late?" in found["remote_write.mode"][1]
    assert "did you mean url?" in found["remote_write.ur"][1]
    assert found["remote_write.url"][0] == "(missing)"


@pytest.mark.parametrize(
    ("text", "path", "hint"),
    [
        ('password = "hunter2"', "username", "whose password"),
        ('username = "u"\npassword = "hunter2"\nbearer_token = "hunter2"', "bearer_token", "not both"),
        ('ca_file = "ca.pem"', "ca_file", "https://"),
        ('mode = "all"\nlate_after_seconds = 60', "late_after_seconds", "only with mode"),
    ],
)
def test_what_contradicts_itself_is_a_mistake(text: str, path: str, hint: str, tmp_path: Path) -> None:
    """And no secret is shown."""
    (tmp_path / "ca.pem").write_text("x")
    found = problems(f'url = "{URL}"\n{text}', tmp_path)
    assert list(found) == [f"remote_write.{path}"]
    assert hint in found[f"remote_write.{path}"][1]
    assert "hunter2" not in str(found)


@pytest.mark.parametrize(
    "text",
    ['bearer_token = "hunter2 x"', 'token = "hunter2"', 'url = "http://p/?token=hunter2#"', 'password = "hunter2"'],
)
def test_a_secret_is_never_shown_in_a_message(text: str) -> None:
    """Not where it is misplaced, misspelt or malformed."""
    with pytest.raises(ConfigError) as caught:
        remote_write(text)
    assert "hunter2" not in explain(caught.value) + str(caught.value)


def test_without_a_history_nothing_could_be_sent() -> None:
    """What waits for the server waits in the store."""
    with pytest.raises(ConfigError, match="that is enabled"):
        parse({"history": {"enabled": False}, "remote_write": {"url": URL}}, Path(), {"HOME": "/h"})


def test_the_example_s_table_is_valid_once_its_marks_are_taken_off(tmp_path: Path) -> None:
    """What a user uncomments works: here the part without alternatives and files."""
    table = EXAMPLE.read_text().partition("# [remote_write]\n")[2].partition("\n\n")[0]
    lines = [
        line.removeprefix("# ") for line in table.splitlines() if not re.match(r"# (\w+_file|username|tenant)", line)
    ]
    options = remote_write("\n".join(lines))
    assert options == RemoteWriteOptions(URL, (("instance", "127.0.0.1:9782"), ("job", "boardpulse")))


def test_the_summary_of_a_configuration_names_the_server() -> None:
    """Without the query, in which some servers take a token."""
    values = {"remote_write": {"url": f"{URL}?token=hunter2"}}
    assert f"remote write (late) to {URL};" in summary(parse(values, Path(), {"HOME": "/h"}))
