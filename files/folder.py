"""A folder of several files, committed as one: what stands in it is of one run, whatever happened to others.

A run writes into a hidden folder inside, its *staging*. At the end the staging is renamed to ``.committing``, which is
the moment from which the new files count, and each is moved into place. Moves that a killed process left are finished
by the next one that writes there; who reads changes nothing, and takes a file from where it is.
``manifest.json`` names every file with its size and SHA-256 and the command that wrote it: files of one command that it
did not write again are removed, others stay.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from files.errors import FileError, WriteError
from files.locking import alone, keep
from files.reading import parse_json, read_bytes
from files.writing import clean, make_folder, part_name, sync_folder, write_text

MANIFEST = "manifest.json"
# Environment variable: said of every file that is written, such as that it is of other speech than the usual.
NOTE = "RSNN_NOTE"
_COMMIT = ".committing"
_FORMAT = 1
_MOST_ENTRIES = 100_000


@contextmanager
def output_folder(
    out: str | os.PathLike[str], *, by: str, keep_on: tuple[type[BaseException], ...] = ()
) -> Iterator[Path]:
    """Give an empty folder to write files into; when the block ends they replace what the same command wrote before.

    Parameters
    ----------
    out : path-like
        Made where it is missing.
    by : str
        The command, as the manifest names it. Other commands may share `out`; their files stay.
    keep_on : tuple of exception types
        Exceptions with which the files are committed all the same (a mismatch, and the waveform of it).

    Yields
    ------
    Path
        The staging folder. Files alone, no folders in it.

    Raises
    ------
    WriteError
        At once, before any work, if `out` cannot be written.
    """
    out = Path(out)
    existed = out.is_dir()
    make_folder(out)
    clean(out, again=True)
    try:
        with alone(out):
            _recover(out)
        staging, handle = _stage(out, by)
    except OSError as error:
        raise error if isinstance(error, WriteError) else WriteError(out, error) from error
    try:
        try:
            yield staging
        except keep_on:
            commit(staging, out, by=by)
            raise
        commit(staging, out, by=by)
    finally:
        os.close(handle)
        shutil.rmtree(staging, ignore_errors=True)
        if not existed:
            with suppress(OSError):
                out.rmdir()


def _stage(out: Path, by: str) -> tuple[Path, int]:
    while True:
        staging = out / part_name(by)
        staging.mkdir()
        try:
            handle = os.open(staging, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            # A process that cleans up took it for a dead one's.
            continue
        if keep(handle, staging):
            return staging, handle
        os.close(handle)


def commit(staging: Path, out: Path, *, by: str) -> None:
    """Move the files of a staging folder into `out` as one.

    Raises
    ------
    WriteError
        Names the file.
    """
    try:
        with alone(out):
            _recover(out)
            found = {path.name: path for path in sorted(staging.iterdir())}
            for name in (*found, MANIFEST):
                # Found now: half-way through, it would leave the folder of two runs.
                if (out / name).is_dir():
                    raise WriteError(out / name, IsADirectoryError(21, "is a folder, expected a file to write"))
            entries = {name: entry for name, entry in _entries(out).items() if entry["by"] != by and name not in found}
            noted = {"note": os.environ[NOTE]} if os.environ.get(NOTE) else {}
            entries |= {name: _describe(path) | {"by": by} | noted for name, path in found.items()}
            text = json.dumps({"format_version": _FORMAT, "files": entries}, indent=1, sort_keys=True)
            write_text(staging / MANIFEST, text + "\n")
            os.rename(staging, out / _COMMIT)
            sync_folder(out)
            _recover(out)
    except OSError as error:
        raise error if isinstance(error, WriteError) else WriteError(out, error) from error


def _recover(out: Path) -> None:
    """Finish a commit whose process was killed; `out` is held by the caller."""
    coming = out / _COMMIT
    if coming.is_symlink():
        # Ours never is: one would have files of another folder moved here.
        raise WriteError(coming, NotADirectoryError(20, "is a link, expected a folder: remove it"))
    if not coming.is_dir():
        return
    # The old manifest is replaced last, so that what it alone names is still known after a second kill.
    if (coming / MANIFEST).is_file():
        for name in set(_entries(out)) - set(_entries(coming)):
            with suppress(FileNotFoundError):
                os.unlink(out / name)
    found = sorted(coming.iterdir(), key=lambda path: path.name == MANIFEST)
    for path in found:
        # Only what a run of ours stages: whatever else lies there was put there, and is not moved about.
        if path.is_symlink() or not path.is_file():
            raise WriteError(path, OSError(22, "is no regular file, expected what a run wrote: remove it"))
    for path in found:
        if path.name == MANIFEST:
            sync_folder(out)
        os.replace(path, out / path.name)
    coming.rmdir()
    sync_folder(out)


def _describe(path: Path) -> dict[str, Any]:
    digest = hashlib.sha256()
    size = 0
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
            size += len(block)
    return {"bytes": size, "sha256": digest.hexdigest()}


def _entries(folder: Path) -> dict[str, dict[str, Any]]:
    """Return what a folder's manifest names; nothing where it has none that can be read."""
    try:
        return _checked(folder / MANIFEST)
    except FileError:
        return {}


def _checked(path: Path) -> dict[str, dict[str, Any]]:
    given = parse_json(read_bytes(path, what="manifest", most=1 << 26), str(path))
    files = given.get("files") if isinstance(given, dict) else None
    if not isinstance(files, dict) or type(given.get("format_version")) is not int or len(files) > _MOST_ENTRIES:
        raise FileError(f"{path}: expected the fields format_version and files")
    if given["format_version"] != _FORMAT:
        raise FileError(f"{path}: format_version is {given['format_version']}, expected {_FORMAT}")
    for name, entry in files.items():
        plain = name not in ("", ".", "..", MANIFEST) and "/" not in name and "\0" not in name
        if not (plain and isinstance(entry, dict) and set(entry) - {"note"} == {"by", "bytes", "sha256"}):
            raise FileError(f"{path}: files.{name[:40]!r}: expected a file's name with by, bytes and sha256")
        texts = (entry["by"], entry["sha256"], entry.get("note", ""))
        if not (all(isinstance(text, str) for text in texts) and type(entry["bytes"]) is int):
            raise FileError(f"{path}: files.{name[:40]!r}: expected by and sha256 as text, bytes as a number")
    return files


@contextmanager
def committed(folder: str | os.PathLike[str], *, written_by: str | Sequence[str]) -> Iterator[Callable[[str], bytes]]:
    """Read files of a folder that are of one run, held against its manifest.

    Parameters
    ----------
    folder : path-like
        As `output_folder` left it.
    written_by : str or sequence of str
        The command, or one of the commands, whose files they must be.

    Yields
    ------
    callable
        Takes a file's name and returns its content.

    Raises
    ------
    FileError
        The folder has no manifest, or a file is not what the command wrote: names it, and says how to get it anew.
    """
    folder, writers = Path(folder), (written_by,) if isinstance(written_by, str) else tuple(written_by)
    named = " or ".join(f"'{writer}'" for writer in writers)
    if not folder.is_dir():
        raise FileError(f"{folder}: no such folder, expected one that {named} wrote")
    coming = folder / _COMMIT
    if coming.is_symlink():
        raise FileError(f"{coming}: is a link, expected a folder: remove it")
    with ExitStack() as held:
        try:
            held.enter_context(alone(folder, shared=True))
        except OSError as error:
            raise FileError(f"{folder}: cannot be read ({error.strerror})") from error
        # What has not been moved yet counts: a commit that has begun is finished by the next that writes, not here.
        places = [place for place in (coming, folder) if (place / MANIFEST).is_file()]
        if not places:
            raise FileError(
                f"{folder / MANIFEST}: no such manifest, expected the folder of a whole run; run {named} anew"
            )
        entries = _checked(places[0] / MANIFEST)

        def read(name: str) -> bytes:
            entry = entries.get(name)
            if entry is None or entry["by"] not in writers:
                raise FileError(f"{folder / name}: not a file that {named} wrote there, by its {MANIFEST}")
            where = next((place for place in places if (place / name).exists()), folder)
            content = read_bytes(where / name)
            if len(content) != entry["bytes"] or hashlib.sha256(content).hexdigest() != entry["sha256"]:
                raise FileError(
                    f"{folder / name}: was changed since '{entry['by']}' wrote it (its SHA-256 is not that of "
                    f"{MANIFEST}); run it anew"
                )
            return content

        yield read
