"""Who runs what when pytest has two workers: real runs of pytest over a small checkout."""

import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[3]
CONFTEST = """
import os
import pytest
from tests.support.strictness import fail_if_skipped, in_ci
from tests.support.workers import FastThenOneByOne


def pytest_xdist_make_scheduler(config, log):
    config.option.loadscopereorder = False
    return FastThenOneByOne(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    report = yield
    if in_ci(os.environ):
        fail_if_skipped(report)
    return report
"""
TIMED = """
import os
import time
import pytest


@pytest.mark.parametrize("number", range({count}))
def test_it(number):
    began = time.monotonic()
    time.sleep(0.05)
    with open({log!r}, "a") as log:
        print(os.environ["PYTEST_XDIST_WORKER"], __file__, began, time.monotonic(), file=log)
"""
SKIPPED = """
import pytest


def test_it():
    pytest.skip("there is no such thing")
"""
LIMIT_S = 50


class Ran(NamedTuple):
    """One test, on the clock that all processes share."""

    worker: str
    file: str
    began: float
    ended: float


def pytest_in(folder: Path, files: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """`pytest -n 2` there, in CI."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --import-mode=importlib\n")
    command = [sys.executable, "-B", "-m", "pytest", "-n", "2", "-p", "no:cacheprovider", *files]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment = kept | {"CI": "true", "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=LIMIT_S, check=False
    )


def test_fast_files_are_divided_and_the_rest_follows_one_by_one(tmp_path: Path) -> None:
    """Each test once, a file by one worker; what is not fast by one worker, never two at a time, behind the fast ones
    but for the two that a worker has in hand at its end."""
    log = tmp_path / "log"
    counts = {"unit/core/test_a.py": 9, "unit/image/test_b.py": 8, "property/test_c.py": 7, "contract/test_d.py": 6}
    rest = {"unit/sources/test_g.py": 3, "e2e/test_e.py": 5, "bench/test_f.py": 4}
    files = {f"tests/{name}": TIMED.format(count=count, log=str(log)) for name, count in (counts | rest).items()}
    answer = pytest_in(tmp_path, files)
    assert answer.returncode == 0, answer.stdout
    assert answer.stdout.splitlines()[-1].strip("= ").startswith("42 passed in ")
    words = [line.split() for line in log.read_text().splitlines()]
    ran = [
        Ran(worker, str(Path(file).relative_to(tmp_path / "tests")), float(a), float(b)) for worker, file, a, b in words
    ]
    assert {name: sum(one.file == name for one in ran) for name in counts | rest} == counts | rest
    assert all(len({one.worker for one in ran if one.file == name}) == 1 for name in counts)
    assert {one.worker for one in ran if one.file in counts} == {"gw0", "gw1"}
    slow = sorted((one for one in ran if one.file in rest), key=lambda one: one.began)
    assert len({one.worker for one in slow}) == 1
    assert all(before.ended <= after.began for before, after in pairwise(slow))
    assert sum(one.ended > slow[0].began for one in ran if one.file in counts) <= 2


def test_a_test_that_a_worker_skips_has_failed_in_ci(tmp_path: Path) -> None:
    """As without workers."""
    answer = pytest_in(tmp_path, {"tests/unit/test_a.py": SKIPPED, "tests/unit/test_b.py": "def test_b(): pass\n"})
    assert answer.returncode == 1
    assert "was skipped, which is a failure in CI. Skipped: there is no such thing" in answer.stdout
    assert answer.stdout.splitlines()[-1].strip("= ").startswith("1 failed, 1 passed in ")
