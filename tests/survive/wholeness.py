"""What a killed command may leave: one run's whole folder, or none; never a mixture, never half a file."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from experiments.energy.power_table import power_of_folder
from files.errors import FileError
from files.folder import MANIFEST, committed
from power.errors import PowerError
from tests.survive.commands import Command, files_of
from tests.survive.setting import Setting

COMMITTING = ".committing"
Files = Mapping[str, bytes]


def half_written(command: Command, setting: Setting, wholes: Sequence[Files], prices: Sequence[str]) -> list[str]:
    """Return what is wrong with a command's output folder after a kill; looked for in a copy.

    Parameters
    ----------
    command : Command
    setting : Setting
    wholes : sequence of dict
        Files of each variant's undisturbed run.
    prices : sequence of str
        What `rsnn power` says of each.
    """
    if not setting.out.is_dir():
        return []
    with tempfile.TemporaryDirectory() as folder:
        seen = Path(folder) / "seen"
        shutil.copytree(setting.out, seen, symlinks=True)
        wrong = [] if command.name == "power" else _power(seen, prices)
        wrong += _vouched(seen)
        files = files_of(seen)
    if not files or any(files == whole for whole in wholes):
        return wrong
    if command.grows:
        torn = [
            name
            for name, content in files.items()
            # Of rows, the last bracket or nothing; a table of another run has other rows.
            if not _whole(name, content)
            or not (command.gathers or any(whole.get(name, b"").startswith(content[:-1]) for whole in wholes))
        ]
        return wrong + [f"{name} is half written" for name in torn]
    origins = [[at for at, whole in enumerate(wholes) if whole.get(name) == content] for name, content in files.items()]
    if not all(origins):
        torn = [name for name, origin in zip(files, origins, strict=True) if not origin]
        return [*wrong, f"files of no run: {', '.join(torn)}"]
    common = [at for at in range(len(wholes)) if all(at in origin for origin in origins)]
    if not common:
        return [*wrong, "a mixture of two runs"]
    missing = min((set(wholes[at]) - set(files) for at in common), key=len)
    return [*wrong, f"half a folder: without {', '.join(sorted(missing))}"]


def _vouched(folder: Path) -> list[str]:
    """Open a folder by its manifest, as the next reader does, and read all that it names."""
    given = next((place / MANIFEST for place in (folder / COMMITTING, folder) if (place / MANIFEST).is_file()), None)
    if given is None:
        return []
    try:
        files = json.loads(given.read_bytes())["files"]
        for by in {entry["by"] for entry in files.values()}:
            with committed(folder, written_by=by) as read:
                for name, entry in files.items():
                    if entry["by"] == by:
                        read(name)
    except (FileError, ValueError, KeyError, TypeError) as error:
        return [f"does not recover: {error}"]
    return []


def _power(folder: Path, prices: Sequence[str]) -> list[str]:
    """Price a folder as it lies: what `rsnn power` says must be one run's."""
    if not prices:
        return []
    try:
        text = power_of_folder(folder, constants=None)
    except (PowerError, FileError):
        return []
    return [] if text in prices else ["priced a mixture"]


def price(folder: Path) -> str | None:
    """Return what `rsnn power` says of a folder; None if it is none of a run."""
    try:
        return power_of_folder(folder, constants=None)
    except (PowerError, FileError):
        return None


def _whole(name: str, content: bytes) -> bool:
    """Return whether a file of a table that grows is whole by itself."""
    if name.endswith(".json"):
        try:
            json.loads(content)
        except ValueError:
            return False
    if name.endswith(".png"):
        return content.rstrip().endswith(b"IEND\xaeB`\x82")
    return len(content) > 0


def left_over(setting: Setting) -> list[str]:
    """Return what no successful run may leave: parts in output, cache and work folder."""
    found = []
    for folder in (setting.out, setting.cache, setting.work):
        for path in folder.rglob("*") if folder.is_dir() else ():
            if path.name.endswith((".part", ".part.npz")) or path.name == COMMITTING:
                found.append(f"left over: {path.relative_to(setting.home)}")
    return found
