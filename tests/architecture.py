"""What the layout forbids, each as a function from a source text to the faults in it."""

import ast
import re
import sys
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, TypeVar

LONGEST_FILE: Final = 400
LONGEST_FUNCTION: Final = 40
VAGUE_NAMES: Final = frozenset(
    {"util", "utils", "helper", "helpers", "manager", "managers", "common", "misc"}
    | {"data", "info", "process", "handle"}
)
SQLALCHEMY: Final = ("sqlalchemy", "sqlmodel")
SQL_TEXT: Final = re.compile(r"\s*(SELECT|select)\s")
WALL_CLOCK: Final = re.compile(
    r"(^|\.)((datetime|dt)\.(now|utcnow|today)|date\.today"
    r"|time\.(time|time_ns|localtime|gmtime|ctime)|func\.(now|current_timestamp))$"
)
STOPWATCH: Final = re.compile(r"(^|\.)time\.(perf_counter|monotonic|process_time|thread_time)")

Node = TypeVar("Node", bound=ast.AST)
Function = ast.FunctionDef | ast.AsyncFunctionDef


def ends_of_transactions(source: str) -> list[str]:
    """Find calls of `.commit()` and `.rollback()`."""
    return [
        _at(call, f"calls .{call.func.attr}()")
        for call in _nodes(source, ast.Call)
        if isinstance(call.func, ast.Attribute) and call.func.attr in {"commit", "rollback"}
    ]


def selects(source: str) -> list[str]:
    """Find reads of the database: `select` however imported, `session.get`, and SQL text."""
    return [*_imported_selects(source), *_read_calls(source), *_sql_texts(source)]


def readings_of_the_clock(source: str, *, stopwatch: bool = False) -> list[str]:
    """Find readings of the wall clock; with `stopwatch`, measured durations are allowed."""
    faults = [
        _at(node, f"reads {name}")
        for node in _nodes(source, ast.Attribute)
        for name in [ast.unparse(node)]
        if WALL_CLOCK.search(name) or (not stopwatch and STOPWATCH.search(name))
    ]
    hidden = [
        _at(node, f"imports {alias.name} out of time, which hides its use")
        for node in _nodes(source, ast.ImportFrom)
        if node.module == "time"
        for alias in node.names
        if alias.name != "sleep"
    ]
    return faults + hidden


def too_many_lines(source: str) -> list[str]:
    """Find a file that is too long to read."""
    lines = len(source.splitlines())
    return [f"{lines} lines"] if lines > LONGEST_FILE else []


def long_functions(source: str) -> list[str]:
    """Find functions longer than the limit, their docstrings not counted."""
    functions: list[Function] = [
        *_nodes(source, ast.FunctionDef),
        *_nodes(source, ast.AsyncFunctionDef),
    ]
    return [
        _at(function, f"{function.name} has {_length(function)} lines")
        for function in functions
        if _length(function) > LONGEST_FUNCTION
    ]


def foreign_imports(source: str, *, home: str, allowed: frozenset[str] = frozenset()) -> list[str]:
    """Find imports of anything but the standard library, `home` and what is allowed."""
    return [
        _at(node, f"imports {name}")
        for node, name in _imports(source)
        if name != home
        and not name.startswith(f"{home}.")
        and name.partition(".")[0] not in sys.stdlib_module_names | allowed
    ]


def missing_docstring(source: str) -> list[str]:
    """Find a module that does not say what it is for."""
    return [] if ast.get_docstring(ast.parse(source)) else ["has no docstring"]


def vague_names(path: str) -> list[str]:
    """Find modules and folders whose name says nothing."""
    parts = path.removesuffix(".py").split("/")
    return [f"{part} says nothing" for part in parts if part in VAGUE_NAMES]


def _nodes(source: str, kind: type[Node]) -> Iterator[Node]:
    return (node for node in _all_nodes(source) if isinstance(node, kind))


@lru_cache(maxsize=1)
def _all_nodes(source: str) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(source)))


def _at(node: ast.expr | ast.stmt, fault: str) -> str:
    return f"line {node.lineno} {fault}"


def _imported_selects(source: str) -> list[str]:
    return [
        _at(node, f"imports select from {node.module}")
        for node in _nodes(source, ast.ImportFrom)
        if (node.module or "").startswith(SQLALCHEMY)
        and any(alias.name == "select" for alias in node.names)
    ]


def _read_calls(source: str) -> list[str]:
    return [
        _at(call, f"calls {name}")
        for call in _nodes(source, ast.Call)
        if isinstance(call.func, ast.Attribute)
        for name in [ast.unparse(call.func)]
        if call.func.attr == "select" or re.search(r"(^|[._])session\.(get|query)$", name)
    ]


def _sql_texts(source: str) -> list[str]:
    return [
        _at(node, "holds the text of a SELECT")
        for node in _nodes(source, ast.Constant)
        if isinstance(node.value, str) and SQL_TEXT.match(node.value)
    ]


def _length(function: Function) -> int:
    """Count the lines of a function from `def` on, without its docstring."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function) is not None:
        lines -= (first.end_lineno or first.lineno) - first.lineno + 1
    return lines


def _imports(source: str) -> Iterator[tuple[ast.stmt, str]]:
    """List what is imported; a relative import keeps its dots, and so is always foreign."""
    for node in _nodes(source, ast.Import):
        yield from ((node, alias.name) for alias in node.names)
    for imported in _nodes(source, ast.ImportFrom):
        yield imported, "." * imported.level + (imported.module or "")
