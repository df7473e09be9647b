"""A source module as a board needs it: no docstrings, annotations or types, only the branches of its interpreter."""

import ast
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from boardpulse_tools.image.layout import NATIVE

NATIVE_COMMENT = "native"
OURS = ("boardpulse", "shared_schema", "boards")


@dataclass
class Module:
    """One source. `names` are what it binds at its top, `constants` those of them that are integers for good,
    `aliases` what its imports bind: (module, name), name None for a module itself."""

    name: str
    tree: ast.Module
    names: set[str] = field(default_factory=set)
    constants: dict[str, int] = field(default_factory=dict)
    aliases: dict[str, tuple[str, str | None]] = field(default_factory=dict)


def module_name(path: str) -> str:
    """boardpulse/links/uart.py → boardpulse.links.uart"""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def is_ours(module: str) -> bool:
    """Whether a module is part of the image, not of MicroPython."""
    return module.split(".")[0] in OURS


def parse(path: str, source: str, bits: int, known: "set[str]", without: Collection[str] = ()) -> Module:
    """The module of a source. `bits` is the word of the interpreter, `known` all modules of the image, `without`
    the sensors that it leaves out."""
    tree = ast.parse(source)
    tree = ast.fix_missing_locations(_Stripped(bits, without).visit(tree))
    module = Module(module_name(path), tree)
    for statement in tree.body:
        _bind(module, statement, known)
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            for name in node.names:
                module.constants.pop(name, None)
    return module


def mark_native(modules: Mapping[str, Module]) -> None:
    """Have those functions compiled to native code in which most of a frame's time is spent."""
    for name, module in modules.items():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef) and (name, node.name) in NATIVE:
                node.type_comment = NATIVE_COMMENT


def imported(node: "ast.Import | ast.ImportFrom", known: "set[str]") -> "dict[str, tuple[str, str | None]]":
    """What an import binds."""
    if isinstance(node, ast.Import):
        return {one.asname or one.name.split(".")[0]: (one.name, None) for one in node.names}
    out: dict[str, tuple[str, str | None]] = {}
    for one in node.names:
        whole = f"{node.module}.{one.name}"
        out[one.asname or one.name] = (whole, None) if whole in known else (str(node.module), one.name)
    return out


def _bind(module: Module, statement: ast.stmt, known: "set[str]") -> None:
    if isinstance(statement, ast.Import | ast.ImportFrom):
        module.aliases |= imported(statement, known)
    elif isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        module.names.add(statement.name)
    else:
        comprehensions = {
            id(inner)
            for outer in ast.walk(statement)
            if isinstance(outer, ast.comprehension)
            for inner in ast.walk(outer.target)
        }
        for node in ast.walk(statement):
            if id(node) in comprehensions:
                continue
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                if node.id in module.names:
                    module.constants.pop(node.id, None)
                module.names.add(node.id)
            elif isinstance(node, ast.Import | ast.ImportFrom):
                module.aliases |= imported(node, known)
        _note_constant(module, statement)


def _note_constant(module: Module, statement: ast.stmt) -> None:
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        return
    target, value = statement.targets[0], statement.value
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "const":
        value = value.args[0]
    number = _integer(value)
    if isinstance(target, ast.Name) and number is not None and target.id.isupper():
        module.constants[target.id] = number


def _until_return(body: "list[ast.stmt]") -> list[ast.stmt]:
    """Without what stands behind a return."""
    for position, statement in enumerate(body):
        if isinstance(statement, ast.Return):
            return body[: position + 1]
    return body


def _integer(value: ast.expr) -> int | None:
    """The integer that a literal stands for, shifts and signs included."""
    if isinstance(value, ast.Constant):
        return value.value if type(value.value) is int else None
    if isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.USub):
        number = _integer(value.operand)
        return None if number is None else -number
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.LShift):
        left, right = _integer(value.left), _integer(value.right)
        return None if left is None or right is None else left << right
    return None


class _Stripped(ast.NodeTransformer):
    """Leaves out what only hosts and readers need."""

    def __init__(self, bits: int, without: Collection[str]) -> None:
        self.bits = bits
        self.absent = {f"name == {name!r}" for name in without}

    def _function(self, node: "ast.FunctionDef | ast.AsyncFunctionDef") -> ast.AST:
        node.returns = None
        return self._body(node)

    def _body(self, node: "ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module") -> ast.AST:
        if ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:]
        self.generic_visit(node)
        node.body = _until_return(node.body)
        node.body = node.body or ([] if isinstance(node, ast.Module) else [ast.Pass()])
        return node

    visit_FunctionDef = visit_AsyncFunctionDef = _function
    visit_ClassDef = visit_Module = _body

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> "ast.AST | None":
        if node.value is None:
            return None
        return self.visit(ast.copy_location(ast.Assign([node.target], node.value), node))  # type: ignore[no-any-return]

    def visit_Try(self, node: ast.Try) -> "ast.AST | list[ast.stmt]":
        first = node.body[0]
        if isinstance(first, ast.ImportFrom) and first.module == "micropython" and first.names[0].name == "const":
            return [first]
        return self.generic_visit(node)

    def visit_If(self, node: ast.If) -> "ast.AST | list[ast.stmt] | None":
        chosen = self._decided(node.test)
        if chosen is None:
            return self.generic_visit(node)
        out: list[ast.stmt] = []
        for statement in node.body if chosen else node.orelse:
            kept = self.visit(statement)
            out += kept if isinstance(kept, list) else [kept] if kept is not None else []
        return out

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        chosen = self._decided(node.test)
        if chosen is None:
            return self.generic_visit(node)
        return self.visit(node.body if chosen else node.orelse)  # type: ignore[no-any-return]

    def _decided(self, test: ast.expr) -> bool | None:
        """What a test of the interpreter comes to; None for any other test."""
        text = ast.unparse(test)
        if text.startswith("not "):
            inner = self._decided(ast.parse(text[4:], mode="eval").body)
            return None if inner is None else not inner
        if text in self.absent or any(text.startswith(one + " and ") for one in self.absent):
            return False
        return {
            "TYPE_CHECKING": False,
            "MICROPYTHON": True,
            "TYPE_CHECKING or MICROPYTHON": True,
            "sys.implementation.name != 'micropython'": False,
            "sys.maxsize > 4294967295": self.bits == 64,
        }.get(text)
