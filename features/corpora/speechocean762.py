"""speechocean762 in its original layout: WAVE/SPEAKERxxxx, Kaldi-style train/ and test/, resource/text-phone.

Non-native English, 250 speakers, free for commercial and non-commercial use (OpenSLR 101). Its phones are canonical
(what should have been said) and have no times.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from features.corpora.phones import fold_phones
from features.corpora.sound import sound_seconds
from features.corpora.tables import read_lines
from features.corpora.utterance import Utterance
from features.errors import CorpusError, Damage, FeatureError, leave_out

ADULT_AGE = 18
SPLITS = ("train", "test")
SOURCE = "speechocean762 can be had from OpenSLR 101"


def read_speechocean762(root: Path, split: str, *, damage: list[Damage] | None = None) -> list[Utterance]:
    """Return the utterances of a split, in the order of their names.

    Parameters
    ----------
    root : Path
    split : {"train", "test"}
    damage : list of Damage, optional
        Without it, the first utterance that is missing or damaged raises. With it, such utterances are left out and
        added to it. A table that is itself missing or malformed raises either way.

    Returns
    -------
    list of Utterance

    Raises
    ------
    CorpusError
        Names the file that is missing or malformed.
    AudioError
        A sound that is empty, cut short or no sound, as far as its header shows.
    """
    if split not in SPLITS:
        raise CorpusError(f"speechocean762: split is {split!r}, expected one of {', '.join(SPLITS)}")
    tables = _Tables(
        texts=_table(root / split / "text"),
        speakers=_table(root / split / "utt2spk"),
        ages=_table(root / split / "spk2age"),
        phones=_phones(root / "resource" / "text-phone"),
    )
    utterances = []
    for name, sound in sorted(_table(root / split / "wav.scp").items()):
        try:
            utterances.append(_utterance(root, split, name, sound, tables))
        except FeatureError as error:
            leave_out(damage, root / sound, error)
    if not utterances:
        instance = f"; left out for instance {damage[-1]}" if damage else ""
        raise CorpusError(f"{root / split}: no whole utterance{instance}")
    return utterances


class _Tables(NamedTuple):
    texts: dict[str, str]
    speakers: dict[str, str]
    ages: dict[str, str]
    phones: dict[str, tuple[tuple[str, ...], ...]]


def _utterance(root: Path, split: str, name: str, sound: str, tables: _Tables) -> Utterance:
    folder, text_phone = root / split, root / "resource" / "text-phone"
    for table, file in ((tables.texts, "text"), (tables.speakers, "utt2spk"), (tables.phones, "text-phone")):
        if name not in table:
            raise CorpusError(f"{folder / file}: utterance {name} is missing")
    speaker, words, phones = tables.speakers[name], tables.texts[name], tables.phones[name]
    age = tables.ages.get(speaker, "")
    if not age.isdecimal():
        raise CorpusError(f"{folder / 'spk2age'}: speaker {speaker}: expected an age in years")
    if len(phones) != len(words.split()):
        raise CorpusError(
            f"{text_phone}: utterance {name} has {len(phones)} words, "
            f"expected the {len(words.split())} of {folder / 'text'}"
        )
    symbols = tuple(symbol for word in phones for symbol in word)
    try:
        folded = tuple(fold_phones(symbols))
    except CorpusError as error:
        raise CorpusError(f"{text_phone}: utterance {name}: {error}") from error
    path = _sound(root, sound)
    sound_seconds(path)
    return Utterance(
        utterance_id=name,
        speaker=speaker,
        audio_path=path,
        split=split,
        words=words,
        symbols=symbols,
        phones=folded,
        word_symbols=phones,
        is_adult=int(age) >= ADULT_AGE,
    )


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
