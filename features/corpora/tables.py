"""Lines of a corpus' text files."""

from __future__ import annotations

from pathlib import Path

from features.errors import CorpusError


def read_lines(path: Path, source: str = "") -> list[str]:
    """Return the lines of a UTF-8 text file, without their ends.

    Parameters
    ----------
    path : Path
    source : str
        Where the corpus can be had, for the message about a missing file.

    Raises
    ------
    CorpusError
        The file is missing, unreadable or no text.
    """
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read ({error.strerror}){source and '; ' + source}") from error
    except UnicodeDecodeError as error:
        raise CorpusError(f"{path}: no UTF-8 text (byte {error.start})") from error
