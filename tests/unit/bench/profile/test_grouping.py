"""From what cProfile has counted to parts: what is whose, and that all of it is somebody's."""

import ast
import json
from collections.abc import Callable, Iterator
from cProfile import Profile
from pathlib import Path
from typing import Any

import pytest

import host_bridge
from boardpulse_tools.bench.profile import parts
from boardpulse_tools.bench.profile.grouping import grouped, module_of, spent
from boardpulse_tools.bench.profile.measure import Form, profiles

ROOT = Path(__file__).parents[4]
BRIDGE = Path(host_bridge.__file__).parent
LOOP = "sum(range(20_000))"


def function_in(module: str, name: str, body: str = LOOP, **known: object) -> Callable[[], object]:
    """A function that Python takes to be of a module of the bridge."""
    names: dict[str, Any] = dict(known)
    exec(compile(f"def {name}():\n    return {body}\n", str(BRIDGE / module), "exec"), names)
    found: Callable[[], object] = names[name]
    return found


def profiled(*functions: Callable[[], object]) -> Profile:
    """They were called twice each, in this order."""
    profile = Profile()
    for function in functions * 2:
        profile.enable(builtins=False)
        function()
        profile.disable()
    return profile


def test_shares_of_parts_add_up_to_all_that_cprofile_has_counted() -> None:
    names = ("core/values.py", "plain"), ("core/clock.py", "plain"), ("sinks/history/journal.py", "plain")
    profile = profiled(*(function_in(*name) for name in names), lambda: sum(range(20_000)))
    shares = grouped(profile, 1)["parts"]
    assert list(shares) == [parts.VALUES, parts.CLOCK, parts.STORE, parts.REST]
    assert sum(shares.values()) == pytest.approx(1)
    assert min(shares.values()) > 0


def test_the_dearest_function_comes_first_with_its_calls_for_a_unit() -> None:
    dear = function_in("core/values.py", "dear", "sum(range(2_000_000))")
    found = grouped(profiled(function_in("core/clock.py", "cheap", "sum(range(200))"), dear), 4)["dearest"]
    assert [one["function"] for one in found] == [
        "host_bridge/core/values.py: dear",
        "host_bridge/core/clock.py: cheap",
    ]
    assert [one["calls"] for one in found] == [0.5, 0.5]
    assert found[0]["share"] > found[1]["share"] > 0


def test_what_is_defined_in_a_function_counts_for_it_and_its_calls_do_not() -> None:
    body = "[list(map(lambda one: sum(range(2_000)), range(9))) for _ in range(3)]"
    found = grouped(profiled(function_in("core/decode.py", "_read", body)), 1)
    assert [(one["function"], one["part"], one["calls"]) for one in found["dearest"]] == [
        ("host_bridge/core/decode.py: _read", parts.CBOR, 2)
    ]
    assert found["dearest"][0]["share"] > 0.95


def test_a_module_without_a_part_is_told_and_counts_for_the_rest() -> None:
    found = grouped(profiled(function_in("core/brand_new.py", "new"), function_in("core/clock.py", "known")), 1)
    assert found["without_part"] == ["host_bridge/core/brand_new.py"]
    (new,) = (one for one in found["dearest"] if one["part"] == parts.REST)
    assert found["parts"][parts.REST] == pytest.approx(new["share"]) != 0
    assert sum(found["parts"].values()) == pytest.approx(1)


def test_what_pythons_library_takes_is_the_callers() -> None:
    """However deep it goes there: json.dumps calls functions of its own."""
    rows = [list(range(100))] * 3_000
    first = function_in("core/snapshot.py", "write", "json.dumps(rows)", json=json, rows=rows)
    second = function_in("core/clock.py", "write", "json.dumps(rows[:30])", json=json, rows=rows)
    profile = profiled(first, second)
    shares = grouped(profile, 1)["parts"]
    assert shares[parts.RECORDS] > 3 * shares[parts.CLOCK] > 0
    assert shares.get(parts.REST, 0) < 0.01
    functions, total = spent(profile)
    assert sum(one.seconds for one in functions) == pytest.approx(total, rel=0.01)


def test_what_the_bridge_is_called_back_for_is_not_the_callers() -> None:
    key = function_in("core/values.py", "key")
    profile = profiled(function_in("core/clock.py", "sort", "list(map(lambda _: key(), range(50)))", key=key))
    shares = grouped(profile, 1)["parts"]
    assert shares[parts.VALUES] > shares[parts.CLOCK] > 0


@pytest.mark.parametrize(
    ("module", "function", "part"),
    [
        ("host_bridge/core/decode.py", "_read", parts.CBOR),
        ("host_bridge/core/decode.py", "_samples", parts.CHECKS),
        ("host_bridge/sinks/history/columns.py", "anything", parts.STORE),
        ("host_bridge/core/brand_new.py", "anything", None),
        ("host_bridge/sinks/brand_new.py", "anything", None),
    ],
)
def test_a_part_is_that_of_the_function_then_of_the_module_then_of_the_folder(
    module: str, function: str, part: str | None
) -> None:
    assert parts.part_of(module, function) == part


def test_only_modules_of_the_bridge_have_a_path() -> None:
    assert module_of(str(BRIDGE / "core" / "clock.py")) == "host_bridge/core/clock.py"
    assert module_of(json.__file__) is None
    assert module_of("<string>") is None


def test_every_module_that_takes_frames_keeps_them_or_draws_pages_has_a_part() -> None:
    """In a real run. A module of the bridge that is new there is to be named in bench/profile/parts.py."""
    found = profiles(Form("test", rounds=1, devices=20, messages=400, pages=1))
    assert {module for load in found.values() for module in load["without_part"]} == set()
    for load in found.values():
        assert sum(load["parts"].values()) == pytest.approx(1)


def test_what_has_a_part_exists() -> None:
    """So that nothing goes on under the name of another part once it was renamed."""
    assert [name for name in parts.MODULES if not (ROOT / name).exists()] == []
    for module, functions in parts.FUNCTIONS.items():
        assert set(functions) - set(qualified(ast.parse((ROOT / module).read_text()), "")) == set(), module
    named = {*parts.MODULES.values(), *(part for one in parts.FUNCTIONS.values() for part in one.values()), parts.REST}
    assert named == set(parts.PARTS)


def qualified(node: ast.AST, before: str) -> Iterator[str]:
    """Functions and methods of a module by their qualified names."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef):
            yield before + child.name
        elif isinstance(child, ast.ClassDef):
            yield from qualified(child, f"{before}{child.name}.")
