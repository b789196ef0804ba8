"""One case: what is handed in, as files of a folder and the name that a command is given."""

from __future__ import annotations

import json
import os
import random
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# What a surface generates and reads; the folder of a saved case is this and the text of what happened.
TREE, GIVEN = "case", "given.json"


@dataclass(frozen=True)
class Link:
    """A symbolic link, to wherever it says."""

    target: str


@dataclass(frozen=True)
class Pipe:
    """A named pipe, which nobody writes to."""


@dataclass(frozen=True)
class Folder:
    """An empty folder."""


@dataclass(frozen=True)
class Hole:
    """A sparse file: some bytes, and then zeros up to a size that takes no disk."""

    content: bytes
    size: int


Entry = bytes | Link | Pipe | Folder | Hole


@dataclass
class Case:
    """Files by their path within the case's folder, and what is given to the reader.

    Parameters
    ----------
    entries : dict of str to Entry
        By path; bytes that are no UTF-8 are surrogates, as `os.fsdecode` gives them. What no file system takes (a zero
        byte, 300 characters) is left out when the case is laid out.
    argument : str
        Path that is given to the reader; not absolute: within the case's folder.
    words : dict
        Other arguments, JSON types.
    """

    entries: dict[str, Entry]
    argument: str = ""
    words: dict[str, Any] = field(default_factory=dict)

    def path(self, folder: Path) -> Path:
        """Return the path that is given to the reader."""
        return folder / self.argument

    def lay_out(self, folder: Path) -> None:
        """Make the files in an empty folder."""
        for name, entry in self.entries.items():
            path = folder / name
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                _make(path, entry)
            except (OSError, ValueError):
                # A name that cannot be: the reader is given it all the same.
                continue

    def size(self) -> int:
        """Return the bytes that it holds."""
        return sum(len(entry) if isinstance(entry, bytes) else 0 for entry in self.entries.values())

    def save(self, folder: Path, what: str) -> None:
        """Keep the case's files, what is given, and a text of what happened."""
        shutil.rmtree(folder, ignore_errors=True)
        (folder / TREE).mkdir(parents=True)
        self.lay_out(folder / TREE)
        given = {"argument": self.argument, "words": self.words, "entries": [ascii(name) for name in self.entries]}
        (folder / GIVEN).write_text(json.dumps(given, indent=1, default=ascii) + "\n")
        (folder / "what.txt").write_text(what, encoding="utf-8", errors="backslashreplace")


def _make(path: Path, entry: Entry) -> None:
    if isinstance(entry, bytes):
        path.write_bytes(entry)
    elif isinstance(entry, Link):
        path.symlink_to(entry.target)
    elif isinstance(entry, Pipe):
        os.mkfifo(path)
    elif isinstance(entry, Folder):
        path.mkdir()
    else:
        path.write_bytes(entry.content)
        os.truncate(path, entry.size)


def of_case(seed: int, surface: str, number: int) -> random.Random:
    """Return the source of randomness of one case: the same for the same three, whatever ran before."""
    return random.Random(f"{surface}/{seed}/{number}")
