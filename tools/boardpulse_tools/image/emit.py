"""Writes the linked program: one source a bundle, all names final."""

import ast

from boardpulse_tools.image import names as n
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


def linked(program: Program, roots: "set[Symbol]", kept: "set[Symbol]", *, shorten: bool = True) -> dict[str, str]:
    """Bundle → source. `roots` is what is needed from outside, `kept` what keeps its name."""
    program.kept = kept
    prune(program, roots)
    trees = [module.tree for module in program.modules.values()]
    attributes = n.attribute_map(trees, frequency(trees)) if shorten else {}
    detach(program)
    inline(program, kept)
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
    """Choose the final name of each symbol. What other bundles use gets a name of its own; the rest may be called the
    same in each bundle, because a name that the board knows already costs it nothing."""
    taken = {symbol[1] for symbol in kept} | n.BUILTINS | n.API
    for module in program.modules.values():
        taken |= set(module.aliases)
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                taken |= local_names(node)
    here = sorted(symbol for symbol in program.place if program.constant(symbol) is None)
    shared = _shared(program)
    pool = n.pool(taken)
    for symbol in sorted(here, key=lambda one: (program.place[one] != CORE, one)):
        if symbol in kept:
            program.final[symbol] = symbol[1]
        elif not shorten:
            program.final[symbol] = symbol[0].replace(".", "_") + "__" + symbol[1]
        elif symbol in shared:
            program.final[symbol] = next(pool)
    for bundle in sorted(set(program.place.values())):
        own = [symbol for symbol in here if program.place[symbol] == bundle and symbol not in program.final]
        used = {program.final[symbol] for symbol in shared if symbol in program.final}
        names = n.pool(taken | used)
        for symbol in own:
            program.final[symbol] = next(names)


def _shared(program: Program) -> set[Symbol]:
    """The symbols that another bundle than their own names."""
    out: set[Symbol] = set()
    for name, module in program.modules.items():
        for statement in module.tree.body:
            bound = bindings(statement)
            places = {program.place.get((name, one)) for one in bound} or {program.bundle_of[name]}
            out |= {symbol for symbol in uses(program, name, statement) if program.place.get(symbol) not in places}
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
