"""Which command makes a file of the results: from the table in their README, and from a folder's manifest."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from files.errors import FileError
from files.folder import MANIFEST
from files.reading import parse_json, read_text

README = "README.md"
# Of a row: in a longer line the search for links would take its square.
MOST_CHARACTERS = 4_000
_ROW = re.compile(r"\|(?P<folder>[^|]*)\|(?P<command>[^|]*)\|(?P<holds>[^|]*)\|\s*")
_CODE = re.compile(r"`([^`]+)`")
_LINK = re.compile(r"\[([^\[\]]*)\]\([^)]*\)")
# Words that a command of ours begins with.
_COMMANDS = ("rsnn ", "make ", "python ", "OMP_NUM_THREADS=")


@dataclass(frozen=True)
class Record:
    """A row of the README: a folder, the commands that it names, and what it says that they leave there."""

    folder: str
    commands: tuple[str, ...]
    holds: str


def records(results: Path) -> list[Record]:
    """Return the rows of the table in the results' README, in its order; none where there is no README.

    Raises
    ------
    FileError
        It cannot be read.
    """
    path = results / README
    if not path.is_file():
        return []
    found: list[Record] = []
    folder = ""
    for line in read_text(path, what="README").splitlines():
        row = _ROW.fullmatch(line) if len(line) <= MOST_CHARACTERS else None
        if row is None:
            continue
        named = _CODE.findall(row["folder"])
        folder = named[0].strip("/") if named else folder if not row["folder"].strip() else ""
        commands = tuple(code for code in _CODE.findall(row["command"]) if f"{code} ".startswith(_COMMANDS))
        if folder and commands:
            found.append(Record(folder, commands, _LINK.sub(r"\1", row["holds"]).replace("`", "").strip()))
    return found


def commands_of(results: Path, path: PurePosixPath, known: list[Record]) -> tuple[str, ...]:
    """Return the commands that a file may be of: one, where its name or the manifest beside it tells.

    Parameters
    ----------
    results : Path
    path : PurePosixPath
        Below `results`.
    known : list of Record

    Returns
    -------
    tuple of str
        Empty where nothing says.

    Raises
    ------
    FileError
        The manifest cannot be read.
    """
    commands: list[str] = []
    for folder in path.parents:
        commands = [command for record in known if record.folder == folder.as_posix() for command in record.commands]
        if commands:
            break
    named = [command for command in commands if _words(command)[1:2] == [path.stem.replace("_", "-")]]
    if named:
        return tuple(named)
    by = _written_by(results / path)
    if by is None:
        return tuple(commands)
    exact = [command for command in commands if _words(command)[: len(_words(by))] == _words(by)]
    return tuple(exact) or (by,)


def _words(command: str) -> list[str]:
    return command.split()


def _written_by(path: Path) -> str | None:
    manifest = path.parent / MANIFEST
    if not manifest.is_file():
        return None
    given = parse_json(read_text(manifest, what="manifest"), str(manifest))
    files = given.get("files") if isinstance(given, dict) else None
    if not isinstance(files, dict):
        raise FileError(f"{manifest}: expected the field files")
    entry = files.get(path.name)
    by = entry.get("by") if isinstance(entry, dict) else None
    return by if isinstance(by, str) else None
