"""What a page claims is shown by the tests that it names."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "reliability.md"
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE.read_text())


@pytest.mark.parametrize(("file", "name"), NAMED, ids=[name for _, name in NAMED])
def test_every_test_that_is_named_exists(file: str, name: str) -> None:
    """Under the name and at the place that the page gives."""
    tree = ast.parse((ROOT / file).read_text())
    assert name in {node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))}


def test_every_promise_and_every_failure_names_one() -> None:
    """A claim without a test is an intention."""
    text = PAGE.read_text()
    promises = re.split(r"^- ", section(text, "What is promised"), flags=re.MULTILINE)[1:]
    failures = re.split(r"^\*\*…", section(text, "What happens when …"), flags=re.MULTILINE)[1:]
    assert len(promises) >= 7
    assert len(failures) >= 12
    assert [claim for claim in promises + failures if "::" not in claim] == []


def section(text: str, heading: str) -> str:
    """The text below a heading, up to the next."""
    return text.partition(f"## {heading}\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize("page", ["history.md", "performance.md", "reliability.md"])
def test_links_within_the_repository_lead_somewhere(page: str) -> None:
    """To files that exist."""
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", (ROOT / "docs" / page).read_text())
    assert [link for link in links if not (ROOT / "docs" / link).exists()] == []
