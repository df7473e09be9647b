"""Short names for what only the firmware itself calls. A name that MicroPython has in its own ROM takes neither flash
nor heap; any other takes about ten bytes of heap and its length, for as long as the board runs."""

import ast
import builtins
import io
import keyword
import select
import socket
from array import array
from collections.abc import Iterable, Iterator
from string import ascii_letters

# The static qstrs of .mpy version 6 (py/makeqstrdata.py), as far as they may name something of ours.
ROM = [
    "ArithmeticError", "AssertionError", "AttributeError", "EOFError", "Ellipsis", "GeneratorExit",
    "IndentationError", "KeyboardInterrupt", "LookupError", "NameError", "NoneType", "NotImplementedError",
    "StopIteration", "SyntaxError", "SystemExit", "ZeroDivisionError", "IndexError", "KeyError", "OverflowError",
    "RuntimeError", "UnicodeError", "ViperTypeError", "BaseException", "all", "any", "append", "args", "builtins",
    "bytecode", "callable", "chr", "classmethod", "clear", "close", "const", "copy", "count", "dir", "divmod",
    "end", "endswith", "eval", "exec", "extend", "find", "format", "from_bytes", "get", "globals", "hash", "id",
    "index", "insert", "isalpha", "isdigit", "islower", "isspace", "issubclass", "isupper", "items", "iter", "join",
    "key", "keys", "little", "locals", "lower", "lstrip", "main", "map", "micropython", "next", "object", "ord",
    "pop", "popitem", "pow", "print", "read", "readinto", "readline", "remove", "replace", "reverse", "rfind",
    "rindex", "round", "rsplit", "rstrip", "send", "sep", "set", "setattr", "setdefault", "sort", "sorted", "split",
    "start", "startswith", "staticmethod", "step", "stop", "strip", "sum", "super", "throw", "to_bytes", "union",
    "update", "upper", "value", "values", "write", "zip", "abs",
]  # fmt: skip
# What else every MicroPython with the features of a board has in its ROM: no heap, though flash for its letters.
KNOWN = [
    "pi", "add", "cos", "exp", "log", "sin", "tan", "acos", "asin", "atan", "ceil", "coro", "data", "done", "dump",
    "fabs", "fmod", "load", "modf", "peek", "push", "seek", "sqrt", "stat", "tell", "atan2", "dumps", "floor", "flush",
    "frexp", "group", "ioctl", "isinf", "isnan", "ldexp", "loads", "match", "mkdir", "mount", "rmdir", "state",
    "trunc", "cancel", "center", "decode", "discard", "enable", "encode", "rename", "search", "unlink",
]  # fmt: skip
# What applications, board.py and drivers use by name; also what an object of MicroPython's is asked for by that name.
API = {
    "CLOCK_SOURCE", "PLATFORM", "SENSORS", "budget_ms", "check_link", "columns", "counter", "deep_sleep",
    "device_id", "gauge", "histogram", "inc", "inference", "light_sleep", "main", "make_sensor", "mcu", "name",
    "node", "observe", "observe_scaled", "open_socket", "open_uart", "problems", "queue", "read", "readinto",
    "reconnects", "reset", "reset_cause", "retained", "series", "set", "sleep", "start", "started", "step", "stop",
    "timeout", "tokens", "wake_reason", "wall_clock", "watch", "watchdog", "wlan", "write",
}  # fmt: skip
# Attributes of what boards and links have from MicroPython's machine, network, ssl, socket and driver modules.
FOREIGN = {
    "accept", "active", "any", "config", "connect", "convert_temp", "deinit", "disconnect", "feed", "freq",
    "getaddrinfo", "ifconfig", "init", "ipoll", "irq", "isconnected", "load_verify_locations", "mem_alloc",
    "mem_free", "memory", "off", "on", "poll", "read_core_temp", "read_core_vbat", "read_core_vref", "read_scratch",
    "read_temp", "read_u16", "read_uv", "read_vref", "readfrom_mem_into", "readinto", "register", "scan",
    "setblocking", "setsockopt", "sleep_ms", "status", "timer", "toggle", "txdone", "unregister", "value",
    "verify_mode", "wrap_socket", "write", "write_scratch", "writeto_mem",
}  # fmt: skip
PARAMETERS = ("self", "key", "value", "index", "end", "start", "step", "stop", "args", "sep", "count", "send", "next")


def foreign_attributes() -> set[str]:
    """Attributes of the objects that the firmware has from MicroPython, which keep their names."""
    objects = (
        str,
        bytes,
        bytearray,
        list,
        dict,
        tuple,
        int,
        float,
        memoryview,
        OSError,
        UnicodeError,
        array,
        io.StringIO,
    )
    objects += (io.BufferedRandom, socket.socket, select.poll if hasattr(select, "poll") else object)  # type: ignore[assignment]
    return FOREIGN | {name for one in objects for name in dir(one)} - {
        "tell",
        "raw",
    }  # of files, which the firmware never asks for


def _class_names(node: ast.ClassDef) -> Iterator[str]:
    for statement in node.body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            yield statement.name
        elif isinstance(statement, ast.Assign):
            for target in statement.targets:
                for name in ast.walk(target):
                    if isinstance(name, ast.Name):
                        yield name.id


def short_names() -> Iterator[str]:
    """a, b, … then two letters; no keywords."""
    for first in ascii_letters:
        yield first
    for first in ascii_letters:
        for second in ascii_letters:
            if not keyword.iskeyword(first + second):
                yield first + second


def pool(taken: "set[str]") -> Iterator[str]:
    """Names to give, cheapest first; none that is taken."""
    for name in (*ROM, *KNOWN, *short_names()):
        if name not in taken:
            yield name


def attribute_map(trees: "list[ast.Module]", order: "list[str]") -> "dict[str, str]":
    """Old → new for attributes. `order` lists names by how often they are used, the most frequent first. Names that no
    object can have both of share a new one, so that few are needed."""
    foreign = foreign_attributes()
    owners = _owners(trees)
    kept = {name for name in owners if name in API or name in foreign or name.startswith("__")}
    taken = kept | asked_for(trees) | {"args", "errno", "value"}
    used: dict[str, set[str]] = {}  # new name, the classes that use it already
    out: dict[str, str] = {}
    for name in order:
        if name in owners and name not in kept:
            out[name] = next(new for new in pool(taken) if not used.get(new, set()) & owners[name])
            used.setdefault(out[name], set()).update(owners[name])
    return out


def asked_for(trees: Iterable[ast.AST]) -> set[str]:
    """Names that some code looks for in an object: what has another meaning must not be called so."""
    return {
        str(node.args[1].value)
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("hasattr", "getattr")
        if isinstance(node.args[1], ast.Constant)
    }


def _owners(trees: "list[ast.Module]") -> "dict[str, set[str]]":
    """Attribute → the classes whose objects may have it: that bind it, and all that those are related to. An attribute
    that is set from outside a class is one that its constructor binds too: mypy sees to it."""
    related: list[tuple[str, str]] = []
    bound: dict[str, set[str]] = {}
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                related += [(node.name, parent.id) for parent in node.bases if isinstance(parent, ast.Name)]
                for name in (*_class_names(node), *_set_by_self(node)):
                    bound.setdefault(name, set()).add(node.name)
    kin: dict[str, set[str]] = {}
    for one, other in related:  # all that are related, however far, are one set
        both = kin.get(one, {one}) | kin.get(other, {other})
        kin |= dict.fromkeys(both, both)
    return {
        name: {relative for owner in owners for relative in kin.get(owner, {owner})} for name, owners in bound.items()
    }


def _set_by_self(node: ast.ClassDef) -> Iterator[str]:
    for one in ast.walk(node):
        if not isinstance(one, ast.Attribute) or not isinstance(one.ctx, ast.Store):
            continue
        if isinstance(one.value, ast.Name) and one.value.id == "self":
            yield one.attr


def used_as_keyword(trees: Iterable[ast.AST]) -> set[str]:
    """Argument names that some call gives by name."""
    return {
        word.arg
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        for word in node.keywords
        if word.arg
    }


def rename_parameters(function: "ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda", keywords: "set[str]") -> None:
    """Give the parameters of a function names that cost nothing. Its own functions see the new names too."""
    if function.args.kwarg is not None:  # a parameter's name is then no longer free for what comes by name
        return
    body = function.body if isinstance(function.body, list) else [function.body]
    inside = [node for statement in body for node in ast.walk(statement)]
    inner = {
        arg.arg
        for node in inside
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for arg in arguments(node)
    }
    busy = {node.id for node in inside if isinstance(node, ast.Name)} | {arg.arg for arg in arguments(function)} | inner
    busy |= {
        one.asname or one.name for node in inside if isinstance(node, ast.Import | ast.ImportFrom) for one in node.names
    }
    free = (name for name in PARAMETERS if name not in busy)
    new: dict[str, str] = {}
    for arg in arguments(function):
        if arg.arg in PARAMETERS or arg.arg in keywords or arg.arg in inner:
            continue
        name = next(free, None)
        if name is None:
            break
        new[arg.arg] = name
        arg.arg = name
    for node in inside:
        if isinstance(node, ast.Name) and node.id in new:
            node.id = new[node.id]
        elif isinstance(node, ast.Nonlocal):
            node.names = [new.get(name, name) for name in node.names]


def arguments(node: "ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda") -> "list[ast.arg]":
    """All parameters, with * and **."""
    a = node.args
    return [*a.posonlyargs, *a.args, *([a.vararg] if a.vararg else []), *a.kwonlyargs, *([a.kwarg] if a.kwarg else [])]


BUILTINS = set(dir(builtins))
