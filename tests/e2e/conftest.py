"""What the end-to-end tests share."""

import pytest

from tests.support.processes import LINKS


@pytest.fixture(params=LINKS)
def link(request: pytest.FixtureRequest) -> str:
    """Each of the two links, one after the other."""
    return str(request.param)
