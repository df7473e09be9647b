"""Leaves out classes of errors that no code tells from their base: a class costs a board more than a hundred bytes."""

import ast

from boardpulse_tools.image.link import Program, Symbol
from boardpulse_tools.image.parse import Module
from boardpulse_tools.image.splice import meant


def collapse(program: Program, kept: "set[Symbol]") -> None:
    """Have the base raised where the error was, until there is no more such error."""
    while True:
        told_apart = {symbol for module in program.modules.values() for symbol in _told_apart(program, module)}
        empty = {symbol: base for symbol, base in _empty(program).items() if symbol not in kept | told_apart}
        if not empty:
            return
        symbol, base = sorted(empty.items())[0]
        for module in program.modules.values():
            _replace(program, module, symbol, base)
        home = program.modules[symbol[0]]
        home.tree.body = [one for one in home.tree.body if not _is_class(one, symbol[1])]


def _empty(program: Program) -> dict[Symbol, Symbol]:
    """Classes at the top of a module that add nothing to their base, and that base."""
    return {
        (name, one.name): meant(program, module, one.bases[0].id)
        for name, module in program.modules.items()
        for one in module.tree.body
        if isinstance(one, ast.ClassDef) and len(one.bases) == 1 and isinstance(one.bases[0], ast.Name)
        if all(isinstance(statement, ast.Pass) for statement in one.body)
    }


def _told_apart(program: Program, module: Module) -> set[Symbol]:
    """What is named otherwise than to raise it, or as a base."""
    harmless = {id(base) for node in ast.walk(module.tree) if isinstance(node, ast.ClassDef) for base in node.bases}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            harmless.add(id(node.exc.func))
    named = {
        meant(program, module, node.id)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Name) and id(node) not in harmless
    }
    imports = [node for node in ast.walk(module.tree) if isinstance(node, ast.ImportFrom)]
    in_functions = [node for node in imports if node not in module.tree.body]
    attributes = {node.attr for node in ast.walk(module.tree) if isinstance(node, ast.Attribute)}
    named |= {(name, attribute) for name in program.modules for attribute in attributes}  # module.Error
    return named | {(str(node.module), one.name) for node in in_functions for one in node.names}


def _replace(program: Program, module: Module, symbol: Symbol, base: Symbol) -> None:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Name) and meant(program, module, node.id) == symbol:
            node.id = base[1]
            if base[0] and base[0] != module.name:
                module.aliases[base[1]] = base


def _is_class(statement: ast.stmt, name: str) -> bool:
    return isinstance(statement, ast.ClassDef) and statement.name == name
