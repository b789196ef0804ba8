"""The TIMIT sample of NLTK: one folder a speaker (``dr1-fvmh0``), sentences with hand-made phone times.

The sample is CC BY-NC-SA: for tests and evaluation. The full corpus is LDC93S1.
"""

from __future__ import annotations

from pathlib import Path

from features.corpora.phones import fold_phones
from features.corpora.utterance import Utterance
from features.errors import CorpusError

SAMPLE_RATE_HZ = 16_000
DIALECT_SENTENCES = ("sa1", "sa2")


def read_phone_file(path: Path) -> tuple[tuple[float, float, str], ...]:
    """Return the (start_s, end_s, symbol) of a ``.phn`` file: start and end in 16-kHz samples, then the symbol.

    Raises
    ------
    CorpusError
        Names file and line.
    """
    try:
        lines = path.read_text().splitlines()
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read ({error.strerror})") from error
    times = []
    for number, line in enumerate(lines, 1):
        parts = line.split()
        if len(parts) != 3 or not parts[0].isdigit() or not parts[1].isdigit() or int(parts[1]) < int(parts[0]):
            raise CorpusError(f"{path}, line {number}: expected START END PHONE, got {line!r}")
        times.append((int(parts[0]) / SAMPLE_RATE_HZ, int(parts[1]) / SAMPLE_RATE_HZ, parts[2]))
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
    return [_sentence(folder, path) for folder in folders for path in sorted(folder.glob("*.wav"))]


def _sentence(folder: Path, path: Path) -> Utterance:
    times = read_phone_file(path.with_suffix(".phn"))
    symbols = tuple(symbol for _, _, symbol in times)
    try:
        words = path.with_suffix(".txt").read_text().split(None, 2)[2].strip()
    except (OSError, IndexError) as error:
        raise CorpusError(f"{path.with_suffix('.txt')}: expected START END SENTENCE") from error
    return Utterance(
        utterance_id=f"{folder.name}-{path.stem}",
        speaker=folder.name,
        audio_path=path,
        split="",
        words=words,
        symbols=symbols,
        phones=tuple(fold_phones(symbols)),
        phone_times=times,
    )
