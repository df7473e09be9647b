"""Asking for a real component in a test."""

from pathlib import Path

import pytest

from boardpulse_tools.components import BY_NAME, find


def require(name: str) -> Path:
    """The path of a real component. Without it the test is skipped, with how to get it; in CI a skip is a failure."""
    component = BY_NAME[name]
    path = find(component)
    if path is None:
        pytest.skip(f"{name} is missing. To get it: {component.how_to_get}")
    return path
