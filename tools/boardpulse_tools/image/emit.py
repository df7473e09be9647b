"""Writes the linked program: one source a bundle, all names final."""

import ast
from collections.abc import Iterator

from boardpulse_tools.image import names as n
from boardpulse_tools.image.collapse import collapse
from boardpulse_tools.image.inline import inline
from boardpulse_tools.image.layout import CORE
from boardpulse_tools.image.link import (
    LinkError,
    Program,
    Symbol,
    bindings,
    frequency,
    local_names,
    ordered,
    prune,
    uses,
)
from boardpulse_tools.image.methods import detach
from boardpulse_tools.image.parse import Module, is_ours
from boardpulse_tools.image.place import place
from boardpulse_tools.image.rewrite import Rewriter
from boardpulse_tools.image.splice import splice


def linked(program: Program, roots: "set[Symbol]", kept: "set[Symbol]", *, shorten: bool = True) -> dict[str, str]:
    """Bundle → source. `roots` is what is needed from outside, `kept` what keeps its name."""
    program.kept = kept
    prune(program, roots)
    collapse(program, kept)
    trees = _trees(program)
    attributes = n.attribute_map(trees, frequency(trees)) if shorten else {}
    detach(program)
    inline(program, kept)
    splice(program, kept)
    prune(program, roots)
    place(program, roots)
    _name_globals(program, kept, shorten)
    keywords = n.used_as_keyword(trees) | _public_parameters(program, kept) | _options(program)
    out = {}
    for bundle in sorted(set(program.place.values())):
        tree = _bundle(program, bundle, attributes)
        if tree is None:
            continue
        if shorten:
            for node in ast.walk(tree):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                    n.rename_parameters(node, keywords)
        out[bundle] = ast.unparse(ast.fix_missing_locations(tree))
    return out


def _options(program: Program) -> set[str]:
    """What boards may hand on by name, from their configuration."""
    trees = [module.tree for name, module in program.modules.items() if name == "board" or name.startswith("boards.")]
    return {
        node.value
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def _public_parameters(program: Program, kept: "set[Symbol]") -> set[str]:
    out: set[str] = set()
    for name, module in program.modules.items():
        if name.partition(".")[2] not in ("", "api", "custom", "recorder"):
            continue
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (
                node.name in n.API or (name, node.name) in kept
            ):
                out |= {arg.arg for arg in n.arguments(node)}
    return out


def _name_globals(program: Program, kept: "set[Symbol]", shorten: bool) -> None:
    """Choose the final name of each symbol. Those that no module of the image knows together may be called the same: a
    name that the board knows already costs it nothing."""
    always = {symbol[1] for symbol in kept} | n.BUILTINS | n.API | n.asked_for(_trees(program))
    seen = _seen(program)
    used = _other_names(program)
    for symbol in sorted(seen, key=lambda one: (program.place[one] != CORE, -len(seen[one]), one)):
        if symbol in kept:
            program.final[symbol] = symbol[1]
        elif not shorten:
            program.final[symbol] = symbol[0].replace(".", "_") + "__" + symbol[1]
        else:
            taken = always.union(*(used[bundle] for bundle in seen[symbol]))
            program.final[symbol] = next(n.pool(taken))
            for bundle in seen[symbol]:
                used[bundle].add(program.final[symbol])


def _trees(program: Program) -> list[ast.Module]:
    return [module.tree for module in program.modules.values()]


def _statements(program: Program) -> Iterator[tuple[str, ast.stmt, set[str]]]:
    """(module, statement at its top, the bundles that it goes into)"""
    for name, module in program.modules.items():
        for statement in module.tree.body:
            places = {program.place.get((name, one)) for one in bindings(statement)} or {program.bundle_of[name]}
            yield name, statement, {place for place in places if place is not None}


def _seen(program: Program) -> dict[Symbol, set[str]]:
    """Each symbol and the bundles that name it."""
    out = {symbol: {place} for symbol, place in program.place.items() if program.constant(symbol) is None}
    for name, statement, places in _statements(program):
        for symbol in uses(program, name, statement):
            if symbol in out:
                out[symbol] |= places
    return out


def _other_names(program: Program) -> dict[str, set[str]]:
    """Bundle → what is called otherwise there: imports, and the variables of functions."""
    out: dict[str, set[str]] = {bundle: set() for bundle in program.place.values()}
    for name, statement, places in _statements(program):
        names = set(program.modules[name].aliases)
        for node in ast.walk(statement):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                names |= local_names(node)
        for bundle in places:
            out.setdefault(bundle, set()).update(names)
    return out


def _bundle(program: Program, bundle: str, attributes: "dict[str, str]") -> "ast.Module | None":
    heads: dict[str, ast.stmt] = {}
    body: list[ast.stmt] = []
    for module in ordered(program):
        rewriter = Rewriter(program, module.name, bundle, attributes, heads)
        for statement in module.tree.body:
            if isinstance(statement, ast.Import | ast.ImportFrom) or not _belongs(program, module, statement, bundle):
                continue
            new = rewriter.visit(statement)
            body += new if isinstance(new, list) else [new] if new is not None else []
    body = [one for one in body if not isinstance(one, ast.Pass)]
    if not body:
        return None
    for head in heads.values():
        _check_head(head, bundle, set(program.place.values()))
    return ast.Module([heads[key] for key in sorted(heads)] + body, [])


def _check_head(head: ast.stmt, bundle: str, bundles: "set[str]") -> None:
    """All others import the core: it cannot import them while it is being loaded. What the image lacks nothing can."""
    module = head.module or "" if isinstance(head, ast.ImportFrom) else ""
    if is_ours(module) and (bundle == CORE or module not in bundles):
        raise LinkError(f"{bundle} needs {module} to be loaded: import it in the function that uses it")


def _belongs(program: Program, module: Module, statement: ast.stmt, bundle: str) -> bool:
    bound = bindings(statement)
    if not bound:
        return program.bundle_of[module.name] == bundle
    return any(program.place.get((module.name, name)) == bundle for name in bound)
