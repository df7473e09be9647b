"""What the demo's boards run on."""

import pytest

from boardpulse_tools import boards


def test_without_micropython_boards_run_on_cpython(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Linux on aarch64, for which no wheel of MicroPython exists."""
    monkeypatch.setattr(boards, "find", lambda component: None)
    assert boards.micropython() is None
    assert boards.interpreter().name == "CPython"
