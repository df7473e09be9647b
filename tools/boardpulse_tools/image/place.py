"""Decides which module of the image each definition goes into: to whoever uses it, to the firmware's core when several
that run all the time do, to the common part of what runs seldom otherwise."""

import ast

from boardpulse_tools.image.layout import CORE, FLOATING, SELDOM, is_cold
from boardpulse_tools.image.link import Program, Symbol, bindings, handed_on, uses


def place(program: Program, roots: "set[Symbol]") -> None:
    """Fill program.place. The roots stay where they are, and classes with the methods that they keep."""
    users = _users(program)
    home = {symbol: program.bundle_of[symbol[0]] for symbol in users}
    floating = {symbol for symbol in users if symbol not in roots and _floats(symbol, program)}
    wanted = {symbol: {home[symbol]} if symbol not in floating else set() for symbol in users}
    for symbol in handed_on(program) & floating:
        if _is(symbol, program, ast.FunctionDef):  # whoever keeps a function keeps all of its module
            wanted[symbol].add(CORE)
    changed = True
    while changed:  # where a definition is used from, and those that use it, and so on
        changed = False
        for symbol in floating:
            more = {one for user in users[symbol] for one in wanted[user]}
            if not more <= wanted[symbol]:
                wanted[symbol] |= more
                changed = True
    program.place = {symbol: _one_of(places, home[symbol]) for symbol, places in wanted.items()}
    for symbol in _loop_variables(program):
        program.place.setdefault(symbol, program.bundle_of[symbol[0]])


def _users(program: Program) -> "dict[Symbol, set[Symbol]]":
    """Each definition, and the definitions that use it."""
    out: dict[Symbol, set[Symbol]] = {}
    for name, module in program.modules.items():
        for statement in module.tree.body:
            bound = {(name, one) for one in bindings(statement)}
            for symbol in bound:
                out.setdefault(symbol, set())
            for used in uses(program, name, statement) - bound:
                out.setdefault(used, set()).update(bound)
    return out


def _loop_variables(program: Program) -> "set[Symbol]":
    """What statements at the top of a module bind that are no definitions."""
    return {
        (name, node.id)
        for name, module in program.modules.items()
        for statement in module.tree.body
        if not bindings(statement)
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


def _floats(symbol: Symbol, program: Program) -> bool:
    """A class stays where it is, with the methods that it keeps; errors, which have none, do not."""
    if symbol[0] not in FLOATING:
        return "__" in symbol[1].strip("_")
    return (symbol[0].startswith("shared_schema.") and symbol[1] != "Writer") or not _is(symbol, program, ast.ClassDef)


def _is(symbol: Symbol, program: Program, kind: "type[ast.ClassDef] | type[ast.FunctionDef]") -> bool:
    body = program.modules[symbol[0]].tree.body
    return any(isinstance(one, kind) and one.name == symbol[1] for one in body)


def _one_of(places: "set[str]", home: str) -> str:
    if len(places) == 1:
        return next(iter(places))
    hot = {place for place in places if not is_cold(place)}
    if hot:
        return next(iter(hot)) if places <= hot | {"boardpulse.starting"} and len(hot) == 1 else CORE
    return SELDOM if places and home not in places else home  # what is used at home too costs others its load
