"""The TIMIT sample of NLTK: one folder a speaker (``dr1-fvmh0``), sentences with hand-made phone times.

The sample is CC BY-NC-SA: for tests and evaluation. The full corpus is LDC93S1.
"""

from __future__ import annotations

from pathlib import Path

from features.corpora.phones import fold_phones
from features.corpora.tables import read_lines
from features.corpora.utterance import Utterance
from features.errors import CorpusError

SAMPLE_RATE_HZ = 16_000
DIALECT_SENTENCES = ("sa1", "sa2")


def read_phone_file(path: Path) -> tuple[tuple[float, float, str], ...]:
    """Return the (start_s, end_s, symbol) of a ``.phn`` file: start and end in 16-kHz samples, then the symbol.

    Phones follow one another without overlap.

    Raises
    ------
    CorpusError
        Names file and line.
    """
    times: list[tuple[float, float, str]] = []
    before = 0
    for number, line in enumerate(read_lines(path), 1):
        parts = line.split()
        if len(parts) != 3 or not parts[0].isdecimal() or not parts[1].isdecimal() or int(parts[1]) < int(parts[0]):
            raise CorpusError(f"{path}, line {number}: expected START END PHONE, got {line!r}")
        start, end, symbol = int(parts[0]), int(parts[1]), parts[2]
        if start < before:
            raise CorpusError(f"{path}, line {number}: starts at {start}, before the phone above ends at {before}")
        before = end
        times.append((start / SAMPLE_RATE_HZ, end / SAMPLE_RATE_HZ, symbol))
    if not times:
        raise CorpusError(f"{path}: no phones")
    return tuple(times)


def read_timit_sample(root: Path) -> list[Utterance]:
    """Return every sentence of the sample, speaker after speaker.

    Parameters
    ----------
    root : Path
        Holds ``drN-SPEAKER/SENTENCE.{wav,phn,txt}``.

    Raises
    ------
    CorpusError
        Names the file that is missing or malformed.
    """
    folders = sorted(path for path in root.glob("dr[1-8]-*") if path.is_dir())
    if not folders:
        raise CorpusError(f"{root}: no folder dr1-... to dr8-...; the sample is had by nltk.download('timit')")
    sentences = []
    for folder in folders:
        sounds = sorted(folder.glob("*.wav"))
        if not sounds:
            raise CorpusError(f"{folder}: no .wav file")
        sentences += [_sentence(folder, path) for path in sounds]
    return sentences


def _sentence(folder: Path, path: Path) -> Utterance:
    times = read_phone_file(path.with_suffix(".phn"))
    symbols = tuple(symbol for _, _, symbol in times)
    text = path.with_suffix(".txt")
    parts = " ".join(read_lines(text)).split(None, 2)
    if len(parts) != 3:
        raise CorpusError(f"{text}: expected START END SENTENCE")
    try:
        phones = tuple(fold_phones(symbols))
    except CorpusError as error:
        raise CorpusError(f"{path.with_suffix('.phn')}: {error}") from error
    return Utterance(
        utterance_id=f"{folder.name}-{path.stem}",
        speaker=folder.name,
        audio_path=path,
        split="",
        words=parts[2].strip(),
        symbols=symbols,
        phones=phones,
        phone_times=times,
    )
