"""A function that one statement calls is put in its place, and does the same there."""

import ast

from boardpulse_tools.image.link import Program
from boardpulse_tools.image.parse import parse
from boardpulse_tools.image.splice import splice

OUTER = """
from boardpulse.inner import fill, twice

def both(row, n):
    i = 100
    fill(row, n + 1)
    row.append(i)
    twice(row)
    twice(row)

def early(row, n):
    stop_early(row, n)
    row.append("after")

def stop_early(row, n):
    if n < 0:
        return
    row.append(n)
"""
INNER = """
_FIRST = 7

def fill(to, n):
    i = _FIRST
    while i < _FIRST + n:
        to.append(i)
        i += 1

def twice(row):
    row.append(len(row))
"""


def linked() -> dict[str, ast.Module]:
    """Both modules, spliced."""
    sources = {"boardpulse/outer.py": OUTER, "boardpulse/inner.py": INNER}
    known = {"boardpulse.outer", "boardpulse.inner"}
    modules = {one.name: one for one in (parse(path, text, 32, known) for path, text in sources.items())}
    splice(Program(modules, {}), {("boardpulse.outer", "both"), ("boardpulse.outer", "early")})
    return {name: module.tree for name, module in modules.items()}


def called(tree: ast.AST, function: str) -> set[str]:
    """The names that a function calls."""
    (found,) = [one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef) and one.name == function]
    calls = [one.func for one in ast.walk(found) if isinstance(one, ast.Call)]
    return {one.id for one in calls if isinstance(one, ast.Name)}


def test_what_is_called_once_is_spliced_and_what_is_called_twice_is_not() -> None:
    """Only the first saves anything."""
    assert called(linked()["boardpulse.outer"], "both") == {"twice"}


def test_what_ends_early_stays_a_function() -> None:
    """Its return would end its caller."""
    assert called(linked()["boardpulse.outer"], "early") == {"stop_early"}


def test_spliced_statements_do_what_the_call_did() -> None:
    """Variables and arguments of the same names do not meet."""
    names: dict[str, object] = {"_FIRST": 7, "twice": lambda row: row.append(len(row))}
    body = [one for one in linked()["boardpulse.outer"].body if not isinstance(one, ast.ImportFrom)]
    exec(compile(ast.fix_missing_locations(ast.Module(body, [])), "outer", "exec"), names)
    row: list[int] = []
    names["both"](row, 2)  # type: ignore[operator]
    assert row == [7, 8, 9, 100, 4, 5]
