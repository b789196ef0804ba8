"""The record of one utterance that every corpus reader gives."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Utterance:
    """One utterance.

    Parameters
    ----------
    utterance_id, speaker : str
    audio_path : Path
    split : str
        "train", "dev", "test", or "" where the corpus has no split or the utterance is in no set.
    words : str
    symbols : tuple of str
        Phones as the corpus writes them.
    phones : tuple of str
        The same folded to the 39 scored phones.
    phone_times : tuple of (start_s, end_s, symbol) or None
        Hand-made times where the corpus has them.
    word_symbols : tuple of tuple of str
        `symbols` word by word, where the corpus says which word they belong to; otherwise empty.
    is_adult : bool
    """

    utterance_id: str
    speaker: str
    audio_path: Path
    split: str
    words: str
    symbols: tuple[str, ...]
    phones: tuple[str, ...]
    phone_times: tuple[tuple[float, float, str], ...] | None = None
    word_symbols: tuple[tuple[str, ...], ...] = ()
    is_adult: bool = True
