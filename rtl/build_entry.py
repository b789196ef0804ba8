"""What a cache holds under one name: files, and a list of them that says whose they are and what they must be."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from pathlib import Path
from typing import Any

from files.errors import FileError
from files.reading import parse_json, read_bytes
from files.writing import sync_folder, write_text

LIST = "entry.json"
_FORMAT = 1


def seal(folder: Path, kind: str, key: str) -> None:
    """List what a finished build left in its folder, and flush it to the disk.

    Raises
    ------
    OSError
        The disk is full, for example.
    ValueError
        The build left something besides files.
    """
    files = {}
    for path in sorted(folder.iterdir()):
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode) or path.name == LIST:
            raise ValueError(f"{path}: a build leaves files alone, and none called {LIST}")
        # Whatever the umask is: others must not write what is run later.
        path.chmod(stat.S_IMODE(found.st_mode) & 0o755)
        with path.open("rb") as file:
            os.fsync(file.fileno())
            files[path.name] = {"bytes": found.st_size, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}
    folder.chmod(0o755)
    write_text(folder / LIST, _text(kind, key, files))
    (folder / LIST).chmod(0o644)
    sync_folder(folder)


def fault_of(folder: Path, kind: str, key: str) -> str | None:
    """Return what is wrong with an entry, or None if each of its files is what was built under this kind and key.

    Everything is read: a file that was cut after it was written would end the process that maps it.
    """
    try:
        if not stat.S_ISDIR(folder.lstat().st_mode):
            return "is no folder"
        if not is_ours(folder):
            return "belongs to another user, or can be written by others"
        given = read_bytes(folder / LIST, what="list of files", most=1 << 24)
        parsed = parse_json(given, str(folder / LIST))
        files = parsed.get("files") if isinstance(parsed, dict) else None
        if not isinstance(files, dict) or given != _text(kind, key, files).encode("utf-8", "backslashreplace"):
            return f"{LIST} is not that of '{kind}' with this key"
        there = {path.name for path in folder.iterdir()} - {LIST}
        if there != set(files):
            odd = sorted(there ^ set(files))[0]
            return f"{odd} {'is missing' if odd in files else 'was added'}"
        for name, entry in files.items():
            path = folder / name
            if not stat.S_ISREG(path.lstat().st_mode) or not is_ours(path):
                return f"{name} is no file of this user's alone"
            with path.open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                if {"bytes": size, "sha256": hashlib.file_digest(file, "sha256").hexdigest()} != entry:
                    return f"{name} is not what was built"
    except FileNotFoundError as error:
        return f"{Path(error.filename or folder).name} is missing"
    except (OSError, FileError, ValueError, TypeError) as error:
        return str(error)
    return None


def is_ours(path: Path) -> bool:
    """Return whether nobody but this user and root can write a file or folder."""
    found = path.lstat()
    return found.st_uid in (0, os.geteuid()) and not found.st_mode & 0o022


def _text(kind: str, key: str, files: dict[str, Any]) -> str:
    entry = {"format_version": _FORMAT, "kind": kind, "key": key, "files": files}
    return json.dumps(entry, indent=1, sort_keys=True) + "\n"
