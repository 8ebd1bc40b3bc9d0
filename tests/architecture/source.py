"""The source tree as the architecture tests read it: modules as syntax trees, templates as text."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("helpdesk", "channels", "sla")
TEMPLATES = ROOT / "templates"


@cache
def modules() -> dict[str, ast.Module]:
    """Every module of the product by its path from the root."""
    files = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    return {str(path.relative_to(ROOT)): ast.parse(path.read_text()) for path in [*files, ROOT / "wsgi.py"]}


@cache
def texts() -> dict[str, str]:
    """Everything written by hand: code, templates, styles and scripts, by path from the root."""
    places = [
        *(ROOT / package for package in (*PACKAGES, "tests", "migrations", "templates", "bin", "bench")),
        *(ROOT / "frontend" / part for part in ("css", "js", "src", "ts")),
    ]
    kinds = {".py", ".html", ".txt", ".toml", ".css", ".ts", ".js", ".mjs", ".mako"}
    files = [path for place in places if place.is_dir() for path in place.rglob("*") if path.suffix in kinds]
    return {
        str(path.relative_to(ROOT)): path.read_text()
        for path in sorted(files)
        if "node_modules" not in path.parts and "dist" not in path.parts
    }


@cache
def templates() -> dict[str, str]:
    files = sorted(path for path in TEMPLATES.rglob("*") if path.is_file())
    return {str(path.relative_to(TEMPLATES)): path.read_text() for path in files}


def calls(name: str, *, on: str | None = None) -> Iterator[tuple[str, ast.Call]]:
    """Every call of `name`, as `name(...)` or `something.name(...)`; with `on`, only `on.name(...)`."""
    for path, tree in modules().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _is_called(node.func, name, on):
                yield path, node


def imports() -> Iterator[tuple[str, str, bool]]:
    """(path, imported module, whether inside a function or class) of every import statement."""
    for path, tree in modules().items():
        inner = {id(one) for scope in ast.walk(tree) if isinstance(scope, _SCOPES) for one in ast.walk(scope)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                yield from ((path, alias.name, id(node) in inner) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield path, node.module or "", id(node) in inner


def words_of(node: ast.expr) -> set[str]:
    """The strings an expression may be: a constant, or either side of a condition."""
    if isinstance(node, ast.IfExp):
        return words_of(node.body) | words_of(node.orelse)
    return {node.value} if isinstance(node, ast.Constant) and isinstance(node.value, str) else set()


_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def _is_called(func: ast.expr, name: str, on: str | None) -> bool:
    if isinstance(func, ast.Attribute):
        return func.attr == name and (on is None or (isinstance(func.value, ast.Name) and func.value.id == on))
    return on is None and isinstance(func, ast.Name) and func.id == name
