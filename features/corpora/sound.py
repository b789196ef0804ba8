"""How long a sound is by its header: cheap, since nothing is decoded."""

from __future__ import annotations

from pathlib import Path

from features.sound_header import open_sound


def sound_seconds(path: Path) -> float:
    """Return the duration of a sound file by its header, the reading that `features.audio.read_audio` follows.

    Damage that only decoding shows (a FLAC file cut short, samples that are NaN) passes here.

    Parameters
    ----------
    path : Path
        WAV, FLAC or NIST SPHERE.

    Returns
    -------
    float
        Seconds.

    Raises
    ------
    UnreadableAudioError, EmptyAudioError, TruncatedAudioError
        Each names the file.
    """
    with open_sound(path) as (_, header):
        return header.seconds
