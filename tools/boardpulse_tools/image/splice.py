"""Puts the statements of a function that one statement calls in that statement's place: a function costs a board about
40 bytes of heap besides its code."""

import ast
import copy
from collections import Counter

from boardpulse_tools.image import names as n
from boardpulse_tools.image.link import Program, Symbol, local_names
from boardpulse_tools.image.parse import Module

# A frame of more than eleven words, a few of which are no variables, is not on the C stack: a call of it is slower.
MOST_VARIABLES = 8
_NEVER = (
    ast.Return, ast.Yield, ast.YieldFrom, ast.Await, ast.Lambda, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef,
    ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Global, ast.Nonlocal, ast.Import, ast.ImportFrom,
)  # fmt: skip


def splice(program: Program, kept: "set[Symbol]") -> None:
    """Splice until nothing more can be: spliced statements may call another such function."""
    callees = _callees(program, kept)
    more = True
    while more:
        before = len(callees)
        gone: set[int] = set()
        for module in program.modules.values():
            _Spliced(program, module, callees, gone).visit(module.tree)
        for module in program.modules.values():
            module.tree.body = [one for one in module.tree.body if id(one) not in gone]
        more = len(callees) < before


def _callees(program: Program, kept: "set[Symbol]") -> dict[Symbol, ast.FunctionDef]:
    """The functions that are named once, and end at their end only."""
    named: Counter[Symbol] = Counter()
    for module in program.modules.values():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Name):
                named[meant(program, module, node.id)] += 1
            elif isinstance(node, ast.ImportFrom) and node not in module.tree.body:
                named.update({(str(node.module), one.name): 2 for one in node.names})
            elif isinstance(node, ast.Attribute):  # of a module, it may be
                named.update((name, node.attr) for name in program.modules)
    return {
        (name, one.name): one
        for name, module in program.modules.items()
        for one in module.tree.body
        if isinstance(one, ast.FunctionDef) and named[(name, one.name)] == 1 and (name, one.name) not in kept
        if _is_plain(one)
    }


def meant(program: Program, module: Module, name: str) -> Symbol:
    """The symbol that a global name stands for; one of no module for what is not ours."""
    meaning = program.resolve(module.name, name)
    return (meaning[1], str(meaning[2])) if meaning is not None and meaning[0] == "ours" else ("", name)


def _is_plain(function: ast.FunctionDef) -> bool:
    a = function.args
    if a.defaults or a.kwonlyargs or a.vararg or a.kwarg or function.decorator_list or function.type_comment:
        return False
    return not any(isinstance(node, _NEVER) for one in function.body for node in ast.walk(one))


class _Spliced(ast.NodeTransformer):
    """Splices the calls in the functions of a module. Functions that were spliced leave `callees` for `gone`."""

    def __init__(
        self, program: Program, module: Module, callees: "dict[Symbol, ast.FunctionDef]", gone: "set[int]"
    ) -> None:
        self.program = program
        self.module = module
        self.callees = callees
        self.gone = gone
        self.caller: ast.FunctionDef | None = None

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        native = node.type_comment  # which grows twice as much as bytecode does
        if self.caller is None and id(node) not in self.gone and not native:
            self.caller = node
            self.generic_visit(node)
            self.caller = None
        return node

    def visit_Expr(self, node: ast.Expr) -> "ast.AST | list[ast.stmt]":
        call = node.value
        if self.caller is None or not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
            return node
        symbol = meant(self.program, self.module, call.func.id)
        callee = self.callees.get(symbol)
        if callee is None or callee is self.caller or call.keywords or len(call.args) != len(callee.args.args):
            return node
        statements = self._statements(symbol[0], callee, call.args)
        if statements is None:
            return node
        del self.callees[symbol]
        self.gone.add(id(callee))
        return statements

    def _statements(self, home: str, callee: ast.FunctionDef, given: "list[ast.expr]") -> "list[ast.stmt] | None":
        if self.caller is None:
            return None
        variables = local_names(self.caller)
        body = copy.deepcopy(callee.body)
        nodes = [node for one in body for node in ast.walk(one)]
        stored = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        new = {name: _free(name, variables) for name in local_names(callee)}
        before: list[ast.stmt] = []
        for parameter, value in zip(callee.args.args, given, strict=True):
            name = parameter.arg
            if name not in stored and isinstance(value, ast.Name) and value.id in variables:
                new[name] = value.id
            else:
                before.append(ast.Assign([ast.Name(new[name], ast.Store())], value))
        added = set(new.values()) - variables
        if len(variables | added) > MOST_VARIABLES or not self._knows(home, nodes, set(new), variables):
            return None
        for node in nodes:
            if isinstance(node, ast.Name):
                node.id = new.get(node.id, node.id)
            elif isinstance(node, ast.ExceptHandler) and node.name:
                node.name = new.get(node.name, node.name)
        return [ast.fix_missing_locations(ast.copy_location(one, callee)) for one in before + body]

    def _knows(self, home: str, nodes: "list[ast.AST]", own: "set[str]", variables: "set[str]") -> bool:
        """Have the module know what the statements name; whether it can."""
        source = self.program.modules[home]
        names = {node.id for node in nodes if isinstance(node, ast.Name)} - own
        if names & variables:
            return False
        if source is self.module:
            return True
        strange = {name for name in names if self.program.resolve(home, name) is not None}
        for name in strange | (names & n.BUILTINS):
            here = self.program.resolve(self.module.name, name)
            if here is not None and here != self.program.resolve(home, name):
                return False
        for name in strange:
            if self.program.resolve(self.module.name, name) is None:
                self.module.aliases[name] = (home, name)
        return True


def _free(name: str, taken: "set[str]") -> str:
    """A variable's name that the caller does not have."""
    number = 1
    while name in taken:
        number += 1
        name = f"{name.rstrip('0123456789')}{number}"
    return name
