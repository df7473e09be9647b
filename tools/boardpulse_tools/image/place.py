"""Decides which module of the image each definition goes into: to whoever uses it, to the firmware's core when several
that run all the time do, to the common part of what runs seldom otherwise."""

import ast

from boardpulse_tools.image.layout import COLD, CORE, FLOATING, SELDOM
from boardpulse_tools.image.link import Program, Symbol, bindings, uses


def place(program: Program, roots: "set[Symbol]") -> None:
    """Fill program.place. The roots stay where they are, and classes with the methods that they keep."""
    users: dict[Symbol, set[Symbol]] = {}
    symbols: set[Symbol] = set()
    for name, module in program.modules.items():
        for statement in module.tree.body:
            for one in bindings(statement):
                symbols.add((name, one))
                for used in uses(program, name, statement):
                    if used != (name, one):
                        users.setdefault(used, set()).add((name, one))
    home = {symbol: program.bundle_of[symbol[0]] for symbol in symbols}
    floating = {symbol for symbol in symbols if symbol not in roots and _floats(symbol, program)}
    place_of = {symbol: {home[symbol]} if symbol not in floating else set() for symbol in symbols}
    changed = True
    while changed:  # where a definition is used from, and those that use it, and so on
        changed = False
        for symbol in floating:
            wanted = {one for user in users.get(symbol, ()) for one in place_of.get(user, ())}
            if not wanted <= place_of[symbol]:
                place_of[symbol] |= wanted
                changed = True
    program.place = {symbol: _one_of(places, home[symbol]) for symbol, places in place_of.items()}


def _floats(symbol: Symbol, program: Program) -> bool:
    """A class stays where it is, with the methods that it keeps; errors, which have none, do not."""
    if symbol[0] not in FLOATING:
        return "__" in symbol[1].strip("_")
    return (symbol[0].startswith("shared_schema.") and symbol[1] != "Writer") or not _is_class(symbol, program)


def _is_class(symbol: Symbol, program: Program) -> bool:
    body = program.modules[symbol[0]].tree.body
    return any(isinstance(one, ast.ClassDef) and one.name == symbol[1] for one in body)


def _one_of(places: "set[str]", home: str) -> str:
    if len(places) == 1:
        return next(iter(places))
    hot = places - COLD
    if hot:
        return next(iter(hot)) if places <= hot | {"boardpulse.start"} and len(hot) == 1 else CORE
    return SELDOM if places else home
