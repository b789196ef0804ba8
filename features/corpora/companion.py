"""The file that belongs to a sound file: the same name with another suffix."""

from __future__ import annotations

from pathlib import Path


def companion(sound: Path, suffix: str) -> Path | None:
    """Return the file beside a sound with another suffix, or None."""
    given = sound.with_suffix(suffix)
    return given if given.is_file() else None
