"""What of our own code a module depends on: the modules that it imports, and those that they import."""

from __future__ import annotations

import ast
import hashlib
from functools import cache
from pathlib import Path

import experiments

__all__ = ["code_digest", "imported"]

ROOT = Path(str(experiments.__file__)).parents[1]
ROOMS = ("cosim", "experiments", "features", "files", "gates", "golden", "power", "rtl", "training")
# What is read beside modules: tables, kernels of C++, recipes, checkpoints and clips.
_BESIDE = (".csv", ".cpp", ".flac", ".html", ".js", ".css", ".json", ".npz", ".phn", ".toml", ".txt", ".v")


def code_digest(module: str) -> str:
    """Return a digest of a module, of all that it imports of ours, and of the files beside them.

    Imports inside functions count. What is not ours is left to ``constraints.txt``.

    Parameters
    ----------
    module : str
        "experiments.cycles".
    """
    found = hashlib.sha256()
    for name in sorted(imported(module)):
        found.update(f"{name} {_content(name)}\n".encode())
    return found.hexdigest()


def imported(module: str) -> set[str]:
    """Return the names of a module and of all modules of ours that it imports, at once or later."""
    seen: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += _imports(name)
    return seen


@cache
def _path(name: str) -> Path | None:
    """Return the file of a module of ours, None where there is none of this name; nothing is imported."""
    place = ROOT.joinpath(*name.split("."))
    for path in (place.with_suffix(".py"), place / "__init__.py"):
        if path.is_file():
            return path
    return None


@cache
def _imports(name: str) -> tuple[str, ...]:
    path = _path(name)
    if path is None:
        return ()
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    # A module's packages are loaded before it.
    for parts in [each.split(".") for each in (*found, name)]:
        found += [".".join(parts[:last]) for last in range(1, len(parts))]
    return tuple(name for name in dict.fromkeys(found) if name.split(".")[0] in ROOMS and _path(name) is not None)


@cache
def _content(name: str) -> str:
    """Return a digest of a module's file; of a package also of the files beside its modules."""
    path = _path(name)
    assert path is not None, "imports are those that have a file"
    found = hashlib.sha256(path.read_bytes())
    if path.name == "__init__.py":
        for beside in sorted(path.parent.rglob("*")):
            if beside.suffix in _BESIDE and beside.is_file():
                found.update(beside.relative_to(path.parent).as_posix().encode() + beside.read_bytes())
    return found.hexdigest()
