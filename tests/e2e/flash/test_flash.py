"""`boardpulse flash` and `unflash` on an emulated board: MicroPython's unix port with a board's flash and start."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from boardpulse_tools.flash import copy
from host_bridge.cli import boardpulse
from tests.support.flashing import SMALL, Changed, answers, board, flash, flashed, hello

PULLS = [1_500, 20_000, 60_000, 110_000]
CONFIG = "boardpulse.json"
STARTS = "import asyncio, boardpulse\nboardpulse.start()\nasyncio.run(boardpulse.run())\n"


def files_of(folder: Path) -> set[str]:
    """The files below a folder."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.upy
def test_a_fresh_board_speaks_and_a_second_flash_copies_nothing(tmp_path: Path) -> None:
    """The command as a user runs it."""
    with board(tmp_path, **SMALL) as one:
        command = [sys.executable, "-m", "host_bridge", "flash", one.port, "--id", "kiln", "--link", "uart"]
        first = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert first.returncode == 0, first.stdout + first.stderr
        assert "kiln: its hello came over this line." in first.stdout
        assert hello(one).device_id == "kiln"
        again = flashed(one)
        assert (again["outcome"], again["files_sent"], again["bytes_sent"]) == ("unchanged", 0, 0)
        assert again["verified"] == "its hello came over this line"


@pytest.mark.upy
def test_only_a_changed_file_is_sent(tmp_path: Path, changed: Changed) -> None:
    """The others are copied on the board; the former version is gone once the new one has spoken."""
    with board(tmp_path) as one:
        fresh = flashed(one, "--id", "kiln", "--link", "uart")
        changed.files["lib/boards/_note.mpy"] = b"new"
        second = flashed(one)
        assert (second["files_sent"], second["bytes_sent"]) == (1, 3)
        assert second["files_copied_on_board"] == fresh["files_sent"] - 2  # main.py and the configuration stay
        assert hello(one).device_id == "kiln"
        assert (one.root / "lib" / "bp_b" / "boards" / "_note.mpy").read_bytes() == b"new"
        assert not (one.root / "lib" / "bp_a").exists()


@pytest.mark.upy
@pytest.mark.parametrize("at", PULLS)
def test_a_cable_pulled_while_a_new_version_is_copied(at: int, tmp_path: Path, changed: Changed) -> None:
    """The sentence says so, the old version runs again with its configuration, and a second flash ends it."""
    with board(tmp_path, flash="fat", flash_bytes=400 * 1024) as one:
        flashed(one, "--id", "old", "--link", "uart")
        changed.files["lib/boards/_big.mpy"] = bytes(range(256)) * 320
        one.pull_after(at)
        result = flash(one, "--id", "new")
        assert result.exit_code == 4
        assert "cable was pulled out" in result.output
        one.plug()
        assert hello(one).device_id == "old"
        assert flashed(one, "--id", "new")["device_id"] == "new"


@pytest.mark.upy
def test_a_cable_pulled_at_the_first_flash_leaves_a_board_that_boots(tmp_path: Path) -> None:
    """What was copied is not sent again."""
    with board(tmp_path, flash="lfs2", flash_bytes=1 << 20) as one:
        one.pull_after(40_000)
        assert flash(one, "--id", "kiln", "--link", "uart").exit_code == 4
        one.plug()
        assert answers(one, "print(1 + 1)") == "2"
        assert "main.py" not in answers(one, "import os; print(os.listdir())")
        rest = flashed(one, "--id", "kiln", "--link", "uart")
        assert 0 < rest["bytes_sent"] < 45_000
        assert rest["device_id"] == "kiln"


@pytest.mark.upy
@pytest.mark.parametrize(("moment", "runs"), [("switch", "old"), ("clean", "new")])
def test_a_cable_pulled_around_the_switch(
    moment: str, runs: str, tmp_path: Path, changed: Changed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Just before it the old version runs on, after it the new one. A second flash removes what is left."""
    with board(tmp_path) as one:
        flashed(one, "--id", "old", "--link", "uart")
        changed.files["lib/boards/_note.mpy"] = b"new"
        original = getattr(copy, moment)

        def pulled(*arguments: Any) -> None:
            one.pull()
            original(*arguments)

        monkeypatch.setattr(copy, moment, pulled)
        assert flash(one, "--id", "new").exit_code == 4
        monkeypatch.setattr(copy, moment, original)
        one.plug()
        assert hello(one).device_id == runs
        assert (one.root / "lib" / "bp_a").exists()
        assert (one.root / "lib" / "bp_b").exists()
        second = flashed(one, "--id", "new")
        assert second["files_sent"] == (1 if runs == "old" else 0)  # the configuration, whose copy was not in place
        assert not (one.root / "lib" / "bp_a").exists()


@pytest.mark.upy
def test_a_version_that_does_not_speak_is_rolled_back(tmp_path: Path, changed: Changed) -> None:
    """The former version and configuration are back; the exit code and the sentence say it."""
    with board(tmp_path) as one:
        flashed(one, "--id", "old", "--link", "uart")
        before = {name: (one.root / name).read_bytes() for name in files_of(one.root)}
        changed.files["main.py"] = b"print('I am silent')\n"
        result = flash(one, "--id", "new", timeout=1.5)
        assert result.exit_code == 6
        assert "I am silent" in result.output
        assert "The former version is back" in result.output
        assert hello(one).device_id == "old"
        now = {name: (one.root / name).read_bytes() for name in files_of(one.root)}
        assert {name: data for name, data in now.items() if name in before} == before


@pytest.mark.upy
def test_a_first_version_that_does_not_speak_is_taken_away(tmp_path: Path, changed: Changed) -> None:
    """The board is as it was before, with its owner's file."""
    with board(tmp_path) as one:
        (one.root / "data.txt").write_text("mine")
        changed.files["main.py"] = b"raise ValueError('broken')\n"
        result = flash(one, "--id", "new", "--link", "uart", timeout=20)
        assert result.exit_code == 6
        assert "ValueError: broken" in result.output
        assert files_of(one.root) == {"data.txt"}


@pytest.mark.upy
def test_unflash_removes_ours_and_nothing_else(tmp_path: Path) -> None:
    """Dry first; a main.py that was set aside comes back."""
    with board(tmp_path) as one:
        mine = {"main.py": "print('mine')\n", "lib/own.py": "x = 1\n", "data.txt": "1"}
        (one.root / "lib").mkdir()
        for name, text in mine.items():
            (one.root / name).write_text(text)
        flashed(one, "--id", "kiln", "--link", "uart", "--force-main")
        there = files_of(one.root)
        dry = CliRunner().invoke(boardpulse, ["unflash", one.port, "--dry-run"])
        assert "would be removed" in dry.output
        assert files_of(one.root) >= there
        done = CliRunner().invoke(boardpulse, ["unflash", one.port])
        assert done.exit_code == 0, done.output
        assert f"{one.root}/{CONFIG}" in done.output
        assert {name: (one.root / name).read_text() for name in files_of(one.root)} == mine
        assert "nothing of boardpulse" in CliRunner().invoke(boardpulse, ["unflash", one.port]).output


@pytest.mark.upy
def test_a_users_main_is_left_as_it_is(tmp_path: Path) -> None:
    """The command says how to start boardpulse in it, and what it could verify: that the node starts."""
    with board(tmp_path) as one:
        (one.root / "main.py").write_text("print('mine')\n")
        done = flashed(one, "--id", "kiln", "--link", "uart")
        assert (one.root / "main.py").read_text() == "print('mine')\n"
        assert "boardpulse.start()" in done["notes"][0]
        assert done["verified"] == "the node starts with this configuration"
        (one.root / "main.py").write_text(STARTS)
        assert flashed(one)["verified"] == "its hello came over this line"
        assert (one.root / "main.py").read_text() == STARTS


@pytest.mark.upy
def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    """It says what it would do."""
    with board(tmp_path) as one:
        plan = flashed(one, "--id", "kiln", "--link", "uart", "--dry-run")
        assert plan["outcome"] == "planned"
        assert plan["files_sent"] > 3
        assert files_of(one.root) == set()


@pytest.mark.upy
def test_a_broker_is_configured_and_no_secret_is_shown(tmp_path: Path) -> None:
    """Passwords come from the environment and files; only the board gets them. What was verified is said."""
    (tmp_path / "password").write_text("hidden-2\n")
    with board(tmp_path / "board") as one:
        arguments = ["--id", "kiln", "--broker", "127.0.0.1:1", "--mqtt-user", "u", "--wifi-ssid", "net"]
        arguments += ["--mqtt-password-file", str(tmp_path / "password")]
        result = flash(one, *arguments, env={"BOARDPULSE_WIFI_PASSWORD": "hidden-1"})
        assert result.exit_code == 0, result.output
        assert "hidden" not in result.output
        assert "kiln: the node starts with this configuration." in result.output
        config = json.loads((one.root / CONFIG).read_text())
        assert config["wifi"] == {"ssid": "net", "password": "hidden-1"}
        assert config["link"]["password"] == "hidden-2"
        assert (config["link"]["host"], config["link"]["port"]) == ("127.0.0.1", 1)


@pytest.mark.upy
def test_several_boards_one_after_another(tmp_path: Path) -> None:
    """A table at the end; one that fails stops no other."""
    (tmp_path / "config.json").write_text(json.dumps({"device_id": "twin", "link": {"type": "uart"}}))
    with board(tmp_path / "a") as a, board(tmp_path / "b") as b:
        ports = [a.port, str(tmp_path / "nothing"), b.port]
        config = ["--config", str(tmp_path / "config.json")]
        result = CliRunner().invoke(boardpulse, ["flash", "--all", *ports, *config])
        assert result.exit_code == 4
        rows = [line.split()[0:4] for line in result.output.splitlines()[-3:]]
        assert [row[0] for row in rows] == ports
        assert [row[3] for row in rows] == ["flashed", "failed", "flashed"]
        assert hello(b).device_id == "twin"
