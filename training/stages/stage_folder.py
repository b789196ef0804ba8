"""What a stage keeps in its folder, and the digests that say whether it still holds."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from files.errors import FileError
from files.reading import open_regular, read_json
from files.writing import write_text
from golden.checkpoint import Checkpoint
from training.stages.train import Epoch

_EPOCH_FIELDS = ("epoch", "loss_nats", "dev_per", "spike_rates", "seconds")


def digest_of(checkpoint: Checkpoint) -> str:
    """Return a digest of all that a network from this checkpoint computes."""
    digest = hashlib.sha256(repr(checkpoint.specification).encode())
    host = checkpoint.host
    offset = getattr(host, "class_offset", None)
    for matrix in (*checkpoint.feed_forward, *checkpoint.recurrent, checkpoint.fc, offset):
        if matrix is not None:
            digest.update(matrix.tobytes())
    digest.update(repr((checkpoint.scales, checkpoint.fc_zeros)).encode())
    return digest.hexdigest()


def chosen(settings: Any) -> dict[str, Any]:
    """Return the fields that differ from their defaults, so that a new field does not make an old result stale."""
    named: dict[str, Any] = {}
    for field in dataclasses.fields(settings):
        value = getattr(settings, field.name)
        if dataclasses.is_dataclass(value):
            value = chosen(value)
            if not value:
                continue
        elif value == field.default:
            continue
        named[field.name] = value
    return named


def digest_of_arrays(*arrays: np.ndarray | None) -> str:
    """Return a digest of arrays, their types and shapes."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(repr(None if array is None else (array.dtype.str, array.shape)).encode())
        if array is not None:
            digest.update(np.ascontiguousarray(array).view(np.uint8).reshape(-1).data)
    return digest.hexdigest()


def digest_of_file(path: Path) -> str:
    """Return the SHA-256 of a file, "" if it is not there or cannot be read."""
    digest = hashlib.sha256()
    try:
        with open_regular(path) as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except (FileError, OSError):
        return ""
    return digest.hexdigest()


def write_row(folder: Path, row: dict[str, Any], files: Sequence[str], *, about: str) -> None:
    """Write ``row.json``: what a stage came to, and the digests of the files beside it that this rests on.

    Parameters
    ----------
    folder : Path
    row : dict of str to JSON types
    files : sequence of str
        Names in `folder`.
    about : str
        A digest of what the row depends on; it is part of the row's own.
    """
    digests = {name: digest_of_file(folder / name) for name in files}
    content = {"row": row, "files": digests, "sha256": _digest_of_row(row, digests, about)}
    write_text(folder / "row.json", json.dumps(content, indent=1, allow_nan=False) + "\n")


def read_row(folder: Path, files: Sequence[str], *, about: str) -> dict[str, Any] | None:
    """Return the row that `write_row` left; None if it, or a file that it rests on, is not what was written."""
    try:
        content = read_json(folder / "row.json")
    except FileError:
        return None
    if not isinstance(content, dict) or set(content) != {"row", "files", "sha256"}:
        return None
    row, digests = content["row"], content["files"]
    if not isinstance(row, dict) or content["sha256"] != _digest_of_row(row, digests, about):
        return None
    return row if digests == {name: digest_of_file(folder / name) for name in files} else None


def _digest_of_row(row: dict[str, Any], digests: dict[str, str], about: str) -> str:
    return hashlib.sha256(json.dumps([row, digests, about], sort_keys=True).encode()).hexdigest()


def write_log(path: Path, history: Sequence[Epoch]) -> None:
    """Write a line an epoch, as CSV."""
    lines = [",".join(_EPOCH_FIELDS)]
    for epoch in history:
        rates = " ".join(f"{rate:.4f}" for rate in epoch.spike_rates)
        lines.append(f"{epoch.number},{epoch.loss:.5f},{epoch.dev_rate:.5f},{rates},{epoch.seconds:.1f}")
    write_text(path, "\n".join(lines) + "\n")


def told_of(path: Path) -> tuple[Any, Any]:
    """Return what was written beside a teacher's opinion: what it is about, and its digest."""
    try:
        written = read_json(path.with_suffix(".json"))
    except FileError:
        return None, None
    return (written.get("about"), written.get("sha256")) if isinstance(written, dict) else (None, None)
