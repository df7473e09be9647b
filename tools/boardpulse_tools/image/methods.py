"""Turns methods that one place calls into functions, so that they can be loaded with that place instead of their class.

A constructor runs once, at the start: on a board it need not stay in the heap for years. The sources keep their
classes.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from boardpulse_tools.image import names as n
from boardpulse_tools.image.layout import is_cold
from boardpulse_tools.image.link import Program
from boardpulse_tools.image.parse import Module, imported


@dataclass(frozen=True)
class Method:
    """A method that is the only one of its name, and only ever called."""

    module: str
    owner: str
    name: str

    @property
    def function(self) -> str:
        """What it is called as a function of its module."""
        return f"{self.owner}__{self.name}"


def detach(program: Program) -> None:
    """Make functions of all methods that can be: the linker then finds out where they belong."""
    methods = _unique(program)
    known = set(program.modules)
    aliases = {name: _module_aliases(module, known) for name, module in program.modules.items()}
    called, mentioned = _mentions(program, aliases)
    classes = _constructible(program)
    chosen = {m.name: m for m in methods if m.name in called and called[m.name] == mentioned.get(m.name, 0)}
    for module in program.modules.values():
        _Calls(program, module, chosen, classes, aliases[module.name]).visit(module.tree)
    for module in program.modules.values():
        _move_out(module, chosen, {owner for place, owner in classes if place == module.name})


def _unique(program: Program) -> list[Method]:
    """The methods of hot classes whose name no other class, hot or cold, gives to a method."""
    found: dict[str, list[Method]] = {}
    stays: set[str] = n.foreign_attributes() | n.API
    for module, node in _all_classes(program):
        for method in node.body:
            if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef):
                found.setdefault(method.name, []).append(Method(module.name, node.name, method.name))
                if method.decorator_list or node.bases or method.name.startswith("__") or not _is_hot(program, module):
                    stays.add(method.name)
    return [some[0] for name, some in found.items() if len(some) == 1 and name not in stays]


def _is_hot(program: Program, module: Module) -> bool:
    return not is_cold(program.bundle_of[module.name]) and not _is_made_by_board(module)


def _is_made_by_board(module: Module) -> bool:
    """Whether board.py makes its objects: what is moved there would no longer count as the firmware's."""
    return module.name.startswith("boardpulse.sensors.") and module.name != "boardpulse.sensors.health"


def _all_classes(program: Program) -> Iterator[tuple[Module, ast.ClassDef]]:
    for module in program.modules.values():
        for node in module.tree.body:
            if isinstance(node, ast.ClassDef):
                yield module, node


def _classes(program: Program) -> Iterator[tuple[Module, ast.ClassDef]]:
    return (one for one in _all_classes(program) if not is_cold(program.bundle_of[one[0].name]))


def _module_aliases(module: Module, known: "set[str]") -> set[str]:
    """The names under which a source knows modules of ours."""
    out: set[str] = set()
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            targets = imported(node, known).items()
            out |= {name for name, target in targets if target[1] is None and target[0] in known}
    return out


def _is_method(node: ast.AST, aliases: "set[str]") -> bool:
    return isinstance(node, ast.Attribute) and not (isinstance(node.value, ast.Name) and node.value.id in aliases)


def _mentions(program: Program, aliases: "dict[str, set[str]]") -> "tuple[dict[str, int], dict[str, int]]":
    """(how often each attribute is called, how often it is mentioned at all)"""
    called: dict[str, int] = {}
    mentioned: dict[str, int] = {}
    for name, module in program.modules.items():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and _is_method(node.func, aliases[name]):
                attribute = node.func.attr if isinstance(node.func, ast.Attribute) else ""
                called[attribute] = called.get(attribute, 0) + 1
            if isinstance(node, ast.Attribute) and _is_method(node, aliases[name]):
                mentioned[node.attr] = mentioned.get(node.attr, 0) + 1
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                mentioned[node.value] = mentioned.get(node.value, 0) + 1
    return called, mentioned


def _constructible(program: Program) -> set[tuple[str, str]]:
    """(module, class) of those with a constructor and no base, which nothing but a call names."""
    found = {
        (module.name, node.name)
        for module, node in _classes(program)
        if not node.bases and any(_is_plain_constructor(one) for one in node.body)
        and not module.name.startswith(("board.", "boards.")) and module.name != "board"
        and not _is_made_by_board(module)
    }  # fmt: skip
    for module in program.modules.values():
        named = [node for node in ast.walk(module.tree) if isinstance(node, ast.Name | ast.Attribute)]
        callees = {id(node.func) for node in ast.walk(module.tree) if isinstance(node, ast.Call)}
        for node in named:
            name = node.id if isinstance(node, ast.Name) else node.attr
            if id(node) not in callees:
                found = {one for one in found if one[1] != name}
    return found


def _is_plain_constructor(statement: ast.stmt) -> bool:
    """Whether it is an __init__ that ends at its end only: as a function it returns what it has made."""
    if not isinstance(statement, ast.FunctionDef) or statement.name != "__init__":
        return False
    return not any(isinstance(node, ast.Return) for node in ast.walk(statement))


class _Calls(ast.NodeTransformer):
    """x.method(…) → Class__method(x, …) and Class(…) → Class____init__(Class(), …), with the import that it takes."""

    def __init__(
        self,
        program: Program,
        module: Module,
        chosen: "dict[str, Method]",
        classes: "set[tuple[str, str]]",
        aliases: "set[str]",
    ) -> None:
        self.aliases = aliases
        self.imports = dict(module.aliases)
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                self.imports |= imported(node, set(program.modules))
        self.program = program
        self.module = module
        self.chosen = chosen
        self.classes = classes

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if (
            isinstance(node.func, ast.Attribute)
            and node.func.attr in self.chosen
            and _is_method(node.func, self.aliases)
        ):
            method = self.chosen[node.func.attr]
            name = self._name(method.module, method.function)
            return ast.copy_location(ast.Call(name, [node.func.value, *node.args], node.keywords), node)
        made = self._class(node.func)
        if made is not None:
            name = self._name(made[0], f"{made[1]}____init__")
            return ast.copy_location(ast.Call(name, [ast.Call(node.func, [], []), *node.args], node.keywords), node)
        return node

    def _class(self, function: ast.expr) -> tuple[str, str] | None:
        """The class whose constructor an expression calls, if that can be moved."""
        if isinstance(function, ast.Name):
            target = self.imports.get(function.id, (self.module.name, function.id))
        elif isinstance(function, ast.Attribute) and not _is_method(function, self.aliases):
            module = function.value.id if isinstance(function.value, ast.Name) else ""
            target = (self.imports[module][0], function.attr)
        else:
            return None
        meaning = self.program.resolve(*target)
        found = (meaning[1], str(meaning[2])) if meaning is not None else None
        return found if found in self.classes else None

    def _name(self, module: str, function: str) -> ast.Name:
        if module != self.module.name:
            self.module.aliases[function] = (module, function)
        return ast.Name(function, ast.Load())


def _move_out(module: Module, chosen: "dict[str, Method]", classes: "set[str]") -> None:
    body: list[ast.stmt] = []
    for statement in module.tree.body:
        body.append(statement)
        if not isinstance(statement, ast.ClassDef):
            continue
        kept: list[ast.stmt] = []
        for one in statement.body:
            moved = isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef) and (
                (
                    one.name in chosen
                    and chosen[one.name].owner == statement.name
                    and chosen[one.name].module == module.name
                )
                or (one.name == "__init__" and statement.name in classes)
            )
            if not moved:
                kept.append(one)
                continue
            if not isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef):
                raise TypeError(one)
            if one.name == "__init__":
                one.body.append(ast.Return(ast.Name(one.args.args[0].arg, ast.Load())))
            one.name = f"{statement.name}__{one.name}"
            module.names.add(one.name)
            body.append(one)
        statement.body = kept or [ast.Pass()]
    module.tree.body = body
