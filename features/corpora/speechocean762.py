"""speechocean762 in its original layout: WAVE/SPEAKERxxxx, Kaldi-style train/ and test/, resource/text-phone.

Non-native English, 250 speakers, free for commercial and non-commercial use (OpenSLR 101). Its phones are canonical
(what should have been said) and have no times.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from features.corpora.companion import companion
from features.corpora.phones import fold_phones
from features.corpora.sound import sound_seconds
from features.corpora.tables import read_lines
from features.corpora.utterance import Utterance
from features.errors import CorpusError, Damage, FeatureError, leave_out
from files.reading import whole_number

ADULT_AGE, OLDEST = 18, 150
# Of an utterance; the corpus has at most some tens.
_MOST_WORDS = 100_000
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
            raise CorpusError(f"{folder / file}: utterance {name[:80]} is missing")
    speaker, words, phones = tables.speakers[name], tables.texts[name], tables.phones[name]
    age = whole_number(tables.ages.get(speaker, ""), most=OLDEST)
    if age is None:
        raise CorpusError(f"{folder / 'spk2age'}: speaker {speaker[:80]}: expected an age in years")
    if len(phones) != len(words.split()):
        raise CorpusError(
            f"{text_phone}: utterance {name[:80]} has {len(phones)} words, "
            f"expected the {len(words.split())} of {folder / 'text'}"
        )
    symbols = tuple(symbol for word in phones for symbol in word)
    try:
        folded = tuple(fold_phones(symbols))
    except CorpusError as error:
        raise CorpusError(f"{text_phone}: utterance {name[:80]}: {error}") from error
    path = _sound(root, folder / "wav.scp", name, sound)
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
        is_adult=age >= ADULT_AGE,
    )


def _table(path: Path) -> dict[str, str]:
    table: dict[str, str] = {}
    for number, line in enumerate(read_lines(path, SOURCE), 1):
        parts = line.split(None, 1)
        if len(parts) != 2:
            raise CorpusError(f"{path}, line {number}: expected a name and a value, got {line[:80]!r}")
        if parts[0] in table:
            raise CorpusError(f"{path}, line {number}: {parts[0][:80]} is there twice")
        table[parts[0]] = parts[1].strip()
    return table


def _phones(path: Path) -> dict[str, tuple[tuple[str, ...], ...]]:
    """Collect the words of each utterance: "000010011.1 K_B AO0_I L_E" is word 1 of utterance 000010011."""
    words: dict[str, dict[int, list[str]]] = {}
    # Every line is an entry of its own, so an entry's place is its line.
    for number, (key, value) in enumerate(_table(path).items(), 1):
        name, _, position = key.rpartition(".")
        at = whole_number(position, most=_MOST_WORDS)
        if at is None or not name:
            raise CorpusError(f"{path}, line {number}: expected UTTERANCE.WORD, got {key[:80]!r}")
        if at in words.setdefault(name, {}):
            raise CorpusError(f"{path}, line {number}: word {at} of utterance {name[:80]} is there twice")
        words[name][at] = value.split()
    return {name: tuple(tuple(parts[at]) for at in sorted(parts)) for name, parts in words.items()}


def _sound(root: Path, table: Path, name: str, entry: str) -> Path:
    """Return the sound file, by the list's own name or the same name with another sound's suffix, in any case."""

    def refused(what: str) -> CorpusError:
        return CorpusError(f"{table}: utterance {name[:80]}: {what}, expected a sound file in {root}")

    if entry.endswith("|"):
        raise refused(f"the command {entry[:80]!r}, which is not run")
    path = root / entry
    if path in (root, Path("/")) or ".." in path.parts or "\0" in entry:
        raise refused(f"the path {entry[:80]!r}")
    # By its name, links not followed: a corpus may be put together of them.
    if not Path(os.path.abspath(path)).is_relative_to(os.path.abspath(root)):
        raise refused(f"{entry[:80]!r}, outside the corpus")
    if os.path.isfile(path):
        return path
    for suffix in (".wav", ".flac", ".wav.wav"):
        found = companion(path, suffix)
        if found is not None and os.path.isfile(found):
            return found
    raise CorpusError(f"{path}: no such sound file (nor .WAV or .flac of that name)")
