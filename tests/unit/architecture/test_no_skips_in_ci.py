"""The suite's own promise: in CI a skip is a failure, elsewhere it is a skip with its reason."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
CONFTEST = "from tests.conftest import pytest_make_collect_report, pytest_runtest_makereport\n"
SKIPS = """
import pytest
def test_runs(): pass
def test_skips(): pytest.skip("no mosquitto")
@pytest.mark.xfail(reason="known", strict=True)
def test_known(): assert False
"""
SKIPPED_MODULE = "import pytest\npytest.skip('no node', allow_module_level=True)\n"


def summary(folder: Path, ci: str) -> str:
    """pytest's last line for the files in a folder, without its time."""
    (folder / "conftest.py").write_text(CONFTEST)
    environment = {name: value for name, value in os.environ.items() if name != "CI"}
    environment |= {"CI": ci, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-c",
        os.devnull,
        "--rootdir",
        str(folder),
    ]
    run = subprocess.run(
        [*command, str(folder)], capture_output=True, text=True, env=environment, cwd=folder, timeout=50, check=False
    )
    return re.sub(r" in .*", "", run.stdout.splitlines()[-1])


@pytest.mark.parametrize(
    ("ci", "expected"), [("true", "1 failed, 1 passed, 1 xfailed"), ("", "1 passed, 1 skipped, 1 xfailed")]
)
def test_skipped_test(tmp_path: Path, ci: str, expected: str) -> None:
    """A test that skips fails in CI; an expected failure stays one."""
    (tmp_path / "test_it.py").write_text(SKIPS)
    assert summary(tmp_path, ci) == expected


@pytest.mark.parametrize(("ci", "expected"), [("true", "1 error"), ("", "1 skipped")])
def test_skipped_module(tmp_path: Path, ci: str, expected: str) -> None:
    """A whole module that skips itself fails in CI too."""
    (tmp_path / "test_it.py").write_text(SKIPPED_MODULE)
    assert summary(tmp_path, ci) == expected
