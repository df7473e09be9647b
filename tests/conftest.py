"""What holds for all tests: marks by folder, no skips in CI, and the fixtures that every folder uses."""

import os
import signal
import socket
import threading
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.support.components import require
from tests.support.strictness import fail_if_skipped, in_ci

TESTS = Path(__file__).parent
FOLDERS = ("unit", "property", "contract", "e2e", "hil", "bench")  # in the order in which they run

# A test of real processes waits for them; a test of a function that takes a minute hangs. Seconds.
TIMEOUTS = {"e2e": 180, "hil": 300, "bench": 300}

# Fixtures whose use means that a test runs code on MicroPython.
UPY_FIXTURES = {"micropython", "micropython32"}


def pytest_configure() -> None:
    """Have Ctrl-C reach the processes that tests start. A shell that runs a script in the background has it ignored, in
    all that comes of it: a test that ends a board as a person would, would wait in vain."""
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """A real board is tested only where PORT names it."""
    return True if collection_path == TESTS / "hil" and not os.environ.get("PORT") else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test with the folder that it is in, and with `upy` where it runs MicroPython; fast folders go first."""
    items.sort(key=lambda item: FOLDERS.index(folder) if (folder := folder_of(item)) in FOLDERS else 0)
    for item in items:
        folder = folder_of(item)
        if folder in FOLDERS:
            item.add_marker(getattr(pytest.mark, folder))
        if folder in TIMEOUTS and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(TIMEOUTS[folder]))
        if UPY_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.upy)


def folder_of(item: pytest.Item) -> str:
    """The folder of tests/ that a test is in; nothing for one that is elsewhere."""
    return item.path.relative_to(TESTS).parts[0] if item.path.is_relative_to(TESTS) else ""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With several workers (-n), the fast tests are divided among them, in the order of collection."""
    from tests.support.workers import FastThenOneByOne  # its library is needed with -n only

    config.option.loadscopereorder = False
    return FastThenOneByOne(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, Any, Any]:
    """In CI a skipped test has failed."""
    report = yield
    if in_ci(os.environ):
        fail_if_skipped(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, Any, Any]:
    """In CI a skipped module has failed."""
    report = yield
    if in_ci(os.environ):
        fail_if_skipped(report)
    return report


@pytest.fixture(scope="session", autouse=True)
def _state_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Generator[None]:
    """A bridge that a test starts without saying where its history is leaves that of the machine's user alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("STATE_DIRECTORY", raising=False)
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(scope="session")
def micropython() -> Path:
    """The 64-bit MicroPython."""
    return require("micropython")


@pytest.fixture(scope="session")
def micropython32() -> Path:
    """The folder of the 32-bit MicroPythons; see boardpulse_tools.components.wasm_module for the paths in it."""
    require("node")
    return require("micropython32")


@pytest.fixture
def free_port() -> int:
    """A TCP port on 127.0.0.1 that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
