"""What of speech a result is made of: corpora that are there, by content, or the shipped clip."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

__all__ = ["folder_digest"]

_AT_ONCE = 1 << 20


@cache
def folder_digest(folder: Path) -> str:
    """Return a digest of all files below a folder: their names and what is in them. Hidden files are left out."""
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if not path.is_file() or any(part.startswith(".") for part in name.parts):
            continue
        found.update(f"{name.as_posix()} {path.stat().st_size}\n".encode("utf-8", "surrogateescape"))
        with path.open("rb") as file:
            while block := file.read(_AT_ONCE):
                found.update(block)
    return found.hexdigest()
