"""speechocean762 in its original layout: WAVE/SPEAKERxxxx, Kaldi-style train/ and test/, resource/text-phone.

Non-native English, 250 speakers, free for commercial and non-commercial use (OpenSLR 101). Its phones are canonical
(what should have been said) and have no times.
"""

from __future__ import annotations

from pathlib import Path

from features.corpora.phones import fold_phones
from features.corpora.tables import read_lines
from features.corpora.utterance import Utterance
from features.errors import CorpusError

ADULT_AGE = 18
SPLITS = ("train", "test")
SOURCE = "speechocean762 can be had from OpenSLR 101"


def read_speechocean762(root: Path, split: str) -> list[Utterance]:
    """Return the utterances of a split, in the order of their names.

    Parameters
    ----------
    root : Path
    split : {"train", "test"}

    Returns
    -------
    list of Utterance

    Raises
    ------
    CorpusError
        Names the file that is missing or malformed.
    """
    if split not in SPLITS:
        raise CorpusError(f"speechocean762: split is {split!r}, expected one of {', '.join(SPLITS)}")
    texts = _table(root / split / "text")
    sounds = _table(root / split / "wav.scp")
    speakers = _table(root / split / "utt2spk")
    ages = _table(root / split / "spk2age")
    phones = _phones(root / "resource" / "text-phone")
    utterances = []
    for name in sorted(sounds):
        for table, file in ((texts, "text"), (speakers, "utt2spk"), (phones, "text-phone")):
            if name not in table:
                raise CorpusError(f"{root / split / file}: utterance {name} is missing")
        speaker = speakers[name]
        if speaker not in ages or not ages[speaker].isdecimal():
            raise CorpusError(f"{root / split / 'spk2age'}: speaker {speaker}: expected an age in years")
        if len(phones[name]) != len(texts[name].split()):
            raise CorpusError(
                f"{root / 'resource' / 'text-phone'}: utterance {name} has {len(phones[name])} words, "
                f"expected the {len(texts[name].split())} of {root / split / 'text'}"
            )
        symbols = tuple(symbol for word in phones[name] for symbol in word)
        try:
            folded = tuple(fold_phones(symbols))
        except CorpusError as error:
            raise CorpusError(f"{root / 'resource' / 'text-phone'}: utterance {name}: {error}") from error
        utterances.append(
            Utterance(
                utterance_id=name,
                speaker=speaker,
                audio_path=_sound(root, sounds[name]),
                split=split,
                words=texts[name],
                symbols=symbols,
                phones=folded,
                word_symbols=phones[name],
                is_adult=int(ages[speaker]) >= ADULT_AGE,
            )
        )
    return utterances


def _table(path: Path) -> dict[str, str]:
    table: dict[str, str] = {}
    for number, line in enumerate(read_lines(path, SOURCE), 1):
        parts = line.split(None, 1)
        if len(parts) != 2:
            raise CorpusError(f"{path}, line {number}: expected a name and a value, got {line!r}")
        if parts[0] in table:
            raise CorpusError(f"{path}, line {number}: {parts[0]} is there twice")
        table[parts[0]] = parts[1].strip()
    return table


def _phones(path: Path) -> dict[str, tuple[tuple[str, ...], ...]]:
    """Collect the words of each utterance: "000010011.1 K_B AO0_I L_E" is word 1 of utterance 000010011."""
    words: dict[str, dict[int, list[str]]] = {}
    # Every line is an entry of its own, so an entry's place is its line.
    for number, (key, value) in enumerate(_table(path).items(), 1):
        name, _, position = key.partition(".")
        if not position.isdecimal():
            raise CorpusError(f"{path}, line {number}: expected UTTERANCE.WORD, got {key!r}")
        words.setdefault(name, {})[int(position)] = value.split()
    return {name: tuple(tuple(parts[at]) for at in sorted(parts)) for name, parts in words.items()}


def _sound(root: Path, entry: str) -> Path:
    """Return the sound file, by the list's own name or the same name with the other extension."""
    path = root / entry
    for candidate in (path, path.with_suffix(".WAV"), path.with_suffix(".wav"), path.with_suffix(".flac")):
        if candidate.is_file():
            return candidate
    raise CorpusError(f"{path}: no such sound file (nor .WAV or .flac of that name)")
