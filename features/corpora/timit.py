"""TIMIT: the whole corpus as the LDC lays it out, and the sample of NLTK; sentences with hand-made phone times.

The corpus is LDC93S1: ``TRAIN/DR1/FCJF0/SA1.WAV`` with .PHN, .TXT and .WRD beside it, in upper or lower case, NIST
SPHERE or RIFF. The sample has one folder a speaker, ``dr1-fvmh0/sa1.wav``, and is CC BY-NC-SA: for tests and
evaluation.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from features.cepstra import WINDOW_SAMPLES
from features.corpora.companion import sentence_files, split_name
from features.corpora.phones import fold_phones
from features.corpora.sound import sound_seconds
from features.corpora.splits import check_splits
from features.corpora.tables import read_lines
from features.corpora.timit_speakers import standard_split
from features.corpora.utterance import Utterance
from features.errors import CorpusError, Damage, FeatureError, leave_out
from files.reading import whole_number

SAMPLE_RATE_HZ = 16_000
DIALECT_SENTENCES = ("sa1", "sa2")
SOURCE = "the corpus is LDC93S1, the sample is had by nltk.download('timit')"
# Suffixes of a sentence's sound, the preferred first; some copies keep a RIFF twin as SA1.WAV.wav.
_SOUNDS = (".wav", ".flac", ".wav.wav")
_LABELS = (".phn", ".txt")
# Of a sound: two thousand years.
_MOST_SAMPLES = 10**15
# How many folders down from the one that is named the corpus may lie.
_LEVELS_DOWN = 2


@dataclass(frozen=True)
class _Speaker:
    """A speaker's folder; `name` is "dr1-fvmh0" in every layout."""

    folder: Path
    name: str
    split: str


def read_timit(root: Path, *, dialect_sentences: bool = False, damage: list[Damage] | None = None) -> list[Utterance]:
    """Return the sentences of TIMIT, or of its sample, in the order of their names.

    Utterances are named ``dr1-fvmh0-si1466`` and speakers ``dr1-fvmh0`` in every layout. In the LDC's layout the split
    is "train" for the training folder and, of the test folder, "dev" and "test" by the standard lists
    (``features.corpora.timit_speakers``: 50 speakers, and the 24 of the core test set) and "" for the others; these
    three together are the complete test set. In the sample every split is "": ``features.corpora.splits`` deals folds.

    Parameters
    ----------
    root : Path
        Holds the corpus itself (``TRAIN/``, ``TEST/``, or ``dr1-fvmh0/`` and so on), or a folder that does, at most two
        further down (``timit/``, ``TIMIT/timit/``).
    dialect_sentences : bool
        Whether to take SA1 and SA2 too, which everybody reads and the standard sets leave out.
    damage : list of Damage, optional
        Without it, the first missing or damaged file raises. With it, such sentences are left out and added to it.

    Raises
    ------
    CorpusError
        No TIMIT there, a speaker in two splits, a label that is missing or malformed, phones more than a window past
        the end of the sound, or no sentence that is whole. Names the file.
    AudioError
        A sound that is missing, empty, cut short or no sound, as far as its header shows.
    """
    if not os.path.isdir(root):
        raise CorpusError(f"{root}: no such folder; {SOURCE}")
    speakers = _speakers(root)
    _check_folders(speakers)
    return _utterances(speakers, root, damage, left_out=() if dialect_sentences else DIALECT_SENTENCES)


def read_timit_sample(root: Path, *, damage: list[Damage] | None = None) -> list[Utterance]:
    """Return every sentence of the sample, dialect sentences included, speaker after speaker.

    Parameters
    ----------
    root : Path
        Holds ``drN-SPEAKER/SENTENCE.{wav,phn,txt}``.
    damage : list of Damage, optional
        As in `read_timit`.

    Raises
    ------
    CorpusError, AudioError
        As `read_timit`.
    """
    speakers = _nltk_speakers(root)
    if not speakers:
        raise CorpusError(f"{root}: no folder dr1-... to dr8-...; the sample is had by nltk.download('timit')")
    return _utterances(speakers, root, damage)


def read_phone_file(path: Path) -> tuple[tuple[float, float, str], ...]:
    """Return the (start_s, end_s, symbol) of a ``.phn`` file: start and end in 16-kHz samples, then the symbol.

    Phones follow one another without overlap.

    Raises
    ------
    CorpusError
        Names file and line.
    """
    return tuple((start / SAMPLE_RATE_HZ, end / SAMPLE_RATE_HZ, symbol) for start, end, symbol in _phone_lines(path))


def read_folded_phones(path: Path) -> list[str]:
    """Return the phones of a ``.phn`` file, folded to the 39 scored ones; silence (``sil``) is among them.

    Raises
    ------
    CorpusError
        As `read_phone_file`, or an unknown symbol. Names file and line.
    """
    return _folded(path, [symbol for _, _, symbol in _phone_lines(path)])


def _folded(path: Path, symbols: Sequence[str]) -> list[str]:
    folded: list[str] = []
    # Every line of a phone file is a phone.
    for number, symbol in enumerate(symbols, 1):
        try:
            folded += fold_phones([symbol])
        except CorpusError as error:
            raise CorpusError(f"{path}, line {number}: {error}") from error
    return folded


def _phone_lines(path: Path) -> list[tuple[int, int, str]]:
    """Return the start, end (16-kHz samples) and symbol of every line."""
    lines: list[tuple[int, int, str]] = []
    before = 0
    for number, line in enumerate(read_lines(path), 1):
        parts = line.split()
        start, end = (whole_number(part, most=_MOST_SAMPLES) for part in parts[:2]) if len(parts) == 3 else (None, None)
        if start is None or end is None or end < start:
            raise CorpusError(f"{path}, line {number}: expected START END PHONE, got {line[:80]!r}")
        if start < before:
            raise CorpusError(f"{path}, line {number}: starts at {start}, before the phone above ends at {before}")
        before = end
        lines.append((start, end, parts[2]))
    if not lines:
        raise CorpusError(f"{path}: no phones")
    return lines


def _subfolders(folder: Path) -> list[Path]:
    """Return the visible folders in `folder`, sorted; none where it may not be read, as beside a corpus it may be."""
    try:
        return sorted(path for path in folder.iterdir() if os.path.isdir(path) and not path.name.startswith("."))
    except (OSError, ValueError):
        return []


def _speakers(root: Path) -> list[_Speaker]:
    """Return the speakers of the one TIMIT in `root` or at most `_LEVELS_DOWN` further down."""
    level = [root]
    for _ in range(1 + _LEVELS_DOWN):
        found = [(folder, here) for folder in level if (here := _ldc_speakers(folder) or _nltk_speakers(folder))]
        if len(found) > 1:
            raise CorpusError(f"{root}: holds TIMIT more than once, in {found[0][0]} and {found[1][0]}; name one")
        if found:
            return found[0][1]
        level = [below for folder in level for below in _subfolders(folder)]
    raise CorpusError(
        f"{root}: no TIMIT there: expected TRAIN/DR1/FCJF0/SA1.WAV or dr1-fvmh0/sa1.wav, in upper or lower case, "
        f"here or at most {_LEVELS_DOWN} folders down; {SOURCE}"
    )


def _ldc_speakers(root: Path) -> list[_Speaker]:
    """Return the speakers under ``train/drN/`` and ``test/drN/``, in any case."""
    speakers = []
    for use in _subfolders(root):
        if use.name.lower() not in ("train", "test"):
            continue
        for region in _subfolders(use):
            if re.fullmatch("dr[1-8]", region.name.lower()):
                for folder in _subfolders(region):
                    name = folder.name.lower()
                    split = "train" if use.name.lower() == "train" else standard_split(name)
                    speakers.append(_Speaker(folder, f"{region.name.lower()}-{name}", split))
    return speakers


def _nltk_speakers(root: Path) -> list[_Speaker]:
    """Return the speakers of folders ``dr1-fvmh0``."""
    folders = [path for path in _subfolders(root) if re.match("dr[1-8]-", path.name.lower())]
    return [_Speaker(folder, folder.name.lower(), "") for folder in folders]


def _check_folders(speakers: Sequence[_Speaker]) -> None:
    """Refuse a speaker with two folders, or one of the standard lists in the training folder."""
    seen: dict[str, _Speaker] = {}
    for speaker in speakers:
        # Without the region: the same name in two of them is a misplaced copy.
        name = speaker.name.partition("-")[2]
        split = standard_split(name)
        if speaker.split == "train" and split:
            raise CorpusError(
                f"speaker {name} is in two splits: train by its folder {speaker.folder}, {split} by the standard list"
            )
        before = seen.setdefault(name, speaker)
        if before is not speaker:
            one, other = (f"{each.split or 'none'} ({each.folder})" for each in (before, speaker))
            raise CorpusError(f"speaker {name} has two folders, of splits {one} and {other}")


def _utterances(
    speakers: Sequence[_Speaker], root: Path, damage: list[Damage] | None, *, left_out: Sequence[str] = ()
) -> list[Utterance]:
    utterances: list[Utterance] = []
    for speaker in sorted(speakers, key=lambda one: one.name):
        try:
            sentences = _sentence_files(speaker.folder)
        except CorpusError as error:
            leave_out(damage, speaker.folder, error)
            continue
        for sentence in sorted(set(sentences) - set(left_out)):
            files = sentences[sentence]
            try:
                utterances.append(_utterance(speaker, sentence, files))
            except FeatureError as error:
                leave_out(damage, _sound(files), error)
    if not utterances:
        instance = f"; left out for instance {damage[-1]}" if damage else ""
        raise CorpusError(f"{root}: no whole sentence{instance}")
    check_splits(utterances)
    return utterances


def _sentence_files(folder: Path) -> dict[str, dict[str, Path]]:
    """Return the sounds and labels of each sentence by their suffix, both in lower case."""
    sentences = {
        name: kept
        for name, files in sentence_files(folder).items()
        if (kept := {suffix: path for suffix, path in files.items() if suffix in _SOUNDS + _LABELS})
    }
    if not sentences:
        raise CorpusError(f"{folder}: no .wav file")
    return sentences


def _sound(files: dict[str, Path]) -> Path:
    """Return the sentence's sound file, or the name that it should have."""
    for suffix in _SOUNDS:
        if suffix in files:
            return files[suffix]
    return _beside(next(iter(files.values())), ".wav")


def _beside(path: Path, suffix: str) -> Path:
    """Return the name of the file beside `path` with another suffix, in its case."""
    stem, _ = split_name(path.name)
    return path.with_name(stem + (suffix.upper() if path.suffix.isupper() else suffix))


def _utterance(speaker: _Speaker, sentence: str, files: dict[str, Path]) -> Utterance:
    sound = _sound(files)
    labels = files.get(".phn") or _beside(sound, ".phn")
    times = read_phone_file(labels)
    symbols = tuple(symbol for _, _, symbol in times)
    text = files.get(".txt") or _beside(sound, ".txt")
    parts = " ".join(read_lines(text)).split(None, 2)
    if len(parts) != 3:
        raise CorpusError(f"{text}: expected START END SENTENCE")
    phones = tuple(_folded(labels, symbols))
    seconds = sound_seconds(sound)
    if times[-1][1] > seconds + WINDOW_SAMPLES / SAMPLE_RATE_HZ:
        raise CorpusError(
            f"{labels}: the last phone ends at {times[-1][1]:.3f} s, "
            f"expected at most a window past the end of {sound.name}, {seconds:.3f} s"
        )
    return Utterance(
        utterance_id=f"{speaker.name}-{sentence}",
        speaker=speaker.name,
        audio_path=sound,
        split=speaker.split,
        words=parts[2].strip(),
        symbols=symbols,
        phones=phones,
        phone_times=times,
    )
