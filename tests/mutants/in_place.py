"""A mutant put into a process that has imported the original: everything that holds a function then runs the mutant."""

from __future__ import annotations

import enum
import functools
import gc
import sys
import types
from typing import Any

from tests.mutants.making import Mutant

# Names of packages whose modules may hold what a module defines.
ROOMS = ("files", "features", "golden", "gates", "rtl", "cosim", "power", "experiments", "tests")


def put_in_place(mutant: Mutant) -> None:
    """Replace the code of the module's functions, and what its top level holds, by the mutant's.

    What a cache remembers of the original is not forgotten here: see `caches`.
    """
    module = sys.modules[mutant.module]
    fresh = types.ModuleType(mutant.module)
    fresh.__file__ = module.__file__
    exec(compile(mutant.source, str(module.__file__), "exec"), fresh.__dict__)
    for name, new in vars(fresh).items():
        old = vars(module).get(name)
        # What is imported is the same object; a constant made here may be of a class from elsewhere.
        if name.startswith("__") or new is old:
            continue
        if isinstance(new, type) and not issubclass(new, enum.Enum):
            for member, value in list(vars(new).items()):
                if not _same_code(vars(old).get(member), value) and member not in ("__dict__", "__weakref__"):
                    _set_member(old, member, value)
        elif not _same_code(old, new) and (isinstance(new, type) or repr(old) != repr(new)):
            _rebind(name, old, new)


def caches() -> list[functools._lru_cache_wrapper[Any]]:
    """Return what remembers results of our functions."""
    found = (one for one in gc.get_objects() if type(one) is functools._lru_cache_wrapper)
    return [one for one in found if one.__module__.split(".")[0] in ROOMS]


def _plain(found: Any) -> types.FunctionType | None:
    """Return the function within a property, a cached property, a class method or a cache."""
    for name in ("fget", "func", "__func__", "__wrapped__"):
        inner = getattr(found, name, None)
        if isinstance(inner, types.FunctionType):
            return inner
    return found if isinstance(found, types.FunctionType) else None


def _same_code(old: Any, new: Any) -> bool:
    """Give a function the other's code; False for what is none."""
    mine, other = _plain(old), _plain(new)
    if mine is None or other is None:
        return False
    mine.__code__, mine.__defaults__, mine.__kwdefaults__ = other.__code__, other.__defaults__, other.__kwdefaults__
    return True


def _set_member(holder: Any, name: str, value: Any) -> None:
    if name.startswith("__") and name not in ("__match_args__",):
        return
    if repr(vars(holder).get(name)) != repr(value):
        setattr(holder, name, value)


def _rebind(name: str, old: Any, new: Any) -> None:
    """Give every module that has the old value under this name the new one."""
    for path, module in list(sys.modules.items()):
        if path.split(".")[0] in ROOMS and vars(module).get(name) is old:
            setattr(module, name, new)
