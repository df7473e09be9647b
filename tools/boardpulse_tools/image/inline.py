"""Puts the body of a function that is one expression in the place of its calls: a function costs a board about 40 bytes
of heap besides its code, and a call more time than most such expressions."""

import ast
import copy

from boardpulse_tools.image.link import Program, Symbol
from boardpulse_tools.image.parse import Module

FEW_CALLS = 5
SMALL = 9  # nodes of an expression that takes no more code than a call of it
MANY_CALLS = 12


def inline(program: Program, kept: "set[Symbol]") -> None:
    """Inline until nothing more can be: an expression may call another such function."""
    done: set[Symbol] = set()
    while True:
        bodies = {symbol: one for symbol, one in _expressions(program).items() if symbol not in kept | done}
        calls = _count_calls(program, bodies)
        chosen = {symbol: one for symbol, one in bodies.items() if _is_worth(one, calls.get(symbol, 0))}
        if not chosen:
            return
        for module in program.modules.values():
            _Inlined(program, module, chosen).visit(module.tree)
        done |= set(chosen)


def _expressions(program: Program) -> dict[Symbol, ast.FunctionDef]:
    """The functions at the top of a module whose body is one expression of their parameters."""
    return {
        (name, one.name): one
        for name, module in program.modules.items()
        for one in module.tree.body
        if isinstance(one, ast.FunctionDef) and _is_expression(one, program, module)
    }


def _body(function: ast.FunctionDef) -> ast.expr | None:
    if len(function.body) != 1 or not isinstance(function.body[0], ast.Return | ast.Expr):
        return None
    return function.body[0].value


def _is_expression(function: ast.FunctionDef, program: Program, module: Module) -> bool:
    a = function.args
    body = _body(function)
    plain = not (a.defaults or a.kwonlyargs or a.vararg or a.kwarg or a.posonlyargs or function.decorator_list)
    if body is None or not plain or function.type_comment:
        return False
    parameters = [arg.arg for arg in a.args]
    used = [node.id for node in ast.walk(body) if isinstance(node, ast.Name)]
    kinds = (
        ast.Lambda,
        ast.ListComp,
        ast.GeneratorExp,
        ast.DictComp,
        ast.SetComp,
        ast.Await,
        ast.Yield,
    )
    if any(isinstance(node, kinds) for node in ast.walk(body)):
        return False
    return all(name in parameters or name in module.constants or _is_function(program, module, name) for name in used)


def _is_function(program: Program, module: Module, name: str) -> bool:
    """Whether a name is a function of ours, which other modules can be made to know as well."""
    meaning = program.resolve(module.name, name)
    if meaning is None or meaning[0] != "ours":
        return False
    body = program.modules[meaning[1]].tree.body
    return any(isinstance(one, ast.FunctionDef) and one.name == meaning[2] for one in body)


def _count_calls(program: Program, bodies: "dict[Symbol, ast.FunctionDef]") -> dict[Symbol, int]:
    """How often each function is called; -1000 for what is also named otherwise, or called in a way of its own."""
    out: dict[Symbol, int] = {}
    for module in program.modules.values():
        calls = {id(node.func): node for node in ast.walk(module.tree) if isinstance(node, ast.Call)}
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Name):
                symbol = _meant(program, module, node.id)
                if symbol in bodies:
                    call = calls.get(id(node))
                    fits = call is not None and _fits(call, bodies[symbol])
                    out[symbol] = out.get(symbol, 0) + (1 if fits else -1000)
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    symbol = (str(node.module), alias.name)
                    if symbol in bodies and alias.asname not in (None, alias.name):
                        out[symbol] = -1000
    return out


def _meant(program: Program, module: Module, name: str) -> "Symbol | None":
    meaning = program.resolve(module.name, name)
    return (meaning[1], str(meaning[2])) if meaning is not None and meaning[0] == "ours" else None


def _fits(call: ast.Call, function: ast.FunctionDef) -> bool:
    """Whether each argument is given by position, and may stand wherever its parameter does."""
    if call.keywords or len(call.args) != len(function.args.args):
        return False
    body = _body(function)
    nodes = list(ast.walk(body)) if body else []
    used = [node.id for node in nodes if isinstance(node, ast.Name)]
    most = 0 if any(isinstance(node, ast.IfExp | ast.BoolOp) for node in nodes) else 1  # what is not always evaluated
    return (
        all(
            _is_simple(given) or used.count(parameter.arg) == 1
            for given, parameter in zip(call.args, function.args.args, strict=True)
        )
        and sum(not _is_simple(given) for given in call.args) <= most
    )


def _is_simple(node: ast.expr) -> bool:
    """Whether evaluating it twice, or later, makes no difference and costs little."""
    if isinstance(node, ast.Attribute):
        return isinstance(node.value, ast.Name)
    return isinstance(node, ast.Name | ast.Constant)


def _is_worth(function: ast.FunctionDef, calls: int) -> bool:
    body = _body(function)
    size = sum(1 for node in ast.walk(body) if not isinstance(node, ast.expr_context | ast.operator)) if body else 0
    return 0 < calls <= FEW_CALLS or (size <= SMALL and 0 < calls <= MANY_CALLS)


class _Inlined(ast.NodeTransformer):
    def __init__(self, program: Program, module: Module, chosen: "dict[Symbol, ast.FunctionDef]") -> None:
        self.program = program
        self.module = module
        self.chosen = chosen

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        symbol = _meant(self.program, self.module, node.func.id) if isinstance(node.func, ast.Name) else None
        if symbol is None or symbol not in self.chosen:
            return node
        function = self.chosen[symbol]
        body = _body(function)
        if body is None:
            return node
        given = {parameter.arg: value for parameter, value in zip(function.args.args, node.args, strict=True)}
        bound = _Bound(self.program, symbol[0], self.module, given)
        return ast.copy_location(bound.expression(copy.deepcopy(body)), node)


class _Bound(ast.NodeTransformer):
    """An expression with its parameters replaced; what it names of its module becomes known to the other one."""

    def __init__(self, program: Program, home: str, module: Module, given: "dict[str, ast.expr]") -> None:
        self.program = program
        self.home = home
        self.module = module
        self.given = given

    def expression(self, node: ast.expr) -> ast.expr:
        """The expression."""
        new: ast.expr = self.visit(node)
        return new

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id in self.given:
            return copy.deepcopy(self.given[node.id])
        number = self.program.modules[self.home].constants.get(node.id)
        if number is not None:
            return ast.parse(str(number), mode="eval").body
        if self.home != self.module.name:
            self.module.aliases[node.id] = (self.home, node.id)
        return node
