"""In CI nothing may be skipped: a test that did not run has not shown anything."""

from collections.abc import Mapping
from typing import Any


def in_ci(environment: Mapping[str, str]) -> bool:
    """Whether the environment says that this is CI."""
    return environment.get("CI", "").lower() in {"1", "true", "yes"}


def fail_if_skipped(report: Any) -> None:
    """Turn pytest's report of a skipped test or module into a failure; an expected failure stays one."""
    if not report.skipped or hasattr(report, "wasxfail"):
        return
    reason = report.longrepr[-1] if isinstance(report.longrepr, tuple) else report.longrepr
    report.outcome = "failed"
    report.longrepr = f"{report.nodeid} was skipped, which is a failure in CI. {reason}"
