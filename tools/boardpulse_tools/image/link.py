"""Links the sources of an image into few modules: what is loaded together becomes one, what nothing calls is left out.

Each module costs a board a dictionary, a table of names and a copy of every name that it imports.
"""

import ast
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from boardpulse_tools.image import names as n
from boardpulse_tools.image.parse import Module, imported, is_ours

Symbol = tuple[str, str]


class LinkError(Exception):
    """The sources use something that cannot be linked: a fault of ours, not of who flashes a board."""


class Program:
    """The modules of an image, where each goes, and what their names mean."""

    def __init__(self, modules: Mapping[str, Module], bundle_of: Mapping[str, str]) -> None:
        self.modules = modules
        self.bundle_of = {name: bundle_of.get(name, name) for name in modules}
        self.final: dict[Symbol, str] = {}
        self.place: dict[Symbol, str] = {}
        self.kept: set[Symbol] = set()

    def resolve(self, module: str, name: str | None) -> "tuple[str, str, str | None] | None":
        """What a name at the top of a module means: ("ours", module, name), ("module", module, None) or ("foreign",
        module, name); None for a builtin."""
        known_here = module in self.modules and is_ours(module)
        if name is None:
            return ("module", module, None) if known_here else ("foreign", module, None)
        if module not in self.modules:
            return ("foreign", module, name)
        known = self.modules[module]
        if name in known.names:
            return ("ours", module, name)
        if name in known.aliases:
            return self.resolve(*known.aliases[name])
        return None

    def constant(self, symbol: Symbol) -> int | None:
        """The integer that a symbol stands for."""
        return self.modules[symbol[0]].constants.get(symbol[1])


def bindings(statement: ast.stmt) -> set[str]:
    """What a statement at the top of a module defines; empty for one that is run for what it does."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Assign):
        return {node.id for target in statement.targets for node in ast.walk(target) if isinstance(node, ast.Name)}
    return set()


def local_names(function: ast.AST) -> set[str]:
    """Parameters and variables of a function, not those of functions in it."""
    out: set[str] = set()
    todo: list[ast.AST] = [function]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            if node is not function:
                out |= {node.name} if not isinstance(node, ast.Lambda) else set()
                continue
            out |= {arg.arg for arg in n.arguments(node)}
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
            out.add(node.id)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            out.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            out |= {one.asname or one.name.split(".")[0] for one in node.names}
        todo += ast.iter_child_nodes(node)
    for node in ast.walk(function):
        if isinstance(node, ast.Global):
            out -= set(node.names)
    return out


def scoped_imports(function: ast.AST, known: "set[str]") -> "dict[str, tuple[str, str | None]]":
    """What imports of ours inside a function bind."""
    out: dict[str, tuple[str, str | None]] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Import | ast.ImportFrom):
            out |= {name: target for name, target in imported(node, known).items() if is_ours(target[0])}
    return out


class Names(ast.NodeVisitor):
    """Walks a statement and calls use(node, meaning) for every global name in it, and for every attribute of a module
    of ours. `meaning` as of Program.resolve."""

    def __init__(self, program: Program, module: str) -> None:
        self.program = program
        self.module = module
        self.scopes: list[set[str]] = []
        self.imports: list[dict[str, tuple[str, str | None]]] = []

    def use(self, node: ast.AST, meaning: "tuple[str, str, str | None]") -> None:
        """Override."""

    def meaning(self, name: str) -> "tuple[str, str, str | None] | None":
        """What a name means here; None for a local variable or a builtin."""
        for scope, ours in zip(reversed(self.scopes), reversed(self.imports), strict=True):
            if name in ours:
                return self.program.resolve(*ours[name])
            if name in scope:
                return None
        return self.program.resolve(self.module, name)

    def _function(self, node: ast.AST) -> ast.AST:
        decorators = getattr(node, "decorator_list", [])
        for outer in [*decorators, *node.args.defaults, *[one for one in node.args.kw_defaults if one]]:  # type: ignore[attr-defined]
            self.visit(outer)
        self.scopes.append(local_names(node))
        self.imports.append(scoped_imports(node, set(self.program.modules)))
        body = node.body if isinstance(node.body, list) else [node.body]  # type: ignore[attr-defined]
        for statement in body:
            self.visit(statement)
        self.scopes.pop()
        self.imports.pop()
        return node

    visit_FunctionDef = visit_AsyncFunctionDef = visit_Lambda = _function

    def _comprehension(self, node: "ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp") -> ast.AST:
        targets = [one for part in node.generators for one in ast.walk(part.target)]
        self.scopes.append({one.id for one in targets if isinstance(one, ast.Name)})
        self.imports.append({})
        self.generic_visit(node)
        self.scopes.pop()
        self.imports.pop()
        return node

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension

    def visit_Name(self, node: ast.Name) -> None:
        meaning = self.meaning(node.id)
        if meaning is not None:
            self.use(node, meaning)

    def visit_Global(self, node: ast.Global) -> None:
        for name in node.names:
            meaning = self.program.resolve(self.module, name)
            if meaning:
                self.use(node, meaning)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if isinstance(node.value, ast.Name):
            base = self.meaning(node.value.id)
            if base is not None and base[0] == "module":
                meaning = self.program.resolve(base[1], node.attr)
                if meaning is None:
                    raise LinkError(f"{base[1]} has no {node.attr}, which {self.module} uses")
                self.use(node, meaning)
                return
        self.generic_visit(node)


class _Uses(Names):
    def __init__(self, program: Program, module: str) -> None:
        super().__init__(program, module)
        self.found: set[Symbol] = set()
        self.values: set[Symbol] = set()
        self._callees: set[int] = set()

    def visit_Call(self, node: ast.Call) -> None:
        self._callees.add(id(node.func))
        self.generic_visit(node)

    def use(self, node: ast.AST, meaning: "tuple[str, str, str | None]") -> None:
        if meaning[0] == "ours" and isinstance(meaning[2], str):
            self.found.add((meaning[1], meaning[2]))
            if id(node) not in self._callees:
                self.values.add((meaning[1], meaning[2]))


def uses(
    program: Program,
    module: str,
    statement: ast.AST,
    scopes: "Sequence[set[str]]" = (),
    imports: "Sequence[dict[str, tuple[str, str | None]]]" = (),
) -> set[Symbol]:
    """The symbols of ours that a statement names, inside functions with these local names and imports."""
    visitor = _Uses(program, module)
    visitor.scopes, visitor.imports = list(scopes), list(imports)
    visitor.visit(statement)
    return visitor.found


def handed_on(program: Program) -> set[Symbol]:
    """The symbols that some code does not call, but hands on or keeps."""
    out: set[Symbol] = set()
    for name, module in program.modules.items():
        visitor = _Uses(program, name)
        visitor.visit(module.tree)
        out |= visitor.values
    return out


def reachable(program: Program, roots: "set[Symbol]") -> set[Symbol]:
    """What is needed when the roots are: all that they name, and so on. A module of which something is needed runs
    its statements too."""
    defined: dict[Symbol, list[ast.stmt]] = {}
    effects: dict[str, list[ast.stmt]] = {}
    for name, module in program.modules.items():
        for statement in module.tree.body:
            bound = bindings(statement)
            for one in bound:
                defined.setdefault((name, one), []).append(statement)
            if not bound and not isinstance(statement, ast.Import | ast.ImportFrom):
                effects.setdefault(name, []).append(statement)
    found: set[Symbol] = set()
    todo = set(roots)
    while todo:
        symbol = todo.pop()
        found.add(symbol)
        for statement in [*defined.get(symbol, []), *effects.pop(symbol[0], [])]:
            todo |= uses(program, symbol[0], statement) - found
    return found


def drop_unused_methods(trees: "list[ast.Module]") -> bool:
    """Leave out methods whose name no code mentions. Whether there were any."""
    mentioned = {node.attr for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    mentioned |= {
        node.value
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    dropped = False
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                kept = [one for one in node.body if not _unused(one, mentioned)]
                dropped = dropped or len(kept) < len(node.body)
                node.body = kept or [ast.Pass()]
    return dropped


def _unused(statement: ast.stmt, mentioned: "set[str]") -> bool:
    if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    return statement.name not in mentioned and statement.name not in n.API and not statement.name.startswith("__")


def prune(program: Program, roots: "set[Symbol]") -> None:
    """Leave out what is not reachable, and methods that nothing calls, until nothing more goes."""
    more = True
    while more:
        found = reachable(program, roots)
        for name, module in program.modules.items():
            used = any(symbol[0] == name for symbol in found)
            module.tree.body = [one for one in module.tree.body if used and _kept(one, name, found)]
        more = drop_unused_methods([module.tree for module in program.modules.values()])


def _kept(statement: ast.stmt, module: str, found: "set[Symbol]") -> bool:
    bound = bindings(statement)
    return not bound or any((module, name) in found for name in bound)


def frequency(trees: "list[ast.Module]") -> list[str]:
    """All names by how often they are used, most frequent first; equals by their spelling, for builds that repeat."""
    counted: Counter[str] = Counter()
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute):
                counted[node.attr] += 1
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                counted[node.name] += 1
    return sorted(counted, key=lambda name: (-counted[name], name))


def ordered(program: Program) -> Iterator[Module]:
    """All modules, each after those whose names its top needs."""
    done: set[str] = set()

    def visit(name: str) -> Iterator[Module]:
        if name in done or name not in program.modules:
            return
        done.add(name)
        for module, _ in program.modules[name].aliases.values():
            yield from visit(module)
        yield program.modules[name]

    for name in sorted(program.modules):
        yield from visit(name)
