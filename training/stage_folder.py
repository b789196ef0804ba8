"""What a stage keeps in its folder, and the digests that say whether it still holds."""

from __future__ import annotations

import dataclasses
import fcntl
import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from golden.checkpoint import Checkpoint
from training.train import Epoch

_EPOCH_FIELDS = ("epoch", "loss_nats", "dev_per", "spike_rates", "seconds")


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Wait until no other process works in a folder; the lock goes with the process, however it ends."""
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def digest_of(checkpoint: Checkpoint) -> str:
    """Return a digest of all that a network from this checkpoint computes."""
    digest = hashlib.sha256(repr(checkpoint.specification).encode())
    host = checkpoint.host
    offset = None if host is None else host.class_offset
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


def write_log(path: Path, history: Sequence[Epoch]) -> None:
    """Write a line an epoch, as CSV."""
    lines = [",".join(_EPOCH_FIELDS)]
    for epoch in history:
        rates = " ".join(f"{rate:.4f}" for rate in epoch.spike_rates)
        lines.append(f"{epoch.number},{epoch.loss:.5f},{epoch.dev_rate:.5f},{rates},{epoch.seconds:.1f}")
    write_whole(path, "\n".join(lines) + "\n")


def write_whole(path: Path, text: str) -> None:
    """Write text, under another name first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_text(text)
    os.replace(part, path)
