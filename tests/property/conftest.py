"""How Hypothesis runs here."""

import os

from hypothesis import settings

from tests.support.strictness import in_ci

# No deadline: a busy machine is no bug. In CI the examples are the same on each run, so that an old commit stays green;
# at a desk they are new ones each time.
settings.register_profile("boardpulse", deadline=None, derandomize=in_ci(os.environ))
settings.load_profile("boardpulse")
