"""What the tests of flashing share."""

import pytest

from tests.support.flashing import Changed


@pytest.fixture(autouse=True)
def changed(monkeypatch: pytest.MonkeyPatch) -> Changed:
    """What every flash in this process puts on its board; built once."""
    return Changed(monkeypatch)
