"""What our own code is: results that are kept depend on it as on their input."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import platform
from functools import cache
from pathlib import Path

_SUFFIXES = (".py", ".v", ".cpp")


@cache
def sources_digest(*names: str) -> str:
    """Return a digest of modules, packages with all that is in them, and the versions of what they compute with.

    Parameters
    ----------
    names : str
        As they are imported ("golden", "cosim.verilog").
    """
    found = hashlib.sha256()
    versions = [f"{package} {importlib.metadata.version(package)}" for package in ("numpy", "numba", "myhdl")]
    for part in (platform.python_version(), *versions):
        found.update(f"{part}\n".encode())
    for name in sorted(set(names)):
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            raise ModuleNotFoundError(f"no module named {name!r}", name=name)
        origin = Path(spec.origin)
        files = sorted(origin.parent.rglob("*")) if spec.submodule_search_locations else [origin]
        for path in (path for path in files if path.suffix in _SUFFIXES):
            content = path.read_bytes()
            found.update(f"{name} {path.relative_to(origin.parent).as_posix()} {len(content)}\n".encode())
            found.update(content)
    return found.hexdigest()
