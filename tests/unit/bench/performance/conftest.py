"""Folders with stored reports."""

import shutil
from pathlib import Path

import pytest

from boardpulse_tools.bench.performance import command, page
from tests.unit.bench.performance.support import PROFILE, REPORTS, RUN, changed


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A folder with the reports, and with something about a profile, but without a page."""
    folder = tmp_path / "docs"
    shutil.copytree(REPORTS, folder / page.REPORTS)
    (folder / page.PROFILE).write_text(PROFILE)
    changed(folder, "exposition", lambda report: report.update(run=RUN))
    return folder


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with page and pictures, from the reports as they are stored."""
    folder = tmp_path_factory.mktemp("performance")
    command.take(REPORTS, folder)
    (folder / page.PROFILE).write_text(PROFILE)
    command.write(folder)
    return folder
