"""One result to make: its command line filled in, whether it is stale, and what is kept of making it."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.command.experiment import Result
from experiments.reproduction.code import code_digest
from files.errors import FileError
from files.reading import read_json
from files.writing import make_folder, write_text

__all__ = ["STAMPS", "Job", "dependencies"]

# Folder below that of all results: a file a result, which says what it was made of.
STAMPS = ".reproduced"
_QUICK_S = 12.0
_STAMP = {"command": str, "files": dict, "made_of": str, "seconds": int | float}


@dataclass(frozen=True, kw_only=True)
class Job:
    """A result with the words of its command line.

    Parameters
    ----------
    result : Result
    module : str
        That declares it.
    template, words : tuple of str
        After ``rsnn``, before and after folders are filled in.
    results : Path
        Folder of all results.
    given : tuple of str
        Digests of what it is made of beside code and other results: corpora, libraries, checkpoints.
    note : str
        What every output has to say: that it is of other speech than the repository's own results. Often nothing.
    """

    result: Result
    module: str
    template: tuple[str, ...]
    words: tuple[str, ...]
    results: Path
    given: tuple[str, ...] = ()
    note: str = ""

    @property
    def folder(self) -> Path:
        """Return where the files go."""
        return self.results / self.result.folder

    @property
    def stamp(self) -> Path:
        """Return the file that says what the result was made of."""
        return self.results / STAMPS / f"{self.result.name}.json"

    def stale(self) -> str:
        """Return why the result has to be made, in a few words; nothing where it need not be."""
        kept = self._kept()
        if kept is None:
            return "never made here"
        if kept.get("made_of") != self._made_of():
            return "code, input or command has changed"
        for name, digest in kept.get("files", {}).items():
            if _digest(self.folder / name) != digest:
                return f"{name} is another or gone"
        return ""

    def done(self, seconds: float) -> None:
        """Keep what the result was made of, and how long it took.

        Raises
        ------
        FileError
            The command ended well and a file that it should make is not there.
        """
        missing = [name for name in (*self.outputs, *self.result.varies) if not (self.folder / name).is_file()]
        if missing:
            raise FileError(f"{self.folder / missing[0]}: not made by {' '.join(('rsnn', *self.words))}")
        text = {
            "command": " ".join(("rsnn", *self.words)),
            "files": {name: _digest(self.folder / name) for name in (*self.outputs, *self.result.varies)},
            "made_of": self._made_of(),
            "seconds": round(seconds, 1),
            "when": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        }
        make_folder(self.stamp.parent)
        write_text(self.stamp, json.dumps(text, indent=1, sort_keys=True) + "\n")

    @property
    def outputs(self) -> tuple[str, ...]:
        """Return the files that the command makes as it is given."""
        return tuple(name for name in self.result.outputs if not (self.quick and name in self.result.full_only))

    @property
    def quick(self) -> bool:
        """Whether the command is the one on little speech."""
        return self.template != self.result.command

    @property
    def seconds(self) -> float:
        """Return how long it will take: as long as here, or as is declared, or as quick ones take on average."""
        kept = self._kept()
        if kept is not None:
            return float(kept["seconds"])
        return _QUICK_S if self.quick else 60 * self.result.minutes

    def _kept(self) -> dict[str, Any] | None:
        if not self.stamp.is_file():
            return None
        try:
            kept = read_json(self.stamp, what="stamp")
        except FileError:
            return None
        # What is no stamp of ours is none: the result is made again.
        whole = isinstance(kept, dict) and all(isinstance(kept.get(key), kind) for key, kind in _STAMP.items())
        return kept if whole else None

    def _made_of(self) -> str:
        inputs = [f"{name} {_digest(self.results / name)}" for name in self.result.inputs]
        parts = [*self.template, code_digest(self.module), *self.given, *inputs, self.note]
        return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogateescape")).hexdigest()


def dependencies(job: Job, others: list[Job]) -> list[str]:
    """Return the names of the results that make what a job reads."""
    made = {f"{other.result.folder}/{name}": other.result.name for other in others for name in other.outputs}
    return list(dict.fromkeys(made[name] for name in job.result.inputs if name in made))


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return "none"
