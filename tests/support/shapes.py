"""Type and shape checks of signatures during tests, for the first calls of every function.

jaxtyping's own import hook checks every call, which doubles the time of the array tests. Here only the first hundred
calls of a function are checked; `make test-all` checks every call.
"""

import ast
import os
import sys
from collections.abc import Callable
from dataclasses import is_dataclass
from functools import wraps
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader

import pytest
from beartype import beartype
from jaxtyping import jaxtyped

PACKAGES = ("ne_core", "precompute")
CALLS = float(os.environ.get("NE_SHAPE_CALLS", "100"))
FUNCTION, CLASS = "__check_calls__", "__check_init__"  # names of the decorators in a module


def check_calls(function: Callable) -> Callable:
    """Return the function with its first calls checked."""
    checked, calls = None, 0

    @wraps(function)
    def counted(*args, **kwargs):
        nonlocal checked, calls
        if calls >= CALLS:
            return function(*args, **kwargs)
        calls += 1
        if checked is None:  # built here, since most functions are not called in most runs
            checked = jaxtyped(function, typechecker=beartype)
        return checked(*args, **kwargs)

    return counted


def check_init(cls: type) -> type:
    """Return the class; the fields of a dataclass are checked."""
    if is_dataclass(cls) and "__init__" in vars(cls):
        cls.__init__ = check_calls(cls.__init__)
    return cls


class Decorated(ast.NodeTransformer):
    """Decorate the functions of a module and of its classes, not those within functions."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        node.decorator_list.append(ast.Name(FUNCTION, ast.Load()))  # innermost, so that it decorates a function
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        node.decorator_list.insert(0, ast.Name(CLASS, ast.Load()))
        return self.generic_visit(node)


class Loader(SourceFileLoader):
    """Compile a module with its functions decorated; Python's bytecode cache is not changed."""

    def get_code(self, fullname: str):
        path = self.get_filename(fullname)
        tree = Decorated().visit(ast.parse(self.get_data(path), path))
        return compile(ast.fix_missing_locations(tree), path, "exec", dont_inherit=True)

    def exec_module(self, module) -> None:
        vars(module).update({FUNCTION: check_calls, CLASS: check_init})
        super().exec_module(module)


class Finder(MetaPathFinder):
    def find_spec(self, name: str, path=None, target=None) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path, target) if name.split(".")[0] in PACKAGES else None
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = Loader(spec.loader.name, spec.loader.path)
        return spec


def check_shapes() -> None:
    """Check the functions of modules of PACKAGES that are imported from now on."""
    sys.meta_path.insert(0, Finder())


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    """Run before any of our modules is imported, as a plugin named in pyproject.toml."""
    check_shapes()
