"""Rewrites the statements of a source module for the module of the image that they go into."""

import ast

from boardpulse_tools.image.layout import CORE, SELDOM, is_cold
from boardpulse_tools.image.link import LinkError, Names, Program, Symbol, local_names, scoped_imports, uses
from boardpulse_tools.image.parse import NATIVE_COMMENT, imported, is_ours

FORGET: Symbol = ("boardpulse.compat", "forget")


class Rewriter(Names, ast.NodeTransformer):
    """Rewrites the statements of one module for its bundle; adds the imports that they need to `heads`."""

    def __init__(
        self,
        program: Program,
        module: str,
        bundle: str,
        attributes: "dict[str, str]",
        heads: "dict[str, ast.stmt]",
    ) -> None:
        super().__init__(program, module)
        self.bundle = bundle
        self.attributes = attributes
        self.heads = heads
        self._used: set[Symbol] = set()
        self.late: dict[str, ast.stmt] = {}

    def _function(self, node: ast.AST) -> ast.AST:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            raise TypeError(node)
        node.args.defaults = [self.visit(one) for one in node.args.defaults]
        node.args.kw_defaults = [self.visit(one) if one else None for one in node.args.kw_defaults]
        if not isinstance(node, ast.Lambda):
            node.decorator_list = [self.visit(one) for one in node.decorator_list]
        depth = len(self.scopes)
        used = uses(self.program, self.module, node, self.scopes, self.imports)
        self.scopes.append(local_names(node))
        self.imports.append(scoped_imports(node, set(self.program.modules)))
        outer, self._used = self._used, used
        if isinstance(node, ast.Lambda):
            node.body = self.visit(node.body)
        else:
            node.body = self._statements(node.body) or [ast.Pass()]
        self.scopes.pop()
        self.imports.pop()
        self._used = outer
        if not isinstance(node, ast.Lambda):
            self._rename_definition(node, depth)
            if node.type_comment == NATIVE_COMMENT and not is_cold(self.bundle):  # loaded again it takes heap again
                node.decorator_list.append(ast.parse("micropython.native", mode="eval").body)
                node.type_comment = None
            if depth == 0:
                node.body = [self.late[key] for key in sorted(self.late)] + node.body
                self.late = {}
        return node

    visit_FunctionDef = visit_AsyncFunctionDef = visit_Lambda = _function

    def _statements(self, body: "list[ast.stmt]") -> list[ast.stmt]:
        out: list[ast.stmt] = []
        for statement in body:
            new = self.visit(statement)
            out += new if isinstance(new, list) else [new] if new is not None else []
        return out

    def _rename_definition(self, node: "ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef", depth: int) -> None:
        if depth == 0 and (self.module, node.name) in self.program.final and not self._in_class:
            node.name = self.program.final[(self.module, node.name)]
        elif self._in_class and depth == 0:
            node.name = self.attributes.get(node.name, node.name)

    _in_class = 0

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        name = self.program.final.get((self.module, node.name), node.name)
        node.bases = [self.visit(one) for one in node.bases]
        self._in_class += 1
        node.body = self._statements(node.body) or [ast.Pass()]
        self._in_class -= 1
        node.name = name
        return node

    def visit_Assign(self, node: ast.Assign) -> "ast.AST | None":
        if not self.scopes and not self._in_class and len(node.targets) == 1:
            target = node.targets[0]
            constant = isinstance(target, ast.Name) and target.id in self.program.modules[self.module].constants
            if constant and (self.module, target.id) not in self.program.kept:  # type: ignore[attr-defined]
                return None  # stands as a number wherever it is used
        self.generic_visit(node)
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:  # type: ignore[override]
        if not self.scopes and isinstance(node.ctx, ast.Store) and (self.module, node.id) in self.program.kept:
            return node
        if self._in_class and not self.scopes and isinstance(node.ctx, ast.Store):
            node.id = self.attributes.get(node.id, node.id)
            return node
        meaning = self.meaning(node.id)
        return node if meaning is None else self._meant(node, meaning)

    def _meant(self, node: "ast.Name | ast.Attribute", meaning: "tuple[str, str, str | None]") -> ast.AST:
        kind, module, name = meaning
        if kind == "module":
            raise LinkError(f"{self.module} hands the module {module} on as a value")
        if kind == "foreign":
            if isinstance(node, ast.Name) and any(node.id in ours for ours in self.imports):
                return node  # of a module that this image leaves out: the import in the function says so
            return self._foreign(node, module, name)
        if name is None:
            raise LinkError(module)
        number = self.program.constant((module, name))
        if number is not None:
            return ast.copy_location(_number(number), node)
        final = self.program.final.get((module, name))
        if final is None:
            raise LinkError(f"{module}.{name}, which {self.module} uses, is not in the image")
        if self.program.place[(module, name)] != self.bundle and not self._imported_here(module, name):
            self._import_of(self.program.place[(module, name)], final)
        return ast.copy_location(ast.Name(final, node.ctx), node)

    def _imported_here(self, module: str, name: str) -> bool:
        """Whether an import inside the function brings it."""
        for ours in self.imports:
            for target in ours.values():
                if target == (module, None) or self.program.resolve(*target) == ("ours", module, name):
                    return True
        return False

    def _import_of(self, module: str, name: str) -> None:
        """Import at the top; in what runs seldom, where it is used: it shall load no link that the board has not."""
        late = bool(self.scopes) and is_cold(self.bundle) and module != CORE
        imports = self.late if late else self.heads
        statement = imports.setdefault("1" + module, ast.ImportFrom(module, [], 0))
        if isinstance(statement, ast.ImportFrom) and name not in [one.name for one in statement.names]:
            statement.names.append(ast.alias(name))

    def _foreign(self, node: "ast.Name | ast.Attribute", module: str, name: str | None) -> ast.AST:
        if name is None:
            bound = module.split(".")[0]
            self.heads["0" + module] = ast.Import([ast.alias(module)])
        elif (module, name) == ("micropython", "const"):
            bound = name
            self.heads["0const"] = ast.ImportFrom(module, [ast.alias(name)], 0)
        else:
            bound = name
            self.heads[f"0{module}.{name}"] = ast.ImportFrom(module, [ast.alias(name)], 0)
        return ast.copy_location(ast.Name(bound, node.ctx), node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:  # type: ignore[override]
        if isinstance(node.value, ast.Name):
            base = self.meaning(node.value.id)
            if base is not None and base[0] == "module":
                found = self.program.resolve(base[1], node.attr)
                if found is None:
                    raise LinkError(f"{base[1]} has no {node.attr}, which {self.module} uses")
                return self._meant(node, found)
        root: ast.expr = node
        while isinstance(root, ast.Attribute):
            root = root.value
        meaning = self.meaning(root.id) if isinstance(root, ast.Name) else None
        self.generic_visit(node)
        if meaning is not None and meaning[0] == "foreign":
            return node
        node.attr = self.attributes.get(node.attr, node.attr)
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        function = self.meaning(node.func.id) if isinstance(node.func, ast.Name) else None
        if isinstance(node.func, ast.Name) and node.func.id in ("getattr", "hasattr", "setattr") and function is None:
            word = node.args[1]
            if isinstance(word, ast.Constant) and word.value in self.attributes:
                raise LinkError(f"{self.module} asks for the attribute {word.value} by name: it belongs into names.API")
        if function == ("ours", *FORGET):
            node.args = self._bundles_of(node.args)
        self.generic_visit(node)
        return node

    def _bundles_of(self, words: "list[ast.expr]") -> list[ast.expr]:
        modules = [word.value for word in words if isinstance(word, ast.Constant)]
        bundles = {self.program.bundle_of[name] for name in modules if name in self.program.bundle_of} | {SELDOM}
        bundles &= set(self.program.place.values()) - {CORE}
        return [ast.Constant(name) for name in sorted(bundles)]

    def visit_Global(self, node: ast.Global) -> ast.AST:  # type: ignore[override]
        node.names = [self.program.final.get((self.module, name), name) for name in node.names]
        return node

    def visit_ImportFrom(self, node: ast.ImportFrom) -> "ast.AST | list[ast.stmt] | None":
        return self._import(node)

    def visit_Import(self, node: ast.Import) -> "ast.AST | list[ast.stmt] | None":
        return self._import(node)

    def _import(self, node: "ast.Import | ast.ImportFrom") -> "ast.AST | list[ast.stmt] | None":
        """An import inside a function: of ours, only what the function uses of another bundle."""
        targets = imported(node, set(self.program.modules))
        if not any(is_ours(module) and (module in self.program.modules) for module, _ in targets.values()):
            return node
        wanted: dict[str, list[str]] = {}
        for module, name in targets.values():
            found = self._symbols_of(module, name)
            for symbol in found:
                bundle = self.program.place.get(symbol, "")
                final = self.program.final.get(symbol)
                if bundle != self.bundle and final is not None and final not in wanted.setdefault(bundle, []):
                    wanted[bundle].append(final)
        return [ast.ImportFrom(bundle, [ast.alias(one) for one in some], 0) for bundle, some in wanted.items() if some]

    def _symbols_of(self, module: str, name: "str | None") -> list[Symbol]:
        if name is not None:
            meaning = self.program.resolve(module, name)
            if meaning is None or meaning[0] != "ours" or meaning[2] is None:
                raise LinkError(f"{self.module} imports {module}.{name}, which is not ours")
            return [(meaning[1], meaning[2])]
        return sorted(symbol for symbol in self._used if symbol[0] == module)


def _number(value: int) -> ast.expr:
    if value < 0:
        return ast.UnaryOp(ast.USub(), ast.Constant(-value))
    return ast.Constant(value)
